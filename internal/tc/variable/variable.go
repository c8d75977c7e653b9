// Package variable is the grammar of ThreatConnect's two kinds of variables,
// as CONTRACT §3 gives it: pure, by hand (Go's regexp has no lookahead, and
// its compilation would cost every run), in linear time on any input.
//
//	#App:1234:sns.debug!String     a playbook variable, in the key-value store
//	#{App:1234:sns.debug}!String   the same, embedded in a text
//	#App:1234:sns.debug            the same, embedded without a type: a String
//	&{TC:KEYCHAIN:name}            a ThreatConnect variable, on the platform
//
// It differs from TcEx in two places, on purpose. Braces are taken in pairs
// or not at all, and a ThreatConnect variable always has them: TcEx's pattern
// has each optional by itself, so that it eats the closing brace of
// {"ip": #App:1:ip}. And a job id is always a number, also in an embedded
// variable without a type.
package variable

import "strings"

// Namespace is who set a playbook variable: App, Global or Trigger.
type Namespace string

// The namespaces of playbook variables.
const (
	App     Namespace = "App"     // a job of the playbook
	Global  Namespace = "Global"  // the playbook itself
	Trigger Namespace = "Trigger" // what started it
)

// Type is the type of a playbook variable; custom types (TCBatch) are any
// other text of letters, digits, "_" and "-".
type Type string

// The standard types.
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

// Is reports whether two types are the same, without regard to case, as TcEx
// compares them.
func (t Type) Is(other Type) bool { return strings.EqualFold(string(t), string(other)) }

// Variable is a playbook variable: #App:1234:sns.debug!String.
type Variable struct {
	Namespace Namespace
	JobID     string // digits, as written
	Name      string
	Type      Type // as written; compare with [Type.Is]
}

// Key is the variable as the key-value store knows it: its full text.
func (v Variable) Key() string {
	return "#" + string(v.Namespace) + ":" + v.JobID + ":" + v.Name + "!" + string(v.Type)
}

// String is [Variable.Key].
func (v Variable) String() string { return v.Key() }

// TC is a ThreatConnect variable: &{TC:KEYCHAIN:name}.
type TC struct {
	Provider string // TC or Vault
	Kind     string // TEXT, KEYCHAIN or FILE
	Name     string
}

// String is the variable as written.
func (v TC) String() string { return "&{" + v.Provider + ":" + v.Kind + ":" + v.Name + "}" }

// Secret reports whether the variable's value is a secret: KEYCHAIN, and
// whatever a Vault holds.
func (v TC) Secret() bool { return v.Kind == "KEYCHAIN" || v.Provider == "Vault" }

// Parse reads a text that is one playbook variable and nothing else. White
// space around it is trimmed: exports carry variables with a trailing space.
//
// Where [Split] finds String in #App:1:x!StringFoo and leaves Foo, Parse finds
// nothing: a custom type does not begin with the name of a standard one.
func Parse(text string) (Variable, bool) {
	text = strings.TrimSpace(text)
	c := cursor{text: text}
	if !c.word("#") {
		return Variable{}, false
	}
	v, ok := c.reference()
	if !ok || !c.word("!") {
		return Variable{}, false
	}
	v.Type = Type(text[c.at:])
	if !v.Type.standard() && !v.Type.custom() {
		return Variable{}, false
	}
	return v, true
}

// ParseTC reads a text that is one ThreatConnect variable and nothing else.
// White space around it is trimmed.
func ParseTC(text string) (TC, bool) {
	c := cursor{text: strings.TrimSpace(text)}
	v, ok := c.tc()
	if !ok || c.at != len(c.text) {
		return TC{}, false
	}
	return v, true
}
