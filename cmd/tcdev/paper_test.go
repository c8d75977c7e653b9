package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestWrap(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		room int
		want []string
	}{
		{"", 20, []string{""}},
		{"short", 20, []string{"short"}},
		{"exactly twenty chars", 20, []string{"exactly twenty chars"}},
		{"exactly twenty chars and more", 20, []string{"exactly twenty chars", "and more"}},
		{"aaaaaaaaaaaaaaaaaaaaaaaaa", 20, []string{strings.Repeat("a", 20), "aaaaa"}},
		{"éééééééééééééééééééé é", 20, []string{strings.Repeat("é", 20), "é"}},
		{"    indented text is kept so", 20, []string{"    indented text is", "kept so"}},
		{"narrow", 1, []string{"narrow"}}, // at least twenty
	}
	for _, test := range tests {
		require.Equal(t, test.want, wrap(test.text, test.room), test.text)
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"{", "    \"a\":", "    \"bbbbbbbbbbbbbbbbbbbbbbb", "    bbbbb\"", "}"},
		lines("{\n    \"a\": \""+strings.Repeat("b", 28)+"\"\n}\n", 28))
	long := lines(strings.Repeat("x\n", 100), 80)
	require.Len(t, long, maxLines+1)
	require.Equal(t, "… and 40 lines more, which --json has", long[maxLines])
	require.Equal(t, []string{strings.Repeat(" ", 40) + "x"}, lines(strings.Repeat(" ", 40)+"x", 80))
}

func FuzzWrap(f *testing.F) {
	f.Add("some words and a-very-long-one-without-blanks", 22)
	f.Add("  \xff é\x00", 3)
	f.Fuzz(func(t *testing.T, text string, room int) {
		lines := wrap(text, min(room, 200))
		for _, l := range lines {
			if utf8.RuneCountInString(l) > max(20, min(room, 200)) {
				t.Fatalf("too long: %q", l)
			}
		}
		blanks := strings.NewReplacer(" ", "")
		if blanks.Replace(strings.Join(lines, "")) != blanks.Replace(text) {
			t.Fatalf("%q became %q", text, lines)
		}
	})
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	require.Equal(t, "bücher.example", printable("bücher.example"))
	require.Equal(t, `\x1b[2Jgone\u202ecod`, printable("\x1b[2Jgone\u202ecod"), "no escape sequence, no change of direction")
}

// Colour is for terminals alone, and a buffer is none.
func TestNoColor(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := newPaper(&out, func(string) (string, bool) { return "", false })
	require.Equal(t, "text", p.in(red, "text"))
	p.color = true
	require.Equal(t, "\x1b[31mtext\x1b[0m", p.in(red, "text"))
	require.Empty(t, p.in(red, ""))
}
