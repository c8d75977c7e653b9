package tc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc"
	"tcsns/internal/tc/exit"
	"tcsns/internal/tc/param"
	"tcsns/internal/tc/playbook"
)

// out is a requested output.
const out = "#App:42:out!String"

func requested() map[string]any { return map[string]any{"tc_playbook_out_variables": out} }

// set is the work of an App that sets its output and ends with err.
func set(err error) func(context.Context, *tc.Run) error {
	return func(_ context.Context, r *tc.Run) error {
		r.Playbook.SetString("out", "value")
		r.Message = "did it"
		return err
	}
}

func TestMainSuccess(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	got := p.run(t, t.Context(), set(nil), requested())
	require.Equal(t, exit.Success, got.code)
	require.Equal(t, "did it\n", got.message)
	require.Empty(t, got.stderr)
	require.Equal(t, `"value"`, p.output(out))
	require.NoFileExists(t, p.path(".params"), "read, understood, deleted")
}

// TestMainMessageAlways: also when there is nothing to say.
func TestMainMessageAlways(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	got := p.run(t, t.Context(), func(context.Context, *tc.Run) error { return nil }, nil)
	require.Equal(t, exit.Success, got.code)
	require.FileExists(t, p.path("out/message.tc"))
	require.Empty(t, strings.TrimSpace(got.message))
}

// passing is an error that says of itself that it may pass.
type passing struct{ error }

func (passing) Temporary() bool { return true }

// TestMainFailure: code and words are the App's, and outputs are written
// after a failure as well.
func TestMainFailure(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err        error
		sideEffect bool
		code       exit.Code
		words      string
	}{
		"run again":                     {&exit.Error{Code: exit.Failure, Text: "try: busy", Fix: "wait"}, false, exit.Failure, "try: busy. Fix: wait.\n"},
		"do not run again":              {&exit.Error{Code: exit.HardFailure, Text: "no such topic"}, false, exit.HardFailure, "no such topic.\n"},
		"the App knows better":          {&exit.Error{Code: exit.Failure, Text: "protected by ids"}, true, exit.Failure, "protected by ids.\n"},
		"a parameter":                   {&param.Error{Name: "text", Problem: "is missing", Fix: "fill it in"}, false, exit.HardFailure, "text"},
		"an error without words":        {errors.New("dial tcp s3cr3t-token"), false, exit.HardFailure, "app.log"},
		"it may pass":                   {passing{errors.New("busy")}, false, exit.Failure, "app.log"},
		"it may pass, but went out":     {passing{errors.New("busy")}, true, exit.HardFailure, "app.log"},
		"a secret in the App's words":   {&exit.Error{Text: "token s3cr3t-token is bad"}, false, exit.HardFailure, "token *** is bad.\n"},
		"a secret in the cause's words": {&exit.Error{Text: "bad", Err: errors.New("s3cr3t-token")}, false, exit.HardFailure, "bad.\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			got := p.run(t, t.Context(), func(ctx context.Context, r *tc.Run) error {
				r.SideEffect = test.sideEffect
				return set(test.err)(ctx, r)
			}, requested())
			require.Equal(t, test.code, got.code)
			require.Contains(t, got.message, test.words)
			require.Contains(t, got.log, "ERROR")
			require.Equal(t, got.message, got.stderr)
			require.Equal(t, `"value"`, p.output(out))
		})
	}
}

// atWrite is a stderr that looks around at each write.
type atWrite func()

func (f atWrite) Write(text []byte) (int, error) {
	f()
	return len(text), nil
}

// TestMainMessageBeforeStderr: a stderr that nobody reads may block the process
// or end it.
func TestMainMessageBeforeStderr(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	require.NoError(t, p.paramFile(p.params))
	var there string
	code := tc.Main(t.Context(), tc.App{Name: "Demo", Run: set(&exit.Error{Text: "bad"})}, tc.Options{LookupEnv: p.lookupEnv, Stderr: atWrite(func() {
		message, _ := os.ReadFile(p.path("out/message.tc"))
		there += string(message)
	})})
	require.Equal(t, exit.HardFailure, code)
	require.Equal(t, "bad.\n", there)
}

