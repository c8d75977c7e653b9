package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"tcsns/internal/snstopic"
	"tcsns/internal/tc"
	"tcsns/internal/tc/api"
	"tcsns/internal/tc/exit"
	"tcsns/internal/tc/kvstore"
	"tcsns/internal/tc/param"
	"tcsns/internal/tc/variable"
)

// The outputs of the App, as install.json names them; a test compares the two.
const (
	snsDebug          = "sns.debug"
	snsMessageID      = "sns.message_id"
	snsMessageIDs     = "sns.message_ids"
	snsSequenceNumber = "sns.sequence_number"
	snsErrorCode      = "sns.error_code"
	snsSuccess        = "sns.success"
	snsResult         = "sns.result"
)

// outputs lists them.
func outputs() []string {
	return []string{snsDebug, snsMessageID, snsMessageIDs, snsSequenceNumber, snsErrorCode, snsSuccess, snsResult}
}

// Our own codes for sns.error_code, beside those of SNS: one word for one
// thing, whoever finds it.
const (
	codeInput   = snstopic.CodeInput
	codeStore   = "KeyValueStore"
	codeAPI     = "ThreatConnectAPI"
	codeUnknown = snstopic.CodeUnknown
	codeStopped = snstopic.CodeCancelled
)

// errStopped is a run that was told to stop before it published anything.
var errStopped = errors.New("stopped")

// maxErrors bounds the failures that sns.result spells out; the rest is counted.
const maxErrors = 100

// report is what came of a publish, in the words of the outputs.
type report struct {
	in      *inputs
	c       *composer
	results []snstopic.Result
	topic   []string // remarks on the topic, of a check

	published, failures, unknown, unsent int
	first                                *snstopic.Error // the first failure in order, nil when all went out
	firstAt                              int
}

func newReport(in *inputs, c *composer, results []snstopic.Result) *report {
	rep := &report{in: in, c: c, results: results}
	for i, result := range results {
		switch result.Outcome {
		case snstopic.Published:
			rep.published++
			continue
		case snstopic.Unknown:
			rep.unknown++
		case snstopic.NotSent:
			rep.unsent++
		default:
			rep.failures++
		}
		if rep.first == nil {
			rep.first, rep.firstAt = result.Err, i
		}
	}
	return rep
}

// sent reports whether anything went out, or may have.
func (rep *report) sent() bool { return rep.published+rep.unknown > 0 }

// maxRepeated is the longest time allowed to a run that may be repeated after
// a part of it went out. SNS knows a deduplication id for five minutes; the
// platform repeats a run up to three times, a minute apart (install.json), so
// that the last one ends within 3 min + 4 times this.
const maxRepeated = 30 * time.Second

// exitCode is 1 only where running again may mend every failure and delivers
// nothing twice: nothing went out, or FIFO ids protect what did.
func (rep *report) exitCode() exit.Code {
	if rep.sent() && (!rep.in.arn.FIFO() || rep.in.timeout > maxRepeated) {
		return exit.HardFailure
	}
	for _, result := range rep.results {
		if result.Err != nil && !result.Err.Retryable {
			return exit.HardFailure
		}
	}
	return exit.Failure
}

// err is the failure of the run, nil when everything was published.
func (rep *report) err() *exit.Error {
	if rep.first == nil {
		return nil
	}
	text := rep.first.Text()
	if len(rep.results) > 1 {
		// The summary names the topic, so what was tried need not: message.tc is short.
		text = strings.TrimPrefix(text, rep.first.Op+": ")
		text = rep.summary() + "; first at address " + fmt.Sprint(rep.firstAt+1) + ": " + text
	}
	return &exit.Error{Code: rep.exitCode(), Text: text, Fix: rep.fix(rep.first), Err: rep.first.Err}
}

