package main

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"tcsns/internal/dev/platform"
)

// Where --sns leads, besides a URL.
const (
	snsEmbedded = "embedded"
	snsAWS      = "aws"
)

// topic is the SNS side of a run.
type topic interface {
	params() map[string]string               // params of our App that lead there
	describe() string                        // one line for a person
	value(platform.Reference) (string, bool) // what a ${…} of the playbook stands for
	env(environ []string) []string           // names of the environment that the App is given too
	deliveries() []delivery                  // what subscribers have received so far
	close()
}

// delivery is what one subscriber received.
type delivery struct {
	Protocol   string      `json:"protocol"`
	Endpoint   string      `json:"endpoint"`
	MessageID  string      `json:"message_id"`
	Subject    string      `json:"subject,omitempty"`
	Text       string      `json:"text"`
	Attributes []attribute `json:"attributes,omitempty"`
}

// attribute is one message attribute.
type attribute struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Value string `json:"value"`
}

// subscriber is what a person calls a subscriber: its kind, and its name. The
// end of an ARN says which one it is, the end of an app's endpoint does not.
func (d delivery) subscriber() (kind, name string) {
	name = d.Endpoint[strings.LastIndex(d.Endpoint, ":")+1:]
	switch d.Protocol {
	case "email":
		return "E-mail", d.Endpoint
	case "sms":
		return "SMS", d.Endpoint
	case "http", "https":
		return "HTTP", d.Endpoint
	case "lambda":
		return "Lambda", name
	case "sqs":
		return "SQS", name
	case "application": // endpoint/APNS/soc-app/1f6b…
		if parts := strings.Split(name, "/"); len(parts) >= 3 {
			return "Push, " + parts[1], parts[2]
		}
	}
	return d.Protocol, name
}

// same reports whether two subscribers received the same.
func (d delivery) same(other delivery) bool {
	return d.MessageID == other.MessageID && d.Subject == other.Subject && d.Text == other.Text &&
		slices.Equal(d.Attributes, other.Attributes)
}

// attributeText lists the attributes in one line; a String, the usual type, is
// not named.
func (d delivery) attributeText() string {
	var all []string
	for _, a := range d.Attributes {
		text := a.Name + "=" + a.Value
		if a.Type != "String" {
			text += " (" + a.Type + ")"
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}

// openTopic returns what --sns names.
func openTopic(where string) (topic, error) {
	switch where {
	case snsEmbedded:
		return startTopic()
	case snsAWS:
		return awsTopic{}, nil
	}
	u, err := url.Parse(where)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, &usageError{
			problem: fmt.Sprintf("--sns %q is neither embedded, nor aws, nor a URL", where),
			try:     "tcdev run --sns http://127.0.0.1:5000",
		}
	}
	return remoteTopic{url: where}, nil
}

// remoteTopic is an endpoint at a URL: an emulator, or a VPC endpoint.
type remoteTopic struct{ url string }

func (t remoteTopic) describe() string                      { return "SNS is the endpoint at " + t.url }
func (t remoteTopic) params() map[string]string             { return map[string]string{"aws_endpoint_url": t.url} }
func (remoteTopic) value(platform.Reference) (string, bool) { return "", false }
func (remoteTopic) env(environ []string) []string           { return awsNames(environ) }
func (remoteTopic) deliveries() []delivery                  { return []delivery{} }
func (remoteTopic) close()                                  {}

// awsTopic is real AWS, with the usual AWS environment: the keys that the
// playbook refers to are left empty, so that the SDK's default chain finds some.
type awsTopic struct{}

func (awsTopic) describe() string              { return "SNS is AWS, with the AWS environment of this shell" }
func (awsTopic) params() map[string]string     { return nil }
func (awsTopic) env(environ []string) []string { return awsNames(environ) }
func (awsTopic) deliveries() []delivery        { return []delivery{} }
func (awsTopic) close()                        {}

func (awsTopic) value(r platform.Reference) (string, bool) {
	switch r.Param {
	case "aws_access_key_id", "aws_secret_access_key", "aws_session_token":
		return "", r.Whole
	}
	return "", false
}

// awsNames lists the names of the environment that are AWS's.
func awsNames(environ []string) []string {
	var names []string
	for _, e := range environ {
		if name, _, _ := strings.Cut(e, "="); strings.HasPrefix(name, "AWS_") {
			names = append(names, name)
		}
	}
	return names
}
