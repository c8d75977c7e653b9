package snsserver

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

const testParts = `{"default":"d","email":"e","email-json":"ej","sms":"s","sqs":"q","lambda":"l","http":"h","https":"hs","firehose":"f","APNS":"apns","APNS_SANDBOX":"sandbox","GCM":"gcm"}`

// deliveriesOf publishes to a topic with the subscriptions.
func deliveriesOf(t *testing.T, subscriptions []Subscription, pairs ...string) []Delivery {
	t.Helper()
	s := start(t, Options{Topics: []Topic{{ARN: testTopic, Subscriptions: subscriptions}}})
	got := me().do(t, s, form(pairs...))
	require.Equal(t, 200, got.status, got.body)
	return s.Deliveries()
}

func TestDeliverPerProtocol(t *testing.T) {
	t.Parallel()
	application := "arn:aws:sns:eu-west-1:123456789012:endpoint/%s/app/id"
	for name, tc := range map[string]struct {
		subscription Subscription
		path         string // where the text is in a JSON document, "" when it is all
		want         string
	}{
		"email":      {Subscription{Protocol: "email"}, "", "e"},
		"email-json": {Subscription{Protocol: "email-json"}, "Message", "ej"},
		"sms":        {Subscription{Protocol: "sms"}, "", "s"},
		"sqs":        {Subscription{Protocol: "sqs"}, "Message", "q"},
		"sqs raw":    {Subscription{Protocol: "sqs", Raw: true}, "", "q"},
		"http":       {Subscription{Protocol: "http"}, "Message", "h"},
		"https raw":  {Subscription{Protocol: "https", Raw: true}, "", "hs"},
		"firehose":   {Subscription{Protocol: "firehose"}, "Message", "f"},
		"lambda":     {Subscription{Protocol: "lambda"}, "Lambda", "l"},
		"apns":       {Subscription{Protocol: "application", Endpoint: fmt.Sprintf(application, "APNS")}, "", "apns"},
		"sandbox":    {Subscription{Protocol: "application", Endpoint: fmt.Sprintf(application, "APNS_SANDBOX")}, "", "sandbox"},
		"gcm":        {Subscription{Protocol: "application", Endpoint: fmt.Sprintf(application, "GCM")}, "", "gcm"},
		"adm":        {Subscription{Protocol: "application", Endpoint: fmt.Sprintf(application, "ADM")}, "", "d"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := deliveriesOf(t, []Subscription{tc.subscription}, "MessageStructure", "json", "Message", testParts)
			require.Len(t, got, 1)
			text := got[0].Text
			switch tc.path {
			case "Message":
				var envelope struct{ Type, MessageId, TopicArn, Message string }
				require.NoError(t, json.Unmarshal([]byte(text), &envelope))
				require.Equal(t, "Notification", envelope.Type)
				require.Equal(t, got[0].MessageID, envelope.MessageId)
				require.Equal(t, testTopic, envelope.TopicArn)
				text = envelope.Message
			case "Lambda":
				var event struct {
					Records []struct{ Sns struct{ Message string } }
				}
				require.NoError(t, json.Unmarshal([]byte(text), &event))
				text = event.Records[0].Sns.Message
			}
			require.Equal(t, tc.want, text)
		})
	}
}

func TestDeliverAttributesAndSubject(t *testing.T) {
	t.Parallel()
	got := deliveriesOf(t, []Subscription{{Protocol: "email"}, {Protocol: "sqs"}, {Protocol: "sqs", Raw: true}, {Protocol: "lambda"}, {Protocol: "http", Raw: true}},
		append(attribute("score", "Number", "7"), "Subject", "S")...)
	require.Len(t, got, 5)
	require.Equal(t, "S", got[0].Subject)
	var envelope struct {
		Subject           string
		MessageAttributes map[string]attributeValue
	}
	require.NoError(t, json.Unmarshal([]byte(got[1].Text), &envelope))
	require.Equal(t, "S", envelope.Subject)
	require.Equal(t, attributeValue{"Number", "7"}, envelope.MessageAttributes["score"])
	require.Equal(t, []Attribute{{"score", "Number", "7"}}, got[2].Attributes)
	require.Contains(t, got[3].Text, `"MessageAttributes":{"score":{"Type":"String","Value":"7"}}`)
	require.Equal(t, "hello", got[4].Text)
	require.Empty(t, got[4].Attributes, "raw HTTP loses them")

	plain := deliveriesOf(t, []Subscription{{Protocol: "email"}, {Protocol: "lambda"}})
	require.Equal(t, "AWS Notification Message", plain[0].Subject)
	require.Contains(t, plain[1].Text, `"Subject":null`)
	require.Contains(t, plain[1].Text, `"MessageAttributes":{}`)
}

// An eleventh attribute and raw delivery: SNS discards the message.
func TestDeliverDiscards(t *testing.T) {
	t.Parallel()
	for _, n := range []int{10, 11} {
		var pairs []string
		for i := 1; i <= n; i++ {
			entry := fmt.Sprintf("MessageAttributes.entry.%d.", i)
			pairs = append(pairs, entry+"Name", fmt.Sprint("a", i), entry+"Value.DataType", "String", entry+"Value.StringValue", "x")
		}
		got := deliveriesOf(t, []Subscription{{Protocol: "sqs", Raw: true}, {Protocol: "sqs"}}, pairs...)
		require.Equal(t, n > 10, got[0].Discarded != "")
		require.Empty(t, got[1].Discarded, "the envelope has room")
	}
}

