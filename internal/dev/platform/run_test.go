package platform

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/pbx"
)

const program = "TCPB - AWS SNS v1"

// readRun returns options for a playbook of the repository, with the fake App.
func readRun(t *testing.T, playbook, event string) Options {
	t.Helper()
	p, err := pbx.ReadFile(filepath.Join("../../..", playbook))
	require.NoError(t, err)
	e, err := ReadEvent(filepath.Join("../../../testdata/events", event))
	require.NoError(t, err)
	return Options{
		Playbook: p, Event: e, Dir: t.TempDir(), Env: fakeAppEnv(),
		Apps:  []App{{Program: program, Path: testBinary(t), Outputs: []string{"sns.debug!String"}, Secrets: []string{"aws_secret_access_key"}}},
		Value: func(r Reference) (string, bool) { return "value of " + r.Name, true },
	}
}

// steps records the order of a run.
type steps struct{ seen []string }

func (s *steps) Triggered(r *Report)   { s.seen = append(s.seen, "triggered "+r.Trigger) }
func (s *steps) Starting(j *JobReport) { s.seen = append(s.seen, "starting "+j.Name) }
func (s *steps) Ended(j *JobReport)    { s.seen = append(s.seen, "ended "+j.Name+": "+string(j.Status)) }

func TestRunPass(t *testing.T) {
	t.Parallel()
	for _, kind := range []string{"Redis", "API"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			o := readRun(t, "playbook/AWS-SNS-Integration-PlayBook.pbx", "address-created.json")
			if kind == "API" {
				api := startTestAPI(t, APIOptions{})
				o.API, o.Store = api, api
			}
			watch := &steps{}
			o.Watch = watch
			o.Set = map[string]string{"address": "#Trigger:1000:trg.tc.owner!String"}
			r, err := Run(t.Context(), o)
			require.NoError(t, err)
			require.Equal(t, Passed, r.Outcome)
			require.Equal(t, []string{
				"triggered Address created", "starting Publish to SNS", "ended Publish to SNS: passed", "ended Log the MessageID: passed",
			}, watch.seen)
			require.Equal(t, []string{"Log the failure"}, r.NotReached)
			require.Equal(t, "Address Create", r.TriggerType)

			app := r.Jobs[0]
			require.Equal(t, 0, *app.ExitCode)
			require.Equal(t, "published Demo Organization", app.Message)
			require.Equal(t, "Demo Organization", app.Output("sns.debug"))
			require.Equal(t, []string{"#App:1001:sns.debug!String"}, app.Requested)
			require.Equal(t, []string{"started", "ended"}, app.Log)
			require.Empty(t, app.Remarks)
			require.Nil(t, app.Retry)
			require.Equal(t, "AWS SNS: Demo Organization", r.Jobs[1].Message)
			require.Equal(t, "INFO", r.Jobs[1].Level)

			params := map[string]Param{}
			for _, p := range app.Params {
				params[p.Name] = p
			}
			require.Equal(t, "value of aws_sns_topic_arn", params["topic_arn"].Value)
			require.Equal(t, Param{Name: "aws_secret_access_key", Written: "${ORGANIZATION:KEYCHAIN:aws_sns_secret_access_key}", Value: "***", Secret: true}, params["aws_secret_access_key"])
			require.Equal(t, "712", params["threatassess_score"].Value)
			require.True(t, params["address"].Set)

			entries, err := os.ReadDir(o.Dir)
			require.NoError(t, err)
			require.Empty(t, entries, "the session's folder is removed")
			document, err := json.Marshal(r)
			require.NoError(t, err)
			require.NotContains(t, string(document), "value of aws_sns_secret")
			if kind == "API" {
				left, err := o.Store.Read(t.Context(), r.Session)
				require.NoError(t, err)
				require.Empty(t, left, "the session's variables are removed")
			}
		})
	}
}

