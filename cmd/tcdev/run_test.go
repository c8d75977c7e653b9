package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/platform"
)

// result is one run of tcdev in this process.
type result struct {
	code           int
	stdout, stderr string
}

// runTcdev runs tcdev with a minimal environment and what env adds to it.
func runTcdev(ctx context.Context, env map[string]string, args ...string) result {
	var stdout, stderr bytes.Buffer
	a := ambient{Stdout: &stdout, Stderr: &stderr, LookupEnv: func(name string) (string, bool) {
		if v, ok := env[name]; ok {
			return v, true
		}
		return os.LookupEnv(name)
	}}
	for name, value := range env {
		a.Environ = append(a.Environ, name+"="+value)
	}
	code := tcdev(ctx, args, a)
	return result{code, stdout.String(), stderr.String()}
}

// script writes an App: any executable is one.
func script(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "app")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\nrm -f \"$TC_APP_PARAM_FILE\"\n"+body), 0o700))
	return path
}

// sample is the sample playbook and event, and values for what it refers to.
func sample(more ...string) []string {
	return append([]string{
		"run", "--playbook", "../../" + samplePlaybook, "--event", "../../" + sampleEvent, "--sns", "http://127.0.0.1:9",
		"--set", "topic_arn=arn:aws:sns:us-east-1:000000000000:t", "--set", "aws_access_key_id=AKIDEXAMPLE", "--set", "aws_secret_access_key=hunter2222",
	}, more...)
}

func TestRunShows(t *testing.T) {
	t.Parallel()
	r := runTcdev(t.Context(), nil, sample("--app", script(t, "echo done > out/message.tc; echo noise >&2"))...)
	require.Equal(t, 0, r.code, r.stderr)
	require.Empty(t, r.stderr)
	for _, want := range []string{
		"AWS SNS Integration", "● Trigger  Address created", "Address 203.0.113.7 of Demo Organization (TCEntity)",
		"▶ AWS SNS  Publish to SNS", "aws_secret_access_key  ***", "← trg.tc.owner", "aws_endpoint_url       http://127.0.0.1:9  ← --sns",
		"✔ exit code 0", "exit message  done", "stderr        noise", "● Logger  Log the MessageID", "AWS SNS: <null>", "✔ the playbook passed",
	} {
		require.Contains(t, r.stdout, want)
	}
	require.NotContains(t, r.stdout, "\x1b", "no colour where there is no terminal")
	require.NotContains(t, r.stdout, "hunter2222")
	for l := range strings.SplitSeq(r.stdout, "\n") {
		require.LessOrEqual(t, utf8.RuneCountInString(l), width, l)
	}
}

func TestRunOutcomes(t *testing.T) {
	t.Parallel()
	slack := script(t, "exit 0")
	foreign := filepath.Join(t.TempDir(), "foreign.pbx") // without a job of our App
	require.NoError(t, os.WriteFile(foreign, []byte(strings.ReplaceAll(readFile(t, "../../"+samplePlaybook), "TCPB - AWS SNS v1", "TCPB - Other v1")), 0o600))
	tests := []struct {
		name   string
		args   []string
		code   int
		stdout string
	}{
		{"a failure that may be tried again", sample("--app", script(t, "exit 1")), 1, "would try again after 1 min, at most 3 times"},
		{"handled", sample("--app", script(t, "exit 4")), 1, "went on along its Fail path"},
		{"a signal", sample("--app", script(t, "kill -9 $$")), 1, "ended by a signal: killed"},
		{"no Fail path", append(sample("--app", script(t, "exit 4")), "--playbook", "../../testdata/playbooks/host-tagged.pbx",
			"--event", "../../testdata/events/host-tagged.json"), 1, "✘ the playbook failed"},
		{"another App", append(sample("--app", slack), "--playbook", "testdata/another-app.pbx"), 1, "not available here"},
		{"what comes after another App", append(sample("--app", slack), "--playbook", "testdata/another-app.pbx"), 1, "  not run: Log it\n"},
		{"our App by its name", sample("--app", "TCPB - AWS SNS v1="+script(t, "exit 0")), 0, "aws_endpoint_url       http://127.0.0.1:9  ← --sns"},
		{"another App that is here", append(sample("--app", slack, "--app", "TCPB - Other v1="+slack), "--playbook", "testdata/another-app.pbx"), 0, "✔ the playbook passed"},
		{"another App alone", append(sample("--app", "TCPB - Other v1="+slack), "--playbook", foreign), 0, "✔ the playbook passed"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := runTcdev(t.Context(), nil, test.args...)
			require.Equal(t, test.code, r.code, r.stderr)
			require.Contains(t, r.stdout, test.stdout)
			require.Empty(t, r.stderr)
		})
	}
}

func TestRunJSON(t *testing.T) {
	t.Parallel()
	r := runTcdev(t.Context(), nil, sample("--json", "--kvstore", "api", "--app", script(t, "exit 4"))...)
	require.Equal(t, 1, r.code)
	var d struct {
		Outcome platform.Outcome
		Jobs    []struct {
			ExitCode *int `json:"exit_code"`
			Params   []platform.Param
		}
		SNS struct{ Endpoint string }
	}
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &d))
	require.Equal(t, platform.Handled, d.Outcome)
	require.Equal(t, 4, *d.Jobs[0].ExitCode)
	require.Equal(t, "http://127.0.0.1:9", d.SNS.Endpoint)
	require.NotContains(t, r.stdout, "hunter2222")
}

