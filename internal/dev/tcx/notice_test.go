package tcx_test

import (
	"archive/zip"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/tcx"
)

// Each text is there once, under everything that it is of, and the App's own
// source is nobody's library.
func TestNotice(t *testing.T) {
	t.Parallel()
	notice, err := tcx.Notice(context.Background(), "../../..", "./cmd/tcsns")
	require.NoError(t, err)
	text := string(notice.Data)
	for _, has := range []string{
		"\ngo1.", "\ngithub.com/aws/aws-sdk-go-v2 v", "\ngithub.com/aws/smithy-go v", "\ngithub.com/redis/go-redis/v9 v", "\ngolang.org/x/sys v",
		"AWS SDK for Go\nCopyright", "Copyright (c) 2013 The github.com/redis/go-redis Authors",
	} {
		require.Contains(t, text, has)
	}
	require.NotContains(t, text, "testify", "no program is built from it")
	require.NotContains(t, text, "service/sso", "it stands in for a library, and is ours")
	require.Less(t, strings.Count(text, "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION"), 4)
}

func TestNoticeRefusesALibraryWithoutLicense(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"app/go.mod":                            "module app\n\ngo 1.26\n\nrequire example.com/lib v1.0.0\n\nreplace example.com/lib v1.0.0 => example.com/fork v1.0.0\n",
		"app/main.go":                           "package main\n\nimport _ \"example.com/lib\"\n\nfunc main() {}\n",
		"proxy/example.com/fork/@v/v1.0.0.mod":  "module example.com/lib\n",
		"proxy/example.com/fork/@v/v1.0.0.info": `{"Version":"v1.0.0"}`,
	} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	archive, err := os.Create(filepath.Join(dir, "proxy/example.com/fork/@v/v1.0.0.zip"))
	require.NoError(t, err)
	module := zip.NewWriter(archive)
	source, err := module.Create("example.com/fork@v1.0.0/lib.go")
	require.NoError(t, err)
	_, err = source.Write([]byte("package lib\n"))
	require.NoError(t, err)
	require.NoError(t, module.Close())
	require.NoError(t, archive.Close())
	for name, value := range map[string]string{
		"GOPROXY": "file://" + filepath.ToSlash(filepath.Join(dir, "proxy")), "GONOSUMDB": "*", "GOMODCACHE": filepath.Join(dir, "cache"), "GOFLAGS": "-modcacherw",
	} {
		t.Setenv(name, value)
	}
	tidy := exec.Command("go", "mod", "tidy")
	tidy.Dir = filepath.Join(dir, "app")
	said, err := tidy.CombinedOutput()
	require.NoError(t, err, string(said))
	_, err = tcx.Notice(context.Background(), filepath.Join(dir, "app"), ".")
	require.ErrorContains(t, err, "has no license")
}
