package playbook

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/kvstore"
	"tcsns/internal/tc/secret"
	"tcsns/internal/tc/variable"
)

// same is a store in which every variable has the same bytes.
type same struct {
	stored  []byte
	text    string   // what is resolved; "" for not watching what is asked for
	foreign []string // keys asked for that no variable of the text has
}

func (s *same) Get(_ context.Context, keys ...string) ([][]byte, error) {
	values := make([][]byte, len(keys))
	for i, key := range keys {
		values[i] = s.stored
		if s.text != "" && !s.known(key) {
			s.foreign = append(s.foreign, key)
		}
	}
	return values, nil
}

func (s *same) known(key string) bool {
	if v, ok := variable.Parse(s.text); ok && v.Key() == key {
		return true
	}
	return slices.ContainsFunc(variable.Split(s.text), func(seg variable.Segment) bool { return seg.Variable != nil && seg.Variable.Key() == key })
}

func (s *same) Put(context.Context, ...kvstore.Entry) error { return nil }
func (s *same) Close() error                                { return nil }

// sameTC is an API on which every ThreatConnect variable has the same text.
type sameTC string

func (s sameTC) RuntimeVariable(context.Context, variable.TC) ([]byte, error) { return []byte(s), nil }

// FuzzResolveEmbedded: resolving never panics, asks for nothing that the text
// itself does not hold, and inserts what it read as it is.
func FuzzResolveEmbedded(f *testing.F) {
	for _, text := range []string{
		"", "plain", "#App:1:x!String", "a #App:1:x!String b", "#App:1:x!String#App:1:x!StringArray", "&{TC:KEYCHAIN:k}", "x&{Vault:TEXT:v}y",
		"#{App:1:x}!String", "#App:1:x", "#App:1:", strings.Repeat("#App:1:", 50), `[{"key":"a","value":#App:1:x!String}]`, `{"key":"#App:1:x!String"}`,
		"#App:1:x!Binary", "#Global:1:x!TCBatch.", "\xff#App:1:x!String", `a\sb`,
	} {
		for _, inserted := range []string{"", "v", "#App:1:y!String", "&{TC:KEYCHAIN:k}", "\\s", `{"a":1}`, "\xff", `"`} {
			f.Add(text, inserted)
		}
	}
	f.Fuzz(func(t *testing.T, text, inserted string) {
		stored, err := json.Marshal(inserted)
		require.NoError(t, err)
		store := &same{stored: stored, text: text}
		p := New(Options{Store: store, TC: sameTC(inserted), Mask: new(secret.Mask)})
		for _, raw := range []any{text, []any{text}} {
			values, err := p.Resolve(t.Context(), Input{Param: "p", Raw: raw})
			if err != nil {
				continue
			}
			v := values["p"]
			_, _ = v.Strings()
			_, _ = v.Entities()
			_, _ = v.KeyValues()
			_, _ = v.Bytes()
			_ = v.Secret()
		}
		if !strings.Contains(text, "key") { // a row's text is decoded JSON
			require.Empty(t, store.foreign, "what was read is not expanded")
		}

		values, err := p.Resolve(t.Context(), Input{Param: "p", Raw: text})
		if err != nil {
			return
		}
		got, err := values["p"].Text()
		if err != nil || values["p"].Type() != "" {
			return
		}
		require.Equal(t, insert(text, inserted), got)
	})
}

// insert is the same by the simplest means, for Strings and texts.
func insert(text, inserted string) string {
	var decoded string
	stored, _ := json.Marshal(inserted)
	_ = json.Unmarshal(stored, &decoded) // JSON has no invalid UTF-8
	if _, ok := variable.ParseTC(text); ok {
		return inserted
	}
	if !strings.ContainsAny(text, "#&") {
		return text
	}
	var b strings.Builder
	for _, s := range variable.Split(text) {
		switch {
		case s.TC != nil && s.TC.Kind == "FILE":
			b.WriteString(s.TC.String())
		case s.TC != nil:
			b.WriteString(inserted)
		case s.Variable == nil:
			b.WriteString(s.Literal)
		default:
			data, err := decodeTyped(s.Variable.Type, stored)
			if _, raw := data.([]byte); err == nil && raw && !standard(s.Variable.Type) {
				b.WriteString(s.Variable.Key())
				continue
			}
			b.WriteString(embeddedText(data))
		}
	}
	return b.String()
}

