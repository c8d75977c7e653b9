package tcx

import _ "embed"

//go:embed ADMIN.md
var adminReadme string

// AdminReadme is the package's README.md for the administrator who opens it,
// before [Install.Generate].
func AdminReadme() string { return adminReadme }
