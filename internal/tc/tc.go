// Package tc runs a ThreatConnect Playbook App written in Go: it does for Go
// what TcEx does for Python. An App is one function; [Main] reads the
// parameters, opens the log and the key-value store, calls the function, and
// hands outputs, exit message and exit code back to the platform.
//
// The rules it keeps:
//   - Every run ends with message.tc and an exit code, also after a panic, a
//     signal or parameters that cannot be read.
//   - The network is touched only for what the run needs: no variable and no
//     requested output, no connection.
//   - Nothing it writes holds a secret that the run knows: log, exit message
//     and stderr go through [Run.Mask].
//   - stdout stays empty, but for the answer to --version.
//
// README.md shows how to write an App of one's own, and which test holds
// which row of the platform's contract.
package tc

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/url"
	goruntime "runtime"

	"tcsns/internal/tc/api"
	"tcsns/internal/tc/exit"
	"tcsns/internal/tc/param"
	"tcsns/internal/tc/playbook"
	"tcsns/internal/tc/secret"
)

// App is a Playbook App.
type App struct {
	Name    string // as playbook authors know it
	Version string // programVersion of install.json

	// Run does the App's work. A returned error fails the run: an
	// [exit.Error] with its code and its words; any other error with the words
	// of [exit.SafeText], as a hard failure unless it says of itself that it is
	// temporary. Outputs that are set are written whatever Run returns.
	//
	// Run must return soon after ctx is done: about a second later Main goes
	// on without it. A panic is caught in Run's own goroutine only.
	Run func(context.Context, *Run) error
}

// Options is everything ambient that a run may use.
type Options struct {
	Args      []string                    // without the program's name
	LookupEnv func(string) (string, bool) // os.LookupEnv; nil: no environment
	Stdout    io.Writer                   // the answer to --version, and nothing of a run; nil: nowhere
	Stderr    io.Writer                   // one sentence when a run fails; nil: nowhere
}

// Run is what an App works with during a run. The fields are set before
// App.Run is called; it changes Message and SideEffect alone, and only in its
// own goroutine.
type Run struct {
	Params        *param.Set
	System        param.System // the platform's own parameters, typed
	Playbook      *playbook.Playbook
	Log           *slog.Logger
	Mask          *secret.Mask // App.Run adds secrets of its own
	ExternalProxy *url.URL     // for hosts other than ThreatConnect; nil: none

	Message    string // the exit message of a success
	SideEffect bool   // set before something goes out that running again would repeat

	services *services
}

// API returns a client of the platform's REST API, made at the first call. It
// does not touch the network; the error names the parameter that is unfit.
func (r *Run) API() (*api.Client, error) { return r.services.api() }

// Main runs the App once and returns its exit code. When ctx is done, by a
// signal or a deadline, the run ends within two seconds, with everything in
// place that can still be written.
//
// Started with --version alone it runs nothing and says which App it is, in
// which version, built by what and for what: `tcdev package` asks the program
// that it packs.
func Main(ctx context.Context, app App, o Options) exit.Code {
	// Libraries print there what comes off the network, unasked and unmasked
	// (net/http, of a server that sends more than it announced).
	log.SetOutput(io.Discard)
	if o.Stdout == nil {
		o.Stdout = io.Discard
	}
	if o.Stderr == nil {
		o.Stderr = io.Discard
	}
	if len(o.Args) == 1 && o.Args[0] == "--version" {
		if _, err := fmt.Fprintf(o.Stdout, "%s %s (%s, %s/%s)\n", app.Name, app.Version, goruntime.Version(), goruntime.GOOS, goruntime.GOARCH); err != nil {
			return exit.Failure
		}
		return exit.Success
	}
	if o.LookupEnv == nil {
		o.LookupEnv = func(string) (string, bool) { return "", false }
	}
	return newRuntime(app, o).main(ctx)
}
