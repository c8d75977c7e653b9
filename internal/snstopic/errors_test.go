package snstopic

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// answer is one row of the table of errors: what SNS answers, and what we make
// of it.
type answer struct {
	code    string
	status  int
	message string

	class     Class
	retryable bool
	attempts  int
	fix       string // a part of it
}

// answers is every row of remedyFor, over the wire.
var answers = []answer{
	{"InvalidParameter", 400, "Invalid parameter: Subject", ClassInput, false, 1, "subject one line"},
	{"InvalidParameter", 400, "Invalid parameter: TopicArn", ClassInput, false, 1, "region (eu-west-1)"},
	{"InvalidParameter", 400, "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1", ClassInput, false, 1, "topic_arn"},
	{"InvalidParameter", 400, "Invalid parameter: Message too long", ClassInput, false, 1, "262144"},
	{"InvalidParameter", 400, "Invalid parameter: Empty message", ClassInput, false, 1, "message a text"},
	{"InvalidParameter", 400, "Invalid parameter: Message Structure - No default entry in JSON message body", ClassInput, false, 1, "message_format"},
	{"InvalidParameter", 400, "Invalid parameter: The MessageGroupId parameter is required for FIFO topics", ClassInput, false, 1, "message_group_id"},
	{"InvalidParameter", 400, "Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type", ClassInput, false, 1, "message_deduplication_id"},
	{"InvalidParameter", 400, "Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly", ClassInput, false, 1, "message_deduplication_id"},
	{"InvalidParameter", 400, "Invalid parameter: PhoneNumber Reason: +4915112345678 is not valid to publish to", ClassInput, false, 1, "phone number"},
	{"InvalidParameter", 400, "Something else", ClassInput, false, 1, "message of SNS"},
	{"ParameterValueInvalid", 400, "The message attribute 'x' must contain non-empty message attribute value for message attribute type 'String'.", ClassInput, false, 1, "message_attributes"},
	{"ValidationException", 400, "1 validation error detected", ClassInput, false, 1, "message of SNS"},
	{"ValidationError", 400, "1 validation error detected", ClassInput, false, 1, "message of SNS"},
	{"NotFound", 404, "Topic does not exist", ClassNotFound, false, 1, "account 123456789012 has no topic alerts in eu-west-1"},
	{"AuthorizationError", 403, "User is not authorized to perform: SNS:Publish", ClassAuth, false, 1, "sns:Publish on arn:aws:sns:eu-west-1:123456789012:alerts"},
	{"InvalidSecurity", 403, "Only HTTPS", ClassAuth, false, 1, "https"},
	{"EndpointDisabled", 400, "Endpoint is disabled", ClassTarget, false, 1, "enable"},
	{"PlatformApplicationDisabled", 400, "Platform application is disabled", ClassTarget, false, 1, "platform application"},
	{"KMSAccessDenied", 400, "The ciphertext refers to a customer master key that you have no access to", ClassKMS, false, 1, "kms:GenerateDataKey* and kms:Decrypt"},
	{"KMSDisabled", 400, "Key is disabled", ClassKMS, false, 1, "enable the KMS key"},
	{"KMSInvalidState", 400, "Key is pending deletion", ClassKMS, false, 1, "enable the KMS key"},
	{"KMSNotFound", 400, "No such key", ClassKMS, false, 1, "exists in eu-west-1"},
	{"KMSOptInRequired", 403, "Needs a subscription", ClassKMS, false, 1, "KMS"},
	{"KMSThrottling", 400, "Rate exceeded", ClassThrottle, true, 3, "quota"},
	{"Throttled", 429, "Rate exceeded", ClassThrottle, true, 3, "quota"},
	{"Throttling", 400, "Rate exceeded", ClassThrottle, true, 3, "quota"},
	{"ThrottlingException", 400, "Rate exceeded", ClassThrottle, true, 3, "quota"},
	{"InternalError", 500, "Internal", ClassServer, true, 3, "later"},
	{"InternalFailure", 500, "Internal", ClassServer, true, 3, "later"},
	{"ServiceUnavailable", 503, "Unavailable", ClassServer, true, 3, "later"},
	{"RequestTimeout", 400, "Your socket connection was not read in time", ClassServer, true, 3, "later"},
	{"BadGateway", 502, "Gateway", ClassServer, true, 3, "BadGateway"},
	{"GatewayTimeout", 504, "Gateway", ClassServer, true, 3, "GatewayTimeout"},
	{"BatchEntryIdsNotDistinct", 400, "Two ids", ClassInput, false, 1, "report"},
	{"BatchRequestTooLong", 400, "Too long", ClassInput, false, 1, "report"},
	{"EmptyBatchRequest", 400, "Empty", ClassInput, false, 1, "report"},
	{"InvalidBatchEntryId", 400, "Id", ClassInput, false, 1, "report"},
	{"TooManyEntriesInBatchRequest", 400, "11", ClassInput, false, 1, "report"},
	{"ExpiredToken", 403, "The security token included in the request is expired", ClassAuth, false, 1, "aws_session_token"},
	{"InvalidClientTokenId", 403, "The security token included in the request is invalid.", ClassAuth, false, 1, "aws_access_key_id"},
	{"SignatureDoesNotMatch", 403, "The request signature we calculated does not match the signature you provided.\n\nThe Canonical String for this request should have been\n'POST\n" + testToken + "'", ClassAuth, false, 1, "secret does not belong"},
	{"SignatureDoesNotMatch", 403, "Signature expired: 20260101T000000Z is now earlier than 20260101T010000Z", ClassClock, false, 1, "clock"},
	{"AccessDenied", 403, "User: arn:aws:iam::123456789012:user/u is not authorized", ClassAuth, false, 1, "sns:Publish"},
	{"MissingAuthenticationToken", 403, "Request is missing Authentication Token", ClassAuth, false, 1, "aws_access_key_id"},
	{"IncompleteSignature", 400, "Authorization header requires 'Credential' parameter", ClassAuth, false, 1, "secret"},
	{"RequestExpired", 400, "Request has expired", ClassClock, false, 1, "clock"},
	{"RequestTimeTooSkewed", 403, "Too skewed", ClassClock, false, 1, "clock"},
	{"OptInRequired", 403, "The AWS Access Key Id needs a subscription for the service", ClassAuth, false, 1, "enable the region eu-west-1"},
	{"SomethingNew", 418, "What AWS adds tomorrow", ClassInput, false, 1, "look up SomethingNew"},
}

