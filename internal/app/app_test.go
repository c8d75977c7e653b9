package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"tcsns/internal/alert"
	"tcsns/internal/snstopic"
	"tcsns/internal/tc"
	"tcsns/internal/tc/api"
	"tcsns/internal/tc/exit"
	"tcsns/internal/tc/kvstore"
	"tcsns/internal/tc/param"
	"tcsns/internal/tc/playbook"
	"tcsns/internal/tc/secret"
)

func texts(values ...string) []*string {
	list := make([]*string, len(values))
	for i := range values {
		if values[i] != "null" {
			list[i] = &values[i]
		}
	}
	return list
}

func parseARN(t *testing.T, name string) snstopic.ARN {
	t.Helper()
	arn, err := snstopic.ParseARN("arn:aws:sns:eu-west-1:123456789012:" + name)
	require.NoError(t, err)
	return arn
}

// One value for all addresses, or one each.
func TestColumn(t *testing.T) {
	t.Parallel()
	require.Equal(t, "", column(nil).at(3))
	require.Equal(t, "one", column(texts("one")).at(3))
	require.Equal(t, "", column(texts("null")).at(3))
	each := column(texts("a", "null", "c"))
	require.Equal(t, []string{"a", "", "c"}, []string{each.at(0), each.at(1), each.at(2)})
}

// What the inputs leave empty the entity fills; what they say counts.
func TestAlertsFromEntities(t *testing.T) {
	t.Parallel()
	list := alerts{
		entities: []playbook.Entity{
			{Value: "evil.example", Type: "Host", OwnerName: "Org", Confidence: "50", WebLink: "https://tc.example/1", ThreatAssessScore: "7"},
			{Value: "203.0.113.7"},
		},
		owner: texts("mine", "null"), triggerAction: "Tagged",
	}
	require.Equal(t, 2, list.len())
	require.Equal(t, alert.Alert{
		Address: "evil.example", IndicatorType: "Host", Owner: "mine", Confidence: "50", DetailsLink: "https://tc.example/1", ThreatAssessScore: "7", TriggerAction: "Tagged",
	}, list.at(0))
	require.Equal(t, alert.Alert{Address: "203.0.113.7", IndicatorType: "Address", TriggerAction: "Tagged"}, list.at(1))

	list.indicatorType = "URL"
	require.Equal(t, "URL", list.at(0).IndicatorType)
}

func TestGroupOf(t *testing.T) {
	t.Parallel()
	require.Equal(t, "Address:203.0.113.7", groupOf(alert.Alert{IndicatorType: "Address", Address: "203.0.113.7"}))
	exact := strings.Repeat("a", maxGroupID-len("URL:"))
	require.Equal(t, "URL:"+exact, groupOf(alert.Alert{IndicatorType: "URL", Address: exact}))
	for _, address := range []string{exact + "a", "bücher.example", "a b", "line\nbreak"} {
		group := groupOf(alert.Alert{IndicatorType: "URL", Address: address})
		require.Len(t, group, 64, "hashed: %q", address)
		require.Equal(t, group, groupOf(alert.Alert{IndicatorType: "URL", Address: address}))
	}
}

// compose is the composer of a run with the addresses.
func compose(t *testing.T, topic string, in inputs, addresses ...string) *composer {
	t.Helper()
	in.arn = parseARN(t, topic)
	in.alerts = alerts{addresses: texts(addresses...), triggerAction: defaultTriggerAction}
	in.format = alert.PerProtocol
	return newComposer(&in, "session", "42")
}

