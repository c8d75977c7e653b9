// Command tcdev is the developer's tool of a Playbook App in Go. Its verbs are
// those of ThreatConnect's own tcex: run, validate, package; and draw.
//
// Exit codes: 0 when what was asked for succeeded, 1 when it did not, 2 when
// the command line cannot be understood.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// Whoever reads the output may go, as head does: the run still ends, and
	// tidies up. Caught, not ignored: the App inherits what is ignored.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	context.AfterFunc(ctx, stop) // a second signal ends a command that does not listen to the first
	return tcdev(ctx, os.Args[1:], ambient{
		LookupEnv: os.LookupEnv,
		Environ:   os.Environ(),
		Stdout:    os.Stdout,
		Stderr:    os.Stderr,
	})
}

// ambient is what a command takes from the process around it.
type ambient struct {
	LookupEnv      func(string) (string, bool)
	Environ        []string
	Stdout, Stderr io.Writer
}

// command is one verb. Run parses args with a flag set of its own; an error
// that is no [usageError] is shown as it is and ends tcdev with exit code 1.
type command interface {
	Run(ctx context.Context, args []string) error
}

const usage = `tcdev plays ThreatConnect on this machine, for the developer of a Playbook App.

Usage:
  tcdev run       run a playbook for an event, with the App as a process
  tcdev validate  check install.json, layout.json and a playbook
  tcdev package   make the .tcx that an administrator uploads
  tcdev draw      draw a playbook

"tcdev COMMAND --help" explains a command.
`

// errFailed ends tcdev with exit code 1 when the command has already said why.
var errFailed = errors.New("failed")

// usageError is a command line that cannot be understood, and what to try.
type usageError struct{ problem, try string }

func (e *usageError) Error() string { return e.problem }

// tcdev dispatches to a command and turns its error into words and an exit code.
func tcdev(ctx context.Context, args []string, env ambient) int {
	if len(args) == 0 {
		fmt.Fprint(env.Stderr, usage)
		return 2
	}
	if args[0] == "help" && len(args) > 1 {
		args = []string{args[1], "--help"}
	}
	var c command
	switch args[0] {
	case "run":
		c = &runCommand{env: env}
	case "validate":
		c = &validateCommand{env: env}
	case "package":
		c = &packageCommand{env: env}
	case "draw":
		c = &drawCommand{env: env}
	case "help", "--help", "-h", "-help":
		fmt.Fprint(env.Stdout, usage)
		return 0
	default:
		return report(env.Stderr, &usageError{
			problem: fmt.Sprintf("there is no command %q", args[0]),
			try:     "tcdev --help",
		})
	}
	return report(env.Stderr, c.Run(ctx, args[1:]))
}

// report says what went wrong, if anything, and returns the exit code.
func report(w io.Writer, err error) int {
	var u *usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errFailed):
		return 1
	case errors.As(err, &u):
		fmt.Fprintf(w, "Error: %v\n", err)
		if u.try != "" {
			fmt.Fprintf(w, "Try:   %s\n", u.try)
		}
		return 2
	}
	fmt.Fprintf(w, "Error: %v\n", err)
	return 1
}
