package validate

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// syntax reports JSON that cannot be read into target, with its line.
func syntax(f *findings, data []byte, target any) bool {
	err := json.Unmarshal(data, target)
	if err == nil {
		return true
	}
	var broken *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &broken):
		f.add(line(data, broken.Offset), "mend the JSON there", "%v", err)
	case errors.As(err, &kind):
		f.add(line(data, kind.Offset), fmt.Sprintf("write a value of the kind %s", kindName(kind.Type)), "%s is a JSON %s", kind.Field, kind.Value)
	default:
		f.add("", "mend the JSON", "%v", err)
	}
	return false
}

func line(data []byte, offset int64) string {
	offset = min(offset, int64(len(data)))
	return fmt.Sprintf("line %d", 1+bytes.Count(data[:offset], []byte("\n")))
}

// kindName is a Go type in JSON's words.
func kindName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "whole number"
	case reflect.Slice:
		return "list"
	case reflect.Struct, reflect.Map:
		return "object"
	default:
		return "text"
	}
}

// keys walks a JSON document and reports object keys that occur twice, of
// which a reader takes only one, and, where known is a Go value whose json
// tags name the fields, keys that are none of them.
func keys(f *findings, data []byte, known any) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	var model reflect.Type
	if known != nil {
		model = reflect.TypeOf(known)
	}
	w := keyWalker{findings: f, decoder: decoder, data: data}
	if err := w.value("", model); err != nil && !errors.Is(err, io.EOF) {
		return // syntax has said so
	}
}

type keyWalker struct {
	findings *findings
	decoder  *json.Decoder
	data     []byte
}

func (w *keyWalker) value(place string, model reflect.Type) error {
	t, err := w.decoder.Token()
	if err != nil {
		return err
	}
	switch t {
	case json.Delim('{'):
		return w.object(place, model)
	case json.Delim('['):
		return w.list(place, model)
	}
	return nil
}

func (w *keyWalker) list(place string, model reflect.Type) error {
	var element reflect.Type
	if model != nil && model.Kind() == reflect.Slice && model.Elem().Kind() != reflect.Uint8 {
		element = model.Elem()
	}
	for i := 0; w.decoder.More(); i++ {
		if err := w.value(fmt.Sprintf("%s[%d]", place, i), element); err != nil {
			return err
		}
	}
	_, err := w.decoder.Token()
	return err
}

func (w *keyWalker) object(place string, model reflect.Type) error {
	if model != nil && model.Kind() == reflect.Pointer {
		model = model.Elem()
	}
	checked := model != nil && model.Kind() == reflect.Struct
	seen := map[string]bool{}
	for w.decoder.More() {
		t, err := w.decoder.Token()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		inner := strings.TrimPrefix(place+"."+key, ".")
		at := line(w.data, w.decoder.InputOffset()) + ", " + inner
		if seen[key] {
			w.findings.add(at, "remove one of the two", "the key occurs twice")
		}
		seen[key] = true
		var next reflect.Type
		if checked {
			field, ok := fieldOf(model, key)
			if !ok {
				w.findings.add(at, "correct its spelling or remove it", "no field of that name is known")
			}
			next = field
		}
		if err := w.value(inner, next); err != nil {
			return err
		}
	}
	_, err := w.decoder.Token()
	return err
}

// fieldOf is the type of the field that a struct's json tag names.
func fieldOf(model reflect.Type, key string) (reflect.Type, bool) {
	for i := range model.NumField() {
		name, _, _ := strings.Cut(model.Field(i).Tag.Get("json"), ",")
		if name == key {
			return model.Field(i).Type, true
		}
	}
	return nil, false
}
