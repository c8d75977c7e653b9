// Package pbx reads ThreatConnect's playbook export: a .pbx, which is one JSON
// document, or a .pbxz, which is a zip with a playbook.pbx inside.
//
// The format has no published schema and has grown since 2017 (CONTRACT §10);
// the model holds what all generations share and what a run, a check or a
// picture needs. Fields that it does not know are ignored, fields that are
// absent are empty: a newer export is still read.
package pbx

import (
	"encoding/json"
	"fmt"
	"strings"

	"tcsns/internal/tc/variable"
)

// Playbook is one export.
type Playbook struct {
	DefinitionVersion string          `json:"definitionVersion"` // "1.0.0" until 2018; in a component its programName
	DateExported      string          `json:"dateExported"`
	GroupXID          string          `json:"groupXid"`
	Name              string          `json:"name"`
	Type              string          `json:"type"` // Standard, Playbook, Pipe (a component), Workflow; empty in the oldest
	LogLevel          string          `json:"logLevel"`
	Description       string          `json:"description"`
	Version           string          `json:"version"`
	Comment           string          `json:"comment"`
	NotifyEmailList   string          `json:"notifyEmailList"`
	PanX              float64         `json:"panX"`
	PanY              float64         `json:"panY"`
	Jobs              []Job           `json:"jobList"`
	Connections       []Connection    `json:"playbookConnectionList"`
	Triggers          []Trigger       `json:"playbookTriggerList"`
	ScopeVariables    []ScopeVariable `json:"playbookScopeVariables"`
	Labels            []Label         `json:"playbookLabels"`
	Components        []Playbook      `json:"exportablePipes"` // what jobs of this playbook call
}

// Job is one App on the canvas.
type Job struct {
	ID              int64        `json:"id"` // larger than a float64 holds exactly
	App             App          `json:"appCatalogItem"`
	Name            string       `json:"name"`
	Active          *bool        `json:"active"` // written only when false
	Params          []Param      `json:"jobParameterList"`
	X               float64      `json:"locationLeft"` // canvas units
	Y               float64      `json:"locationTop"`
	OutputVariables EmbeddedJSON `json:"outputVariables"`              // the outputs that another job reads
	AllOutputs      EmbeddedJSON `json:"layoutDisplayOutputVariables"` // every output that the layout shows
	RequiredInputs  EmbeddedJSON `json:"layoutRequiredInputParams"`    // names of inputs
	DisplayedInputs EmbeddedJSON `json:"layoutDisplayedInputParams"`   // names of inputs
	Retry           bool         `json:"playbookRetryEnabled"`
	RetryDelay      int          `json:"playbookRetryDelayMinutes"`
	RetryMax        int          `json:"playbookRetryMaxRetries"`
	LanguageModel   EmbeddedJSON `json:"languageModelConfiguration"` // of an agent
	PublishUsername string       `json:"publishUsername"`            // the 2018 generation has these, in clear
	PublishPassword string       `json:"publishPassword"`
}

// App is which App a job runs. Older exports have no ID: the program's name and
// version identify it.
type App struct {
	ID             int64  `json:"id"`
	ProgramName    string `json:"programName"` // the package's folder with spaces: "TCPB - HTTP Client v2.0"
	DisplayName    string `json:"displayName"`
	ProgramVersion string `json:"programVersion"`
	Component      bool   `json:"pipeRunLevel"` // the program is one of the playbook's Components

	RunLevels []RunLevel `json:"runLevels"`
}

// RunLevel is where an App may run, with an id of the platform that exported it.
type RunLevel struct {
	ID int64 `json:"id"`
}

// Label is a label of a playbook.
type Label struct {
	Type struct {
		Label string `json:"label"`
	} `json:"playbookLabelType"`
}

// Param is one input of a job. A value is always text: "true", a JSON list of
// pairs for a KeyValueList, pipe-joined for many. Empty means not set.
type Param struct {
	Name  string
	Value string
}

// UnmarshalJSON reads the export's nested form, and tolerates a value that is
// no string.
func (p *Param) UnmarshalJSON(data []byte) error {
	var nested struct {
		Parameter struct {
			Name string `json:"paramName"`
		} `json:"appCatalogItemParameter"`
		Value EmbeddedJSON `json:"value"`
	}
	if err := json.Unmarshal(data, &nested); err != nil {
		return err
	}
	p.Name, p.Value = nested.Parameter.Name, string(nested.Value)
	return nil
}

// Kind is what a connection waits for.
type Kind string

// The kinds of connection (CONTRACT §10).
const (
	Pass      Kind = "Pass"
	Fail      Kind = "Fail" // only from job to job
	StartLoop Kind = "StartLoop"
	EndLoop   Kind = "EndLoop"
)

// Connection is an arrow from a job or trigger to a job, or back to a trigger
// (its response). The ID of the side that it does not have is 0.
type Connection struct {
	Kind          Kind  `json:"type"`
	Circular      bool  `json:"isCircularOnTarget"` // back to a trigger, or to the start of a loop
	SourceJob     int64 `json:"sourceJobId"`
	SourceTrigger int64 `json:"sourceTriggerId"`
	TargetJob     int64 `json:"targetJobId"`
	TargetTrigger int64 `json:"targetTriggerId"`
}

