package snsserver

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// filter is a filter policy
// (https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html):
// by key, conditions of which one must hold; all keys must.
type filter struct {
	conditions map[string][]any
	nested     map[string]*filter
	or         []*filter
}

// parseFilter reads a policy; nil lets everything through.
func parseFilter(text string) (*filter, error) {
	if text == "" {
		return nil, nil
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		return nil, err
	}
	return newFilter(fields)
}

func newFilter(fields map[string]any) (*filter, error) {
	f := &filter{conditions: map[string][]any{}, nested: map[string]*filter{}}
	for key, value := range fields {
		switch v := value.(type) {
		case []any:
			if key != "$or" {
				f.conditions[key] = v
				continue
			}
			for _, branch := range v {
				fields, ok := branch.(map[string]any)
				if !ok {
					return nil, fmt.Errorf("$or: its branches are objects")
				}
				parsed, err := newFilter(fields)
				if err != nil {
					return nil, err
				}
				f.or = append(f.or, parsed)
			}
		case map[string]any:
			parsed, err := newFilter(v)
			if err != nil {
				return nil, err
			}
			f.nested[key] = parsed
		default:
			return nil, fmt.Errorf("%q: its conditions are a list", key)
		}
	}
	return f, nil
}

// matches reports whether a message passes, by its attributes or its body.
func (f *filter) matches(scope string, m Message, body string) bool {
	if f == nil {
		return true
	}
	if scope == "MessageBody" {
		var fields map[string]any
		return json.Unmarshal([]byte(body), &fields) == nil && f.holds(fields)
	}
	fields := make(map[string]any, len(m.Attributes))
	for _, a := range m.Attributes {
		switch {
		case a.Type == "Number" || strings.HasPrefix(a.Type, "Number."):
			if n, err := strconv.ParseFloat(a.Value, 64); err == nil {
				fields[a.Name] = n
			}
		case a.Type == "String.Array":
			var list []any
			if json.Unmarshal([]byte(a.Value), &list) == nil {
				fields[a.Name] = list
			}
		case strings.HasPrefix(a.Type, "String"):
			fields[a.Name] = a.Value
		}
	}
	return f.holds(fields)
}

func (f *filter) holds(fields map[string]any) bool {
	for key, conditions := range f.conditions {
		value, there := fields[key]
		if !slices.ContainsFunc(conditions, func(condition any) bool { return holdsFor(condition, value, there) }) {
			return false
		}
	}
	for key, nested := range f.nested {
		if !nested.holdsIn(fields[key]) {
			return false
		}
	}
	return len(f.or) == 0 || slices.ContainsFunc(f.or, func(branch *filter) bool { return branch.holds(fields) })
}

// holdsIn tries a policy on what is below a key: an object, one of several, or
// nothing, which may be what the policy asks for.
func (f *filter) holdsIn(value any) bool {
	switch v := value.(type) {
	case nil:
		return f.holds(nil)
	case map[string]any:
		return f.holds(v)
	case []any:
		return slices.ContainsFunc(v, f.holdsIn)
	}
	return false
}

// holdsFor tries one condition on one value; on a list, one element is enough.
func holdsFor(condition, value any, there bool) bool {
	operator, isOperator := condition.(map[string]any)
	if exists, ok := operator["exists"].(bool); isOperator && ok {
		return exists == there
	}
	if !there {
		return false
	}
	if list, ok := value.([]any); ok {
		return slices.ContainsFunc(list, func(element any) bool { return holdsFor(condition, element, true) })
	}
	if !isOperator {
		return condition == value
	}
	for name, operand := range operator {
		if !operate(name, operand, value) {
			return false
		}
	}
	return len(operator) > 0
}

func operate(name string, operand, value any) bool {
	text, isText := value.(string)
	word, _ := operand.(string)
	switch name {
	case "prefix":
		return isText && strings.HasPrefix(text, word)
	case "suffix":
		return isText && strings.HasSuffix(text, word)
	case "equals-ignore-case":
		return isText && strings.EqualFold(text, word)
	case "cidr":
		network, err := netip.ParsePrefix(word)
		address, bad := netip.ParseAddr(text)
		return err == nil && bad == nil && network.Contains(address)
	case "anything-but":
		return !anyOf(operand, value)
	case "numeric":
		n, ok := value.(float64)
		terms, _ := operand.([]any)
		return ok && numeric(terms, n)
	}
	return false
}

// anyOf reports whether value is one of what anything-but excludes.
func anyOf(operand, value any) bool {
	switch o := operand.(type) {
	case []any:
		return slices.ContainsFunc(o, func(one any) bool { return anyOf(one, value) })
	case map[string]any:
		return holdsFor(o, value, true)
	}
	return operand == value
}

// numeric tries [">", 5, "<=", 10].
func numeric(terms []any, n float64) bool {
	if len(terms) == 0 || len(terms)%2 != 0 {
		return false
	}
	for i := 0; i < len(terms); i += 2 {
		bound, ok := terms[i+1].(float64)
		holds := false
		switch terms[i] {
		case "=":
			holds = n == bound
		case "<":
			holds = n < bound
		case "<=":
			holds = n <= bound
		case ">":
			holds = n > bound
		case ">=":
			holds = n >= bound
		}
		if !ok || !holds {
			return false
		}
	}
	return true
}
