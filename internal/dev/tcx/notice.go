package tcx

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// NoticeFile is the package's file of the licenses and notices of the libraries
// that are built into its programs.
const NoticeFile = "NOTICE"

// Notice collects, for the App of the module in dir, what the licenses of its
// libraries and of Go ask to be passed on with a program: each text once, under
// the names of those it is of. A library without a license is an error.
func Notice(ctx context.Context, dir, app string) (File, error) {
	libraries, err := libraries(ctx, dir, app)
	if err != nil {
		return File{}, fmt.Errorf("collect licenses: %w", err)
	}
	of := map[string][]string{} // who a text is of
	var texts []string
	for _, l := range libraries {
		found, err := l.texts()
		if err != nil {
			return File{}, fmt.Errorf("collect licenses: %w", err)
		}
		for _, text := range found {
			if of[text] == nil {
				texts = append(texts, text)
			}
			of[text] = append(of[text], l.name)
		}
	}
	var b strings.Builder
	b.WriteString("The programs in " + BinFolder + " are built from this App, whose license is in " + LicenseFile + ",\nand from Go and these libraries, whose licenses and notices follow.\n")
	rule := strings.Repeat("=", 80)
	for _, text := range texts {
		fmt.Fprintf(&b, "\n%s\n%s\n%s\n\n%s\n", rule, strings.Join(of[text], "\n"), rule, text)
	}
	return File{Name: NoticeFile, Data: []byte(b.String())}, nil
}

// library is a module, or Go itself, and the folder of its source.
type library struct{ name, dir string }

// libraries are what the programs of all targets are built from. A module that
// is replaced by a folder is the App's own source.
func libraries(ctx context.Context, dir, app string) ([]library, error) {
	const format = "{{with .Module}}{{if not .Main}}{{if not (and .Replace (not .Replace.Version))}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}{{end}}"
	root, err := goTool(ctx, dir, Targets()[0], "env", "GOROOT", "GOVERSION")
	if err != nil {
		return nil, err
	}
	lines := []string{}
	for _, target := range Targets() {
		listed, err := goTool(ctx, dir, target, "list", "-deps", "-tags", buildTags, "-f", format, app)
		if err != nil {
			return nil, err
		}
		lines = append(lines, listed...)
	}
	slices.Sort(lines)
	all := []library{{name: root[1], dir: root[0]}}
	for _, line := range slices.Compact(lines) {
		if name, dir, ok := strings.Cut(line, "\t"); ok {
			all = append(all, library{name, dir})
		}
	}
	return all, nil
}

// legal matches the names of files that licenses ask to be passed on.
var legal = regexp.MustCompile(`(?i)^(licen[cs]e|notice|copying|patents)(\.(txt|md))?$`)

// texts are the legal texts of a library. A distribution's own Go may have none
// beside it: it is licensed as its website says.
func (l library) texts() ([]string, error) {
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		return nil, err
	}
	var texts []string
	for _, entry := range entries {
		if !legal.MatchString(entry.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(l.dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		texts = append(texts, strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")))
	}
	switch {
	case len(texts) > 0:
		return texts, nil
	case strings.HasPrefix(l.name, "go1"):
		return []string{"The license of Go: https://go.dev/LICENSE"}, nil
	}
	return nil, errors.New(l.name + " has no license: ask its authors for one, or build without it")
}

// goTool runs go as Build does and returns the lines of its answer.
func goTool(ctx context.Context, dir string, target Target, args ...string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = dir, target.environ()
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %w\n%s", args[0], err, strings.TrimSpace(complaint.String()))
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n"), nil
}
