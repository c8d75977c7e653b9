package snstopic

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// TopicAttributes is what SNS says of a topic, as far as a publisher cares.
type TopicAttributes struct {
	SubscriptionsConfirmed int
	SubscriptionsPending   int
	FIFO                   bool
	MaximumMessageSize     int    // bytes; 0: SNS did not say
	KMSKey                 string // id or ARN of the key, "" when not encrypted
}

// Attributes asks SNS about the topic, within the topic's deadline. It needs
// sns:GetTopicAttributes, which publishing does not: see [Error.AccessDenied].
// Its error is an [*Error].
func (t *Topic) Attributes(ctx context.Context) (TopicAttributes, error) {
	ctx, cancel := t.deadline(ctx)
	defer cancel()
	call := &call{protected: true} // reading twice is reading
	out, err := t.sns.GetTopicAttributes(call.with(ctx), &sns.GetTopicAttributesInput{
		TopicArn: aws.String(t.arn.String()),
	}, t.tracking(ctx, call))
	if err != nil {
		e := t.explain(ctx, "read the attributes of "+t.name(), call, err)
		e.Outcome = NotSent
		if call.unsettled {
			e.Code, e.Class, e.Retryable = CodeConnection, ClassNetwork, true
			e.Message, e.Fix = "the connection broke before the answer", t.fixForConnection(serviceSNS)
			switch {
			case ctx.Err() != nil:
				e.Class = ClassTimeout
				e.Code, e.Message, e.Fix = t.stopped(ctx)
				e.Message += " before the answer"
			case e.Status != 0:
				e.Code, e.Message = CodeNotSNS, "no answer that can be read"
			}
		}
		if e.AccessDenied() {
			e.Fix = "allow sns:GetTopicAttributes on " + t.arn.String() + " to these credentials, or do without: publishing does not need it"
		}
		return TopicAttributes{}, e
	}
	attributes := out.Attributes
	return TopicAttributes{
		SubscriptionsConfirmed: number(attributes["SubscriptionsConfirmed"]),
		SubscriptionsPending:   number(attributes["SubscriptionsPending"]),
		FIFO:                   attributes["FifoTopic"] == "true",
		MaximumMessageSize:     number(attributes["MaximumMessageSize"]),
		KMSKey:                 attributes["KmsMasterKeyId"],
	}, nil
}

// number reads a count; what is none counts as 0, as what SNS does not say.
func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}
