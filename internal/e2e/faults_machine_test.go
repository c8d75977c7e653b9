package e2e

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/platform"
	"tcsns/internal/dev/snsserver"
)

// machineFaults are the faults of the machine that the App runs on.
func machineFaults() []fault {
	var rows []fault
	for _, group := range [][]fault{signalFaults(), diskFaults(), processFaults(), paramFileFaults()} {
		rows = append(rows, group...)
	}
	for i := range rows {
		rows[i].Area = "machine"
	}
	return rows
}

// afterSignal is how long an App may take to end after a signal: it promises
// two seconds, and a busy machine gets three more.
const afterSignal = 5 * time.Second

// signalFaults stop the App at each stage of a run.
func signalFaults() []fault {
	var rows []fault
	for _, signal := range []struct {
		name string
		sig  syscall.Signal
	}{{"SIGTERM", syscall.SIGTERM}, {"SIGINT", syscall.SIGINT}, {"SIGHUP", syscall.SIGHUP}} {
		id := strings.ToLower(signal.name)
		rows = append(rows, fault{
			ID: id + "-reading", Name: signal.name + " while the variables are read",
			Exit: 1, Debug: "stopped before anything was published", Says: []string{"stopped"},
			do: func(t *testing.T) (*world, outcome) {
				return stopped(t, signal.sig, "hget", act{wait: make(chan struct{})})
			},
		}, fault{
			ID: id + "-publishing", Name: signal.name + " while SNS has the message and has not answered",
			Exit: 4, Debug: "unknown", Sent: 1, Says: []string{"tc-indicators"},
			do: func(t *testing.T) (*world, outcome) { return stoppedPublishing(t, signal.sig) },
		}, fault{
			ID: id + "-writing", Name: signal.name + " while the outputs are written",
			Exit: 4, Debug: debugNone, Sent: 1, Says: []string{"published", "MessageID"},
			do: func(t *testing.T) (*world, outcome) {
				return stopped(t, signal.sig, "hset", act{wait: make(chan struct{})})
			},
		})
	}
	return append(rows, fault{
		ID: "sigterm-twice", Name: "SIGTERM and then SIGINT while SNS has not answered",
		Exit: 4, Debug: "unknown", Sent: 1, Says: []string{"tc-indicators"},
		do: func(t *testing.T) (*world, outcome) { return stoppedPublishing(t, syscall.SIGTERM, syscall.SIGINT) },
	}, fault{
		ID: "suspended", Name: "suspended and continued (SIGSTOP, SIGCONT) while SNS has not answered",
		Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
		do: func(t *testing.T) (*world, outcome) { return suspended(t, 0) },
	}, fault{
		ID: "suspended-over", Name: "suspended until timeout_seconds is over, and no answer is there",
		Exit: 4, Debug: "UnknownOutcome", Sent: 1, Says: []string{"UnknownOutcome"},
		do: func(t *testing.T) (*world, outcome) { return suspended(t, time.Second) },
	}, fault{
		ID: "sighup-ignored", Name: "SIGHUP where the platform runs under nohup: the App goes on, as the platform does",
		Exit: 0, Debug: debugMessageID, Sent: 1,
		do: func(t *testing.T) (*world, outcome) {
			w := newWorld(t)
			release := make(chan struct{})
			w.sns.Fail(snsserver.Fault{Kind: snsserver.Slow, Release: release})
			app := w.start(platform.AppOptions{Path: "/bin/sh", Args: []string{"-c", `trap '' HUP; exec "$0"`, binary}, Params: w.params(nil)})
			w.untilAccepted(1)
			require.NoError(t, app.Signal(syscall.SIGHUP))
			close(release)
			return w, app.wait()
		},
	})
}

// stopped sends an App a signal once a command has arrived at its store, and
// is dealt with as a says.
func stopped(t *testing.T, signal os.Signal, command string, a act) (*world, outcome) {
	t.Helper()
	w := newWorld(t)
	w.stage(map[string]any{item: itemValue})
	g := startGate(t, w, func(c string, _ int) act {
		if c == command {
			return a
		}
		return act{}
	})
	app := w.start(platform.AppOptions{Params: w.params(g.params(map[string]any{"address": item}))})
	g.until(t, command)
	return w, app.endsAfter(signal)
}

