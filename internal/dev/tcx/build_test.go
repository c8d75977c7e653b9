package tcx_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/tcx"
)

// The same source gives the same program, whatever a developer's environment
// says of Go.
func TestBuildIgnoresTheEnvironment(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module x\n\ngo 1.26\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), []byte("package main\n\nfunc main() {}\n"), 0o600))
	build := func() []byte {
		out := filepath.Join(t.TempDir(), "x")
		require.NoError(t, tcx.Build(context.Background(), dir, ".", tcx.Targets()[0], out))
		data, err := os.ReadFile(out)
		require.NoError(t, err)
		return data
	}
	plain := build()
	for name, value := range map[string]string{
		"GOFIPS140": "latest", "GOWORK": filepath.Join(dir, "no.work"), "GOAMD64": "v3", "GOFLAGS": "-race", "CGO_ENABLED": "1", "GOEXPERIMENT": "synctest",
	} {
		t.Setenv(name, value)
	}
	require.True(t, string(plain) == string(build()))
}
