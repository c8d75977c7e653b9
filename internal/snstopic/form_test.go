package snstopic

import (
	"bytes"
	"context"
	"net/url"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"
)

func FuzzAppendEscaped(f *testing.F) {
	for _, seed := range []string{"", "plain-_.~", "a b+c", `{"k":"v & w=é"}`, "\x00\x7f\xff", "%41"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		require.Equal(t, "="+url.QueryEscape(text), string(appendEscaped([]byte("="), text)))
	})
}

// What batchForm writes is what the SDK would have: the same request, and the
// same fields.
func TestBatchFormIsThatOfTheSDK(t *testing.T) {
	t.Parallel()
	attribute := func(kind, value string) types.MessageAttributeValue {
		return types.MessageAttributeValue{DataType: aws.String(kind), StringValue: aws.String(value)}
	}
	tests := map[string]*sns.PublishBatchInput{
		"bare": {TopicArn: aws.String("arn:aws:sns:eu-west-1:123456789012:t"), PublishBatchRequestEntries: []types.PublishBatchRequestEntry{
			{Id: aws.String("0"), Message: aws.String("x")},
		}},
		"everything": {TopicArn: aws.String("arn:aws:sns:eu-west-1:123456789012:t.fifo"), PublishBatchRequestEntries: []types.PublishBatchRequestEntry{
			{
				Id: aws.String("0"), Message: aws.String(`{"default":"é & = + \n"}`), Subject: aws.String("s t"), MessageStructure: aws.String("json"),
				MessageGroupId: aws.String("Address:203.0.113.7"), MessageDeduplicationId: aws.String("d"),
				MessageAttributes: map[string]types.MessageAttributeValue{"address": attribute("String", "203.0.113.7 &")},
			},
			{
				Id: aws.String("1"), Message: aws.String("second"),
				MessageAttributes: map[string]types.MessageAttributeValue{"score": attribute("Number", "731")},
			},
		}},
		"no entries": {TopicArn: aws.String("arn:aws:sns:eu-west-1:123456789012:t"), PublishBatchRequestEntries: []types.PublishBatchRequestEntry{}},
	}
	for name, input := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ours, theirs := serialized(t, input, writeForm), serialized(t, input)
			if len(input.PublishBatchRequestEntries) == 0 {
				theirs.Del("PublishBatchRequestEntries") // an empty list, which no batch has
			}
			require.Equal(t, theirs, ours)
		})
	}
}

// serialized is the form that a client with options sends.
func serialized(t *testing.T, input *sns.PublishBatchInput, options ...func(*middleware.Stack) error) url.Values {
	t.Helper()
	var body bytes.Buffer
	capture := func(stack *middleware.Stack) error {
		return stack.Build.Add(middleware.BuildMiddlewareFunc("capture", func(_ context.Context, in middleware.BuildInput, _ middleware.BuildHandler) (
			out middleware.BuildOutput, metadata middleware.Metadata, err error,
		) {
			request := in.Request.(*smithyhttp.Request)
			require.Equal(t, "POST", request.Method)
			require.Equal(t, "/", request.URL.Path)
			require.Equal(t, "application/x-www-form-urlencoded", request.Header.Get("Content-Type"))
			_, err = body.ReadFrom(request.GetStream())
			out.Result = &sns.PublishBatchOutput{}
			return out, metadata, err
		}), middleware.After)
	}
	client := sns.New(sns.Options{Region: "eu-west-1", Credentials: aws.AnonymousCredentials{}})
	_, err := client.PublishBatch(t.Context(), input, sns.WithAPIOptions(append(options, capture)...))
	require.NoError(t, err)
	form, err := url.ParseQuery(body.String())
	require.NoError(t, err)
	return form
}
