package playbook

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"unicode/utf8"

	"tcsns/internal/tc/param"
	"tcsns/internal/tc/secret"
	"tcsns/internal/tc/variable"
)

// Values is what the inputs resolve to, by the parameter's name.
type Values map[string]Value

// Value is what an input resolves to. The zero value is unset.
//
// Its accessors convert where nothing is lost (a number to its text, one text
// to a list of one, an entity to its value) and else return a [param.Error].
type Value struct {
	param  string
	typ    variable.Type
	key    string // the variable, where the whole input is one
	data   any    // nil, string, bool, json.Number, []any, map[string]any, or []byte, also as elements
	pairs  []KeyValue
	paired bool // pairs is what the input holds as a KeyValueList
	secret bool
	mask   *secret.Mask
}

// Type is the type of the variable that the whole input is; "" for a literal,
// a text with embedded variables, a list and a ThreatConnect variable.
func (v Value) Type() variable.Type { return v.typ }

// IsUnset reports whether the input is absent or null, or is a variable that
// is not set. A text with an embedded unset variable is set: it holds <null>.
func (v Value) IsUnset() bool { return v.data == nil && !v.paired }

// IsSecret reports whether the value is, or holds, a keychain value.
func (v Value) IsSecret() bool { return v.secret }

// IsEntity reports whether the value is a TCEntity or a list with one in it.
func (v Value) IsEntity() bool {
	if v.typ != "" {
		return v.typ.Is(variable.TCEntity) || v.typ.Is(variable.TCEntityArray)
	}
	list, _ := v.data.([]any)
	for _, element := range list {
		if _, ok := element.(map[string]any); ok && !v.paired {
			return true
		}
	}
	return false
}

// Text returns the value as one text: "" when unset, the value of an entity,
// the only element of a list of one. A longer list and a KeyValue are errors.
func (v Value) Text() (string, error) {
	if list, ok := v.data.([]any); ok {
		switch len(list) {
		case 0:
			return "", nil
		case 1:
			return v.text(list[0])
		}
		return "", v.problem(fmt.Sprintf("holds a list of %d values where one is expected", len(list)), "map a String variable, or one element of the list")
	}
	return v.text(v.data)
}

// text is one element as a text.
func (v Value) text(data any) (string, error) {
	switch data := data.(type) {
	case []byte:
		if !utf8.Valid(data) {
			return "", v.problem("holds binary data where a text is expected", "map a String variable")
		}
		return string(data), nil
	case map[string]any:
		if value, ok := data["value"]; ok && data["key"] == nil && scalar(value) {
			return textOf(value), nil
		}
		return "", v.problem("holds an object where a text is expected", "map a String variable")
	case []any:
		return "", v.problem("holds a list where a text is expected", "map a String variable")
	}
	return textOf(data), nil
}

// Strings returns the value as a list: nil when unset, one element for a
// text, nil for each null in a list.
func (v Value) Strings() ([]*string, error) {
	if v.data == nil {
		return nil, nil
	}
	list, ok := v.data.([]any)
	if !ok {
		list = []any{v.data}
	}
	texts := make([]*string, len(list))
	for i, element := range list {
		if element == nil {
			continue
		}
		text, err := v.text(element)
		if err != nil {
			return nil, err
		}
		texts[i] = &text
	}
	return texts, nil
}

// Entities returns the value as a list of entities: nil when unset, one for a
// TCEntity. A text in it is an entity with nothing but that value, a null one
// with nothing at all.
func (v Value) Entities() ([]Entity, error) {
	if v.data == nil {
		return nil, nil
	}
	list, ok := v.data.([]any)
	if !ok {
		list = []any{v.data}
	}
	entities := make([]Entity, len(list))
	for i, element := range list {
		if fields, ok := element.(map[string]any); ok {
			entities[i] = entityOf(fields)
			continue
		}
		text, err := v.text(element)
		if err != nil {
			return nil, err
		}
		entities[i].Value = text
	}
	return entities, nil
}

