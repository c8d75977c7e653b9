package validate_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns"
	"tcsns/internal/dev/tcx"
	"tcsns/internal/dev/validate"
)

// root is the project's folder.
const root = "../../.."

func ours(t *testing.T) *tcx.Install {
	t.Helper()
	install, err := tcx.ParseInstall(tcsns.InstallJSON)
	require.NoError(t, err)
	return install
}

// packaged is what the package adds to the project's own files.
func packaged(name string) bool { return name == "run.py" || name == "__main__.py" }

func TestProjectIsValid(t *testing.T) {
	t.Parallel()
	problems, files, err := validate.Project(root, packaged)
	require.NoError(t, err)
	require.Empty(t, problems)
	require.Equal(t, []string{"install.json", "layout.json", "playbook/AWS-SNS-Integration-PlayBook.pbx"}, files)
}
