package platform

import (
	"context"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"tcsns/internal/dev/pbx"
	"tcsns/internal/tc/secret"
	"tcsns/internal/tc/variable"
)

// App is an App that can be run here.
type App struct {
	Program string   // the programName of its jobs: "TCPB - AWS SNS v1"
	Path    string   // the executable
	Args    []string // its arguments
	Outputs []string // outputs to ask for besides those that the playbook reads: "sns.debug!String"
	Secrets []string // params whose value is never shown
	Foreign bool     // Options.Set reaches it only for params that its job lists: a secret of one App is not for another
}

// Options is one playbook to run. Playbook and Event are needed.
type Options struct {
	Playbook *pbx.Playbook
	Event    *Event
	Apps     []App

	Store  Store    // the key-value store; default: an embedded one. Run does not close it
	API    *API     // the REST API; default: one of its own. Run does not close it
	Dir    string   // where the session's folder is made; default: the OS's temporary folder
	Keep   bool     // leave the session's folder, and its variables in the store
	Env    []string // see [AppOptions], as are the next two
	Stderr io.Writer
	Grace  time.Duration
	Params map[string]any    // system params besides, or instead of, those that Run makes
	Set    map[string]string // params of the Apps' jobs, instead of what the playbook has; any tc_* too

	// Value resolves a reference ${…}. false: there is no value, and the run
	// does not start. Default: none has a value.
	Value func(Reference) (string, bool)

	// Watch, when set, is told of each step as it happens.
	Watch Watcher
}

// Watcher sees a run happen. The reports are complete as far as the run has
// come, and are Run's to write.
type Watcher interface {
	Triggered(*Report)   // the trigger's variables are staged
	Starting(*JobReport) // an App is about to be started
	Ended(*JobReport)    // a job has come to its end, whatever that is
}

// defaultOrg is the organization that runs the playbook.
const defaultOrg = "Demo Organization"

// Run runs a playbook for an event and reports what happened. An App that
// fails is no error: Report.Outcome says so. The error is a playbook that
// cannot be started (no trigger fires; a reference has no value, an
// [UnsetError]), or this machine's (no folder, no store).
//
// Jobs run one after another. A job runs once everything that leads to it has
// ended, and at least one connection to it was taken. Loops are not run.
func Run(ctx context.Context, o Options) (*Report, error) {
	trigger, err := pickTrigger(o.Playbook, o.Event)
	if err != nil {
		return nil, err
	}
	r := &run{Options: o, trigger: trigger, started: time.Now()}
	defer r.close()
	if err := r.open(ctx); err != nil {
		return nil, err
	}
	if err := r.prepare(); err != nil {
		return nil, err
	}
	if err := r.stage(ctx); err != nil {
		return nil, err
	}
	if err := r.walk(ctx); err != nil {
		return nil, err
	}
	r.report.Interrupted = ctx.Err() != nil
	r.report.Duration = Millis(time.Since(r.started))
	return &r.report, nil
}

// run is the state of one Run.
type run struct {
	Options
	trigger *pbx.Trigger
	started time.Time
	session *Session
	mask    secret.Mask
	secrets []string                    // what mask knows, for the search in files
	passed  map[int64]map[string]string // job → param → what the App is given
	report  Report
	jobs    map[int64]*JobReport
	cleanup []func() error
}

// open makes the folders and whatever parts of the platform are not given.
func (r *run) open(ctx context.Context) error {
	if r.Dir == "" {
		r.Dir = os.TempDir()
	}
	session, err := NewSession(r.Dir)
	if err != nil {
		return err
	}
	r.session = session
	if !r.Keep {
		r.cleanup = append(r.cleanup, session.Remove)
	}
	if r.Store == nil {
		store, err := StartRedis()
		if err != nil {
			return err
		}
		r.Store = store
		r.cleanup = append(r.cleanup, store.Close)
	}
	if r.API == nil {
		api, err := StartAPI(APIOptions{})
		if err != nil {
			return err
		}
		r.API = api
		r.cleanup = append(r.cleanup, api.Close)
	}
	if !r.Keep {
		store := r.Store
		r.cleanup = append(r.cleanup, func() error { // even after ctx
			return store.Delete(context.WithoutCancel(ctx), session.Context)
		})
	}
	return nil
}

// close undoes what open made, in reverse order. What cannot be removed stays:
// there is nobody left to tell.
func (r *run) close() {
	for _, f := range slices.Backward(r.cleanup) {
		_ = f()
	}
}

// prepare resolves the references of every job that can run here, so that a
// missing value ends the run before anything has started.
func (r *run) prepare() error {
	if r.Value == nil {
		r.Value = func(Reference) (string, bool) { return "", false }
	}
	r.passed = map[int64]map[string]string{}
	r.jobs = map[int64]*JobReport{}
	var unset []Reference
	for i := range r.Playbook.Jobs {
		job := &r.Playbook.Jobs[i]
		report := &JobReport{
			ID: job.ID, Name: job.Name, Program: job.App.ProgramName, App: job.App.DisplayName,
			Status: StatusNotReached,
		}
		r.jobs[job.ID] = report
		app, ok := r.app(job)
		if !ok && !isLogger(job) {
			continue
		}
		unset = append(unset, r.prepareJob(job, app, report)...)
	}
	if len(unset) > 0 {
		return &UnsetError{unset}
	}
	return nil
}

// stage writes the trigger's and the global variables to the store.
func (r *run) stage(ctx context.Context) error {
	set, unset, err := triggerVariables(r.Playbook, r.trigger, r.Event)
	if err != nil {
		return err
	}
	all := globals(r.Playbook, r.session, r.API.URL(), defaultOrg, r.started)
	maps.Copy(all, set)
	if err := r.Store.Stage(ctx, r.session.Context, all); err != nil {
		return err
	}
	r.report = Report{
		Playbook: r.Playbook.Name, Event: r.Event.String(),
		Trigger: r.trigger.Name, TriggerType: strings.TrimSpace(r.trigger.Type + " " + r.trigger.EventType),
		Unset: unset, Session: r.session.Context, Jobs: []*JobReport{}, NotReached: []string{},
	}
	if r.Keep {
		r.report.Folder = r.session.Dir
	}
	for _, key := range slices.Sorted(maps.Keys(set)) {
		if v, ok := variable.Parse(key); ok {
			r.report.Variables = append(r.report.Variables, newVariable(v, set[key]))
		}
	}
	if r.Watch != nil {
		r.Watch.Triggered(&r.report)
	}
	return nil
}
