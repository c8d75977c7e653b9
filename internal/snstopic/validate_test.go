package snstopic

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	standard = ARN{Partition: "aws", Region: "eu-west-1", Account: "123456789012", Name: "alerts"}
	fifo     = ARN{Partition: "aws", Region: "eu-west-1", Account: "123456789012", Name: "alerts.fifo"}
)

func TestValidate(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("x", n) }
	attributes := func(list ...Attribute) Message { return Message{Body: "x", Attributes: list} }
	many := func(n int) (list []Attribute) {
		for i := range n {
			list = append(list, Attribute{fmt.Sprintf("a%d", i), "String", "v"})
		}
		return list
	}
	for _, row := range []struct {
		name    string
		arn     ARN
		m       Message
		want    []string // the inputs with a problem, in order
		text    string   // what the first says
		maximum int
	}{
		{name: "plain", arn: standard, m: Message{Body: "x", Subject: "s"}},
		{name: "empty", arn: standard, m: Message{}, want: []string{"message"}, text: "is empty"},
		{name: "not UTF-8", arn: standard, m: Message{Body: "\xff"}, want: []string{"message"}, text: "UTF-8"},

		{name: "the limit", arn: standard, m: Message{Body: long(DefaultMaxBytes)}},
		{name: "a byte more", arn: standard, m: Message{Body: long(DefaultMaxBytes + 1)}, want: []string{"message"}, text: "has 262145 bytes with its subject and attributes, 1 more than the 262144"},
		{name: "bytes, not characters", arn: standard, m: Message{Body: strings.Repeat("é", DefaultMaxBytes/2+1)}, want: []string{"message"}},
		{name: "attributes count", arn: standard, m: Message{Body: long(DefaultMaxBytes - 7), Attributes: []Attribute{{"a", "String", "vv"}}}, want: []string{"message"}},
		{name: "and fit", arn: standard, m: Message{Body: long(DefaultMaxBytes - 8), Attributes: []Attribute{{"a", "String", "v"}}}},
		{name: "the subject counts", arn: standard, m: Message{Body: long(DefaultMaxBytes), Subject: "s"}, want: []string{"message"}, text: "1 more than"},
		{name: "a topic of 1 MiB", arn: standard, maximum: 1 << 20, m: Message{Body: long(1 << 20)}},
		{name: "a topic of 1 KiB", arn: standard, maximum: 1 << 10, m: Message{Body: long(1<<10 + 1)}, want: []string{"message"}},

		{name: "100 characters", arn: standard, m: Message{Body: "x", Subject: strings.Repeat("é", 100)}},
		{name: "101 characters", arn: standard, m: Message{Body: "x", Subject: long(101)}, want: []string{"subject"}, text: "has 101 characters, 1 more"},
		{name: "two lines", arn: standard, m: Message{Body: "x", Subject: "a\nb"}, want: []string{"subject"}, text: "U+000A"},
		{name: "C1 control", arn: standard, m: Message{Body: "x", Subject: "a\u0085b"}, want: []string{"subject"}},
		{name: "line separator", arn: standard, m: Message{Body: "x", Subject: "a\u2028b"}, want: []string{"subject"}},
		{name: "leading space", arn: standard, m: Message{Body: "x", Subject: " a"}, want: []string{"subject"}, text: "begins with a space"},
		{name: "subject not UTF-8", arn: standard, m: Message{Body: "x", Subject: "\xff"}, want: []string{"subject"}},

		{name: "structure", arn: standard, m: Message{Body: `{"default":"x"}`, JSONStructure: true}},
		{name: "structure without default", arn: standard, m: Message{Body: `{"sms":"x"}`, JSONStructure: true}, want: []string{"message_format"}, text: "default"},
		{name: "no structure asked for", arn: standard, m: Message{Body: `{"sms":"x"}`}},

		{name: "ten attributes", arn: standard, m: attributes(many(10)...)},
		{name: "eleven attributes", arn: standard, m: attributes(many(11)...), want: []string{"message_attributes"}, text: "are 11"},
		{name: "all types", arn: standard, m: attributes(Attribute{"a", "String", "é"}, Attribute{"b", "Number", "-12.50000000"}, Attribute{"c", "String.Array", `["a",1,true,null]`}, Attribute{"e", "String.own", "v"})},
		{name: "name with space", arn: standard, m: attributes(Attribute{"a b", "String", "v"}), want: []string{"message_attributes"}, text: `"a b"`},
		{name: "name with dots", arn: standard, m: attributes(Attribute{"a..b", "String", "v"}), want: []string{"message_attributes"}},
		{name: "no name", arn: standard, m: attributes(Attribute{"", "String", "v"}), want: []string{"message_attributes"}},
		{name: "256 characters of name", arn: standard, m: attributes(Attribute{long(256), "String", "v"})},
		{name: "257 characters of name", arn: standard, m: attributes(Attribute{long(257), "String", "v"}), want: []string{"message_attributes"}},
		{name: "reserved in any case", arn: standard, m: attributes(Attribute{"aWs.x", "String", "v"}, Attribute{"AMAZON.x", "String", "v"}), want: []string{"message_attributes", "message_attributes"}, text: "reserved"},
		{name: "twice", arn: standard, m: attributes(Attribute{"a", "String", "v"}, Attribute{"a", "String", "w"}), want: []string{"message_attributes"}, text: "twice"},
		{name: "case makes two", arn: standard, m: attributes(Attribute{"a", "String", "v"}, Attribute{"A", "String", "w"})},
		{name: "empty value", arn: standard, m: attributes(Attribute{"a", "String", ""}), want: []string{"message_attributes"}, text: "value is empty"},
		{name: "no type", arn: standard, m: attributes(Attribute{"a", "", "v"}), want: []string{"message_attributes"}},
		{name: "type in lower case", arn: standard, m: attributes(Attribute{"a", "string", "v"}), want: []string{"message_attributes"}},
		{name: "type that filters do not see", arn: standard, m: attributes(Attribute{"a", "Binary", "v"}), want: []string{"message_attributes"}},
		{name: "type with empty suffix", arn: standard, m: attributes(Attribute{"a", "String.", "v"}), want: []string{"message_attributes"}},
		{name: "emoji", arn: standard, m: attributes(Attribute{"a", "String", "😀"}), want: []string{"message_attributes"}, text: "Basic Multilingual Plane"},
		{name: "no number", arn: standard, m: attributes(Attribute{"a", "Number", "high"}), want: []string{"message_attributes"}},
		{name: "numbers", arn: standard, m: attributes(Attribute{"a", "Number", "1000000000"}, Attribute{"b", "Number", "-1000000000"}, Attribute{"c", "Number", "0.00001"}, Attribute{"d", "Number", "+1"})},
		{name: "numbers too large or fine", arn: standard, m: attributes(Attribute{"a", "Number", "1000000001"}, Attribute{"b", "Number", "0.000001"}, Attribute{"c", "Number", "1e3"}, Attribute{"d", "Number", "1."}, Attribute{"e", "Number", "NaN"}, Attribute{"f", "Number", "+-1"}),
			want: []string{"message_attributes", "message_attributes", "message_attributes", "message_attributes", "message_attributes", "message_attributes"}},
		{name: "no arrays", arn: standard, m: attributes(Attribute{"a", "String.Array", "a,b"}, Attribute{"b", "String.Array", `[["a"]]`}, Attribute{"c", "String.Array", "null"}), want: []string{"message_attributes", "message_attributes", "message_attributes"}},
		{name: "SMS and push", arn: standard, m: attributes(Attribute{"AWS.SNS.SMS.SenderID", "String", "SOC-1"}, Attribute{"AWS.SNS.SMS.SMSType", "String", "Transactional"}, Attribute{"AWS.SNS.SMS.MaxPrice", "Number", "0.5"},
			Attribute{"AWS.MM.SMS.OriginationNumber", "String", "+12345"}, Attribute{"AWS.SNS.MOBILE.APNS.TTL", "String", "60"}, Attribute{"AWS.SNS.MOBILE.ADM.TTL", "String", "60"}, Attribute{"AWS.SNS.MOBILE.APNS.PUSH_TYPE", "String", "alert"})},
		{name: "SMS and push gone wrong", arn: standard, m: attributes(Attribute{"AWS.SNS.SMS.SenderID", "String", "12"}, Attribute{"AWS.SNS.SMS.SMSType", "String", "Loud"}, Attribute{"AWS.SNS.SMS.MaxPrice", "String", "1"},
			Attribute{"AWS.MM.SMS.OriginationNumber", "String", "+1"}, Attribute{"AWS.SNS.MOBILE.APNS.TTL", "String", "-1"}, Attribute{"AWS.SNS.MOBILE.NOKIA.TTL", "String", "1"}, Attribute{"AWS.MM.SMS.EntityId", "String", long(51)}),
			want: []string{"message_attributes", "message_attributes", "message_attributes", "message_attributes", "message_attributes", "message_attributes", "message_attributes"}},

		{name: "fifo", arn: fifo, m: Message{Body: "x", GroupID: "g!~", DeduplicationID: long(128)}},
		{name: "fifo by content", arn: fifo, m: Message{Body: "x", GroupID: "g"}},
		{name: "fifo without group", arn: fifo, m: Message{Body: "x"}, want: []string{"message_group_id"}, text: "FIFO topic needs one"},
		{name: "group of 129", arn: fifo, m: Message{Body: "x", GroupID: long(129)}, want: []string{"message_group_id"}},
		{name: "ids with space and umlaut", arn: fifo, m: Message{Body: "x", GroupID: "a b", DeduplicationID: "ä"}, want: []string{"message_group_id", "message_deduplication_id"}},
		{name: "a fair queue's group", arn: standard, m: Message{Body: "x", GroupID: "g"}},
		{name: "deduplication on a standard topic", arn: standard, m: Message{Body: "x", DeduplicationID: "d"}, want: []string{"message_deduplication_id"}, text: "only a FIFO topic"},

		{name: "every problem at once", arn: standard, m: Message{Subject: long(101), DeduplicationID: " ", Attributes: []Attribute{{"a", "String", ""}}}, want: []string{"message", "subject", "message_attributes", "message_deduplication_id", "message_deduplication_id"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			var inputs []string
			problems := Validate(row.arn, row.m, row.maximum)
			for _, p := range problems {
				inputs = append(inputs, p.Input)
				require.NotEmpty(t, p.Fix)
				require.True(t, strings.HasPrefix(p.String(), p.Input+" "+p.Text))
			}
			require.Equal(t, row.want, inputs, "%v", problems)
			if row.text != "" {
				require.Contains(t, problems[0].Text, row.text)
			}
		})
	}
}

