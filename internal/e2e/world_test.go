package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/platform"
	"tcsns/internal/dev/redistest"
	"tcsns/internal/dev/snsserver"
	"tcsns/internal/dev/tcx"
)

// binary is the App as it is released.
var binary string

func TestMain(m *testing.M) {
	// Under nohup the Apps would inherit that SIGHUP is ignored; a signal that
	// is caught here starts anew in them.
	if signal.Ignored(syscall.SIGHUP) {
		signal.Notify(make(chan os.Signal, 1), syscall.SIGHUP)
	}
	os.Exit(func() int {
		folder, err := os.MkdirTemp("", "tcsns-e2e-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(folder)
		binary = filepath.Join(folder, "tcsns")
		if err := tcx.Build(context.Background(), "../..", "./cmd/tcsns", tcx.Target{Arch: runtime.GOARCH}, binary); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// What every world has: a topic, keys for it, and a job in a playbook.
const (
	region    = "eu-west-1"
	topicARN  = "arn:aws:sns:eu-west-1:123456789012:tc-indicators"
	fifoARN   = "arn:aws:sns:eu-west-1:123456789012:tc-indicators.fifo"
	accessKey = "AKIDE2ETESTS00000001"
	secretKey = "e2e-tests/secret+key=that-must-not-leak"
	redisPass = "e2e-tests-redis-password"
	job       = "#App:2:"
)

// world is a platform, a store and a topic, for one run of the App or more.
type world struct {
	t       *testing.T
	ctx     context.Context
	sns     *snsserver.Server
	store   platform.Store
	session *platform.Session
	secrets []string // must not be found in any file or stream
}

// newWorld makes a world: a real redis-server where there is one (CI requires
// it), else the embedded one.
func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, ctx: t.Context(), secrets: []string{secretKey, redisPass}}
	w.sns = startSNS(t, snsserver.Options{})
	w.store = startStore(t)
	w.newSession()
	return w
}

// newSession starts over with a new execution of the playbook.
func (w *world) newSession() {
	w.t.Helper()
	session, err := platform.NewSession(w.t.TempDir())
	require.NoError(w.t, err)
	w.session = session
}

// startSNS starts the endpoint with our topics and keys.
func startSNS(t *testing.T, o snsserver.Options) *snsserver.Server {
	t.Helper()
	if o.Topics == nil {
		o.Topics = []snsserver.Topic{{ARN: topicARN}, {ARN: fifoARN}}
	}
	if o.Keys == nil {
		o.Keys = map[string]string{accessKey: secretKey}
	}
	sns, err := snsserver.Start(o)
	require.NoError(t, err)
	t.Cleanup(sns.Close)
	return sns
}

func startStore(t *testing.T) platform.Store {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil && !strings.Contains(os.Getenv(redistest.EnvRequire), "redis-server") {
		store, err := platform.StartRedis()
		require.NoError(t, err)
		t.Cleanup(func() { _ = store.Close() })
		return store
	}
	server := redistest.Start(t, redistest.Options{Password: redisPass})
	store, err := platform.OpenRedis(t.Context(), platform.RedisOptions{Addr: server.Addr(), Password: redisPass})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	return store
}

// stage sets variables: "#Trigger:1:trg.tc.item!String" to a Go value, or to
// its bytes as a json.RawMessage.
func (w *world) stage(variables map[string]any) {
	w.t.Helper()
	staged := make(map[string][]byte, len(variables))
	for key, value := range variables {
		if raw, ok := value.(json.RawMessage); ok {
			staged[key] = raw
			continue
		}
		encoded, err := platform.Encode(value)
		require.NoError(w.t, err)
		staged[key] = encoded
	}
	require.NoError(w.t, w.store.Stage(w.ctx, w.session.Context, staged))
}

// allOutputs asks for every output of the App.
func allOutputs() string {
	var list []string
	for _, output := range []string{
		"sns.debug!String", "sns.message_id!String", "sns.message_ids!StringArray", "sns.sequence_number!String",
		"sns.error_code!String", "sns.success!String", "sns.result!String",
	} {
		list = append(list, job+output)
	}
	return strings.Join(list, ",")
}

// params is what the platform passes to the App for an Address; more wins.
func (w *world) params(more map[string]any) map[string]any {
	return platform.Merge(w.session.Params(), w.store.Params(), map[string]any{
		"topic_arn":                 topicARN,
		"aws_access_key_id":         accessKey,
		"aws_secret_access_key":     secretKey,
		"aws_endpoint_url":          w.sns.URL(),
		"address":                   "203.0.113.7",
		"tc_log_level":              "TRACE",
		"tc_playbook_out_variables": allOutputs(),
	}, more)
}

// without removes names from params.
func without(params map[string]any, names ...string) map[string]any {
	for _, name := range names {
		delete(params, name)
	}
	return params
}

// outcome is what a run left behind.
type outcome struct {
	*platform.Result
	outputs map[string]string // by name: "sns.debug"
}

// run runs the App with the params.
func (w *world) run(params map[string]any) outcome {
	w.t.Helper()
	return w.start(platform.AppOptions{Params: params}).wait()
}

// process is an App that runs.
type process struct {
	*platform.Process
	w *world
}

// start starts the App; what the options leave open is the world's.
func (w *world) start(o platform.AppOptions) *process {
	w.t.Helper()
	if o.Path == "" {
		o.Path = binary
	}
	o.Session = w.session
	p, err := platform.StartApp(w.ctx, o)
	require.NoError(w.t, err)
	return &process{p, w}
}

// wait waits for the end, reads the outputs, and looks for secrets in all that
// the run left behind.
func (p *process) wait() outcome {
	p.w.t.Helper()
	result := p.Wait()
	out := outcome{Result: result, outputs: map[string]string{}}
	if stored, err := p.w.store.Read(p.w.ctx, p.w.session.Context); err == nil {
		for key, value := range stored {
			if name, ok := strings.CutPrefix(key, job); ok {
				name, _, _ = strings.Cut(name, "!")
				out.outputs[name] = platform.Text(platform.Decode(value))
			}
		}
	}
	p.w.noSecretIn(out)
	return out
}

// noSecretIn fails when a secret of the world is anywhere in what a run wrote.
func (w *world) noSecretIn(out outcome) {
	w.t.Helper()
	if out.ParamFileLeft { // whatever a row made of it, a file of a terabyte for one
		require.NoError(w.t, os.RemoveAll(w.session.In))
	}
	require.Empty(w.t, w.session.Leaks(w.secrets...), "files with a secret in them")
	streams := append([]string{out.Stdout, out.Stderr, out.Message, out.Log}, fmt.Sprint(out.outputs))
	for _, stream := range streams {
		require.False(w.t, platform.Contains(stream, w.secrets...), "a secret in: %s", stream)
	}
	require.Empty(w.t, out.Stdout, "stdout stays empty")
}
