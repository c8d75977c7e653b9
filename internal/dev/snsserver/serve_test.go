package snsserver

import (
	"bytes"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// signed makes a request as a server gets it, signed with our key.
func signed(method, target string, body []byte, service string, at time.Time) *http.Request {
	r := httptest.NewRequest(method, target, bytes.NewReader(body))
	r.Host = "sns.example"
	stamp := at.UTC().Format("20060102T150405Z")
	r.Header.Set("X-Amz-Date", stamp)
	names := []string{"host", "x-amz-date"}
	sum := signature(testSecret, stamp[:8], "eu-west-1", service, stamp, canonical(r, names, body))
	r.Header.Set("Authorization", algorithm+" Credential="+testKey+"/"+stamp[:8]+"/eu-west-1/"+service+"/aws4_request, SignedHeaders="+strings.Join(names, ";")+", Signature="+sum)
	return r
}

// SNS takes GET, whose query is the form; of other methods it takes none.
func TestMethods(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	for _, tc := range []struct {
		method, target string
		status         int
		code           string
	}{
		{http.MethodGet, "/?" + form().Encode(), 200, ""},
		{http.MethodGet, "/", 400, "MissingAction"},
		{http.MethodGet, "/?a=%zz", 400, "MalformedQueryString"},
		{http.MethodPut, "/?" + form().Encode(), 405, "MethodNotAllowed"},
	} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, signed(tc.method, tc.target, nil, "sns", time.Now()))
		require.Equal(t, tc.status, w.Code, w.Body)
		var doc document
		require.NoError(t, xml.Unmarshal(w.Body.Bytes(), &doc))
		require.Equal(t, tc.code, doc.Code)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	require.Equal(t, 403, w.Code, "a browser")
	require.Equal(t, 1, s.Accepted())
}

// Publishers side by side: each message is taken once, under an id of its own.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Topics: []Topic{{ARN: testTopic, Subscriptions: []Subscription{{Protocol: "lambda"}}}}})
	const publishers, each = 8, 20
	body := []byte(form().Encode())
	var wg sync.WaitGroup
	for range publishers {
		wg.Go(func() {
			for range each {
				s.ServeHTTP(httptest.NewRecorder(), signed(http.MethodPost, "/", body, "sns", time.Now()))
				_, _, _ = s.Messages(), s.Deliveries(), s.LastRequest()
			}
		})
	}
	wg.Wait()
	ids := map[string]bool{}
	for _, m := range s.Messages() {
		ids[m.MessageID] = true
	}
	require.Len(t, ids, publishers*each)
	require.Len(t, s.Deliveries(), publishers*each)
}

// Whatever a signed form holds, there is an answer: XML, with a status that
// goes with it, and nothing is taken that is refused.
func FuzzServe(f *testing.F) {
	f.Add(form().Encode(), false)
	f.Add(form(attribute("a", "Number", "1")...).Encode(), false)
	f.Add(form("MessageStructure", "json", "Message", testParts).Encode(), false)
	f.Add(form("TopicArn", testFIFO, "MessageGroupId", "g", "MessageDeduplicationId", "d").Encode(), false)
	f.Add(batch("a", "m", "b", "m").Encode(), false)
	f.Add(form("Action", "GetTopicAttributes").Encode(), false)
	f.Add(form("Action", "AssumeRole", "RoleArn", "arn:aws:iam::1:role/r", "RoleSessionName", "s\x00<").Encode(), true)
	f.Add(form("Action", "GetCallerIdentity").Encode(), true)
	f.Add("Action=%00%ff<&TopicArn=::::::&=;%", false)
	s, err := Start(Options{
		Keys: map[string]string{testKey: testSecret}, Roles: []Role{{ARN: "arn:aws:iam::1:role/r"}},
		Topics: []Topic{{ARN: testTopic, Subscriptions: []Subscription{{Protocol: "sqs"}, {Protocol: "lambda", FilterPolicy: `{"a":[1]}`, FilterScope: "MessageBody"}}}, {ARN: testFIFO}},
	})
	require.NoError(f, err)
	f.Cleanup(s.Close)
	f.Fuzz(func(t *testing.T, body string, sts bool) {
		service := "sns"
		if sts {
			service = "sts"
		}
		w, before := httptest.NewRecorder(), s.Accepted()
		s.ServeHTTP(w, signed(http.MethodPost, "/", []byte(body), service, time.Now()))
		var doc document
		require.NoError(t, xml.Unmarshal(w.Body.Bytes(), &doc), w.Body.String())
		require.Equal(t, w.Code == http.StatusOK, doc.Code == "", w.Body.String())
		if w.Code != http.StatusOK {
			require.Equal(t, before, s.Accepted())
			require.NotEmpty(t, doc.ErrorRequestID)
		}
		s.mu.Lock()
		s.messages, s.deliveries = nil, nil // many rounds fit in memory
		s.mu.Unlock()
	})
}

// Publish through the handler, signature and all: what this endpoint costs a
// benchmark of the App.
func BenchmarkPublish(b *testing.B) {
	s, err := Start(Options{Keys: map[string]string{testKey: testSecret}, Topics: []Topic{{ARN: testTopic}}, CountOnly: true})
	require.NoError(b, err)
	b.Cleanup(s.Close)
	fields := form("Message", strings.Repeat("x", 2<<10), "Subject", "Host evil.example")
	for i, name := range []string{"type", "owner", "score", "confidence", "action"} {
		entry := "MessageAttributes.entry." + string(rune('1'+i)) + "."
		fields[entry+"Name"], fields[entry+"Value.DataType"], fields[entry+"Value.StringValue"] = []string{name}, []string{"String"}, []string{"value"}
	}
	body := []byte(fields.Encode())
	r := signed(http.MethodPost, "/", body, "sns", time.Now())
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		again := *r
		again.Body = io.NopCloser(bytes.NewReader(body))
		if s.ServeHTTP(w, &again); w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
}
