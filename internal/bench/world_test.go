package bench

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/platform"
	"tcsns/internal/dev/redistest"
	"tcsns/internal/dev/snsserver"
)

// against is another build of the App to measure this one against: what a
// change pays, before it is kept.
var against = flag.String("against", "", "another build of the App, for BenchmarkAgainst")

// programs are the programs that are measured, and the one that measures.
var programs struct{ app, floor, stopwatch, tcdev, other string }

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(func() int {
		folder, err := os.MkdirTemp("", "tcsns-bench-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(folder)
		for path, program := range map[string]*string{
			"tcsns/cmd/tcsns": &programs.app, "tcsns/cmd/tcdev": &programs.tcdev,
			"tcsns/internal/bench/floor": &programs.floor, "tcsns/internal/bench/stopwatch": &programs.stopwatch,
		} {
			*program = filepath.Join(folder, filepath.Base(path))
			if err := release(path, *program, os.Environ()...); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		}
		if *against != "" {
			programs.other = filepath.Join(folder, "other")
			if err := install(*against, programs.other); err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
		}
		return m.Run()
	}())
}

// release builds a program as the Makefile does.
func release(path, out string, env ...string) error {
	linked := out + ".linked"
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-tags", "nethttpomithttp2", "-ldflags", "-s -w -buildid= -funcalign=8", "-o", linked, path)
	build.Env = append(env, "CGO_ENABLED=0")
	if said, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", path, err, said)
	}
	return install(linked, out)
}

// install copies a program, as unpacking a package does. It matters: Linux
// starts a file that was written from start to end 8 % faster than one that
// the linker has just put together through its memory map.
func install(program, as string) error {
	content, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	return os.WriteFile(as, content, 0o755)
}

const (
	topicARN  = "arn:aws:sns:eu-west-1:123456789012:tc-indicators"
	region    = "eu-west-1"
	accessKey = "AKIDBENCHMARK0000001"
	secretKey = "benchmark/secret+key"

	item    = "#Trigger:1:trg.tc.item!String"
	items   = "#Trigger:1:trg.tc.items!StringArray"
	debugTo = "#App:2:sns.debug!String"
)

// world is a store and a topic on the loopback interface, and one execution
// of a playbook, whose single indicator or whole list of them the floor and
// the App publish over and over.
type world struct {
	t       testing.TB
	sns     *snsserver.Server
	store   *platform.Redis
	addr    string // of the store; "" for the store's own
	session *platform.Session
	home    string   // an empty folder
	mould   []string // the App's message for an address, for the floor to send
}

func newWorld(t testing.TB) *world {
	t.Helper()
	sns, err := snsserver.Start(snsserver.Options{
		Topics: []snsserver.Topic{{ARN: topicARN}}, Keys: map[string]string{accessKey: secretKey}, CountOnly: true,
	})
	require.NoError(t, err)
	t.Cleanup(sns.Close)
	session, err := platform.NewSession(inMemory(t))
	require.NoError(t, err)
	w := &world{t: t, sns: sns, store: startStore(t), session: session, home: t.TempDir()}
	w.addr = fmt.Sprint(w.store.Params()["tc_kvstore_host"], ":", w.store.Params()["tc_kvstore_port"])
	w.message()
	return w
}

