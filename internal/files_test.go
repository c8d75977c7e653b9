package internal_test

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

// The top README stays short: long texts live beside what they describe.
func TestREADMEIsShort(t *testing.T) {
	t.Parallel()
	lines := strings.Count(read(t, "../README.md"), "\n")
	require.Less(t, lines, 250)
}
