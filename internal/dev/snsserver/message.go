package snsserver

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

const wordCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// size is what a message counts: its body, and of each attribute name, type
// and value (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html).
func (m Message) size() int {
	size := len(m.Message)
	for _, a := range m.Attributes {
		size += len(a.Name) + len(a.Type) + len(a.Value)
	}
	return size
}

// read reads a message from a form, or one entry of a batch, and refuses what
// SNS refuses.
func (t *topic) read(form url.Values, prefix string) (Message, *refusal) {
	m := Message{
		Message:          form.Get(prefix + "Message"),
		MessageStructure: form.Get(prefix + "MessageStructure"),
		Subject:          form.Get(prefix + "Subject"),
		GroupID:          form.Get(prefix + "MessageGroupId"),
		DeduplicationID:  form.Get(prefix + "MessageDeduplicationId"),
	}
	var refused *refusal
	if m.Attributes, refused = readAttributes(form, prefix+"MessageAttributes.entry."); refused != nil {
		return m, refused
	}
	switch {
	case m.Message == "":
		return m, invalid("Empty message")
	case !utf8.ValidString(m.Message):
		return m, invalid("Message Reason: must be UTF-8")
	case len(m.Message) > 2<<20:
		return m, invalid("Message too long")
	case m.MessageStructure != "" && m.MessageStructure != "json":
		return m, invalid("MessageStructure")
	case form.Has(prefix+"Subject") && !validSubject(m.Subject):
		return m, invalid("Subject")
	}
	if m.MessageStructure == "json" {
		if _, refused := structure(m.Message); refused != nil {
			return m, refused
		}
	}
	return m, t.checkFIFO(m)
}

// validSubject holds a subject against SNS's rule: no line breaks or control
// characters, not empty, 100 characters at most.
func validSubject(subject string) bool {
	n := utf8.RuneCountInString(subject)
	return n > 0 && n <= 100 && utf8.ValidString(subject) && !strings.HasPrefix(subject, " ") &&
		!strings.ContainsFunc(subject, func(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' })
}

// checkFIFO holds message group and deduplication id against the kind of topic.
func (t *topic) checkFIFO(m Message) *refusal {
	for _, id := range []struct{ name, value string }{{"MessageGroupId", m.GroupID}, {"MessageDeduplicationId", m.DeduplicationID}} {
		if len(id.value) > 128 || strings.ContainsFunc(id.value, func(r rune) bool { return r < 0x21 || r > 0x7e }) {
			return invalid(id.name + " Reason: can only include alphanumeric and punctuation characters. 1 to 128 in length")
		}
	}
	switch {
	case t.fifo() && m.GroupID == "":
		return invalid("The MessageGroupId parameter is required for FIFO topics")
	case t.fifo() && m.DeduplicationID == "" && !t.contentBased():
		return invalid("The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly")
	case !t.fifo() && m.DeduplicationID != "":
		return invalid("MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type")
	}
	return nil
}

// structure reads a message with MessageStructure json: an object with texts
// by protocol. Values that are no texts are passed over, keys must not occur
// twice, and there must be a default.
func structure(text string) (map[string]string, *refusal) {
	failed := invalid("Message Structure - JSON message body failed to parse")
	decoder := json.NewDecoder(strings.NewReader(text))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, failed
	}
	parts, seen := map[string]string{}, map[string]bool{}
	for decoder.More() {
		key, err := decoder.Token()
		name, ok := key.(string)
		if err != nil || !ok || seen[name] {
			return nil, failed
		}
		seen[name] = true
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, failed
		}
		var part string
		if bytes.HasPrefix(value, []byte(`"`)) && json.Unmarshal(value, &part) == nil {
			parts[name] = part
		}
	}
	if _, err := decoder.Token(); err != nil {
		return nil, failed
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, failed
	}
	if _, ok := parts["default"]; !ok {
		return nil, invalid("Message Structure - No default entry in JSON message body")
	}
	return parts, nil
}

