package snstopic

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// batchForm writes the body of a PublishBatch in place of the SDK's
// serializer, which keeps every field in a map and sorts the names before it
// escapes them: more than a third of what a publish of many messages costs. The
// fields are the AWS Query protocol's
// (https://smithy.io/2.0/aws/protocols/aws-query-protocol.html); a test holds
// them against the SDK's own.
type batchForm struct{}

// writeForm makes a request's stack use batchForm.
func writeForm(stack *middleware.Stack) error {
	_, err := stack.Serialize.Swap("OperationSerializer", batchForm{})
	return err
}

// ID implements middleware.SerializeMiddleware.
func (batchForm) ID() string { return "OperationSerializer" }

// HandleSerialize implements middleware.SerializeMiddleware.
func (batchForm) HandleSerialize(ctx context.Context, in middleware.SerializeInput, next middleware.SerializeHandler) (
	out middleware.SerializeOutput, metadata middleware.Metadata, err error,
) {
	request, ok := in.Request.(*smithyhttp.Request)
	input, isBatch := in.Parameters.(*sns.PublishBatchInput)
	if !ok || !isBatch {
		return out, metadata, &smithy.SerializationError{Err: fmt.Errorf("write form: unknown request %T of %T", in.Request, in.Parameters)}
	}
	request.Method = http.MethodPost
	request.URL.Path = "/"
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if request, err = request.SetStream(bytes.NewReader(appendBatch(nil, input))); err != nil {
		return out, metadata, &smithy.SerializationError{Err: err}
	}
	in.Request = request
	return next.HandleSerialize(ctx, in)
}

// appendBatch appends the form.
func appendBatch(b []byte, input *sns.PublishBatchInput) []byte {
	size := 0
	for i := range input.PublishBatchRequestEntries {
		size += len(aws.ToString(input.PublishBatchRequestEntries[i].Message))
	}
	// Quotes and braces of a message in JSON make it half as long again; the
	// other fields of an entry stay below 2 KiB as a rule.
	b = append(make([]byte, 0, size*3/2+2<<10*len(input.PublishBatchRequestEntries)), b...)
	b = append(b, "Action=PublishBatch&Version=2010-03-31&TopicArn="...)
	b = appendEscaped(b, aws.ToString(input.TopicArn))
	for i := range input.PublishBatchRequestEntries {
		b = appendEntry(b, i+1, &input.PublishBatchRequestEntries[i])
	}
	return b
}

// appendEntry appends entry number of a batch.
func appendEntry(b []byte, number int, entry *types.PublishBatchRequestEntry) []byte {
	prefix := "&PublishBatchRequestEntries.member." + strconv.Itoa(number) + "."
	for _, field := range [...]struct {
		name  string
		value *string
	}{
		{"Id=", entry.Id},
		{"Message=", entry.Message},
		{"Subject=", entry.Subject},
		{"MessageStructure=", entry.MessageStructure},
		{"MessageGroupId=", entry.MessageGroupId},
		{"MessageDeduplicationId=", entry.MessageDeduplicationId},
	} {
		if field.value != nil {
			b = appendEscaped(append(append(b, prefix...), field.name...), *field.value)
		}
	}
	attribute := 0
	for name, value := range entry.MessageAttributes {
		attribute++
		at := prefix + "MessageAttributes.entry." + strconv.Itoa(attribute)
		b = appendEscaped(append(append(b, at...), ".Name="...), name)
		b = appendEscaped(append(append(b, at...), ".Value.DataType="...), aws.ToString(value.DataType))
		b = appendEscaped(append(append(b, at...), ".Value.StringValue="...), aws.ToString(value.StringValue))
	}
	return b
}

// unreserved holds the characters that stand in a form as they are.
var unreserved = func() (table [256]bool) {
	for c := range table {
		table[c] = 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_' || c == '.' || c == '~'
	}
	return table
}()

const upperHex = "0123456789ABCDEF"

// appendEscaped appends text as url.QueryEscape writes it.
func appendEscaped(b []byte, text string) []byte {
	start := 0
	for i := range len(text) {
		c := text[i]
		if unreserved[c] {
			continue
		}
		b = append(b, text[start:i]...)
		start = i + 1
		if c == ' ' {
			b = append(b, '+')
		} else {
			b = append(b, '%', upperHex[c>>4], upperHex[c&0xf])
		}
	}
	return append(b, text[start:]...)
}
