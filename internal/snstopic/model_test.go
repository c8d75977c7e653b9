package snstopic

import (
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// shape is a hand-written piece of the service model: which members an
// operation's form may have, and what each may hold.
type shape struct {
	members  map[string]member // by name, with list indices as N
	required []string
}

type member struct {
	check func(string) error
}

func text(least, most int) member {
	return member{func(s string) error {
		if !utf8.ValidString(s) {
			return fmt.Errorf("not UTF-8")
		}
		if n := len(s); n < least || n > most {
			return fmt.Errorf("has %d bytes, not %d to %d", n, least, most)
		}
		return nil
	}}
}

func pattern(p string) member {
	re := regexp.MustCompile(`\A(?:` + p + `)\z`)
	return member{func(s string) error {
		if !re.MatchString(s) {
			return fmt.Errorf("%q does not match %s", s, p)
		}
		return nil
	}}
}

var (
	topicARN      = pattern(`arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?`)
	fifoID        = pattern(`[!-~]{1,128}`)
	subject       = pattern(`[^\x00-\x1f\x7f-\x9f\s][^\x00-\x1f\x7f-\x9f]{0,99}`)
	attributeName = pattern(`[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*`)
	attributeType = pattern(`(String|Number|Binary)(\.[A-Za-z0-9_.-]+)?`)
)

// model is what Publish, PublishBatch, GetTopicAttributes (SNS 2010-03-31) and
// AssumeRole (STS 2011-06-15) take. DataType and the value of an attribute
// stand in its Value.
var model = map[string]shape{
	"Publish": {
		required: []string{"TopicArn", "Message"},
		members: map[string]member{
			"TopicArn": topicARN, "Message": text(1, 1<<20), "Subject": subject, "MessageStructure": pattern("json"),
			"MessageGroupId": fifoID, "MessageDeduplicationId": fifoID,
			"MessageAttributes.entry.N.Name": attributeName, "MessageAttributes.entry.N.Value.DataType": attributeType,
			"MessageAttributes.entry.N.Value.StringValue": text(1, 1<<18), "MessageAttributes.entry.N.Value.BinaryValue": pattern("[A-Za-z0-9+/]+=*"),
		},
	},
	"PublishBatch": {
		required: []string{"TopicArn", "PublishBatchRequestEntries.member.1.Id", "PublishBatchRequestEntries.member.1.Message"},
		members: map[string]member{
			"TopicArn":                               topicARN,
			"PublishBatchRequestEntries.member.N.Id": pattern("[A-Za-z0-9_-]{1,80}"), "PublishBatchRequestEntries.member.N.Message": text(1, 1<<20),
			"PublishBatchRequestEntries.member.N.Subject": subject, "PublishBatchRequestEntries.member.N.MessageStructure": pattern("json"),
			"PublishBatchRequestEntries.member.N.MessageGroupId": fifoID, "PublishBatchRequestEntries.member.N.MessageDeduplicationId": fifoID,
			"PublishBatchRequestEntries.member.N.MessageAttributes.entry.N.Name":              attributeName,
			"PublishBatchRequestEntries.member.N.MessageAttributes.entry.N.Value.DataType":    attributeType,
			"PublishBatchRequestEntries.member.N.MessageAttributes.entry.N.Value.StringValue": text(1, 1<<18),
			"PublishBatchRequestEntries.member.N.MessageAttributes.entry.N.Value.BinaryValue": pattern("[A-Za-z0-9+/]+=*"),
		},
	},
	"GetTopicAttributes": {required: []string{"TopicArn"}, members: map[string]member{"TopicArn": topicARN}},
	"AssumeRole": {
		required: []string{"RoleArn", "RoleSessionName"},
		members: map[string]member{
			"RoleArn": text(20, 2048), "RoleSessionName": pattern(`[\w+=,.@-]{2,64}`),
			"ExternalId": pattern(`[\w+=,.@:/-]{2,1000}`), "DurationSeconds": pattern(`[0-9]{3,5}`),
		},
	},
}

// allowed holds a request's form against the model.
func allowed(action string, form url.Values) error {
	s, ok := model[action]
	if !ok {
		return fmt.Errorf("no operation %q in the model", action)
	}
	for _, name := range s.required {
		if form.Get(name) == "" {
			return fmt.Errorf("%s: %s is missing", action, name)
		}
	}
	entries := 0
	for name, values := range form {
		if name == "Action" || name == "Version" {
			continue
		}
		m, ok := s.members[generic(name)]
		if !ok {
			return fmt.Errorf("%s: %s is no member", action, name)
		}
		if len(values) != 1 {
			return fmt.Errorf("%s: %s stands %d times", action, name, len(values))
		}
		if err := m.check(values[0]); err != nil {
			return fmt.Errorf("%s: %s %w", action, name, err)
		}
		if strings.HasSuffix(name, ".Id") {
			entries++
		}
		if base, ok := strings.CutSuffix(name, ".Value.DataType"); ok && form.Get(base+".Value.StringValue") == "" && form.Get(base+".Value.BinaryValue") == "" {
			return fmt.Errorf("%s: %s has no value", action, base)
		}
	}
	if entries > 10 {
		return fmt.Errorf("%s: %d entries", action, entries)
	}
	return nil
}

// generic replaces the indices in a member's name by N.
func generic(name string) string {
	parts := strings.Split(name, ".")
	for i, part := range parts {
		if _, err := strconv.Atoi(part); err == nil {
			parts[i] = "N"
		}
	}
	return strings.Join(parts, ".")
}

// formOf is the form that a Publish of m makes.
func formOf(arn ARN, m Message) url.Values {
	form := url.Values{"TopicArn": {arn.String()}, "Message": {m.Body}}
	set := func(name, value string) {
		if value != "" {
			form.Set(name, value)
		}
	}
	set("Subject", m.Subject)
	set("MessageGroupId", m.GroupID)
	set("MessageDeduplicationId", m.DeduplicationID)
	for i, a := range m.Attributes {
		at := "MessageAttributes.entry." + strconv.Itoa(i+1)
		form.Set(at+".Name", a.Name)
		form.Set(at+".Value.DataType", a.Type)
		form.Set(at+".Value.StringValue", a.Value)
	}
	return form
}
