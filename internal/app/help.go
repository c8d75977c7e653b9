package app

import (
	"encoding/json"
	"fmt"
	"strings"

	"tcsns"
)

// definition is what the App takes from install.json.
type definition struct {
	DisplayName    string `json:"displayName"`
	ProgramVersion string `json:"programVersion"`
	Params         []struct {
		Name, Label, Note string
		Default           any
		Required, Encrypt bool
		ValidValues       []string
	} `json:"params"`
	Playbook struct {
		OutputVariables []struct{ Name, Type, Note string } `json:"outputVariables"`
	} `json:"playbook"`
}

// install reads install.json, which is compiled in, for --help; tests hold it
// to the code.
func install() definition {
	var d definition
	if err := json.Unmarshal(tcsns.InstallJSON, &d); err != nil {
		panic("install.json: " + err.Error()) // a build that cannot work; the tests read it
	}
	return d
}

// help answers --help, for a person who starts the App by hand; also among
// other arguments, where it is not what a parameter holds.
func help(args []string) (text string, ok bool) {
	if n := len(args); n > 1 && (args[0] == "--help" || args[n-1] == "--help" && !awaitsValue(args[n-2])) {
		args = []string{"--help"}
	}
	if len(args) != 1 {
		return "", false
	}
	switch args[0] {
	case "--help", "-help", "-h", "help":
		return usage(install()), true
	}
	return "", false
}

// awaitsValue reports whether the argument behind arg is what arg's parameter
// holds: --name, but not --name=value.
func awaitsValue(arg string) bool {
	return strings.HasPrefix(arg, "--") && !strings.Contains(arg, "=")
}

// usage is the text of --help.
func usage(d definition) string {
	var b strings.Builder
	fmt.Fprintf(&b, `tcsns %s: the ThreatConnect Playbook App %q.

It publishes an indicator as one formatted message to an Amazon SNS topic, and
hands the MessageID, or what went wrong, back to the playbook as sns.debug.

ThreatConnect starts it. To see it work without ThreatConnect and without AWS:
  tcdev run
To run it by hand, pass the inputs as --name value; secrets are better passed
in the environment, as TC_ and the name in capitals (not both at once):
  tcsns --topic_arn arn:aws:sns:us-east-1:123456789012:alerts --address 203.0.113.7 \
        --tc_out_path . --tc_log_path .
The result is in message.tc, the log in app.log; outputs go to the key-value
store where tc_playbook_out_variables asks for them.

Inputs (* required):
`, d.ProgramVersion, d.DisplayName)
	for _, p := range d.Params {
		mark := " "
		if p.Required {
			mark = "*"
		}
		fmt.Fprintf(&b, "%s %s\n", mark, p.Name)
		note := p.Note
		if p.Default != nil && p.Default != "" {
			note += fmt.Sprintf(" Default: %v.", p.Default)
		}
		wrap(&b, "      ", note)
	}
	b.WriteString("\nOutputs:\n")
	for _, o := range d.Playbook.OutputVariables {
		fmt.Fprintf(&b, "  %s (%s)\n", o.Name, o.Type)
		wrap(&b, "      ", o.Note)
	}
	b.WriteString(`
Exit codes:
  0  done
  1  failed; running it again may mend it and delivers nothing twice
  4  failed; do not run it again before reading sns.debug or message.tc
`)
	return b.String()
}

// wrap writes text in lines of at most 80 columns.
func wrap(b *strings.Builder, indent, text string) {
	const columns = 80
	line := indent
	for _, word := range strings.Fields(text) {
		if len(line)+len(word)+1 > columns && line != indent {
			b.WriteString(line + "\n")
			line = indent
		}
		if line != indent {
			line += " "
		}
		line += word
	}
	if line != indent {
		b.WriteString(line + "\n")
	}
}
