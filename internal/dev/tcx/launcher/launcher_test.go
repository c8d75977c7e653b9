package launcher_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/tcx/launcher"
)

// probeReport makes this test binary play the App: it writes what it was given
// to the file that the variable names, and does what probeDo says.
const (
	probeReport = "LAUNCHER_TEST_REPORT"
	probeDo     = "LAUNCHER_TEST_DO"
)

// report is what the program behind the launcher sees.
type report struct {
	PID  int
	Args []string
	Env  []string
	Dir  string
	Exe  string
}

func TestMain(m *testing.M) {
	if os.Getenv(probeReport) != "" {
		os.Exit(probe())
	}
	os.Exit(m.Run())
}

// probe is the App of these tests.
func probe() int {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	dir, _ := os.Getwd()
	exe, _ := os.Readlink("/proc/self/exe")
	data, err := json.Marshal(report{PID: os.Getpid(), Args: os.Args, Env: os.Environ(), Dir: dir, Exe: exe})
	if err != nil {
		return 99
	}
	// Renamed into place, so that whoever waits for it reads it whole.
	name := os.Getenv(probeReport)
	if err := os.WriteFile(name+".tmp", data, 0o666); err != nil {
		return 99
	}
	if err := os.Rename(name+".tmp", name); err != nil {
		return 99
	}
	if os.Getenv(probeDo) == "wait" {
		<-terminated
		return 42
	}
	return 7
}

// app is an App as the installer left it.
type app struct {
	t      *testing.T
	python string
	dir    string // the App's folder
	work   string // where report and message.tc go
	env    []string
}

// install unpacks an App whose program is this test binary.
func install(t *testing.T, mode os.FileMode) *app {
	t.Helper()
	a := &app{t: t, python: python(t), dir: open(t, t.TempDir()), work: open(t, t.TempDir())}
	for _, name := range []string{launcher.RunPy, launcher.MainPy} {
		data, err := launcher.File(name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(a.dir, name), data, 0o644))
	}
	require.NoError(t, os.Mkdir(filepath.Join(a.dir, "bin"), 0o755))
	self, err := os.Executable()
	require.NoError(t, err)
	program, err := os.ReadFile(self)
	require.NoError(t, err)
	// A child forked meanwhile would hold the program open for writing, and
	// what is open for writing cannot be executed.
	syscall.ForkLock.RLock()
	err = os.WriteFile(a.program(), program, mode)
	syscall.ForkLock.RUnlock()
	require.NoError(t, err)
	require.NoError(t, os.Chmod(a.program(), mode))
	a.env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "LC_ALL=C.UTF-8", probeReport + "=" + a.report()}
	return a
}

// open lets every user of the machine into a test's folder: some tests give
// up root.
func open(t *testing.T, dir string) string {
	t.Helper()
	for d := dir; strings.HasPrefix(d, os.TempDir()+"/"); d = filepath.Dir(d) {
		require.NoError(t, os.Chmod(d, 0o777))
	}
	return dir
}

func (a *app) program() string {
	return filepath.Join(a.dir, "bin", "tcsns-linux-"+runtime.GOARCH)
}
func (a *app) report() string { return filepath.Join(a.work, "report.json") }

// command starts Python as the platform does: in the App's folder.
func (a *app) command(args ...string) *exec.Cmd {
	cmd := exec.Command(a.python, args...)
	cmd.Dir = a.dir
	cmd.Env = a.env
	return cmd
}

// seen is what the program saw; it fails the test when it did not run.
func (a *app) seen() report {
	a.t.Helper()
	data, err := os.ReadFile(a.report())
	require.NoError(a.t, err)
	var r report
	require.NoError(a.t, json.Unmarshal(data, &r))
	return r
}

// run runs a command to its end and wants the program's exit code.
func (a *app) run(cmd *exec.Cmd) report {
	a.t.Helper()
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	require.ErrorAs(a.t, err, &exit, "output: %s", out)
	require.Equal(a.t, 7, exit.ExitCode(), "output: %s", out)
	require.Empty(a.t, string(out))
	require.NoFileExists(a.t, filepath.Join(cmd.Dir, "message.tc"))
	return a.seen()
}

