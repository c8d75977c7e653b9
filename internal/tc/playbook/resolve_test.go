package playbook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/exit"
	"tcsns/internal/tc/kvstore"
	"tcsns/internal/tc/param"
	"tcsns/internal/tc/playbook"
	"tcsns/internal/tc/secret"
	"tcsns/internal/tc/variable"
)

// memory is a store in memory that counts: the count is what the tests are
// about, and the real stores have their own suite.
type memory struct {
	mu     sync.Mutex
	values map[string]string
	reads  [][]string
	puts   int
	err    error
}

func (m *memory) Get(_ context.Context, keys ...string) ([][]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.reads = append(m.reads, slices.Clone(keys))
	if m.err != nil {
		return nil, m.err
	}
	values := make([][]byte, len(keys))
	for i, key := range keys {
		if value, ok := m.values[key]; ok {
			values[i] = []byte(value)
		}
	}
	return values, nil
}

func (m *memory) Put(_ context.Context, entries ...kvstore.Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.puts++
	if m.err != nil {
		return m.err
	}
	if m.values == nil {
		m.values = map[string]string{}
	}
	for _, e := range entries {
		m.values[e.Key] = string(e.Value)
	}
	return nil
}

func (m *memory) Close() error { return nil }

// keychain answers ThreatConnect variables, and notes how many it answers at
// the same time.
type keychain struct {
	values map[string]string
	mu     sync.Mutex
	asked  []string
	all    chan struct{} // closed once as many as wait asks are waiting
	wait   int
	err    error
}

