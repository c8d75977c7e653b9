package snsserver

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestPublish(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	got := me().do(t, s, form(append(attribute("score", "Number", "7.5"), "Subject", "Grüße", "Message", "a & <b> \u00e9")...))
	require.Equal(t, 200, got.status, got.body)
	require.Equal(t, "PublishResponse", got.doc.XMLName.Local)
	require.Equal(t, snsNamespace, got.doc.XMLName.Space)
	require.NotEmpty(t, got.doc.RequestID)
	require.Equal(t, got.doc.RequestID, got.header.Get("x-amzn-RequestId"))
	sent := s.Messages()
	require.Len(t, sent, 1)
	require.Equal(t, Message{
		MessageID: got.doc.MessageID, TopicARN: testTopic, Subject: "Grüße", Message: "a & <b> \u00e9",
		Attributes: []Attribute{{"score", "Number", "7.5"}}, Time: sent[0].Time,
	}, sent[0])
	require.Equal(t, 1, s.Requests())
	require.Positive(t, s.Connections())
	require.Equal(t, "Publish", s.LastRequest().Action)
}

func TestPublishRefusals(t *testing.T) {
	t.Parallel()
	const parameter, value = "InvalidParameter", "ParameterValueInvalid"
	fifo := func(more ...string) []string { return append([]string{"TopicArn", testFIFO}, more...) }
	json := func(message string) []string { return []string{"MessageStructure", "json", "Message", message} }
	twice := append(attribute("a", "String", "1"), "MessageAttributes.entry.2.Name", "a", "MessageAttributes.entry.2.Value.DataType", "String", "MessageAttributes.entry.2.Value.StringValue", "2")
	for name, tc := range map[string]struct {
		form   []string
		status int
		code   string // "" when SNS takes it
		words  string
	}{
		"no action":           {[]string{"Action", "-"}, 400, "MissingAction", "Action"},
		"unknown action":      {[]string{"Action", "Purge"}, 400, "InvalidAction", "Purge"},
		"no topic":            {[]string{"TopicArn", "-"}, 400, parameter, "TopicArn or TargetArn"},
		"short ARN":           {[]string{"TopicArn", "alerts"}, 400, parameter, "at least 6 elements, not 1"},
		"ARN of SQS":          {[]string{"TopicArn", "arn:aws:sqs:eu-west-1:123456789012:alerts"}, 400, parameter, "TopicArn"},
		"other region":        {[]string{"TopicArn", "arn:aws:sns:us-east-1:123456789012:alerts"}, 400, parameter, "TopicArn"},
		"unknown topic":       {[]string{"TopicArn", testTopic + "-gone"}, 404, "NotFound", "Topic does not exist"},
		"no message":          {[]string{"Message", "-"}, 400, parameter, "Empty message"},
		"empty message":       {[]string{"Message", ""}, 400, parameter, "Empty message"},
		"no UTF-8":            {[]string{"Message", "\xff"}, 400, parameter, "Message"},
		"largest":             {[]string{"Message", strings.Repeat("x", 262_144)}, 200, "", ""},
		"too long":            {[]string{"Message", strings.Repeat("x", 262_145)}, 400, parameter, "Message too long"},
		"long by attributes":  {append(attribute("abc", "String", "12345"), "Message", strings.Repeat("x", 262_144-13)), 400, parameter, "Message too long"},
		"full by attributes":  {append(attribute("abc", "String", "12345"), "Message", strings.Repeat("x", 262_144-14)), 200, "", ""},
		"huge":                {[]string{"Message", strings.Repeat("x", 3<<20)}, 400, parameter, "Message too long"},
		"subject 100":         {[]string{"Subject", strings.Repeat("ü", 100)}, 200, "", ""},
		"subject 101":         {[]string{"Subject", strings.Repeat("x", 101)}, 400, parameter, "Subject"},
		"subject empty":       {[]string{"Subject", ""}, 400, parameter, "Subject"},
		"subject lines":       {[]string{"Subject", "a\nb"}, 400, parameter, "Subject"},
		"subject control":     {[]string{"Subject", "a\x07b"}, 400, parameter, "Subject"},
		"subject space":       {[]string{"Subject", " a"}, 400, parameter, "Subject"},
		"structure":           {[]string{"MessageStructure", "xml"}, 400, parameter, "MessageStructure"},
		"parts":               {json(`{"default":"","sms":"s","other":1}`), 200, "", ""},
		"no JSON":             {json(`default`), 400, parameter, "failed to parse"},
		"JSON list":           {json(`["default"]`), 400, parameter, "failed to parse"},
		"JSON and more":       {json(`{"default":"a"} x`), 400, parameter, "failed to parse"},
		"JSON cut":            {json(`{"default":"a"`), 400, parameter, "failed to parse"},
		"key twice":           {json(`{"default":"a","default":"b"}`), 400, parameter, "failed to parse"},
		"no default":          {json(`{"sms":"a"}`), 400, parameter, "No default entry"},
		"default no text":     {json(`{"default":{"a":1}}`), 400, parameter, "No default entry"},
		"attribute name":      {attribute("a b", "String", "x"), 400, value, "name"},
		"attribute dots":      {attribute("a..b", "String", "x"), 400, value, "name"},
		"attribute dot first": {attribute(".a", "String", "x"), 400, value, "name"},
		"attribute reserved":  {attribute("aws.mine", "String", "x"), 400, value, "reserved"},
		"attribute of SMS":    {attribute("AWS.SNS.SMS.SenderID", "String", "Alerts"), 200, "", ""},
		"attribute long":      {attribute(strings.Repeat("a", 257), "String", "x"), 400, value, "name"},
		"attribute longest":   {attribute(strings.Repeat("a", 256), "String", "x"), 200, "", ""},
		"attribute dot last":  {attribute("a.", "String", "x"), 400, value, "name"},
		"attribute letter":    {attribute("größe", "String", "x"), 400, value, "name"},
		"attribute unnamed":   {attribute("", "String", "x"), 400, value, "name"},
		"attribute all":       {attribute("a-b_c.D9", "String", "x"), 200, "", ""},
		"attribute Amazon":    {attribute("AMAZON.x", "String", "x"), 400, value, "reserved"},
		"attribute control":   {attribute("a", "String", "\x01"), 400, value, "Invalid attribute value"},
		"attribute no char":   {attribute("a", "String", "\uffff"), 400, value, "Invalid attribute value"},
		"attribute lines":     {attribute("a", "String", "x\r\n\ty\u00fc\u4e16"), 200, "", ""},
		"attribute largest":   {attribute("a", "Number", "1000000000"), 200, "", ""},
		"attribute smallest":  {attribute("a", "Number", "-1e9"), 200, "", ""},
		"attribute smaller":   {attribute("a", "Number", "-1000000000.1"), 400, value, "number"},
		"attribute NaN":       {attribute("a", "Number", "NaN"), 400, value, "number"},
		"attribute no list":   {attribute("a", "String.Array", "[]"), 200, "", ""},
		"attribute null":      {attribute("a", "String.Array", "null"), 400, value, "String.Array"},
		"attribute bytes":     {append(attribute("a", "Binary", ""), "MessageAttributes.entry.1.Value.BinaryValue", "AAE="), 200, "", ""},
		"attribute twice":     {twice, 400, value, "more than once"},
		"attribute no type":   {attribute("a", "", "x"), 400, value, "type"},
		"attribute type":      {attribute("a", "string", "x"), 400, value, "type"},
		"attribute custom":    {attribute("a", "String.mine", "x"), 200, "", ""},
		"attribute empty":     {attribute("a", "String", ""), 400, value, "non-empty message attribute value"},
		"attribute emoji":     {attribute("a", "String", "😀"), 400, value, "Invalid attribute value"},
		"attribute number":    {attribute("a", "Number", "high"), 400, value, "number"},
		"attribute hex":       {attribute("a", "Number", "0x10"), 400, value, "number"},
		"attribute large":     {attribute("a", "Number", "1000000001"), 400, value, "number"},
		"attribute array":     {attribute("a", "String.Array", `["a",1,true,null]`), 200, "", ""},
		"attribute no array":  {attribute("a", "String.Array", `a`), 400, value, "String.Array"},
		"attribute nested":    {attribute("a", "String.Array", `[["a"]]`), 400, value, "String.Array"},
		"attribute binary":    {append(attribute("a", "Binary", ""), "MessageAttributes.entry.1.Value.BinaryValue", "*"), 400, value, "binary"},
		"standard with group": {[]string{"MessageGroupId", "g"}, 200, "", ""},
		"standard with id":    {[]string{"MessageDeduplicationId", "d"}, 400, parameter, "not valid for this topic type"},
		"FIFO":                {fifo("MessageGroupId", "g", "MessageDeduplicationId", "d"), 200, "", ""},
		"FIFO without group":  {fifo("MessageDeduplicationId", "d"), 400, parameter, "MessageGroupId parameter is required"},
		"FIFO without id":     {fifo("MessageGroupId", "g"), 400, parameter, "ContentBasedDeduplication"},
		"group with space":    {fifo("MessageGroupId", "a b", "MessageDeduplicationId", "d"), 400, parameter, "MessageGroupId"},
		"ids of 128":          {fifo("MessageGroupId", strings.Repeat("g", 128), "MessageDeduplicationId", strings.Repeat("~", 128)), 200, "", ""},
		"group too long":      {fifo("MessageGroupId", strings.Repeat("g", 129), "MessageDeduplicationId", "d"), 400, parameter, "MessageGroupId"},
		"id with a letter":    {fifo("MessageGroupId", "g", "MessageDeduplicationId", "ü"), 400, parameter, "MessageDeduplicationId"},
		"id too long":         {fifo("MessageGroupId", "g", "MessageDeduplicationId", strings.Repeat("d", 129)), 400, parameter, "MessageDeduplicationId"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{})
			got := me().do(t, s, form(tc.form...))
			require.Equal(t, tc.status, got.status, "%.300s", got.body)
			require.Equal(t, tc.code, got.doc.Code)
			require.Contains(t, got.doc.Message, tc.words)
			if tc.code == "" {
				require.Equal(t, 1, s.Accepted())
				return
			}
			require.Zero(t, s.Accepted())
			require.Equal(t, "ErrorResponse", got.doc.XMLName.Local)
			require.Equal(t, snsNamespace, got.doc.XMLName.Space)
			require.Equal(t, "Sender", got.doc.Type)
			require.Equal(t, got.header.Get("x-amzn-RequestId"), got.doc.ErrorRequestID)
		})
	}
}