func TestFIFOIDs(t *testing.T) {
	t.Parallel()
	message := func(c *composer, i int) snstopic.Message {
		m, err := c.message(i)
		require.NoError(t, err)
		require.Empty(t, snstopic.Validate(c.in.arn, m, 0))
		return m
	}
	standard := message(compose(t, "alerts", inputs{}, "203.0.113.7"), 0)
	require.Empty(t, standard.GroupID)
	require.Empty(t, standard.DeduplicationID)
	require.Equal(t, "fair", message(compose(t, "alerts", inputs{groupID: "fair"}, "203.0.113.7"), 0).GroupID, "SQS's fair queues")

	c := compose(t, "alerts.fifo", inputs{}, "203.0.113.7", "203.0.113.8")
	first, second := message(c, 0), message(c, 1)
	require.Equal(t, "Address:203.0.113.7", first.GroupID)
	require.NotEqual(t, first.DeduplicationID, second.DeduplicationID)
	require.Equal(t, first.DeduplicationID, message(compose(t, "alerts.fifo", inputs{}, "203.0.113.7", "203.0.113.8"), 0).DeduplicationID, "the same execution again")
	other := compose(t, "alerts.fifo", inputs{}, "203.0.113.7", "203.0.113.8")
	other.kvContext = "another session"
	require.NotEqual(t, first.DeduplicationID, message(other, 0).DeduplicationID, "another execution")
	other.kvContext, other.jobID = "session", "43"
	require.NotEqual(t, first.DeduplicationID, message(other, 0).DeduplicationID, "another job of the same execution")

	own := inputs{groupID: "group", deduplicationID: "once"}
	require.Equal(t, "once", message(compose(t, "alerts.fifo", own, "203.0.113.7"), 0).DeduplicationID)
	c = compose(t, "alerts.fifo", own, "203.0.113.7", "203.0.113.8")
	require.Equal(t, "once-2", message(c, 1).DeduplicationID, "the position tells several apart")
	require.Equal(t, "group", message(c, 1).GroupID)
}

// Attributes count in the budget: with them a message is exactly as large as SNS
// takes, or one byte less where a character does not fit.
func TestBudgetCountsAttributes(t *testing.T) {
	t.Parallel()
	c := compose(t, "alerts", inputs{format: alert.Text, message: strings.Repeat("x", 300_000), attributes: []alert.Attribute{{Name: "team", Type: "String", Value: "ir"}}}, "203.0.113.7")
	m, err := c.message(0)
	require.NoError(t, err)
	require.Equal(t, snstopic.DefaultMaxBytes, m.Size())
	require.Contains(t, c.noted(), "cut: message (the message is larger than SNS takes)")
}

// An address that cannot be sent fails alone, named by its position.
func TestComposeNamesThePosition(t *testing.T) {
	t.Parallel()
	c := compose(t, "alerts", inputs{}, "203.0.113.7", "null", "")
	_, err := c.message(0)
	require.NoError(t, err)
	for _, i := range []int{1, 2} {
		_, err := c.message(i)
		var bad *param.Error
		require.ErrorAs(t, err, &bad)
		require.Equal(t, address, bad.Name)
		require.Contains(t, err.Error(), fmt.Sprintf("address %d of 3", i+1))
	}
}

func TestRemarksAreBounded(t *testing.T) {
	t.Parallel()
	c := compose(t, "alerts", inputs{remarks: []string{"owner: the variable that it refers to is not set"}}, "a", "b")
	c.remark("", "again", "again")
	require.Len(t, c.noted(), 2)
	for i := range 2 * maxRemarks {
		c.remark("", fmt.Sprint(i))
	}
	noted := c.noted()
	require.Len(t, noted, maxRemarks+1)
	require.Equal(t, fmt.Sprintf("and %d more", maxRemarks+2), noted[maxRemarks])
	require.Equal(t, 2*maxRemarks+2, c.remarked())
}

// results for the table of exit codes.
func ok(id string) snstopic.Result {
	return snstopic.Result{Outcome: snstopic.Published, MessageID: id}
}

func bad(outcome snstopic.Outcome, code string, retryable bool) snstopic.Result {
	return snstopic.Result{Outcome: outcome, Err: &snstopic.Error{
		Op: "publish to alerts", Code: code, Message: "words of SNS", Fix: "do this", Outcome: outcome, Retryable: retryable,
	}}
}

