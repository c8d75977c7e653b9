package snstopic

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/secret"
)

// wire is an endpoint that answers as a test says, and holds every request
// against the model. (The endpoint with SNS's own rules is snsserver's.)
type wire struct {
	t       *testing.T
	server  *httptest.Server
	handler func(n int, form url.Values, w http.ResponseWriter, r *http.Request) // n counts from 1

	mutex    sync.Mutex
	requests []url.Values
}

func newWire(t *testing.T, handler func(n int, form url.Values, w http.ResponseWriter, r *http.Request)) *wire {
	s := &wire{t: t, handler: handler}
	s.server = httptest.NewServer(http.HandlerFunc(s.serve))
	s.server.Config.ErrorLog = nil
	t.Cleanup(func() {
		s.server.CloseClientConnections()
		s.server.Close()
	})
	return s
}

func (s *wire) serve(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client went away
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		s.t.Errorf("form: %v", err)
	}
	if err := allowed(form.Get("Action"), form); err != nil {
		s.t.Errorf("model: %v", err)
	}
	if r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		s.t.Errorf("%s with %s", r.Method, r.Header.Get("Content-Type"))
	}
	s.mutex.Lock()
	s.requests = append(s.requests, form)
	n := len(s.requests)
	s.mutex.Unlock()
	w.Header().Set("x-amzn-RequestId", "req-"+strconv.Itoa(n))
	s.handler(n, form, w, r)
}

// seen returns the requests so far.
func (s *wire) seen() []url.Values {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]url.Values(nil), s.requests...)
}

// publishedXML is the answer to a Publish.
func publishedXML(id, sequence string) string {
	if sequence != "" {
		sequence = "<SequenceNumber>" + sequence + "</SequenceNumber>"
	}
	return `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>` + id + `</MessageId>` + sequence +
		`</PublishResult><ResponseMetadata><RequestId>req-ok</RequestId></ResponseMetadata></PublishResponse>`
}

func accept(_ int, form url.Values, w http.ResponseWriter, _ *http.Request) {
	if form.Get("Action") == "PublishBatch" {
		_, _ = io.WriteString(w, batchXML(form, nil))
		return
	}
	_, _ = io.WriteString(w, publishedXML("id-"+form.Get("Message"), ""))
}

// batchXML accepts each entry as "id-" and its body, but those that fail names,
// as a BatchResultErrorEntry without its Id.
func batchXML(form url.Values, fail func(body string) string) string {
	var ok, bad strings.Builder
	for i := 1; ; i++ {
		at := "PublishBatchRequestEntries.member." + strconv.Itoa(i)
		id, body := form.Get(at+".Id"), form.Get(at+".Message")
		if id == "" {
			break
		}
		if fail != nil {
			if failure := fail(body); failure != "" {
				fmt.Fprintf(&bad, "<member><Id>%s</Id>%s</member>", id, failure)
				continue
			}
		}
		var escaped bytes.Buffer
		_ = xml.EscapeText(&escaped, []byte(body[:min(len(body), 20)]))
		fmt.Fprintf(&ok, "<member><Id>%s</Id><MessageId>id-%s</MessageId></member>", id, escaped.String())
	}
	return `<PublishBatchResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishBatchResult><Successful>` + ok.String() + `</Successful><Failed>` + bad.String() +
		`</Failed></PublishBatchResult><ResponseMetadata><RequestId>req-batch</RequestId></ResponseMetadata></PublishBatchResponse>`
}

// refuse answers as AWS does where it refuses.
func refuse(w http.ResponseWriter, status int, code, message string) {
	var escaped bytes.Buffer
	_ = xml.EscapeText(&escaped, []byte(message))
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("x-amzn-RequestId", "req-1")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>req-1</RequestId></ErrorResponse>`, code, escaped.String())
}

// drop breaks the connection without an answer.
func drop(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err == nil {
		_ = conn.Close()
	}
}

// The credentials of these tests; none of them may ever be seen.
const (
	testKeyID  = "AKIATESTTESTTESTTEST"
	testSecret = "testsecret/testsecret+testsecret"
	testToken  = "testtoken/testtoken=="
)

func withKeys(arn ARN, endpoint string) Config {
	return Config{
		ARN: arn, EndpointURL: endpoint, AccessKeyID: testKeyID, SecretAccessKey: secret.New(testSecret), SessionToken: secret.New(testToken),
		Timeout: time.Minute, UserAgent: "tcsns/test",
	}
}

func open(t *testing.T, c Config) *Topic {
	t.Helper()
	topic, err := Open(c)
	require.NoError(t, err)
	return topic
}

// one publishes m and returns its result.
func one(t *testing.T, topic *Topic, m Message) Result {
	t.Helper()
	results := topic.Publish(t.Context(), 1, func(int) (Message, error) { return m, nil })
	require.Len(t, results, 1)
	checkResult(t, results[0])
	return results[0]
}

// checkResult holds what is true of every result.
func checkResult(t *testing.T, r Result) {
	t.Helper()
	if r.Outcome == Published {
		require.Nil(t, r.Err)
		require.NotEmpty(t, r.MessageID)
		return
	}
	require.NotNil(t, r.Err)
	require.Equal(t, r.Outcome, r.Err.Outcome)
	require.Empty(t, r.MessageID)
	text := r.Err.Error()
	require.NotEmpty(t, r.Err.Code)
	require.NotEmpty(t, r.Err.Class)
	require.NotEmpty(t, r.Err.Fix)
	require.Contains(t, text, "Fix: "+r.Err.Fix)
	for _, secret := range []string{testKeyID, testSecret, testToken} {
		require.NotContains(t, text, secret)
		if r.Err.Err != nil {
			require.NotContains(t, r.Err.Err.Error(), secret)
		}
	}
	require.False(t, strings.ContainsAny(text, "\r\n\x00"), text)
}

// counter is an endpoint that only counts what it accepts, as quickly as it can.
type counter struct {
	url     string
	entries atomic.Int64
}

func newCounter(t *testing.T) *counter {
	c := &counter{}
	answers := make([]string, maxEntries+1)
	for n := range answers {
		form := url.Values{}
		for i := range n {
			at := "PublishBatchRequestEntries.member." + strconv.Itoa(i+1)
			form.Set(at+".Id", strconv.Itoa(i))
			form.Set(at+".Message", "x")
		}
		answers[n] = batchXML(form, nil)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		n := bytes.Count(body, []byte(".Id="))
		c.entries.Add(int64(n))
		_, _ = io.WriteString(w, answers[n])
	}))
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}
