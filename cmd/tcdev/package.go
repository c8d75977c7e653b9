package main

import (
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"tcsns/internal/dev/tcx"
	"tcsns/internal/dev/tcx/launcher"
	"tcsns/internal/dev/validate"
)

const packageUsage = `Usage: tcdev package [--root DIR] [--app PACKAGE] [--out DIR]

Builds the App for amd64 and arm64 and writes the package that a ThreatConnect
administrator uploads, TCPB_-_NAME_vMAJOR.tcx. It validates first and refuses on
any problem. The same source gives the same bytes.

  --root DIR     the folder of the App (default: here)
  --app PACKAGE  the Go package of the App (default ./cmd/tcsns)
  --out DIR      where the package goes (default dist)
`

type packageCommand struct{ env ambient }

// Run builds, packs, checks what it packed, and only then writes it.
func (c *packageCommand) Run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("package", flag.ContinueOnError)
	root := flags.String("root", ".", "")
	app := flags.String("app", "./cmd/tcsns", "")
	out := flags.String("out", "dist", "")
	switch help, err := parse(flags, args, "package"); {
	case err != nil:
		return err
	case help:
		fmt.Fprint(c.env.Stdout, packageUsage)
		return nil
	case flags.NArg() > 0:
		return &usageError{problem: fmt.Sprintf("package takes no argument %q", flags.Arg(0)), try: "tcdev package --help"}
	}
	if err := (&validateCommand{env: c.env}).Run(ctx, []string{"--root", *root}); err != nil {
		return err
	}
	files, install, err := sources(ctx, *root, *app)
	if err != nil {
		return err
	}
	programs, err := tcx.BuildAll(ctx, *root, *app)
	if err != nil {
		return err
	}
	if err := sameVersion(ctx, programs, install.Version); err != nil {
		return err
	}
	data, err := tcx.Pack(install.Folder(), append(files, programs...))
	if err != nil {
		return err
	}
	name := filepath.Join(*out, install.Folder()+tcx.Extension)
	if problems := validate.Package(name, data); len(problems) > 0 {
		return (&validateCommand{env: c.env}).show(problems, []string{name})
	}
	if err := os.MkdirAll(*out, 0o755); err != nil {
		return fmt.Errorf("write package: %w", err)
	}
	if err := os.WriteFile(name, data, 0o644); err != nil {
		return fmt.Errorf("write package: %w", err)
	}
	fmt.Fprintf(c.env.Stdout, "%s: version %s, %.1f MiB, sha256 %x\n", name, install.Version, float64(len(data))/(1<<20), sha256.Sum256(data))
	return nil
}

// sources are the files of the package beside the programs.
func sources(ctx context.Context, root, app string) ([]tcx.File, *tcx.Install, error) {
	var files []tcx.File
	for _, name := range []string{tcx.InstallFile, tcx.LayoutFile, tcx.LicenseFile} {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			return nil, nil, fmt.Errorf("package: %w", err)
		}
		files = append(files, tcx.File{Name: name, Data: data})
	}
	for _, name := range []string{launcher.RunPy, launcher.MainPy} {
		data, err := launcher.File(name)
		if err != nil {
			return nil, nil, fmt.Errorf("package: %w", err)
		}
		files = append(files, tcx.File{Name: name, Data: data})
	}
	install, err := tcx.ParseInstall(files[0].Data)
	if err != nil {
		return nil, nil, err
	}
	readme, err := install.Generate(tcx.AdminReadme())
	if err != nil {
		return nil, nil, err
	}
	notice, err := tcx.Notice(ctx, root, app)
	if err != nil {
		return nil, nil, err
	}
	return append(files, tcx.File{Name: tcx.ReadmeFile, Data: []byte(readme)}, notice), install, nil
}

// sameVersion asks the program for this machine, where there is one, for its
// version, which package tc answers.
func sameVersion(ctx context.Context, programs []tcx.File, want string) error {
	for i, target := range tcx.Targets() {
		if target.Arch != runtime.GOARCH || runtime.GOOS != "linux" {
			continue
		}
		dir, err := os.MkdirTemp("", "tcdev-version-")
		if err != nil {
			return fmt.Errorf("ask for the version: %w", err)
		}
		defer os.RemoveAll(dir)
		name := filepath.Join(dir, "app")
		if err := os.WriteFile(name, programs[i].Data, 0o700); err != nil {
			return fmt.Errorf("ask for the version: %w", err)
		}
		out, err := exec.CommandContext(ctx, name, "--version").Output()
		if err != nil {
			return fmt.Errorf("ask %s for its version: %w", target.Program, err)
		}
		answer := strings.Fields(string(out))
		if len(answer) == 0 {
			return fmt.Errorf("%s does not answer --version: give tc.Main its Stdout, as internal/tc/README.md shows", target.Program)
		}
		if !slices.Contains(answer, want) {
			return fmt.Errorf("%s answers --version with %q, install.json says %s: build from the same source", target.Program, strings.TrimSpace(string(out)), want)
		}
	}
	return nil
}
