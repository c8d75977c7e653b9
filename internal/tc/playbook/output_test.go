package playbook_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/exit"
	"tcsns/internal/tc/kvstore"
	"tcsns/internal/tc/playbook"
)

func ptr(text string) *string { return &text }

func TestWriteSerialisation(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		key  string
		set  func(p *playbook.Playbook)
		want string // "" is not written
	}{
		"String":             {"#App:7:out!String", func(p *playbook.Playbook) { p.SetString("out", "a<b>&\"é\n") }, `"a<b>&\"é\n"`},
		"String, empty":      {"#App:7:out!String", func(p *playbook.Playbook) { p.SetString("out", "") }, `""`},
		"String, no UTF-8":   {"#App:7:out!String", func(p *playbook.Playbook) { p.SetString("out", "a\xff") }, `"a\ufffd"`},
		"StringArray":        {"#App:7:out!StringArray", func(p *playbook.Playbook) { p.SetStringArray("out", []*string{ptr("a"), ptr("b")}) }, `["a","b"]`},
		"StringArray, null":  {"#App:7:out!StringArray", func(p *playbook.Playbook) { p.SetStringArray("out", []*string{ptr("a"), nil}) }, `["a",null]`},
		"StringArray, empty": {"#App:7:out!StringArray", func(p *playbook.Playbook) { p.SetStringArray("out", []*string{}) }, `[]`},
		"StringArray, nil":   {"#App:7:out!StringArray", func(p *playbook.Playbook) { p.SetStringArray("out", nil) }, ``},
		"Binary":             {"#App:7:out!Binary", func(p *playbook.Playbook) { p.SetBinary("out", []byte{1, 2, 255}) }, `"AQL/"`},
		"Binary, nil":        {"#App:7:out!Binary", func(p *playbook.Playbook) { p.SetBinary("out", nil) }, ``},
		"BinaryArray":        {"#App:7:out!BinaryArray", func(p *playbook.Playbook) { p.SetBinaryArray("out", [][]byte{{1}, nil}) }, `["AQ==",null]`},
		"BinaryArray, nil":   {"#App:7:out!BinaryArray", func(p *playbook.Playbook) { p.SetBinaryArray("out", nil) }, ``},
		"KeyValue":           {"#App:7:out!KeyValue", func(p *playbook.Playbook) { p.SetKeyValue("out", playbook.KeyValue{Key: "k", Value: "<v>"}) }, `{"key":"k","value":"<v>"}`},
		"KeyValueArray": {"#App:7:out!KeyValueArray", func(p *playbook.Playbook) {
			p.SetKeyValueArray("out", []playbook.KeyValue{{Key: "k", Value: []string{"a"}}, {Key: "n"}})
		}, `[{"key":"k","value":["a"]},{"key":"n","value":null}]`},
		"KeyValueArray, nil": {"#App:7:out!KeyValueArray", func(p *playbook.Playbook) { p.SetKeyValueArray("out", nil) }, ``},
		"TCEntity": {"#App:7:out!TCEntity", func(p *playbook.Playbook) {
			p.SetTCEntity("out", playbook.Entity{ID: "1", Type: "Address", Value: "203.0.113.7", Confidence: "75"})
		}, `{"id":1,"type":"Address","value":"203.0.113.7","ownerName":null,"confidence":75,"rating":null,"threatAssessConfidence":null,"threatAssessRating":null,"dateAdded":null,"dateLastModified":null,"webLink":null}`},
		"TCEntityArray":        {"#App:7:out!TCEntityArray", func(p *playbook.Playbook) { p.SetTCEntityArray("out", []playbook.Entity{}) }, `[]`},
		"TCEntityArray, nil":   {"#App:7:out!TCEntityArray", func(p *playbook.Playbook) { p.SetTCEntityArray("out", nil) }, ``},
		"TCEnhancedEntity":     {"#App:7:out!TCEnhancedEntity", func(p *playbook.Playbook) { p.SetRaw("out", "TCEnhancedEntity", []byte(`{"indicator":[]}`)) }, `{"indicator":[]}`},
		"a type of one's own":  {"#App:7:out!TCBatch", func(p *playbook.Playbook) { p.SetRaw("out", "TCBatch", []byte("\x00raw")) }, "\x00raw"},
		"raw, nil":             {"#App:7:out!TCBatch", func(p *playbook.Playbook) { p.SetRaw("out", "TCBatch", nil) }, ``},
		"name and type case":   {"#App:7:OUT!string", func(p *playbook.Playbook) { p.SetString("out", "x") }, `"x"`},
		"the key as listed":    {" #App:7:out!String\n", func(p *playbook.Playbook) { p.SetString("out", "x") }, `"x"`},
		"another type":         {"#App:7:out!StringArray", func(p *playbook.Playbook) { p.SetString("out", "x") }, ``},
		"another name":         {"#App:7:out!String", func(p *playbook.Playbook) { p.SetString("other", "x") }, ``},
		"the last one counts":  {"#App:7:out!String", func(p *playbook.Playbook) { p.SetString("out", "x"); p.SetString("out", "y") }, `"y"`},
		"taken back":           {"#App:7:out!String", func(p *playbook.Playbook) { p.SetString("out", "x"); p.Unset("out", "String") }, ``},
		"taken back by a null": {"#App:7:out!StringArray", func(p *playbook.Playbook) { p.SetStringArray("out", []*string{}); p.SetStringArray("out", nil) }, ``},
		"what cannot encode":   {"#App:7:out!KeyValue", func(p *playbook.Playbook) { p.SetKeyValue("out", playbook.KeyValue{Key: "k", Value: make(chan int)}) }, `null`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := &memory{}
			p := playbook.New(playbook.Options{Store: store, Requested: []string{"no variable", test.key}})
			test.set(p)
			require.NoError(t, p.Write(t.Context()))
			if test.want == "" {
				require.Empty(t, store.values)
				require.Zero(t, store.puts, "nothing to write is no contact with the store")
				return
			}
			require.Equal(t, map[string]string{test.key: test.want}, store.values)
		})
	}
}