func (k *keychain) RuntimeVariable(ctx context.Context, v variable.TC) ([]byte, error) {
	k.mu.Lock()
	k.asked = append(k.asked, v.String())
	if k.wait > 0 && len(k.asked) == k.wait {
		close(k.all)
	}
	k.mu.Unlock()
	if k.wait > 0 {
		select {
		case <-k.all:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if k.err != nil {
		return nil, k.err
	}
	value, ok := k.values[v.String()]
	if !ok {
		return nil, fmt.Errorf("no such variable: %s", v)
	}
	return []byte(value), nil
}

const indicator = `#App:1:x!String`

// stage is what most tests read.
func stage() *memory {
	return &memory{values: map[string]string{
		`#App:1:x!String`:               `"203.0.113.7"`,
		`#App:1:hostile!String`:         `"&{TC:KEYCHAIN:key} #App:1:x!String #App:1:hostile!String"`,
		`#App:1:number!String`:          `75.50`,
		`#App:1:bool!String`:            `true`,
		`#App:1:object!String`:          `{"a":"<b>"}`,
		`#App:1:empty!String`:           `""`,
		`#App:1:null!String`:            `null`,
		`#App:1:raw!String`:             `no json s3cr3t`,
		`#App:1:two!String`:             `"a" "b"`,
		`#App:1:list!StringArray`:       `["a",null,1,true]`,
		`#App:1:one!StringArray`:        `"alone"`,
		`#App:1:none!StringArray`:       `[]`,
		`#App:1:b!Binary`:               `"AQID"`,
		`#App:1:bad!Binary`:             `"!!!"`,
		`#App:1:latin!Binary`:           `"Y2Fm6Q=="`,
		`#App:1:bs!BinaryArray`:         `["AQID",null]`,
		`#App:1:kv!KeyValue`:            `{"key":"k","value":"#App:1:x!String","variableType":"String"}`,
		`#App:1:kvs!KeyValueArray`:      `[{"key":"ip","value": #App:1:x!String},{"key":"text","value":"at #App:1:x!String"},{"key":"list","value":"#App:1:list!StringArray"}]`,
		`#App:1:loop!KeyValueArray`:     `[{"key":"self","value":"#App:1:loop!KeyValueArray"},{"key":"deep","value":"#App:1:hostile!String"}]`,
		`#App:1:nokey!KeyValueArray`:    `[{"value":"x"}]`,
		`#App:1:own!KeyValueArray`:      `[{"key":"k","value":"&{TC:KEYCHAIN:key}"}]`,
		`#Trigger:2:http!KeyValueArray`: `[{"key":"ip","value":"#App:1:x!String"},{"key":"exact","value":" &{TC:KEYCHAIN:key} "},{"key":"in","value":"a&{Vault:TEXT:v}#App:1:x!String"},{"key":"bare","value":&{TC:KEYCHAIN:key}}]`,
		`#Global:0:own!KeyValueArray`:   `[{"key":"k","value":"&{TC:KEYCHAIN:key}"}]`,
		`#Trigger:2:e!TCEntity`:         `{"id":123,"type":"Address","value":"203.0.113.7","ownerName":"Demo & Co","confidence":75.0,"rating":null,"threatAssessScore":512,"extra":{"a":1}}`,
		`#Trigger:2:es!TCEntityArray`:   `[{"id":"1","value":"a"},null,{"value":"b"}]`,
		`#Trigger:2:odd!TCEntity`:       `{"id":true,"type":{"a":1},"value":["a"],"rating":3}`,
		`#Trigger:2:bad!TCEntity`:       `"text"`,
		`#App:1:batch!TCBatch`:          `{"indicator":[]}`,
		`#App:1:own!Custom`:             "\xff\x00raw",
		`#App:1:java!Custom`:            `"cmF3"`,
		`#Trigger:2:n!TCEnhancedEntity`: `{"indicator":[{"summary":"x"}]}`,
		`#Global:3:g!string`:            `"any case"`,
	}}
}

func resolveOne(t *testing.T, raw any) (playbook.Value, error) {
	t.Helper()
	p := playbook.New(playbook.Options{
		Store: stage(),
		TC: &keychain{values: map[string]string{
			"&{TC:TEXT:region}": "eu-west-1", "&{TC:KEYCHAIN:key}": "s3cr3t-key", "&{TC:FILE:f}": "\x00file", "&{Vault:TEXT:v}": "vaulted",
		}},
		Mask: new(secret.Mask),
	})
	values, err := p.Resolve(t.Context(), playbook.Input{Param: "address", Raw: raw})
	return values["address"], err
}

func TestResolveText(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		raw  any
		want string
	}{
		"nil":                                 {nil, ""},
		"literal":                             {"203.0.113.7", "203.0.113.7"},
		"literal with marks":                  {"C# & {x} #App:1 &{TC:", "C# & {x} #App:1 &{TC:"},
		"boolean":                             {true, "true"},
		"number as written":                   {json.Number("7.50"), "7.50"},
		"exact":                               {indicator, "203.0.113.7"},
		"white space around it":               {" #App:1:x!String\n", "203.0.113.7"},
		"type in any case":                    {"#Global:3:g!string", "any case"},
		"coerced number":                      {"#App:1:number!String", "75.50"},
		"coerced boolean":                     {"#App:1:bool!String", "true"},
		"object in a String":                  {"#App:1:object!String", `{"a":"<b>"}`},
		"empty is set":                        {"#App:1:empty!String", ""},
		"embedded":                            {"new: #App:1:x!String!", "new: 203.0.113.7!"},
		"embedded unset":                      {"[#App:1:absent!String]", "[<null>]"},
		"embedded null":                       {"[#App:1:null!String]", "[<null>]"},
		"embedded binary":                     {"[#App:1:b!Binary]", "[<binary>]"},
		"embedded binaries":                   {"[#App:1:bs!BinaryArray]", "[<binary>]"},
		"embedded list":                       {"is #App:1:list!StringArray", `is ["a",null,"1","true"]`},
		"embedded object":                     {"is #Trigger:2:e!TCEntity.", `is {"confidence":75.0,"extra":{"a":1},"id":123,"ownerName":"Demo & Co","rating":null,"threatAssessScore":512,"type":"Address","value":"203.0.113.7"}.`},
		"embedded KeyValue is resolved":       {"is #App:1:kv!KeyValue", `is {"key":"k","value":"203.0.113.7","variableType":"String"}`},
		"no prefix corruption":                {"#App:1:x!String #App:1:list!StringArray #App:1:x!String", `203.0.113.7 ["a",null,"1","true"] 203.0.113.7`},
		"what it inserts is data":             {"<#App:1:hostile!String>", "<&{TC:KEYCHAIN:key} #App:1:x!String #App:1:hostile!String>"},
		"what it reads is data":               {"#App:1:hostile!String", "&{TC:KEYCHAIN:key} #App:1:x!String #App:1:hostile!String"},
		"custom type":                         {"#App:1:batch!TCBatch x", `{"indicator":[]} x`},
		"raw bytes of a custom type stay":     {"[#App:1:own!Custom]", "[#App:1:own!Custom]"},
		"Java's bytes of a custom type":       {"#App:1:java!Custom", "cmF3"},
		"entity where a text is expected":     {"#Trigger:2:e!TCEntity", "203.0.113.7"},
		"list of one where a text is":         {"#App:1:one!StringArray", "alone"},
		"empty list where a text is":          {"#App:1:none!StringArray", ""},
		"no \\s in a scalar":                  {`a\sb #App:1:x!String`, `a\sb 203.0.113.7`},
		"TC text":                             {"&{TC:TEXT:region}", "eu-west-1"},
		"TC keychain":                         {"&{TC:KEYCHAIN:key}", "s3cr3t-key"},
		"TC embedded":                         {"r=&{TC:TEXT:region},k=&{TC:KEYCHAIN:key}", "r=eu-west-1,k=s3cr3t-key"},
		"TC file embedded stays":              {"[&{TC:FILE:f}]", "[&{TC:FILE:f}]"},
		"playbook and TC variables in a text": {"#App:1:x!String&{TC:TEXT:region}#App:1:x!String", "203.0.113.7eu-west-1203.0.113.7"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, err := resolveOne(t, test.raw)
			require.NoError(t, err)
			text, err := v.Text()
			require.NoError(t, err)
			require.Equal(t, test.want, text)
		})
	}
}

