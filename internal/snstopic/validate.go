package snstopic

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The App's parameters that a problem may be about.
const (
	inputMessage       = "message"
	inputSubject       = "subject"
	inputFormat        = "message_format"
	inputAttributes    = "message_attributes"
	inputGroup         = "message_group_id"
	inputDeduplication = "message_deduplication_id"
)

const (
	// maxSubjectRunes: the API reference says less than 100 characters
	// (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html), SNS itself
	// takes exactly 100, as its users report.
	maxSubjectRunes = 100

	// maxIDBytes is the longest message group or deduplication id (same page).
	maxIDBytes = 128

	// maxAttributes: a subscription with raw delivery to SQS silently drops a
	// message with more
	// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html).
	maxAttributes = 10
)

// Problem is one thing in a message that SNS would refuse, or drop.
type Problem struct {
	Input string // the App's parameter
	Text  string // what is wrong with it
	Fix   string // one step
}

// String returns the problem and its fix in one line.
func (p Problem) String() string { return p.Input + " " + p.Text + ". Fix: " + p.Fix }

// problems collects.
type problems []Problem

func (p *problems) add(input, fix, format string, args ...any) {
	*p = append(*p, Problem{Input: input, Text: fmt.Sprintf(format, args...), Fix: fix})
}

// joined is all of problems in one sentence, without their fixes.
func joined(problems []Problem) string {
	texts := make([]string, len(problems))
	for i, p := range problems {
		texts[i] = p.Input + " " + p.Text
	}
	return strings.Join(texts, "; ")
}

// Validate returns every problem of m on the topic, none when SNS takes it
// (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html). maxBytes is
// the topic's MaximumMessageSize; 0 means [DefaultMaxBytes].
func Validate(arn ARN, m Message, maxBytes int) []Problem {
	var found problems
	validateBody(&found, m)
	if maxBytes <= 0 {
		maxBytes = DefaultMaxBytes
	}
	if size := m.Size(); size > maxBytes {
		found.add(inputMessage, "shorten message or message_attributes", "has %d bytes with its subject and attributes, %d more than the %d that the topic takes", size, size-maxBytes, maxBytes)
	}
	validateSubject(&found, m.Subject)
	validateAttributes(&found, m.Attributes)
	validateIDs(&found, arn, m.GroupID, m.DeduplicationID)
	if arn.FIFO() && m.GroupID == "" {
		found.add(inputGroup, "set message_group_id", "is empty, and a FIFO topic needs one")
	}
	return found
}

func validateBody(found *problems, m Message) {
	switch {
	case m.Body == "":
		found.add(inputMessage, "give message a text, or leave it unset for the rendered one", "is empty")
	case !utf8.ValidString(m.Body):
		found.add(inputMessage, "pass text, not binary data", "is not valid UTF-8")
	case m.JSONStructure:
		if problem := structureProblem(m.Body); problem != "" {
			found.add(inputFormat, "choose Text or JSON, or pass a JSON object of strings with one named default", "has no valid message by protocol: %s", problem)
		}
	}
}

func validateSubject(found *problems, subject string) {
	const fix = "give subject one line of at most 100 characters"
	if subject == "" {
		return // sent without one
	}
	if !utf8.ValidString(subject) {
		found.add(inputSubject, fix, "is not valid UTF-8")
		return
	}
	if n := utf8.RuneCountInString(subject); n > maxSubjectRunes {
		found.add(inputSubject, fix, "has %d characters, %d more than SNS takes", n, n-maxSubjectRunes)
	}
	for i, r := range subject {
		switch {
		case unicode.IsControl(r) || r == '\u2028' || r == '\u2029':
			found.add(inputSubject, fix, "has a line break or control character (%U) at byte %d", r, i)
			return
		case i == 0 && unicode.IsSpace(r):
			found.add(inputSubject, fix, "begins with a space")
		}
	}
}

// ValidateIDs returns every problem with ids of one's own, none for empty ones.
// The zero ARN takes what any topic takes.
func ValidateIDs(arn ARN, groupID, deduplicationID string) []Problem {
	var found problems
	validateIDs(&found, arn, groupID, deduplicationID)
	return found
}

func validateIDs(found *problems, arn ARN, groupID, deduplicationID string) {
	const fix = "use 1 to 128 letters, digits and punctuation marks, without spaces"
	validateID(found, inputGroup, fix, groupID)
	validateID(found, inputDeduplication, fix, deduplicationID)
	if !arn.FIFO() && arn != (ARN{}) && deduplicationID != "" {
		found.add(inputDeduplication, "leave message_deduplication_id empty, or publish to a FIFO topic", "is set, and only a FIFO topic takes one")
	}
}

func validateID(found *problems, input, fix, id string) {
	if len(id) > maxIDBytes {
		found.add(input, fix, "has %d bytes, %d more than SNS takes", len(id), len(id)-maxIDBytes)
	}
	for i := range len(id) {
		if id[i] < '!' || id[i] > '~' {
			found.add(input, fix, "has a character that SNS does not take at byte %d", i)
			return
		}
	}
}
