package tcx_test

import (
	"flag"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns"
	"tcsns/internal/dev/tcx"
)

const authorsReadme = "../../../playbook/README.md"

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the tables of playbook/README.md anew")
	flag.Parse()
	os.Exit(m.Run())
}

func install(t *testing.T) *tcx.Install {
	t.Helper()
	install, err := tcx.ParseInstall(tcsns.InstallJSON)
	require.NoError(t, err)
	return install
}

// The tables of inputs and outputs are install.json's. After a change of it:
// go test ./internal/dev/tcx -update
func TestAuthorsTablesAreUpToDate(t *testing.T) {
	t.Parallel()
	have, err := os.ReadFile(authorsReadme)
	require.NoError(t, err)
	want, err := install(t).Generate(string(have))
	require.NoError(t, err)
	if flag.Lookup("update").Value.String() == "true" {
		require.NoError(t, os.WriteFile(authorsReadme, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(have), "go test ./internal/dev/tcx -update")
}

func TestGenerateAdminReadme(t *testing.T) {
	t.Parallel()
	readme, err := install(t).Generate(tcx.AdminReadme())
	require.NoError(t, err)
	for _, p := range install(t).Params {
		require.Contains(t, readme, "`"+p.Name+"`")
	}
	for _, o := range install(t).Outputs() {
		require.Contains(t, readme, "`"+o.Name+"`")
	}
}

func TestGenerateNeedsItsMarks(t *testing.T) {
	t.Parallel()
	for _, document := range []string{"", "<!-- inputs --> <!-- outputs -->", "<!-- inputs --><!-- end -->"} {
		_, err := install(t).Generate(document)
		require.Error(t, err, document)
	}
}

// A table cell never breaks out of its table.
func TestTablesEscape(t *testing.T) {
	t.Parallel()
	i := &tcx.Install{Params: []tcx.Param{{Name: "a", Type: "String", DataTypes: []string{"String"}, Label: "x|y", Note: "one\ntwo"}}}
	require.Contains(t, i.InputTable(), `| x\|y | String |  | one two |`)
}
