package platform

import (
	"fmt"
	"slices"
	"strings"

	"tcsns/internal/dev/pbx"
)

// Reference is a place in a playbook that names a variable of the organization
// or of a user, ${ORGANIZATION:KEYCHAIN:name}: an export holds the name, never
// the value.
type Reference struct {
	Text  string // as written
	Kind  string // TEXT, KEYCHAIN or FILE
	Name  string // what comes after the kind
	Job   string // the job's name
	Param string // the param's name
	Whole bool   // the param's value is the reference and nothing else
}

// Secret reports whether the value must not be shown.
func (r Reference) Secret() bool { return r.Kind == "KEYCHAIN" }

// UnsetError is references that nothing gives a value to.
type UnsetError struct{ References []Reference }

// Error names each of them.
func (e *UnsetError) Error() string {
	lines := make([]string, len(e.References))
	for i, r := range e.References {
		lines[i] = fmt.Sprintf("%s (%s of %q)", r.Text, r.Param, r.Job)
	}
	return "run playbook: no value here for " + strings.Join(lines, ", ")
}

// span is a reference and where it stands in a text.
type span struct {
	start, end int
	Reference
}

// references finds the references in a text, from left to right. ${…} without
// one of the three kinds is ordinary text.
func references(text string) []span {
	var found []span
	for at := 0; ; {
		start := strings.Index(text[at:], "${")
		if start < 0 {
			return found
		}
		start += at
		length := strings.IndexAny(text[start+2:], "}${")
		if length < 0 {
			return found
		}
		end := start + 2 + length
		if text[end] != '}' {
			at = start + 2
			continue
		}
		at = end + 1
		words := strings.Split(text[start+2:end], ":")
		kind := slices.IndexFunc(words, func(w string) bool { return w == "TEXT" || w == "KEYCHAIN" || w == "FILE" })
		if kind < 0 || kind == len(words)-1 {
			continue
		}
		found = append(found, span{start, at, Reference{
			Text: text[start:at], Kind: words[kind], Name: strings.Join(words[kind+1:], ":"),
			Whole: start == 0 && at == len(text),
		}})
	}
}

// resolveReferences replaces the references of a job's param by runtime
// variables, &{TC:TEXT:…}, as the platform does, and makes them known to the
// API. shown is the text with the values in their place, those of secrets
// masked; unset lists what look has no value for.
func resolveReferences(job *pbx.Job, param, text string, look func(Reference) (string, bool), api *API) (passed, shown string, secrets []string, unset []Reference) {
	var toApp, toPerson strings.Builder
	at := 0
	for _, s := range references(text) {
		r := s.Reference
		r.Job, r.Param = job.Name, param
		toApp.WriteString(text[at:s.start])
		toPerson.WriteString(text[at:s.start])
		at = s.end
		value, ok := look(r)
		switch {
		case !ok:
			unset = append(unset, r)
			continue
		case value == "" && r.Whole:
			continue // as if the author had left the param empty
		case r.Secret():
			secrets = append(secrets, value)
			toPerson.WriteString(masked)
		default:
			toPerson.WriteString(value)
		}
		toApp.WriteString(api.SetVariable(r.Kind, []byte(value)))
	}
	toApp.WriteString(text[at:])
	toPerson.WriteString(text[at:])
	return toApp.String(), toPerson.String(), secrets, unset
}

// masked is what a secret shows as.
const masked = "***"
