package platform

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/pbx"
)

const addressCreated = `{"action":"Create","indicator":{"id":9007199254740993,"type":"Address","summary":"203.0.113.7","ownerName":"Org","confidence":85,"threatAssessScore":712,"tags":{"data":[]}}}`

func TestParseEvent(t *testing.T) {
	t.Parallel()
	e, err := ParseEvent([]byte(addressCreated))
	require.NoError(t, err)
	require.Equal(t, "Address created", e.String())
	values := e.values()
	require.Equal(t, "9007199254740993", values["trg.tc.id!String"])
	require.Equal(t, "203.0.113.7", values["trg.tc.address!String"])
	require.Equal(t, "85", values["trg.tc.confidence!String"])
	require.Equal(t, "712", values["trg.tc.threatassess.score!String"])
	require.Nil(t, values["trg.tc.weblink!String"], "absent is unset")

	errors := []struct{ text, want string }{
		{`{`, "unexpected EOF"},
		{`[]`, "cannot unmarshal"},
		{`{"action":"Create","indicater":{}}`, `unknown field "indicater"`},
		{`{"indicator":{"type":"Host","summary":"x"}}`, `"action" is missing`},
		{`{"action":"Create"}`, `neither`},
		{`{"action":"Create","indicator":{"summary":"x"}}`, `no "type"`},
		{`{"action":"Create","indicator":{"summary":1}}`, `indicator: `},
		{`{"action":"External","variables":{"trg.http.body":"x"}}`, `"trg.http.body" is not a name and a type`},
	}
	for _, test := range errors {
		_, err := ParseEvent([]byte(test.text))
		require.ErrorContains(t, err, test.want, test.text)
	}
}

func TestEventVariables(t *testing.T) {
	t.Parallel()
	e, err := ParseEvent([]byte(`{"action":"AddTag","tag":"Block","indicator":{"type":"Email Address","summary":"a@b.c"},
		"variables":{"trg.tc.owner!String":"Mine","trg.tc.type!String":null,"trg.x!StringArray":["a",null]}}`))
	require.NoError(t, err)
	require.Equal(t, `Email Address tagged "Block"`, e.String())
	values := e.values()
	require.Equal(t, "a@b.c", values["trg.tc.emailaddress!String"])
	require.Equal(t, "Block", values["trg.tc.tag!String"])
	require.Nil(t, values["trg.tc.type!String"], "null unsets a derived one")
	for name, want := range map[string]string{"trg.tc.owner!String": `"Mine"`, "trg.x!StringArray": `["a",null]`} {
		data, err := Encode(values[name])
		require.NoError(t, err)
		require.Equal(t, want, string(data))
	}
}

func TestReadEventFile(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]string{
		"address-created":       "Address created",
		"email-address-deleted": "EmailAddress deleted",
		"host-tagged":           `Host tagged "Block"`,
	} {
		e, err := ReadEvent("../../../testdata/events/" + file + ".json")
		require.NoError(t, err)
		require.Equal(t, want, e.String())
	}
	_, err := ReadEvent("none.json")
	require.ErrorContains(t, err, "none.json")
}

