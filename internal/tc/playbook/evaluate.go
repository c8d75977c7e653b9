package playbook

import (
	"errors"
	"strings"

	"tcsns/internal/tc/param"
	"tcsns/internal/tc/variable"
)

// value puts an input together from what was read.
func (r *resolution) value(name string, n node) (Value, error) {
	v := Value{param: name, mask: r.p.mask}
	if n.variable != nil {
		v.typ, v.key = n.variable.Type, n.variable.Key()
	}
	e := evaluation{r: r, param: name, nested: true}
	v.data = e.data(n)
	rows, paired := n.rows, n.paired
	if n.variable != nil {
		s := r.stored[v.key]
		rows, paired = s.rows, s.paired
	}
	if paired {
		inner := evaluation{r: r, param: name, nested: n.variable == nil}
		for _, row := range rows {
			v.pairs = append(v.pairs, inner.pair(row))
		}
		v.paired = true
		e.secret = e.secret || inner.secret
		e.err = inner.err // what e met, inner met again
	}
	v.secret = e.secret
	return v, e.err
}

// evaluation computes the data of nodes for one input.
type evaluation struct {
	r      *resolution
	param  string
	nested bool // the values of stored KeyValues are resolved: false within them
	secret bool
	err    error
}

func (e *evaluation) data(n node) any {
	switch {
	case n.variable != nil:
		return e.variable(*n.variable)
	case n.tc != nil:
		return e.tc(*n.tc)
	case n.text != nil:
		return e.text(n)
	case n.list != nil:
		list := make([]any, 0, len(n.list))
		for _, element := range n.list {
			data := e.data(element)
			if many, ok := data.([]any); ok && element.variable != nil {
				list = append(list, many...) // a list within a list is its elements
				continue
			}
			list = append(list, data)
		}
		return list
	}
	return n.literal
}

func (e *evaluation) variable(v variable.Variable) any {
	s := e.r.stored[v.Key()]
	if s.err != nil {
		e.fail(&param.Error{
			Name:    e.param,
			Problem: "refers to " + v.Key() + ", which " + s.err.Error(),
			Fix:     "check the App or trigger that sets this variable, or map another one",
		})
		return nil
	}
	if !s.paired || !e.nested {
		return s.data
	}
	inner := evaluation{r: e.r, param: e.param}
	list := make([]any, len(s.rows))
	for i, row := range s.rows {
		fields := make(map[string]any, len(row.fields))
		for name, field := range row.fields {
			fields[name] = field
		}
		fields["value"] = inner.data(row.value)
		list[i] = fields
	}
	e.secret = e.secret || inner.secret
	e.fail(inner.err)
	if _, one := s.data.(map[string]any); one {
		return list[0]
	}
	return list
}

func (e *evaluation) tc(v variable.TC) any {
	f := e.r.fetched[v.String()]
	if f.err != nil {
		e.fail(&Error{Op: "resolve " + e.param, Err: f.err})
		return nil
	}
	e.secret = e.secret || v.Secret()
	return f.data
}

// text puts a text together, once, from left to right: what it inserts is
// never looked at again.
func (e *evaluation) text(n node) string {
	var b strings.Builder
	for _, s := range n.text {
		switch {
		case s.Variable != nil:
			b.WriteString(e.embedded(*s.Variable))
		case s.TC != nil:
			data := e.tc(*s.TC)
			if _, file := data.([]byte); file {
				b.WriteString(s.TC.String()) // a file has no place in a text: TcEx leaves it as it is
				continue
			}
			b.WriteString(embeddedText(data))
		case n.spaces:
			b.WriteString(spaces(s.Literal))
		default:
			b.WriteString(s.Literal)
		}
	}
	return b.String()
}

func (e *evaluation) embedded(v variable.Variable) string {
	data := e.variable(v)
	if _, raw := data.([]byte); raw && !standard(v.Type) {
		return v.Key() // TcEx leaves the bytes of a type of one's own as they are
	}
	return embeddedText(data)
}

func (e *evaluation) pair(r row) KeyValue {
	inner := evaluation{r: e.r, param: e.param, nested: e.nested}
	kv := KeyValue{Key: textOf(r.fields["key"]), Value: inner.data(r.value), secret: inner.secret}
	e.secret = e.secret || inner.secret
	e.fail(inner.err)
	return kv
}

func (e *evaluation) fail(err error) {
	if err != nil {
		e.err = errors.Join(e.err, err)
	}
}
