package playbook

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strings"

	"tcsns/internal/tc/variable"
)

// What stored bytes can be wrong in. The texts complete "the variable … that
// it refers to …", and hold nothing of the bytes.
var (
	errTrailing  = errors.New("more than one JSON value")
	errNotJSON   = errors.New("holds a value that is not JSON")
	errNotBase64 = errors.New("holds binary data that is not base64")
	errNoRows    = errors.New("holds no list of keys and values")
	errNoEntity  = errors.New("holds no entity")
)

// decodeTyped reads the bytes that the store holds under a variable of type t.
// It takes what TcEx and the Java SDK write: scalars where a text is expected,
// one where a list is, bare variables in a KeyValueArray. Absent and empty
// bytes, and JSON null, are nil.
func decodeTyped(t variable.Type, stored []byte) (any, error) {
	if len(stored) == 0 {
		return nil, nil
	}
	if !standard(t) {
		// TcEx stores these as they are, Java as JSON.
		data, err := decode(stored)
		if err != nil {
			return bytes.Clone(stored), nil
		}
		return data, nil
	}
	data, err := decodeRepairedIf(t.Is(variable.KeyValue) || t.Is(variable.KeyValueArray), stored)
	if err != nil {
		return nil, errNotJSON
	}
	if data == nil {
		return nil, nil
	}
	if list, ok := strings.CutSuffix(strings.ToLower(string(t)), "array"); ok {
		return decodeList(variable.Type(list), data)
	}
	return decodeOne(t, data)
}

func decodeRepairedIf(repairable bool, stored []byte) (any, error) {
	if repairable {
		return decodeRepaired(stored)
	}
	return decode(stored)
}

// decodeList shapes decoded JSON as a list of t.
func decodeList(t variable.Type, data any) (any, error) {
	list, ok := data.([]any)
	if !ok {
		list = []any{data}
	}
	for i, element := range list {
		if element == nil {
			continue
		}
		one, err := decodeOne(t, element)
		if err != nil {
			return nil, err
		}
		list[i] = one
	}
	return list, nil
}

// decodeOne shapes decoded JSON as one value of type t.
func decodeOne(t variable.Type, data any) (any, error) {
	switch {
	case t.Is(variable.Binary):
		text, ok := data.(string)
		if !ok {
			return nil, errNotBase64
		}
		return decodeBase64(text)
	case t.Is(variable.KeyValue):
		if _, ok := rowsOf(data); !ok {
			return nil, errNoRows
		}
		return data, nil
	case t.Is(variable.TCEntity):
		if _, ok := data.(map[string]any); !ok {
			return nil, errNoEntity
		}
		return data, nil
	}
	return textOf(data), nil
}

// decodeBase64 reads base64 with or without line breaks and padding.
func decodeBase64(text string) (any, error) {
	text = strings.TrimRight(strings.NewReplacer("\r", "", "\n", "").Replace(text), "=")
	data, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil, errNotBase64
	}
	return data, nil
}

// standard reports whether every framework stores type t as JSON. A variable
// embedded without a type counts as a String.
func standard(t variable.Type) bool {
	switch strings.TrimSuffix(strings.ToLower(string(t)), "array") {
	case "", "string", "binary", "keyvalue", "tcentity":
		return true
	}
	return false
}
