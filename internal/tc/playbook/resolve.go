package playbook

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"tcsns/internal/tc/exit"
	"tcsns/internal/tc/variable"
)

// Input is a parameter that may hold variables.
type Input struct {
	Param string // its name, for errors
	Raw   any    // as param.Set.Raw returns it: nil, string, bool, json.Number, []any or map[string]any
}

// Resolve resolves the variables of all inputs together: one read of the
// store for all playbook variables, one more for those that KeyValues refer
// to, ThreatConnect variables side by side over the API.
//
// The error joins every problem, each naming its input: a [param.Error] for a
// value that is not what its type says, the store's or the API's own error
// wrapped. The inputs without a problem are in the Values even then, unless the
// store did not answer.
func (p *Playbook) Resolve(ctx context.Context, inputs ...Input) (Values, error) {
	r := newResolution(p)
	nodes := make([]node, len(inputs))
	for i, input := range inputs {
		nodes[i] = r.plan(input.Param, input.Raw)
	}
	return r.resolve(ctx, inputs, nodes)
}

// Read resolves one text: a variable, or a text with embedded ones. As in
// TcEx, `\s` in it is a space and `\\s` is `\s`; in a scalar input of
// [Playbook.Resolve] it is neither.
func (p *Playbook) Read(ctx context.Context, text string) (Value, error) {
	r := newResolution(p)
	values, err := r.resolve(ctx, []Input{{Param: text}}, []node{r.planText(text, text, true)})
	return values[text], err
}

// node is an input, or a part of one, before its variables are read. Exactly
// one of its fields but rows is set; rows stands beside the others, for a text
// that is also a KeyValueList.
type node struct {
	literal  any // no variable in it
	variable *variable.Variable
	tc       *variable.TC
	text     []variable.Segment
	spaces   bool // text's literals have their \s replaced
	list     []node
	rows     []row
	paired   bool
}

// row is a KeyValue before the variables in its value are read.
type row struct {
	fields map[string]any
	value  node
}

// stored is a playbook variable's value.
type stored struct {
	variable variable.Variable
	data     any
	err      error
	rows     []row // its KeyValues, where their values are to be resolved too
	paired   bool
}

var errNoAPI = &exit.Error{
	Text: "ThreatConnect variables cannot be read without the platform's API",
	Fix:  "map a playbook variable, or write the value itself",
}

// fetched is a ThreatConnect variable's value.
type fetched struct {
	variable variable.TC
	data     any
	err      error
}

// resolution is the work of one Resolve.
type resolution struct {
	p       *Playbook
	stored  map[string]*stored
	fetched map[string]*fetched
	pending []string   // keys to read next
	tc      []*fetched // to read next
	params  []string   // the inputs with playbook variables, for errors
}

func newResolution(p *Playbook) *resolution {
	return &resolution{p: p, stored: map[string]*stored{}, fetched: map[string]*fetched{}}
}

// plan finds the variables of an input and notes what must be read.
func (r *resolution) plan(name string, raw any) node {
	switch raw := raw.(type) {
	case string:
		n := r.planText(name, raw, false)
		if rows, ok := literalRows(raw); ok {
			n.rows, n.paired = r.planRows(name, rows, false), true
		}
		return n
	case []any:
		if rows, ok := rowsOf(raw); ok && len(raw) > 0 {
			return node{literal: raw, rows: r.planRows(name, rows, false), paired: true}
		}
		n := node{list: make([]node, len(raw))}
		for i, element := range raw {
			if text, ok := element.(string); ok {
				n.list[i] = r.planText(name, text, true)
			} else {
				n.list[i] = node{literal: element}
			}
		}
		return n
	case map[string]any:
		if rows, ok := rowsOf(raw); ok {
			return node{literal: raw, rows: r.planRows(name, rows, false), paired: true}
		}
	}
	return node{literal: raw}
}

func (r *resolution) planText(name, text string, withSpaces bool) node {
	if v, ok := variable.ParseTC(text); ok {
		r.needTC(v)
		return node{tc: &v}
	}
	if v, ok := variable.Parse(text); ok {
		r.need(name, v)
		return node{variable: &v}
	}
	var segments []variable.Segment
	if strings.ContainsAny(text, "#&") {
		segments = variable.Split(text)
	}
	embedded := false
	for _, s := range segments {
		switch {
		case s.Variable != nil:
			r.need(name, *s.Variable)
		case s.TC != nil:
			r.needTC(*s.TC)
		default:
			continue
		}
		embedded = true
	}
	if embedded {
		return node{text: segments, spaces: withSpaces}
	}
	if withSpaces {
		text = spaces(text)
	}
	return node{literal: text}
}