func TestExitCodes(t *testing.T) {
	t.Parallel()
	throttled := bad(snstopic.Failed, "Throttled", true)
	denied := bad(snstopic.Failed, "AuthorizationError", false)
	unknown := bad(snstopic.Unknown, snstopic.CodeUnknown, false)
	unsent := bad(snstopic.NotSent, snstopic.CodeDeadline, true)
	const (
		mend  = "do this"
		rest  = "run it again only for the addresses without a MessageID in sns.message_ids"
		look  = "look behind the topic, and run it again only for the addresses that did not arrive"
		short = 30 * time.Second
	)
	for name, row := range map[string]struct {
		topic   string
		timeout time.Duration
		results []snstopic.Result
		want    exit.Code
		fix     string
	}{
		"published":                          {"alerts", short, []snstopic.Result{ok("1")}, exit.Success, ""},
		"nothing out, may be mended":         {"alerts", short, []snstopic.Result{throttled}, exit.Failure, mend},
		"nothing out, stays":                 {"alerts", short, []snstopic.Result{denied}, exit.HardFailure, mend},
		"unknown":                            {"alerts", short, []snstopic.Result{unknown}, exit.HardFailure, mend},
		"a part went out":                    {"alerts", short, []snstopic.Result{ok("1"), throttled}, exit.HardFailure, rest},
		"a part went out, the rest stays":    {"alerts", short, []snstopic.Result{ok("1"), denied}, exit.HardFailure, mend + "; then " + rest},
		"a part may have gone out":           {"alerts", short, []snstopic.Result{throttled, unknown}, exit.HardFailure, look},
		"a part went out, a part may have":   {"alerts", short, []snstopic.Result{throttled, ok("1"), unknown}, exit.HardFailure, look},
		"a part went out, ids protect it":    {"alerts.fifo", short, []snstopic.Result{ok("1"), throttled, unsent}, exit.Failure, mend},
		"a part went out, ids would run out": {"alerts.fifo", time.Minute, []snstopic.Result{ok("1"), throttled}, exit.HardFailure, mend},
		"a part went out, the rest is lost":  {"alerts.fifo", short, []snstopic.Result{ok("1"), throttled, denied}, exit.HardFailure, mend},
		"nothing out after a long time":      {"alerts.fifo", time.Minute, []snstopic.Result{throttled}, exit.Failure, mend},
		"the deadline left all":              {"alerts", short, []snstopic.Result{unsent, unsent}, exit.Failure, mend},
		"one of them stays":                  {"alerts", short, []snstopic.Result{throttled, denied}, exit.HardFailure, mend},
	} {
		rep := newReport(&inputs{arn: parseARN(t, row.topic), timeout: row.timeout}, nil, row.results)
		err := rep.err()
		if row.want == exit.Success {
			require.Nil(t, err, name)
			continue
		}
		require.NotNil(t, err, name)
		require.Equal(t, row.want, err.Code, name)
		require.Equal(t, row.fix, err.Fix, name)
	}
}

// sns.debug has a line for each address; a failure is told once.
func TestDebug(t *testing.T) {
	t.Parallel()
	in := &inputs{arn: parseARN(t, "alerts")}
	require.Equal(t, "id-1", newReport(in, nil, []snstopic.Result{ok("id-1")}).debug(), "the MessageID and nothing else")

	rep := newReport(in, nil, []snstopic.Result{
		ok("id-1"), bad(snstopic.Failed, "NotFound", false), ok("id-3"), bad(snstopic.Failed, "NotFound", false), bad(snstopic.NotSent, "TimedOut", true),
	})
	require.Equal(t, []string{
		"id-1",
		"publish to alerts: NotFound: words of SNS. Fix: do this; then run it again only for the addresses without a MessageID in sns.message_ids.",
		"id-3",
		"failed: NotFound, see line 2",
		"publish to alerts: TimedOut: words of SNS. Fix: run it again only for the addresses without a MessageID in sns.message_ids.",
	}, strings.Split(rep.debug(), "\n"))
	require.Equal(t, "published 2 of 5 addresses to alerts, 2 failed, 1 not sent", rep.summary())
	require.Equal(t, "published 2 of 5 addresses to alerts, 2 failed, 1 not sent; first at address 2: NotFound: words of SNS", rep.err().Text)
}

// memoryStore keeps what a run writes.
type memoryStore map[string]string

func (s memoryStore) Get(_ context.Context, keys ...string) ([][]byte, error) {
	return make([][]byte, len(keys)), nil
}

func (s memoryStore) Put(_ context.Context, entries ...kvstore.Entry) error {
	for _, entry := range entries {
		s[entry.Key] = string(entry.Value)
	}
	return nil
}

func (memoryStore) Close() error { return nil }

