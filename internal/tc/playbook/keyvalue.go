package playbook

import (
	"bytes"
	"encoding/json"
	"strings"
)

// KeyValue is one row of a KeyValueArray.
type KeyValue struct {
	Key   string
	Value any // nil, string, bool, json.Number, []byte, []any or map[string]any; to write one, anything that encodes as JSON

	secret bool
}

// Text returns the value as a text: "" for null, lists and objects as JSON.
func (kv KeyValue) Text() string {
	if data, ok := kv.Value.([]byte); ok {
		return string(data)
	}
	return textOf(kv.Value)
}

// IsSecret reports whether the value is, or holds, a keychain value.
func (kv KeyValue) IsSecret() bool { return kv.secret }

// String names the key alone: the value may be secret.
func (kv KeyValue) String() string { return kv.Key }

// GoString is String for %#v.
func (kv KeyValue) GoString() string { return kv.String() }

// MarshalJSON writes key and value, as TcEx does.
func (kv KeyValue) MarshalJSON() ([]byte, error) {
	return encode(struct {
		Key   string `json:"key"`
		Value any    `json:"value"`
	}{kv.Key, kv.Value}), nil
}

// rowsOf returns the rows of a decoded KeyValue or KeyValueArray; false where
// it is neither, as a row without a key is.
func rowsOf(data any) ([]map[string]any, bool) {
	list, ok := data.([]any)
	if !ok {
		list = []any{data}
	}
	rows := make([]map[string]any, 0, len(list))
	for _, element := range list {
		row, ok := element.(map[string]any)
		if !ok || row["key"] == nil || !scalar(row["key"]) {
			return nil, false
		}
		rows = append(rows, row)
	}
	return rows, true
}

// literalRows reads a text that is a KeyValueList parameter; false where it is
// any other text.
func literalRows(text string) ([]map[string]any, bool) {
	text = strings.TrimSpace(text)
	if !strings.HasPrefix(text, "[") && !strings.HasPrefix(text, "{") || !strings.Contains(text, `"key"`) {
		return nil, false
	}
	data, err := decodeRepaired([]byte(text))
	if err != nil {
		return nil, false
	}
	return rowsOf(data)
}

// decodeRepaired decodes JSON, and where it is none, once more with its
// unquoted variables quoted.
func decodeRepaired(text []byte) (any, error) {
	data, err := decode(text)
	if err == nil {
		return data, nil
	}
	if data, repairedErr := decode(repair(text)); repairedErr == nil {
		return data, nil
	}
	return nil, err
}

// repair quotes the variables that stand bare in JSON, as the platform stores
// them in a KeyValueArray: {"key":"ip","value": #Trigger:430:ip!String}. What
// it does not know it leaves alone. It is one pass: linear in len(text).
func repair(text []byte) []byte {
	var out bytes.Buffer
	out.Grow(len(text) + 16)
	quoted := false
	for i := 0; i < len(text); {
		c := text[i]
		switch {
		case quoted && c == '\\' && i+1 < len(text):
			out.Write(text[i : i+2])
			i += 2
			continue
		case c == '"':
			quoted = !quoted
		case !quoted && (c == '#' || c == '&'):
			if n := bareVariable(text[i:]); n > 0 {
				out.WriteByte('"')
				out.Write(text[i : i+n])
				out.WriteByte('"')
				i += n
				continue
			}
		}
		out.WriteByte(c)
		i++
	}
	return out.Bytes()
}

// bareVariable is the length of the variable that text starts with; 0 for
// none. It never looks beyond the next '#' or '&', so that calling it at each
// of them stays linear.
func bareVariable(text []byte) int {
	i, ok := 1, true
	if text[0] == '&' {
		if i, ok = expect(text, i, '{'); !ok {
			return 0
		}
	}
	for range 2 { // namespace and job id, or provider and kind
		if i, ok = run(text, i, false); !ok {
			return 0
		}
		if i, ok = expect(text, i, ':'); !ok {
			return 0
		}
	}
	if i, ok = run(text, i, true); !ok {
		return 0
	}
	if text[0] == '&' {
		i, ok = expect(text, i, '}')
	} else if i, ok = expect(text, i, '!'); ok {
		i, ok = run(text, i, false)
	}
	if !ok {
		return 0
	}
	return i
}

// expect passes over the byte c.
func expect(text []byte, i int, c byte) (int, bool) {
	return i + 1, i < len(text) && text[i] == c
}

// run passes over the characters of a word, or of a variable's name.
func run(text []byte, i int, name bool) (int, bool) {
	start := i
	for ; i < len(text); i++ {
		c := text[i]
		word := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
		if !word && !(name && (c == '.' || c == '[' || c == ']')) {
			break
		}
	}
	return i, i > start
}

// decode reads one JSON value and nothing after it, numbers as written. An
// invalid UTF-8 byte and a lone surrogate become U+FFFD; of duplicate keys the
// last one counts; what is nested too deeply is an error.
func decode(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var data any
	if err := d.Decode(&data); err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(text[d.InputOffset():])) > 0 {
		return nil, errTrailing
	}
	return data, nil
}
