package platform

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"tcsns/internal/tc/variable"
)

// Entity is a TCEntity as the platform's Java writes it: these fields in this
// order, unknown ones as null.
type Entity struct {
	ID                     *int64   `json:"id"`
	Type                   string   `json:"type"`
	Value                  string   `json:"value"`
	OwnerName              *string  `json:"ownerName"`
	Confidence             *int     `json:"confidence"`
	Rating                 *float64 `json:"rating"`
	ThreatAssessConfidence *float64 `json:"threatAssessConfidence"`
	ThreatAssessRating     *float64 `json:"threatAssessRating"`
	DateAdded              *string  `json:"dateAdded"`
	DateLastModified       *string  `json:"dateLastModified"`
	WebLink                *string  `json:"webLink"`
}

// KeyValue is one entry of a KeyValueArray, as Java writes it.
type KeyValue struct {
	VariableType string `json:"variableType"`
	Key          string `json:"key"`
	Value        any    `json:"value"`
}

// Encode returns the bytes of a value in the key-value store, as the platform
// writes them: compact JSON, text as raw UTF-8, binary (a []byte) as base64 in
// a JSON string. A nil value has no bytes: the platform leaves it out.
func Encode(value any) ([]byte, error) {
	if value == nil {
		return nil, nil
	}
	data, err := marshal(value)
	if err != nil {
		return nil, fmt.Errorf("encode variable: %w", err)
	}
	return data, nil
}

// Decode returns the bytes of a value as JSON. Types without a JSON encoding
// (TCEnhancedEntity and custom types as TcEx writes them) become a JSON
// string. nil for no bytes.
func Decode(data []byte) json.RawMessage {
	switch {
	case data == nil:
		return nil
	case json.Valid(data):
		var b bytes.Buffer
		_ = json.Compact(&b, data) // valid JSON compacts
		return b.Bytes()
	}
	text, _ := marshal(string(data))
	return text
}

// Text is a value as a person reads it: a String without its quotes, anything
// else as JSON.
func Text(value json.RawMessage) string {
	var text string
	if json.Unmarshal(value, &text) == nil && !bytes.Equal(value, []byte("null")) {
		return text
	}
	return string(value)
}

// expand replaces the playbook variables of a text by their values, in one
// pass from left to right, as TcEx does: nothing that was inserted is expanded
// again, binary is <binary> and what is not set is <null>.
func expand(text string, values map[string][]byte) string {
	var b strings.Builder
	for _, s := range variable.Split(text) {
		switch {
		case s.Variable != nil:
			b.WriteString(inText(*s.Variable, values))
		case s.TC != nil:
			b.WriteString(s.TC.String())
		default:
			b.WriteString(s.Literal)
		}
	}
	return b.String()
}

// inText is what a variable reads as inside a text.
func inText(v variable.Variable, values map[string][]byte) string {
	data, ok := values[v.Key()]
	switch {
	case !ok || string(data) == "null":
		return "<null>"
	case v.Type == variable.Binary || v.Type == variable.BinaryArray:
		return "<binary>"
	}
	return Text(Decode(data))
}
