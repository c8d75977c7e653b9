package snsserver

import (
	"encoding/json"
	"strings"
	"time"
)

// Delivery is what one subscriber received.
type Delivery struct {
	Protocol   string
	Endpoint   string
	MessageID  string
	Subject    string      // of an e-mail
	Text       string      // as the subscriber has it before it
	Attributes []Attribute // with raw delivery to SQS; else they are in Text, or lost
	Discarded  string      // why SNS dropped it, "" when it arrived
}

// maxRawAttributes is how many attributes a message may have for raw delivery
// to SQS; SNS drops one with more
// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html).
const maxRawAttributes = 10

// deliver returns what each subscriber of the topic receives of a message.
func (t *topic) deliver(m Message) []Delivery {
	var deliveries []Delivery
	parts := map[string]string{}
	if m.MessageStructure == "json" {
		parts, _ = structure(m.Message) // read once before, when it was taken
	}
	for i, subscription := range t.Subscriptions {
		if subscription.Pending || t.fifo() && subscription.Protocol != "sqs" {
			continue
		}
		text := partFor(subscription, m, parts)
		if !t.filters[i].matches(subscription.FilterScope, m, text) {
			continue
		}
		deliveries = append(deliveries, m.to(subscription, text))
	}
	return deliveries
}

// partFor is the text of a message for a subscription.
func partFor(subscription Subscription, m Message, parts map[string]string) string {
	if m.MessageStructure != "json" {
		return m.Message
	}
	key := subscription.Protocol
	if key == "application" {
		key = platformOf(subscription.Endpoint)
	}
	if text, ok := parts[key]; ok {
		return text
	}
	return parts["default"]
}

// platformOf is the push service of an endpoint:
// arn:aws:sns:REGION:ACCOUNT:endpoint/APNS/APP/ID.
func platformOf(endpointARN string) string {
	if parts := strings.Split(endpointARN, "/"); len(parts) > 1 {
		return parts[1]
	}
	return "application"
}

// to is the message in the form of a subscription's protocol.
func (m Message) to(subscription Subscription, text string) Delivery {
	d := Delivery{Protocol: subscription.Protocol, Endpoint: subscription.Endpoint, MessageID: m.MessageID, Text: text}
	switch subscription.Protocol {
	case "email":
		d.Subject = m.Subject
		if d.Subject == "" {
			d.Subject = "AWS Notification Message"
		}
	case "sqs":
		if !subscription.Raw {
			d.Text = m.envelope(text)
			break
		}
		d.Attributes = m.Attributes
		if len(m.Attributes) > maxRawAttributes {
			d.Discarded = "more than 10 attributes with raw delivery"
		}
	case "http", "https", "email-json":
		if !subscription.Raw {
			d.Text = m.envelope(text)
		}
	case "firehose":
		if !subscription.Raw {
			d.Text = m.envelope(text) + "\n"
		}
	case "lambda":
		d.Text = m.lambdaEvent(subscription, text)
	}
	return d
}

// attributeValue is an attribute in an envelope.
type attributeValue struct {
	Type  string
	Value string
}

func (m Message) attributeValues() map[string]attributeValue {
	if len(m.Attributes) == 0 {
		return nil
	}
	values := make(map[string]attributeValue, len(m.Attributes))
	for _, a := range m.Attributes {
		values[a.Name] = attributeValue{a.Type, a.Value}
	}
	return values
}

// stamp is a time as SNS writes it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// envelope is the JSON document that SNS wraps a message in
// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html).
func (m Message) envelope(text string) string {
	return encode(struct {
		Type              string
		MessageID         string `json:"MessageId"`
		SequenceNumber    string `json:",omitempty"`
		TopicARN          string `json:"TopicArn"`
		Subject           string `json:",omitempty"`
		Message           string
		Timestamp         string
		SignatureVersion  string
		Signature         string
		SigningCertURL    string
		UnsubscribeURL    string
		MessageAttributes map[string]attributeValue `json:",omitempty"`
	}{
		"Notification", m.MessageID, m.SequenceNumber, m.TopicARN, m.Subject, text, stamp(m.Time), "1",
		"EXAMPLE", "https://sns.example/SimpleNotificationService.pem", "https://sns.example/?Action=Unsubscribe", m.attributeValues(),
	})
}

// lambdaEvent is what a function is called with
// (https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html). A function sees
// numbers and arrays as type String
// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html).
func (m Message) lambdaEvent(subscription Subscription, text string) string {
	type notification struct {
		Type              string
		MessageID         string `json:"MessageId"`
		TopicARN          string `json:"TopicArn"`
		Subject           *string
		Message           string
		Timestamp         string
		SignatureVersion  string
		Signature         string
		SigningCertURL    string `json:"SigningCertUrl"`
		UnsubscribeURL    string `json:"UnsubscribeUrl"`
		MessageAttributes map[string]attributeValue
	}
	type record struct {
		EventSource          string
		EventVersion         string
		EventSubscriptionARN string       `json:"EventSubscriptionArn"`
		SNS                  notification `json:"Sns"`
	}
	n := notification{
		"Notification", m.MessageID, m.TopicARN, nil, text, stamp(m.Time), "1", "EXAMPLE",
		"https://sns.example/SimpleNotificationService.pem", "https://sns.example/?Action=Unsubscribe", m.attributeValues(),
	}
	if n.MessageAttributes == nil {
		n.MessageAttributes = map[string]attributeValue{} // {}, not null
	}
	for name, value := range n.MessageAttributes {
		if !strings.HasPrefix(value.Type, "Binary") {
			n.MessageAttributes[name] = attributeValue{"String", value.Value}
		}
	}
	if m.Subject != "" {
		n.Subject = &m.Subject
	}
	return encode(map[string]any{"Records": []record{{"aws:sns", "1.0", subscription.Endpoint, n}}})
}

func encode(value any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "" // texts and numbers always encode
	}
	return strings.TrimSuffix(b.String(), "\n")
}
