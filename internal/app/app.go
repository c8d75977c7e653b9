// Package app is one run of the App, start to end: inputs, alerts, messages,
// publish, outputs. It is the only package that knows every other.
//
// A run goes straight through once, and a reader can follow it in [perform]:
// what the inputs say (inputs.go, alerts.go), how each alert becomes a
// message (messages.go), what SNS answered and what the playbook gets of it
// (results.go), or, with tc_action Check, what would happen (check.go).
package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"

	"tcsns"
	"tcsns/internal/snstopic"
	"tcsns/internal/tc"
	"tcsns/internal/tc/exit"
	"tcsns/internal/tc/param"
)

// Options is everything ambient that a run may use.
type Options struct {
	Args      []string // without the program's name
	LookupEnv func(string) (string, bool)
	Stdout    io.Writer // for --help and --version alone
	Stderr    io.Writer // one sentence when a run fails
}

// Run runs the App once and returns its exit code. Cancelling ctx ends the
// run within two seconds, with outputs, exit message and exit code in place.
func Run(ctx context.Context, o Options) exit.Code {
	if text, ok := help(o.Args); ok {
		if _, err := io.WriteString(o.Stdout, text); err != nil {
			return exit.Failure
		}
		return exit.Success
	}
	return tc.Main(ctx, tc.App{
		Name:    tcsns.DisplayName,
		Version: tcsns.ProgramVersion,
		Run:     perform,
	}, tc.Options{Args: o.Args, LookupEnv: o.LookupEnv, Stdout: o.Stdout, Stderr: o.Stderr})
}

// perform is the run between the platform's parameters and its outputs.
func perform(ctx context.Context, r *tc.Run) error {
	if r.Params.Empty(append(fixed(), resolved()...)...) {
		return fail(r, &inputs{}, &exit.Error{
			Code: exit.HardFailure,
			Text: "started without parameters: ThreatConnect starts this App and passes them",
			Fix:  "run it from a playbook, or see tcsns --help for a run by hand",
		})
	}
	in, err := readInputs(ctx, r)
	checking := in.action == actionCheck && in.read
	var topic *snstopic.Topic
	if in.reachable && (err == nil || checking) {
		config := in.config()
		config.SessionName = sessionName(r)
		config.Proxy = r.ExternalProxy
		config.Log = r.Log
		config.Mask = r.Mask
		config.UserAgent = "tcsns/" + tcsns.ProgramVersion
		var refused error
		if topic, refused = snstopic.Open(config); refused != nil {
			in.problems = append(in.problems, refused)
			err = refused
		}
	}
	if err != nil && !checking {
		return fail(r, in, inputError(ctx, err))
	}
	composer := newComposer(in, r.System.KVStore.Context, r.Playbook.JobID())
	if checking {
		return check(ctx, r, in, composer, topic)
	}
	return publish(ctx, r, in, composer, topic)
}

// publish sends the alerts and hands the results to the playbook.
func publish(ctx context.Context, r *tc.Run, in *inputs, c *composer, topic *snstopic.Topic) error {
	n := in.alerts.len()
	r.Log.Info("publish", "topic_arn", in.arn.String(), "messages", n, "message_format", string(in.format))

	// Should the run be cut down from here on, this is what the playbook reads.
	cutOff := &exit.Error{
		Code: exit.HardFailure,
		Text: fmt.Sprintf("publish to %s: the run ended before the answer of SNS was there, so whether it was published is unknown", in.arn.Name),
		Fix:  "look behind the topic before running it again",
	}
	newReport(in, c, nil).failed(r, codeUnknown, cutOff.Error())
	if err := r.Playbook.Ready(ctx); err != nil {
		return fail(r, in, inputError(ctx, err))
	}
	r.SideEffect = true
	reserved := makeRoom(n)
	results := topic.Publish(ctx, n, c.message)
	runtime.KeepAlive(reserved)

	report := newReport(in, c, results)
	r.SideEffect = report.sent()
	report.log(r.Log)
	report.write(r)
	if err := report.err(); err != nil {
		if in.failOnError {
			return err
		}
		r.Message = exit.SafeText(err)
		return nil
	}
	r.Message = report.summary()
	return nil
}

// manyAddresses is from where a run computes more than it waits.
const manyAddresses = 100

// makeRoom readies the process for many addresses: all processors, and memory
// that is reserved and never touched, so that it costs none. The garbage
// collector counts it as in use and lets as much garbage come together before
// it runs: many addresses leave much behind, and little of it is worth looking
// at again. It counts until the caller lets go of it.
func makeRoom(addresses int) (reserved []byte) {
	if addresses < manyAddresses {
		return nil
	}
	runtime.SetDefaultGOMAXPROCS()
	return make([]byte, 16<<20)
}

// fail hands a run that published nothing to the playbook, in the outputs as
// well as in the exit message.
func fail(r *tc.Run, in *inputs, err *exit.Error) error {
	newReport(in, nil, nil).failed(r, codeOf(err), err.Error())
	return err
}

// inputError turns what stopped a run before its publish into words and an
// exit code: 1 only where running again may mend it.
func inputError(ctx context.Context, err error) *exit.Error {
	code := exit.HardFailure
	var input *param.Error
	var temporary interface{ Temporary() bool }
	switch {
	case errors.As(err, &input): // stays as it is however often it runs
	case ctx.Err() != nil:
		return &exit.Error{Code: exit.Failure, Text: "the run was stopped before anything was published", Fix: "run it again", Err: errors.Join(errStopped, err)}
	case errors.As(err, &temporary) && temporary.Temporary():
		code = exit.Failure
	}
	return &exit.Error{Code: code, Text: exit.SafeText(err), Err: err}
}

// sessionName names an assumed role's session after the execution, so that
// CloudTrail leads back to the playbook run: the session folder, which the
// platform names after it (CONTRACT §2).
func sessionName(r *tc.Run) string {
	if in := r.System.InPath; in != "" && filepath.Clean(in) != filepath.Clean(os.TempDir()) {
		if session := path.Base(path.Dir(filepath.ToSlash(in))); session != "." && session != "/" {
			return "tcsns-" + session
		}
	}
	return "tcsns"
}
