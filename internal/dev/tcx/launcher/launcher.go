// Package launcher holds what ThreatConnect starts: run.py and __main__.py,
// which hand over to the App's program. They are in the package as they are
// here.
package launcher

import "embed"

// Names of the files, as they lie in the package: run.py is install.json's
// programMain, __main__.py serves the platform's other way to start an App
// (CONTRACT §9).
const (
	RunPy  = "run.py"
	MainPy = "__main__.py"
)

//go:embed run.py __main__.py
var files embed.FS

// File is the content of one of the launcher's files.
func File(name string) ([]byte, error) { return files.ReadFile(name) }
