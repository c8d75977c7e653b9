package variable_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/variable"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want variable.Variable
	}{
		{"#App:1234:sns.debug!String", variable.Variable{Namespace: variable.App, JobID: "1234", Name: "sns.debug", Type: variable.String}},
		{"#Global:0:gbl.org.name!String", variable.Variable{Namespace: variable.Global, JobID: "0", Name: "gbl.org.name", Type: variable.String}},
		{"#Trigger:45:trg.tc.entity!TCEntity", variable.Variable{Namespace: variable.Trigger, JobID: "45", Name: "trg.tc.entity", Type: variable.TCEntity}},
		{"#App:1:a!StringArray", variable.Variable{Namespace: variable.App, JobID: "1", Name: "a", Type: variable.StringArray}},
		{"#App:1:a!Binary", variable.Variable{Namespace: variable.App, JobID: "1", Name: "a", Type: variable.Binary}},
		{"#App:1:a!BinaryArray", variable.Variable{Namespace: variable.App, JobID: "1", Name: "a", Type: variable.BinaryArray}},
		{"#App:1:a!KeyValue", variable.Variable{Namespace: variable.App, JobID: "1", Name: "a", Type: variable.KeyValue}},
		{"#App:1:a!KeyValueArray", variable.Variable{Namespace: variable.App, JobID: "1", Name: "a", Type: variable.KeyValueArray}},
		{"#App:1:a!TCEntityArray", variable.Variable{Namespace: variable.App, JobID: "1", Name: "a", Type: variable.TCEntityArray}},
		{"#App:1:a!TCEnhancedEntity", variable.Variable{Namespace: variable.App, JobID: "1", Name: "a", Type: variable.TCEnhancedEntity}},
		{"#App:1:a!TCEnhancedEntityArray", variable.Variable{Namespace: variable.App, JobID: "1", Name: "a", Type: variable.TCEnhancedEntityArray}},
		{"#App:1:a!TCBatch", variable.Variable{Namespace: variable.App, JobID: "1", Name: "a", Type: "TCBatch"}},
		{"#App:1:a!my_own-Type2", variable.Variable{Namespace: variable.App, JobID: "1", Name: "a", Type: "my_own-Type2"}},
		{"#App:1:a!string", variable.Variable{Namespace: variable.App, JobID: "1", Name: "a", Type: "string"}}, // the lookahead minds the case
		{"#App:1:a_B.c-d[0]!String", variable.Variable{Namespace: variable.App, JobID: "1", Name: "a_B.c-d[0]", Type: variable.String}},
		{"#App:2251799816001403:a!String", variable.Variable{Namespace: variable.App, JobID: "2251799816001403", Name: "a", Type: variable.String}},
		{"#App:007:a!String", variable.Variable{Namespace: variable.App, JobID: "007", Name: "a", Type: variable.String}}, // the key keeps its zeros
		{" \t#App:1:a!String \n", variable.Variable{Namespace: variable.App, JobID: "1", Name: "a", Type: variable.String}},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			got, ok := variable.Parse(test.text)
			require.True(t, ok)
			require.Equal(t, test.want, got)
			again, ok := variable.Parse(got.Key())
			require.True(t, ok)
			require.Equal(t, got, again)
		})
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "#", "#App", "#App:", "#App:1", "#App:1:", "#App:1:!String", "#App:1:a", "#App:1:a!", "App:1:a!String",
		"#App::a!String", "#App:x:a!String", "#App:-1:a!String", "#App:١:a!String", // a digit, but of another script
		"#Job:1:a!String", "#app:1:a!String", "#TC:1:a!String",
		"#App:1:a b!String", "#App:1:ä!String", "#App:1:a/b!String",
		"#App:1:a!StringFoo", "#App:1:a!StringArrayFoo", "#App:1:a!TCEntities!", "#App:1:a!TCEntityX", "#App:1:a!KeyValuePair", "#App:1:a!Binary2",
		"#App:1:a!Str ing", "#App:1:a!String x", "x #App:1:a!String", "#App:1:a!String#App:1:b!String",
		"#{App:1:a}!String", "&{TC:TEXT:a}", "#App:1:a!String}", "#App:1:a\n!String", "#App:1:a!String\x00",
	} {
		v, ok := variable.Parse(text)
		require.False(t, ok, "%q read as %v", text, v)
	}
}

func TestTypeIs(t *testing.T) {
	t.Parallel()
	require.True(t, variable.Type("stringarray").Is(variable.StringArray))
	require.True(t, variable.String.Is(variable.String))
	require.False(t, variable.String.Is(variable.StringArray))
	require.False(t, variable.Type("").Is(variable.String))
}

func TestParseTC(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text   string
		want   variable.TC
		secret bool
	}{
		{"&{TC:TEXT:name}", variable.TC{Provider: "TC", Kind: "TEXT", Name: "name"}, false},
		{"&{TC:FILE:a.b-c_d[1]}", variable.TC{Provider: "TC", Kind: "FILE", Name: "a.b-c_d[1]"}, false},
		{"&{TC:KEYCHAIN:6c1e1a6e-17f8-4a63-9a2e-0d3d4f4f2f3e}", variable.TC{Provider: "TC", Kind: "KEYCHAIN", Name: "6c1e1a6e-17f8-4a63-9a2e-0d3d4f4f2f3e"}, true},
		{"&{Vault:TEXT:name}", variable.TC{Provider: "Vault", Kind: "TEXT", Name: "name"}, true},
		{" &{Vault:KEYCHAIN:name}\n", variable.TC{Provider: "Vault", Kind: "KEYCHAIN", Name: "name"}, true},
	}
	for _, test := range tests {
		got, ok := variable.ParseTC(test.text)
		require.True(t, ok, test.text)
		require.Equal(t, test.want, got)
		require.Equal(t, test.secret, got.Secret(), test.text)
		again, ok := variable.ParseTC(got.String())
		require.True(t, ok)
		require.Equal(t, got, again)
	}
	for _, text := range []string{
		"", "&", "&{", "&{TC", "&{TC:TEXT", "&{TC:TEXT:", "&{TC:TEXT:}", "&{TC:TEXT:a", "&TC:TEXT:a", "&TC:TEXT:a}", "{TC:TEXT:a}",
		"&{TC:text:a}", "&{tc:TEXT:a}", "&{AWS:TEXT:a}", "&{TC:NUMBER:a}", "&{TC:TEXT:a b}", "&{TC:TEXT:a}x", "x&{TC:TEXT:a}", "#{TC:TEXT:a}", "&{TC:TEXT:a}!String",
		"${USER:TEXT:a}", "#App:1:a!String",
	} {
		v, ok := variable.ParseTC(text)
		require.False(t, ok, "%q read as %v", text, v)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"#App:1:a!String", "#App:1:a!StringFoo", " #Trigger:1:trg.tc.entity!TCEntity\n", "&{TC:KEYCHAIN:x}", "#{App:1:a}!String", "#App:1:"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if v, ok := variable.Parse(text); ok {
			again, ok := variable.Parse(v.Key())
			require.True(t, ok)
			require.Equal(t, v, again)
			// What is one variable by itself is the same one inside a text.
			segments := variable.Split(v.Key())
			require.Len(t, segments, 1)
			require.Equal(t, v, *segments[0].Variable)
		}
		if v, ok := variable.ParseTC(text); ok {
			segments := variable.Split(v.String())
			require.Len(t, segments, 1)
			require.Equal(t, v, *segments[0].TC)
		}
	})
}