// KeyValues returns the pairs of a KeyValue, a KeyValueArray or a
// KeyValueList parameter, their values resolved; nil when unset or empty.
func (v Value) KeyValues() ([]KeyValue, error) {
	if v.paired {
		return v.pairs, nil
	}
	switch data := v.data.(type) {
	case nil:
		return nil, nil
	case []any:
		if len(data) == 0 {
			return nil, nil
		}
	case string: // what an untouched list is in an export
		if text := strings.TrimSpace(data); text == "" || text == "[]" {
			return nil, nil
		}
	}
	return nil, v.problem("holds no list of keys and values", `map a KeyValueArray variable, or write it as [{"key": "…", "value": "…"}]`)
}

// Bytes returns a Binary, or the bytes of a text; nil when unset.
func (v Value) Bytes() ([]byte, error) {
	if data, ok := v.data.([]byte); ok {
		return data, nil
	}
	if v.data == nil {
		return nil, nil
	}
	text, err := v.Text()
	return []byte(text), err
}

// ByteSlices returns a BinaryArray; one element for a Binary, nil for each null.
func (v Value) ByteSlices() ([][]byte, error) {
	list, ok := v.data.([]any)
	if !ok {
		data, err := v.Bytes()
		if data == nil || err != nil {
			return nil, err
		}
		return [][]byte{data}, nil
	}
	all := make([][]byte, len(list))
	for i, element := range list {
		if data, ok := element.([]byte); ok {
			all[i] = data
			continue
		}
		if element == nil {
			continue
		}
		text, err := v.text(element)
		if err != nil {
			return nil, err
		}
		all[i] = []byte(text)
	}
	return all, nil
}

// Data returns the decoded value as it is: nil, string, bool, [json.Number],
// []byte, []any or map[string]any. It is for types of one's own; do not change it.
func (v Value) Data() any { return v.data }

// Secret returns the text as a secret, which no log, message or error of the
// run then prints. It is empty where [Value.Text] has no text.
func (v Value) Secret() secret.String {
	text, err := v.Text()
	if err != nil {
		return secret.String{}
	}
	hide(v.mask, text)
	return secret.New(text)
}

// hide makes a secret known to the run's mask.
func hide(mask *secret.Mask, text string) {
	if mask != nil && strings.TrimSpace(text) != "" {
		mask.Add(secret.New(text))
	}
}

// String names the input and its variable. It never prints the value.
func (v Value) String() string { return strings.TrimSpace(v.param + " " + v.key) }

// Format is String for every verb and flag of package fmt.
func (v Value) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(v.String())) }

// LogValue is String for package log/slog.
func (v Value) LogValue() slog.Value { return slog.StringValue(v.String()) }

// MarshalJSON is String for encoding/json.
func (v Value) MarshalJSON() ([]byte, error) { return encode(v.String()), nil }

// problem is an error that names the input, and the variable in it.
func (v Value) problem(what, fix string) error {
	if v.key != "" {
		what = "refers to " + v.key + ", which " + what
	}
	return &param.Error{Name: v.param, Problem: what, Fix: fix}
}

func scalar(data any) bool {
	switch data.(type) {
	case map[string]any, []any, []byte:
		return false
	}
	return true
}

// textOf is decoded data as a text: "" for null, numbers as they were
// written, lists and objects as JSON.
func textOf(data any) string {
	switch data := data.(type) {
	case nil:
		return ""
	case string:
		return data
	case []byte:
		return string(data)
	case bool:
		return strconv.FormatBool(data)
	case json.Number:
		return data.String()
	}
	return string(encode(data))
}

// embeddedText is decoded data within a text: <null> where nothing is set,
// <binary> for what is no text.
func embeddedText(data any) string {
	switch data := data.(type) {
	case nil:
		return "<null>"
	case []byte:
		return "<binary>"
	case []any:
		for _, element := range data {
			if _, ok := element.([]byte); ok {
				return "<binary>"
			}
		}
	}
	return textOf(data)
}

// spaces makes `\s` a space and `\\s` a literal `\s`, which is how a playbook
// author writes a space that the platform would trim off a list's element.
func spaces(text string) string {
	if !strings.Contains(text, `\s`) {
		return text
	}
	return strings.NewReplacer(`\\s`, `\s`, `\s`, " ").Replace(text)
}