// A problem says what is wrong, but never repeats a value of a message.
func TestProblemsKeepValuesToThemselves(t *testing.T) {
	t.Parallel()
	const value = "hostile-value"
	m := Message{Subject: value + "\n", Body: "\xff" + value, GroupID: value + " ", DeduplicationID: value + " ", Attributes: []Attribute{{"a", "Number", value}}}
	for _, p := range Validate(standard, m, 0) {
		require.NotContains(t, p.String(), value)
	}
}

func FuzzValidate(f *testing.F) {
	f.Add("s", "b", "n", "String", "v", "g", "d", true)
	f.Add("\xff", `{"default":"x"}`, "AWS.SNS.SMS.SenderID", "Number", "1e9", "", "", false)
	f.Add("\u2028", "", "", "", "", " ", "\x7f", true)
	f.Fuzz(func(t *testing.T, subject, body, name, kind, value, group, deduplication string, structured bool) {
		m := Message{Subject: subject, Body: body, JSONStructure: structured, GroupID: group, DeduplicationID: deduplication, Attributes: []Attribute{{name, kind, value}}}
		for _, arn := range []ARN{standard, fifo} {
			problems := Validate(arn, m, 0)
			if len(problems) == 0 {
				require.NoError(t, allowed("Publish", formOf(arn, m)))
			}
		}
	})
}
