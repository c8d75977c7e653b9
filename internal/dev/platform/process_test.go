package platform

import (
	"bufio"
	"context"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// startFake starts the fake App with a session of its own.
func startFake(t *testing.T, ctx context.Context, o AppOptions, params map[string]any) *Process {
	t.Helper()
	session, err := NewSession(t.TempDir())
	require.NoError(t, err)
	o.Session, o.Path, o.Params = session, testBinary(t), Merge(session.Params(), params)
	if o.Env == nil {
		o.Env = fakeAppEnv()
	}
	p, err := StartApp(ctx, o)
	require.NoError(t, err)
	return p
}

// readyPipe returns a writer for an App's standard error, and a function that
// waits until the App has written a line to it.
func readyPipe(t *testing.T) (io.Writer, func()) {
	t.Helper()
	r, w := io.Pipe()
	lines := bufio.NewScanner(r)
	return w, func() {
		require.True(t, lines.Scan())
		go func() { _, _ = io.Copy(io.Discard, r) }()
	}
}

func TestStartAppCollects(t *testing.T) {
	t.Parallel()
	tests := []struct {
		behave  string
		code    int
		message string
		log     string
		left    bool
	}{
		{"", 0, "published 203.0.113.7", "started\nended\n", false},
		{"fail", 1, "publish: it is down. Fix: wait.", "started\nended\n", false},
		{"hard", 4, "bad input", "started\nended\n", false},
		{"sloppy", 0, "here", "key is hunter22\n", true},
	}
	for _, test := range tests {
		t.Run("behave "+test.behave, func(t *testing.T) {
			t.Parallel()
			store, err := StartRedis()
			require.NoError(t, err)
			t.Cleanup(func() { _ = store.Close() })
			p := startFake(t, t.Context(), AppOptions{}, Merge(store.Params(), map[string]any{
				"behave": test.behave, "address": "203.0.113.7", "api_password": "hunter22",
				"tc_playbook_out_variables": "#App:2:sns.debug!String",
			}))
			r := p.Wait()
			require.Equal(t, test.code, r.ExitCode)
			require.Equal(t, test.message, r.Message)
			require.Equal(t, test.log, r.Log)
			require.Equal(t, test.left, r.ParamFileLeft)
			require.NoError(t, r.Err)
			require.Positive(t, r.Duration)
			require.Positive(t, r.MaxRSS)
			require.Equal(t, p.PID(), r.PID)
			require.Same(t, r, p.Wait(), "a second Wait returns the same")
			<-p.Done()
		})
	}
}

func TestStartAppSignals(t *testing.T) {
	t.Parallel()
	t.Run("a signal reaches the App", func(t *testing.T) {
		t.Parallel()
		stderr, ready := readyPipe(t)
		p := startFake(t, t.Context(), AppOptions{Stderr: stderr}, map[string]any{"behave": "wait"})
		ready()
		require.NoError(t, p.Signal(syscall.SIGTERM))
		r := p.Wait()
		require.Equal(t, 1, r.ExitCode)
		require.Equal(t, "ended by terminated", r.Message)
		require.Equal(t, "ready\n", r.Stderr)
		require.Error(t, p.Signal(syscall.SIGTERM), "it has ended")
	})
	t.Run("the end of ctx is SIGINT", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		stderr, ready := readyPipe(t)
		p := startFake(t, ctx, AppOptions{Stderr: stderr}, map[string]any{"behave": "wait"})
		ready()
		cancel()
		r := p.Wait()
		require.Equal(t, "ended by interrupt", r.Message)
		require.Equal(t, 1, r.ExitCode)
		require.NoError(t, r.Err)
	})
	t.Run("an App that does not end is killed", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		stderr, ready := readyPipe(t)
		p := startFake(t, ctx, AppOptions{Stderr: stderr, Grace: 10 * time.Millisecond}, map[string]any{"behave": "stubborn"})
		ready()
		cancel()
		r := p.Wait()
		require.Equal(t, "killed", r.Signal)
		require.Equal(t, -1, r.ExitCode)
	})
}

