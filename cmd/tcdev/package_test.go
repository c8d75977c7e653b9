package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/tcx"
	"tcsns/internal/dev/validate"
)

// tool runs tcdev with arguments and returns what it said.
func tool(args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = tcdev(context.Background(), args, ambient{LookupEnv: os.LookupEnv, Stdout: &out, Stderr: &err})
	return code, out.String(), err.String()
}

func TestValidateCommand(t *testing.T) {
	t.Parallel()
	broken := filepath.Join(t.TempDir(), "broken.pbx")
	require.NoError(t, os.WriteFile(broken, []byte(`{"name":"x","jobList":[{"id":1,"name":"alone"}],"playbookTriggerList":[{"id":2,"name":"t"}]}`), 0o600))
	tests := []struct {
		name   string
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{"the project", []string{"--root", "../.."}, 0, "no problems in install.json, layout.json, playbook/", ""},
		{"a playbook", []string{"../../playbook/AWS-SNS-Integration-PlayBook.pbx"}, 0, "no problems in", ""},
		{"a broken one", []string{broken}, 1, `App "alone" (1): no trigger leads to it: it never runs. Fix: connect it`, ""},
		{"no App here", []string{"--root", t.TempDir()}, 2, "", "there is no install.json"},
		{"neither", []string{"x.txt"}, 2, "", "neither a playbook nor a package"},
		{"a flag that is none", []string{"--all"}, 2, "", "Try:   tcdev validate --help"},
		{"help", []string{"--help"}, 0, "Usage: tcdev validate", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			code, stdout, stderr := tool(append([]string{"validate"}, test.args...)...)
			require.Equal(t, test.code, code, stdout+stderr)
			require.Contains(t, stdout, test.stdout)
			require.Contains(t, stderr, test.stderr)
			if test.stderr == "" {
				require.Empty(t, stderr)
			}
		})
	}
}

func TestDrawCommand(t *testing.T) {
	t.Parallel()
	out := filepath.Join(t.TempDir(), "x.svg")
	code, stdout, stderr := tool("draw", "--out", out, "../../playbook/AWS-SNS-Integration-PlayBook.pbx")
	require.Zero(t, code, stderr)
	require.Empty(t, stdout)
	written, err := os.ReadFile(out)
	require.NoError(t, err)
	_, stdout, _ = tool("draw", "../../playbook/AWS-SNS-Integration-PlayBook.pbx")
	require.Equal(t, string(written), stdout)
	require.True(t, strings.HasPrefix(stdout, "<svg "))

	code, _, stderr = tool("draw")
	require.Equal(t, 2, code)
	require.Contains(t, stderr, "needs one playbook")
	code, _, _ = tool("draw", "nowhere.pbx")
	require.Equal(t, 1, code)
}

// The package is made twice with the same bytes, is valid, and its program,
// started by its launcher with the modes lost, says install.json's version and
// runs the demo.
func TestPackageCommand(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the App for two machines")
	}
	t.Parallel()
	first, second := t.TempDir(), t.TempDir()
	code, stdout, stderr := tool("package", "--root", "../..", "--out", first)
	require.Zero(t, code, stdout+stderr)
	code, _, stderr = tool("package", "--root", "../..", "--out", second)
	require.Zero(t, code, stderr)
	const name = "TCPB_-_AWS_SNS_v1.tcx"
	data, err := os.ReadFile(filepath.Join(first, name))
	require.NoError(t, err)
	again, err := os.ReadFile(filepath.Join(second, name))
	require.NoError(t, err)
	require.True(t, bytes.Equal(data, again), "the same source gives the same bytes")
	require.LessOrEqual(t, len(data), tcx.MaxSize)
	require.Empty(t, validate.PackageFile(filepath.Join(first, name)))
	code, _, stderr = tool("validate", "--root", "../..", filepath.Join(first, name))
	require.Zero(t, code, stderr)

	python, err := exec.LookPath("python3")
	if err != nil {
		if strings.Contains(os.Getenv("TCSNS_REQUIRE"), "python3") {
			t.Fatal("python3 is required, and not on the PATH")
		}
		t.Skip("python3 is not on the PATH")
	}
	p, err := tcx.Unpack(data)
	require.NoError(t, err)
	app := t.TempDir()
	for _, file := range p.Files {
		path := filepath.Join(app, filepath.FromSlash(file.Name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, file.Data, 0o644))
	}
	if runtime.GOOS != "linux" {
		t.Skip("the package's programs are for Linux")
	}
	install, err := tcx.ParseInstall([]byte(readFile(t, filepath.Join(app, tcx.InstallFile))))
	require.NoError(t, err)
	cmd := exec.Command(python, "run.py", "--version")
	cmd.Dir = app
	out, err := cmd.Output()
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(out), install.DisplayName+" "+install.Version+" "), "%s", out)

	for _, target := range tcx.Targets() {
		require.NoError(t, os.Chmod(filepath.Join(app, target.Program), 0o644))
	}
	code, stdout, stderr = tool("run", "--playbook", "../../playbook/AWS-SNS-Integration-PlayBook.pbx", "--event", "../../testdata/events/address-created.json", "--app", filepath.Join(app, "run.py"))
	require.Zero(t, code, stdout+stderr)
	require.Contains(t, stdout, "exit code 0")
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(data)
}

// A project with a problem is not packed, and nothing is left where the
// package would be.
func TestPackageRefuses(t *testing.T) {
	t.Parallel()
	root, out := t.TempDir(), filepath.Join(t.TempDir(), "dist")
	definition := strings.Replace(readFile(t, "../../install.json"), `"programVersion": "1.0.0"`, `"programVersion": "one"`, 1)
	require.NoError(t, os.WriteFile(filepath.Join(root, "install.json"), []byte(definition), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(root, "layout.json"), []byte(readFile(t, "../../layout.json")), 0o600))
	code, stdout, _ := tool("package", "--root", root, "--out", out)
	require.Equal(t, 1, code)
	require.Contains(t, stdout, `"one" is no version`)
	require.NoDirExists(t, out)

	if runtime.GOOS != "linux" {
		t.Skip("the package's programs are for Linux")
	}
	for name, text := range map[string]string{
		"install.json": readFile(t, "../../install.json"), "LICENSE": "", "go.mod": "module app\n",
		"main.go": "package main\n\nfunc main() {}\n", // knows no --version
	} {
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o600))
	}
	code, _, stderr := tool("package", "--root", root, "--app", ".", "--out", out)
	require.Equal(t, 1, code)
	require.Contains(t, stderr, "does not answer --version")
	require.NoDirExists(t, out)
}