// fix is what to do about a failure. Where a part went out to a standard topic,
// or may have, simply running it again could deliver that part a second time.
func (rep *report) fix(err *snstopic.Error) string {
	if !rep.sent() || rep.in.arn.FIFO() || err.Outcome == snstopic.Unknown {
		return err.Fix
	}
	again := "run it again only for the addresses without a MessageID in sns.message_ids"
	if rep.unknown > 0 {
		again = "look behind the topic, and run it again only for the addresses that did not arrive"
	}
	if err.Retryable {
		return again
	}
	return err.Fix + "; then " + again
}

// summary says in one line what went out.
func (rep *report) summary() string {
	if len(rep.results) == 1 && rep.published == 1 {
		return fmt.Sprintf("published to %s: MessageID %s", rep.in.arn.Name, rep.results[0].MessageID)
	}
	parts := []string{fmt.Sprintf("published %d of %d addresses to %s", rep.published, len(rep.results), rep.in.arn.Name)}
	for _, count := range []struct {
		n    int
		what string
	}{{rep.failures, "failed"}, {rep.unknown, "unknown (sent, no answer)"}, {rep.unsent, "not sent"}} {
		if count.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count.n, count.what))
		}
	}
	return strings.Join(parts, ", ")
}

// debug is sns.debug: the MessageID and nothing else, or what failed and how
// to mend it; for several addresses a line each. A failure is told in full
// the first time, and named where it comes again.
func (rep *report) debug() string {
	var b strings.Builder
	told := map[string]int{}
	for i, result := range rep.results {
		if i > 0 {
			b.WriteByte('\n')
		}
		if result.Err == nil {
			b.WriteString(result.MessageID)
			continue
		}
		key := result.Err.Code + result.Err.Fix
		if line, ok := told[key]; ok {
			fmt.Fprintf(&b, "%s: %s, see line %d", result.Outcome, result.Err.Code, line)
			continue
		}
		told[key] = i + 1
		err := *result.Err
		err.Fix = rep.fix(&err)
		b.WriteString(err.Error())
	}
	return b.String()
}

// write sets the outputs of a publish.
func (rep *report) write(r *tc.Run) {
	rep.set(r, rep.debug())
}

// failed sets the outputs of a run that has no results: it did not come to a
// publish, or was cut off in it.
func (rep *report) failed(r *tc.Run, code, debug string) {
	// All outputs are set, the empty ones too: a second run of the same job
	// finds what the first one left.
	r.Playbook.SetString(snsErrorCode, code)
	r.Playbook.SetString(snsSuccess, "false")
	r.Playbook.SetString(snsMessageID, "")
	r.Playbook.SetStringArray(snsMessageIDs, []*string{})
	r.Playbook.SetString(snsSequenceNumber, "")
	debug = r.Mask.Redact(debug)
	r.Playbook.SetString(snsDebug, debug)
	setResult(r, document{
		Action:    rep.in.action,
		TopicARN:  rep.topicARN(),
		ErrorCode: code,
		Debug:     debug,
		Remarks:   rep.remarks(),
	})
}

func (rep *report) set(r *tc.Run, debug string) {
	doc := document{
		Action:    rep.in.action,
		TopicARN:  rep.topicARN(),
		Success:   rep.first == nil,
		Published: rep.published,
		Failed:    rep.failures,
		Unknown:   rep.unknown,
		NotSent:   rep.unsent,
		Remarks:   rep.remarks(),
		Debug:     r.Mask.Redact(debug),
	}
	ids := make([]*string, len(rep.results))
	for i := range rep.results {
		result := &rep.results[i]
		if result.Err != nil {
			if len(doc.Errors) < maxErrors {
				doc.Errors = append(doc.Errors, rep.failure(i, result))
			}
			continue
		}
		ids[i] = &result.MessageID
		if doc.MessageID == "" {
			doc.MessageID, doc.SequenceNumber = result.MessageID, result.SequenceNumber
		}
	}
	doc.MessageIDs = ids
	if rep.first != nil {
		doc.ErrorCode = rep.first.Code
	}

	r.Playbook.SetString(snsDebug, doc.Debug)
	r.Playbook.SetStringArray(snsMessageIDs, ids)
	r.Playbook.SetString(snsSuccess, fmt.Sprint(doc.Success))
	for _, output := range []struct{ name, value string }{
		{snsMessageID, doc.MessageID}, {snsSequenceNumber, doc.SequenceNumber}, {snsErrorCode, doc.ErrorCode},
	} {
		r.Playbook.SetString(output.name, output.value)
	}
	setResult(r, doc)
}

