package e2e

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// mount mounts a small file system in parent, for the test, and returns its
// folder.
func mount(t *testing.T, parent, options string) string {
	t.Helper()
	place := filepath.Join(parent, "mounted")
	require.NoError(t, os.Mkdir(place, 0o700))
	if err := syscall.Mount("tmpfs", place, "tmpfs", 0, options); err != nil {
		t.Skipf("needs to mount: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(place, syscall.MNT_DETACH) })
	return place
}

// readOnly makes what mount has mounted read-only.
func readOnly(place string) error {
	return syscall.Mount("tmpfs", place, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, "")
}
