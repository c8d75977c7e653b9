package snstopic

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// DefaultMaxBytes is the size of a message that every topic takes: body and
// attributes, 256 KiB. A topic's MaximumMessageSize may be anything from 1,024
// to 1,048,576 (https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html).
const DefaultMaxBytes = 262_144

// Message is what is published. What SNS takes of each field is said by
// [Validate].
type Message struct {
	Subject         string      // empty: none
	Body            string      // what subscribers get, or a JSON object of it by protocol
	JSONStructure   bool        // Body is such an object
	Attributes      []Attribute // none: nil
	GroupID         string      // message group; FIFO topics need one
	DeduplicationID string      // FIFO topics only
}

// Attribute is one message attribute.
type Attribute struct {
	Name  string
	Type  string // String, Number or String.Array, or one of these with a suffix; Binary, which filters do not see, is not offered
	Value string
}

// Size is what m counts against the size of a message, in bytes: the body, and
// of each attribute name, type and value. Whether SNS counts the subject is
// written nowhere; it is counted here, to be safe.
func (m Message) Size() int {
	size := len(m.Subject) + len(m.Body)
	for _, a := range m.Attributes {
		size += len(a.Name) + len(a.Type) + len(a.Value)
	}
	return size
}

// Outcome is what became of a message.
type Outcome int

const (
	NotSent   Outcome = iota // no request with it was written
	Published                // SNS took it and named its MessageID
	Failed                   // SNS or something before it refused it
	Unknown                  // a request with it was written, and no answer came: it may have been published
)

// String returns the outcome in words.
func (o Outcome) String() string {
	switch o {
	case Published:
		return "published"
	case Failed:
		return "failed"
	case Unknown:
		return "unknown"
	}
	return "not sent"
}

// Result is what became of one message.
type Result struct {
	Outcome        Outcome
	MessageID      string // of a published one
	SequenceNumber string // of one published to a FIFO topic: 128 bits in decimal
	Err            *Error // nil when published, never nil otherwise
}

// optional is nil for the empty text, which SNS refuses where nil is fine.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return aws.String(text)
}

// structure is what SNS calls the body of m.
func (m Message) structure() *string {
	if m.JSONStructure {
		return aws.String("json")
	}
	return nil
}

func (m Message) attributeValues() map[string]types.MessageAttributeValue {
	if len(m.Attributes) == 0 {
		return nil
	}
	values := make(map[string]types.MessageAttributeValue, len(m.Attributes))
	for i := range m.Attributes {
		a := &m.Attributes[i]
		values[a.Name] = types.MessageAttributeValue{DataType: &a.Type, StringValue: &a.Value}
	}
	return values
}
