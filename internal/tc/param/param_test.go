package param_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/param"
)

// The first source that is present counts, alone.
func TestLoadSource(t *testing.T) {
	t.Parallel()
	args := []string{"run.py", "--topic_arn", "from-args"}
	path := func() string { return write(t, seal([]byte(`{"topic_arn":"from-file"}`), []byte(key16))) }
	tests := []struct {
		name   string
		o      param.Options
		source string
		want   string
		other  string // subject, which only the environment has
	}{
		{"file before all", param.Options{Args: args, LookupEnv: env("TC_APP_PARAM_FILE", path(), "TC_APP_PARAM_KEY", key16, "TC_TOPIC_ARN", "from-env", "TC_SUBJECT", "s")}, "parameter file", "from-file", ""},
		{"arguments before the environment", param.Options{Args: args, LookupEnv: env("TC_TOPIC_ARN", "from-env", "TC_SUBJECT", "s")}, "arguments", "from-args", ""},
		{"arguments without a parameter", param.Options{Args: []string{"run.py", "run", "--", "x"}, LookupEnv: env("TC_TOPIC_ARN", "from-env", "TC_SUBJECT", "s")}, "environment", "from-env", "s"},
		{"the environment", param.Options{LookupEnv: env("TC_TOPIC_ARN", "from-env", "TC_SUBJECT", "s")}, "environment", "from-env", "s"},
		{"nothing", param.Options{LookupEnv: env()}, "environment", "", ""},
		{"not even an environment", param.Options{}, "environment", "", ""},
		{"empty variables of the file", param.Options{LookupEnv: env("TC_APP_PARAM_FILE", "", "TC_APP_PARAM_KEY", "", "TC_TOPIC_ARN", "from-env")}, "environment", "from-env", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, err := param.Load(test.o)
			require.NoError(t, err)
			require.Equal(t, test.source, s.Source())
			require.Equal(t, test.want, s.String("topic_arn"))
			require.Equal(t, test.other, s.String("subject"))
			require.Equal(t, test.name == "nothing" || test.name == "not even an environment", s.Empty("topic_arn", "subject"))
		})
	}
}

func TestEnvironmentNames(t *testing.T) {
	t.Parallel()
	s, err := param.Load(param.Options{LookupEnv: env(
		"TC_TOPIC_ARN", "a", "TC_ACTION", "b", "TC_KVSTORE_HOST", "c", "TC_TCEX_TESTING_CONTEXT", "d", "topic_arn", "x", "TC_TC_ACTION", "x", "TC_SUBJECT", "",
	)})
	require.NoError(t, err)
	require.Equal(t, "a", s.String("topic_arn"))
	require.Equal(t, "b", s.String("tc_action"))
	require.Equal(t, "c", s.String("tc_kvstore_host"))
	require.Equal(t, "d", s.String("tcex_testing_context"))
	require.Equal(t, "a", s.Raw("topic_arn"))
	require.Nil(t, s.Raw("owner"))
	require.Equal(t, "", s.Raw("subject"))
	require.False(t, s.Has("subject"))
	require.Empty(t, s.Names())
	require.False(t, s.Empty("owner", "topic_arn"))
	require.True(t, s.Empty("owner", "subject"))
	require.True(t, s.Empty())
}

func TestArguments(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		args    []string
		want    map[string]any
		remarks int
	}{
		{"a value", []string{"--a", "b"}, map[string]any{"a": "b"}, 0},
		{"assigned", []string{"--a=b", "--c=", "--d=e=f"}, map[string]any{"a": "b", "c": "", "d": "e=f"}, 0},
		{"bare", []string{"--a", "--b", "c", "--d"}, map[string]any{"a": true, "b": "c", "d": true}, 0},
		{"repeated", []string{"--a", "1", "--a=2", "--a", "3"}, map[string]any{"a": []any{"1", "2", "3"}}, 0},
		{"repeated bare", []string{"--a", "--a"}, map[string]any{"a": true}, 0},
		{"the program and TcEx's run", []string{"run.py", "run", "--a", "b"}, map[string]any{"a": "b"}, 0},
		{"run as a value", []string{"--a", "run"}, map[string]any{"a": "run"}, 0},
		{"run behind", []string{"--a", "b", "run"}, map[string]any{"a": "b"}, 0},
		{"values that begin with a hyphen", []string{"--a", "-5", "--b", "-----BEGIN KEY-----", "--c", "--", "--d", "--9"}, map[string]any{"a": "-5", "b": "-----BEGIN KEY-----", "c": "--", "d": "--9"}, 0},
		{"a value that looks like a name", []string{"--a=--b"}, map[string]any{"a": "--b"}, 0},
		{"an empty value", []string{"--a", "", "--b", "c"}, map[string]any{"a": "", "b": "c"}, 0},
		{"a variable", []string{"--address", "#Trigger:1:trg.tc.item!String"}, map[string]any{"address": "#Trigger:1:trg.tc.item!String"}, 0},
		{"names as they are sent", []string{"--A-b.c_D", "x", "--_a", "y"}, map[string]any{"A-b.c_D": "x", "_a": "y"}, 0},
		{"what belongs to nothing", []string{"main.py", "s3cret", "--a", "b", "s3cret", "-x"}, map[string]any{"a": "b"}, 3},
		{"lines and blanks", []string{"--a", "b c\nd"}, map[string]any{"a": "b c\nd"}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, err := param.Load(param.Options{Args: test.args})
			require.NoError(t, err)
			got := make(map[string]any)
			for _, name := range s.Names() {
				got[name] = s.Raw(name)
			}
			require.Equal(t, test.want, got)
			require.Len(t, s.Remarks(), test.remarks)
			require.NotContains(t, strings.Join(s.Remarks(), " "), "s3cret")
		})
	}
}

