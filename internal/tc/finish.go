package tc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tcsns/internal/tc/exit"
	"tcsns/internal/tc/kvstore"
	"tcsns/internal/tc/playbook"
)

// afterRun is a context for what is left to do once the App is through: alive
// even after a signal, for calm, but no longer than hurried after ctx is done.
func afterRun(ctx context.Context, calm, hurried time.Duration) (context.Context, context.CancelFunc) {
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), calm)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(hurried, cancel) })
	return closing, func() { stop(); cancel() }
}

// writeOutputs writes the outputs, after a failure as well. A success whose
// outputs cannot be written is none.
func (rt *runtime) writeOutputs(ctx context.Context, end ending) ending {
	if rt.run.Playbook == nil {
		return end // the parameters do not say where to
	}
	err := rt.run.Playbook.Write(ctx)
	if err == nil {
		return end
	}
	rt.run.Log.Error("outputs are not written", "cause", err)
	switch {
	case end.err != nil:
		return end
	case end.sideEffect:
		return failure(&exit.Error{
			Code: exit.HardFailure,
			Text: fmt.Sprintf("%s, but the playbook does not get the outputs: %s", done(rt.app, end), notWritten(err)),
			Fix:  "do not run it again before looking at what it did",
			Err:  err,
		})
	}
	code := exit.HardFailure
	if temporary(err) {
		code = exit.Failure // nothing but the outputs went out
	}
	return failure(&exit.Error{Code: code, Text: rt.app.Name + ": " + exit.SafeText(err), Err: err})
}

// done says what a run did whose outputs are lost.
func done(app App, end ending) string {
	if text := strings.TrimRight(strings.TrimSpace(end.text), "."); text != "" {
		return text
	}
	return app.Name + " is done with its work"
}

// notWritten says why, without what mends it: another Fix stands first.
func notWritten(err error) string {
	var e *playbook.Error
	if errors.As(err, &e) {
		return e.Text()
	}
	return exit.SafeText(err)
}

// testingMessageKey is where TcEx's test harness looks for the exit message,
// under the context that tcex_testing_context names.
const testingMessageKey = "_exit_message"

// writeTestingMessage hands the exit message to TcEx's test harness, where
// there is one. A run never fails by it.
func (rt *runtime) writeTestingMessage(ctx context.Context, end ending) {
	testing := rt.run.System.TestingContext
	if testing == "" {
		return
	}
	store, err := rt.services.open(testing)
	if err == nil {
		err = store.Put(ctx, kvstore.Entry{Key: testingMessageKey, Value: []byte(rt.run.Mask.Redact(end.text))})
		_ = store.Close()
	}
	if err != nil {
		rt.run.Log.Warn("the exit message is not written to the testing context", "cause", err)
	}
}

// finish writes the exit message, closes the log and returns the exit code.
func (rt *runtime) finish(ctx context.Context, end ending) exit.Code {
	text := rt.run.Mask.Redact(end.text)
	if end.err != nil {
		log := rt.run.Log
		if cause := errors.Unwrap(end.err); cause != nil {
			log = log.With("cause", cause)
		}
		log.Error("run failed", "exit_message", end.text)
	}
	// stderr comes after: one that nobody reads may end the process.
	path, err := exit.WriteMessage(rt.run.System.OutPath, text)
	if end.err != nil {
		rt.complain(text)
	}
	if err != nil {
		rt.run.Log.Error("exit message is not written", "cause", err)
		rt.complain(err.Error())
	}
	rt.run.Log.Info("exit", "code", int(end.code), "message_file", path, "duration", time.Since(rt.start).Round(time.Microsecond))
	if rt.log != nil {
		closing, cancel := afterRun(ctx, logCalm, logHurried)
		defer cancel()
		if err := rt.log.Close(closing); err != nil {
			rt.complain(err.Error())
		}
	}
	return end.code
}
