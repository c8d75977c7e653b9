package platform

import (
	"encoding/json"
	"time"
)

// Outcome is how a playbook ended.
type Outcome string

const (
	Passed     Outcome = "passed"     // every App on the path passed
	Handled    Outcome = "handled"    // an App failed, and the playbook went on along its Fail path
	Failed     Outcome = "failed"     // an App failed, and nothing is connected to its Fail side
	Incomplete Outcome = "incomplete" // the path led to an App that is not available here
)

// Status is what became of a job.
type Status string

// The statuses of a job.
const (
	StatusRunning     Status = "running"
	StatusPassed      Status = "passed"
	StatusFailed      Status = "failed"
	StatusUnavailable Status = "not available here" // the App is not ours to run
	StatusInactive    Status = "switched off"
	StatusNotReached  Status = "not reached"
)

// Millis is a duration that JSON has in milliseconds.
type Millis time.Duration

// MarshalJSON writes milliseconds, to the microsecond.
func (m Millis) MarshalJSON() ([]byte, error) {
	return json.Marshal(float64(time.Duration(m).Microseconds()) / 1000)
}

// Report is one run of a playbook. It holds no secret.
type Report struct {
	Playbook    string       `json:"playbook"`
	Event       string       `json:"event"` // "Address created"
	Trigger     string       `json:"trigger"`
	TriggerType string       `json:"trigger_type"` // type and event type: "Address Create"
	Variables   []Variable   `json:"variables"`    // what the trigger set
	Unset       []string     `json:"unset,omitempty"`
	Session     string       `json:"session"`          // the session's id, also its context in the store
	Folder      string       `json:"folder,omitempty"` // the session's folder, where it is kept
	Jobs        []*JobReport `json:"jobs"`             // those that the playbook came to, in order
	NotReached  []string     `json:"not_reached"`      // names of the others
	Outcome     Outcome      `json:"outcome"`
	Interrupted bool         `json:"interrupted,omitempty"` // ctx ended before the playbook did
	Duration    Millis       `json:"milliseconds"`
}

// JobReport is one App of the playbook.
type JobReport struct {
	ID        int64      `json:"id"`
	Name      string     `json:"name"`
	Program   string     `json:"program"` // programName
	App       string     `json:"app"`     // displayName
	Status    Status     `json:"status"`
	Command   []string   `json:"command,omitempty"` // what was started
	Params    []Param    `json:"params,omitempty"`  // what the playbook's author filled in
	Requested []string   `json:"requested,omitempty"`
	ExitCode  *int       `json:"exit_code,omitempty"` // nil: nothing was started, or a signal ended it
	Signal    string     `json:"signal,omitempty"`
	Message   string     `json:"message,omitempty"` // the exit message, or the Logger's line
	Level     string     `json:"level,omitempty"`   // the Logger's
	Outputs   []Variable `json:"outputs,omitempty"`
	Retry     *Retry     `json:"retry,omitempty"`
	Remarks   []string   `json:"remarks,omitempty"` // what the contract asks of an App and this one did not do
	Stderr    string     `json:"stderr,omitempty"`
	Log       []string   `json:"log,omitempty"`      // app.log, line by line
	LogFile   string     `json:"log_file,omitempty"` // where the session's folder is kept
	Duration  Millis     `json:"milliseconds"`
	CPU       Millis     `json:"cpu_milliseconds,omitempty"`
}

// Output returns the text of an output by its name, "" when it was not written.
func (j *JobReport) Output(name string) string {
	for _, v := range j.Outputs {
		if v.Name == name {
			return v.Text()
		}
	}
	return ""
}

// Param is one input of a job.
type Param struct {
	Name    string `json:"name"`
	Written string `json:"written"`          // as the playbook has it
	Value   string `json:"value"`            // with its references and variables resolved
	Set     bool   `json:"set,omitempty"`    // by [Options.Set], not by the playbook
	Secret  bool   `json:"secret,omitempty"` // Written and Value are masked
}

// Retry is what the platform would do after a failure that may be tried again.
// Run does not do it: it would have to wait.
type Retry struct {
	DelayMinutes int `json:"delay_minutes"`
	Max          int `json:"max"`
}
