// Package tcsns holds install.json, the definition of the App: its version,
// its inputs and its outputs. ThreatConnect reads it from the package, the
// App's --help and --version read it from here, so that there is one text.
package tcsns

import (
	_ "embed"
)

// InstallJSON is install.json as it is packed.
//
//go:embed install.json
var InstallJSON []byte