func TestPickTrigger(t *testing.T) {
	t.Parallel()
	off := false
	host := Event{Action: "Create", Indicator: Indicator{Type: "Host", Summary: "evil.example.com"}}
	tag := Event{Action: "AddTag", Tag: "Block", Indicator: Indicator{Type: "Email Address", Summary: "a@b.c"}}
	click := Event{Action: "External", Indicator: Indicator{Type: "Registry Key", Summary: "HKLM"}}
	evilOrGood := []pbx.Filter{{Field: "Summary", Operator: "Contains", Value: "evil"}, {Field: "Summary", Operator: "Contains", Value: "good"}}
	tests := []struct {
		name    string
		trigger pbx.Trigger
		event   Event
		reason  string // "" for one that fires
	}{
		{"one type", pbx.Trigger{Type: "Host", EventType: "Create"}, host, ""},
		{"another type", pbx.Trigger{Type: "Address", EventType: "Create"}, host, "waits for Address"},
		{"another event", pbx.Trigger{Type: "Host", EventType: "Delete"}, host, "waits for Delete"},
		{"switched off", pbx.Trigger{Type: "Host", EventType: "Create", Active: &off}, host, "switched off"},
		{"several types", pbx.Trigger{Type: "MultipleIndicator", EventType: "Create", UserActionTypes: "Address,Host"}, host, ""},
		{"none of several", pbx.Trigger{Type: "MultipleIndicator", EventType: "Create", UserActionTypes: "Address,URL"}, host, "waits for Address, URL"},
		{"a type with a space", pbx.Trigger{Type: "UserAction", EventType: "External", UserActionTypes: "File,Registry Key"}, click, ""},
		{"for no indicator", pbx.Trigger{Type: "HttpLink", EventType: "External"}, Event{Action: "External"}, ""},
		{"a component, for an indicator", pbx.Trigger{Type: "PipeConfig", EventType: "Create"}, host, "is a PipeConfig"},
		{"a component, for its inputs", pbx.Trigger{Type: "PipeConfig", EventType: "Create"}, Event{Action: "Create"}, ""},
		{"no type chosen", pbx.Trigger{Type: "UserAction", EventType: "External"}, click, ""},
		{"one filter of two", pbx.Trigger{Type: "Host", EventType: "Create", Filters: evilOrGood}, host, "filters it out"},
		{"one filter is enough", pbx.Trigger{Type: "Host", EventType: "Create", Filters: evilOrGood, OrFilters: true}, host, ""},
		{"one would be enough", pbx.Trigger{Type: "Host", EventType: "Create", Filters: evilOrGood[1:], OrFilters: true}, host, "filters it out"},
		{"no filters", pbx.Trigger{Type: "Host", EventType: "Create", OrFilters: true}, host, ""},
		{"tag equals", pbx.Trigger{Type: "EmailAddress", EventType: "AddTag", Filters: []pbx.Filter{{Field: "Tag", Operator: "Equals", Value: "block"}}}, tag, ""},
		{"another tag", pbx.Trigger{Type: "EmailAddress", EventType: "AddTag", Filters: []pbx.Filter{{Field: "Tag", Operator: "Equals", Value: "blo"}}}, tag, "filters it out"},
		{"summary contains", pbx.Trigger{Type: "Host", EventType: "Create", Filters: []pbx.Filter{{Field: "Summary", Operator: "Contains", Value: "EVIL"}}}, host, ""},
		{"an unknown filter", pbx.Trigger{Type: "Host", EventType: "Create", Filters: []pbx.Filter{{Field: "Rating", Operator: "Over", Value: "3"}}}, host, ""},
	}
	for _, test := range tests {
		test.trigger.Name = "T"
		got, err := pickTrigger(&pbx.Playbook{Name: "P", Triggers: []pbx.Trigger{test.trigger}}, &test.event)
		if test.reason != "" {
			require.ErrorContains(t, err, test.reason, test.name)
			continue
		}
		require.NoError(t, err, test.name)
		require.Equal(t, "T", got.Name)
	}
	_, err := pickTrigger(&pbx.Playbook{Name: "P"}, &host)
	require.ErrorContains(t, err, "no trigger")
}

func TestReferences(t *testing.T) {
	t.Parallel()
	ref := func(text, kind, name string, whole bool) Reference {
		return Reference{Text: text, Kind: kind, Name: name, Whole: whole}
	}
	tests := []struct {
		text string
		want []Reference
	}{
		{"${ORGANIZATION:KEYCHAIN:aws key-1}", []Reference{ref("${ORGANIZATION:KEYCHAIN:aws key-1}", "KEYCHAIN", "aws key-1", true)}},
		{"${TEXT:a:b}", []Reference{ref("${TEXT:a:b}", "TEXT", "a:b", true)}},
		{"x${USER:TEXT:a}${USER:FILE:b}", []Reference{ref("${USER:TEXT:a}", "TEXT", "a", false), ref("${USER:FILE:b}", "FILE", "b", false)}},
		{"${OWNERS} $5 {} ${", nil},
		{"${ORGANIZATION:TEXT}", nil}, // names a kind, not a variable
		{"${a ${TEXT:b}", []Reference{ref("${TEXT:b}", "TEXT", "b", false)}},
		{"${TEXT:$5} ${TEXT:b}", []Reference{ref("${TEXT:b}", "TEXT", "b", false)}},
	}
	for _, test := range tests {
		var got []Reference
		for _, s := range references(test.text) {
			require.Equal(t, s.Text, test.text[s.start:s.end])
			got = append(got, s.Reference)
		}
		require.Equal(t, test.want, got, test.text)
	}
}

func FuzzParseEvent(f *testing.F) {
	f.Add([]byte(addressCreated))
	f.Add([]byte(`{"action":"External","variables":{"trg.http.body!String":"x"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := ParseEvent(data)
		if err != nil {
			return
		}
		for name, value := range e.values() {
			if _, err := Encode(value); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	})
}

func FuzzReferences(f *testing.F) {
	f.Add("a ${ORGANIZATION:TEXT:x} ${${TEXT:b}} ${")
	f.Fuzz(func(t *testing.T, text string) {
		at := 0
		for _, s := range references(text) {
			if s.start < at || text[s.start:s.end] != s.Text {
				t.Fatalf("%q: %+v", text, s)
			}
			at = s.end
		}
	})
}