// setResult sets sns.result where the playbook asks for it; else the document
// would be the larger part of what the outputs cost.
func setResult(r *tc.Run, doc document) {
	if r.Playbook.Requested(snsResult, variable.String) {
		r.Playbook.SetString(snsResult, r.Mask.Redact(doc.json()))
	}
}

// log notes what came of the publish, for whoever reads app.log.
func (rep *report) log(log *slog.Logger) {
	for _, remark := range rep.remarks() {
		log.Warn("remark", "remark", remark)
	}
	log.Info("published", "published", rep.published, "failed", rep.failures, "unknown", rep.unknown, "not_sent", rep.unsent)
	logged := 0
	for i := range rep.results {
		err := rep.results[i].Err
		if err == nil {
			continue
		}
		if logged++; logged > maxErrors {
			break
		}
		log.Error("publish failed", "position", i+1, "outcome", rep.results[i].Outcome.String(), "code", err.Code, "class", string(err.Class),
			"http_status", err.Status, "request_id", err.RequestID, "service", err.Service, "retryable", err.Retryable)
	}
}

func (rep *report) topicARN() string {
	if rep.in.arn.Name == "" {
		return ""
	}
	return rep.in.arn.String()
}

// remarks are those on the topic, then those on the messages.
func (rep *report) remarks() []string {
	if rep.c == nil {
		return nil
	}
	return append(slices.Clip(rep.topic), rep.c.noted()...)
}

// document is sns.result: everything that the other outputs say, and what was
// changed on the way, in one JSON document.
type document struct {
	Action         string    `json:"action"`
	TopicARN       string    `json:"topic_arn"`
	Success        bool      `json:"success"`
	Published      int       `json:"published"`
	Failed         int       `json:"failed"`
	Unknown        int       `json:"unknown"`
	NotSent        int       `json:"not_sent"`
	MessageID      string    `json:"message_id"`
	MessageIDs     []*string `json:"message_ids"`
	SequenceNumber string    `json:"sequence_number"`
	ErrorCode      string    `json:"error_code"`
	Errors         []failure `json:"errors,omitempty"`
	Remarks        []string  `json:"remarks,omitempty"`
	Debug          string    `json:"debug"`
}

// failure is one address that was not published.
type failure struct {
	Position  int    `json:"position"` // from 1, as in the list of addresses
	Outcome   string `json:"outcome"`
	Service   string `json:"service"`
	Code      string `json:"code"`
	Class     string `json:"class"`
	Status    int    `json:"http_status,omitempty"`
	RequestID string `json:"request_id,omitempty"`
	Retryable bool   `json:"retryable"`
	Message   string `json:"message"`
	Fix       string `json:"fix"`
}

func (rep *report) failure(i int, result *snstopic.Result) failure {
	err := result.Err
	return failure{
		Position: i + 1, Outcome: result.Outcome.String(), Service: err.Service, Code: err.Code, Class: string(err.Class),
		Status: err.Status, RequestID: err.RequestID, Retryable: err.Retryable, Message: err.Message, Fix: rep.fix(err),
	}
}

func (d document) json() string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(d); err != nil {
		return "" // strings, numbers and booleans always encode
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// codeOf is sns.error_code of a run that did not come to a publish.
func codeOf(err error) string {
	var sns *snstopic.Error
	var platform *api.Error
	var store *kvstore.Error
	var input *param.Error
	switch {
	case errors.Is(err, errStopped):
		return codeStopped
	case errors.As(err, &sns):
		return sns.Code
	case errors.As(err, &input):
		return codeInput
	case errors.As(err, &platform):
		return codeAPI
	case errors.As(err, &store):
		return codeStore
	}
	return codeInput
}
