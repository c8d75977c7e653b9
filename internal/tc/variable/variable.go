// Package variable is the grammar of playbook variables and ThreatConnect variables: pure.
package variable

// Namespace is who set a playbook variable: App, Global or Trigger.
type Namespace string

const (
	App     Namespace = "App"
	Global  Namespace = "Global"
	Trigger Namespace = "Trigger"
)

// Type is the type of a playbook variable; custom types (TCBatch) are any other text.
type Type string

const (
	String                Type = "String"
	StringArray           Type = "StringArray"
	Binary                Type = "Binary"
	BinaryArray           Type = "BinaryArray"
	KeyValue              Type = "KeyValue"
	KeyValueArray         Type = "KeyValueArray"
	TCEntity              Type = "TCEntity"
	TCEntityArray         Type = "TCEntityArray"
	TCEnhancedEntity      Type = "TCEnhancedEntity"
	TCEnhancedEntityArray Type = "TCEnhancedEntityArray"
)

// Variable is a playbook variable: #App:1234:sns.debug!String.
type Variable struct {
	Namespace Namespace
	JobID     string // digits
	Name      string
	Type      Type // as written; compare with Is
}

// Key is the variable as the key-value store knows it: its full text.
func (v Variable) Key() string { panic("TODO(variable)") }

// Parse reads a text that is one playbook variable and nothing else (white
// space around it is trimmed).
func Parse(text string) (Variable, bool) { panic("TODO(variable)") }

// TC is a ThreatConnect variable: &{TC:KEYCHAIN:name}.
type TC struct {
	Provider string // TC or Vault
	Kind     string // TEXT, KEYCHAIN or FILE
	Name     string
}

// String is the variable as written.
func (v TC) String() string { panic("TODO(variable)") }

// ParseTC reads a text that is one ThreatConnect variable and nothing else.
func ParseTC(text string) (TC, bool) { panic("TODO(variable)") }

// Segment is a piece of a text with embedded variables: exactly one of the fields is set.
type Segment struct {
	Literal  string
	Variable *Variable
	TC       *TC
}

// Split cuts text into literals and variables, in one left-to-right pass, in linear time.
func Split(text string) []Segment { panic("TODO(variable)") }