func TestRunFailPath(t *testing.T) {
	t.Parallel()
	for behave, retry := range map[string]*Retry{"fail": {DelayMinutes: 1, Max: 3}, "hard": nil} {
		o := readRun(t, "playbook/AWS-SNS-Integration-PlayBook.pbx", "address-created.json")
		o.Set = map[string]string{"behave": behave}
		r, err := Run(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, Handled, r.Outcome)
		require.Equal(t, StatusFailed, r.Jobs[0].Status)
		require.Equal(t, retry, r.Jobs[0].Retry)
		require.Equal(t, "Log the failure", r.Jobs[1].Name)
		require.Equal(t, []string{"Log the MessageID"}, r.NotReached)
		want := map[string]string{"fail": "AWS SNS failed: it is down", "hard": "AWS SNS failed: <null>"}
		require.Equal(t, want[behave], r.Jobs[1].Message)

		o.Playbook.Connections = slices.DeleteFunc(o.Playbook.Connections, func(c pbx.Connection) bool { return c.Kind == pbx.Fail })
		r, err = Run(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, Failed, r.Outcome, "nothing on the Fail side")
		require.Len(t, r.Jobs, 1)
	}
}

// What is set for one App does not reach another whose job does not list it.
func TestRunSetIsForItsApp(t *testing.T) {
	t.Parallel()
	o := readRun(t, "playbook/AWS-SNS-Integration-PlayBook.pbx", "address-created.json")
	o.Apps[0].Foreign = true
	o.Set = map[string]string{"other_secret": "s3cr3t-of-another", "tc_log_level": "DEBUG", "owner": "Set Owner"}
	r, err := Run(t.Context(), o)
	require.NoError(t, err)
	params := map[string]string{}
	for _, p := range r.Jobs[0].Params {
		params[p.Name] = p.Value
	}
	require.NotContains(t, params, "other_secret")
	require.Equal(t, "DEBUG", params["tc_log_level"])
	require.Equal(t, "Set Owner", params["owner"])
}

// The other examples run, one with both paths to one job, one with own words.
func TestRunExamples(t *testing.T) {
	t.Parallel()
	for name, address := range map[string]string{
		"email-address-deleted": `"value":"billing@invoices.example.net"`,
		"host-tagged":           "c2.bücher.example.org",
	} {
		o := readRun(t, "testdata/playbooks/"+name+".pbx", name+".json")
		r, err := Run(t.Context(), o)
		require.NoError(t, err)
		require.Equal(t, Passed, r.Outcome, name)
		require.Len(t, r.Jobs, 2)
		require.Contains(t, r.Jobs[0].Output("sns.debug"), address)
		require.Contains(t, r.Jobs[1].Message, address)
		require.Empty(t, r.NotReached)
		require.Empty(t, r.Unset)
	}
}

// diamond is a trigger, an App not available here on one branch, and a Logger
// that both branches lead to.
func diamond(second string) *pbx.Playbook {
	job := func(id int64, programName string) pbx.Job {
		return pbx.Job{ID: id, Name: "J" + string(rune('0'+id)), X: float64(id), App: pbx.App{ProgramName: programName},
			Params: []pbx.Param{{Name: loggerMessage, Value: "hello"}, {Name: "address", Value: "x"}}}
	}
	connect := func(from, to int64) pbx.Connection {
		return pbx.Connection{Kind: pbx.Pass, SourceJob: from, TargetJob: to}
	}
	return &pbx.Playbook{
		Name: "diamond", Triggers: []pbx.Trigger{{ID: 1, Name: "T", Type: "Timer", EventType: "External"}, {ID: 9, Type: "Timer"}},
		Jobs: []pbx.Job{job(4, logger), job(2, program), job(3, second), job(5, logger), job(6, logger)},
		Connections: []pbx.Connection{
			{Kind: pbx.Pass, SourceTrigger: 1, TargetJob: 2}, {Kind: pbx.Pass, SourceTrigger: 1, TargetJob: 3},
			connect(2, 4), connect(3, 4), connect(3, 5), {Kind: pbx.Pass, SourceTrigger: 9, TargetJob: 6},
			{Kind: pbx.Pass, Circular: true, SourceJob: 4, TargetTrigger: 1},
		},
	}
}