// MaximumMessageSize moves the limit.
func TestMaximumMessageSize(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Topics: []Topic{{ARN: testTopic, Attributes: map[string]string{"MaximumMessageSize": "1024"}}}})
	require.Equal(t, 200, me().do(t, s, form("Message", strings.Repeat("x", 1024))).status)
	require.Equal(t, "InvalidParameter", me().do(t, s, form("Message", strings.Repeat("x", 1025))).doc.Code)
}

func TestRequestTooLarge(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	require.Equal(t, 413, me().do(t, s, form("Message", strings.Repeat("x", maxRequest))).status)
}

func TestDeduplication(t *testing.T) {
	t.Parallel()
	var passed atomic.Int64
	began := time.Now()
	now := func() time.Time { return began.Add(time.Duration(passed.Load())) }
	send := func(s *Server, group, id, message string) reply {
		c := me()
		c.at = now()
		return c.do(t, s, form("TopicArn", testFIFO, "MessageGroupId", group, "MessageDeduplicationId", id, "Message", message))
	}
	s := start(t, Options{Now: now})
	first := send(s, "g", "d", "one")
	require.NotEmpty(t, first.doc.Sequence)
	again := send(s, "other", "d", "two")
	require.Equal(t, 200, again.status)
	require.Equal(t, first.doc.MessageID, again.doc.MessageID)
	require.Len(t, s.Messages(), 1, "a duplicate is taken and not delivered")
	next := send(s, "g", "e", "three")
	require.Greater(t, next.doc.Sequence, first.doc.Sequence)
	passed.Store(int64(5 * time.Minute))
	require.NotEqual(t, first.doc.MessageID, send(s, "g", "d", "one").doc.MessageID, "the window is over")
	require.Equal(t, 3, s.Accepted())
	require.Len(t, s.topics[testFIFO].seen, 1, "what is older than the window is forgotten")

	byGroup := start(t, Options{Now: now, Topics: []Topic{{ARN: testFIFO, Attributes: map[string]string{
		"ContentBasedDeduplication": "true", "FifoThroughputScope": "MessageGroup",
	}}}})
	send(byGroup, "g", "-", "same")
	send(byGroup, "g", "-", "same")
	send(byGroup, "h", "-", "same")
	require.Len(t, byGroup.Messages(), 2, "once in each group")
}

