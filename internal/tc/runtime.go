package tc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"tcsns/internal/tc/api"
	"tcsns/internal/tc/applog"
	"tcsns/internal/tc/exit"
	"tcsns/internal/tc/param"
	"tcsns/internal/tc/playbook"
	"tcsns/internal/tc/secret"
)

// How long the parts of an ending may take. After a signal they add up to
// less than the two seconds that a run promises; the figures are ours, because
// the platform documents none.
const (
	appGrace     = 900 * time.Millisecond // for App.Run to return after ctx is done
	writeHurried = 600 * time.Millisecond // for the outputs after a signal
	writeCalm    = 10 * time.Second       // for the outputs otherwise
	logHurried   = 300 * time.Millisecond // for the last lines to the platform's log after a signal
	logCalm      = 3 * time.Second        // for them otherwise; a sink that fails gives up earlier by itself
)

// runtime is one run of an App.
type runtime struct {
	app   App
	o     Options
	start time.Time

	run      Run
	services *services
	log      *applog.Log
}

func newRuntime(app App, o Options) *runtime {
	return &runtime{app: app, o: o, start: time.Now(), run: Run{
		Mask: new(secret.Mask),
		Log:  slog.New(slog.DiscardHandler),
	}}
}

func (rt *runtime) main(ctx context.Context) exit.Code {
	var end ending
	if err := rt.open(); err != nil {
		end = failure(&exit.Error{Code: exit.HardFailure, Text: exit.SafeText(err), Err: err})
	} else {
		end = rt.call(ctx)
	}
	closing, cancel := afterRun(ctx, writeCalm, writeHurried)
	defer cancel()
	end = rt.writeOutputs(closing, end)
	rt.writeTestingMessage(closing, end)
	return rt.finish(ctx, end)
}

// open reads the parameters and opens the log.
func (rt *runtime) open() error {
	r := &rt.run
	if key, ok := rt.o.LookupEnv("TC_APP_PARAM_KEY"); ok {
		r.Mask.Add(secret.New(key))
	}
	var err error
	r.Params, err = param.Load(param.Options{Args: rt.o.Args, LookupEnv: rt.o.LookupEnv})
	if err != nil {
		return err
	}
	// With a parameter that is unfit the others still say where the log and
	// the exit message go.
	r.System, err = r.Params.System()
	s := r.System
	r.Mask.Add(s.Secrets()...)
	rt.services = newServices(rt.app, s, rt.caBundle(), r.Mask, func() *slog.Logger { return rt.run.Log })
	r.services = rt.services
	rt.openLog()
	rt.logStart()
	if err != nil {
		return err
	}
	if s.Proxy.External {
		r.ExternalProxy = api.ProxyURL(s.Proxy)
	}
	r.Playbook = playbook.New(playbook.Options{
		Store:     lazyStore{rt.services},
		TC:        lazyVariables{rt.services},
		Requested: s.OutVariables,
		Mask:      r.Mask,
	})
	return nil
}

// caBundle is the file of certificates that Python Apps trust through the
// requests library, so that an administrator sets it once for all Apps.
func (rt *runtime) caBundle() string {
	file, _ := rt.o.LookupEnv("REQUESTS_CA_BUNDLE")
	return file
}

// ending is how a run ends.
type ending struct {
	code       exit.Code
	text       string
	err        error // nil: success
	sideEffect bool
}

// failure is the ending that err asks for.
func failure(err error) ending {
	return ending{code: exit.CodeOf(err), text: exit.SafeText(err), err: err}
}

// call runs the App, and goes on without it when it does not return in time
// after ctx is done.
func (rt *runtime) call(ctx context.Context) ending {
	done := make(chan ending, 1)
	go func() {
		returned := false
		defer func() {
			if !returned {
				done <- rt.crash(recover(), debug.Stack())
			}
		}()
		err := rt.app.Run(ctx, &rt.run)
		returned = true
		done <- rt.returned(ctx, err)
	}()

	select {
	case end := <-done:
		return end
	case <-ctx.Done():
	}
	late := time.NewTimer(appGrace)
	defer late.Stop()
	select {
	case end := <-done:
		return end
	case <-late.C:
	}
	// The App's goroutine still runs, so that rt.run.SideEffect is not for us
	// to read; what the App has set out to do is unknown either way.
	return failure(&exit.Error{
		Code: exit.HardFailure,
		Text: rt.app.Name + ": the run was stopped and did not end in time; what it had begun is unknown",
		Fix:  "look at app.log and at what the App was to do before running it again",
		Err:  ctx.Err(),
	})
}

// returned is the ending of an App that returned; it runs in the App's goroutine.
func (rt *runtime) returned(ctx context.Context, err error) ending {
	if err == nil {
		return ending{code: exit.Success, text: rt.run.Message, sideEffect: rt.run.SideEffect}
	}
	var own *exit.Error
	if errors.As(err, &own) {
		return failure(err)
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return failure(&exit.Error{Code: rt.again(), Text: rt.app.Name + ": the run was stopped", Fix: "run it again", Err: err})
	}
	code := exit.HardFailure
	if temporary(err) {
		code = rt.again()
	}
	return failure(&exit.Error{Code: code, Text: exit.SafeText(err), Err: err})
}

// temporary reports whether err says of itself that it may pass.
func temporary(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}

// crash is the ending of an App that panicked, or that ended its goroutine.
func (rt *runtime) crash(cause any, stack []byte) ending {
	rt.run.Log.Error("the App crashed", "panic", fmt.Sprint(cause), "stack", string(stack))
	return failure(&exit.Error{
		Code: rt.again(),
		Text: rt.app.Name + ": the App stopped on an error in itself",
		Fix:  "give app.log to the App's developer",
	})
}

// again is the code of a failure that the platform may repeat, unless
// something went out.
func (rt *runtime) again() exit.Code {
	if rt.run.SideEffect {
		return exit.HardFailure
	}
	return exit.Failure
}
