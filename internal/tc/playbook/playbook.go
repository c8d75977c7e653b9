// Package playbook reads and writes the variables of a playbook run, typed.
//
// The rules it keeps:
//   - All variables of all inputs are one read of the key-value store, and one
//     more for those that KeyValue and KeyValueArray values refer to.
//   - What comes out of the store is data and is never expanded again, with
//     the exception of the values of KeyValue and KeyValueArray, one level
//     deep, and with ThreatConnect variables only in what an App stores. TcEx
//     expands every String once more, so that a hostile indicator can pull a
//     keychain value into a text.
//   - Unset is a value ([Value.IsUnset]), never an error; a store that cannot
//     answer, or bytes that are not what their type says, are errors that name
//     the input, never "unset".
//   - Only requested outputs are written, all of them at once, null never.
package playbook

import (
	"context"
	"strings"
	"sync"

	"tcsns/internal/tc/kvstore"
	"tcsns/internal/tc/secret"
	"tcsns/internal/tc/variable"
)

// TCVariables reads ThreatConnect variables; [api.Client] does.
type TCVariables interface {
	// RuntimeVariable returns the variable's text, or the bytes of a FILE. Its
	// error names the variable.
	RuntimeVariable(ctx context.Context, v variable.TC) ([]byte, error)
}

// Options is what a Playbook works on.
type Options struct {
	Store     kvstore.Store // where the playbook's variables are; used only when there is something to read or write
	TC        TCVariables   // asked only when an input holds a ThreatConnect variable; nil: such a variable is an error
	Requested []string      // tc_playbook_out_variables, as listed
	Mask      *secret.Mask  // learns every keychain value; may be nil
}

// Playbook is the variables of one run. It is safe for concurrent use.
type Playbook struct {
	store     kvstore.Store
	tc        TCVariables
	mask      *secret.Mask
	requested []requested

	mu      sync.Mutex
	read    bool                     // the store has answered
	outputs map[string]kvstore.Entry // by the requested variable's key, as listed
}

// requested is one variable of tc_playbook_out_variables.
type requested struct {
	variable.Variable
	key string // as listed: what the platform reads back
}

// New returns the variables of a run. It does not touch the network. What is
// no playbook variable among the requested outputs is passed over.
func New(o Options) *Playbook {
	p := &Playbook{store: o.Store, tc: o.TC, mask: o.Mask, outputs: map[string]kvstore.Entry{}}
	for _, text := range o.Requested {
		if v, ok := variable.Parse(text); ok {
			p.requested = append(p.requested, requested{v, text})
		}
	}
	return p
}

// JobID is the id of this App's job in the playbook, as the requested outputs
// tell it; "" without any.
func (p *Playbook) JobID() string {
	for _, r := range p.requested {
		if r.Namespace == variable.App {
			return r.JobID
		}
	}
	return ""
}

// Requested reports whether the playbook asks for the output, by name and
// type, in any case.
func (p *Playbook) Requested(name string, t variable.Type) bool {
	_, ok := p.find(name, t)
	return ok
}

// find returns the first requested variable of that name and type.
func (p *Playbook) find(name string, t variable.Type) (requested, bool) {
	for _, r := range p.requested {
		if strings.EqualFold(r.Name, name) && r.Type.Is(t) {
			return r, true
		}
	}
	return requested{}, false
}