// stoppedPublishing sends an App signals once SNS has its message.
func stoppedPublishing(t *testing.T, signals ...os.Signal) (*world, outcome) {
	t.Helper()
	w := newWorld(t)
	w.sns.Fail(snsserver.Fault{Kind: snsserver.Slow})
	app := w.start(platform.AppOptions{Params: w.params(nil)})
	w.untilAccepted(1)
	return w, app.endsAfter(signals...)
}

// endsAfter sends signals and checks how long the App then takes.
func (p *process) endsAfter(signals ...os.Signal) outcome {
	p.w.t.Helper()
	sent := time.Now()
	for i, signal := range signals {
		if err := p.Signal(signal); i == 0 || !errors.Is(err, os.ErrProcessDone) { // the first may have ended it
			require.NoError(p.w.t, err)
		}
	}
	out := p.wait()
	require.Less(p.w.t, out.Started.Add(out.Duration).Sub(sent), afterSignal)
	return out
}

// suspended stops the App's process, lets SNS answer, and continues it. Where
// timeout is not 0 the App is continued once that is over, and SNS does not
// answer: else it would be chance which of the two the App sees first.
func suspended(t *testing.T, timeout time.Duration) (*world, outcome) {
	t.Helper()
	var params map[string]any
	if timeout != 0 {
		params = map[string]any{"timeout_seconds": timeout.Seconds()}
	}
	w := newWorld(t)
	release := make(chan struct{})
	w.sns.Fail(snsserver.Fault{Kind: snsserver.Slow, Release: release})
	app := w.start(platform.AppOptions{Params: w.params(params)})
	w.untilAccepted(1)
	require.NoError(t, app.Signal(syscall.SIGSTOP))
	if timeout == 0 {
		close(release)
	}
	select {
	case <-app.Done():
		require.Fail(t, "the App ended while it was stopped")
	case <-time.After(timeout + 200*time.Millisecond): // for the answer to arrive, and not be read
	}
	require.NoError(t, app.Signal(syscall.SIGCONT))
	return w, app.wait()
}

// diskFaults take the disk from the App.
func diskFaults() []fault {
	return []fault{
		{
			ID: "disk-full", Name: "the disk of log and message.tc is full", Needs: "root",
			Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: diskFull,
		}, {
			ID: "disk-full-device", Name: "every byte of log and message.tc meets “no space left” (/dev/full)",
			Exit: 0, Debug: debugMessageID, Sent: 1,
			do: func(t *testing.T) (*world, outcome) {
				w, out := inPlaceOfFiles(t, func(path string) error { return os.Symlink("/dev/full", path) })
				require.Contains(t, out.Stderr, "no space left")
				return w, out
			},
		}, {
			ID: "file-size-limit", Name: "no file may have a byte (ulimit -f 0)",
			Exit: 0, Debug: debugMessageID, Sent: 1, Says: noMessage,
			do: func(t *testing.T) (*world, outcome) { return inShell(t, `ulimit -f 0; exec "$0"`, nil) },
		}, {
			ID: "read-only", Name: "log and out are on a read-only file system", Needs: "root",
			Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				w := newWorld(t)
				place := mount(t, w.session.Dir, "size=64k")
				require.NoError(t, readOnly(place))
				return w, w.run(w.params(map[string]any{"tc_out_path": place, "tc_log_path": place}))
			},
		}, {
			ID: "out-is-a-file", Name: "tc_out_path is a file, tc_log_path is below it",
			Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				w := newWorld(t)
				file := filepath.Join(w.session.Dir, "file")
				require.NoError(t, os.WriteFile(file, nil, 0o600))
				return w, w.run(w.params(map[string]any{"tc_out_path": file, "tc_log_path": filepath.Join(file, "log")}))
			},
		}, {
			ID: "message-is-a-folder", Name: "message.tc and app.log are folders",
			Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				return inPlaceOfFiles(t, func(path string) error { return os.Mkdir(path, 0o700) })
			},
		}, {
			ID: "message-is-a-fifo", Name: "message.tc and app.log are fifos that nobody reads",
			Exit: 0, Debug: debugMessageID, Sent: 1,
			do: func(t *testing.T) (*world, outcome) {
				return inPlaceOfFiles(t, func(path string) error { return syscall.Mkfifo(path, 0o600) })
			},
		}, {
			ID: "umask-777", Name: "a umask of 777: no file may be read by anybody",
			Exit: 0, Debug: debugMessageID, Sent: 1,
			do: func(t *testing.T) (*world, outcome) { return inShell(t, `umask 777; exec "$0"`, nil) },
		}, {
			ID: "folder-gone", Name: "the working directory is deleted",
			Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				return inShell(t, `mkdir gone && cd gone && rmdir ../gone && exec "$0"`, nil)
			},
		},
	}
}

