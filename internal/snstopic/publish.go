package snstopic

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/sns"
)

// Publish sends n messages within the topic's deadline and returns what became
// of each, aligned. It asks for message(i) once each, in order and never two at
// a time, and only when it is about to send it; an error of message(i) fails
// that message alone.
//
// One message goes out by itself. Several go out in batches of up to ten and
// up to the size of one message, several batches at a time; on a FIFO topic no
// two batches at a time have a message group in common, so that the order
// within a group stays, but for an entry that SNS failed and took on a later
// attempt: it comes after those of its batch. What the deadline leaves, or ctx, is NotSent.
func (t *Topic) Publish(ctx context.Context, n int, message func(i int) (Message, error)) []Result {
	results := make([]Result, n)
	ctx, cancel := t.deadline(ctx)
	defer cancel()
	switch {
	case n == 1:
		results[0] = t.publishOne(ctx, message)
	case n > 1:
		newBatches(t, results, message).run(ctx)
		// Their descriptors are needed for what is left to do, on a machine
		// that gives a process few.
		t.hangUp()
	}
	return results
}

// op is what a publish is called in errors.
func (t *Topic) op() string { return "publish to " + t.name() }

func (t *Topic) publishOne(ctx context.Context, message func(i int) (Message, error)) Result {
	m, failure := t.compose(0, message)
	if failure != nil {
		return refused(failure)
	}
	if ctx.Err() != nil {
		return refused(t.notSent(ctx))
	}
	call := &call{protected: t.protects(m)}
	out, err := t.sns.Publish(call.with(ctx), &sns.PublishInput{
		TopicArn:               aws.String(t.arn.String()),
		Message:                &m.Body,
		Subject:                optional(m.Subject),
		MessageStructure:       m.structure(),
		MessageAttributes:      m.attributeValues(),
		MessageGroupId:         optional(m.GroupID),
		MessageDeduplicationId: optional(m.DeduplicationID),
	}, t.tracking(ctx, call))
	if err != nil {
		return refused(t.explain(ctx, t.op(), call, err))
	}
	if aws.ToString(out.MessageId) == "" {
		requestID, _ := awsmiddleware.GetRequestIDMetadata(out.ResultMetadata)
		return refused(t.emptyAnswer(requestID, call.protected))
	}
	return published(out.MessageId, out.SequenceNumber)
}

// tracking makes the SDK ask call before it sends again.
func (t *Topic) tracking(ctx context.Context, call *call) func(*sns.Options) {
	return func(o *sns.Options) {
		o.Retryer = callRetryer{Standard: t.retryer, call: call, ctx: ctx, log: t.log}
	}
}

// protects reports whether sending m twice delivers it once.
func (t *Topic) protects(m Message) bool { return t.arn.FIFO() && m.DeduplicationID != "" }

// compose asks for message i and validates it.
func (t *Topic) compose(i int, message func(i int) (Message, error)) (Message, *Error) {
	m, err := message(i)
	if err != nil {
		e := inputError(t.op(), clean(err.Error(), t.redact), "correct that input")
		if text, fix, ok := strings.Cut(err.Error(), "Fix: "); ok {
			e.Message, e.Fix = strings.TrimRight(clean(text, t.redact), ". "), strings.TrimSuffix(clean(fix, t.redact), ".")
		}
		e.Outcome, e.Err = Failed, err
		return m, e
	}
	problems := Validate(t.arn, m, t.maxBytes)
	if len(problems) == 0 {
		return m, nil
	}
	e := inputError(t.op(), clean(joined(problems), t.redact), problems[0].Fix)
	e.Outcome = Failed
	return m, e
}

func published(messageID, sequenceNumber *string) Result {
	return Result{Outcome: Published, MessageID: aws.ToString(messageID), SequenceNumber: aws.ToString(sequenceNumber)}
}

func refused(e *Error) Result { return Result{Outcome: e.Outcome, Err: e} }

// emptyAnswer is HTTP 200 without a MessageID.
func (t *Topic) emptyAnswer(requestID string, protected bool) *Error {
	return &Error{
		Op: t.op(), Code: CodeUnknown, Class: ClassUnknown, Service: serviceSNS, Status: 200, RequestID: requestID,
		Message: "the answer names no MessageID, so whether it was published is unknown",
		Fix:     t.fixForUnknown(protected), Outcome: Unknown, Retryable: protected,
	}
}

// notSent is what the deadline or the end of the run leaves.
func (t *Topic) notSent(ctx context.Context) *Error {
	e := &Error{Op: t.op(), Class: ClassTimeout, Outcome: NotSent, Retryable: true, Err: context.Cause(ctx)}
	e.Code, e.Message, e.Fix = t.stopped(ctx)
	e.Message += " before it was sent"
	return e
}

// stopped says why ctx is done.
func (t *Topic) stopped(ctx context.Context) (code, message, fix string) {
	if ctx.Err() == context.DeadlineExceeded {
		return CodeDeadline, fmt.Sprintf("the %s of timeout_seconds ran out", t.timeout), "raise timeout_seconds, or send fewer addresses in one run"
	}
	return CodeCancelled, "the run was told to stop", "run it again"
}
