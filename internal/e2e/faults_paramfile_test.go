package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/platform"
)

// paramFileFaults put something else where the parameter file should be.
func paramFileFaults() []fault {
	named := func(id, name string, prepare func(path, key string, params map[string]any) error, says ...string) fault {
		return fault{
			ID: "param-" + id, Name: name, Exit: 4, Debug: debugNone, Says: append([]string{"TC_APP_PARAM_FILE"}, says...),
			do: func(t *testing.T) (*world, outcome) {
				w := newWorld(t)
				params := w.params(nil)
				return w, w.start(platform.AppOptions{Params: params, PrepareParamFile: func(path, key string) error {
					return prepare(path, key, params)
				}}).wait()
			},
		}
	}
	return []fault{
		named("symlink", "the parameter file is a symbolic link to one", func(path, key string, params map[string]any) error {
			if err := platform.WriteParamFile(path+".target", key, params); err != nil {
				return err
			}
			return os.Symlink(path+".target", path)
		}, "symbolic link"),
		named("dangling", "it is a symbolic link to nothing", func(path, _ string, _ map[string]any) error {
			return os.Symlink(path+".nothing", path)
		}, "symbolic link"),
		named("fifo", "it is a fifo that nobody writes", func(path, _ string, _ map[string]any) error {
			return syscall.Mkfifo(path, 0o600)
		}, "not a regular file"),
		named("folder", "it is a folder", func(path, _ string, _ map[string]any) error {
			return os.Mkdir(path, 0o700)
		}, "not a regular file"),
		named("empty", "it is empty", func(path, _ string, _ map[string]any) error {
			return os.WriteFile(path, nil, 0o600)
		}, "empty"),
		named("trailing", "more after its JSON", func(path, key string, params map[string]any) error {
			return sealed(path, key, params, `{"fail_on_error": "false"}`)
		}, "no JSON"),
		{
			ID: "param-open", Name: "everybody may read and write it", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: func(t *testing.T) (*world, outcome) {
				w := newWorld(t)
				params := w.params(nil)
				return w, w.start(platform.AppOptions{Params: params, PrepareParamFile: func(path, key string) error {
					if err := platform.WriteParamFile(path, key, params); err != nil {
						return err
					}
					return os.Chmod(path, 0o666)
				}}).wait()
			},
		},
		named("too-large", "it has a terabyte (a sparse file)", func(path, _ string, _ map[string]any) error {
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				return err
			}
			return os.Truncate(path, 1<<40)
		}, "above the limit"),
		{
			ID: "param-device", Name: "it is /dev/zero", Exit: 4, Debug: debugNone, Says: []string{"TC_APP_PARAM_FILE"},
			do: func(t *testing.T) (*world, outcome) {
				w := newWorld(t)
				return w, w.start(platform.AppOptions{Env: []string{"TC_APP_PARAM_FILE=/dev/zero", "TC_APP_PARAM_KEY=0123456789abcdef"}}).wait()
			},
		}, {
			ID: "param-50-mib", Name: "it has 50 MiB, most of it in a parameter of no use", Exit: 0, Debug: debugMessageID, Sent: 1,
			Says: []string{"published"}, do: largeParamFile,
		}, {
			ID: "param-undeletable", Name: "it cannot be deleted (read-only file system)", Needs: "root",
			Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"}, do: undeletable,
		},
	}
}

// sealed writes a parameter file with more after its JSON.
func sealed(path, key string, params map[string]any, after string) error {
	plain, err := json.Marshal(params)
	if err != nil {
		return err
	}
	data, err := platform.Encrypt(append(plain, after...), key)
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}

// largeParamFile checks that the memory of a run stays in proportion to its
// parameter file: it may be there three times over while it is decoded.
func largeParamFile(t *testing.T) (*world, outcome) {
	t.Helper()
	w := newWorld(t)
	peak := make(chan int64, 1)
	g := startGate(t, w, nil)
	var app *process
	started := make(chan struct{})
	g.rule = func(command string, nth int) act {
		if command == "hset" && nth == 1 {
			<-started
			peak <- peakMemory(app.PID())
		}
		return act{}
	}
	app = w.start(platform.AppOptions{Params: w.params(g.params(map[string]any{"unused": strings.Repeat("x", 50<<20)}))})
	close(started)
	out := app.wait()
	select {
	case bytes := <-peak:
		require.Less(t, bytes, int64(4*50<<20+64<<20), "peak memory")
	default:
	}
	return w, out
}

// peakMemory is the peak of a process's memory so far, in bytes, 0 where the
// system does not tell. Unlike a Result's it leaves out who started it.
func peakMemory(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	var kib int64
	if _, err := fmt.Sscan(rest, &kib); err != nil {
		return 0
	}
	return kib << 10
}

// undeletable runs an App whose parameter file stays.
func undeletable(t *testing.T) (*world, outcome) {
	t.Helper()
	w := newWorld(t)
	place := mount(t, w.session.Dir, "size=1m")
	params := w.params(nil)
	out := w.start(platform.AppOptions{
		Params: params, ParamFile: filepath.Join(place, "params"),
		PrepareParamFile: func(path, key string) error {
			if err := platform.WriteParamFile(path, key, params); err != nil {
				return err
			}
			return readOnly(place)
		},
	}).wait()
	require.True(t, out.ParamFileLeft)
	require.Contains(t, out.Log, "could not be deleted")
	return w, out
}