// inPlaceOfFiles runs an App that finds something else where message.tc and
// app.log should go: in a folder of the session that the platform's Result does
// not read.
func inPlaceOfFiles(t *testing.T, put func(path string) error) (*world, outcome) {
	t.Helper()
	w := newWorld(t)
	place := filepath.Join(w.session.Dir, "place")
	require.NoError(t, os.Mkdir(place, 0o700))
	require.NoError(t, put(filepath.Join(place, "message.tc")))
	require.NoError(t, put(filepath.Join(place, "app.log")))
	app := w.start(platform.AppOptions{Params: w.params(map[string]any{"tc_out_path": place, "tc_log_path": place})})
	late := time.AfterFunc(withinDefault, func() { _ = app.Signal(syscall.SIGKILL) })
	defer late.Stop()
	return w, app.wait()
}

// diskFull runs an App whose log and out folders are on a disk without room.
func diskFull(t *testing.T) (*world, outcome) {
	t.Helper()
	w := newWorld(t)
	place := mount(t, w.session.Dir, "size=16k")
	filler, err := os.Create(filepath.Join(place, "filler"))
	require.NoError(t, err)
	for err == nil {
		_, err = filler.Write(make([]byte, 4096))
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.NoError(t, filler.Close())
	return w, w.run(w.params(map[string]any{"tc_out_path": place, "tc_log_path": place}))
}

// processFaults change what the App's process starts with.
func processFaults() []fault {
	clean := func(more ...string) []string { return append([]string{"PATH=" + os.Getenv("PATH")}, more...) }
	return []fault{
		{
			ID: "no-home", Name: "no HOME", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: func(t *testing.T) (*world, outcome) { return inEnvironment(t, clean(), nil) },
		}, {
			ID: "no-environment", Name: "an environment of two names, those of the parameter file", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: func(t *testing.T) (*world, outcome) { return inEnvironment(t, []string{}, nil) },
		}, {
			ID: "no-home-no-keys", Name: "no HOME and no keys: the default chain finds none", Exit: 4, Debug: "credentials", Within: 60 * time.Second,
			Says: []string{"credentials"},
			do: func(t *testing.T) (*world, outcome) {
				return inEnvironment(t, clean("AWS_EC2_METADATA_DISABLED=true"), map[string]any{"aws_access_key_id": nil, "aws_secret_access_key": nil})
			},
		}, {
			ID: "no-tmp", Name: "TMPDIR is gone, no tc_temp_path", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: func(t *testing.T) (*world, outcome) {
				return inEnvironment(t, clean("TMPDIR=/nonexistent/tmp"), map[string]any{"tc_temp_path": nil})
			},
		}, {
			ID: "lang-c", Name: "LANG=C, and an indicator in Japanese", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: func(t *testing.T) (*world, outcome) {
				w, out := inEnvironment(t, clean("LANG=C", "LC_ALL=C"), map[string]any{"address": "ドメイン.テスト", "indicator_type": "Host"})
				require.Equal(t, "ドメイン.テスト", document(t, w.sns.Messages()[0])["address"])
				return w, out
			},
		}, {
			ID: "odd-go", Name: "GODEBUG, GOGC, GOMEMLIMIT, GOMAXPROCS and TZ of no sense, SSL_CERT_FILE names no file", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: func(t *testing.T) (*world, outcome) {
				return inEnvironment(t, clean("GODEBUG=x=y,,=,tls10server=1,http2debug=2", "GOGC=1", "GOMEMLIMIT=1", "GOMAXPROCS=0",
					"TZ=:\xff/../../garbage", "SSL_CERT_FILE=/nowhere", "SSL_CERT_DIR=/nowhere"), nil)
			},
		}, {
			ID: "odd-aws", Name: "AWS_ variables that name no profile, no file, no region: the keys given need none of them", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: func(t *testing.T) (*world, outcome) {
				return inEnvironment(t, clean("AWS_PROFILE=nobody", "AWS_REGION=mars-north-1", "AWS_CONFIG_FILE=/", "AWS_SHARED_CREDENTIALS_FILE=/nowhere",
					"AWS_ROLE_ARN=garbage", "AWS_WEB_IDENTITY_TOKEN_FILE=/nowhere", "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://evil.example",
					"AWS_SDK_UA_APP_ID=a\r\nb: c", "AWS_MAX_ATTEMPTS=-1"), nil)
			},
		}, {
			ID: "odd-aws-unreadable", Name: "AWS_MAX_ATTEMPTS is no number", Exit: 4, Debug: "AWS_MAX_ATTEMPTS", Says: []string{"AWS_MAX_ATTEMPTS"},
			do: func(t *testing.T) (*world, outcome) {
				return inEnvironment(t, clean("AWS_MAX_ATTEMPTS=many"), nil)
			},
		}, {
			ID: "odd-aws-profile", Name: "no keys, and AWS_PROFILE names none", Exit: 4, Debug: "profile, nobody", Says: []string{"profile, nobody"},
			do: func(t *testing.T) (*world, outcome) {
				return inEnvironment(t, clean("AWS_PROFILE=nobody"), map[string]any{"aws_access_key_id": nil, "aws_secret_access_key": nil})
			},
		}, {
			ID: "odd-proxy", Name: "HTTPS_PROXY is no URL, and has a password", Exit: 1, Debug: "no connection to the proxy", Says: []string{"proxy"},
			do: func(t *testing.T) (*world, outcome) {
				return trouble{env: []string{"HTTPS_PROXY=http://e2e:" + proxyPass + "@no host:99:99"}, secrets: []string{proxyPass},
					params: map[string]any{"aws_endpoint_url": "https://sns.eu-west-1.example"}}.do(t)
			},
		}, {
			ID: "address-space", Name: "1 GB of address space (ulimit -v)", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: func(t *testing.T) (*world, outcome) { return inShell(t, `ulimit -v 1000000; exec "$0"`, nil) },
		}, {
			ID: "descriptors-16", Name: "16 file descriptors at most", Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) { return inShell(t, `ulimit -n 16; exec "$0"`, nil) },
		}, {
			ID: "descriptors-16-many", Name: "16 file descriptors at most, 200 addresses at once", Exit: 0, Debug: debugAny, Sent: 200,
			Says: []string{"published 200 of 200"}, do: fewDescriptorsManyAddresses,
		}, {
			ID: "descriptors-8-to-15", Name: "8 to 15 file descriptors at most: whatever fails, it is told as it is (the last of them is shown)",
			Exit: 0, Debug: debugMessageID, Sent: 1, do: fewDescriptors,
		}, {
			ID: "streams-closed", Name: "stdin, stdout and stderr are closed", Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) { return inShell(t, `exec "$0" <&- >&- 2>&-`, nil) },
		}, {
			ID: "streams-closed-failing", Name: "the streams are closed and the run fails", Exit: 4, Debug: "NotFound", Says: []string{"NotFound"},
			do: func(t *testing.T) (*world, outcome) {
				return inShell(t, `exec "$0" <&- >&- 2>&-`, map[string]any{"topic_arn": topicARN + "-gone"})
			},
		}, {
			ID: "stderr-broken", Name: "nobody reads stderr any more, and the run fails", Exit: 4, Debug: "NotFound", Says: []string{"NotFound"},
			do: stderrBroken,
		}, {
			ID: "stderr-full", Name: "stderr is a full disk, and the run fails", Exit: 4, Debug: "NotFound", Says: []string{"NotFound"},
			do: func(t *testing.T) (*world, outcome) {
				return inShell(t, `exec "$0" 2>/dev/full`, map[string]any{"topic_arn": topicARN + "-gone"})
			},
		}, {
			ID: "odd-context", Name: "a context with spaces, #, quotes, line ends and Unicode", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: func(t *testing.T) (*world, outcome) {
				w := newWorld(t)
				return w, w.inOddContext()
			},
		}, {
			ID: "odd-context-api", Name: "the same, with the API store", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: func(t *testing.T) (*world, outcome) {
				api, err := platform.StartAPI(platform.APIOptions{})
				require.NoError(t, err)
				t.Cleanup(func() { _ = api.Close() })
				w := newWorld(t)
				w.store = api
				return w, w.inOddContext()
			},
		}, {
			ID: "odd-folders", Name: "folders with spaces, # and Unicode", Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				w := newWorld(t)
				session, err := platform.NewSession(filepath.Join(t.TempDir(), `a #1 "quoted" 'é' ドメイン`))
				require.NoError(t, err)
				w.session = session
				return w, w.run(w.params(nil))
			},
		},
	}
}