func TestDeliverFIFOToSQSOnly(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Topics: []Topic{{ARN: testFIFO, Subscriptions: []Subscription{
		{Protocol: "email"}, {Protocol: "sqs"}, {Protocol: "lambda"}, {Protocol: "sqs", Pending: true},
	}}}})
	me().do(t, s, form("TopicArn", testFIFO, "MessageGroupId", "g", "MessageDeduplicationId", "d"))
	got := s.Deliveries()
	require.Len(t, got, 1)
	require.Equal(t, "sqs", got[0].Protocol)
	require.Contains(t, got[0].Text, `"SequenceNumber":"1`)
}

func TestFilterPolicy(t *testing.T) {
	t.Parallel()
	attributes := []Attribute{
		{"type", "String", "Address"}, {"score", "Number", "750"}, {"tags", "String.Array", `["apt","c2"]`},
		{"ip", "String", "203.0.113.7"}, {"blob", "Binary", "AAAA"}, {"rank", "Number.int", "7"},
	}
	const body = `{"type":"Address","detail":{"score":750,"tags":["apt","c2"]},"rows":[{"n":1},{"n":2}]}`
	for _, tc := range []struct {
		policy string
		body   bool
		want   bool
	}{
		{``, false, true},
		{`{"type":["Host","Address"]}`, false, true},
		{`{"type":["address"]}`, false, false},
		{`{"type":["Address"],"other":["x"]}`, false, false},
		{`{"type":[{"prefix":"Addr"}]}`, false, true},
		{`{"type":[{"prefix":"addr"}]}`, false, false},
		{`{"type":[{"suffix":"ess"}]}`, false, true},
		{`{"type":[{"suffix":"x"}]}`, false, false},
		{`{"type":[{"equals-ignore-case":"aDDRESS"}]}`, false, true},
		{`{"type":[{"anything-but":["Host"]}]}`, false, true},
		{`{"type":[{"anything-but":"Address"}]}`, false, false},
		{`{"type":[{"anything-but":{"prefix":"Ad"}}]}`, false, false},
		{`{"score":[{"numeric":[">=",500,"<",800]}]}`, false, true},
		{`{"score":[{"numeric":["=",750]}]}`, false, true},
		{`{"score":[{"numeric":[">",750]}]}`, false, false},
		{`{"score":[{"numeric":["<=",749]}]}`, false, false},
		{`{"score":[{"numeric":[">"]}]}`, false, false},
		{`{"score":[750]}`, false, true},
		{`{"type":[{"numeric":[">",1]}]}`, false, false},
		{`{"type":[{"exists":true}]}`, false, true},
		{`{"other":[{"exists":false}]}`, false, true},
		{`{"type":[{"exists":false}]}`, false, false},
		{`{"blob":[{"exists":true}]}`, false, false},
		{`{"tags":["c2"]}`, false, true},
		{`{"tags":["x"]}`, false, false},
		{`{"ip":[{"cidr":"203.0.113.0/24"}]}`, false, true},
		{`{"ip":[{"cidr":"198.51.100.0/24"}]}`, false, false},
		{`{"$or":[{"type":["Host"]},{"score":[750]}]}`, false, true},
		{`{"$or":[{"type":["Host"]},{"score":[1]}]}`, false, false},
		{`{"type":[{"unknown":"x"}]}`, false, false},
		{`{"detail":{"score":[{"numeric":[">",1]}],"tags":["apt"]}}`, true, true},
		{`{"detail":{"score":[1]}}`, true, false},
		{`{"type":{"score":[1]}}`, true, false},
		{`{"score":[750]}`, true, false},
		{`{"other":{"inner":[{"exists":false}]}}`, true, true},
		{`{"other":{"inner":["x"]}}`, true, false},
		{`{"rows":{"n":[2]}}`, true, true},
		{`{"rows":{"n":[3]}}`, true, false},
		{`{"rank":[7]}`, false, true},
	} {
		f, err := parseFilter(tc.policy)
		require.NoError(t, err)
		scope := "MessageAttributes"
		if tc.body {
			scope = "MessageBody"
		}
		require.Equal(t, tc.want, f.matches(scope, Message{Attributes: attributes}, body), "%s %s", scope, tc.policy)
	}
	f, err := parseFilter(`{"a":["b"]}`)
	require.NoError(t, err)
	require.False(t, f.matches("MessageBody", Message{}, "no JSON"))
	got := deliveriesOf(t, []Subscription{{Protocol: "sms", Endpoint: "no", FilterPolicy: `{"a":["x"]}`}, {Protocol: "sms", Endpoint: "yes", FilterPolicy: `{"a":["1"]}`}},
		attribute("a", "String", "1")...)
	require.Len(t, got, 1)
	require.Equal(t, "yes", got[0].Endpoint)
}

func FuzzFilter(f *testing.F) {
	f.Add(`{"a":["b",{"prefix":"c"}]}`, `{"a":"b"}`)
	f.Add(`{"$or":[{"a":[{"numeric":[">",1]}]}]}`, `{"a":2}`)
	f.Add(`{"a":[{"anything-but":{"suffix":1}}],"b":{"c":[null]}}`, `{"a":["x"],"b":{"c":null}}`)
	f.Fuzz(func(t *testing.T, policy, body string) {
		parsed, err := parseFilter(policy)
		if err != nil {
			return
		}
		if parsed.matches("MessageBody", Message{}, body) && policy != "" && !json.Valid([]byte(body)) {
			t.Fatalf("policy %q lets %q through", policy, body)
		}
	})
}

func FuzzStructure(f *testing.F) {
	f.Add(testParts)
	f.Add(`{"default":1,"default":"a"}`)
	f.Fuzz(func(t *testing.T, text string) {
		parts, refused := structure(text)
		if refused != nil {
			return
		}
		_, there := parts["default"]
		require.True(t, there)
		require.True(t, json.Valid([]byte(text)))
	})
}