// inMemory is a folder for a session, in memory where Linux has one for that.
// Runs in a row delete files in a row, and ext4 without a journal then walks
// past every inode deleted in the last five seconds to make the next file
// (recently_deleted in its ialloc.c): 8 % of the App's CPU that no run on a
// platform pays.
func inMemory(t testing.TB) string {
	folder, err := os.MkdirTemp("/dev/shm", "tcsns-bench-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

// message has the App publish once to an endpoint that keeps messages, and
// hands what it sent to the floor.
func (w *world) message() {
	w.t.Helper()
	const address = "203.0.113.7"
	counting := w.sns
	keeping, err := snsserver.Start(snsserver.Options{
		Topics: []snsserver.Topic{{ARN: topicARN}}, Keys: map[string]string{accessKey: secretKey},
	})
	require.NoError(w.t, err)
	defer keeping.Close()
	w.sns = keeping
	w.app([]string{programs.app}, w.params(map[string]any{"address": address}))
	w.sns = counting

	m := keeping.Messages()[0]
	mould := func(text string) string { return strings.ReplaceAll(text, address, "{}") }
	attributes := [][3]string{}
	for _, a := range m.Attributes {
		attributes = append(attributes, [3]string{a.Name, a.Type, mould(a.Value)})
	}
	list, err := json.Marshal(attributes)
	require.NoError(w.t, err)
	w.mould = []string{
		"FLOOR_SUBJECT=" + mould(m.Subject), "FLOOR_MESSAGE=" + mould(m.Message),
		"FLOOR_STRUCTURE=" + m.MessageStructure, "FLOOR_ATTRIBUTES=" + string(list),
	}
}

// startStore starts a redis-server, or the embedded store where there is none.
func startStore(t testing.TB) *platform.Redis {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil && !strings.Contains(os.Getenv(redistest.EnvRequire), "redis-server") {
		store, err := platform.StartRedis()
		require.NoError(t, err)
		t.Cleanup(func() { _ = store.Close() })
		return store
	}
	server := redistest.Start(t, redistest.Options{})
	store, err := platform.OpenRedis(t.Context(), platform.RedisOptions{Addr: server.Addr()})
	require.NoError(t, err)
	return store
}

// stage sets a variable of the trigger.
func (w *world) stage(key string, value any) {
	w.t.Helper()
	encoded, err := platform.Encode(value)
	require.NoError(w.t, err)
	require.NoError(w.t, w.store.Stage(w.t.Context(), w.session.Context, map[string][]byte{key: encoded}))
}

// stageOne sets the one indicator, stageMany n of them.
func (w *world) stageOne() { w.stage(item, "203.0.113.7") }

func (w *world) stageMany(n int) {
	addresses := make([]string, n)
	for i := range addresses {
		addresses[i] = fmt.Sprintf("198.%d.%d.%d", 18+i>>16, i>>8&0xff, i&0xff)
	}
	w.stage(items, addresses)
}

// params is what the platform passes on; a "" in more takes a name out.
func (w *world) params(more map[string]any) map[string]any {
	host, port, _ := strings.Cut(w.addr, ":")
	params := platform.Merge(w.session.Params(), w.store.Params(), map[string]any{
		"tc_kvstore_host": host, "tc_kvstore_port": port,
		"topic_arn":                 topicARN,
		"aws_access_key_id":         accessKey,
		"aws_secret_access_key":     secretKey,
		"aws_endpoint_url":          w.sns.URL(),
		"address":                   item,
		"indicator_type":            "Address",
		"owner":                     "Example Organization",
		"threatassess_score":        "731",
		"confidence":                "80",
		"trigger_action":            "Created",
		"message_format":            "Per Protocol",
		"tc_playbook_out_variables": debugTo,
	}, more)
	for name, value := range params {
		if value == "" {
			delete(params, name)
		}
	}
	return params
}

// app runs the App, or another build of it, with parameters. The platform's
// share, which writes the parameter file, is not in the figures; reading it
// and deleting it are.
func (w *world) app(args []string, params map[string]any, env ...string) figures {
	w.t.Helper()
	key, file := platform.NewKey(), filepath.Join(w.session.In, ".app_params.json")
	require.NoError(w.t, platform.WriteParamFile(file, key, params))
	before := w.sns.Accepted()
	took := process{
		args: args,
		env:  append(w.environment(), append(env, "TC_APP_PARAM_FILE="+file, "TC_APP_PARAM_KEY="+key)...),
		dir:  w.session.Dir,
	}.time(w.t)
	require.Greater(w.t, w.sns.Accepted(), before, "nothing was published")
	require.NoError(w.t, os.RemoveAll(filepath.Join(w.session.Log, "app.log")))
	require.NoError(w.t, os.RemoveAll(filepath.Join(w.session.Out, "message.tc")))
	return took
}

// floor runs the floor for n addresses.
func (w *world) floor(n int) figures {
	w.t.Helper()
	before := w.sns.Accepted()
	took := process{args: []string{programs.floor}, env: append(append(w.environment(), w.mould...),
		"FLOOR_REDIS="+w.addr, "FLOOR_CONTEXT="+w.session.Context, "FLOOR_ENDPOINT="+w.sns.URL(), "FLOOR_TOPIC="+topicARN,
		"FLOOR_REGION="+region, "FLOOR_KEY="+accessKey, "FLOOR_SECRET="+secretKey, "FLOOR_N="+strconv.Itoa(n),
	)}.time(w.t)
	require.Equal(w.t, before+n, w.sns.Accepted())
	return took
}

// environment is what every program is started with.
func (w *world) environment() []string {
	return []string{"PATH=" + os.Getenv("PATH"), "HOME=" + w.home, "LANG=C.UTF-8"}
}

// quiet keeps the endpoint, which lives in this process, from collecting its
// garbage while a program is timed.
func quiet(b *testing.B) {
	old := debug.SetGCPercent(800)
	b.Cleanup(func() { debug.SetGCPercent(old) })
}
