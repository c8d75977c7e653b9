// Package validate finds what is wrong with an App's definition, its package
// and its playbooks before ThreatConnect does: what TcEx's own validate checks
// (CONTRACT §8) and what that misses.
//
// Every rule is one small function. A rule says what is wrong, where, and how
// to mend it; it never complains about what it does not know, because a newer
// platform may know more. The exception are the project's own install.json and
// layout.json, where an unknown field is a typing slip.
package validate

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"tcsns/internal/dev/pbx"
	"tcsns/internal/dev/tcx"
)

// Problem is one thing that is wrong.
type Problem struct {
	File  string `json:"file"`
	Place string `json:"place"` // inside the file: params[3] topic_arn; empty for the file itself
	Text  string `json:"problem"`
	Fix   string `json:"fix"`
}

// String is the problem in one line: file, place, what is wrong, how to mend it.
func (p Problem) String() string {
	place := p.File
	if p.Place != "" {
		place += ": " + p.Place
	}
	return fmt.Sprintf("%s: %s. Fix: %s", place, p.Text, p.Fix)
}

// findings gathers the problems of one file.
type findings struct {
	file     string
	problems []Problem
}

// add notes a problem; the format and its arguments say what is wrong.
func (f *findings) add(place, fix, format string, args ...any) {
	f.problems = append(f.problems, Problem{File: f.file, Place: place, Text: fmt.Sprintf(format, args...), Fix: fix})
}

// Project checks the App in a folder: install.json, layout.json where there is
// one, and playbook/*.pbx, which are to be published. exists reports whether
// the package holds a file. The error is about reading the folder; what is
// wrong inside is problems. files lists what was checked.
func Project(dir string, exists func(name string) bool) (problems []Problem, files []string, err error) {
	installData, err := os.ReadFile(filepath.Join(dir, tcx.InstallFile))
	if err != nil {
		return nil, nil, fmt.Errorf("validate project: %w", err)
	}
	layoutData, err := os.ReadFile(filepath.Join(dir, tcx.LayoutFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("validate project: %w", err)
	}
	hasLayout := err == nil
	files = append(files, tcx.InstallFile)
	if hasLayout {
		files = append(files, tcx.LayoutFile)
	}
	problems = Definition(Source{Install: installData, Layout: layoutData, HasLayout: hasLayout, Exists: exists, Strict: true})

	install, err := tcx.ParseInstall(installData)
	if err != nil {
		return problems, files, nil // Definition has said so
	}
	playbooks, err := filepath.Glob(filepath.Join(dir, "playbook", "*.pbx*"))
	if err != nil {
		return nil, nil, fmt.Errorf("validate project: %w", err)
	}
	for _, name := range playbooks {
		shown, err := filepath.Rel(dir, name)
		if err != nil {
			shown = name
		}
		files = append(files, shown)
		problems = append(problems, playbookFile(name, shown, Against{Install: install, Publish: true})...)
	}
	return problems, files, nil
}

// Against is what a playbook is held against.
type Against struct {
	Install *tcx.Install // our App, whose jobs are checked in full; nil for none
	Publish bool         // the playbook is to be published: nothing environment-specific or secret in it
}

// PlaybookFile checks a .pbx or .pbxz.
func PlaybookFile(name string, against Against) []Problem {
	return playbookFile(name, name, against)
}

func playbookFile(name, shown string, against Against) []Problem {
	p, err := pbx.ReadFile(name)
	if err != nil {
		return []Problem{{File: shown, Text: err.Error(), Fix: "export the playbook again"}}
	}
	return Playbook(shown, p, against)
}