func TestResolveUnset(t *testing.T) {
	t.Parallel()
	for _, raw := range []any{nil, "#App:1:absent!String", "#App:1:null!String", "#App:1:absent!StringArray", "#App:1:absent!TCEntity", "#App:1:absent!KeyValueArray", "#App:1:absent!Binary", "#App:1:absent!Custom"} {
		v, err := resolveOne(t, raw)
		require.NoError(t, err)
		require.True(t, v.IsUnset(), raw)
		texts, err := v.Strings()
		require.NoError(t, err)
		require.Nil(t, texts)
		pairs, err := v.KeyValues()
		require.NoError(t, err)
		require.Nil(t, pairs)
		entities, err := v.Entities()
		require.NoError(t, err)
		require.Nil(t, entities)
		data, err := v.Bytes()
		require.NoError(t, err)
		require.Nil(t, data)
	}
	for _, raw := range []any{"", "x", "#App:1:empty!String", "#App:1:none!StringArray", "[#App:1:absent!String]", []any{}, false} {
		v, err := resolveOne(t, raw)
		require.NoError(t, err)
		require.False(t, v.IsUnset(), raw)
	}
}

func TestResolveStrings(t *testing.T) {
	t.Parallel()
	null := (*string)(nil)
	tests := map[string]struct {
		raw  any
		want []any // string or null
	}{
		"text":                  {"a|b", []any{"a|b"}},
		"StringArray":           {"#App:1:list!StringArray", []any{"a", null, "1", "true"}},
		"scalar as StringArray": {"#App:1:one!StringArray", []any{"alone"}},
		"entities":              {"#Trigger:2:es!TCEntityArray", []any{"a", null, "b"}},
		"literal list":          {[]any{"a", nil, json.Number("1"), true}, []any{"a", null, "1", "true"}},
		"list of variables":     {[]any{indicator, "x #App:1:x!String", "#App:1:absent!String"}, []any{"203.0.113.7", "x 203.0.113.7", null}},
		"a list in a list":      {[]any{"first", "#App:1:list!StringArray"}, []any{"first", "a", null, "1", "true"}},
		"spaces in elements":    {[]any{`\sa\s`, `\\s`, `\\\s`, `b\s#App:1:hostile!String`}, []any{" a ", `\s`, `\\s`, "b &{TC:KEYCHAIN:key} #App:1:x!String #App:1:hostile!String"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, err := resolveOne(t, test.raw)
			require.NoError(t, err)
			texts, err := v.Strings()
			require.NoError(t, err)
			got := make([]any, len(texts))
			for i, text := range texts {
				got[i] = null
				if text != nil {
					got[i] = *text
				}
			}
			require.Equal(t, test.want, got)
		})
	}
}