func TestEveryAnswerOfSNS(t *testing.T) {
	t.Parallel()
	for _, row := range answers {
		t.Run(row.code+" "+row.message[:min(len(row.message), 40)], func(t *testing.T) {
			t.Parallel()
			s := newWire(t, func(_ int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
				refuse(w, row.status, row.code, row.message)
			})
			topic := open(t, withKeys(standard, s.server.URL))
			hurry(topic)
			r := one(t, topic, Message{Body: "x"})
			e := r.Err
			require.Equal(t, Failed, r.Outcome)
			require.Equal(t, row.code, e.Code)
			require.Equal(t, row.class, e.Class)
			require.Equal(t, row.retryable, e.Retryable)
			require.Equal(t, row.status, e.Status)
			require.Equal(t, "req-1", e.RequestID)
			require.Equal(t, "SNS", e.Service)
			require.Contains(t, e.Fix, row.fix)
			require.Len(t, s.seen(), row.attempts)
			require.True(t, strings.HasPrefix(e.Error(), "publish to alerts: "+row.code+" (HTTP "), e.Error())
			require.Contains(t, e.Error(), ", request req-1): ")
			require.NotContains(t, e.Error(), "+4915112345678")
			require.NotNil(t, e.Unwrap())
			require.Equal(t, row.code == "AuthorizationError" || row.code == "AccessDenied", e.AccessDenied())
		})
	}
}