// TestMainPanic: one sentence for the author, the stack in the log.
func TestMainPanic(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		crash      func()
		sideEffect bool
		code       exit.Code
	}{
		"a panic":               {func() { panic("boom s3cr3t-token") }, false, exit.Failure},
		"after something went":  {func() { panic("boom") }, true, exit.HardFailure},
		"a fault":               {func() { _ = *(*int)(nil) }, false, exit.Failure},
		"a panic of nil":        {func() { panic(nil) }, false, exit.Failure},
		"the end of goroutines": {runtime.Goexit, false, exit.Failure},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			got := p.run(t, t.Context(), func(ctx context.Context, r *tc.Run) error {
				r.SideEffect = test.sideEffect
				_ = set(nil)(ctx, r)
				test.crash()
				return nil
			}, requested())
			require.Equal(t, test.code, got.code)
			require.Equal(t, 1, strings.Count(got.message, "\n"))
			require.NotContains(t, got.message, "goroutine")
			require.NotContains(t, got.message, "boom", "a panic may quote any value")
			require.Contains(t, got.message, "app.log")
			require.Contains(t, got.log, "tc_test.go", "the stack")
			require.Equal(t, `"value"`, p.output(out))
		})
	}
}

// TestMainNoParameters: a source that is there but of no use ends the run
// before the App; where the exit message belongs is unknown.
func TestMainNoParameters(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for name, env := range map[string]map[string]string{
		"no file":       {"TC_APP_PARAM_FILE": dir + "/absent", "TC_APP_PARAM_KEY": "s3cr3t-key-01234"},
		"half the pair": {"TC_APP_PARAM_FILE": dir + "/absent"},
	} {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			code := tc.Main(t.Context(), tc.App{Name: "Demo", Run: func(context.Context, *tc.Run) error { panic("not called") }},
				tc.Options{LookupEnv: func(name string) (string, bool) { v, ok := env[name]; return v, ok }, Stderr: &stderr})
			require.Equal(t, exit.HardFailure, code)
			message, err := os.ReadFile("message.tc")
			require.NoError(t, err)
			require.Equal(t, string(message), stderr.String())
			require.Contains(t, string(message), "TC_APP_PARAM_")
			require.NotContains(t, string(message), "s3cr3t")
		})
	}
}

// TestMainSystemParameter: a system parameter that is unfit is named, where
// the platform reads it.
func TestMainSystemParameter(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	got := p.run(t, t.Context(), func(context.Context, *tc.Run) error { panic("not called") }, map[string]any{"tc_playbook_kvstore_id": "many"})
	require.Equal(t, exit.HardFailure, got.code)
	require.Contains(t, got.message, "tc_playbook_kvstore_id")
	require.Contains(t, got.message, "Fix:")
	require.Contains(t, got.log, "tc_playbook_kvstore_id")
}

// TestMainNothing: without options there is no environment and no stderr.
func TestMainNothing(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("TMPDIR", t.TempDir())
	called := false
	code := tc.Main(t.Context(), tc.App{Name: "Demo", Run: func(_ context.Context, r *tc.Run) error {
		called = r.Params.Empty()
		return nil
	}}, tc.Options{})
	require.Equal(t, exit.Success, code)
	require.True(t, called)
}

// TestMainNoNetwork: a run without variables and requested outputs needs no
// store, and is not stopped by one that is down.
func TestMainNoNetwork(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.store.Close()
	got := p.run(t, t.Context(), func(ctx context.Context, r *tc.Run) error {
		_, err := r.Playbook.Resolve(ctx, playbook.Input{Param: "text", Raw: "literal"})
		r.Playbook.SetString("not requested", "value")
		return err
	}, nil)
	require.Equal(t, exit.Success, got.code)
}

func TestMainStoreDown(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.store.Close()
	got := p.run(t, t.Context(), reverse, map[string]any{"text": "#App:1:x!String"})
	require.Equal(t, exit.Failure, got.code, "the store may come back")
	require.Contains(t, got.message, "text")
	require.Contains(t, got.message, "tc_kvstore_host")
}

// TestMainOutputsNotWritten: a success whose outputs do not reach the playbook
// is none, and what went out is said to be out.
func TestMainOutputsNotWritten(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		sideEffect bool
		err        error
		code       exit.Code
		words      []string
	}{
		"nothing went out":   {false, nil, exit.Failure, []string{"write the outputs", "Fix:"}},
		"something went out": {true, nil, exit.HardFailure, []string{"did it, but", "write the key-value store", "Fix: do not run it again"}},
		"after a failure":    {true, &exit.Error{Code: exit.Failure, Text: "own words"}, exit.Failure, []string{"own words"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			got := p.run(t, t.Context(), func(ctx context.Context, r *tc.Run) error {
				p.store.Close()
				r.SideEffect = test.sideEffect
				return set(test.err)(ctx, r)
			}, requested())
			require.Equal(t, test.code, got.code)
			for _, words := range test.words {
				require.Contains(t, got.message, words)
			}
			require.Contains(t, got.log, "outputs are not written")
		})
	}
}

