package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/platform"
	"tcsns/internal/dev/snsserver"
)

// The main job: an Address is created, the message is on the topic, sns.debug
// is in the playbook.
func TestPublishAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stage(map[string]any{
		"#Trigger:1:trg.tc.item!String":    "198.51.100.7",
		"#Trigger:1:trg.tc.owner!String":   "Example Org",
		"#Trigger:1:trg.tc.weblink!String": "https://tc.example/auth/indicators/details/address.xhtml?address=198.51.100.7",
	})
	out := w.run(w.params(map[string]any{
		"address":            "#Trigger:1:trg.tc.item!String",
		"owner":              "#Trigger:1:trg.tc.owner!String",
		"details_link":       "#Trigger:1:trg.tc.weblink!String",
		"threatassess_score": "#Trigger:1:trg.tc.score!String", // not set: normal on a new indicator
		"confidence":         75,
		"subject":            "New: #Trigger:1:trg.tc.item!String",
	}))
	require.Equal(t, 0, out.ExitCode, out.Stderr)
	require.False(t, out.ParamFileLeft)

	messages := w.sns.Messages()
	require.Len(t, messages, 1)
	sent := messages[0]
	require.Equal(t, sent.MessageID, out.outputs["sns.debug"], "the MessageID and nothing else")
	require.Equal(t, sent.MessageID, out.outputs["sns.message_id"])
	require.Equal(t, `["`+sent.MessageID+`"]`, out.outputs["sns.message_ids"])
	require.Equal(t, "true", out.outputs["sns.success"])
	require.Contains(t, out.Message, sent.MessageID)
	require.Equal(t, "New: 198.51.100.7", sent.Subject)

	document := document(t, sent)
	require.Equal(t, "198.51.100.7", document["address"])
	require.Equal(t, "Example Org", document["owner"])
	require.EqualValues(t, 75, document["confidence"])
	require.Nil(t, document["threatassess_score"])
	require.Contains(t, document, "threatassess_score")

	var result map[string]any
	require.NoError(t, json.Unmarshal([]byte(out.outputs["sns.result"]), &result))
	require.Equal(t, sent.MessageID, result["message_id"])
	require.NotContains(t, out.Log, "198.51.100.7", "no value of a variable is logged")
	require.NotContains(t, out.Log, "Example Org", "no value of a variable is logged")
}

// document is the JSON document that SQS, Lambda and HTTP get.
func document(t *testing.T, sent snsserver.Message) map[string]any {
	t.Helper()
	body := []byte(sent.Message)
	if sent.MessageStructure == "json" {
		var parts map[string]string
		require.NoError(t, json.Unmarshal(body, &parts))
		body = []byte(parts["default"])
	}
	var document map[string]any
	require.NoError(t, json.Unmarshal(body, &document))
	return document
}

// A TCEntity alone fills type, owner, confidence and link.
func TestPublishEntity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stage(map[string]any{"#Trigger:1:trg.tc.entity!TCEntity": map[string]any{
		"id": 12345, "type": "Host", "value": "evil.example", "ownerName": "Example Org", "confidence": 80, "rating": 4.0,
		"threatAssessConfidence": nil, "threatAssessRating": nil, "webLink": "https://tc.example/host/12345",
	}})
	out := w.run(w.params(map[string]any{
		"address": "#Trigger:1:trg.tc.entity!TCEntity", "trigger_action": "Tagged",
		"message_attributes": "[]", // what an untouched list is in an export
	}))
	require.Equal(t, 0, out.ExitCode, out.Stderr)
	document := document(t, w.sns.Messages()[0])
	require.Equal(t, "evil.example", document["address"])
	require.Equal(t, "Host", document["indicator_type"])
	require.Equal(t, "Example Org", document["owner"])
	require.EqualValues(t, 80, document["confidence"])
	require.Equal(t, "https://tc.example/host/12345", document["details_link"])
	require.Equal(t, "Tagged", document["trigger_action"])
}

// Several addresses: outputs aligned with them.
func TestPublishSeveral(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stage(map[string]any{
		"#Trigger:1:list!StringArray":  []any{"203.0.113.1", nil, "203.0.113.3"},
		"#Trigger:1:names!StringArray": []any{"A", "B", "C"},
	})
	out := w.run(w.params(map[string]any{"address": "#Trigger:1:list!StringArray", "owner": "#Trigger:1:names!StringArray"}))
	require.Equal(t, 4, out.ExitCode, "a part went out: not to be run again")
	messages := w.sns.Messages()
	require.Len(t, messages, 2)
	var ids []*string
	require.NoError(t, json.Unmarshal([]byte(out.outputs["sns.message_ids"]), &ids))
	require.Len(t, ids, 3)
	require.Nil(t, ids[1])
	owners := map[string]any{}
	for _, sent := range messages {
		owners[sent.MessageID] = document(t, sent)["owner"]
	}
	require.Equal(t, "A", owners[*ids[0]])
	require.Equal(t, "C", owners[*ids[2]])
	require.Contains(t, out.Message, "published 2 of 3")
	require.Contains(t, out.outputs["sns.debug"], "address")
}

