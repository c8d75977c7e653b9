package alert

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The examples on the page for AWS engineers are the golden files.
func TestREADMEShowsTheGoldenFiles(t *testing.T) {
	t.Parallel()
	const page = "../snstopic/README.md"
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	rest := string(text)
	for _, name := range []string{"email.txt", "sms.txt", "default.json", "APNS.json", "GCM.json", "ADM.json"} {
		want, err := os.ReadFile(filepath.Join("testdata", "golden", "address", name))
		require.NoError(t, err)
		before, after, ok := strings.Cut(rest, "<!-- golden "+name+" -->\n```")
		require.True(t, ok, "%s has no example %s", page, name)
		head, example, _ := strings.Cut(after, "\n")
		got, tail, ok := strings.Cut(example, "```\n")
		require.True(t, ok)
		if *update {
			rest = before + "<!-- golden " + name + " -->\n```" + head + "\n" + string(want) + "```\n" + tail
			continue
		}
		require.Equal(t, string(want), got, "%s: go test ./internal/alert -update writes it", name)
	}
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(rest), 0o644))
	}
}
