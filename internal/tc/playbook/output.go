package playbook

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"maps"
	"slices"

	"tcsns/internal/tc/kvstore"
	"tcsns/internal/tc/variable"
)

// SetString sets a String output. Setting an output again replaces it; one
// that the playbook does not ask for is dropped.
func (p *Playbook) SetString(name, value string) { p.set(name, variable.String, value) }

// SetStringArray sets a StringArray output; a nil element is a null in it. A
// nil slice is no output, an empty one the empty list.
func (p *Playbook) SetStringArray(name string, values []*string) {
	if values == nil {
		p.Unset(name, variable.StringArray)
		return
	}
	p.set(name, variable.StringArray, values)
}

// SetBinary sets a Binary output: base64 in the store. nil is no output.
func (p *Playbook) SetBinary(name string, value []byte) {
	if value == nil {
		p.Unset(name, variable.Binary)
		return
	}
	p.set(name, variable.Binary, base64.StdEncoding.EncodeToString(value))
}

// SetBinaryArray sets a BinaryArray output; a nil element is a null in it. A
// nil slice is no output.
func (p *Playbook) SetBinaryArray(name string, values [][]byte) {
	if values == nil {
		p.Unset(name, variable.BinaryArray)
		return
	}
	p.set(name, variable.BinaryArray, values) // encoding/json writes []byte as base64, and nil as null
}

// SetKeyValue sets a KeyValue output.
func (p *Playbook) SetKeyValue(name string, value KeyValue) {
	p.set(name, variable.KeyValue, value)
}

// SetKeyValueArray sets a KeyValueArray output. A nil slice is no output.
func (p *Playbook) SetKeyValueArray(name string, values []KeyValue) {
	if values == nil {
		p.Unset(name, variable.KeyValueArray)
		return
	}
	p.set(name, variable.KeyValueArray, values)
}

// SetTCEntity sets a TCEntity output.
func (p *Playbook) SetTCEntity(name string, value Entity) {
	p.set(name, variable.TCEntity, value)
}

// SetTCEntityArray sets a TCEntityArray output. A nil slice is no output.
func (p *Playbook) SetTCEntityArray(name string, values []Entity) {
	if values == nil {
		p.Unset(name, variable.TCEntityArray)
		return
	}
	p.set(name, variable.TCEntityArray, values)
}

// SetRaw sets an output of any type to bytes that are serialised already: a
// TCEnhancedEntity, a TCBatch or a type of one's own. nil is no output.
func (p *Playbook) SetRaw(name string, t variable.Type, value []byte) {
	if value == nil {
		p.Unset(name, t)
		return
	}
	if r, ok := p.find(name, t); ok {
		p.put(r, bytes.Clone(value))
	}
}

// Unset takes an output back: the platform knows null as absence.
func (p *Playbook) Unset(name string, t variable.Type) {
	if r, ok := p.find(name, t); ok {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.outputs, r.key)
	}
}

// set encodes a value that the playbook asks for.
func (p *Playbook) set(name string, t variable.Type, value any) {
	if r, ok := p.find(name, t); ok {
		p.put(r, encode(value))
	}
}

func (p *Playbook) put(r requested, value []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.outputs[r.key] = kvstore.Entry{Key: r.key, Value: value}
}

// Pending is the number of outputs that [Playbook.Write] would write.
func (p *Playbook) Pending() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.outputs)
}

// Ready makes sure that the store answers, before an App does what cannot be
// undone and whose outcome it could then not hand back: where an output is
// pending and nothing was read yet, it reads one.
func (p *Playbook) Ready(ctx context.Context) error {
	p.mu.Lock()
	pending, read := "", p.read
	for pending = range p.outputs { // any of them
		break
	}
	p.mu.Unlock()
	if read || pending == "" {
		return nil
	}
	if _, err := p.store.Get(ctx, pending); err != nil {
		return &Error{Op: "reach the store of the outputs", Err: err}
	}
	p.answered()
	return nil
}

// answered notes that the store has answered.
func (p *Playbook) answered() {
	p.mu.Lock()
	p.read = true
	p.mu.Unlock()
}

// Write writes the outputs that are set and requested, as one Put; without
// any it does not touch the store. nil means that all of them are stored,
// which TcEx does not tell.
func (p *Playbook) Write(ctx context.Context) error {
	p.mu.Lock()
	entries := slices.SortedFunc(maps.Values(p.outputs), func(a, b kvstore.Entry) int { return cmp.Compare(a.Key, b.Key) })
	p.mu.Unlock()
	if len(entries) == 0 {
		return nil
	}
	if err := p.store.Put(ctx, entries...); err != nil {
		return &Error{Op: "write the outputs", Err: err}
	}
	return nil
}

// encode returns v as JSON: compact, and without the HTML escapes of
// encoding/json, which no other framework writes. The types of this package
// always encode; text that is no UTF-8 gets replacement characters.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return []byte("null") // a KeyValue that holds a channel or the like
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
