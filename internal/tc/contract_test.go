package tc_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
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

// TestREADMEApp: the App that README.md shows is the one that the example runs.
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
}