// testRun is a run whose outputs go into the store that it returns.
func testRun(t *testing.T) (*tc.Run, memoryStore) {
	t.Helper()
	store := memoryStore{}
	var requested []string
	for _, name := range outputs() {
		kind := "String"
		if name == snsMessageIDs {
			kind = "StringArray"
		}
		requested = append(requested, "#App:1:"+name+"!"+kind)
	}
	return &tc.Run{
		Playbook: playbook.New(playbook.Options{Store: store, Requested: requested}),
		Log:      slog.New(slog.DiscardHandler),
		Mask:     new(secret.Mask),
	}, store
}

// Every output is written on every end, so that a second run of a job leaves
// nothing of the first.
func TestEveryOutputIsWritten(t *testing.T) {
	t.Parallel()
	in := &inputs{action: actionPublish, arn: parseARN(t, "alerts")}
	for name, write := range map[string]func(*tc.Run){
		"published": func(r *tc.Run) { newReport(in, nil, []snstopic.Result{ok("id-1")}).write(r) },
		"failed": func(r *tc.Run) {
			newReport(in, nil, []snstopic.Result{bad(snstopic.Failed, "NotFound", false)}).write(r)
		},
		"bad input": func(r *tc.Run) { _ = fail(r, &inputs{}, &exit.Error{Code: exit.HardFailure, Text: "x"}) },
	} {
		r, store := testRun(t)
		write(r)
		require.NoError(t, r.Playbook.Write(t.Context()))
		require.Len(t, store, len(outputs()), name)
		var result map[string]any
		var text string
		require.NoError(t, json.Unmarshal([]byte(store["#App:1:"+snsResult+"!String"]), &text))
		require.NoError(t, json.Unmarshal([]byte(text), &result), name)
		require.Equal(t, fmt.Sprintf("%q", fmt.Sprint(result["success"])), store["#App:1:"+snsSuccess+"!String"])
	}
}

func TestResultDocument(t *testing.T) {
	t.Parallel()
	r, store := testRun(t)
	results := make([]snstopic.Result, 2*maxErrors)
	for i := range results {
		results[i] = bad(snstopic.Failed, "NotFound", false)
	}
	results[1] = snstopic.Result{Outcome: snstopic.Published, MessageID: "id-2", SequenceNumber: "7"}
	newReport(&inputs{action: actionPublish, arn: parseARN(t, "alerts.fifo")}, nil, results).write(r)
	require.NoError(t, r.Playbook.Write(t.Context()))
	require.Equal(t, `"id-2"`, store["#App:1:"+snsMessageID+"!String"], "the first that went out")
	require.Equal(t, `"7"`, store["#App:1:"+snsSequenceNumber+"!String"])
	require.Equal(t, `"NotFound"`, store["#App:1:"+snsErrorCode+"!String"])

	var text string
	require.NoError(t, json.Unmarshal([]byte(store["#App:1:"+snsResult+"!String"]), &text))
	var doc document
	require.NoError(t, json.Unmarshal([]byte(text), &doc))
	require.Len(t, doc.Errors, maxErrors, "the rest is counted")
	require.Equal(t, len(results)-1, doc.Failed)
	require.Len(t, doc.MessageIDs, len(results))
	require.Equal(t, 3, doc.Errors[1].Position)
}

// temporary is an error that may pass by itself.
type temporary struct{ error }

func (temporary) Temporary() bool  { return true }
func (temporary) SafeText() string { return "the store is down." }

func TestInputError(t *testing.T) {
	t.Parallel()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	bad := &param.Error{Name: "owner", Problem: "is odd", Fix: "mend it"}
	down := temporary{errors.New("refused")}
	for name, row := range map[string]struct {
		ctx  context.Context
		err  error
		want exit.Code
		says string
	}{
		"a parameter":               {t.Context(), bad, exit.HardFailure, "owner is odd"},
		"a store that is down":      {t.Context(), down, exit.Failure, "the store is down"},
		"both":                      {t.Context(), errors.Join(bad, down), exit.HardFailure, "the store is down"},
		"a signal":                  {stopped, context.Canceled, exit.Failure, "stopped before anything"},
		"a parameter and a signal":  {stopped, bad, exit.HardFailure, "owner is odd"},
		"an error of unknown words": {t.Context(), errors.New("secret words"), exit.HardFailure, "app.log"},
	} {
		err := inputError(row.ctx, row.err)
		require.Equal(t, row.want, err.Code, name)
		require.Contains(t, err.Error(), row.says, name)
		require.NotContains(t, err.Error(), "secret words")
	}
}