// The page's table of errors is the table of these tests: the same codes, each
// of the class and as retryable as the page says.
func TestPageHasEveryError(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("README.md")
	require.NoError(t, err)
	onPage := map[string]string{} // code to its row: class and again
	for _, row := range regexp.MustCompile("(?m)^\\| (`.*`) \\| ([a-z_ ]+) \\| ([A-Za-z ]+) \\|").FindAllStringSubmatch(string(page), -1) {
		for _, code := range regexp.MustCompile("`([A-Za-z]+)`").FindAllStringSubmatch(row[1], -1) {
			require.NotContains(t, onPage, code[1], "each code has one row")
			onPage[code[1]] = row[2] + " " + row[3]
		}
	}
	tested := map[string]bool{}
	for _, row := range answers {
		if row.code == "SomethingNew" || row.status == 502 || row.status == 504 {
			continue
		}
		tested[row.code] = true
		again := map[bool]string{true: "yes", false: "no"}[row.retryable]
		if row.code == "SignatureDoesNotMatch" && row.class == ClassClock {
			continue // the page says so in its fix
		}
		require.Equal(t, string(row.class)+" "+again, onPage[row.code], row.code)
	}
	for _, code := range []string{CodeInput, CodeCredentials, CodeDNS, CodeConnection, CodeTLS, CodeProxy, CodeRedirect, CodeNotSNS, CodeUnknown, CodeDeadline, CodeCancelled, CodeEntryMissing} {
		require.Contains(t, onPage, code)
		tested[code] = true
	}
	for code := range onPage {
		require.True(t, tested[code], "%s stands on the page alone", code)
	}
}

func TestAnswersThatAreNotOfSNS(t *testing.T) {
	t.Parallel()
	page := `<!DOCTYPE html><html><body>Sign in to the guest network</body></html>`
	for _, row := range []struct {
		name     string
		status   int
		header   http.Header
		body     string
		code     string
		class    Class
		outcome  Outcome
		attempts int
		retry    bool
	}{
		{"a portal's redirect", 302, http.Header{"Location": {"http://portal.example/"}}, page, CodeRedirect, ClassNetwork, Failed, 1, false},
		{"a redirect with method", 307, http.Header{"Location": {"/again"}}, "", CodeRedirect, ClassNetwork, Failed, 1, false},
		{"a moved endpoint", 308, http.Header{"Location": {"https://elsewhere.example/"}}, "", CodeRedirect, ClassNetwork, Failed, 1, false},
		{"a portal's page", 200, http.Header{"Content-Type": {"text/html"}}, page, CodeNotSNS, ClassUnknown, Unknown, 1, false},
		{"cut XML", 200, nil, publishedXML("abc", "")[:120], CodeUnknown, ClassUnknown, Unknown, 1, false},
		{"other XML", 200, nil, "<a><b/></a>", CodeUnknown, ClassUnknown, Unknown, 1, false},
		{"nothing", 200, nil, "", CodeUnknown, ClassUnknown, Unknown, 1, false},
		{"no MessageId", 200, nil, publishedXML("", ""), CodeUnknown, ClassUnknown, Unknown, 1, false},
		{"an endless answer", 200, nil, "<PublishResponse>" + strings.Repeat(" ", maxAnswerBytes), CodeUnknown, ClassUnknown, Unknown, 1, false},
		{"a page for an error", 403, nil, page, CodeNotSNS, ClassAuth, Failed, 1, false},
		{"an error without a body", 400, nil, "", CodeNotSNS, ClassInput, Failed, 1, false},
		{"a gateway's page", 502, nil, page, CodeNotSNS, ClassServer, Failed, 3, true},
		{"too many", 429, nil, "slow down", CodeNotSNS, ClassThrottle, Failed, 3, true},
		{"an enormous error", 500, nil, strings.Repeat("x", maxAnswerBytes+1), CodeNotSNS, ClassServer, Failed, 3, true},
		{"a proxy's challenge", 407, nil, page, CodeProxy, ClassNetwork, Failed, 1, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := newWire(t, func(_ int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
				for name, values := range row.header {
					w.Header()[name] = values
				}
				w.WriteHeader(row.status)
				_, _ = io.WriteString(w, row.body)
			})
			topic := open(t, withKeys(standard, s.server.URL))
			hurry(topic)
			r := one(t, topic, Message{Body: "x"})
			require.Equal(t, row.outcome, r.Outcome, "%v", r.Err)
			require.Equal(t, row.code, r.Err.Code, "%v", r.Err.Err)
			require.Equal(t, row.class, r.Err.Class)
			require.Equal(t, row.status, r.Err.Status)
			require.Equal(t, row.retry, r.Err.Retryable)
			require.NotContains(t, r.Err.Error(), "guest network")
			require.Len(t, s.seen(), row.attempts)
		})
	}
}
