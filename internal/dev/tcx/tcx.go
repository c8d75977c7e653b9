// Package tcx is an App as ThreatConnect installs it: install.json, which
// defines it, layout.json, which lays its form out, and the package (.tcx)
// that an administrator uploads.
//
// The models hold every field that CONTRACT §8 names, of TcEx's and of the
// Java SDK's reading. Checking them is package validate's.
package tcx

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Names of the files at the top of a package, and of the folder of its programs.
const (
	InstallFile = "install.json"
	LayoutFile  = "layout.json"
	ReadmeFile  = "README.md"
	LicenseFile = "LICENSE"
	BinFolder   = "bin"
)

// Install is install.json.
type Install struct {
	AllowOnDemand   bool     `json:"allowOnDemand"`
	AppID           string   `json:"appId"`
	Category        string   `json:"category"`
	DisplayName     string   `json:"displayName"`
	Features        []string `json:"features"`
	Labels          []string `json:"labels"`
	LanguageVersion string   `json:"languageVersion"`
	ListDelimiter   string   `json:"listDelimiter"`
	MinServer       string   `json:"minServerVersion"`
	Note            string   `json:"note"`
	Params          []Param  `json:"params"`
	Playbook        *Block   `json:"playbook"`
	Language        string   `json:"programLanguage"`
	Main            string   `json:"programMain"`
	Name            string   `json:"programName"`
	Version         string   `json:"programVersion"`
	RuntimeLevel    Words    `json:"runtimeLevel"`
	SDKVersion      string   `json:"sdkVersion"`

	// What a Playbook App may have and this project does not use.
	AllowRunAsUser           bool            `json:"allowRunAsUser"`
	APIUserTokenParam        bool            `json:"apiUserTokenParam"`
	ApplicationName          string          `json:"applicationName"`
	CommitHash               string          `json:"commitHash"`
	DeprecatesApps           []string        `json:"deprecatesApps"`
	DisplayPath              string          `json:"displayPath"`
	Docker                   json.RawMessage `json:"docker"`
	DockerImage              string          `json:"dockerImage"`
	Feeds                    json.RawMessage `json:"feeds"`
	JavaClasspath            string          `json:"javaClasspath"`
	LayoutInline             json.RawMessage `json:"layout"`
	MainAppClass             string          `json:"mainAppClass"`
	ProgramIcon              string          `json:"programIcon"`
	PublishOutFiles          []string        `json:"publishOutFiles"`
	RepeatingMinutes         []int           `json:"repeatingMinutes"`
	RuntimeContext           []string        `json:"runtimeContext"`
	Service                  json.RawMessage `json:"service"`
	TimeoutMinutes           int             `json:"timeoutMinutes"`
	TokenExpireOffsetMinutes int             `json:"tokenExpireOffsetMinutes"`
}

// Param is one input of the App.
type Param struct {
	Name            string   `json:"name"`
	Label           string   `json:"label"`
	Note            string   `json:"note"`
	Type            string   `json:"type"`
	Required        bool     `json:"required"`
	Encrypt         bool     `json:"encrypt"`
	Hidden          bool     `json:"hidden"`
	Default         any      `json:"default"` // a bool or a string; nil when there is none
	ValidValues     []string `json:"validValues"`
	DataTypes       []string `json:"playbookDataType"`
	Sequence        int      `json:"sequence"`
	ViewRows        int      `json:"viewRows"`
	ExposeKeyAs     string   `json:"exposePlaybookKeyAs"`
	ServiceConfig   bool     `json:"serviceConfig"`
	AllowMultiple   bool     `json:"allowMultiple"`
	AllowNested     bool     `json:"allowNested"`
	FeedDeployer    bool     `json:"feedDeployer"`
	IntelligenceFor []string `json:"intelType"`
	Setup           bool     `json:"setup"`
}

// Visible reports whether the input stands in the form of a playbook.
func (p *Param) Visible() bool { return !p.Hidden && !p.ServiceConfig }

// DefaultText is the default as a playbook writes it: "true", "30".
func (p *Param) DefaultText() string {
	if p.Default == nil {
		return ""
	}
	return fmt.Sprint(p.Default)
}

// Block is install.json's "playbook".
type Block struct {
	Type         string   `json:"type"` // free text, the group in the designer's list of Apps
	Outputs      []Output `json:"outputVariables"`
	OutputPrefix string   `json:"outputPrefix"`
	Retry        *Retry   `json:"retry"`
}

// Output is one variable that the App sets.
type Output struct {
	Name            string   `json:"name"`
	Type            string   `json:"type"`
	Note            string   `json:"note"`
	Encrypt         bool     `json:"encrypt"`
	IntelligenceFor []string `json:"intelType"`
}

// Retry says how the platform may run the App again; delays are in minutes.
type Retry struct {
	Allowed      bool     `json:"allowed"`
	Actions      []string `json:"actions"`
	DefaultDelay *int     `json:"defaultDelayMinutes"`
	DefaultMax   *int     `json:"defaultMaxRetries"`
}

// Words is one word or a list of them: install.json's runtimeLevel is either.
type Words []string

// UnmarshalJSON takes a string or a list of strings.
func (w *Words) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '[' {
		return json.Unmarshal(data, (*[]string)(w))
	}
	var one string
	if err := json.Unmarshal(data, &one); err != nil {
		return err
	}
	*w = Words{one}
	return nil
}

// Param finds an input by name.
func (i *Install) Param(name string) (*Param, bool) {
	for n := range i.Params {
		if i.Params[n].Name == name {
			return &i.Params[n], true
		}
	}
	return nil, false
}

// Outputs lists what the App sets; none when it is no Playbook App.
func (i *Install) Outputs() []Output {
	if i.Playbook == nil {
		return nil
	}
	return i.Playbook.Outputs
}

// Folder is the one folder of the package: TCPB_-_AWS_SNS_v1. It is the key by
// which the platform knows the App (CONTRACT §9), so a new version upgrades
// only as long as display name and major version stay.
func (i *Install) Folder() string {
	major, _, _ := strings.Cut(i.Version, ".")
	return "TCPB_-_" + strings.ReplaceAll(i.DisplayName, " ", "_") + "_v" + major
}

// ProgramName is how a playbook export names the App: the folder with spaces.
func (i *Install) ProgramName() string { return strings.ReplaceAll(i.Folder(), "_", " ") }

// ParseInstall reads install.json. Fields that the model does not know are ignored.
func ParseInstall(data []byte) (*Install, error) {
	var install Install
	if err := json.Unmarshal(data, &install); err != nil {
		return nil, fmt.Errorf("read install.json: %w", err)
	}
	return &install, nil
}

// Layout is layout.json.
type Layout struct {
	Inputs  []Section `json:"inputs"`
	Outputs []Shown   `json:"outputs"`
}

// Section is one step of the App's form.
type Section struct {
	Sequence   int     `json:"sequence"`
	Title      string  `json:"title"`
	Parameters []Shown `json:"parameters"`
}

// Shown is an input or output, and when it is shown: see [ParseDisplay].
type Shown struct {
	Name    string  `json:"name"`
	Display *string `json:"display"` // nil: an input is always shown
}

// ParseLayout reads layout.json. Fields that the model does not know are ignored.
func ParseLayout(data []byte) (*Layout, error) {
	var layout Layout
	if err := json.Unmarshal(data, &layout); err != nil {
		return nil, fmt.Errorf("read layout.json: %w", err)
	}
	return &layout, nil
}