// batch makes a form with entries id, message.
func batch(entries ...string) url.Values {
	f := form("Action", "PublishBatch", "Message", "-")
	for i := 0; i < len(entries); i += 2 {
		prefix := fmt.Sprintf("PublishBatchRequestEntries.member.%d.", i/2+1)
		f.Set(prefix+"Id", entries[i])
		f.Set(prefix+"Message", entries[i+1])
	}
	return f
}

func TestPublishBatch(t *testing.T) {
	t.Parallel()
	many := []string{}
	for i := range 11 {
		many = append(many, fmt.Sprint(i), "m")
	}
	half := strings.Repeat("x", 131_072)
	bad := batch("a", "m", "b", "m")
	bad.Set("PublishBatchRequestEntries.member.2.Subject", "")
	for name, tc := range map[string]struct {
		form url.Values
		code string
		sent int
	}{
		"ten":            {batch(many[:20]...), "", 10},
		"full":           {batch("a", half, "b", half), "", 2},
		"eleven":         {batch(many...), "TooManyEntriesInBatchRequest", 0},
		"none":           {batch(), "EmptyBatchRequest", 0},
		"same id":        {batch("a", "m", "a", "m"), "BatchEntryIdsNotDistinct", 0},
		"bad id":         {batch("a b", "m"), "InvalidBatchEntryId", 0},
		"no id":          {batch("", "m"), "InvalidBatchEntryId", 0},
		"long id":        {batch(strings.Repeat("a", 81), "m"), "InvalidBatchEntryId", 0},
		"too long":       {batch("a", half, "b", half+"x"), "BatchRequestTooLong", 0},
		"one bad entry":  {bad, "InvalidParameter", 0},
		"one is nothing": {batch("a", "m", "b", ""), "InvalidParameter", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{})
			got := me().do(t, s, tc.form)
			require.Equal(t, tc.code, got.doc.Code, "%.300s", got.body)
			require.Len(t, got.doc.Successful, tc.sent)
			require.Equal(t, tc.sent, s.Accepted())
			for i, m := range s.Messages() {
				require.Equal(t, m.MessageID, got.doc.Successful[i].MessageID)
			}
		})
	}
}

