package e2e

import (
	"encoding/json"
	"fmt"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/platform"
	"tcsns/internal/dev/snsserver"
)

// dataFaults are the faults of what comes out of the store: data from outside.
func dataFaults() []fault {
	var rows []fault
	for _, group := range [][]fault{sizeFaults(), valueFaults(), shapeFaults()} {
		rows = append(rows, group...)
	}
	for i := range rows {
		rows[i].Area = "data"
	}
	return rows
}

// maxMessage is what SNS takes of a message, in bytes: its body and its
// attributes. The App counts the subject as well.
const maxMessage = 256 << 10

// sizeFaults are values that are large, and many.
func sizeFaults() []fault {
	sized := func(id, name string, over int, cut bool) fault {
		return fault{
			ID: "size-" + id, Name: name, Exit: 0, Debug: debugMessageID, Sent: 2,
			do: func(t *testing.T) (*world, outcome) { return exactly(t, maxMessage+over, cut) },
		}
	}
	return []fault{
		sized("limit", "a message of 256 KiB to the byte: sent as it is (after one that measures)", 0, false),
		sized("limit-and-one", "one byte more: the end of the own message is cut, and remarked on", 1, true),
		sized("1-mib", "a message of 1 MiB: cut to what SNS takes", 3*maxMessage, true),
		{
			ID: "address-1-mib", Name: "an indicator of 1 MiB, which is never cut", Exit: 4, Debug: "address", Says: []string{"address", "too long"},
			do: func(t *testing.T) (*world, outcome) { return withAddress(t, strings.Repeat("a", 1<<20)) },
		}, {
			ID: "addresses-none", Name: "an empty list of addresses", Exit: 4, Debug: "address", Says: []string{"address", "empty"},
			do: func(t *testing.T) (*world, outcome) { return withAddresses(t, "[]") },
		}, {
			ID: "addresses-nulls", Name: "a list of nulls and empty texts", Exit: 4, Debug: "address", Says: []string{"address", "empty"},
			do: func(t *testing.T) (*world, outcome) { return withAddresses(t, `[null,"",null]`) },
		}, {
			ID: "addresses-100000", Name: "100,000 addresses", Exit: 0, Debug: debugAny, Sent: 100_000, Within: 5 * time.Minute,
			Says: []string{"published 100000 of 100000"}, do: hundredThousand,
		},
	}
}

// exactly runs an App whose message counts n bytes: a first run shows what
// there is besides the text.
func exactly(t *testing.T, n int, cut bool) (*world, outcome) {
	t.Helper()
	w := newWorld(t)
	params := map[string]any{"message_format": "Text", "message": "#Trigger:1:text!String"}
	w.stage(map[string]any{"#Trigger:1:text!String": "x"})
	require.Equal(t, 0, w.run(w.params(params)).ExitCode)
	first := w.sns.Messages()[0]
	besides := counted(first) - 1

	w.newSession()
	text := strings.Repeat("x", n-besides)
	w.stage(map[string]any{"#Trigger:1:text!String": text})
	out := w.run(w.params(params))
	last := w.sns.Messages()[1]
	require.LessOrEqual(t, counted(last), maxMessage)
	if cut {
		require.Greater(t, counted(last), maxMessage-8, "no more is cut than must be")
		require.Contains(t, out.outputs["sns.result"], "cut: message")
	} else {
		require.Equal(t, text, last.Message)
	}
	return w, out
}

// counted is what a message counts: body, subject and attributes.
func counted(m snsserver.Message) int {
	n := len(m.Message) + len(m.Subject)
	for _, a := range m.Attributes {
		n += len(a.Name) + len(a.Type) + len(a.Value)
	}
	return n
}