func TestResolveEntities(t *testing.T) {
	t.Parallel()
	full := playbook.Entity{ID: "123", Type: "Address", Value: "203.0.113.7", OwnerName: "Demo & Co", Confidence: "75.0", ThreatAssessScore: "512"}
	tests := map[string]struct {
		raw      any
		want     []playbook.Entity
		isEntity bool
	}{
		"one":              {"#Trigger:2:e!TCEntity", []playbook.Entity{full}, true},
		"several":          {"#Trigger:2:es!TCEntityArray", []playbook.Entity{{ID: "1", Value: "a"}, {}, {Value: "b"}}, true},
		"no scalars":       {"#Trigger:2:odd!TCEntity", []playbook.Entity{{ID: "true", Rating: "3"}}, true},
		"in a list":        {[]any{"#Trigger:2:e!TCEntity", "text"}, []playbook.Entity{full, {Value: "text"}}, true},
		"a text":           {"text", []playbook.Entity{{Value: "text"}}, false},
		"a list of texts":  {[]any{"text"}, []playbook.Entity{{Value: "text"}}, false},
		"a literal object": {[]any{map[string]any{"value": "v", "type": "Host"}}, []playbook.Entity{{Value: "v", Type: "Host"}}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, err := resolveOne(t, test.raw)
			require.NoError(t, err)
			require.Equal(t, test.isEntity, v.IsEntity())
			entities, err := v.Entities()
			require.NoError(t, err)
			require.Equal(t, test.want, entities)
		})
	}
}

func TestResolveKeyValues(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		raw  any
		want []string // key=text
	}{
		"variable, bare variables in it":     {"#App:1:kvs!KeyValueArray", []string{"ip=203.0.113.7", "text=at 203.0.113.7", `list=["a",null,"1","true"]`}},
		"one KeyValue":                       {"#App:1:kv!KeyValue", []string{"k=203.0.113.7"}},
		"literal":                            {`[{"key":"a","value":"1"},{"key":"b","value":null},{"key":"c","value":2}]`, []string{"a=1", "b=", "c=2"}},
		"literal with variables":             {`[{"key":"#App:1:x!String","value":"at #App:1:x!String"},{"key":"b","value":"#App:1:number!String"}]`, []string{"#App:1:x!String=at 203.0.113.7", "b=75.50"}},
		"literal with bare variables":        {`[{"key":"a","value":#App:1:x!String},{"key":"b","value": &{TC:TEXT:region} }]`, []string{"a=203.0.113.7", "b=eu-west-1"}},
		"what a row inserts is no JSON":      {`[{"key":"a","value":"#App:1:object!String"}]`, []string{`a={"a":"<b>"}`}},
		"what a row inserts is data":         {`[{"key":"a","value":"#App:1:hostile!String"}]`, []string{"a=&{TC:KEYCHAIN:key} #App:1:x!String #App:1:hostile!String"}},
		"JSON list in the parameter":         {[]any{map[string]any{"key": "a", "value": "#App:1:x!String"}}, []string{"a=203.0.113.7"}},
		"JSON object in the parameter":       {map[string]any{"key": "a", "value": "#App:1:x!String"}, []string{"a=203.0.113.7"}},
		"a loop ends after one level":        {"#App:1:loop!KeyValueArray", []string{`self=[{"key":"self","value":"#App:1:loop!KeyValueArray"},{"key":"deep","value":"#App:1:hostile!String"}]`, "deep=&{TC:KEYCHAIN:key} #App:1:x!String #App:1:hostile!String"}},
		"a literal that holds KeyValueArray": {`[{"key":"a","value":"#App:1:kv!KeyValue"}]`, []string{`a={"key":"k","value":"203.0.113.7","variableType":"String"}`}},
		"an App's own list":                  {"#App:1:own!KeyValueArray", []string{"k=s3cr3t-key"}},
		"a global's list may be, too":        {"#Global:0:own!KeyValueArray", []string{"k=&{TC:KEYCHAIN:key}"}},
		"a trigger's list is from outside":   {"#Trigger:2:http!KeyValueArray", []string{"ip=203.0.113.7", "exact= &{TC:KEYCHAIN:key} ", "in=a&{Vault:TEXT:v}#App:1:x!String", "bare=&{TC:KEYCHAIN:key}"}},
		"a trigger's list in a row":          {`[{"key":"a","value":"#Trigger:2:http!KeyValueArray"}]`, []string{`a=[{"key":"ip","value":"203.0.113.7"},{"key":"exact","value":" &{TC:KEYCHAIN:key} "},{"key":"in","value":"a&{Vault:TEXT:v}#App:1:x!String"},{"key":"bare","value":"&{TC:KEYCHAIN:key}"}]`}},
		"empty":                              {"", nil},
		"an untouched list of an export":     {"[]", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v, err := resolveOne(t, test.raw)
			require.NoError(t, err)
			pairs, err := v.KeyValues()
			require.NoError(t, err)
			var got []string
			for _, pair := range pairs {
				got = append(got, pair.Key+"="+pair.Text())
			}
			require.Equal(t, test.want, got)
		})
	}
}

