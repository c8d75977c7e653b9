package tcx

import (
	"context"
	"errors"
	"fmt"
	"os"
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
	itself, err := Targets()[0].goTool(ctx, dir, "env", "GOVERSION", "GOROOT")
	if err != nil {
		return nil, err
	}
	version, root, _ := strings.Cut(itself, "\n")
	var lines []string
	for _, target := range Targets() {
		listed, err := target.goTool(ctx, dir, "list", "-deps", "-tags", buildTags, "-f", format, app)
		if err != nil {
			return nil, err
		}
		lines = append(lines, strings.Split(listed, "\n")...)
	}
	slices.Sort(lines)
	all := []library{{name: version, dir: root}}
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