// hundredThousand publishes a list, and checks that each address is there once
// and that the outputs are aligned. The time and the memory are in README.md.
func hundredThousand(t *testing.T) (*world, outcome) {
	t.Helper()
	const n = 100_000
	w := newWorld(t)
	w.sns = startSNS(t, snsserver.Options{CountOnly: true})
	w.stage(map[string]any{"#Trigger:1:list!StringArray": addresses(n)})
	g := startGate(t, w, nil)
	var app *process
	started, peak := make(chan struct{}), make(chan int64, 1)
	g.rule = func(command string, nth int) act {
		if command == "hset" && nth == 1 {
			<-started
			peak <- peakMemory(app.PID())
		}
		return act{}
	}
	app = w.start(platform.AppOptions{Params: w.params(g.params(map[string]any{
		"address": "#Trigger:1:list!StringArray", "timeout_seconds": "240", "tc_log_level": "INFO",
	}))})
	close(started)
	out := app.wait()
	var ids []*string
	require.NoError(t, json.Unmarshal([]byte(out.outputs["sns.message_ids"]), &ids), out.Message)
	require.Len(t, ids, n)
	distinct := map[string]bool{}
	for _, id := range ids {
		require.NotNil(t, id)
		distinct[*id] = true
	}
	require.Len(t, distinct, n, "each MessageID once")
	require.Equal(t, n-1, strings.Count(out.outputs["sns.debug"], "\n"), "a line each")
	require.EqualValues(t, 1, g.count("hget"), "the store is read once")
	t.Logf("100,000 addresses: %v, CPU %v, peak memory %d MiB", out.Duration.Round(time.Millisecond), out.CPU.Round(time.Millisecond), <-peak>>20)
	return w, out
}

// valueFaults are texts that break what is written carelessly.
func valueFaults() []fault {
	// sent stages the JSON of an address and wants it on the topic as want.
	sent := func(id, name, value, want string) fault {
		return fault{
			ID: "value-" + id, Name: name, Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				w, out := withRaw(t, value)
				require.Len(t, w.sns.Messages(), 1, out.Message)
				require.Equal(t, want, document(t, w.sns.Messages()[0])["address"])
				return w, out
			},
		}
	}
	return []fault{
		sent("nul", "NUL and other control characters in the indicator: escaped in the JSON document", `"203.0.113.7\u0000\u0001\u001b[31m"`, "203.0.113.7\x00\x01\x1b[31m"),
		sent("invalid-utf8", "invalid UTF-8", "\"203.0.113.7\xff\xfe\"", "203.0.113.7\ufffd\ufffd"),
		sent("lone-surrogate", "lone surrogates in JSON", `"203.0.113.7\ud800 \udc00"`, "203.0.113.7\ufffd \ufffd"),
		sent("line-ends", "line ends and a header in the indicator", `"203.0.113.7\r\nSubject: you won"`, "203.0.113.7\r\nSubject: you won"),
		sent("markup", "HTML, XML, a format string and a shell's words", `"<script>&amp;]]>%s%n$(reboot)`+"`reboot`"+`\";--"`, "<script>&amp;]]>%s%n$(reboot)`reboot`\";--"),
		sent("direction", "characters that turn the text's direction", `"gnp.exe\u202egpj"`, "gnp.exe\u202egpj"),
		sent("variable", "the value is a variable, which is not read", `"#Trigger:1:trg.tc.item!String"`, "#Trigger:1:trg.tc.item!String"),
		sent("keychain", "the value is a keychain variable, which is not read", `"&{TC:KEYCHAIN:password}"`, "&{TC:KEYCHAIN:password}"),
		sent("number", "a number where a text should be, beyond every integer", `123456789012345678901234567890123456789012345678901234567890`, "123456789012345678901234567890123456789012345678901234567890"),
		{
			ID: "value-empty", Name: "an empty text as the indicator", Exit: 4, Debug: "address", Says: []string{"address", "empty"},
			do: func(t *testing.T) (*world, outcome) { return withRaw(t, `""`) },
		}, {
			ID: "value-no-bytes", Name: "a variable of no bytes", Exit: 4, Debug: "address", Says: []string{"address"},
			do: func(t *testing.T) (*world, outcome) { return withRaw(t, "") },
		}, {
			ID: "value-null", Name: "null as the indicator", Exit: 4, Debug: "address", Says: []string{"address", "not set"},
			do: func(t *testing.T) (*world, outcome) { return withRaw(t, "null") },
		}, {
			ID: "value-empties", Name: "every other input is an empty text", Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				w := newWorld(t)
				w.stage(map[string]any{"#Trigger:1:empty!String": ""})
				more := map[string]any{}
				for i, name := range []string{
					"owner", "threatassess_score", "confidence", "details_link", "indicator_type", "trigger_action", "subject", "message",
					"message_attributes", "message_group_id", "aws_region", "aws_session_token", "timeout_seconds",
				} {
					more[name] = []any{"", "#Trigger:1:empty!String", "  "}[i%3]
				}
				return w, w.run(w.params(more))
			},
		}, {
			ID: "value-numbers", Name: "score and confidence are 1e400, NaN and a text: null in JSON, remarked on", Exit: 0, Debug: debugMessageID, Sent: 1,
			Says: []string{"published"}, do: hugeNumbers,
		},
	}
}

