//go:build !linux

package e2e

import (
	"errors"
	"testing"
)

// mount skips the test: a small file system for it is made on Linux alone.
func mount(t *testing.T, _, _ string) string {
	t.Helper()
	t.Skip("needs Linux to mount")
	return ""
}

func readOnly(string) error { return errors.ErrUnsupported }
