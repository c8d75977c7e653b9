package snsserver

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What every test's endpoint has.
const (
	testTopic  = "arn:aws:sns:eu-west-1:123456789012:alerts"
	testFIFO   = "arn:aws:sns:eu-west-1:123456789012:alerts.fifo"
	testKey    = "AKIDSERVERTESTS00001"
	testSecret = "server-tests/secret+key"
)

// client is a signer of requests, written apart from what it tests: only the
// derivation of the signature, which has AWS's own vectors, is shared.
type client struct {
	keyID, secret, token string
	region, service      string
	at                   time.Time
	spoil                func(*http.Request) // changes the signed request
}

// start starts an endpoint with our key.
func start(t *testing.T, o Options) *Server {
	t.Helper()
	if o.Topics == nil {
		o.Topics = []Topic{{ARN: testTopic}, {ARN: testFIFO}}
	}
	o.Keys = map[string]string{testKey: testSecret}
	s, err := Start(o)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

// reply is an answer of the endpoint, read.
type reply struct {
	status int
	header http.Header
	body   string
	doc    document
}

// document has the elements of all answers.
type document struct {
	XMLName        xml.Name
	Type           string `xml:"Error>Type"`
	Code           string `xml:"Error>Code"`
	Message        string `xml:"Error>Message"`
	ErrorRequestID string `xml:"RequestId"`
	RequestID      string `xml:"ResponseMetadata>RequestId"`
	MessageID      string `xml:"PublishResult>MessageId"`
	Sequence       string `xml:"PublishResult>SequenceNumber"`
	Successful     []struct {
		ID        string `xml:"Id"`
		MessageID string `xml:"MessageId"`
	} `xml:"PublishBatchResult>Successful>member"`
	Failed []struct {
		ID          string `xml:"Id"`
		Code        string
		SenderFault bool
	} `xml:"PublishBatchResult>Failed>member"`
	Attributes []struct {
		Key   string `xml:"key"`
		Value string `xml:"value"`
	} `xml:"GetTopicAttributesResult>Attributes>entry"`
	AccessKeyID string `xml:"AssumeRoleResult>Credentials>AccessKeyId"`
	Secret      string `xml:"AssumeRoleResult>Credentials>SecretAccessKey"`
	Token       string `xml:"AssumeRoleResult>Credentials>SessionToken"`
	CallerARN   string `xml:"GetCallerIdentityResult>Arn"`
}

// request makes a signed request.
func (c client) request(t *testing.T, s *Server, form url.Values) *http.Request {
	t.Helper()
	body := form.Encode()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/", strings.NewReader(body))
	require.NoError(t, err)
	at := c.at
	if at.IsZero() {
		at = time.Now()
	}
	stamp := at.UTC().Format("20060102T150405Z")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Amz-Date", stamp)
	names := "content-type;host;x-amz-date"
	headers := "content-type:application/x-www-form-urlencoded\nhost:" + r.Host + "\nx-amz-date:" + stamp + "\n"
	if c.token != "" {
		r.Header.Set("X-Amz-Security-Token", c.token)
		names, headers = names+";x-amz-security-token", headers+"x-amz-security-token:"+c.token+"\n"
	}
	region, service := c.region, c.service
	if region == "" {
		region = "eu-west-1"
	}
	if service == "" {
		service = "sns"
	}
	canonical := "POST\n/\n\n" + headers + "\n" + names + "\n" + hash([]byte(body))
	sum := signature(c.secret, stamp[:8], region, service, stamp, canonical)
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+c.keyID+"/"+stamp[:8]+"/"+region+"/"+service+"/aws4_request, SignedHeaders="+names+", Signature="+sum)
	if c.spoil != nil {
		c.spoil(r)
	}
	return r
}

// do sends a form and reads the answer.
func (c client) do(t *testing.T, s *Server, form url.Values) reply {
	t.Helper()
	response, err := http.DefaultTransport.RoundTrip(c.request(t, s, form))
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	out := reply{status: response.StatusCode, header: response.Header, body: string(body)}
	if strings.Contains(response.Header.Get("Content-Type"), "xml") {
		_ = xml.Unmarshal(body, &out.doc) // the test looks at what it needs
	}
	return out
}

// me is the client with our key.
func me() client { return client{keyID: testKey, secret: testSecret} }

// form makes a form of names and values; Action is Publish, TopicArn ours and
// Message "hello" unless given. The value "-" leaves a name out.
func form(pairs ...string) url.Values {
	f := url.Values{"Version": {"2010-03-31"}, "Action": {"Publish"}, "TopicArn": {testTopic}, "Message": {"hello"}}
	for i := 0; i < len(pairs); i += 2 {
		if f.Set(pairs[i], pairs[i+1]); pairs[i+1] == "-" {
			f.Del(pairs[i])
		}
	}
	return f
}

// attribute is the form fields of the first message attribute.
func attribute(name, kind, value string) []string {
	return []string{"MessageAttributes.entry.1.Name", name, "MessageAttributes.entry.1.Value.DataType", kind, "MessageAttributes.entry.1.Value.StringValue", value}
}