// shapeFaults are JSON, variables and keys that are not what they should be.
func shapeFaults() []fault {
	const list = "#Trigger:1:pairs!KeyValueArray"
	return []fault{
		{
			ID: "nesting", Name: "an entity nested 100,000 deep", Exit: 4, Debug: "address", Says: []string{"address"},
			do: func(t *testing.T) (*world, outcome) {
				return withEntity(t, `{"value":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+`}`)
			},
		}, {
			ID: "nesting-parameter", Name: "a parameter nested 9,000 deep", Exit: 4, Debug: debugAny, Says: []string{"address"},
			do: func(t *testing.T) (*world, outcome) {
				return publish(t, nil, map[string]any{"address": json.RawMessage(strings.Repeat("[", 9_000) + strings.Repeat("]", 9_000))})
			},
		}, {
			ID: "duplicate-keys", Name: "an entity with each key twice: the last counts", Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				w, out := withEntity(t, `{"value":"first.example","type":"Host","value":"last.example","type":"Host"}`)
				require.Equal(t, "last.example", document(t, w.sns.Messages()[0])["address"])
				return w, out
			},
		}, {
			ID: "entity-odd-types", Name: "an entity whose numbers are texts, lists and beyond every float", Exit: 0, Debug: debugMessageID, Sent: 1,
			Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				return withEntity(t, `{"value":"evil.example","type":"Host","confidence":"80","rating":1e999,"id":99999999999999999999999,"ownerName":null}`)
			},
		}, {
			ID: "entity-no-value", Name: "an entity without a value", Exit: 4, Debug: "address", Says: []string{"address"},
			do: func(t *testing.T) (*world, outcome) { return withEntity(t, `{"type":"Host"}`) },
		}, {
			ID: "trailing", Name: "JSON with more after it", Exit: 4, Debug: "address", Says: []string{"address"},
			do: func(t *testing.T) (*world, outcome) { return withRaw(t, `"203.0.113.7" "198.51.100.1"`) },
		}, {
			ID: "self", Name: "a KeyValue whose value is itself: read once, never again", Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				return publish(t, map[string]any{list: json.RawMessage(`[{"key":"a","value":"` + list + `"}]`)}, map[string]any{"message_attributes": list})
			},
		}, {
			ID: "cycle", Name: "two KeyValues that are each other's value", Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				const other = "#Trigger:1:others!KeyValueArray"
				return publish(t, map[string]any{
					list:  json.RawMessage(`[{"key":"a","value":"` + other + `"}]`),
					other: json.RawMessage(`[{"key":"b","value":"` + list + `"}]`),
				}, map[string]any{"message_attributes": list})
			},
		}, {
			ID: "billion-laughs", Name: "a message that names a variable of 1 KiB 2,000 times", Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				return publish(t, map[string]any{"#Trigger:1:ha!String": strings.Repeat("ha", 512)},
					map[string]any{"message": strings.Repeat("#Trigger:1:ha!String ", 2_000)})
			},
		}, {
			ID: "almost-variables", Name: "a megabyte of “#App:1:”, which begins a variable and never ends one", Exit: 0, Debug: debugMessageID, Sent: 1,
			Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				return publish(t, nil, map[string]any{"message": strings.Repeat("#App:1:", 150_000)})
			},
		}, {
			ID: "almost-pairs", Name: "the same as message_attributes, in the shape of a list of keys and values", Exit: 4, Debug: "message_attributes",
			Says: []string{"message_attributes"},
			do: func(t *testing.T) (*world, outcome) {
				return publish(t, nil, map[string]any{"message_attributes": `[{"key": ` + strings.Repeat("#App:1:", 150_000) + `"key"`})
			},
		}, {
			ID: "outputs-odd", Name: "the list of requested outputs is a megabyte of commas and unknown names", Exit: 0, Debug: debugMessageID, Sent: 1,
			Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				return publish(t, nil, map[string]any{"tc_playbook_out_variables": strings.Repeat(",#App:2:unknown!String,not a variable", 30_000) + "," + allOutputs()})
			},
		}, {
			ID: "params-unknown", Name: "10,000 parameters that nobody knows", Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				more := map[string]any{}
				for i := range 10_000 {
					more[fmt.Sprintf("unknown_%d", i)] = i
				}
				return publish(t, nil, more)
			},
		}, {
			ID: "ports-odd", Name: "tc_kvstore_port is no number", Exit: 4, Debug: debugNone, Says: []string{"tc_kvstore_port"},
			do: func(t *testing.T) (*world, outcome) {
				return publish(t, nil, map[string]any{"tc_kvstore_port": "six thousand"})
			},
		},
	}
}

// publish stages variables and runs an App for a literal address.
func publish(t *testing.T, variables, more map[string]any) (*world, outcome) {
	t.Helper()
	w := newWorld(t)
	if variables != nil {
		w.stage(variables)
	}
	return w, w.run(w.params(more))
}

// withRaw runs an App whose address is a String with these bytes.
func withRaw(t *testing.T, value string) (*world, outcome) {
	t.Helper()
	return publish(t, map[string]any{item: json.RawMessage(value)}, map[string]any{"address": item})
}

func withAddress(t *testing.T, value string) (*world, outcome) {
	t.Helper()
	return publish(t, map[string]any{item: value}, map[string]any{"address": item})
}

func withAddresses(t *testing.T, value string) (*world, outcome) {
	t.Helper()
	const list = "#Trigger:1:list!StringArray"
	return publish(t, map[string]any{list: json.RawMessage(value)}, map[string]any{"address": list})
}

func withEntity(t *testing.T, value string) (*world, outcome) {
	t.Helper()
	const entity = "#Trigger:1:trg.tc.entity!TCEntity"
	return publish(t, map[string]any{entity: json.RawMessage(value)}, map[string]any{"address": entity})
}

// hugeNumbers runs an App whose numbers are none.
func hugeNumbers(t *testing.T) (*world, outcome) {
	t.Helper()
	w, out := publish(t, nil, map[string]any{"threatassess_score": "1e400", "confidence": "NaN"})
	sent := document(t, w.sns.Messages()[0])
	require.Nil(t, sent["threatassess_score"])
	require.Nil(t, sent["confidence"])
	var names []string
	for _, a := range w.sns.Messages()[0].Attributes {
		names = append(names, a.Name)
	}
	sort.Strings(names)
	require.Equal(t, []string{"address", "indicator_type", "trigger_action"}, names)
	require.Contains(t, out.outputs["sns.result"], "remarks")
	return w, out
}
