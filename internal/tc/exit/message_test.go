package exit_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/exit"
)

// limit is what message.tc shows, less its newline (CONTRACT §5).
const limit = 254

func TestShorten(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 100)
	tests := []struct {
		name, text string
		starts     string
		ends       string
	}{
		{"empty", "", "", ""},
		{"short", "published to alerts", "published to alerts", "published to alerts"},
		{"at the limit", strings.Repeat("x", limit), strings.Repeat("x", limit), "x"},
		{"at the limit, in runes", strings.Repeat("ä", limit), strings.Repeat("ä", limit), "ä"},
		{"one more", strings.Repeat("x", limit) + "y", "xxx", "xxy"},
		{"with a fix", "publish to alerts: " + long + "Fix: grant sns:Publish to the user.", "publish to alerts: word", " … Fix: grant sns:Publish to the user."},
		{"the last fix", "a. Fix: b. " + long + "Fix: d.", "a. Fix: b. word", " … Fix: d."},
		{"a fix that is too long", "publish to alerts: NotFound. Fix: create " + long + "it", "publish to alerts: NotFound.", ""},
		{"a fix alone", "Fix: " + long, "Fix: word", ""},
		{"no fix", "publish: " + long + "the end", "publish: word", "the end"},
		{"lines become one", "first\nsecond\r\n\tthird", "first second third", "first second third"},
		{"control characters", "a\x00b\x1b[31mc\x7fd\u0085e\u2028f", "a b [31mc d e f", "f"},
		{"direction marks", "a\u202eb\u2066c\u200fd", "abcd", "abcd"},
		{"invalid UTF-8", "a\xffb", "a\ufffdb", "b"},
		{"blanks", "  a   b  ", "a b", "a b"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := exit.Shorten(test.text)
			require.True(t, strings.HasPrefix(got, test.starts), got)
			require.True(t, strings.HasSuffix(got, test.ends), got)
			checkShort(t, test.text)
		})
	}
}

// checkShort holds what is true of every shortened text.
func checkShort(t *testing.T, text string) {
	t.Helper()
	got := exit.Shorten(text)
	require.LessOrEqual(t, utf8.RuneCountInString(got), limit)
	require.True(t, utf8.ValidString(got))
	require.Equal(t, -1, strings.IndexFunc(got, unicode.IsControl))
	require.Equal(t, got, exit.Shorten(got), "what is short stays")
	if strings.Contains(text, "Fix: ") {
		require.Contains(t, got, "Fix:")
	}
}

func FuzzShorten(f *testing.F) {
	for _, seed := range []string{"", "a. Fix: b.", strings.Repeat("ä ", 300) + "Fix: c.", "a\nb\x00\xff", "Fix: " + strings.Repeat("x", 300), "FFix: Fix: "} {
		f.Add(seed)
	}
	f.Fuzz(checkShort)
}

func TestWriteMessage(t *testing.T) {
	dir := t.TempDir()
	path, err := exit.WriteMessage(dir, "it is\npublished")
	require.NoError(t, err)
	require.Equal(t, filepath.Join(dir, "message.tc"), path)
	require.Equal(t, "it is published\n", content(t, path))

	t.Run("overwrites", func(t *testing.T) {
		_, err := exit.WriteMessage(dir, "b")
		require.NoError(t, err)
		require.Equal(t, "b\n", content(t, path))
	})
	t.Run("an empty one too", func(t *testing.T) {
		_, err := exit.WriteMessage(dir, "")
		require.NoError(t, err)
		require.Equal(t, "\n", content(t, path))
	})
	t.Run("at most 255 characters with the newline", func(t *testing.T) {
		_, err := exit.WriteMessage(dir, strings.Repeat("ö", 1000))
		require.NoError(t, err)
		require.Equal(t, 255, utf8.RuneCountInString(content(t, path)))
	})
	t.Run("as TcEx creates it", func(t *testing.T) {
		for umask, want := range map[int]os.FileMode{0o027: 0o640, 0: 0o666} {
			old := syscall.Umask(umask)
			path, err := exit.WriteMessage(t.TempDir(), "a")
			syscall.Umask(old)
			require.NoError(t, err)
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.Equal(t, want, info.Mode())
		}
	})
}

func TestWriteMessageElsewhere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	taken := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(taken, "message.tc"), 0o700))
	for name, outPath := range map[string]string{
		"none":              "",
		"missing":           filepath.Join(t.TempDir(), "missing"),
		"a file":            file,
		"taken by a folder": taken,
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			path, err := exit.WriteMessage(outPath, "text")
			require.NoError(t, err)
			require.Equal(t, "message.tc", path)
			require.Equal(t, "text\n", content(t, path))
		})
	}
	t.Run("nowhere", func(t *testing.T) {
		t.Chdir(taken)
		_, err := exit.WriteMessage(taken, "text")
		require.ErrorContains(t, err, "write exit message: ")
		require.ErrorContains(t, err, taken)
	})
}

func content(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// A fifo that nobody reads holds no run up.
func TestWriteMessageWaitsForNobody(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(t.TempDir())
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "message.tc"), 0o600))
	path, err := exit.WriteMessage(dir, "text")
	require.NoError(t, err)
	require.Equal(t, "message.tc", path)
}
