package snstopic

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestStructureProblem(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ body, want string }{
		{`{"default":"x"}`, ""},
		{` { "default" : "" , "email" : "a\nb" , "APNS":"{\"aps\":{}}" } `, ""},
		{`{"d\u0065fault":"x"}`, ""}, // escapes count as what they say
		{`{"default":"x","sms":"é😀\ud83d\ude00"}`, ""},
		{`{"email":"x"}`, "it has no entry named default"},
		{`{}`, "it has no entry named default"},
		{`{"default":{"a":1}}`, "a value is not a string"},
		{`{"default":null}`, "a value is not a string"},
		{`{"default":"x","default":"y"}`, "a name stands there twice"},
		{`{"default":"x","d\u0065fault":"y"}`, "a name stands there twice"},
		{`{"default":"x",}`, "it is no valid JSON"},
		{`{"default":"x" "a":"b"}`, "it is no valid JSON"},
		{"{\"default\":\"a\nb\"}", "it is no valid JSON"},
		{`{"default":"\x"}`, "it is no valid JSON"},
		{`{"default":"\u00g0"}`, "it is no valid JSON"},
		{`{"default":"x`, "it is no valid JSON"},
		{`{"default":"x"`, "it is no valid JSON"},
		{`{"default"`, "it is no valid JSON"},
		{`{"default":"x"} {}`, "something follows the JSON object"},
		{`["default"]`, "it is no JSON object"},
		{`text`, "it is no JSON object"},
		{``, "it is no JSON object"},
	} {
		require.Equal(t, row.want, structureProblem(row.body), row.body)
	}
}

// What passes here must be what encoding/json reads as strings by name, and
// what it reads so, apart from names twice and a missing default, must pass.
func FuzzStructure(f *testing.F) {
	for _, seed := range []string{
		`{"default":"x"}`, `{"default":"x","sms":"\u0041\\\""}`, `{"default":1}`, `{`, `{}`, "{\"default\":\"\x00\"}", `{"default":"x",}`,
		`{"a":"b","a":"c","default":""}`, `{"default":"\ud800"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var values map[string]any
		err := json.Unmarshal([]byte(body), &values)
		strings := err == nil && values != nil
		for _, value := range values {
			_, is := value.(string)
			strings = strings && is
		}
		_, hasDefault := values["default"]
		switch problem := structureProblem(body); problem {
		case "":
			require.True(t, strings && hasDefault, "%q", body)
		case "a name stands there twice":
		case "it has no entry named default":
			require.False(t, strings && hasDefault, "%q", body)
		default:
			require.False(t, strings, "%q: %s", body, problem)
		}
	})
}