// Data from the store is never expanded again: a hostile indicator cannot pull
// another variable into the message.
func TestHostileValueIsNotExpanded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hostile := "#Trigger:1:secret!String &{TC:KEYCHAIN:password}"
	w.stage(map[string]any{"#Trigger:1:item!String": hostile, "#Trigger:1:secret!String": "must not be read"})
	out := w.run(w.params(map[string]any{"address": "#Trigger:1:item!String"}))
	require.Equal(t, 0, out.ExitCode, out.Stderr)
	require.Equal(t, hostile, document(t, w.sns.Messages()[0])["address"])
}

// Check publishes nothing and says what would happen.
func TestCheckPublishesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out := w.run(w.params(map[string]any{"tc_action": "Check", "owner": "Example Org"}))
	require.Equal(t, 0, out.ExitCode, out.Stderr)
	require.Empty(t, w.sns.Messages())
	require.Contains(t, out.outputs["sns.debug"], "no confirmed subscription")
	require.Contains(t, out.outputs["sns.debug"], "203.0.113[.]7")
	require.Equal(t, "true", out.outputs["sns.success"])
}

// Check reports every problem at once: those of the inputs, of the messages and
// of the topic.
func TestCheckReportsEveryProblem(t *testing.T) {
	t.Parallel()
	const list, owners = "#Trigger:1:list!StringArray", "#Trigger:1:owners!StringArray"
	for name, row := range map[string]struct {
		params map[string]any
		says   []string // in sns.debug
	}{
		"inputs": {
			map[string]any{"topic_arn": "tc-indicators", "timeout_seconds": "soon", "message_format": "HTML", "aws_secret_access_key": ""},
			[]string{"topic_arn", "timeout_seconds", "message_format", "aws_secret_access_key", "203.0.113[.]7"},
		},
		"how to reach the topic": {
			map[string]any{"aws_role_arn": "arn:aws:iam::1:role/r", "aws_endpoint_url": "https://sns.example/?a=b", "aws_access_key_id": `"AKIA"`, "aws_region": "us-east-1"},
			[]string{"aws_role_arn", "aws_endpoint_url", "aws_access_key_id", "aws_region", "the topic itself was not checked", "203.0.113[.]7"},
		},
		"inputs, messages and topic": {
			map[string]any{
				"address": list, "owner": owners, "topic_arn": topicARN + "-gone", "message_group_id": "a b", "message_deduplication_id": "once",
				"message_attributes": []any{map[string]any{"key": "a b", "value": "1"}},
			},
			[]string{"owner has 2 values for 3 addresses", "message_group_id", "message_deduplication_id", "message_attributes", "address is empty at address 2 of 3", "NotFound", "203.0.113[.]1"},
		},
	} {
		for _, failOnError := range []string{"true", "false"} {
			t.Run(name+", fail_on_error "+failOnError, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.stage(map[string]any{list: []any{"203.0.113.1", "", "203.0.113.3"}, owners: []any{"A", "B"}})
				out := w.run(w.params(platform.Merge(row.params, map[string]any{"tc_action": "Check", "fail_on_error": failOnError})))
				require.Equal(t, 4, out.ExitCode, "inputs that cannot be used always fail the run")
				for _, what := range row.says {
					require.Contains(t, out.outputs["sns.debug"], what)
				}
				require.Contains(t, out.outputs["sns.debug"], fmt.Sprintf("%d problems,", strings.Count(out.outputs["sns.debug"], "\nproblem: ")))
				require.LessOrEqual(t, strings.Count(out.outputs["sns.debug"], "problem: message_group_id"), 1, "said once, not for each address")
				require.Equal(t, "InvalidInput", out.outputs["sns.error_code"])
				require.Contains(t, out.Message, "Fix:")
				require.Empty(t, w.sns.Messages())
			})
		}
	}
}

// fail_on_error false: the playbook goes on, and reads what went wrong.
func TestFailOnErrorFalse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out := w.run(w.params(map[string]any{"fail_on_error": "false", "topic_arn": topicARN + "-gone"}))
	require.Equal(t, 0, out.ExitCode)
	require.Equal(t, "false", out.outputs["sns.success"])
	require.Equal(t, "NotFound", out.outputs["sns.error_code"])
	require.Contains(t, out.outputs["sns.debug"], "Fix:")
	require.Contains(t, out.Message, "NotFound")
}

// A FIFO topic: groups and ids are derived, the sequence number comes back, and
// a second run of the same execution is not delivered twice.
func TestPublishFIFO(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.run(w.params(map[string]any{"topic_arn": fifoARN}))
	require.Equal(t, 0, first.ExitCode, first.Stderr)
	require.NotEmpty(t, first.outputs["sns.sequence_number"])
	require.Equal(t, "Address:203.0.113.7", w.sns.Messages()[0].GroupID)

	again := w.run(w.params(map[string]any{"topic_arn": fifoARN}))
	require.Equal(t, 0, again.ExitCode, again.Stderr)
	require.Len(t, w.sns.Messages(), 1, "the same execution once more")

	w.newSession()
	next := w.run(w.params(map[string]any{"topic_arn": fifoARN}))
	require.Equal(t, 0, next.ExitCode, next.Stderr)
	require.Len(t, w.sns.Messages(), 2, "a new execution is a new message")
}

// Only requested outputs are written, under the key that was requested.
func TestOnlyRequestedOutputs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out := w.run(w.params(map[string]any{"tc_playbook_out_variables": job + "sns.debug!String"}))
	require.Equal(t, 0, out.ExitCode, out.Stderr)
	require.Len(t, out.outputs, 1)
	require.Contains(t, out.outputs, "sns.debug")
}