// readAttributes reads message attributes and holds them against the rules of
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html.
func readAttributes(form url.Values, prefix string) ([]Attribute, *refusal) {
	var attributes []Attribute
	names := map[string]bool{}
	for i := 1; ; i++ {
		entry := prefix + strconv.Itoa(i) + "."
		if !form.Has(entry+"Name") && !form.Has(entry+"Value.DataType") {
			return attributes, nil
		}
		a := Attribute{Name: form.Get(entry + "Name"), Type: form.Get(entry + "Value.DataType"), Value: form.Get(entry + "Value.StringValue")}
		if strings.HasPrefix(a.Type, "Binary") {
			a.Value = form.Get(entry + "Value.BinaryValue")
			if _, err := base64.StdEncoding.DecodeString(a.Value); err != nil {
				return nil, attributeRefusal(fmt.Sprintf("The message attribute '%s' has an invalid binary value.", a.Name))
			}
		}
		if names[a.Name] {
			return nil, attributeRefusal(fmt.Sprintf("The message attribute '%s' is given more than once.", a.Name))
		}
		if problem := a.problem(); problem != "" {
			return nil, attributeRefusal(problem)
		}
		names[a.Name] = true
		attributes = append(attributes, a)
	}
}

func attributeRefusal(message string) *refusal {
	return &refusal{400, "ParameterValueInvalid", message}
}

// documented reports whether a name with a reserved beginning is one that SNS
// documents, for SMS and mobile push.
func documented(name string) bool {
	switch name {
	case "AWS.SNS.SMS.SenderID", "AWS.SNS.SMS.SMSType", "AWS.SNS.SMS.MaxPrice",
		"AWS.MM.SMS.OriginationNumber", "AWS.MM.SMS.EntityId", "AWS.MM.SMS.TemplateId",
		"AWS.SNS.MOBILE.ADM.TTL", "AWS.SNS.MOBILE.APNS.TTL", "AWS.SNS.MOBILE.APNS_SANDBOX.TTL",
		"AWS.SNS.MOBILE.BAIDU.TTL", "AWS.SNS.MOBILE.FCM.TTL", "AWS.SNS.MOBILE.WNS.TTL",
		"AWS.SNS.MOBILE.APNS.TOPIC", "AWS.SNS.MOBILE.APNS.PUSH_TYPE", "AWS.SNS.MOBILE.APNS.PRIORITY":
		return true
	}
	return false
}

// problem is what SNS refuses in an attribute, "" when nothing.
func (a Attribute) problem() string {
	lower := strings.ToLower(a.Name)
	kind, _, _ := strings.Cut(a.Type, ".")
	switch {
	case a.Name == "" || len(a.Name) > 256 || strings.Trim(a.Name, wordCharacters+"_-.") != "" ||
		strings.HasPrefix(a.Name, ".") || strings.HasSuffix(a.Name, ".") || strings.Contains(a.Name, ".."):
		return fmt.Sprintf("Invalid attribute name: %q", a.Name)
	case (strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon.")) && !documented(a.Name):
		return fmt.Sprintf("The message attribute name '%s' is reserved.", a.Name)
	case a.Type == "":
		return fmt.Sprintf("The message attribute '%s' must contain non-empty message attribute type.", a.Name)
	case len(a.Type) > 256 || kind != "String" && kind != "Number" && kind != "Binary":
		return fmt.Sprintf("The message attribute '%s' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.", a.Name)
	case a.Value == "":
		return fmt.Sprintf("The message attribute '%s' must contain non-empty message attribute value for message attribute type '%s'.", a.Name, a.Type)
	case strings.ContainsFunc(a.Value, unfit) || !utf8.ValidString(a.Value):
		return "Invalid attribute value was passed in for message attribute " + a.Name
	}
	switch {
	case kind == "Number":
		n, err := strconv.ParseFloat(a.Value, 64)
		if err != nil || strings.Trim(a.Value, "+-.0123456789eE") != "" || math.Abs(n) > 1e9 {
			return fmt.Sprintf("Could not cast message attribute '%s' value to number.", a.Name)
		}
	case a.Type == "String.Array":
		var list []any
		if json.Unmarshal([]byte(a.Value), &list) != nil || list == nil || slices.ContainsFunc(list, nested) {
			return fmt.Sprintf("The message attribute '%s' is no String.Array.", a.Name)
		}
	}
	return ""
}

// unfit reports whether an attribute's value must not hold a character: what
// takes two UTF-16 units, and what XML has no place for.
func unfit(r rune) bool {
	return r > 0xFFFD || r < ' ' && r != '\t' && r != '\r' && r != '\n'
}

// nested reports whether an element is a list or an object, which a
// String.Array must not hold.
func nested(element any) bool {
	switch element.(type) {
	case []any, map[string]any:
		return true
	}
	return false
}
