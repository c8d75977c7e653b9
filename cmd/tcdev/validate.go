package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"tcsns"
	"tcsns/internal/dev/tcx"
	"tcsns/internal/dev/tcx/launcher"
	"tcsns/internal/dev/validate"
)

const validateUsage = `Usage: tcdev validate [--root DIR] [--publish] [FILE...]

Without a FILE it checks the App in DIR (default: here): install.json,
layout.json and playbook/*.pbx. A FILE is a playbook (.pbx, .pbxz) or a package
(.tcx), anybody's: of what it does not know it does not complain.

  --publish  a playbook FILE is to be published: nothing in it may belong to one
             environment or be secret (always so for playbook/*.pbx)
  --root DIR the folder of the App

Exit code 1 on any problem.
`

type validateCommand struct{ env ambient }

// Run prints each problem on a line of its own.
func (c *validateCommand) Run(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("validate", flag.ContinueOnError)
	root := flags.String("root", ".", "")
	publish := flags.Bool("publish", false, "")
	if help, err := parse(flags, args, "validate"); err != nil {
		return err
	} else if help {
		fmt.Fprint(c.env.Stdout, validateUsage)
		return nil
	}
	if flags.NArg() > 0 {
		return c.files(flags.Args(), *root, *publish)
	}
	problems, files, err := validate.Project(*root, packs)
	if errors.Is(err, os.ErrNotExist) {
		return &usageError{problem: fmt.Sprintf("there is no %s in %s", tcx.InstallFile, *root), try: "tcdev validate --root DIR, the folder of the App"}
	}
	if err != nil {
		return err
	}
	return c.show(problems, files)
}

// files checks playbooks and packages.
func (c *validateCommand) files(names []string, root string, publish bool) error {
	install, err := installOf(root)
	if err != nil {
		return err
	}
	var problems []validate.Problem
	for _, name := range names {
		switch strings.ToLower(filepath.Ext(name)) {
		case tcx.Extension:
			problems = append(problems, validate.PackageFile(name)...)
		case ".pbx", ".pbxz":
			problems = append(problems, validate.PlaybookFile(name, validate.Against{Install: install, Publish: publish})...)
		default:
			return &usageError{problem: fmt.Sprintf("%s is neither a playbook nor a package", name), try: "a file that ends in .pbx, .pbxz or .tcx"}
		}
	}
	return c.show(problems, names)
}

func (c *validateCommand) show(problems []validate.Problem, files []string) error {
	for _, problem := range problems {
		fmt.Fprintln(c.env.Stdout, problem)
	}
	if len(problems) > 0 {
		fmt.Fprintf(c.env.Stdout, "%s in %s\n", plural(len(problems), "problem"), strings.Join(files, ", "))
		return errFailed
	}
	fmt.Fprintf(c.env.Stdout, "no problems in %s\n", strings.Join(files, ", "))
	return nil
}

// installOf reads install.json of the App in a folder, else of this one.
func installOf(root string) (*tcx.Install, error) {
	data, err := os.ReadFile(filepath.Join(root, tcx.InstallFile))
	if err != nil {
		data = tcsns.InstallJSON
	}
	return tcx.ParseInstall(data)
}

// packs reports whether a package holds a file of that name beside the
// project's own.
func packs(name string) bool {
	_, err := launcher.File(name)
	return err == nil
}

// parse reads the arguments of a command; help reports that the user asked for
// its usage.
func parse(flags *flag.FlagSet, args []string, command string) (help bool, err error) {
	flags.SetOutput(io.Discard)
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return true, nil
	case err != nil:
		return false, &usageError{problem: fmt.Sprintf("%s: %v", command, err), try: "tcdev " + command + " --help"}
	}
	return false, nil
}

func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return fmt.Sprintf("%d %ss", n, word)
}