func TestTopicAttributes(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Topics: []Topic{{
		ARN: testFIFO, Attributes: map[string]string{"KmsMasterKeyId": "alias/a&b"},
		Subscriptions: []Subscription{{Protocol: "sqs", Endpoint: "q"}, {Protocol: "sqs", Endpoint: "p", Pending: true}},
	}}})
	got := me().do(t, s, form("Action", "GetTopicAttributes", "TopicArn", testFIFO))
	require.Equal(t, 200, got.status)
	attributes := map[string]string{}
	for _, a := range got.doc.Attributes {
		attributes[a.Key] = a.Value
	}
	for name, want := range map[string]string{
		"TopicArn": testFIFO, "Owner": "123456789012", "SubscriptionsConfirmed": "1", "SubscriptionsPending": "1",
		"FifoTopic": "true", "ContentBasedDeduplication": "false", "KmsMasterKeyId": "alias/a&b",
	} {
		require.Equal(t, want, attributes[name], name)
	}
	require.Equal(t, 404, me().do(t, s, form("Action", "GetTopicAttributes")).status)
}

func TestCountOnly(t *testing.T) {
	t.Parallel()
	s := start(t, Options{CountOnly: true})
	me().do(t, s, batch("a", "m", "b", "m"))
	require.Equal(t, 2, s.Accepted())
	require.Empty(t, s.Messages())
}

// Ids are never given twice, and have the form of a UUID.
func TestIDs(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	var ids []string
	for range 1000 {
		ids = append(ids, s.id())
	}
	slices.Sort(ids)
	require.Len(t, slices.Compact(ids), 1000)
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$`, ids[0])
}

func TestStartRefuses(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"ARN":    {Topics: []Topic{{ARN: "alerts"}}},
		"policy": {Topics: []Topic{{ARN: testTopic, Subscriptions: []Subscription{{FilterPolicy: `{"a":1}`}}}}},
		"addr":   {Addr: "256.0.0.1:0"},
	} {
		_, err := Start(o)
		require.Error(t, err, name)
	}
}

// Authorize denies in the words that it gives.
func TestAuthorize(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Authorize: func(_, action, _ string) *Fault {
		if action == "Publish" {
			return &Fault{Status: 403, Code: "AuthorizationError", Message: "not authorized to perform: SNS:Publish"}
		}
		return nil
	}})
	require.Equal(t, "AuthorizationError", me().do(t, s, form()).doc.Code)
	require.Equal(t, 200, me().do(t, s, form("Action", "GetTopicAttributes")).status)
}
