package e2e

import (
	"os"
	"path/filepath"
	"strings"
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
	if err := syscall.Mount("tmpfs", place, "tmpfs", flagsOf(&options), options); err != nil {
		t.Skipf("needs to mount: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(place, syscall.MNT_DETACH) })
	return place
}

// flagsOf takes ro out of the options of a mount.
func flagsOf(options *string) uintptr {
	if rest, ok := strings.CutPrefix(*options, "ro,"); ok {
		*options = rest
		return syscall.MS_RDONLY
	}
	return 0
}

// readOnly makes what mount has mounted read-only.
func readOnly(place string) error {
	return syscall.Mount("tmpfs", place, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, "")
}