func TestStartAppParamFile(t *testing.T) {
	t.Parallel()
	t.Run("a parameter file of the test's own", func(t *testing.T) {
		t.Parallel()
		p := startFake(t, t.Context(), AppOptions{PrepareParamFile: func(path, key string) error {
			require.Len(t, key, 16)
			return os.WriteFile(path, []byte("short"), 0o600)
		}}, nil)
		r := p.Wait()
		require.Equal(t, 4, r.ExitCode)
		require.Contains(t, r.Stderr, "cannot be decrypted")
		require.True(t, r.ParamFileLeft)
		require.Empty(t, r.MessageFile)
	})
	t.Run("it cannot be written", func(t *testing.T) {
		t.Parallel()
		session, err := NewSession(t.TempDir())
		require.NoError(t, err)
		_, err = StartApp(t.Context(), AppOptions{
			Path: testBinary(t), Session: session, Params: map[string]any{},
			ParamFile: filepath.Join(session.Dir, "none", "params"),
		})
		require.ErrorIs(t, err, os.ErrNotExist)
	})
	t.Run("none", func(t *testing.T) {
		t.Parallel()
		session, err := NewSession(t.TempDir())
		require.NoError(t, err)
		p, err := StartApp(t.Context(), AppOptions{Path: "/bin/sh", Args: []string{"-c", "env; pwd"}, Session: session, Env: []string{"A=1"}})
		require.NoError(t, err)
		r := p.Wait()
		require.Contains(t, r.Stdout, "A=1\n")
		require.NotContains(t, r.Stdout, "TC_APP_PARAM")
		require.Contains(t, r.Stdout, session.Context, "the working directory is the session's folder")
	})
}

func TestStartAppErrors(t *testing.T) {
	t.Parallel()
	session, err := NewSession(t.TempDir())
	require.NoError(t, err)
	_, err = StartApp(t.Context(), AppOptions{Path: testBinary(t)})
	require.ErrorContains(t, err, "no session")
	_, err = StartApp(t.Context(), AppOptions{Path: filepath.Join(session.Dir, "none"), Session: session})
	require.ErrorIs(t, err, os.ErrNotExist)
}

func TestMinimalEnv(t *testing.T) {
	t.Parallel()
	all := map[string]string{
		"PATH": "/bin", "HOME": "/root", "LANG": "C", "https_proxy": "http://proxy:1",
		"AWS_PROFILE": "work", "TC_TOPIC_ARN": "leak", "EDITOR": "ed",
	}
	lookup := func(name string) (string, bool) { v, ok := all[name]; return v, ok }
	require.Equal(t, []string{"PATH=/bin", "HOME=/root", "LANG=C", "https_proxy=http://proxy:1"}, MinimalEnv(lookup))
	require.Equal(t, "AWS_PROFILE=work", MinimalEnv(lookup, "AWS_PROFILE")[4])
}

func TestEncrypt(t *testing.T) {
	t.Parallel()
	tests := []struct{ plain, key, want string }{ // want: by `openssl enc -aes-128-cbc` and -aes-256-cbc
		{`{"a":"b"}`, "abcdefghijklmnop", "8b6b51a697ab373b037eed6fef437aef"},
		// A full block gets a block of padding.
		{"1234567890123456", "abcdefghijklmnopabcdefghijklmnop", "74abca08a0c52451bac1d5c5678773e8a8767852fd44eb81ed079824ae4d0f9e"},
	}
	for _, test := range tests {
		data, err := Encrypt([]byte(test.plain), test.key)
		require.NoError(t, err)
		require.Equal(t, test.want, hex.EncodeToString(data))
	}
	for _, key := range []string{"", "short", strings.Repeat("x", 33)} {
		_, err := Encrypt(nil, key)
		require.Error(t, err)
	}
	require.Len(t, NewKey(), 16)
	require.NotEqual(t, NewKey(), NewKey())
}

func TestLeaks(t *testing.T) {
	t.Parallel()
	session, err := NewSession(t.TempDir())
	require.NoError(t, err)
	write := func(name, text string) string {
		path := filepath.Join(session.Dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	write("log/clean", "nothing to see")
	plain := write("log/app.log", "password=p&ssw/rd+long!")
	escaped := write("log/url", "?p=p%26ssw%2Frd%2Blong%21")
	encoded := write("out/b64", "cCZzc3cvcmQrbG9uZyE=")
	inside := write("out/inside", "fTpwJnNzdy9yZCtsb25nIX0=") // base64 of "}:p&ssw/rd+long!}"
	hexed := write("tmp/hex", "70267373772f72642b6c6f6e6721")
	require.ElementsMatch(t, []string{plain, escaped, encoded, inside, hexed}, session.Leaks("p&ssw/rd+long!", ""))
	require.NoError(t, session.Remove())
	_, err = os.Stat(session.Dir)
	require.True(t, errors.Is(err, os.ErrNotExist))
}