// TestWriteRoundTrip: what this package writes it reads.
func TestWriteRoundTrip(t *testing.T) {
	t.Parallel()
	store := &memory{}
	entity := playbook.Entity{ID: "9007199254740993", Type: "Address", Value: "<x>", Rating: "5.0", ThreatAssessScore: "1", WebLink: "https://x/?a=1&b=2"}
	keys := []string{"#App:7:e!TCEntity", "#App:7:k!KeyValueArray", "#App:7:b!Binary"}
	p := playbook.New(playbook.Options{Store: store, Requested: keys})
	p.SetTCEntity("e", entity)
	p.SetKeyValueArray("k", []playbook.KeyValue{{Key: "a", Value: "b"}})
	p.SetBinary("b", []byte("\x00\xff"))
	require.Equal(t, 3, p.Pending())
	require.NoError(t, p.Write(t.Context()))
	require.Equal(t, 1, store.puts)

	values, err := p.Resolve(t.Context(), playbook.Input{Param: "e", Raw: keys[0]}, playbook.Input{Param: "k", Raw: keys[1]}, playbook.Input{Param: "b", Raw: keys[2]})
	require.NoError(t, err)
	entities, err := values["e"].Entities()
	require.NoError(t, err)
	require.Equal(t, []playbook.Entity{entity}, entities)
	pairs, err := values["k"].KeyValues()
	require.NoError(t, err)
	require.Len(t, pairs, 1)
	require.Equal(t, "b", pairs[0].Text())
	data, err := values["b"].Bytes()
	require.NoError(t, err)
	require.Equal(t, "\x00\xff", string(data))
}

func TestWriteError(t *testing.T) {
	t.Parallel()
	store := &memory{err: &kvstore.Error{Op: "write", Reason: kvstore.Full, Problem: "it is full", Fix: "make room"}}
	p := playbook.New(playbook.Options{Store: store, Requested: []string{"#App:7:out!String"}})
	p.SetString("out", "s3cr3t")
	err := p.Write(t.Context())
	require.ErrorContains(t, err, "write the outputs")
	require.Contains(t, exit.SafeText(err), "make room")
	require.NotContains(t, err.Error(), "s3cr3t")
}

// Ready reads once, and only where an output is pending and nothing was read.
func TestReady(t *testing.T) {
	t.Parallel()
	require.NoError(t, playbook.New(playbook.Options{}).Ready(t.Context()), "nothing to write: no store is touched")

	store := stage()
	p := playbook.New(playbook.Options{Store: store, Requested: []string{"#App:7:out!String"}})
	p.SetString("out", "x")
	require.NoError(t, p.Ready(t.Context()))
	require.NoError(t, p.Ready(t.Context()))
	require.Equal(t, [][]string{{"#App:7:out!String"}}, store.reads)

	store.reads = nil
	p = playbook.New(playbook.Options{Store: store, Requested: []string{"#App:7:out!String"}})
	p.SetString("out", "x")
	_, err := p.Resolve(t.Context(), playbook.Input{Param: "address", Raw: indicator})
	require.NoError(t, err)
	require.NoError(t, p.Ready(t.Context()))
	require.Equal(t, [][]string{{indicator}}, store.reads)

	store.err = &kvstore.Error{Op: "read", Reason: kvstore.Down, Problem: "nothing answers", Fix: "check tc_kvstore_host"}
	p = playbook.New(playbook.Options{Store: store, Requested: []string{"#App:7:out!String"}})
	p.SetString("out", "x")
	var down *playbook.Error
	require.ErrorAs(t, p.Ready(t.Context()), &down)
	require.True(t, down.Temporary())
}

func TestJobID(t *testing.T) {
	t.Parallel()
	for want, requested := range map[string][]string{
		"":  {"nothing", "#Trigger:5:x!String"},
		"7": {"", "#Global:5:x!String", "#App:7:x!String", "#App:8:x!String"},
	} {
		require.Equal(t, want, playbook.New(playbook.Options{Requested: requested}).JobID())
	}
	p := playbook.New(playbook.Options{Requested: []string{"#App:7:sns.debug!String"}})
	require.True(t, p.Requested("SNS.Debug", "string"))
	require.False(t, p.Requested("sns.debug", "StringArray"))
}
