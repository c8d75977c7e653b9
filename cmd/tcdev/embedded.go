package main

import (
	"crypto/rand"
	"encoding/base64"

	"tcsns/internal/dev/platform"
	"tcsns/internal/dev/snsserver"
)

// The topics of the embedded endpoint. The account is the one that emulators
// use, and that nobody has.
const (
	demoTopic = "arn:aws:sns:us-east-1:000000000000:tc-indicators"
	demoFIFO  = demoTopic + ".fifo"
)

// embeddedTopic is an SNS endpoint in this process, with a topic that has a
// subscriber of each kind, a FIFO topic, and keys that are made for this run.
type embeddedTopic struct {
	server        *snsserver.Server
	keyID, secret string
}

// startTopic starts the embedded endpoint.
func startTopic() (topic, error) {
	secret := make([]byte, 30) // 40 characters, as a secret access key has
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	t := embeddedTopic{keyID: "AKIA" + rand.Text()[:16], secret: base64.StdEncoding.EncodeToString(secret)}
	server, err := snsserver.Start(snsserver.Options{
		Keys: map[string]string{t.keyID: t.secret},
		Topics: []snsserver.Topic{{ARN: demoFIFO, Subscriptions: []snsserver.Subscription{
			{Protocol: "sqs", Endpoint: "arn:aws:sqs:us-east-1:000000000000:indicator-work.fifo", Raw: true},
		}}, {ARN: demoTopic, Subscriptions: []snsserver.Subscription{
			{Protocol: "email", Endpoint: "ir-team@example.com"},
			{Protocol: "sms", Endpoint: "+12025550123"},
			{Protocol: "application", Endpoint: "arn:aws:sns:us-east-1:000000000000:endpoint/APNS/soc-app/1f6b"},
			{Protocol: "application", Endpoint: "arn:aws:sns:us-east-1:000000000000:endpoint/GCM/soc-app/2a7c"},
			{Protocol: "application", Endpoint: "arn:aws:sns:us-east-1:000000000000:endpoint/ADM/soc-app/3b8d"},
			{Protocol: "sqs", Endpoint: "arn:aws:sqs:us-east-1:000000000000:indicator-work", Raw: true},
			{Protocol: "lambda", Endpoint: "arn:aws:lambda:us-east-1:000000000000:function:snapshot-url"},
		}}},
	})
	if err != nil {
		return nil, err
	}
	t.server = server
	return t, nil
}

func (t embeddedTopic) describe() string {
	return "SNS is an endpoint in this process; nothing leaves this machine"
}
func (t embeddedTopic) params() map[string]string {
	return map[string]string{"aws_endpoint_url": t.server.URL()}
}
func (embeddedTopic) env([]string) []string { return nil }
func (t embeddedTopic) close()              { t.server.Close() }

// value gives the references of a playbook demo values: what leads to the
// embedded endpoint, by the param that asks.
func (t embeddedTopic) value(r platform.Reference) (string, bool) {
	switch r.Param {
	case "topic_arn":
		return demoTopic, true
	case "aws_access_key_id":
		return t.keyID, true
	case "aws_secret_access_key":
		return t.secret, true
	case "aws_session_token":
		return "", true
	}
	return "demo value of " + r.Name, true
}

func (t embeddedTopic) deliveries() []delivery {
	received := []delivery{}
	for _, d := range t.server.Deliveries() {
		if d.Discarded != "" {
			continue
		}
		one := delivery{Protocol: d.Protocol, Endpoint: d.Endpoint, MessageID: d.MessageID, Subject: d.Subject, Text: d.Text}
		for _, a := range d.Attributes {
			one.Attributes = append(one.Attributes, attribute(a))
		}
		received = append(received, one)
	}
	return received
}
