package validate_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/validate"
)

// exports is where real exports of the platform lie, which are no part of this
// repository: TCSNS_EXPORTS, or a folder beside the checkout.
func exports(t *testing.T) []string {
	t.Helper()
	dir := os.Getenv("TCSNS_EXPORTS")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "..", "shared", "pbx")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.pbx*"))
	require.NoError(t, err)
	if len(files) == 0 {
		t.Skip("no real exports: name their folder in TCSNS_EXPORTS")
	}
	return files
}

// Exports of all generations are read without complaint.
func TestRealExports(t *testing.T) {
	t.Parallel()
	for _, name := range exports(t) {
		t.Run(filepath.Base(name), func(t *testing.T) {
			t.Parallel()
			require.Empty(t, validate.PlaybookFile(name, validate.Against{Install: ours(t)}))
		})
	}
}