func TestRunBranches(t *testing.T) {
	t.Parallel()
	names := func(r *Report) string {
		var all []string
		for _, j := range r.Jobs {
			all = append(all, j.Name+" "+string(j.Status))
		}
		return strings.Join(all, ", ")
	}
	options := Options{
		Event: &Event{Action: "External", Variables: map[string]json.RawMessage{"a!String": json.RawMessage(`"b"`)}},
		Apps:  []App{{Program: program, Path: testBinary(t)}}, Env: fakeAppEnv(), Dir: t.TempDir(),
	}
	o := options
	o.Playbook = diamond("TCPB - Slack v1")
	r, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, "J2 passed, J3 not available here, J4 passed", names(r))
	require.Equal(t, Incomplete, r.Outcome)
	require.Equal(t, []string{"J5", "J6"}, r.NotReached)

	o.Playbook = diamond(logger)
	r, err = Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, "J2 passed, J3 passed, J4 passed, J5 passed", names(r), "J4 waits for both and runs once")
	require.Equal(t, Passed, r.Outcome)

	off := false
	o.Playbook.Jobs[2].Active = &off
	r, err = Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, "J2 passed, J3 switched off, J4 passed", names(r))
}

func TestRunUnsetReference(t *testing.T) {
	t.Parallel()
	o := readRun(t, "playbook/AWS-SNS-Integration-PlayBook.pbx", "address-created.json")
	o.Value = nil
	o.Set = map[string]string{"aws_access_key_id": "AKIDEXAMPLE"}
	_, err := Run(t.Context(), o)
	var unset *UnsetError
	require.ErrorAs(t, err, &unset)
	require.Len(t, unset.References, 2)
	require.Equal(t, "topic_arn", unset.References[0].Param)
	require.ErrorContains(t, err, `no value here for ${ORGANIZATION:TEXT:aws_sns_topic_arn} (topic_arn of "Publish to SNS"), `)
	require.ErrorContains(t, err, "aws_secret_access_key")
}

func TestRunSecrets(t *testing.T) {
	t.Parallel()
	o := readRun(t, "testdata/playbooks/host-tagged.pbx", "host-tagged.json")
	o.Keep = true
	o.Set = map[string]string{"behave": "sloppy", "api_password": "s3cr&t/value"}
	r, err := Run(t.Context(), o)
	require.NoError(t, err)
	document, err := json.Marshal(r)
	require.NoError(t, err)
	require.False(t, Contains(string(document), "s3cr&t/value"))
	remarks := strings.Join(r.Jobs[0].Remarks, "\n")
	require.Contains(t, remarks, "left its parameter file")
	require.Contains(t, remarks, "working directory")
	require.Contains(t, remarks, "bytes to standard output")
	require.Contains(t, remarks, "stands in clear in "+r.Jobs[0].LogFile)
	require.DirExists(t, r.Folder)
}

func TestRunUnrequestedOutput(t *testing.T) {
	t.Parallel()
	o := readRun(t, "testdata/playbooks/host-tagged.pbx", "host-tagged.json")
	o.Set = map[string]string{"extra": "sns.extra!String"}
	r, err := Run(t.Context(), o)
	require.NoError(t, err)
	require.Equal(t, []string{"the App wrote #App:3001:sns.extra!String, which was not requested"}, r.Jobs[0].Remarks)
}

// The end of ctx reaches the App, and nothing is started after it.
func TestRunInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	o := readRun(t, "testdata/playbooks/host-tagged.pbx", "host-tagged.json")
	stderr, ready := readyPipe(t)
	o.Stderr = stderr
	o.Set = map[string]string{"behave": "wait"}
	go func() { ready(); cancel() }()
	r, err := Run(ctx, o)
	require.NoError(t, err)
	require.True(t, r.Interrupted)
	require.Equal(t, "ended by interrupt", r.Jobs[0].Message)
	require.Equal(t, Failed, r.Outcome)
	require.Len(t, r.Jobs, 1)
}