// TestResolveLinear: a megabyte of what almost is a variable takes no longer
// than a megabyte should. The bound is far from both.
func TestResolveLinear(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	for _, piece := range []string{"#App:1:", "#", "&{", "&{TC:", "#App:1:x!", "#App:1:a[", "#App:1:x!String", `[{"key":`, `{"key":#App:1:`, `"key"[{#`, "\\s"} {
		text := strings.Repeat(piece, size/len(piece))
		store := &same{stored: []byte(`"v"`)}
		start := time.Now()
		_, err := New(Options{Store: store, TC: sameTC("v")}).Resolve(t.Context(), Input{Param: "p", Raw: text}, Input{Param: "q", Raw: []any{text}})
		require.NoError(t, err)
		_ = repair([]byte(text))
		require.Less(t, time.Since(start), 20*time.Second, piece)
	}
}

// FuzzRepair: repairing never panics, leaves valid JSON as it is, and only
// adds quotes.
func FuzzRepair(f *testing.F) {
	for _, text := range []string{
		``, `[]`, `{"key":"ip","value": #Trigger:430:trg.tc.address!String}`, `[{"key":"a","value":&{TC:KEYCHAIN:k}}]`, `["#App:1:x!String"]`,
		`[#App:1:a[0]!String,#App:1:b!StringArray]`, `{"a":"\"#App:1:x!String"}`, `#App:1:#App:1:x!String`, `"`, `"\`, `#`, `&{`, `#App:1:x!`, `&{TC:TEXT:x`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := repair(text)
		if json.Valid(text) {
			require.Equal(t, string(text), string(got))
		}
		require.Equal(t, strings.ReplaceAll(string(text), `"`, ""), strings.ReplaceAll(string(got), `"`, ""))
		_, _ = decodeRepaired(text)
		_, _ = literalRows(string(text))
	})
}

// FuzzEntity: an entity is read from whatever JSON there is, and what is
// written of it is read back the same.
func FuzzEntity(f *testing.F) {
	for _, text := range []string{
		`{}`, `null`, `[]`, `""`, `{"id":1,"value":"x","type":"Address"}`, `{"id":null,"rating":5.0,"confidence":"75","threatAssessScore":1e400}`,
		`{"value":{"a":[1]},"value":"last"}`, `{"value":"\ud800","type":"\u0000"}`, "{\"value\":\"\xff\"}", `[{"value":1},null,2]`,
		strings.Repeat("[", 20000), `{"id":-0,"rating":1E5,"confidence":007}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, stored []byte) {
		for _, typ := range []variable.Type{variable.TCEntity, variable.TCEntityArray, variable.TCEnhancedEntity, variable.KeyValueArray, variable.StringArray, variable.BinaryArray, "Custom"} {
			data, err := decodeTyped(typ, stored)
			if err != nil {
				require.NotContains(t, err.Error(), "invalid character", "no value in an error")
				continue
			}
			v := Value{param: "p", typ: typ, data: data}
			_, _ = v.Text()
			_, _ = v.Strings()
			_, _ = v.ByteSlices()
			entities, err := v.Entities()
			if err != nil || typ != variable.TCEntityArray || len(entities) == 0 {
				continue
			}
			again, err := decodeTyped(typ, encode(entities))
			require.NoError(t, err)
			back, err := Value{typ: typ, data: again}.Entities()
			require.NoError(t, err)
			require.Equal(t, entities, back)
		}
	})
}
