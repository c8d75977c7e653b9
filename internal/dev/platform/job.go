package platform

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tcsns/internal/dev/pbx"
	"tcsns/internal/tc/exit"
	"tcsns/internal/tc/secret"
	"tcsns/internal/tc/variable"
)

// logger is the platform's own App that writes a line to the playbook's log,
// and its params, as exports have them.
const (
	logger        = "Logger"
	loggerMessage = "log_message"
	loggerLevel   = "logging"
)

func isLogger(job *pbx.Job) bool { return job.App.ProgramName == logger }

// app finds the App of a job among those that can be run.
func (r *run) app(job *pbx.Job) (App, bool) {
	i := slices.IndexFunc(r.Apps, func(a App) bool { return a.Program == job.App.ProgramName })
	if i < 0 {
		return App{}, false
	}
	return r.Apps[i], true
}

// isSecret reports whether the value of a param is never shown: the App says
// so, or its name does.
func (a App) isSecret(param string) bool {
	name := strings.ToLower(param)
	return slices.Contains(a.Secrets, param) || strings.Contains(name, "secret") ||
		strings.Contains(name, "password") || strings.Contains(name, "token")
}

// prepareJob fills in the params of one job: in the playbook's order, then
// those that only Set has. It returns the references that have no value.
func (r *run) prepareJob(job *pbx.Job, app App, report *JobReport) (unset []Reference) {
	passed := map[string]string{}
	add := func(name, written string, set bool) {
		toApp, shown, secrets, missing := resolveReferences(job, name, written, r.Value, r.API)
		unset = append(unset, missing...)
		r.hide(secrets...)
		p := Param{Name: name, Written: written, Value: shown, Set: set, Secret: len(secrets) > 0}
		if app.isSecret(name) && shown != "" {
			p.Secret, p.Value = true, masked
			if len(references(written)) == 0 && !isVariable(written) {
				r.hide(written)
				p.Written = masked
			}
		}
		passed[name] = toApp
		report.Params = append(report.Params, p)
	}
	set := map[string]string{}
	if !isLogger(job) {
		set = maps.Clone(r.Set)
	}
	for _, p := range job.Params {
		value, ok := set[p.Name]
		if !ok {
			value = p.Value
		}
		add(p.Name, value, ok)
		delete(set, p.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if !app.Foreign || strings.HasPrefix(name, "tc_") || strings.HasPrefix(name, "api_") {
			add(name, set[name], true)
		}
	}
	r.passed[job.ID] = passed
	return unset
}

func isVariable(text string) bool {
	_, ok := variable.Parse(text)
	return ok
}

// hide makes values known as secrets. Shorter than four characters they are
// left alone: masking them would mask half of every text.
func (r *run) hide(values ...string) {
	for _, v := range values {
		if len(v) >= 4 {
			r.secrets = append(r.secrets, v)
			r.mask.Add(secret.New(v))
		}
	}
}

// runJob runs one job to its end, and returns which of its sides the playbook
// goes on from: Pass, Fail, or neither.
func (r *run) runJob(ctx context.Context, job *pbx.Job) (pbx.Kind, error) {
	report := r.jobs[job.ID]
	r.report.Jobs = append(r.report.Jobs, report)
	var side pbx.Kind
	var err error
	app, ok := r.app(job)
	switch {
	case !job.IsActive():
		report.Status = StatusInactive
	case ok:
		side, err = r.runApp(ctx, job, app, report)
	case isLogger(job):
		side, err = r.runLogger(ctx, report)
	default:
		report.Status = StatusUnavailable
	}
	if err != nil {
		return "", err
	}
	if r.Watch != nil {
		r.Watch.Ended(report)
	}
	return side, nil
}

// runLogger does what the platform's Logger does: it writes its message, with
// the variables in it resolved, to the playbook's log.
func (r *run) runLogger(ctx context.Context, report *JobReport) (pbx.Kind, error) {
	started := time.Now()
	values, err := r.Store.Read(ctx, r.session.Context)
	if err != nil {
		return "", err
	}
	for i, p := range report.Params {
		value := r.mask.Redact(expand(p.Value, values))
		report.Params[i].Value = value
		switch p.Name {
		case loggerMessage:
			report.Message = value
		case loggerLevel:
			report.Level = value
		}
	}
	report.Status = StatusPassed
	report.Duration = Millis(time.Since(started))
	return pbx.Pass, nil
}

// runApp runs an App as a process.
func (r *run) runApp(ctx context.Context, job *pbx.Job, app App, report *JobReport) (pbx.Kind, error) {
	before, err := r.Store.Read(ctx, r.session.Context)
	if err != nil {
		return "", err
	}
	for i, p := range report.Params {
		if !p.Secret {
			report.Params[i].Value = r.mask.Redact(expand(p.Value, before))
		}
	}
	report.Requested = r.requested(job, app)
	report.Command = append([]string{app.Path}, app.Args...)
	report.Status = StatusRunning
	if r.Watch != nil {
		r.Watch.Starting(report)
	}
	process, err := StartApp(ctx, AppOptions{
		Path: app.Path, Args: app.Args, Session: r.session, Params: r.params(job, report.Requested),
		Env: r.Env, Stderr: r.Stderr, Grace: r.Grace,
	})
	if err != nil {
		return "", err
	}
	result := process.Wait()
	after, err := r.Store.Read(context.WithoutCancel(ctx), r.session.Context)
	if err != nil {
		return "", err
	}
	r.fill(job, report, result, after)
	if report.Status == StatusPassed {
		return pbx.Pass, nil
	}
	return pbx.Fail, nil
}

// requested lists the outputs that the platform asks a job for: those that the
// playbook reads and declares, and those that the App names.
func (r *run) requested(job *pbx.Job, app App) []string {
	var keys []string
	for _, v := range r.Playbook.Requested(job.ID) {
		keys = append(keys, v.Key())
	}
	for _, output := range app.Outputs {
		keys = append(keys, "#App:"+strconv.FormatInt(job.ID, 10)+":"+output)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// params are all parameters of one job: the platform's, then the author's,
// then what Options adds. Like the platform, it sends an author's params as
// text, and leaves out what is not filled in.
func (r *run) params(job *pbx.Job, requested []string) map[string]any {
	own := map[string]any{}
	for name, value := range r.passed[job.ID] {
		if value != "" {
			own[name] = value
		}
	}
	level := r.Playbook.LogLevel
	if level == "" {
		level = "INFO"
	}
	return Merge(map[string]any{
		"api_default_org":           defaultOrg,
		"tc_user_id":                1,
		"tc_verify":                 true,
		"tc_proxy_tc":               false,
		"tc_proxy_external":         false,
		"tc_log_level":              level,
		"tc_log_to_api":             false,
		"tc_playbook_out_variables": strings.Join(requested, ","),
	}, r.session.Params(), r.API.AccessParams(), r.Store.Params(), r.Params, own)
}

// fill reports what an App left behind.
func (r *run) fill(job *pbx.Job, report *JobReport, result *Result, values map[string][]byte) {
	report.Status = StatusFailed
	if result.Signal == "" {
		report.ExitCode = &result.ExitCode
		if result.ExitCode == int(exit.Success) {
			report.Status = StatusPassed
		}
	}
	report.Signal = result.Signal
	report.Message = r.mask.Redact(result.Message)
	report.Stderr = r.mask.Redact(strings.TrimSpace(result.Stderr))
	if r.Keep {
		report.LogFile = result.LogFile
	}
	if text := strings.TrimSuffix(r.mask.Redact(result.Log), "\n"); text != "" {
		report.Log = strings.Split(text, "\n")
	}
	report.Outputs = outputsOf(job.ID, values)
	for i, v := range report.Outputs {
		report.Outputs[i].Value = Decode([]byte(r.mask.Redact(string(v.Value))))
	}
	report.Duration, report.CPU = Millis(result.Duration), Millis(result.CPU)
	report.Remarks = r.remarks(report, result)
	if job.Retry && report.Status == StatusFailed && result.ExitCode != int(exit.HardFailure) {
		report.Retry = &Retry{DelayMinutes: job.RetryDelay, Max: job.RetryMax}
	}
}

// remarks says where an App did not keep to the contract.
func (r *run) remarks(report *JobReport, result *Result) []string {
	var remarks []string
	say := func(format string, args ...any) { remarks = append(remarks, fmt.Sprintf(format, args...)) }
	if result.Err != nil {
		say("waiting for the App: %v", result.Err)
	}
	switch {
	case result.MessageFile == "":
		say("the App wrote no exit message (message.tc)")
	case filepath.Dir(result.MessageFile) != r.session.Out:
		say("the App wrote its exit message to its working directory, not to tc_out_path")
	}
	if result.ParamFileLeft {
		say("the App left its parameter file behind, with the secrets in it")
	}
	if result.Stdout != "" {
		say("the App wrote %d bytes to standard output, which nobody reads", len(result.Stdout))
	}
	for _, v := range report.Outputs {
		if !slices.Contains(report.Requested, v.Variable) {
			say("the App wrote %s, which was not requested", v.Variable)
		}
	}
	if leaks := r.session.Leaks(r.secrets...); len(leaks) > 0 {
		say("a secret stands in clear in %s", strings.Join(leaks, ", "))
	}
	return remarks
}
