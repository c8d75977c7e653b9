package tc_test

import (
	"encoding/json"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// testsIn returns the tests, fuzz targets and examples of a folder.
func testsIn(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	require.NoError(t, err)
	names := map[string]bool{}
	for _, path := range files {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				names[f.Name.Name] = true
			}
		}
	}
	return names
}

// TestContractTable: every test that README.md names exists, and a row without
// a test says why it is left out.
func TestContractTable(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, table, found := strings.Cut(string(readme), "## The contract")
	require.True(t, found)

	reference := regexp.MustCompile("`([a-z]+)\\.((?:Test|Fuzz|Example)[A-Za-z0-9_]*)`")
	tests := map[string]map[string]bool{}
	rows := 0
	for line := range strings.Lines(table) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| the platform") {
			continue
		}
		rows++
		references := reference.FindAllStringSubmatch(line, -1)
		for _, match := range references {
			dir := match[1]
			if dir == "tc" {
				dir = "."
			}
			if tests[dir] == nil {
				tests[dir] = testsIn(t, dir)
			}
			require.True(t, tests[dir][match[2]], "%s.%s is not there", match[1], match[2])
		}
		columns := strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") - 1
		if columns == 3 && len(references) == 0 {
			cells := strings.Split(line, "|")
			require.Regexp(t, `\*\*left out\*\*: |^ nothing to do: `, cells[2], line)
		}
	}
	require.Greater(t, rows, 50, "the table is there")
}

// TestREADMEApp: the App that README.md shows is the one that the example
// runs, and a program as it stands: it is tried as README.md says, with a stderr
// that nobody reads.
func TestREADMEApp(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	example, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	_, app, found := strings.Cut(string(example), "\nfunc reverse(")
	require.True(t, found)
	app, _, found = strings.Cut(app, "\n}\n")
	require.True(t, found)
	require.Contains(t, string(readme), "func reverse("+app+"\n}\n")

	_, program, found := strings.Cut(string(readme), "```go\n")
	require.True(t, found)
	program, _, found = strings.Cut(program, "```")
	require.True(t, found)
	formatted, err := format.Source([]byte(program))
	require.NoError(t, err)
	require.Equal(t, string(formatted), program)
	reverse := buildHere(t, program)

	version, err := exec.Command(reverse, "--version").Output()
	require.NoError(t, err)
	require.Equal(t, "Reverse 1.0.0 ("+runtime.Version()+", "+runtime.GOOS+"/"+runtime.GOARCH+")\n", string(version))

	for params, want := range map[string]struct {
		code    int
		message string
	}{
		"--text abc":             {0, "reversed 3 characters\n"},
		"--tc_kvstore_port many": {4, "tc_kvstore_port is no whole number. Fix: write it in digits.\n"},
	} {
		read, write, err := os.Pipe()
		require.NoError(t, err)
		require.NoError(t, read.Close())
		run := exec.Command(reverse, append(strings.Fields(params), "--tc_out_path", ".", "--tc_log_path", ".")...)
		run.Dir, run.Stderr = t.TempDir(), write
		_ = run.Run()
		require.NoError(t, write.Close())
		require.Equal(t, want.code, run.ProcessState.ExitCode(), params)
		message, err := os.ReadFile(filepath.Join(run.Dir, "message.tc"))
		require.NoError(t, err)
		require.Equal(t, want.message, string(message))
	}
}

// buildHere builds a program that stands in this folder for the compiler alone,
// so that it may import the packages below, and returns its path.
func buildHere(t *testing.T, program string) string {
	t.Helper()
	here, err := os.Getwd()
	require.NoError(t, err)
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	require.NoError(t, os.WriteFile(source, []byte(program), 0o600))
	overlay, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(here, "program", "main.go"): source}})
	require.NoError(t, err)
	replace := filepath.Join(dir, "overlay.json")
	require.NoError(t, os.WriteFile(replace, overlay, 0o600))
	path := filepath.Join(dir, "program")
	output, err := exec.Command("go", "build", "-overlay", replace, "-o", path, "./program").CombinedOutput()
	require.NoError(t, err, "%s", output)
	return path
}