func TestResolveBytes(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{"#App:1:b!Binary": "\x01\x02\x03", "#App:1:latin!Binary": "caf\xe9", "#App:1:own!Custom": "\xff\x00raw", "&{TC:FILE:f}": "\x00file", "text": "text"} {
		v, err := resolveOne(t, raw)
		require.NoError(t, err)
		data, err := v.Bytes()
		require.NoError(t, err)
		require.Equal(t, want, string(data), raw)
	}
	v, err := resolveOne(t, "#App:1:bs!BinaryArray")
	require.NoError(t, err)
	all, err := v.ByteSlices()
	require.NoError(t, err)
	require.Equal(t, [][]byte{{1, 2, 3}, nil}, all)
}

func TestResolveError(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		raw   any
		words string // of the error, beside the input's name
	}{
		"not JSON":               {"#App:1:raw!String", "#App:1:raw!String, which holds a value that is not JSON"},
		"not JSON, embedded":     {"is #App:1:raw!String", "not JSON"},
		"not JSON, in a list":    {[]any{"#App:1:raw!String"}, "not JSON"},
		"not JSON, in a row":     {`[{"key":"a","value":"#App:1:raw!String"}]`, "not JSON"},
		"more than one value":    {"#App:1:two!String", "not JSON"},
		"not base64":             {"#App:1:bad!Binary", "not base64"},
		"a row without a key":    {"#App:1:nokey!KeyValueArray", "no list of keys and values"},
		"an entity that is none": {"#Trigger:2:bad!TCEntity", "no entity"},
		"a TC variable":          {"&{TC:TEXT:absent}", "&{TC:TEXT:absent}"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := resolveOne(t, test.raw)
			require.ErrorContains(t, err, "address")
			require.ErrorContains(t, err, test.words)
			require.NotContains(t, err.Error(), "s3cr3t")
			require.Equal(t, 1, strings.Count(err.Error(), test.words), "said once")
		})
	}
}

