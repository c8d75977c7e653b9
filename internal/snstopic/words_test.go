package snstopic

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/secret"
)

func TestClean(t *testing.T) {
	t.Parallel()
	redact := redactor(Config{AccessKeyID: "shortid", SecretAccessKey: secret.New("wJalrXUtnFEMI"), SessionToken: secret.New("tok+en/1=")})
	for _, row := range []struct{ words, want string }{
		{"Invalid parameter: Subject", "Invalid parameter: Subject"},
		{"a\r\n\tb\x00\x1b[31mc\u2028d\u202ee", "a b [31mc d e"},
		{"The security token in wJalrXUtnFEMI is tok+en/1= of shortid.", "The security token in *** is *** of ***."},
		{"key AKIAIOSFODNN7EXAMPLE and ASIAIOSFODNN7EXAMPLE", "key *** and ***"},
		{"AKIA is a prefix", "AKIA is a prefix"},
		{"PhoneNumber Reason: +4915112345678 is not valid", "PhoneNumber Reason: *** is not valid"},
		{"the shortest, +1234567, and less, +123456", "the shortest, ***, and less, +123456"},
		{"call +1 (555) 123-4567.", "call ***."},
		{"+123456 is short, 1+1 too, and a +", "+123456 is short, 1+1 too, and a +"},
		{"arn:aws:sns:eu-west-1:123456789012:alerts", "arn:aws:sns:eu-west-1:123456789012:alerts"},
		{"token " + strings.Repeat("A", 101) + " end", "token *** end"},
		{"no match.\n\nThe Canonical String for this request should have been\n'POST\n/\nx-amz-security-token:abc'", "no match."},
		{strings.Repeat("é ", 600), strings.Repeat("é ", 255) + "é…"},
		{"\xff\xfe", ""},
	} {
		require.Equal(t, row.want, clean(row.words, redact), row.words)
	}
}

func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "+4915112345678", "AKIAIOSFODNN7EXAMPLE", "a\x00b\n", strings.Repeat("é", 5000), "\xff", "+1 555 1234567890123"} {
		f.Add(seed)
	}
	redact := redactor(Config{SecretAccessKey: secret.New("s3cr3t-s3cr3t")})
	f.Fuzz(func(t *testing.T, words string) {
		got := clean(words+" s3cr3t-s3cr3t", redact)
		require.True(t, utf8.ValidString(got))
		require.LessOrEqual(t, utf8.RuneCountInString(got), maxWords)
		require.NotContains(t, got, "s3cr3t-s3cr3t")
		require.False(t, strings.ContainsFunc(got, unicode.IsControl))
		require.Equal(t, got, maskPhones(got), "a number was left")
	})
}