// refused runs a command that cannot start the program: one sentence on
// stderr and in message.tc of the working directory.
func (a *app) refused(cmd *exec.Cmd) string {
	a.t.Helper()
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	require.ErrorAs(a.t, err, &exit)
	require.Equal(a.t, 1, exit.ExitCode(), stderr.String())
	require.Empty(a.t, stdout.String())
	sentence := stderr.String()
	require.Equal(a.t, 1, strings.Count(sentence, "\n"), sentence)
	require.NotContains(a.t, sentence, "Traceback")
	message, err := os.ReadFile(filepath.Join(cmd.Dir, "message.tc"))
	require.NoError(a.t, err)
	require.Equal(a.t, sentence, string(message))
	require.NoFileExists(a.t, a.report())
	return sentence
}

// needs skips a test whose counterpart this machine lacks; TCSNS_REQUIRE names
// those that must be there.
func needs(t *testing.T, name string, ok bool, why string) {
	t.Helper()
	if ok {
		return
	}
	if slices.Contains(strings.Split(os.Getenv("TCSNS_REQUIRE"), ","), name) {
		t.Fatalf("%s is required: %s", name, why)
	}
	t.Skipf("%s: %s", name, why)
}

func python(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("python3")
	needs(t, "python3", err == nil, "not on the PATH")
	// A version manager's shim reads the user's home: the Python behind it.
	real, err := exec.Command(path, "-c", "import sys; print(sys.executable)").Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(real))
}

func TestBothLaunchStyles(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		want []string // what the App gets after its own name
	}{
		{"run.py with nothing: parameters are in the file", []string{"run.py"}, nil},
		{"run.py with arguments", []string{"run.py", "--topic_arn", "a b", "--defang"}, []string{"--topic_arn", "a b", "--defang"}},
		{"run.py and an argument that is called run", []string{"run.py", "run"}, []string{"run"}},
		{"the folder, and the program's name first", []string{".", "run", "--x", "1"}, []string{"--x", "1"}},
		{"the folder, and the program's file first", []string{".", "run.py", "--x", "1"}, []string{"--x", "1"}},
		{"__main__.py", []string{"__main__.py", "run", "--x", "run"}, []string{"--x", "run"}},
		{"__main__.py without a name", []string{"__main__.py", "--x", "1"}, []string{"--x", "1"}},
		{"empty, quoted and foreign text", []string{"run.py", "", `"`, "$(x)", "é\n", "\xff\xfe"}, []string{"", `"`, "$(x)", "é\n", "\xff\xfe"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := install(t, 0o755)
			got := a.run(a.command(test.args...))
			require.Equal(t, a.program(), got.Args[0])
			// encoding/json replaces what is no UTF-8, on both sides alike.
			require.Equal(t, viaJSON(t, append([]string{}, test.want...)), append([]string{}, got.Args[1:]...))
			compiled, err := filepath.Glob(filepath.Join(a.dir, "__pycache__", "run.*"))
			require.NoError(t, err)
			require.Empty(t, compiled)
		})
	}
}

func viaJSON(t *testing.T, texts []string) []string {
	t.Helper()
	data, err := json.Marshal(texts)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &texts))
	return texts
}

func TestProcessIsTheApps(t *testing.T) {
	t.Parallel()
	a := install(t, 0o755)
	a.env = append(a.env, "TC_APP_PARAM_KEY=abcdefghijklmnop", "ODD= a=b ")
	cmd := a.command(filepath.Join(a.dir, "run.py"))
	cmd.Dir = a.work // not the App's folder: it is found all the same
	got := a.run(cmd)
	require.Equal(t, cmd.Process.Pid, got.PID)
	require.Equal(t, a.work, got.Dir)
	require.ElementsMatch(t, append(a.env, "PWD="+a.work), withPWD(got.Env, a.work))
}

// withPWD adds what os/exec passes on some systems and not on others.
func withPWD(env []string, dir string) []string {
	if slices.Contains(env, "PWD="+dir) {
		return env
	}
	return append(env, "PWD="+dir)
}

// A service may start its programs with no standard streams at all.
func TestClosedStreams(t *testing.T) {
	t.Parallel()
	a := install(t, 0o644)
	got := a.run(&exec.Cmd{Path: "/bin/sh", Args: []string{"sh", "-c", `exec "$@" <&- >&- 2>&-`, "sh", a.python, "run.py", "--x"}, Dir: a.dir, Env: a.env})
	require.Equal(t, []string{"--x"}, got.Args[1:])
}