func TestValueTypeError(t *testing.T) {
	t.Parallel()
	var problem *param.Error
	for raw, read := range map[string]func(playbook.Value) error{
		"#App:1:list!StringArray":  func(v playbook.Value) error { _, err := v.Text(); return err },
		"#App:1:kv!KeyValue":       func(v playbook.Value) error { _, err := v.Text(); return err },
		"#App:1:kvs!KeyValueArray": func(v playbook.Value) error { _, err := v.Strings(); return err },
		"#App:1:own!Custom":        func(v playbook.Value) error { _, err := v.Text(); return err },
		"#App:1:x!String":          func(v playbook.Value) error { _, err := v.KeyValues(); return err },
		`[{"key": not JSON}]`:      func(v playbook.Value) error { _, err := v.KeyValues(); return err },
		"#App:1:latin!Binary":      func(v playbook.Value) error { _, err := v.Text(); return err },
		"#App:1:bs!BinaryArray":    func(v playbook.Value) error { _, err := v.Text(); return err },
		"#App:1:kvs!KeyValueArray ": func(v playbook.Value) error {
			_, err := v.Entities()
			_, text := v.Text()
			return errors.Join(err, text)
		},
	} {
		v, err := resolveOne(t, raw)
		require.NoError(t, err, raw)
		require.ErrorAs(t, read(v), &problem, raw)
		require.Equal(t, "address", problem.Name)
		require.NotEmpty(t, problem.Fix)
	}
}

func TestResolveSecret(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		"&{TC:KEYCHAIN:key}": true, "key &{TC:KEYCHAIN:key}": true, "&{Vault:TEXT:v}": true,
		"&{TC:TEXT:region}": false, "#App:1:x!String": false, "text": false,
		`[{"key":"a","value":"&{TC:KEYCHAIN:key}"}]`: true,
	} {
		v, err := resolveOne(t, raw)
		require.NoError(t, err)
		require.Equal(t, want, v.IsSecret(), raw)
	}
	v, err := resolveOne(t, []any{"a", "&{TC:KEYCHAIN:key}"})
	require.NoError(t, err)
	require.True(t, v.IsSecret())
	encoded, err := json.Marshal(v)
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %d", v, v, v, v)+v.LogValue().String()+string(encoded), "s3cr3t")
}

// TestResolveMask: the run's mask learns a keychain value before anybody can
// print it, and a literal once it is read as a secret.
func TestResolveMask(t *testing.T) {
	t.Parallel()
	mask := new(secret.Mask)
	p := playbook.New(playbook.Options{Store: stage(), TC: &keychain{values: map[string]string{"&{TC:KEYCHAIN:key}": "s3cr3t-key"}}, Mask: mask})
	values, err := p.Resolve(t.Context(), playbook.Input{Param: "a", Raw: "x&{TC:KEYCHAIN:key}y"}, playbook.Input{Param: "b", Raw: " literal-s3cr3t\n"})
	require.NoError(t, err)
	require.NotContains(t, mask.Redact("the key is s3cr3t-key."), "s3cr3t")
	require.Equal(t, " literal-s3cr3t\n", values["b"].Secret().Reveal())
	require.NotContains(t, mask.Redact("or literal-s3cr3t"), "s3cr3t")

	p = playbook.New(playbook.Options{Store: stage(), TC: &keychain{values: map[string]string{"&{Vault:FILE:pem}": "s3cr3t-file"}}, Mask: mask})
	values, err = p.Resolve(t.Context(), playbook.Input{Param: "a", Raw: "&{Vault:FILE:pem}"})
	require.NoError(t, err)
	require.True(t, values["a"].IsSecret())
	require.Equal(t, "a ***", mask.Redact("a s3cr3t-file"))
}

