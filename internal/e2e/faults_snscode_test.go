package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/platform"
	"tcsns/internal/dev/redistest"
	"tcsns/internal/dev/snsserver"
)

// codeFaults are the errors of SNS, one by one: each is final, or tried three
// times, and each has its fix.
func codeFaults() []fault {
	var rows []fault
	for _, c := range []struct {
		code    string
		status  int
		message string // SNS's words; empty: some
		exit    int
		fix     string
	}{
		{"AuthorizationError", 403, "User: arn:aws:iam::123456789012:user/e2e is not authorized to perform: SNS:Publish", 4, "allow sns:Publish on " + topicARN},
		{"AccessDenied", 403, "", 4, "allow sns:Publish on " + topicARN},
		{"InvalidClientTokenId", 403, "The security token included in the request is invalid.", 4, "aws_access_key_id exists and is active"},
		{"SignatureDoesNotMatch", 403, "The request signature we calculated does not match the signature you provided.", 4, "the secret does not belong to the key id"},
		{"ExpiredToken", 403, "The security token included in the request is expired", 4, "new aws_session_token"},
		{"MissingAuthenticationToken", 403, "", 4, "aws_secret_access_key"},
		{"IncompleteSignature", 400, "", 4, "aws_secret_access_key"},
		{"InvalidSecurity", 403, "", 4, "https"},
		{"OptInRequired", 403, "", 4, "enable the region eu-west-1"},
		{"RequestExpired", 400, "", 4, "clock"},
		{"RequestTimeTooSkewed", 403, "", 4, "clock"},
		{"KMSAccessDenied", 400, "", 4, "kms:GenerateDataKey* and kms:Decrypt"},
		{"KMSDisabled", 400, "", 4, "enable the KMS key"},
		{"KMSInvalidState", 400, "", 4, "enable the KMS key"},
		{"KMSNotFound", 400, "", 4, "KMS key"},
		{"KMSOptInRequired", 403, "", 4, "KMS"},
		{"NotFound", 404, "Topic does not exist", 4, "check topic_arn"},
		{"EndpointDisabled", 400, "", 4, "enable the mobile endpoint"},
		{"PlatformApplicationDisabled", 400, "", 4, "platform application"},
		{"ParameterValueInvalid", 400, "", 4, "message_attributes"},
		{"ValidationException", 400, "", 4, "correct the input"},
		{"ValidationError", 400, "", 4, "correct the input"},
		{"InvalidParameter", 400, "Invalid parameter: Subject", 4, "give subject one line"},
		{"InvalidParameter", 400, "Invalid parameter: TopicArn", 4, "check topic_arn: its region (eu-west-1)"},
		{"InvalidParameter", 400, "Invalid parameter: Message too long", 4, "shorten message"},
		{"InvalidParameter", 400, "Invalid parameter: Empty message", 4, "give message a text"},
		{"InvalidParameter", 400, "Invalid parameter: Message Structure - JSON message body failed to parse", 4, "message_format"},
		{"InvalidParameter", 400, "Invalid parameter: The MessageGroupId parameter is required for FIFO topics", 4, "message_group_id"},
		{"InvalidParameter", 400, "Invalid parameter: MessageDeduplicationId Reason: not valid for this topic type", 4, "message_deduplication_id"},
		{"InvalidParameter", 400, "Invalid parameter: PhoneNumber Reason: " + phone + " is not valid to publish to", 4, "phone number"},
		{"SomethingNew", 400, "", 4, "look up SomethingNew"},
		{"SomethingNew", 500, "", 1, "look up SomethingNew"},
		{"InternalError", 500, "", 1, "later"},
		{"InternalFailure", 500, "", 1, "later"},
		{"ServiceUnavailable", 503, "", 1, "later"},
		{"RequestTimeout", 400, "", 1, "later"},
	} {
		name := fmt.Sprintf("%s (%d)", c.code, c.status)
		id := fmt.Sprintf("sns-%s-%d", c.code, c.status)
		if topic, ok := strings.CutPrefix(c.message, "Invalid parameter: "); ok {
			topic, _, _ = strings.Cut(topic, " Reason")
			name += ": " + topic
			id += "-" + strings.ReplaceAll(topic, " ", "_")
		}
		message := c.message
		if message == "" {
			message = "in the words of SNS"
		}
		rows = append(rows, fault{ID: id, Name: name, Exit: c.exit, Debug: fmt.Sprintf("%s (HTTP %d", c.code, c.status), Says: []string{c.code}, do: trouble{
			always: &snsserver.Fault{Status: c.status, Code: c.code, Message: message}, fix: c.fix, code: c.code, secrets: []string{phone},
			requests: attempts(c.exit, c.code),
		}.do})
	}
	for _, status := range []int{500, 502, 503, 504} {
		rows = append(rows, fault{ID: fmt.Sprintf("sns-plain-%d", status), Name: fmt.Sprintf("%d without a code, twice, then fine", status), Exit: 0, Debug: debugMessageID, Sent: 1, do: trouble{
			fail: []snsserver.Fault{{Status: status, Body: "no XML"}, {Status: status, Body: "no XML"}}, requests: 3,
		}.do})
	}
	for _, f := range []snsserver.Fault{snsserver.Throttling(), snsserver.Throttled(), snsserver.KMSThrottling(), {Status: 400, Code: "ThrottlingException", Message: "Rate exceeded"}, {Status: 429, Body: "slow down"}} {
		name := fmt.Sprintf("%s (%d)", f.Code, f.Status)
		if f.Code == "" {
			name = fmt.Sprintf("%d without a code", f.Status)
		}
		rows = append(rows, fault{ID: fmt.Sprintf("sns-throttled-%d-%s", f.Status, f.Code), Name: "throttled, then fine: " + name, Exit: 0, Debug: debugMessageID, Sent: 1,
			do: trouble{fail: []snsserver.Fault{f}, requests: 2}.do})
	}
	throttled := snsserver.Throttled()
	return append(rows,
		fault{ID: "sns-throttled", Name: "throttled for ever", Exit: 1, Debug: "Throttled (HTTP 429", Says: []string{"Throttled"},
			do: trouble{always: &throttled, requests: 3, fix: "quota", code: "Throttled"}.do},
		fault{ID: "sns-throttled-deadline", Name: "throttled for longer than timeout_seconds", Exit: 1, Debug: "Throttled (HTTP 429", Says: []string{"Throttled"}, Within: 5 * time.Second,
			do: trouble{always: &throttled, params: map[string]any{"timeout_seconds": "0.4"}, requests: 1, fix: "quota", code: "Throttled"}.do},
		fault{ID: "sns-recites", Name: "an error that recites secret, token and signature", Exit: 4, Debug: "SignatureDoesNotMatch", Says: []string{"SignatureDoesNotMatch"},
			do: trouble{always: &snsserver.Fault{Status: 403, Code: "SignatureDoesNotMatch", Message: "The Canonical String should have been 'POST\n/\nx-amz-security-token:" + sessionToken + "' for secret " + secretKey},
				params: map[string]any{"aws_session_token": sessionToken}, secrets: []string{sessionToken}, requests: 0}.do},
		fault{ID: "sns-recites-chain", Name: "the same of credentials from the environment, which come in while the run goes on", Exit: 4, Debug: "SignatureDoesNotMatch", Says: []string{"SignatureDoesNotMatch"},
			do: trouble{always: &snsserver.Fault{Status: 403, Code: "SignatureDoesNotMatch", Message: "The Canonical String should have been 'POST\n/\nx-amz-security-token:" + sessionToken + "' for secret " + secretKey},
				params:  map[string]any{"aws_access_key_id": nil, "aws_secret_access_key": nil},
				env:     []string{"AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey, "AWS_SESSION_TOKEN=" + sessionToken},
				secrets: []string{sessionToken}}.do},
		fault{ID: "sns-error-page", Name: "403 with a page", Exit: 4, Debug: "NotSNS (HTTP 403", Says: []string{"NotSNS"},
			do: trouble{always: &snsserver.Fault{Status: 403, Body: "<html>blocked by policy</html>"}, requests: 1, code: "NotSNS", fix: "aws_endpoint_url"}.do},
		fault{ID: "sns-wrong-secret", Name: "a secret that is not the key's", Exit: 4, Debug: "SignatureDoesNotMatch (HTTP 403", Says: []string{"SignatureDoesNotMatch"},
			do: trouble{params: map[string]any{"aws_secret_access_key": "another/secret+key=that-must-not-leak"}, secrets: []string{"another/secret+key=that-must-not-leak"}, fix: "the secret does not belong to the key id"}.do},
		fault{ID: "sns-wrong-key", Name: "a key id that does not exist", Exit: 4, Debug: "InvalidClientTokenId (HTTP 403", Says: []string{"InvalidClientTokenId"},
			do: trouble{params: map[string]any{"aws_access_key_id": "AKIDE2ETESTS0000GONE"}, requests: 1}.do},
		fault{ID: "sns-check-503", Name: "503 for ever, asked by Check", Exit: 1, Debug: "HTTP 503", Says: []string{"503"},
			do: trouble{always: fault503(), params: map[string]any{"tc_action": "Check"}, requests: 3}.do},
		fault{ID: "sns-check-drop", Name: "dropped after the request was read, asked by Check: asked again", Exit: 0, Debug: "203.0.113[.]7", Says: []string{"checked, nothing was published"},
			do: trouble{fail: []snsserver.Fault{{Kind: snsserver.DropRead}}, params: map[string]any{"tc_action": "Check"}, requests: 2}.do},
	)
}

const (
	phone        = "+15551234567"
	sessionToken = "e2e-session-token/that+must=not-leak"
)

// attempts is how often SNS is asked; 0 where the SDK may try to mend a clock.
func attempts(exit int, code string) int {
	switch {
	case exit == 1:
		return 3
	case code == "RequestExpired", code == "RequestTimeTooSkewed", code == "SignatureDoesNotMatch":
		return 0
	}
	return 1
}

// several are n addresses, and the list that stages them.
func several(n int) (params, stage map[string]any) {
	list := make([]any, n)
	for i := range list {
		list[i] = fmt.Sprintf("host-%d.example", i+1)
	}
	return map[string]any{"address": "#Trigger:1:list!StringArray"}, map[string]any{"#Trigger:1:list!StringArray": list}
}

// batchFaults are those of PublishBatch.
func batchFaults() []fault {
	batch := func(n int, s trouble) func(*testing.T) (*world, outcome) {
		params, stage := several(n)
		s.params, s.stage = platform.Merge(params, s.params), stage
		s.also = func(t *testing.T, w *world, out outcome) { aligned(t, w, out, n) }
		return s.do
	}
	// entries has the entry of one address fail.
	entries := func(code string, sender bool) snsserver.Fault {
		return snsserver.Fault{Kind: snsserver.FailEntries, Entry: func(m snsserver.Message) *snsserver.EntryFault {
			if strings.Contains(m.Message, "host-2.example") {
				return &snsserver.EntryFault{Code: code, Message: "in the words of SNS", SenderFault: sender}
			}
			return nil
		}}
	}
	server, sender := entries("InternalError", false), entries("InvalidParameter", true)
	// whole fails each request that holds host-11, which is the second batch.
	whole := func(status int, code string) *frontOptions {
		return &frontOptions{answer: func(_ *front, _ int, w http.ResponseWriter, r *request) bool {
			if !strings.Contains(string(r.body), "host-11.example") {
				return false
			}
			w.Header().Set("Content-Type", "text/xml")
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>in the words of SNS</Message></Error><RequestId>r-1</RequestId></ErrorResponse>", code)
			return true
		}}
	}
	dropped := &frontOptions{answer: func(f *front, _ int, _ http.ResponseWriter, r *request) bool {
		if strings.Contains(string(r.body), "host-11.example") {
			_, _, _ = f.ask(r)
			drop()
		}
		return false
	}}
	rows := []fault{
		{ID: "sns-batch-sender", Name: "a batch of three: one entry fails, the sender's fault", Exit: 4, Debug: "InvalidParameter", Says: []string{"published 2 of 3", "InvalidParameter"}, Sent: 2,
			do: batch(3, trouble{always: &sender, requests: 1})},
		{ID: "sns-batch-server-once", Name: "a batch of three: one entry fails once, SNS's fault", Exit: 0, Debug: debugAny, Sent: 3,
			do: batch(3, trouble{fail: []snsserver.Fault{server}, requests: 2})},
		{ID: "sns-batch-server", Name: "a batch of three: one entry fails for ever, SNS's fault", Exit: 4, Debug: "InternalError", Says: []string{"published 2 of 3", "InternalError"}, Sent: 2,
			do: batch(3, trouble{always: &server, requests: 3})},
		{ID: "sns-batch-server-fifo", Name: "the same on a FIFO topic: running again delivers nothing twice", Exit: 1, Debug: "InternalError", Says: []string{"published 2 of 3", "InternalError"}, Sent: 2,
			do: batch(3, trouble{always: &server, params: fifo(nil), requests: 3})},
		{ID: "sns-batch-whole", Name: "one of three batches fails wholly, 503 for ever", Exit: 4, Debug: "ServiceUnavailable", Says: []string{"published 15 of 25"}, Sent: 15,
			do: batch(25, trouble{front: whole(503, "ServiceUnavailable"), requests: 5})},
		{ID: "sns-batch-dropped", Name: "one of three batches is dropped after it was carried out", Exit: 4, Debug: "UnknownOutcome", Says: []string{"published 15 of 25", "10 unknown"}, Sent: 25,
			do: batch(25, trouble{front: dropped, requests: 3})},
		{ID: "sns-batch-auth", Name: "25 addresses, not allowed: the rest is not tried", Exit: 4, Debug: "AuthorizationError", Says: []string{"published 0 of 25"},
			do: batch(25, trouble{always: &snsserver.Fault{Status: 403, Code: "AuthorizationError", Message: "not authorized"}})},
	}
	params, stage := several(3)
	rows = append(rows, fault{ID: "sns-batch-odd-ids", Name: "the answer to a batch of three has one Id twice, one of nobody, and two not at all", Exit: 4, Debug: "EntryNotAnswered",
		Says: []string{"published 1 of 3", "2 unknown"},
		do: trouble{params: params, stage: stage, requests: 1, code: "EntryNotAnswered", front: &frontOptions{answer: func(_ *front, _ int, w http.ResponseWriter, _ *request) bool {
			_, _ = io.WriteString(w, "<PublishBatchResponse><PublishBatchResult><Successful><member><Id>0</Id><MessageId>id-a</MessageId></member>"+
				"<member><Id>0</Id><MessageId>id-b</MessageId></member><member><Id>99</Id><MessageId>id-c</MessageId></member></Successful></PublishBatchResult></PublishBatchResponse>")
			return true
		}}, also: func(t *testing.T, _ *world, out outcome) {
			require.Equal(t, `["id-a",null,null]`, out.outputs["sns.message_ids"])
		}}.do})
	for _, code := range []string{"BatchEntryIdsNotDistinct", "BatchRequestTooLong", "EmptyBatchRequest", "InvalidBatchEntryId", "TooManyEntriesInBatchRequest"} {
		rows = append(rows, fault{ID: "sns-" + code, Name: code + " (400)", Exit: 4, Debug: code, Says: []string{code},
			do: batch(2, trouble{always: &snsserver.Fault{Status: 400, Code: code, Message: "in the words of SNS"}, fix: "report this", code: code})})
	}
	return rows
}

// aligned checks that each address has its MessageID where SNS answered, and
// null elsewhere.
func aligned(t *testing.T, w *world, out outcome, n int) {
	t.Helper()
	addresses := map[string]string{} // by MessageID
	for _, m := range w.sns.Messages() {
		addresses[m.MessageID] = document(t, m)["address"].(string)
	}
	var ids []*string
	require.NoError(t, json.Unmarshal([]byte(out.outputs["sns.message_ids"]), &ids))
	require.Len(t, ids, n)
	lines := strings.Split(out.outputs["sns.debug"], "\n")
	require.Len(t, lines, n)
	for i, id := range ids {
		if id == nil {
			continue
		}
		require.Equal(t, *id, lines[i])
		require.Equal(t, fmt.Sprintf("host-%d.example", i+1), addresses[*id])
	}
}

const roleARN = "arn:aws:iam::123456789012:role/publisher"

// stsFaults are those of assuming a role: they are called STS's.
func stsFaults() []fault {
	role := map[string]any{"aws_role_arn": roleARN, "aws_external_id": "tenant-7"}
	sts := func(answer http.HandlerFunc) func(*testing.T, *trouble) {
		return func(t *testing.T, s *trouble) {
			server := httptest.NewServer(answer)
			t.Cleanup(server.Close)
			s.env = append(s.env, "AWS_ENDPOINT_URL_STS="+server.URL)
		}
	}
	refusal := func(status int, code string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, "<ErrorResponse><Error><Type>Sender</Type><Code>%s</Code><Message>in the words of STS</Message></Error><RequestId>r-1</RequestId></ErrorResponse>", code)
		}
	}
	return []fault{
		{ID: "sts-denied", Name: "STS does not give out the role (403)", Exit: 4, Debug: "STS AccessDenied (HTTP 403", Says: []string{"STS AccessDenied"},
			do: trouble{params: role, prepare: sts(refusal(403, "AccessDenied")), fix: "allow sts:AssumeRole on " + roleARN, code: "AccessDenied"}.do},
		{ID: "sts-expired", Name: "STS: the credentials ran out (403)", Exit: 4, Debug: "STS ExpiredToken", Says: []string{"STS ExpiredToken"},
			do: trouble{params: role, prepare: sts(refusal(403, "ExpiredToken")), fix: "aws_session_token"}.do},
		{ID: "sts-region", Name: "STS is off in the region (403)", Exit: 4, Debug: "STS RegionDisabledException", Says: []string{"STS RegionDisabledException"},
			do: trouble{params: role, prepare: sts(refusal(403, "RegionDisabledException")), fix: "enable STS in eu-west-1"}.do},
		{ID: "sts-503", Name: "STS answers 503 for ever", Exit: 1, Debug: "STS ServiceUnavailable", Says: []string{"STS ServiceUnavailable"},
			do: trouble{params: role, prepare: sts(refusal(503, "ServiceUnavailable")), fix: "later"}.do},
		{ID: "sts-refused", Name: "nobody listens at STS", Exit: 1, Debug: "STS ConnectionFailed", Says: []string{"STS ConnectionFailed"},
			do: trouble{params: role, fix: "STS", prepare: func(t *testing.T, s *trouble) {
				s.env = append(s.env, "AWS_ENDPOINT_URL_STS=http://"+redistest.RefusingAddr(t))
			}}.do},
		{ID: "sts-stall", Name: "STS does not answer: nothing was sent", Exit: 1, Debug: "TimedOut", Says: []string{"TimedOut"}, Within: 5 * time.Second,
			do: trouble{params: platform.Merge(role, map[string]any{"timeout_seconds": "1"}), prepare: sts(func(_ http.ResponseWriter, r *http.Request) {
				_ = r.ParseForm()
				<-r.Context().Done()
			})}.do},
	}
}
