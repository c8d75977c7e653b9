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
// topic's attributes show are remarks. topic is nil where the inputs do not tell
// which one and in whose name, or the environment cannot be used.
func check(ctx context.Context, r *tc.Run, in *inputs, c *composer, topic *snstopic.Topic) error {
	problems, shown, largest := examine(in, c)
	onTopic := []string{"the topic itself was not checked: the problems stand in the way"}
	contradiction := ""
	var failure *snstopic.Error
	if topic != nil {
		onTopic, contradiction, failure = inspect(ctx, in, topic, largest)
	}
	if contradiction != "" {
		problems.add(contradiction)
	}
	found := problems.count()
	if failure != nil {
		found++
	}
	report := &report{in: in, c: c, topic: onTopic}
	remarked := len(onTopic) + c.remarked()
	r.Log.Info("checked", "problems", found, "remarks", remarked, "topic_answered", failure == nil)

	verdict := fmt.Sprintf("checked, nothing was published: %s, %s", counted(found, "problem"), counted(remarked, "remark"))
	var err *exit.Error
	switch {
	case problems.count() > 0:
		err = &exit.Error{Code: exit.HardFailure, Text: strings.Join(problems.all(), " ")}
		if failure != nil {
			err.Text += " " + failure.Error()
		}
	case failure != nil:
		verdict = "checked, nothing was published: the topic could not be asked"
		err = &exit.Error{Code: exit.HardFailure, Text: failure.Text(), Fix: failure.Fix, Err: failure.Err}
		if failure.Retryable {
			err.Code = exit.Failure
		}
	}

	lines := []string{verdict}
	for _, problem := range problems.all() {
		lines = append(lines, "problem: "+problem)
	}
	if failure != nil {
		lines = append(lines, "problem: "+failure.Error())
	}
	for _, remark := range report.remarks() {
		lines = append(lines, "remark: "+remark)
	}
	if shown != "" {
		lines = append(lines, "", shown)
	}
	text := r.Mask.Redact(strings.Join(lines, "\n"))

	if err == nil {
		report.set(r, text)
		r.Message = verdict + "; see sns.debug"
		return nil
	}
	code := codeInput
	if problems.count() == 0 {
		code = failure.Code
	}
	report.failed(r, code, text)
	if !in.failOnError && len(in.problems) == 0 {
		r.Message = exit.SafeText(err)
		return nil
	}
	return err
}

// counted is a number and what it counts: "no remarks", "1 remark", "2 remarks".
func counted(n int, what string) string {
	switch n {
	case 0:
		return "no " + what + "s"
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// maxProblems bounds what a check of many addresses lists.
const maxProblems = 50

// examine composes every message and holds it against the limits of SNS. It
// returns the problems, those of the inputs first, the first message as its
// receivers would see it, and the size of the largest in bytes.
func examine(in *inputs, c *composer) (problems bounded, shown string, largest int) {
	problems.most = maxProblems
	for _, problem := range in.problems {
		problems.add(exit.SafeText(problem))
	}
	for i := range in.alerts.len() {
		m, rendered, err := c.compose(i)
		if err != nil {
			problems.add(err.Error())
			continue
		}
		largest = max(largest, m.Size())
		for _, problem := range snstopic.Validate(in.arn, m, 0) {
			problems.add(exit.Words(problem.Input+at(c.position(i))+" "+problem.Text, problem.Fix))
		}
		if shown == "" {
			shown = show(m, rendered)
		}
	}
	return problems, shown, largest
}

// show writes a message down as its receivers would see it, with its budget.
func show(m snstopic.Message, rendered alert.Message) string {
	var b strings.Builder
	fmt.Fprintf(&b, "message: %d of %d bytes (body, subject and %s)", m.Size(), snstopic.DefaultMaxBytes, counted(len(m.Attributes), "attribute"))
	fmt.Fprintf(&b, "\nsubject: %s", m.Subject)
	if m.GroupID != "" {
		fmt.Fprintf(&b, "\nmessage group: %s", m.GroupID)
	}
	for _, a := range m.Attributes {
		fmt.Fprintf(&b, "\nattribute: %s (%s) = %s", a.Name, a.Type, a.Value)
	}
	if len(rendered.Parts) == 0 {
		fmt.Fprintf(&b, "\n\nbody:\n%s", m.Body)
	}
	for _, part := range rendered.Parts {
		switch part.Protocol {
		case "sms":
			fmt.Fprintf(&b, "\n\nsms, in %s:\n%s", counted(rendered.SMSParts, "part"), part.Text)
		case "APNS_SANDBOX": // the same as APNS
		default:
			fmt.Fprintf(&b, "\n\n%s, %d bytes:\n%s", part.Protocol, len(part.Text), part.Text)
		}
	}
	return b.String()
}

// inspect asks SNS for the topic's attributes. Not being allowed to is a
// remark: a publisher needs no more than sns:Publish. A contradiction is a
// problem of the inputs that only the topic tells; largest is the size of the
// largest message, in bytes.
func inspect(ctx context.Context, in *inputs, topic *snstopic.Topic, largest int) (remarks []string, contradiction string, failure *snstopic.Error) {
	attributes, err := topic.Attributes(ctx)
	if err != nil {
		var sns *snstopic.Error
		if !errors.As(err, &sns) {
			return nil, "", &snstopic.Error{Op: "check the topic", Code: codeStopped, Message: "no answer", Err: err}
		}
		if sns.AccessDenied() {
			return []string{"the topic itself was not checked: these credentials lack sns:GetTopicAttributes, which publishing does not need"}, "", nil
		}
		return nil, "", sns
	}
	if attributes.FIFO != in.arn.FIFO() {
		contradiction = "a standard topic, but SNS says that it is a FIFO topic"
		if in.arn.FIFO() {
			contradiction = "a FIFO topic, but SNS says that it is none"
		}
		contradiction = exit.Words("topic_arn names "+contradiction, "check aws_endpoint_url: what answers there is not the SNS of this topic")
	}
	if attributes.SubscriptionsConfirmed == 0 {
		remarks = append(remarks, "the topic has no confirmed subscription: a message would be published to nobody")
	}
	if attributes.SubscriptionsPending > 0 {
		remarks = append(remarks, counted(attributes.SubscriptionsPending, "subscription")+" not confirmed yet, and without messages until then")
	}
	switch limit := attributes.MaximumMessageSize; {
	case limit > 0 && largest > limit:
		remarks = append(remarks, fmt.Sprintf("the topic's MaximumMessageSize is %d bytes, and the largest message has %d: SNS would refuse it", limit, largest))
	case limit > 0 && limit != snstopic.DefaultMaxBytes:
		remarks = append(remarks, fmt.Sprintf("the topic's MaximumMessageSize is %d bytes", limit))
	}
	if key := attributes.KMSKey; key != "" {
		remarks = append(remarks, "the topic is encrypted: the publisher needs kms:GenerateDataKey* and kms:Decrypt on its key")
	}
	if in.arn.FIFO() && attributes.SubscriptionsConfirmed > 0 {
		remarks = append(remarks, "a FIFO topic delivers to SQS only, not to people")
	}
	return remarks, contradiction, nil
}