// TestResolveOneRead: however many inputs and variables, the store is read
// once, and once more for what KeyValues refer to, each key once.
func TestResolveOneRead(t *testing.T) {
	t.Parallel()
	store := stage()
	p := playbook.New(playbook.Options{Store: store})
	_, err := p.Resolve(t.Context(),
		playbook.Input{Param: "address", Raw: indicator},
		playbook.Input{Param: "message", Raw: "#App:1:x!String and #Trigger:2:e!TCEntity"},
		playbook.Input{Param: "owner", Raw: []any{"#App:1:number!String", indicator}},
		playbook.Input{Param: "message_attributes", Raw: `[{"key":"a","value":"#App:1:bool!String"}]`},
		playbook.Input{Param: "literal", Raw: "text"},
	)
	require.NoError(t, err)
	require.Equal(t, [][]string{{indicator, "#Trigger:2:e!TCEntity", "#App:1:number!String", "#App:1:bool!String"}}, store.reads)

	store.reads = nil
	_, err = p.Resolve(t.Context(), playbook.Input{Param: "a", Raw: "#App:1:kvs!KeyValueArray"}, playbook.Input{Param: "b", Raw: indicator})
	require.NoError(t, err)
	require.Equal(t, [][]string{{"#App:1:kvs!KeyValueArray", indicator}, {"#App:1:list!StringArray"}}, store.reads)
}

func TestResolveNoRead(t *testing.T) {
	t.Parallel()
	p := playbook.New(playbook.Options{}) // without a store, a read would panic
	values, err := p.Resolve(t.Context(), playbook.Input{Param: "a", Raw: "text"}, playbook.Input{Param: "b"})
	require.NoError(t, err)
	require.Len(t, values, 2)
	require.NoError(t, p.Write(t.Context()))
}

// TestResolveTCInParallel answers no variable before all of them are asked for.
func TestResolveTCInParallel(t *testing.T) {
	t.Parallel()
	tc := &keychain{wait: 3, all: make(chan struct{}), values: map[string]string{"&{TC:TEXT:a}": "1", "&{TC:KEYCHAIN:b}": "2", "&{TC:TEXT:c}": "3"}}
	p := playbook.New(playbook.Options{Store: stage(), TC: tc, Mask: new(secret.Mask)})
	values, err := p.Resolve(t.Context(), playbook.Input{Param: "x", Raw: "&{TC:TEXT:a} &{TC:KEYCHAIN:b} &{TC:TEXT:a}"}, playbook.Input{Param: "y", Raw: "&{TC:TEXT:c}"})
	require.NoError(t, err)
	text, err := values["x"].Text()
	require.NoError(t, err)
	require.Equal(t, "1 2 1", text)
	require.Len(t, tc.asked, 3, "each variable once")
}

func TestResolveStoreDown(t *testing.T) {
	t.Parallel()
	store := stage()
	store.err = &kvstore.Error{Op: "read", Store: "Redis at localhost:1", Reason: kvstore.Down, Problem: "nothing answers", Fix: "check tc_kvstore_host"}
	p := playbook.New(playbook.Options{Store: store})
	_, err := p.Resolve(t.Context(), playbook.Input{Param: "address", Raw: indicator}, playbook.Input{Param: "owner", Raw: indicator})
	var down *playbook.Error
	require.ErrorAs(t, err, &down)
	require.True(t, down.Temporary())
	require.Contains(t, exit.SafeText(err), "address and 1 more")
	require.Contains(t, exit.SafeText(err), "tc_kvstore_host")
	var cause *kvstore.Error
	require.ErrorAs(t, err, &cause)
}

// TestResolveEveryProblem: an author mends all of them in one go, and what is
// well is there.
func TestResolveEveryProblem(t *testing.T) {
	t.Parallel()
	p := playbook.New(playbook.Options{Store: stage()})
	values, err := p.Resolve(t.Context(), playbook.Input{Param: "one", Raw: "#App:1:raw!String"}, playbook.Input{Param: "two", Raw: "&{TC:TEXT:a}"}, playbook.Input{Param: "three", Raw: indicator})
	require.ErrorContains(t, err, "one")
	require.ErrorContains(t, err, "two")
	require.Equal(t, []string{"three"}, slices.Collect(maps.Keys(values)))
}

func TestRead(t *testing.T) {
	t.Parallel()
	p := playbook.New(playbook.Options{Store: stage()})
	for text, want := range map[string]string{indicator: "203.0.113.7", `a\s#App:1:x!String`: "a 203.0.113.7", `a\\s`: `a\s`} {
		v, err := p.Read(t.Context(), text)
		require.NoError(t, err)
		got, err := v.Text()
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}