// planRows finds the variables in the values of KeyValues. In those of a
// trigger or a global, which may be from outside, a value with a ThreatConnect
// variable is data: whoever calls an HttpLink trigger writes its header and query
// parameters, KeyValueArrays both, and could else pull a keychain value into a
// text. What a playbook author writes is in the parameter itself, or stored
// for the App (CONTRACT §1).
func (r *resolution) planRows(name string, fields []map[string]any, outside bool) []row {
	rows := make([]row, len(fields))
	for i, f := range fields {
		rows[i] = row{fields: f, value: node{literal: f["value"]}}
		if text, ok := f["value"].(string); ok && !(outside && holdsTC(text)) {
			rows[i].value = r.planText(name, text, false)
		}
	}
	return rows
}

func holdsTC(text string) bool {
	return slices.ContainsFunc(variable.Split(text), func(s variable.Segment) bool { return s.TC != nil })
}

func (r *resolution) need(name string, v variable.Variable) {
	key := v.Key()
	if _, ok := r.stored[key]; !ok {
		r.stored[key] = &stored{variable: v}
		r.pending = append(r.pending, key)
	}
	if len(r.params) == 0 || r.params[len(r.params)-1] != name && !slices.Contains(r.params, name) {
		r.params = append(r.params, name)
	}
}

func (r *resolution) needTC(v variable.TC) {
	key := v.String()
	if _, ok := r.fetched[key]; !ok {
		f := &fetched{variable: v}
		r.fetched[key] = f
		r.tc = append(r.tc, f)
	}
}

// resolve reads what is noted, then what the KeyValues among it refer to, and
// puts the values together.
func (r *resolution) resolve(ctx context.Context, inputs []Input, nodes []node) (Values, error) {
	keys := r.pending
	if err := r.read(ctx); err != nil {
		return nil, err
	}
	for _, key := range keys {
		s := r.stored[key]
		if s.err != nil || s.data == nil || !s.variable.Type.Is(variable.KeyValue) && !s.variable.Type.Is(variable.KeyValueArray) {
			continue
		}
		if rows, ok := rowsOf(s.data); ok {
			s.rows, s.paired = r.planRows(key, rows, s.variable.Namespace != variable.App), true
		}
	}
	if err := r.read(ctx); err != nil {
		return nil, err
	}

	values := make(Values, len(inputs))
	var problems []error
	for i, input := range inputs {
		v, err := r.value(input.Param, nodes[i])
		if err != nil {
			problems = append(problems, err)
			continue
		}
		values[input.Param] = v
	}
	return values, errors.Join(problems...)
}

// read reads everything pending: the store and the API at the same time.
func (r *resolution) read(ctx context.Context) error {
	keys, tc := r.pending, r.tc
	r.pending, r.tc = nil, nil

	var wait sync.WaitGroup
	r.readTC(ctx, &wait, tc)
	err := r.readStore(ctx, keys)
	wait.Wait()
	return err
}

func (r *resolution) readStore(ctx context.Context, keys []string) error {
	if len(keys) == 0 {
		return nil
	}
	values, err := r.p.store.Get(ctx, keys...)
	if err == nil && len(values) != len(keys) {
		err = fmt.Errorf("the store returned %d values for %d keys", len(values), len(keys))
	}
	if err != nil {
		what := r.params[0]
		if more := len(r.params) - 1; more > 0 {
			what += fmt.Sprintf(" and %d more", more)
		}
		return &Error{Op: "resolve " + what, Err: err}
	}
	r.p.answered()
	for i, key := range keys {
		s := r.stored[key]
		s.data, s.err = decodeTyped(s.variable.Type, values[i])
	}
	return nil
}

// parallel bounds the requests to the platform at one time. A run has a
// handful of ThreatConnect variables; a list could have hundreds.
const parallel = 8

func (r *resolution) readTC(ctx context.Context, wait *sync.WaitGroup, pending []*fetched) {
	work := make(chan *fetched, len(pending))
	for _, f := range pending {
		work <- f
	}
	close(work)
	for range min(parallel, len(pending)) {
		wait.Go(func() {
			for f := range work {
				r.fetch(ctx, f)
			}
		})
	}
}

func (r *resolution) fetch(ctx context.Context, f *fetched) {
	if r.p.tc == nil {
		f.err = errNoAPI
		return
	}
	data, err := r.p.tc.RuntimeVariable(ctx, f.variable)
	if f.variable.Secret() {
		hide(r.p.mask, string(data))
	}
	switch {
	case err != nil:
		f.err = err
	case data == nil:
	case f.variable.Kind == "FILE":
		f.data = data
	default:
		f.data = string(data)
	}
}
