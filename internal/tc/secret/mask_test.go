package secret_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/secret"
)

func maskOf(texts ...string) *secret.Mask {
	m := new(secret.Mask)
	for _, text := range texts {
		m.Add(secret.New(text))
	}
	return m
}

// awkward are secrets with whatever an encoding might treat on its own.
func awkward() []string {
	return []string{
		"plain0secret", plain, "with blank and\ttab", "first line\nsecond line\r\n", "<a href=\"x\">&amp;</a>", `back\slash"quote'`, "pässwörd-秘密-😀",
		"invalid\xff\xfebytes", "100%+~*'()!", "https://user:pa ss@host/?a=b&c#d", " outer blanks ", "nul\x00bell\x07", "line\u2028separator", "four", strings.Repeat("long", 300),
	}
}

// printed is a text in the ways in which a program prints it.
func printed(t *testing.T, text string) map[string]string {
	t.Helper()
	document, err := json.Marshal(map[string]string{"key": text})
	require.NoError(t, err)
	nested, err := json.Marshal(map[string]string{"document": string(document)})
	require.NoError(t, err)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("message", "value", text)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("message", "value", text)
	forms := map[string]string{
		"plain":         "before " + text + " after",
		"%q":            fmt.Sprintf("%q", text),
		"%+q":           fmt.Sprintf("%+q", text),
		"%#v":           fmt.Sprintf("%#v", []string{text}),
		"json":          string(document),
		"json in json":  string(nested),
		"json quoted":   strconv.Quote(string(document)),
		"slog":          log.String(),
		"query":         url.Values{"token": {text}}.Encode(),
		"path":          "/v1/" + url.PathEscape(text) + "/x",
		"aws":           strings.ReplaceAll(url.QueryEscape(text), "+", "%20"),
		"user info":     (&url.URL{Scheme: "http", User: url.UserPassword("user", text), Host: "proxy:8080"}).String(),
		"%v of bytes":   fmt.Sprint([]any{1, []byte(text)}),
		"base64":        base64.StdEncoding.EncodeToString([]byte(text)),
		"base64 url":    base64.URLEncoding.EncodeToString([]byte(text)),
		"base64 raw":    base64.RawStdEncoding.EncodeToString([]byte(text)),
		"base64 query":  url.QueryEscape(base64.StdEncoding.EncodeToString([]byte(text))),
		"url error":     (&url.Error{Op: "Get", URL: "http://host/?q=" + url.QueryEscape(text), Err: fmt.Errorf("no route")}).Error(),
		"lower escapes": strings.NewReplacer("%2F", "%2f", "%2B", "%2b", "%3D", "%3d", "%3A", "%3a", "%3F", "%3f", "%3C", "%3c", "%3E", "%3e", "%0A", "%0a", "%0D", "%0d").Replace("+" + url.QueryEscape(strings.Map(onlySome, text))),
	}
	return forms
}

// onlySome keeps the runes whose escapes the row above writes in lower case.
func onlySome(r rune) rune {
	if r > '~' || r < ' ' && r != '\n' && r != '\r' || strings.ContainsRune(`"'\()!*&;,[]{}|^`+"`", r) {
		return -1
	}
	return r
}

func TestRedactEveryForm(t *testing.T) {
	t.Parallel()
	for _, text := range awkward() {
		m := maskOf(text)
		m.Add(secret.New(strings.Map(onlySome, text)))
		for form, shown := range printed(t, text) {
			got := m.Redact(shown)
			require.Contains(t, got, "***", "%s of %q: %s", form, text, shown)
			core := strings.Trim(strings.TrimSpace(text), "=")
			require.NotContains(t, got, core, form)
			for again, shown := range printed(t, got) {
				require.NotContains(t, shown, core, again)
			}
		}
	}
}

// The base64 of something longer holds the secret at any of three offsets.
func TestRedactInsideBase64(t *testing.T) {
	t.Parallel()
	const key = "correct horse battery staple"
	m := maskOf(key)
	for _, encoding := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding, base64.RawURLEncoding} {
		for before := range 9 {
			for after := range 4 {
				whole := strings.Repeat("u", before) + key + strings.Repeat("x", after)
				got := m.Redact("Basic " + encoding.EncodeToString([]byte(whole)))
				require.Contains(t, got, "***")
				left, right, _ := strings.Cut(strings.TrimPrefix(got, "Basic "), "***")
				// What is left is the neighbours and, at either end, a character
				// that holds at most six bits of the secret.
				require.LessOrEqual(t, len(left), (before*8+5)/6)
				require.LessOrEqual(t, len(strings.TrimRight(right, "=")), (after*8+5)/6+1)
			}
		}
	}
}