// An argument without a value is true of a switch, and an error of anything else.
func TestNoValue(t *testing.T) {
	t.Parallel()
	s, err := param.Load(param.Options{Args: []string{
		"--tc_out_path", "--tc_token", "--tc_playbook_out_variables", "--tc_kvstore_host", "--tc_kvstore_host", "kv", "--tc_log_to_api", "--tc_log_path=true",
	}})
	require.NoError(t, err)
	require.Error(t, s.NoValue("tc_out_path"))
	require.Error(t, s.NoValue("tc_kvstore_host"), "one of two")
	require.NoError(t, s.NoValue("tc_log_path"))
	require.NoError(t, s.NoValue("tc_in_path"))
	require.NoError(t, set(t, `{"a": true}`).NoValue("a"), "the file has JSON's own true")
	system, err := s.System()
	for _, name := range []string{"tc_out_path", "tc_token", "tc_playbook_out_variables", "tc_kvstore_host"} {
		require.ErrorContains(t, err, name+" is given without a value. Fix: write the value after --"+name)
	}
	require.True(t, system.LogToAPI)
	require.Equal(t, "true", system.LogPath)
	require.True(t, system.Token.Empty())
	require.Equal(t, "localhost", system.KVStore.Host)
}

// kinds is a parameter of every kind that the platform might send.
const kinds = `{
	"text": "a|b ", "empty": "", "blank": " \t\n", "null": null, "true": true, "false": false, "zero": 0,
	"int": 42, "large": 2251799816001403, "larger": 123456789012345678901234567890, "fraction": 1.50, "exponent": 1e3,
	"list": ["a", 1, true, null, " b "], "texts": ["a|b", "c"], "deep": ["a", {"key": "<k>"}], "none": [], "object": {"b": 1, "a": "é<"}, "no_members": {},
	"listtext": " [\"x\", 2] ", "almost": "[not a list", "pipes": "a | b||c",
	"twice": 1, "twice": "last", "surrogate": "a\ud800b", "pair": "\ud83d\ude00", "nul": "a\u0000b", "Case": "upper", "case": "lower"
}`

func TestRawAndString(t *testing.T) {
	t.Parallel()
	s := set(t, kinds)
	tests := []struct {
		name string
		raw  any
		text string
		has  bool
	}{
		{"absent", nil, "", false},
		{"null", nil, "", false},
		{"empty", "", "", false},
		{"blank", " \t\n", " \t\n", false},
		{"none", []any{}, "", false},
		{"text", "a|b ", "a|b ", true},
		{"true", true, "true", true},
		{"false", false, "false", true},
		{"zero", json.Number("0"), "0", true},
		{"int", json.Number("42"), "42", true},
		{"large", json.Number("2251799816001403"), "2251799816001403", true},
		{"larger", json.Number("123456789012345678901234567890"), "123456789012345678901234567890", true},
		{"fraction", json.Number("1.50"), "1.50", true},
		{"list", []any{"a", json.Number("1"), true, nil, " b "}, "a|1|true|| b ", true},
		{"deep", []any{"a", map[string]any{"key": "<k>"}}, `["a",{"key":"<k>"}]`, true},
		{"object", map[string]any{"b": json.Number("1"), "a": "é<"}, `{"a":"é<","b":1}`, true},
		{"no_members", map[string]any{}, "{}", true},
		{"twice", "last", "last", true},
		{"surrogate", "a\ufffdb", "a\ufffdb", true},
		{"pair", "😀", "😀", true},
		{"nul", "a\x00b", "a\x00b", true},
		{"Case", "upper", "upper", true},
		{"case", "lower", "lower", true},
		{"CASE", nil, "", false},
	}
	for _, test := range tests {
		require.Equal(t, test.raw, s.Raw(test.name), test.name)
		require.Equal(t, test.text, s.String(test.name), test.name)
		require.Equal(t, test.text, s.Secret(test.name).Reveal(), test.name)
		require.Equal(t, test.has, s.Has(test.name), test.name)
	}
	require.False(t, s.Empty(), "a parameter file is not nothing")
}

func TestInvalidUTF8BecomesReplacement(t *testing.T) {
	t.Parallel()
	require.Equal(t, "a\ufffdb", set(t, "{\"a\":\"a\xffb\"}").String("a"))
}