// TestMainSignal: an App that heeds the signal ends in its own words, with
// its outputs.
func TestMainSignal(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		end        func(context.Context) error
		sideEffect bool
		code       exit.Code
		words      string
	}{
		"its own words":         {func(context.Context) error { return &exit.Error{Code: exit.HardFailure, Text: "unknown outcome"} }, true, exit.HardFailure, "unknown outcome"},
		"the context's error":   {func(ctx context.Context) error { return fmt.Errorf("read: %w", ctx.Err()) }, false, exit.Failure, "stopped"},
		"after something went":  {func(ctx context.Context) error { return ctx.Err() }, true, exit.HardFailure, "stopped"},
		"done all the same":     {func(context.Context) error { return nil }, true, exit.Success, "did it"},
		"a panic on the way":    {func(context.Context) error { panic("boom") }, true, exit.HardFailure, "app.log"},
		"nothing had begun yet": {func(ctx context.Context) error { return context.Cause(ctx) }, false, exit.Failure, "stopped"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPlatform(t)
			ctx, signal := context.WithCancel(t.Context())
			got := p.run(t, ctx, func(ctx context.Context, r *tc.Run) error {
				_ = set(nil)(ctx, r)
				r.SideEffect = test.sideEffect
				signal()
				<-ctx.Done()
				return test.end(ctx)
			}, requested())
			require.Equal(t, test.code, got.code)
			require.Contains(t, got.message, test.words)
			require.Equal(t, `"value"`, p.output(out), "written after the signal")
		})
	}
}

// TestMainSignalUnheeded: the run ends while the App still works: what it had
// set by then is written, what it had begun is called unknown.
func TestMainSignalUnheeded(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	ctx, signal := context.WithCancel(t.Context())
	release, released := make(chan struct{}), make(chan struct{})
	start := time.Now()
	got := p.run(t, ctx, func(ctx context.Context, r *tc.Run) error {
		defer close(released)
		_ = set(nil)(ctx, r)
		signal()
		<-release // longer than the run: only the test ends it
		r.SideEffect = true
		r.Message = "too late"
		r.Log.Error("too late")
		r.Playbook.SetString("out", "too late")
		return nil
	}, requested())
	require.Less(t, time.Since(start), 8*time.Second, "a busy machine's two seconds")
	close(release)
	<-released
	require.Equal(t, exit.HardFailure, got.code)
	require.Contains(t, got.message, "unknown")
	require.Equal(t, `"value"`, p.output(out))
}

// TestMainSignalInTime: what a run promises, on a machine that is not busy.
func TestMainSignalInTime(t *testing.T) {
	t.Parallel()
	require.Less(t, tc.AfterSignal, 2*time.Second)
}

// TestMainSignalStoreHangs: a store that accepts and never answers does not
// hold the end of the run.
func TestMainSignalStoreHangs(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	p := newPlatform(t)
	p.params["tc_kvstore_port"] = listener.Addr().(*net.TCPAddr).Port
	ctx, signal := context.WithCancel(t.Context())
	start := time.Now()
	got := p.run(t, ctx, func(ctx context.Context, r *tc.Run) error {
		r.SideEffect = true
		signal()
		return set(nil)(ctx, r)
	}, requested())
	require.Equal(t, exit.HardFailure, got.code)
	require.Contains(t, got.message, "did it")
	// The promise is two seconds after the signal; without a signal the store
	// would have ten. The bound stands between the two, for a busy machine.
	require.Less(t, time.Since(start), 8*time.Second)
}

// TestMainTestingContext: TcEx's harness finds the exit message there.
func TestMainTestingContext(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	got := p.run(t, t.Context(), set(&exit.Error{Text: "bad s3cr3t-token"}), map[string]any{"tcex_testing_context": "harness"})
	require.Equal(t, exit.HardFailure, got.code)
	require.Equal(t, "bad ***.", p.store.HGet("harness", "_exit_message"))
	require.Empty(t, p.store.HGet(kvContext, "_exit_message"))
}