func TestRedactText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		secrets []string
		text    string
		want    string
	}{
		{"nothing known", nil, "text", "text"},
		{"nothing found", []string{"secret"}, "text", "text"},
		{"empty text", []string{"secret"}, "", ""},
		{"all of it", []string{"secret"}, "secret", "***"},
		{"twice", []string{"secret"}, "a secret, a secret.", "a ***, a ***."},
		{"touching", []string{"secret"}, "secretsecret", "***"},
		{"the longer one first", []string{"token", "token-and-more"}, "token-and-more token", "*** ***"},
		{"overlapping", []string{"abcdef", "defghi"}, "xabcdefghiy", "x***y"},
		{"overlapping itself", []string{"aaaa"}, "aaaaaaa b", "*** b"},
		{"under four bytes", []string{"abc", "ä", ""}, "abcä", "abcä"},
		{"four bytes", []string{"abcd"}, "abcde", "***e"},
		{"blanks around it", []string{"  spaced  "}, "spaced", "***"},
		{"blanks alone", []string{"      "}, "a      b", "a***b"},
		{"asterisks", []string{"****"}, "*** ****", "*** ***"},
		{"case matters", []string{"Secret"}, "secret", "secret"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, maskOf(test.secrets...).Redact(test.text))
		})
	}
}

func TestRedactKnowsWhatIsAddedLater(t *testing.T) {
	t.Parallel()
	m := maskOf("first-secret")
	require.Equal(t, "*** second-secret", m.Redact("first-secret second-secret"))
	m.Add(secret.New("second-secret"), secret.String{}, secret.New("first-secret"))
	require.Equal(t, "*** ***", m.Redact("first-secret second-secret"))
}

func TestRedactCostsNothingWithoutSecrets(t *testing.T) { // alone: it counts allocations
	for _, m := range []*secret.Mask{new(secret.Mask), maskOf("a-secret-of-the-run")} {
		m.Redact("the first use builds the forms")
		require.Zero(t, testing.AllocsPerRun(100, func() { m.Redact("a line of the log without any") }))
	}
}

func TestMaskIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	m := new(secret.Mask)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 50 {
				text := fmt.Sprintf("secret-%d-%d", i, j)
				m.Add(secret.New(text))
				require.Equal(t, "*** is out", m.Redact(text+" is out"))
			}
		})
	}
	wg.Wait()
}

// A megabyte of what nearly is a secret, and of what is nothing else.
func TestRedactHostileText(t *testing.T) {
	t.Parallel()
	m := maskOf(strings.Repeat("a", 1000)+"b", "aaaa")
	require.Equal(t, "***", m.Redact(strings.Repeat("a", 1<<20)))
	m = maskOf(strings.Repeat("a", 1000) + "b")
	almost := strings.Repeat("a", 1<<20)
	require.True(t, m.Redact(almost) == almost)
}

func FuzzRedact(f *testing.F) {
	for _, text := range awkward() {
		f.Add(text, "before ", " after")
	}
	f.Fuzz(func(t *testing.T, text, before, after string) {
		m := maskOf(text)
		if len(text) < 4 {
			require.Equal(t, before+text, m.Redact(before+text))
			return
		}
		for _, shown := range []string{
			before + text + after,
			before + strconv.Quote(text) + after,
			before + url.QueryEscape(text) + after,
			before + base64.StdEncoding.EncodeToString([]byte(text)) + after,
		} {
			got := m.Redact(shown)
			require.Contains(t, got, "***")
			for _, left := range strings.Split(got, "***") {
				require.NotContains(t, left, text)
			}
		}
	})
}

func BenchmarkRedact(b *testing.B) {
	m := maskOf("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "AKIAIOSFODNN7EXAMPLE", strings.Repeat("token", 60), "p@ss w0rd")
	line := strings.Repeat("publish topic_arn=arn:aws:sns:eu-central-1:123456789012:alerts ", 3)
	b.ReportAllocs()
	for b.Loop() {
		m.Redact(line)
	}
}

func BenchmarkFirstRedact(b *testing.B) {
	for b.Loop() {
		m := maskOf("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "AKIAIOSFODNN7EXAMPLE", strings.Repeat("token", 60), "p@ss w0rd")
		m.Redact("a line")
	}
}

// A secret of several lines that is printed line by line.
func TestRedactLines(t *testing.T) {
	t.Parallel()
	m := maskOf("-----BEGIN KEY-----\r\nMIIEvQIBADANBgkq/+==\n  indented \"line\"\n{\n}\n")
	for line, want := range map[string]string{
		"-----BEGIN KEY-----":            "***",
		"3: MIIEvQIBADANBgkq/+==.":       "3: ***.",
		strconv.Quote(`indented "line"`): `"***"`,
		"{ }":                            "{ }",
	} {
		require.Equal(t, want, m.Redact(line))
	}
}