func TestBool(t *testing.T) {
	t.Parallel()
	tests := []struct {
		value string // in JSON
		want  bool
	}{
		{`true`, true}, {`"true"`, true}, {`"True"`, true}, {`"TRUE "`, true}, {`1`, true}, {`"1"`, true}, {`"yes"`, true}, {`"Y"`, true}, {`"on"`, true}, {`"t"`, true}, {`["true"]`, true},
		{`false`, false}, {`"false"`, false}, {`"False"`, false}, {`0`, false}, {`"0"`, false}, {`"no"`, false}, {`"n"`, false}, {`"off"`, false}, {`"F"`, false},
	}
	for _, test := range tests {
		got, err := set(t, `{"a":`+test.value+`}`).Bool("a", !test.want)
		require.NoError(t, err, test.value)
		require.Equal(t, test.want, got, test.value)
	}
	for _, absent := range []string{`null`, `""`, `" "`} {
		for _, def := range []bool{true, false} {
			got, err := set(t, `{"a":`+absent+`}`).Bool("a", def)
			require.NoError(t, err)
			require.Equal(t, def, got)
		}
	}
	for _, wrong := range []string{`"maybe s3cret"`, `2`, `-1`, `{}`, `["true","true"]`, `"#App:1:a!String"`, `1.0`} {
		got, err := set(t, `{"a":`+wrong+`}`).Bool("a", true)
		requireError(t, err, "a", "neither true nor false")
		require.True(t, got)
	}
}

func TestInt(t *testing.T) {
	t.Parallel()
	tests := []struct {
		value string
		want  int
	}{
		{`42`, 42}, {`"42"`, 42}, {`" 42 "`, 42}, {`-7`, -7}, {`"+7"`, 7}, {`0`, 0}, {`"007"`, 7}, {`5.0`, 5}, {`"5.00"`, 5}, {`2251799816001403`, 2251799816001403},
		{`null`, 99}, {`""`, 99}, {`" "`, 99},
	}
	for _, test := range tests {
		got, err := set(t, `{"a":`+test.value+`}`).Int("a", 99)
		require.NoError(t, err, test.value)
		require.Equal(t, test.want, got, test.value)
	}
	for _, wrong := range []string{`"s3cret"`, `5.5`, `"5."`, `true`, `1e3`, `[1,2]`, `{}`, `123456789012345678901234567890`, `"0x10"`, `"1_000"`, `".0"`} {
		got, err := set(t, `{"a":`+wrong+`}`).Int("a", 99)
		requireError(t, err, "a", "whole number")
		require.Equal(t, 99, got, wrong)
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	s := set(t, kinds)
	tests := []struct {
		name string
		want []string
	}{
		{"absent", nil}, {"null", nil}, {"empty", nil}, {"blank", nil}, {"none", nil},
		{"text", []string{"a", "b"}},
		{"pipes", []string{"a", "b", "c"}},
		{"list", []string{"a", "1", "true", "b"}},
		{"texts", []string{"a|b", "c"}}, // an element of a list may hold the delimiter
		{"listtext", []string{"x", "2"}},
		{"almost", []string{"[not a list"}},
		{"int", []string{"42"}},
		{"deep", []string{"a", `{"key":"<k>"}`}},
	}
	for _, test := range tests {
		require.Equal(t, test.want, s.List(test.name), test.name)
	}
}

func TestSetNeverPrints(t *testing.T) {
	t.Parallel()
	s := set(t, `{"aws_secret_access_key":"s3cret"}`)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "set", s, "value", *s)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "set", s)
	//lint:ignore SA9005 that it has nothing to show is what is tested
	document, err := json.Marshal(s)
	require.NoError(t, err)
	for _, text := range []string{log.String(), string(document), fmt.Sprintf("%v %+v %#v %s %q %x", s, s, s, *s, s, s)} {
		require.NotContains(t, text, "s3cret")
		require.NotContains(t, text, fmt.Sprintf("%x", "s3cret"))
	}
	require.Equal(t, "param.Set(parameter file, 1 names)", fmt.Sprint(s))
}

func TestError(t *testing.T) {
	t.Parallel()
	err := &param.Error{Name: "topic_arn", Problem: "is missing", Fix: "fill it in in the App's settings"}
	require.Equal(t, "topic_arn is missing. Fix: fill it in in the App's settings.", err.Error())
	require.Equal(t, err.Error(), err.SafeText())
}

func FuzzArguments(f *testing.F) {
	f.Add("--a\x00b\x00--c\x00--d=e")
	f.Add("run.py\x00run\x00--a\x00-1\x00--a\x00--a=\x00=")
	f.Fuzz(func(t *testing.T, joined string) {
		args := strings.Split(joined, "\x00")
		s, err := param.Load(param.Options{Args: args})
		require.NoError(t, err)
		for _, name := range s.Names() {
			require.NotEmpty(t, name)
			require.Contains(t, joined, "--"+name)
			require.NotContains(t, name, "=")
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	args := []string{"run.py"}
	for i := range 30 {
		args = append(args, fmt.Sprintf("--param_%d", i), "value")
	}
	for b.Loop() {
		if _, err := param.Load(param.Options{Args: args}); err != nil {
			b.Fatal(err)
		}
	}
}
