package tcx

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Target is a machine that the package has a program for.
type Target struct {
	Arch    string // as Go names it
	Program string // its file in the package
}

// Targets are the machines that ThreatConnect runs on. run.py knows the same.
func Targets() []Target {
	return []Target{
		{Arch: "amd64", Program: BinFolder + "/tcsns-linux-amd64"},
		{Arch: "arm64", Program: BinFolder + "/tcsns-linux-arm64"},
	}
}

// buildTags leave HTTP/2 out, which an App of one request has no use for: 3 % of
// the program.
const buildTags = "nethttpomithttp2"

// Build builds the App for a target, from the module in dir, into a file: a
// static binary without symbols, paths or times of this machine, so that the
// same source gives the same bytes.
func Build(ctx context.Context, dir, app string, target Target, out string) error {
	_, err := target.goTool(ctx, dir, "build", "-trimpath", "-buildvcs=false", "-tags", buildTags, "-ldflags", "-s -w -buildid= -funcalign=8", "-o", out, app)
	if err != nil {
		return fmt.Errorf("build %s for %s: %w", app, target.Arch, err)
	}
	return nil
}

// goTool runs go for a target, in the module in dir, and returns what it prints;
// a developer's own settings do not change it.
func (t Target) goTool(ctx context.Context, dir string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+t.Arch, "CGO_ENABLED=0", "GOFLAGS=", "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=", "GOFIPS140=off", "GOWORK=off")
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%w\n%s", err, strings.TrimSpace(complaint.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// BuildAll builds the App for every target into a temporary folder and returns
// the files of the package.
func BuildAll(ctx context.Context, dir, app string) ([]File, error) {
	temp, err := os.MkdirTemp("", "tcdev-package-")
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	defer os.RemoveAll(temp)
	var files []File
	for _, target := range Targets() {
		out := filepath.Join(temp, filepath.Base(target.Program))
		if err := Build(ctx, dir, app, target, out); err != nil {
			return nil, err
		}
		data, err := os.ReadFile(out)
		if err != nil {
			return nil, fmt.Errorf("build: %w", err)
		}
		files = append(files, File{Name: target.Program, Data: data, Executable: true})
	}
	return files, nil
}
