package main

import (
	"fmt"
	"net/url"
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
	name() string                            // the topic's ARN, "" when tcdev does not know it
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
func (remoteTopic) name() string                            { return "" }
func (remoteTopic) value(platform.Reference) (string, bool) { return "", false }
func (remoteTopic) env(environ []string) []string           { return awsNames(environ) }
func (remoteTopic) deliveries() []delivery                  { return []delivery{} }
func (remoteTopic) close()                                  {}

// awsTopic is real AWS, with the usual AWS environment: the keys that the
// playbook refers to are left empty, so that the SDK's default chain finds some.
type awsTopic struct{}

func (awsTopic) describe() string              { return "SNS is AWS, with the AWS environment of this shell" }
func (awsTopic) params() map[string]string     { return nil }
func (awsTopic) name() string                  { return "" }
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