func TestRunAWSEnvironment(t *testing.T) {
	t.Parallel()
	app := script(t, `echo "profile=$AWS_PROFILE key=$AWS_KEY" > out/message.tc`)
	env := map[string]string{"AWS_PROFILE": "work", "TC_TOPIC_ARN": "no"}
	r := runTcdev(t.Context(), env, sample("--sns", "aws", "--app", app)...)
	require.Equal(t, 0, r.code, r.stderr)
	require.Contains(t, r.stdout, "profile=work key=\n")

	// The keys that the playbook refers to are left empty; the topic is not.
	args := []string{"run", "--playbook", "../../" + samplePlaybook, "--event", "../../" + sampleEvent, "--sns", "aws", "--app", app}
	r = runTcdev(t.Context(), env, args...)
	require.Equal(t, 2, r.code)
	require.Contains(t, r.stderr, "aws_sns_topic_arn")
	require.NotContains(t, r.stderr, "KEYCHAIN")
	require.Contains(t, r.stderr, "--set topic_arn=…")
	r = runTcdev(t.Context(), env, append(args, "--set", "topic_arn=x")...)
	require.Equal(t, 0, r.code, r.stderr)
}

func TestRunUsage(t *testing.T) {
	t.Parallel()
	tests := []struct {
		args []string
		code int
		want string // on standard error
	}{
		{nil, 2, "Usage:"},
		{[]string{"fly"}, 2, `no command "fly"`},
		{[]string{"run", "--fly"}, 2, "-fly"},
		{[]string{"run", "now"}, 2, `not "now"`},
		{[]string{"run", "--kvstore", "disk"}, 2, `"disk"`},
		{[]string{"run", "--kvstore", "api", "--redis", "h:1"}, 2, "exclude"},
		{[]string{"run", "--redis-db", "3"}, 2, "--redis HOST:PORT"},
		{sample("--sns", "nowhere"), 2, "there is no App"},
		{sample("--app", "/bin/sh", "--sns", "nowhere"), 2, `"nowhere"`},
		{sample("--app", "/none"), 2, "no App at /none"},
		{sample("--app", "/"), 2, "/ is not executable"},
		{sample("--app", "../../install.json"), 2, "install.json is not executable"},
		{sample("--app", ""), 2, "--app is empty"},
		{sample("--app", "TCPB - Tpyo v1=/bin/sh"), 2, "no job of this playbook"},
		{sample("--app", "/bin/sh", "--redis", ""), 2, "--redis is empty"},
		{sample("--event", ""), 2, "--event is empty"},
		{sample("--set", "topic"), 2, "name and a value"},
		{sample("--set", "topic_arm=x"), 2, "no App here has such a parameter"},
		{sample("--playbook", "none.pbx"), 1, "none.pbx"},
		{sample("--event", "none.json"), 1, "none.json"},
		{sample("--app", "/bin/sh", "--redis", "127.0.0.1:1"), 1, "127.0.0.1:1"},
		{sample("--app", "/bin/sh", "--redis", "127.0.0.1:1", "--redis-ca", "none.pem"), 1, "none.pem"},
		{sample("--app", "/bin/sh", "--event", "../../testdata/events/host-tagged.json"), 1, "waits for Create"},
	}
	for _, test := range tests {
		r := runTcdev(t.Context(), nil, test.args...)
		require.Equal(t, test.code, r.code, test.args)
		require.Contains(t, r.stderr, test.want)
		require.Empty(t, r.stdout)
	}
	for _, args := range [][]string{{"--help"}, {"run", "--help"}, {"help", "run"}} {
		r := runTcdev(t.Context(), nil, args...)
		require.Equal(t, 0, r.code)
		require.Contains(t, r.stdout, "Usage:")
	}
}

// A reader that goes, as head does, costs the picture and not the run: the App
// ends, and the session's folder is removed.
func TestRunIntoClosedPipe(t *testing.T) {
	t.Parallel()
	const again = "TCDEV_TEST_CLOSED_PIPE"
	if os.Getenv(again) != "" {
		os.Args = append([]string{"tcdev"}, sample("--app", os.Getenv(again))...)
		os.Exit(run())
	}
	done, temp := filepath.Join(t.TempDir(), "done"), t.TempDir()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	require.NoError(t, r.Close())
	defer w.Close()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestRunIntoClosedPipe$")
	cmd.Env = append(os.Environ(), again+"="+script(t, "kill -PIPE $$; touch "+done+"; exit 4"), "TMPDIR="+temp)
	cmd.Stdout = w
	require.ErrorContains(t, cmd.Run(), "exit status 1", "the App was ended by its own SIGPIPE")
	require.NoFileExists(t, done)
	left, err := os.ReadDir(temp)
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestRunKeep(t *testing.T) {
	r := runTcdev(t.Context(), nil, sample("--keep", "--json", "--app", script(t, "exit 0"))...)
	require.Equal(t, 0, r.code, r.stderr)
	var d struct{ Folder string }
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &d))
	require.DirExists(t, d.Folder)
	require.NoError(t, os.RemoveAll(d.Folder))
}
