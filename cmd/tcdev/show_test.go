package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/platform"
)

// fakeTopic has received what the test says.
type fakeTopic struct {
	awsTopic
	received []delivery
}

func (f *fakeTopic) deliveries() []delivery { return f.received }

func newShow(received ...delivery) (*show, *bytes.Buffer, *fakeTopic) {
	var out bytes.Buffer
	f := &fakeTopic{received: received}
	return &show{paper: &paper{w: &out}, topic: f}, &out, f
}

func TestShowDeliveries(t *testing.T) {
	t.Parallel()
	attributes := []attribute{{"owner", "String", "Org"}, {"confidence", "Number", "85"}}
	job := &platform.JobReport{Params: []platform.Param{{Name: "topic_arn", Value: "arn:aws:sns:us-east-1:000000000000:t"}}}
	s, out, topic := newShow(
		delivery{"email", "soc@example.com", "m", "Address Created", "line one\n\nline three", nil},
		delivery{"lambda", "arn:aws:lambda:us-east-1:000000000000:function:block", "m", "", `{"a":1}`, attributes},
		delivery{"sqs", "arn:aws:sqs:us-east-1:000000000000:queue", "m", "", `{"a":1}`, attributes},
		delivery{"application", "arn:aws:sns:us-east-1:000000000000:endpoint/APNS/app/1f6b", "m", "", "push\x1b[2J", nil},
	)
	s.deliveries(job)
	require.Equal(t, `
✉ Topic  arn:aws:sns:us-east-1:000000000000:t

  E-mail  soc@example.com
  │ Subject: Address Created
  │
  │ line one
  │
  │ line three

  Lambda  block
  SQS  queue
  │ {
  │   "a": 1
  │ }
  └ attributes: owner=Org, confidence=85 (Number)

  Push, APNS  app
  │ push\x1b[2J
`, out.String())

	// A second App's messages alone are shown after it; nothing when there is none.
	out.Reset()
	s.deliveries(job)
	require.Empty(t, out.String())
	topic.received = append(topic.received, delivery{"sms", "+12025550123", "n", "", "short", nil})
	s.deliveries(job)
	require.Equal(t, "\n✉ Topic  arn:aws:sns:us-east-1:000000000000:t\n\n  SMS  +12025550123\n  │ short\n", out.String())
}

func TestSubscriber(t *testing.T) {
	t.Parallel()
	tests := []struct{ protocol, endpoint, kind, name string }{
		{"https", "https://example.com/hook", "HTTP", "https://example.com/hook"},
		{"firehose", "arn:aws:firehose:us-east-1:000000000000:deliverystream/s", "firehose", "deliverystream/s"},
		{"application", "odd", "application", "odd"},
	}
	for _, test := range tests {
		kind, name := delivery{Protocol: test.protocol, Endpoint: test.endpoint}.subscriber()
		require.Equal(t, test.kind, kind)
		require.Equal(t, test.name, name)
	}
}

// Whatever an App writes, no line is wider than the terminal, and a long text
// is cut.
func TestShowBounds(t *testing.T) {
	t.Parallel()
	code := 1
	s, out, _ := newShow(delivery{Protocol: "sqs", Endpoint: "q", Text: strings.Repeat("x", 100_000)})
	s.verbose = true
	s.Ended(&platform.JobReport{
		App: "App", Name: "Job", Command: []string{"/a"}, Status: platform.StatusFailed, ExitCode: &code,
		Message: strings.Repeat("word ", 100), Stderr: strings.Repeat("é", 300), Log: []string{strings.Repeat("y", 200)},
		Remarks: []string{"odd"},
	})
	for l := range strings.SplitSeq(out.String(), "\n") {
		require.LessOrEqual(t, utf8.RuneCountInString(l), width, l)
	}
	require.Contains(t, out.String(), "lines more, which --json has")
	require.Contains(t, out.String(), "✘ exit code 1")
	require.Less(t, strings.Count(out.String(), "\n"), 100)
}

func TestConclusions(t *testing.T) {
	t.Parallel()
	tests := []struct {
		report platform.Report
		want   string
	}{
		{platform.Report{Outcome: platform.Passed}, "✔ the playbook passed"},
		{platform.Report{Outcome: platform.Handled}, "along its Fail path"},
		{platform.Report{Outcome: platform.Failed}, "✘ the playbook failed"},
		{platform.Report{Outcome: platform.Incomplete}, "not run to its end"},
		{platform.Report{Outcome: platform.Passed, Interrupted: true}, "interrupted"},
		{platform.Report{Outcome: platform.Passed, Folder: "/tmp/x"}, "kept: /tmp/x"},
	}
	for _, test := range tests {
		s, out, _ := newShow()
		s.conclusion(&test.report)
		require.Contains(t, out.String(), test.want)
	}
}

func TestShorten(t *testing.T) {
	t.Parallel()
	require.Equal(t, "/bin/true", shorten("/bin/true", 20))
	require.Equal(t, "…/bin/tcsns", shorten("/home/somebody/projects/tcsns/bin/tcsns", 15))
	require.Equal(t, "…/averyveryverylongname", shorten("/opt/averyveryverylongname", 10))
}
