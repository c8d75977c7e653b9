// Package internal_test holds the rules of the house: which room may know
// which (README, "The house"), and that every room says what it is.
package internal_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// pkg is what `go list -json` says of a package.
type pkg struct {
	ImportPath   string
	Dir          string
	Imports      []string
	TestImports  []string
	XTestImports []string
	Deps         []string
	Standard     bool
	Module       *struct{ Path string }
}

func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,Imports,TestImports,XTestImports,Deps,Standard,Module"}, args...)...)
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as it is released
	out, err := cmd.Output()
	require.NoError(t, err)
	var pkgs []pkg
	for decoder := json.NewDecoder(strings.NewReader(string(out))); decoder.More(); {
		var p pkg
		require.NoError(t, decoder.Decode(&p))
		pkgs = append(pkgs, p)
	}
	require.NotEmpty(t, pkgs)
	return pkgs
}

// under reports whether an import path is the package named, or below it.
func under(importPath, name string) bool {
	return importPath == name || strings.HasPrefix(importPath, name+"/")
}

// The arrows of the house point down: cmd → app, dev → tc, alert, snstopic.
func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	wings := []struct {
		room string
		may  []string // what of this module it may import, beside itself
	}{
		{"tcsns/internal/tc", []string{"tcsns/internal/tc"}},
		{"tcsns/internal/alert", nil},
		{"tcsns/internal/snstopic", []string{"tcsns/internal/tc/secret"}},
		{"tcsns/internal/app", []string{"tcsns", "tcsns/internal/tc", "tcsns/internal/alert", "tcsns/internal/snstopic"}},
		{"tcsns/internal/dev", []string{"tcsns", "tcsns/internal/tc", "tcsns/internal/dev"}},
		{"tcsns/cmd/tcsns", []string{"tcsns/internal/app"}},
		{"tcsns/cmd/tcdev", []string{"tcsns", "tcsns/internal/dev", "tcsns/internal/tc"}},
	}
	for _, p := range list(t, "./...") {
		for _, wing := range wings {
			if !under(p.ImportPath, wing.room) {
				continue
			}
			for _, imported := range p.Imports {
				if !under(imported, "tcsns") || under(imported, wing.room) {
					continue
				}
				allowed := slices.ContainsFunc(wing.may, func(may string) bool {
					return imported == may || may != "tcsns" && under(imported, may)
				})
				require.True(t, allowed, "%s must not import %s", p.ImportPath, imported)
			}
		}
	}
}

// Each outside library has one door, in the code; tests may use what they like
// of it but the AWS SDK, which would else test itself.
func TestOneImporterPerLibrary(t *testing.T) {
	t.Parallel()
	doors := map[string][]string{
		"github.com/aws/":       {"tcsns/internal/snstopic"},
		"github.com/redis/":     {"tcsns/internal/tc/kvstore", "tcsns/internal/dev/platform"},
		"github.com/alicebob/":  {"tcsns/internal/dev"},
		"github.com/stretchr/":  nil,
		"github.com/rogpeppe/":  nil,
		"crypto/aes":            {"tcsns/internal/tc/param", "tcsns/internal/dev/platform"},
		"net/http/httptest":     {"tcsns/internal/dev"},
		"net/http/pprof":        nil,
		"testing":               {"tcsns/internal/dev"},
		"os/exec":               {"tcsns/internal/dev", "tcsns/cmd/tcdev", "tcsns/internal/bench"},
		"github.com/aws/smithy": {"tcsns/internal/snstopic"},
	}
	for _, p := range list(t, "./...") {
		for _, imported := range p.Imports {
			for library, rooms := range doors {
				if !strings.HasPrefix(imported+"/", library) && imported != library {
					continue
				}
				if library == "testing" && imported != "testing" {
					continue
				}
				allowed := slices.ContainsFunc(rooms, func(room string) bool { return under(p.ImportPath, room) })
				require.True(t, allowed, "%s must not import %s", p.ImportPath, imported)
			}
		}
		for _, imported := range append(p.TestImports, p.XTestImports...) {
			if strings.HasPrefix(imported, "github.com/aws/") {
				require.True(t, under(p.ImportPath, "tcsns/internal/snstopic"), "the tests of %s must not import %s", p.ImportPath, imported)
			}
		}
	}
}