// Source is the job or trigger that the connection comes from.
func (c Connection) Source() Node { return node(c.SourceJob, c.SourceTrigger) }

// Target is the job or trigger that the connection leads to.
func (c Connection) Target() Node { return node(c.TargetJob, c.TargetTrigger) }

// Node names a job or a trigger: their ids may be the same.
type Node struct {
	Trigger bool
	ID      int64
}

// String names the node: "trigger 1", "job 2".
func (n Node) String() string {
	if n.Trigger {
		return fmt.Sprintf("trigger %d", n.ID)
	}
	return fmt.Sprintf("job %d", n.ID)
}

func node(job, trigger int64) Node {
	if job == 0 && trigger != 0 {
		return Node{Trigger: true, ID: trigger}
	}
	return Node{ID: job}
}

// Trigger is what starts the playbook.
type Trigger struct {
	ID                int64        `json:"id"`
	Name              string       `json:"name"`
	Type              string       `json:"type"`      // UserAction, HttpLink, Timer, MultipleIndicator, URL, Document …
	EventType         string       `json:"eventType"` // External, Create, AddTag …
	Active            *bool        `json:"active"`
	X                 float64      `json:"locationLeft"`
	Y                 float64      `json:"locationTop"`
	AnyOrg            bool         `json:"anyOrg"`
	Organizations     []string     `json:"organizationNames"` // the owners it watches
	UserActionTypes   string       `json:"userActionTypes"`   // "Address,Host"
	Filters           []Filter     `json:"playbookTriggerFilterList"`
	OrFilters         bool         `json:"orFilters"`       // one of the filters is enough
	OutputVariables   EmbeddedJSON `json:"outputVariables"` // the variables that a job reads
	InputParams       EmbeddedJSON `json:"pipeInputParams"` // a component's inputs
	OutputParams      EmbeddedJSON `json:"pipeOutputParams"`
	RunAsUser         EmbeddedJSON `json:"overrideRunAsUser"`
	BasicAuthUsername string       `json:"httpBasicAuthUsername"` // the 2018 generation has these, in clear
	BasicAuthPassword string       `json:"httpBasicAuthPassword"`
	ResponseHeader    EmbeddedJSON `json:"httpResponseHeader"`
	ResponseBody      EmbeddedJSON `json:"httpResponseBody"`
}

// Filter narrows what a trigger fires for.
type Filter struct {
	Field    string       `json:"fieldType"`
	Operator string       `json:"operatorType"`
	Value    EmbeddedJSON `json:"value"`
}

// ScopeVariable is a variable of the whole playbook, #Global:0:gbl.<lower name>.
type ScopeVariable struct {
	Name  string       `json:"name"`
	Value EmbeddedJSON `json:"value"`
	Type  string       `json:"dataType"`
}

// Output is a variable that a job or a trigger sets.
type Output struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// EmbeddedJSON is text that usually holds JSON: the export writes lists as
// strings. A list or a number that stands there itself is taken as its JSON.
type EmbeddedJSON string

// UnmarshalJSON takes a string, null, or any JSON value.
func (e *EmbeddedJSON) UnmarshalJSON(data []byte) error {
	switch {
	case string(data) == "null":
		*e = ""
	case len(data) > 0 && data[0] == '"':
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		*e = EmbeddedJSON(text)
	default:
		*e = EmbeddedJSON(data)
	}
	return nil
}

// decode reads the JSON inside into value; empty text leaves it as it is.
func (e EmbeddedJSON) decode(value any) error {
	if strings.TrimSpace(string(e)) == "" {
		return nil
	}
	return json.Unmarshal([]byte(e), value)
}

// Outputs reads a list of outputs: none when empty.
func (e EmbeddedJSON) Outputs() ([]Output, error) {
	var outputs []Output
	err := e.decode(&outputs)
	return outputs, err
}

// Names reads a list of names: none when empty.
func (e EmbeddedJSON) Names() ([]string, error) {
	var names []string
	err := e.decode(&names)
	return names, err
}

// Value is the value of a param, empty when it is not set.
func (j *Job) Value(param string) string {
	for _, p := range j.Params {
		if p.Name == param {
			return p.Value
		}
	}
	return ""
}

// Variables lists the playbook variables in the job's params: as often and in
// the order they stand there.
func (j *Job) Variables() []variable.Variable {
	var all []variable.Variable
	for _, p := range j.Params {
		all = append(all, variables(p.Value)...)
	}
	return all
}

// Variables lists the playbook variables that the trigger's response reads.
func (t *Trigger) Variables() []variable.Variable {
	var all []variable.Variable
	for _, text := range []EmbeddedJSON{t.OutputParams, t.ResponseHeader, t.ResponseBody} {
		all = append(all, variables(string(text))...)
	}
	return all
}

func variables(text string) []variable.Variable {
	var found []variable.Variable
	for _, segment := range variable.Split(text) {
		if segment.Variable != nil {
			found = append(found, *segment.Variable)
		}
	}
	return found
}

// IsActive reports whether the job runs: a job can be switched off on the canvas.
func (j *Job) IsActive() bool { return j.Active == nil || *j.Active }
