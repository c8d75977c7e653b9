// Package alert is an indicator, and how it reads on each protocol behind an
// SNS topic. It is pure: the same alert is always the same message.
//
// The rules it keeps:
//   - The indicator is whole wherever it fits (a subject has 100 characters, and
//     ends in an ellipsis). What has to be short gives up the owner first, then
//     the link, scores, type and action, and says so.
//   - People's channels (e-mail, SMS, push, subject) have the indicator defanged
//     when asked to, machines' (the JSON document, attributes) have it raw.
//   - Values are data from outside. No value starts a new line in a person's
//     channel, turns the direction of its text, or ends the JSON around it.
package alert

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// Alert is what happened to one indicator. Address is needed; of the others,
// an empty one is unknown and is left out of what people read.
type Alert struct {
	Address           string // the indicator, whatever its type
	IndicatorType     string // Address, Host, URL, EmailAddress, File …
	Owner             string
	ThreatAssessScore string
	Confidence        string
	DetailsLink       string
	TriggerAction     string // Created, Deleted, Tagged …
}

// Format is how a message is sent: the input message_format.
type Format string

// The formats.
const (
	PerProtocol Format = "Per Protocol" // each protocol its own text (MessageStructure json)
	Text        Format = "Text"         // the e-mail's text to all
	JSON        Format = "JSON"         // the JSON document to all
)

// Options is how to render.
type Options struct {
	Format  Format
	Defang  bool   // the indicator in people's channels
	Subject string // own words; empty: rendered
	Message string // own words; empty: rendered

	// MaxBytes is what SNS takes: body, subject and attributes together, in
	// bytes. 0 is 262,144
	// (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html).
	MaxBytes int
	// AttributeBytes is what of it the attributes take: the bytes of their
	// names, types and values.
	AttributeBytes int
}

// defaultMaxBytes is the size that every topic takes, in bytes.
const defaultMaxBytes = 262_144

// Message is a rendered alert.
type Message struct {
	Subject       string
	Body          string
	JSONStructure bool // Body is a JSON object of texts by protocol

	Parts    []Part   // what Body holds by protocol, under Per Protocol
	SMSParts int      // how many messages the SMS takes, under Per Protocol
	Cut      []string // what had to be cut, and where
	Remarks  []string // what was changed on the way
}

// Part is the text for one protocol.
type Part struct {
	Protocol string // default, email, sms, APNS, APNS_SANDBOX, GCM, ADM
	Text     string
}

// Error is an alert that cannot be rendered within the limits of SNS.
type Error struct {
	Input   string // the input that is to blame
	Problem string
	Fix     string
}

// Error returns input, problem and fix.
func (e *Error) Error() string { return e.Input + " " + e.Problem + ". Fix: " + e.Fix + "." }

// Render renders a. The error is an [*Error]: what does not fit even when
// everything but the indicator is cut.
func Render(a Alert, o Options) (Message, error) {
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultMaxBytes
	}
	r := newRendering(a, o)
	m := r.message()
	if over := r.over(&m); over <= 0 {
		return m, nil
	}
	return r.shorten()
}

// rendering is one alert on its way to a message.
type rendering struct {
	o       Options
	a       Alert // valid UTF-8
	people  Alert // as people read it: on one line, the indicator defanged
	score   number
	conf    number
	cut     []string // what the budget cut
	remarks []string
}

func newRendering(a Alert, o Options) *rendering {
	r := &rendering{o: o}
	r.a = Alert{
		Address: r.valid("address", a.Address), IndicatorType: r.valid("indicator_type", a.IndicatorType), Owner: r.valid("owner", a.Owner),
		ThreatAssessScore: r.valid("threatassess_score", a.ThreatAssessScore), Confidence: r.valid("confidence", a.Confidence),
		DetailsLink: r.valid("details_link", a.DetailsLink), TriggerAction: r.valid("trigger_action", a.TriggerAction),
	}
	r.o.Message = r.valid("message", o.Message)
	r.o.Subject = r.valid("subject", o.Subject)
	r.score = r.number("threatassess_score", r.a.ThreatAssessScore)
	r.conf = r.number("confidence", r.a.Confidence)
	r.people = Alert{
		Address: oneLine(r.a.Address), IndicatorType: oneLine(r.a.IndicatorType), Owner: oneLine(r.a.Owner),
		ThreatAssessScore: oneLine(r.a.ThreatAssessScore), Confidence: oneLine(r.a.Confidence),
		DetailsLink: oneLine(r.a.DetailsLink), TriggerAction: oneLine(r.a.TriggerAction),
	}
	if o.Defang {
		r.people.Address = Defang(r.people.Address)
	}
	return r
}

// valid makes text valid UTF-8, which SNS demands, and says so.
func (r *rendering) valid(input, text string) string {
	fixed := strings.ToValidUTF8(text, "\uFFFD")
	if fixed != text {
		r.remarks = append(r.remarks, input+" is not valid UTF-8: the bytes in question are replaced")
	}
	return fixed
}