// The App's binary links nothing that is for developers, tests or debugging:
// each would cost start-up and surface.
func TestAppLinksOnlyWhatItNeeds(t *testing.T) {
	t.Parallel()
	forbidden := []string{
		"tcsns/internal/dev", "tcsns/internal/bench", "net/http/pprof", "net/http/httptest", "expvar", "testing", "flag", "os/exec", "plugin",
		"html/template", "text/template", "runtime/cgo", "github.com/alicebob", "github.com/stretchr", "github.com/rogpeppe", "go/ast", "embed/internal",
	}
	apps := list(t, "-deps", "./cmd/tcsns")
	for _, p := range apps {
		for _, name := range forbidden {
			// The SDK's alone: a profile may name a credential process.
			if name == "os/exec" && !under(p.ImportPath, "tcsns") {
				continue
			}
			require.False(t, under(p.ImportPath, name), "the App links %s", p.ImportPath)
			for _, imported := range p.Imports {
				if under(p.ImportPath, "tcsns") {
					require.False(t, under(imported, name), "%s imports %s", p.ImportPath, imported)
				}
			}
		}
	}
}

// alert is pure: it renders, and touches nothing.
func TestPureRoomsDoNoInput(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./internal/alert", "./internal/tc/variable", "./internal/tc/secret") {
		for _, imported := range p.Imports {
			for _, room := range []string{"os", "net", "io/fs", "log", "time"} {
				require.False(t, imported == room || room == "net" && imported == "net/http", "%s must not import %s", p.ImportPath, imported)
			}
		}
	}
}

// Every package and every exported name says what it is.
func TestEverythingExportedIsDocumented(t *testing.T) {
	t.Parallel()
	for _, p := range list(t, "./...") {
		fset := token.NewFileSet()
		files, err := filepath.Glob(filepath.Join(p.Dir, "*.go"))
		require.NoError(t, err)
		documented := false
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(fset, name, nil, parser.ParseComments)
			require.NoError(t, err)
			documented = documented || file.Doc != nil
			for _, decl := range file.Decls {
				undocumented(t, fset, decl)
			}
		}
		if hasCode(files) {
			require.True(t, documented, "package %s has no comment", p.ImportPath)
		}
	}
}

func hasCode(files []string) bool {
	return slices.ContainsFunc(files, func(name string) bool { return !strings.HasSuffix(name, "_test.go") })
}

// undocumented fails for an exported declaration without a comment.
func undocumented(t *testing.T, fset *token.FileSet, decl ast.Decl) {
	t.Helper()
	say := func(node ast.Node, name string) {
		t.Errorf("%s: exported %s has no comment", fset.Position(node.Pos()), name)
	}
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
			say(d, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
					say(s, s.Name.Name)
				}
			case *ast.ValueSpec:
				for _, name := range s.Names {
					if name.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
						say(s, name.Name)
					}
				}
			}
		}
	}
}

// exportedReceiver reports whether a function is one of an exported type, or of none.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	receiver := d.Recv.List[0].Type
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	name, ok := receiver.(*ast.Ident)
	return !ok || name.IsExported()
}

// Nothing in the tree names a package registry's host or carries a key.
func TestTreeIsClean(t *testing.T) {
	t.Parallel()
	registries := []string{"proxy.golang" + ".org", "registry.npmjs" + ".org", "deb.debian" + ".org", "pypi" + ".org", "sum.golang" + ".org"}
	err := filepath.WalkDir("..", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if base := path.Base(filepath.ToSlash(name)); base == ".git" || base == "bin" || base == "dist" {
				return filepath.SkipDir
			}
			return nil
		}
		text := read(t, name)
		for _, registry := range registries {
			require.NotContains(t, text, registry, name)
		}
		return nil
	})
	require.NoError(t, err)
}