func TestSignalReachesTheApp(t *testing.T) {
	t.Parallel()
	a := install(t, 0o755)
	a.env = append(a.env, probeDo+"=wait")
	cmd := a.command("run.py")
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool { _, err := os.Stat(a.report()); return err == nil }, time.Minute, 5*time.Millisecond)
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	require.Equal(t, 42, exit.ExitCode(), "the App chose its exit code after the signal")
}

func TestLostModeIsRepairedInPlace(t *testing.T) {
	t.Parallel()
	a := install(t, 0o640)
	require.Equal(t, a.program(), a.run(a.command("run.py")).Exe)
	info, err := os.Stat(a.program())
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o750), info.Mode().Perm(), "whoever may read may execute, nobody else")
}

// stranger makes a command run as a user who owns nothing here.
func stranger(t *testing.T, cmd *exec.Cmd) *exec.Cmd {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("root only: the App's folder belongs to somebody else")
	}
	const nobody = 65534
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	check := exec.Command(cmd.Path, "-c", "pass")
	check.SysProcAttr = cmd.SysProcAttr
	if err := check.Run(); err != nil {
		t.Skipf("%s is not for every user of this machine: %v", cmd.Path, err)
	}
	return cmd
}

func TestFolderOfAnotherUser(t *testing.T) {
	t.Parallel()
	a := install(t, 0o644)
	a.python = systemPython(t)
	require.NoError(t, os.Chmod(a.dir, 0o555))
	temp := open(t, t.TempDir())
	a.env = append(a.env, "TMPDIR="+temp)
	cmd := stranger(t, a.command(filepath.Join(a.dir, "run.py")))
	cmd.Dir = a.work
	got := a.run(cmd)
	require.True(t, strings.HasPrefix(got.Exe, temp), "a copy in the temp folder runs, not %s", got.Exe)
	require.Equal(t, a.program(), got.Args[0])
	left, err := os.ReadDir(temp)
	require.NoError(t, err)
	require.Empty(t, left, "the copy leaves nothing behind")
	info, err := os.Stat(a.program())
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o644), info.Mode().Perm())
}

// systemPython is one that every user may start: root's own may lie in /root.
func systemPython(t *testing.T) string {
	t.Helper()
	path := python(t)
	for _, candidate := range []string{path, "/usr/bin/python3", "/usr/local/bin/python3"} {
		if _, err := os.Stat(candidate); err == nil && !strings.HasPrefix(candidate, "/root/") {
			return candidate
		}
	}
	t.Skip("no python3 outside /root")
	return ""
}

// mounted runs a shell script with mounts of its own, then Python in it.
func (a *app) mounted(script string) *exec.Cmd {
	a.t.Helper()
	unshare, err := exec.LookPath("unshare")
	if err != nil || os.Getuid() != 0 {
		a.t.Skip("root and unshare only: the test mounts")
	}
	if out, err := exec.Command(unshare, "-m", "-p", "-f", "--mount-proc", "mount", "-t", "tmpfs", "tmpfs", "/mnt").CombinedOutput(); err != nil {
		a.t.Skipf("mounting is not allowed here: %s", out)
	}
	cmd := exec.Command(unshare, "-m", "-p", "-f", "--mount-proc", "sh", "-ec", script+`; exec "$@"`, "sh", a.python, filepath.Join(a.dir, "run.py"))
	cmd.Dir = a.work
	cmd.Env = a.env
	return cmd
}

