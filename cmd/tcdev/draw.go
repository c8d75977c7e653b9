package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"tcsns/internal/dev/draw"
	"tcsns/internal/dev/pbx"
)

const drawUsage = `Usage: tcdev draw [--out FILE.svg] FILE

Draws a playbook (.pbx, .pbxz), anybody's, as an SVG: its trigger, its Apps, and
the Pass and Fail arrows between them. Without --out it writes to stdout.
`

type drawCommand struct{ env ambient }

// Run draws one playbook.
func (c *drawCommand) Run(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("draw", flag.ContinueOnError)
	out := flags.String("out", "", "")
	switch help, err := parse(flags, args, "draw"); {
	case err != nil:
		return err
	case help:
		fmt.Fprint(c.env.Stdout, drawUsage)
		return nil
	case flags.NArg() != 1:
		return &usageError{problem: "draw needs one playbook", try: "tcdev draw --out picture.svg FILE.pbx"}
	}
	p, err := pbx.ReadFile(flags.Arg(0))
	if err != nil {
		return err
	}
	picture := draw.SVG(p)
	if *out == "" {
		_, err = c.env.Stdout.Write(picture)
	} else {
		err = os.WriteFile(*out, picture, 0o644)
	}
	if err != nil {
		return fmt.Errorf("write picture: %w", err)
	}
	return nil
}