// TestMainLogStart: the log opens with the facts, names of parameters and no
// values, and ends with the exit.
func TestMainLogStart(t *testing.T) {
	t.Parallel()
	p := newPlatform(t)
	p.env["https_proxy"] = "http://user:s3cr3t@proxy:3128"
	p.env["NO_PROXY"] = "localhost"
	work := func(ctx context.Context, r *tc.Run) error {
		r.Log.Info("the parameter file's key", "key", paramKey)
		return set(nil)(ctx, r)
	}
	got := p.run(t, t.Context(), work, map[string]any{
		"own_secret": "s3cr3t-parameter", "own_param": "own-value",
		"tc_proxy_host": "http://user:s3cr3t-pw@proxy.example", "tc_proxy_port": 3128, "tc_kvstore_pass": "", "tc_api_secret_key": "s3cr3t-hmac",
	})
	lines := strings.Split(got.log, "\n")
	require.Contains(t, lines[0], "1.2.3")
	for _, fact := range []string{"Demo App", runtime.Version(), runtime.GOOS, fmt.Sprint(os.Getpid()), "parameter file", "own_secret", "own_param", "Redis", "proxy.example", "proxy:3128", "localhost", "code=0"} {
		require.Contains(t, got.log, fact)
	}
	require.NotContains(t, got.log, "own-value")
	require.NotContains(t, got.log, paramKey)
}

// TestMainStdout: it belongs to nobody.
func TestMainStdout(t *testing.T) {
	file, err := os.Create(t.TempDir() + "/stdout")
	require.NoError(t, err)
	defer file.Close()
	stdout := os.Stdout
	os.Stdout = file
	defer func() { os.Stdout = stdout }()
	newPlatform(t).run(t, t.Context(), set(nil), requested())
	newPlatform(t).run(t, t.Context(), func(context.Context, *tc.Run) error { panic("boom") }, nil)
	info, err := file.Stat()
	require.NoError(t, err)
	require.Zero(t, info.Size())
}

// TestMainVersion: an App says which one it is, and does nothing else.
func TestMainVersion(t *testing.T) {
	t.Parallel()
	var stdout bytes.Buffer
	app := tc.App{Name: "Two Words", Version: "1.2.3", Run: func(context.Context, *tc.Run) error { panic("run") }}
	require.Equal(t, exit.Success, tc.Main(t.Context(), app, tc.Options{Args: []string{"--version"}, Stdout: &stdout}))
	require.Equal(t, "Two Words 1.2.3 ("+runtime.Version()+", "+runtime.GOOS+"/"+runtime.GOARCH+")\n", stdout.String())
}

// TestMainFolders: folders that are missing or cannot be written take nothing
// but the file in them.
func TestMainFolders(t *testing.T) {
	t.Chdir(t.TempDir())
	p := newPlatform(t)
	require.NoError(t, os.WriteFile(p.path("file"), nil, 0o600))
	p.params["tc_out_path"] = p.path("absent")
	p.params["tc_log_path"] = p.path("file") + "/s3cr3t-token"
	got := p.run(t, t.Context(), set(nil), requested())
	require.Equal(t, exit.Success, got.code)
	require.Equal(t, `"value"`, p.output(out))
	require.NotEmpty(t, got.stderr, "says that there is no log")
	message, err := os.ReadFile("message.tc")
	require.NoError(t, err)
	require.Equal(t, "did it\n", string(message))
}

// TestMainThreatConnectProxy: tc_proxy_tc alone sends the calls to
// ThreatConnect through the proxy.
func TestMainThreatConnectProxy(t *testing.T) {
	t.Parallel()
	server := startAPI(t)
	for on, want := range map[bool]exit.Code{false: exit.Success, true: exit.Failure} {
		got := newPlatform(t).run(t, t.Context(), reverse, map[string]any{
			"tc_api_path": server.URL + "/api", "text": "&{TC:TEXT:region}",
			"tc_proxy_host": "127.0.0.1", "tc_proxy_port": 1, "tc_proxy_tc": on, "tc_proxy_external": !on,
		})
		require.Equal(t, want, got.code, got.message)
		require.Equal(t, on, strings.Contains(got.message, "the proxy cannot be used"), got.message)
	}
}

func TestMainExternalProxy(t *testing.T) {
	t.Parallel()
	for external, want := range map[bool]string{true: "http://u%40:s3cr3t@proxy.example:3128", false: ""} {
		got := "not called"
		newPlatform(t).run(t, t.Context(), func(_ context.Context, r *tc.Run) error {
			got = ""
			if r.ExternalProxy != nil {
				got = r.ExternalProxy.String()
			}
			return nil
		}, map[string]any{"tc_proxy_host": "proxy.example", "tc_proxy_port": "3128", "tc_proxy_username": "u@", "tc_proxy_password": "s3cr3t", "tc_proxy_external": external})
		require.Equal(t, want, got)
	}
}
