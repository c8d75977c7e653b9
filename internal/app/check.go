package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tcsns/internal/alert"
	"tcsns/internal/snstopic"
	"tcsns/internal/tc"
	"tcsns/internal/tc/exit"
)

// check says what a publish would do, with every problem at once, and asks
// SNS about the topic. It publishes nothing. Problems fail the run; what the
// topic's attributes show are remarks.
func check(ctx context.Context, r *tc.Run, in *inputs, c *composer, topic *snstopic.Topic) error {
	problems, shown := examine(in, c)
	notes, failure := inspect(ctx, in, topic)

	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	for _, problem := range problems {
		line("problem: %s", problem)
	}
	if failure != nil {
		line("problem: %s", failure.Error())
	}
	for _, note := range append(notes, c.noted()...) {
		line("remark: %s", note)
	}
	line("%s", shown)
	text := r.Mask.Redact(strings.TrimSuffix(b.String(), "\n"))
	r.Log.Info("checked", "problems", len(problems), "reachable", failure == nil)

	report := &report{in: in, c: c}
	var err *exit.Error
	switch {
	case len(problems) > 0:
		err = &exit.Error{Code: exit.HardFailure, Text: strings.Join(problems, " ")}
	case failure != nil:
		code := exit.HardFailure
		if failure.Retryable {
			code = exit.Failure
		}
		err = &exit.Error{Code: code, Text: failure.Text(), Fix: failure.Fix, Err: failure.Err}
	default:
		report.set(r, text)
		r.Message = fmt.Sprintf("checked: nothing was published; %d remarks, see sns.debug", len(notes)+len(c.noted()))
		return nil
	}
	code := codeInput
	if len(problems) == 0 {
		code = failure.Code
	}
	report.failed(r, code, err)
	r.Playbook.SetString(snsDebug, text)
	if !in.failOnError {
		r.Message = exit.SafeText(err)
		return nil
	}
	return err
}

// maxProblems bounds what a check of many addresses lists.
const maxProblems = 50

// examine composes every message and holds it against the limits of SNS. It
// returns the problems, and the first message as its receivers would see it.
func examine(in *inputs, c *composer) (problems []string, shown string) {
	n := in.alerts.len()
	more := 0
	for i := range n {
		found := []string{}
		m, rendered, err := c.compose(i)
		if err != nil {
			found = append(found, err.Error())
		} else {
			for _, problem := range snstopic.Validate(in.arn, m, 0) {
				found = append(found, problem.String()+at(c.position(i)))
			}
			if shown == "" {
				shown = show(m, rendered)
			}
		}
		for _, problem := range found {
			if len(problems) < maxProblems {
				problems = append(problems, problem)
			} else {
				more++
			}
		}
	}
	if more > 0 {
		problems = append(problems, fmt.Sprintf("and %d more problems", more))
	}
	return problems, shown
}

// show writes a message down as its receivers would see it, with its budget.
func show(m snstopic.Message, rendered alert.Message) string {
	var b strings.Builder
	bytes := len(m.Body)
	for _, a := range m.Attributes {
		bytes += len(a.Name) + len(a.Type) + len(a.Value)
	}
	fmt.Fprintf(&b, "message: %d of %d bytes, body and %d attributes", bytes, snstopic.DefaultMaxBytes, len(m.Attributes))
	if rendered.SMSParts > 0 {
		fmt.Fprintf(&b, "; SMS in %d part(s)", rendered.SMSParts)
	}
	fmt.Fprintf(&b, "\nsubject: %s", m.Subject)
	if m.GroupID != "" {
		fmt.Fprintf(&b, "\nmessage group: %s", m.GroupID)
	}
	for _, a := range m.Attributes {
		fmt.Fprintf(&b, "\nattribute: %s (%s) = %s", a.Name, a.Type, a.Value)
	}
	if len(rendered.Parts) == 0 {
		fmt.Fprintf(&b, "\nbody:\n%s", m.Body)
	}
	for _, part := range rendered.Parts {
		fmt.Fprintf(&b, "\n%s:\n%s", part.Protocol, part.Text)
	}
	return b.String()
}

// inspect asks SNS for the topic's attributes. Not being allowed to is a
// remark: a publisher needs no more than sns:Publish.
func inspect(ctx context.Context, in *inputs, topic *snstopic.Topic) (notes []string, failure *snstopic.Error) {
	attributes, err := topic.Attributes(ctx)
	if err != nil {
		var sns *snstopic.Error
		if !errors.As(err, &sns) {
			return nil, &snstopic.Error{Op: "check the topic", Code: codeStopped, Message: "no answer", Err: err}
		}
		if sns.AccessDenied() {
			return []string{"the topic itself was not checked: these credentials lack sns:GetTopicAttributes, which publishing does not need"}, nil
		}
		return nil, sns
	}
	if attributes.SubscriptionsConfirmed == 0 {
		notes = append(notes, "the topic has no confirmed subscription: a message would be published to nobody")
	}
	if attributes.SubscriptionsPending > 0 {
		notes = append(notes, fmt.Sprintf("%d subscription(s) wait for their confirmation and receive nothing until then", attributes.SubscriptionsPending))
	}
	if size := attributes.MaximumMessageSize; size > 0 && size != snstopic.DefaultMaxBytes {
		notes = append(notes, fmt.Sprintf("the topic's MaximumMessageSize is %d bytes", size))
	}
	if key := attributes.KMSKey; key != "" {
		notes = append(notes, "the topic is encrypted: the publisher needs kms:GenerateDataKey* and kms:Decrypt on its key")
	}
	if in.arn.FIFO() && attributes.SubscriptionsConfirmed > 0 {
		notes = append(notes, "a FIFO topic delivers to SQS only, not to people")
	}
	return notes, nil
}