func TestSessionName(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]string{"": "tcsns", "/": "tcsns", "/opt/tc/4f2a/in": "tcsns-4f2a", "in": "tcsns"} {
		require.Equal(t, want, sessionName(&tc.Run{System: param.System{InPath: path}}), path)
	}
}

func TestShowIsReadable(t *testing.T) {
	t.Parallel()
	c := compose(t, "alerts", inputs{defang: true}, "203.0.113.7")
	problems, shown, largest := examine(c.in, c)
	require.Empty(t, problems.all())
	require.True(t, utf8.ValidString(shown))
	require.Contains(t, shown, "sms, in 1 part:\nAddress Created: 203.0.113[.]7")
	require.Contains(t, shown, "attribute: address (String) = 203.0.113.7")
	require.Contains(t, shown, "\n\nemail, 172 bytes:\nAddress Created")
	require.Positive(t, largest)
	require.NotContains(t, shown, "APNS_SANDBOX")

	c = compose(t, "alerts", inputs{deduplicationID: "not on a standard topic"}, "203.0.113.7")
	problems, _, _ = examine(c.in, c)
	require.NotEmpty(t, problems.all())
}

// A check of many counts what it does not list.
func TestProblemsAreBounded(t *testing.T) {
	t.Parallel()
	c := compose(t, "alerts", inputs{}, slices.Repeat([]string{"null"}, 3*maxProblems)...)
	problems, _, _ := examine(c.in, c)
	require.Equal(t, 3*maxProblems, problems.count())
	require.Len(t, problems.all(), maxProblems+1)
	require.Equal(t, fmt.Sprintf("and %d more", 2*maxProblems), problems.all()[maxProblems])
}

// sns.error_code tells what failed, not how the run ended.
func TestErrorCodes(t *testing.T) {
	t.Parallel()
	stopped, cancel := context.WithCancel(t.Context())
	cancel()
	store := &kvstore.Error{Op: "read", Err: errors.New("refused")}
	for name, row := range map[string]struct {
		ctx  context.Context
		err  error
		want string
	}{
		"a parameter":                  {t.Context(), &param.Error{Name: address, Problem: "is empty"}, snstopic.CodeInput},
		"the store":                    {t.Context(), &playbook.Error{Err: store}, codeStore},
		"the platform's API":           {t.Context(), &playbook.Error{Err: &api.Error{Status: 503}}, codeAPI},
		"SNS":                          {t.Context(), &snstopic.Error{Code: "NotFound"}, "NotFound"},
		"a signal while it was read":   {stopped, &playbook.Error{Err: store}, codeStopped},
		"a signal, but the input bars": {stopped, &param.Error{Name: address, Problem: "is empty"}, snstopic.CodeInput},
	} {
		require.Equal(t, row.want, codeOf(inputError(row.ctx, row.err)), name)
	}
}

// Messages of one run, in words that are the same for all, are not one message.
func TestDeduplicationTellsIndicatorsApart(t *testing.T) {
	t.Parallel()
	first, second := "203.0.113.7", "203.0.113.8"
	in := &inputs{arn: parseARN(t, "alerts.fifo"), format: alert.Text, subject: "alert", message: "look", alerts: alerts{addresses: []*string{&first, &second}}}
	c := newComposer(in, "context", "1")
	one, err := c.message(0)
	require.NoError(t, err)
	again, err := c.message(0)
	require.NoError(t, err)
	other, err := c.message(1)
	require.NoError(t, err)
	require.Equal(t, one.Body, other.Body)
	require.Equal(t, one.DeduplicationID, again.DeduplicationID)
	require.NotEqual(t, one.DeduplicationID, other.DeduplicationID)
}

// An indicator of which nothing would show alerts nobody.
func TestBlankAddressIsRefused(t *testing.T) {
	t.Parallel()
	for _, blank := range []string{"", "   ", "\t\n", "\u200b"} {
		good := "203.0.113.7"
		c := newComposer(&inputs{arn: parseARN(t, "alerts"), alerts: alerts{addresses: []*string{&good, &blank}}}, "", "")
		_, err := c.message(1)
		require.ErrorContains(t, err, "address is empty at address 2 of 2", "%q", blank)
	}
}