func TestMounts(t *testing.T) {
	t.Parallel()
	const readOnly = "mount --bind %[1]s %[1]s; mount -o remount,bind,ro %[1]s; "
	const noExec = "mount --bind %[1]s %[1]s; mount -o remount,bind,noexec %[1]s; "
	const noExecTemp = "mount -t tmpfs -o noexec tmpfs %[2]s"
	// A hardened kernel (6.3 and later) that gives memory the bit only when asked.
	const noExecMemory = "; if [ -e /proc/sys/vm/memfd_noexec ]; then echo 1 >/proc/sys/vm/memfd_noexec; fi"
	tests := []struct {
		name   string
		script string
		mode   os.FileMode
		exe    string // how the program's own path starts; %[1]s the App's folder, %[2]s the temp folder
	}{
		{"read-only and still executable: in place", readOnly + "true", 0o755, "%[1]s/bin/"},
		{"read-only without the bit: a copy", readOnly + "true", 0o644, "%[2]s/tcsns-"},
		{"noexec: a copy", noExec + "true", 0o755, "%[2]s/tcsns-"},
		{"noexec twice: from memory", noExec + noExecTemp, 0o755, "/memfd:tcsns"},
		{"noexec twice, and memory asked for: from memory", noExec + noExecTemp + noExecMemory, 0o755, "/memfd:tcsns"},
		{"read-only without the bit, noexec temp: from memory", readOnly + noExecTemp, 0o644, "/memfd:tcsns"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			a := install(t, test.mode)
			temp := t.TempDir()
			a.env = append(a.env, "TMPDIR="+temp)
			got := a.run(a.mounted(fmt.Sprintf(test.script+"; : %[1]s %[2]s", a.dir, temp)))
			require.True(t, strings.HasPrefix(got.Exe, fmt.Sprintf(test.exe+"%.0[1]s%.0[2]s", a.dir, temp)), "%s runs", got.Exe)
		})
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	t.Run("unknown machine", func(t *testing.T) {
		t.Parallel()
		a := install(t, 0o755)
		sentence := a.refused(a.command("-c", `
import os, runpy
real = os.uname()
os.uname = lambda: os.uname_result((*real[:4], "riscv64"))
runpy.run_path("run.py", run_name="__main__")`))
		require.Contains(t, sentence, "riscv64")
		require.Contains(t, sentence, "x86_64")
	})
	t.Run("the program is missing", func(t *testing.T) {
		t.Parallel()
		a := install(t, 0o755)
		require.NoError(t, os.Remove(a.program()))
		require.Contains(t, a.refused(a.command("run.py")), "install the package again")
	})
	t.Run("the program is broken", func(t *testing.T) {
		t.Parallel()
		a := install(t, 0o755)
		require.NoError(t, os.WriteFile(a.program(), []byte("\x7fELF cut off"), 0o755))
		sentence := a.refused(a.command("run.py"))
		require.Contains(t, sentence, "in place: ")
		require.Contains(t, sentence, "from memory: ")
	})
	t.Run("a folder that is no UTF-8", func(t *testing.T) {
		t.Parallel()
		a := install(t, 0o755)
		require.NoError(t, os.Remove(a.program()))
		named := a.dir + "\xff"
		require.NoError(t, os.Rename(a.dir, named))
		a.dir = named
		require.Contains(t, a.refused(a.command("run.py")), `\udcff`)
	})
	t.Run("a folder whose name is too long for message.tc", func(t *testing.T) {
		t.Parallel()
		a := install(t, 0o755)
		require.NoError(t, os.Remove(a.program()))
		named := a.dir + strings.Repeat("é", 100)
		require.NoError(t, os.Rename(a.dir, named))
		a.dir = named
		cmd := a.command("run.py")
		var stderr strings.Builder
		cmd.Stderr = &stderr
		require.Error(t, cmd.Run())
		message, err := os.ReadFile(filepath.Join(a.dir, "message.tc"))
		require.NoError(t, err)
		require.Equal(t, 255, utf8.RuneCount(message), "what the platform shows (CONTRACT §5)")
		before, after, _ := strings.Cut(string(message), "…")
		require.True(t, strings.HasPrefix(stderr.String(), before))
		require.True(t, strings.HasSuffix(stderr.String(), after))
		require.True(t, strings.HasSuffix(after, "install the package again.\n"))
	})
	t.Run("a working directory that cannot be written", func(t *testing.T) {
		t.Parallel()
		a := install(t, 0o755)
		require.NoError(t, os.Remove(a.program()))
		cmd := a.command(filepath.Join(a.dir, "run.py"))
		cmd.Dir = "/proc/self"
		var exit *exec.ExitError
		out, err := cmd.CombinedOutput()
		require.ErrorAs(t, err, &exit)
		require.Equal(t, 1, exit.ExitCode())
		require.Equal(t, 1, strings.Count(string(out), "\n"), "%s", out)
	})
}
