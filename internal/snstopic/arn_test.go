package snstopic

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestParseARN(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		text, want string // want is part of the error, "" for none
	}{
		{"arn:aws:sns:eu-west-1:123456789012:alerts", ""},
		{" arn:aws:sns:eu-west-1:123456789012:alerts\n", ""}, // as copied
		{"arn:aws:sns:us-east-1:123456789012:alerts.fifo", ""},
		{"arn:aws:sns:ap-southeast-7:000000000000:A_b-9", ""},
		{"arn:aws-cn:sns:cn-north-1:123456789012:alerts", ""},
		{"arn:aws-us-gov:sns:us-gov-west-1:123456789012:alerts", ""},
		{"arn:aws-iso:sns:us-iso-east-1:123456789012:alerts", ""},
		{"arn:aws-iso-b:sns:us-isob-east-1:123456789012:alerts", ""},
		{"arn:aws-iso-e:sns:eu-isoe-west-1:123456789012:alerts", ""},
		{"arn:aws-eusc:sns:eusc-de-east-1:123456789012:alerts", ""},
		{"arn:aws:sns:eu-west-1:123456789012:" + strings.Repeat("x", 256), ""},

		{"", "is empty"},
		{"   ", "is empty"},
		{"alerts", "is the name of a topic, not its ARN"},
		{"alerts.fifo", "is the name of a topic, not its ARN"},
		{"https://sns.eu-west-1.amazonaws.com/", "is a URL"},
		{"https://console.aws.amazon.com/sns/v3/home#/topic/arn:aws:sns:eu-west-1:123456789012:alerts", "is a URL"},
		{"not an arn", "does not begin with arn:"},
		{"ARN:aws:sns:eu-west-1:123456789012:alerts", "lower case"},
		{"arn:aws:sqs:eu-west-1:123456789012:queue", "is an ARN of SQS, not of an SNS topic"},
		{"arn:aws:lambda:eu-west-1:123456789012:function:f", "is an ARN of LAMBDA"},
		{"arn:aws:<b>:eu-west-1:123456789012:x", "is an ARN of another service"},
		{"arn:aws:sns:eu-west-1:123456789012:alerts:0c2ea4a1-7b3c-4b52-8ee9-8f8e7d1a2b3c", "is the ARN of a subscription"},
		{"arn:aws:sns:eu-west-1:123456789012:alerts:x", "more than the six parts"},
		{"arn:aws:sns:eu-west-1:123456789012:endpoint/GCM/app/0c2e", "is the ARN of a mobile endpoint"},
		{"arn:aws:sns:eu-west-1:123456789012:app/GCM/app", "is the ARN of a platform application"},
		{"arn:aws:sns:eu-west-1", "fewer than the six parts"},
		{"arn:other:sns:eu-west-1:123456789012:alerts", "partition"},
		{"arn:aws:sns::123456789012:alerts", "region"},
		{"arn:aws:sns:eu-west:123456789012:alerts", "region"},
		{"arn:aws:sns:evil.example#-west-1:123456789012:alerts", "region"},
		{"arn:aws:sns:cn-north-1:123456789012:alerts", "another partition"},
		{"arn:aws-cn:sns:eu-west-1:123456789012:alerts", "another partition"},
		{"arn:aws:sns:eu-west-1:12345678901:alerts", "twelve digits"},
		{"arn:aws:sns:eu-west-1:12345678901x:alerts", "twelve digits"},
		{"arn:aws:sns:eu-west-1:123456789012:", "topic name"},
		{"arn:aws:sns:eu-west-1:123456789012:.fifo", "topic name"},
		{"arn:aws:sns:eu-west-1:123456789012:a b", "topic name"},
		{"arn:aws:sns:eu-west-1:123456789012:alerts.FIFO", "topic name"},
		{"arn:aws:sns:eu-west-1:123456789012:" + strings.Repeat("x", 257), "topic name"},
		{"${ORGANIZATION:TEXT:topic}", "is a reference that ThreatConnect has not replaced"},
		{`"arn:aws:sns:eu-west-1:123456789012:alerts"`, "stands in quotes"},
		{"'arn:aws:sns:eu-west-1:123456789012:alerts'", "stands in quotes"},
		{"“arn:aws:sns:eu-west-1:123456789012:alerts”", "stands in quotes"},
	} {
		arn, err := ParseARN(row.text)
		if row.want == "" {
			require.NoError(t, err, row.text)
			require.Equal(t, strings.TrimSpace(row.text), arn.String())
			require.Equal(t, strings.HasSuffix(strings.TrimSpace(row.text), ".fifo"), arn.FIFO())
			continue
		}
		var e *Error
		require.True(t, errors.As(err, &e), row.text)
		require.Contains(t, e.Message, row.want)
		require.Equal(t, ClassInput, e.Class)
		require.Contains(t, e.Error(), "topic_arn")
		require.False(t, e.Retryable)
	}
}

func FuzzParseARN(f *testing.F) {
	for _, seed := range []string{"arn:aws:sns:eu-west-1:123456789012:alerts", "arn:aws:sns:eu-west-1:123456789012:alerts.fifo:x", "arn:::::", "alerts", "arn:aws:sqs:a:b:c"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		arn, err := ParseARN(text)
		if err != nil {
			require.Contains(t, err.Error(), "topic_arn")
			require.Equal(t, ARN{}, arn)
			return
		}
		again, err := ParseARN(arn.String())
		require.NoError(t, err)
		require.Equal(t, arn, again)
	})
}
