package variable_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/variable"
)

// shape writes segments as one text: a literal in quotes, a variable as its
// key, a ThreatConnect variable as written.
func shape(segments []variable.Segment) string {
	var parts []string
	for _, s := range segments {
		switch {
		case s.Variable != nil:
			parts = append(parts, s.Variable.Key())
		case s.TC != nil:
			parts = append(parts, s.TC.String())
		default:
			parts = append(parts, `"`+s.Literal+`"`)
		}
	}
	return strings.Join(parts, " ")
}

func TestSplit(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, want string }{
		{"", ""},
		{"plain", `"plain"`},
		{"#App:1:a!String", "#App:1:a!String"},
		{"ip #App:1:a!String, owner &{TC:TEXT:o}.", `"ip " #App:1:a!String ", owner " &{TC:TEXT:o} "."`},
		{"#App:1:a!String#App:1:b!StringArray", "#App:1:a!String #App:1:b!StringArray"},

		// The longer of two types whose names begin alike, in any order.
		{"#App:1:a!String #App:1:a!StringArray", `#App:1:a!String " " #App:1:a!StringArray`},
		{"#App:1:a!StringArray #App:1:a!String", `#App:1:a!StringArray " " #App:1:a!String`},
		{"#App:1:a!TCEnhancedEntityArray!", `#App:1:a!TCEnhancedEntityArray "!"`},
		{"#App:1:a!TCEntityArray", "#App:1:a!TCEntityArray"},

		// Inside a text a standard type ends where it ends; the rest is text.
		{"#App:1:a!StringFoo", `#App:1:a!String "Foo"`},
		{"#App:1:a!String-x", `#App:1:a!String "-x"`},
		{"#App:1:a!Strin", "#App:1:a!Strin"},
		{"#App:1:a!TCBatch.", `#App:1:a!TCBatch "."`},

		// Without a type: a String, as TcEx reads it. The name takes its dots.
		{"#App:1:a", "#App:1:a!String"},
		{"#App:1:a!", `#App:1:a!String "!"`},
		{"#App:1:a! b", `#App:1:a!String "! b"`},
		{"see #App:1:a. b", `"see " #App:1:a.!String " b"`},

		// Braces in pairs or not at all.
		{"#{App:1:a}!String", "#App:1:a!String"},
		{"#{App:1:a}!StringArrayx", `#App:1:a!StringArray "x"`},
		{"#{App:1:a}b", `#App:1:a!String "b"`},
		{`{"ip": #App:1:a}`, `"{"ip": " #App:1:a!String "}"`},
		{`{"ip":#App:1:a!String}`, `"{"ip":" #App:1:a!String "}"`},
		{"#{App:1:a!String", `"#{App:1:a!String"`},
		{"#{App:1:a!String}", `"#{App:1:a!String}"`},

		{"&{TC:KEYCHAIN:k}&{Vault:FILE:f}", "&{TC:KEYCHAIN:k} &{Vault:FILE:f}"},
		{"&{TC:TEXT:a}!String", `&{TC:TEXT:a} "!String"`},
		{"&{TC:TEXT:#App:1:a!String}", `"&{TC:TEXT:" #App:1:a!String "}"`},

		// What is none stays.
		{"#App:x:a!String", `"#App:x:a!String"`},
		{"a & b # c", `"a & b # c"`},
		{"##App:1:a!String", `"#" #App:1:a!String`},
		{"#App:1:#App:1:a!String", `"#App:1:" #App:1:a!String`},
		{"#Job:1:a!String", `"#Job:1:a!String"`},
		{"&TC:TEXT:a", `"&TC:TEXT:a"`},
		{"ä#App:1:a!Stringß\xff", `"ä" #App:1:a!String "ß` + "\xff" + `"`},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, shape(variable.Split(test.text)))
			check(t, test.text)
		})
	}
}

// check holds what is true of every split.
func check(t *testing.T, text string) {
	t.Helper()
	var raw strings.Builder
	literal := false
	for _, s := range variable.Split(text) {
		require.NotEmpty(t, s.Raw)
		raw.WriteString(s.Raw)
		switch {
		case s.Variable != nil:
			require.Nil(t, s.TC)
			require.Empty(t, s.Literal)
			require.Equal(t, byte('#'), s.Raw[0])
			literal = false
		case s.TC != nil:
			require.Empty(t, s.Literal)
			require.Equal(t, s.TC.String(), s.Raw)
			literal = false
		default:
			require.Equal(t, s.Raw, s.Literal)
			require.False(t, literal, "two literals follow each other")
			literal = true
		}
	}
	require.Equal(t, text, raw.String(), "the segments are the text")
}

// Every prefix that a variable can have is looked at again from its next
// character on; a megabyte of each stays one literal. A pass that took
// quadratic time would not end within the test's own time limit.
func TestSplitIsLinear(t *testing.T) {
	t.Parallel()
	for _, hostile := range []string{"#App:1:", "#", "&{TC:TEXT:", "#{App:1:a", "&", "#App:1", "&{TC:KEYCHAIN:a"} {
		text := strings.Repeat(hostile, 4<<20/len(hostile))
		segments := variable.Split(text)
		require.Len(t, segments, 1, hostile)
		require.True(t, segments[0].Literal == text, hostile)
	}
	for _, hostile := range []string{"#App:" + strings.Repeat("1", 4<<20), "#App:1:a!" + strings.Repeat("-", 4<<20), "&{TC:TEXT:" + strings.Repeat("a", 4<<20)} {
		require.Len(t, variable.Split(hostile), 1)
	}
}

func FuzzSplit(f *testing.F) {
	for _, seed := range []string{
		"", "ip #App:1:a!String, &{TC:TEXT:o}.", "#App:1:a!StringFoo", "#{App:1:a}!String}", "#App:1:#App:1:", "&{Vault:KEYCHAIN:x}", "#{App:1:a", "\xff#Global:0:g!X",
	} {
		f.Add(seed)
	}
	f.Fuzz(check)
}

func BenchmarkSplitHostile(b *testing.B) {
	text := strings.Repeat("#App:1:", 1<<20/7)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		variable.Split(text)
	}
}

func BenchmarkSplitPlain(b *testing.B) {
	for b.Loop() {
		variable.Split("arn:aws:sns:eu-central-1:123456789012:alerts")
	}
}