// inEnvironment runs an App in an environment.
func inEnvironment(t *testing.T, env []string, more map[string]any) (*world, outcome) {
	t.Helper()
	w := newWorld(t)
	return w, w.start(platform.AppOptions{Params: w.params(more), Env: env}).wait()
}

// inShell runs an App, $0, from a shell's script.
func inShell(t *testing.T, script string, more map[string]any) (*world, outcome) {
	t.Helper()
	w := newWorld(t)
	return w, w.shell(script, w.params(more))
}

func (w *world) shell(script string, params map[string]any) outcome {
	w.t.Helper()
	return w.start(platform.AppOptions{Path: "/bin/sh", Args: []string{"-c", script, binary}, Params: params}).wait()
}

// fewDescriptors runs Apps with fewer and fewer descriptors. What gives way
// first depends on how many a connection takes; what is told must be so.
func fewDescriptors(t *testing.T) (*world, outcome) {
	t.Helper()
	run := func(n int) (*world, outcome) { return inShell(t, fmt.Sprintf(`ulimit -n %d; exec "$0"`, n), nil) }
	for n := 8; n < 15; n++ {
		w, out := run(n)
		require.NotContains(t, out.Stderr, "goroutine ", "%d descriptors", n)
		if w.sns.Accepted() == 0 {
			require.Contains(t, []int{1, 4}, out.ExitCode, "%d descriptors: %s", n, out.Stderr)
			require.Contains(t, out.Stderr, "Fix:")
			continue
		}
		id := w.sns.Messages()[0].MessageID
		require.Contains(t, []int{0, 4}, out.ExitCode, "%d descriptors, and it is sent: %s", n, out.Stderr)
		if out.ExitCode == 0 {
			require.Equal(t, id, out.outputs["sns.debug"])
		} else {
			require.Contains(t, out.Stderr, id)
		}
	}
	return run(15)
}

func fewDescriptorsManyAddresses(t *testing.T) (*world, outcome) {
	t.Helper()
	w := newWorld(t)
	w.stage(map[string]any{"#Trigger:1:list!StringArray": addresses(200)})
	return w, w.shell(`ulimit -n 16; exec "$0"`, w.params(map[string]any{"address": "#Trigger:1:list!StringArray"}))
}

// addresses are n of them, all different.
func addresses(n int) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&0xff, i&0xff)
	}
	return list
}

// stderrBroken runs an App whose stderr is a pipe without a reader.
func stderrBroken(t *testing.T) (*world, outcome) {
	t.Helper()
	// true ends at once, and the App starts once it has.
	script := `mkfifo gone; (exec <gone; exec true) & exec 2>gone; wait; exec "$0"`
	return inShell(t, script, map[string]any{"topic_arn": topicARN + "-gone"})
}

func (w *world) inOddContext() outcome {
	w.t.Helper()
	w.session.Context = "a #App:1:x!String \"quoted\" 'single' %2F/../?&=+ \r\n$5\r\n é ドメイン"
	w.stage(map[string]any{item: itemValue})
	return w.run(w.params(map[string]any{"address": item, "tc_playbook_kvstore_context": w.session.Context}))
}