// number reads a score or a confidence, and says when it is none.
func (r *rendering) number(input, text string) number {
	n, ok := parseNumber(text)
	if !ok && strings.TrimSpace(text) != "" {
		r.remarks = append(r.remarks, input+" is no number: it stands in the text, is null in JSON, and is left out of the attributes")
	}
	return n
}

// message puts the message together as it stands.
func (r *rendering) message() Message {
	m := Message{Subject: r.subject(), Remarks: r.remarks, Cut: slices.Clip(r.cut)}
	if n := utf8.RuneCountInString(r.wholeSubject()); n > maxSubject {
		m.Cut = append(m.Cut, fmt.Sprintf("subject (it has %d characters, SNS takes %d)", n, maxSubject))
	}
	switch r.o.Format {
	case JSON:
		m.Body = r.document()
	case Text:
		m.Body = r.o.Message
		if m.Body == "" {
			m.Body = r.email()
		}
	default:
		r.perProtocol(&m)
	}
	return m
}

// perProtocol gives each protocol its own text. Protocols that are not named
// get `default`: the document, so that SQS, Lambda, HTTP and Firehose have it
// once and not six times.
func (r *rendering) perProtocol(m *Message) {
	email := r.o.Message
	if email == "" {
		email = r.email()
	}
	sms := r.sms()
	apns := r.push("APNS", appleBytes, apple)
	m.SMSParts = sms.parts
	m.Parts = []Part{
		{"default", r.document()},
		{"email", email},
		{"sms", sms.text},
		{"APNS", apns.text},
		{"APNS_SANDBOX", apns.text},
	}
	m.Cut = append(m.Cut, sms.cut...)
	m.Cut = append(m.Cut, apns.cut...)
	for _, other := range []struct {
		protocol string
		bytes    int
		payload  payload
	}{{"GCM", firebaseBytes, firebase}, {"ADM", amazonBytes, amazon}} {
		p := r.push(other.protocol, other.bytes, other.payload)
		m.Parts = append(m.Parts, Part{other.protocol, p.text})
		m.Cut = append(m.Cut, p.cut...)
	}

	size := 2
	for _, part := range m.Parts {
		size += len(part.Protocol) + len(part.Text) + len(part.Text)/8 + 8
	}
	b := append(make([]byte, 0, size), '{')
	for i, part := range m.Parts {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, part.Protocol)
		b = append(b, ':')
		b = appendString(b, part.Text)
	}
	m.Body = string(append(b, '}'))
	m.JSONStructure = true
}

// over is by how many bytes m is too large.
func (r *rendering) over(m *Message) int {
	return len(m.Body) + len(m.Subject) + r.o.AttributeBytes - r.o.MaxBytes
}

// shorten cuts, by rune, what is of the least use first, each as little as
// will do: the owner, the link, then one's own message.
func (r *rendering) shorten() (Message, error) {
	for _, field := range []struct {
		name, text string
		beginning  bool // of it is of use: half a link leads nowhere
		set        func(string)
	}{
		{"owner", r.a.Owner, true, func(s string) { r.a.Owner, r.people.Owner = s, oneLine(s) }},
		{"details_link", r.a.DetailsLink, false, func(s string) { r.a.DetailsLink, r.people.DetailsLink = s, oneLine(s) }},
		{"message", r.o.Message, true, func(s string) { r.o.Message = s }},
	} {
		if field.text == "" {
			continue
		}
		if !field.beginning {
			field.text = ""
		}
		r.cut = append(r.cut, field.name+" (the message is larger than SNS takes)")
		if m, ok := r.shortenField(field.text, field.set); ok {
			return m, nil
		}
	}
	input := "address"
	if r.o.AttributeBytes > r.o.MaxBytes/2 {
		input = "message_attributes"
	}
	return Message{}, &Error{
		Input:   input,
		Problem: fmt.Sprintf("is too long: the message does not fit into the %d bytes that SNS takes", r.o.MaxBytes),
		Fix:     "send a shorter value, or the JSON format, which holds it once",
	}
}

// shortenField finds the longest beginning of text with which the message
// fits; with none of it the field is empty.
func (r *rendering) shortenField(text string, set func(string)) (Message, bool) {
	runes := []rune(firstRunes(text, r.o.MaxBytes))
	fits := func(n int) (Message, bool) {
		short := string(runes[:n])
		if n > 0 {
			short += ellipsis
		}
		set(short)
		m := r.message()
		return m, r.over(&m) <= 0
	}
	if m, ok := fits(0); !ok {
		return m, false
	}
	return fits(longest(len(runes), func(n int) bool { _, ok := fits(n); return ok }))
}

// longest is the largest n below limit that fits. 0 is taken to fit, and what
// is longer than something that does not fit not to fit either.
func longest(limit int, fits func(n int) bool) int {
	return sort.Search(max(0, limit-1), func(n int) bool { return !fits(n + 1) })
}
