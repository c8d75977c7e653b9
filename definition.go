// Package tcsns holds install.json, the definition of the App: its version,
// its inputs and its outputs. ThreatConnect reads it from the package, the
// App's --help reads it from here, so that there is one text.
package tcsns

import (
	_ "embed"
)

// InstallJSON is install.json as it is packed.
//
//go:embed install.json
var InstallJSON []byte

// What a run needs of install.json, which it does without reading: that would
// take a tenth of its time. A test holds the two together.
const (
	DisplayName    = "AWS SNS"
	ProgramVersion = "1.0.0"
)
