package platform

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEncode(t *testing.T) {
	t.Parallel()
	id, confidence, owner := int64(1125899906842881), 85, "Acme <Corp> & Söhne"
	tests := []struct {
		name  string
		value any
		want  string
	}{
		{"text is raw UTF-8, < and & as they are", "Söhne <&> \"x\"\n", `"Söhne <&> \"x\"\n"`},
		{"array", []string{"one", "two"}, `["one","two"]`},
		{"an array with a null", []*string{&owner, nil}, `["Acme <Corp> & Söhne",null]`},
		{"binary", []byte("This is"), `"VGhpcyBpcw=="`},
		{"key and value", []KeyValue{{"String", "k", "v"}}, `[{"variableType":"String","key":"k","value":"v"}]`},
		{
			"an entity has every field, in Java's order", Entity{ID: &id, Type: "Address", Value: "203.0.113.7", OwnerName: &owner, Confidence: &confidence},
			`{"id":1125899906842881,"type":"Address","value":"203.0.113.7","ownerName":"Acme <Corp> & Söhne","confidence":85,"rating":null,` +
				`"threatAssessConfidence":null,"threatAssessRating":null,"dateAdded":null,"dateLastModified":null,"webLink":null}`,
		},
	}
	for _, test := range tests {
		data, err := Encode(test.value)
		require.NoError(t, err)
		require.Equal(t, test.want, string(data), test.name)
	}
	data, err := Encode(nil)
	require.NoError(t, err)
	require.Nil(t, data, "null is left out, not written")
	_, err = Encode(make(chan int))
	require.Error(t, err)
}

func TestDecodeAndText(t *testing.T) {
	t.Parallel()
	tests := []struct{ data, json, text string }{
		{`"a\u00e9"`, `"a\u00e9"`, "aé"},
		{`["a", null]`, `["a",null]`, `["a",null]`},
		{`null`, `null`, `null`},
		{`{"a": 1}`, `{"a":1}`, `{"a":1}`},
		{`raw <text>`, `"raw <text>"`, "raw <text>"}, // a custom type as TcEx writes it
	}
	for _, test := range tests {
		got := Decode([]byte(test.data))
		require.Equal(t, test.json, string(got))
		require.Equal(t, test.text, Text(got))
	}
	require.Nil(t, Decode(nil))
}

func TestExpand(t *testing.T) {
	t.Parallel()
	values := map[string][]byte{
		"#App:1:a!String":      []byte(`"x #App:1:b!String"`),
		"#App:1:b!String":      []byte(`"never"`),
		"#App:1:a!StringArray": []byte(`["p", "q"]`),
		"#App:1:c!Binary":      []byte(`"AAAA"`),
		"#App:1:n!String":      []byte(`null`),
	}
	tests := []struct{ text, want string }{
		{"plain", "plain"},
		{"<#App:1:a!String>", "<x #App:1:b!String>"}, // one pass
		{"#App:1:a!String #App:1:a!StringArray", `x #App:1:b!String ["p","q"]`},
		{"#App:1:c!Binary #App:1:n!String #App:1:none!String", "<binary> <null> <null>"},
		{"&{TC:TEXT:name} stays", "&{TC:TEXT:name} stays"},
	}
	for _, test := range tests {
		require.Equal(t, test.want, expand(test.text, values))
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`"a"`, `null`, `{"a":[1]}`, "raw", "\xff", ""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got := Decode(data)
		if got != nil && !json.Valid(got) {
			t.Fatalf("not JSON: %q", got)
		}
		_ = Text(got)
	})
}
