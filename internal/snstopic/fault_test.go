package snstopic

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// refusedURL is where nobody listens.
func refusedURL(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = listener.Close() }()
	return "http://" + listener.Addr().String()
}

func TestNothingWasSent(t *testing.T) {
	t.Parallel()
	tlsServer := httptest.NewUnstartedServer(http.NotFoundHandler())
	tlsServer.Config.ErrorLog = discard()
	tlsServer.StartTLS()
	t.Cleanup(tlsServer.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	old := httptest.NewUnstartedServer(http.NotFoundHandler())
	old.Config.ErrorLog = discard()
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	old.StartTLS()
	t.Cleanup(old.Close)
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) }))
	t.Cleanup(proxy.Close)
	proxyURL, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	failing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	t.Cleanup(failing.Close)
	failingURL, err := url.Parse(failing.URL)
	require.NoError(t, err)
	noProxy, err := url.Parse(refusedURL(t))
	require.NoError(t, err)
	for _, row := range []struct {
		name, endpoint string
		proxy          *url.URL
		code           string
		retry          bool
		attempts       int // that the SDK makes
		text, fix      string
	}{
		{"nobody listens", refusedURL(t), nil, CodeConnection, true, 3, "refused", "aws_endpoint_url"},
		{"no such host", "https://sns.nowhere.invalid", nil, CodeDNS, false, 1, "no host sns.nowhere.invalid", "aws_endpoint_url"},
		{"a certificate of nobody's", tlsServer.URL, nil, CodeTLS, false, 1, "not to be trusted", "AWS_CA_BUNDLE"},
		{"TLS 1.1", old.URL, nil, CodeTLS, false, 1, "refuses the TLS handshake", "TLS 1.2"},
		{"no TLS", strings.Replace(plain.URL, "http:", "https:", 1), nil, CodeTLS, false, 1, "does not speak TLS", "https"},
		{"a proxy that refuses", "https://sns.eu-west-1.amazonaws.com", proxyURL, CodeProxy, false, 1, "HTTP 407", "proxy"},
		{"a proxy that fails", "https://sns.eu-west-1.amazonaws.com", failingURL, CodeConnection, true, 3, "HTTP 502", "the proxy's log"},
		{"a proxy that is not there", "https://sns.eu-west-1.amazonaws.com", noProxy, CodeConnection, true, 3, "no connection to the proxy", "proxy"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := withKeys(standard, row.endpoint)
			c.Proxy = row.proxy
			log := &attempts{}
			c.Log = log.logger()
			topic := open(t, c)
			hurry(topic)
			r := one(t, topic, Message{Body: "x"})
			if row.code == CodeDNS && r.Err.Retryable {
				t.Skip("this machine has no name server that answers")
			}
			require.Equal(t, Failed, r.Outcome)
			require.Equal(t, row.code, r.Err.Code, "%v", r.Err.Err)
			require.Equal(t, ClassNetwork, r.Err.Class)
			require.Equal(t, row.retry, r.Err.Retryable)
			require.EqualValues(t, row.attempts, log.failed.Load())
			require.Contains(t, r.Err.Text(), row.text)
			require.Contains(t, r.Err.Fix, row.fix)
		})
	}
}

// A region that SNS does not know has no host.
func TestUnknownRegion(t *testing.T) {
	t.Parallel()
	topic := open(t, withKeys(ARN{Partition: "aws", Region: "eu-nowhere-9", Account: "123456789012", Name: "alerts"}, ""))
	e := topic.describeNetwork(t.Context(), serviceSNS, &net.DNSError{Name: "sns.eu-nowhere-9.amazonaws.com", IsNotFound: true})
	require.Equal(t, CodeDNS, e.Code)
	require.Contains(t, e.Fix, "eu-nowhere-9 is a region that SNS does not know")
}

// The request was written, and then: nobody knows. To a standard topic it is
// not sent again; to a FIFO topic, with its deduplication id, it is.
func TestUnanswered(t *testing.T) {
	t.Parallel()
	broken := map[string]func(w http.ResponseWriter){
		"dropped after it was read": drop,
		"dropped in the header": func(w http.ResponseWriter) {
			conn, buffer, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_, _ = buffer.WriteString("HTTP/1.1 200 OK\r\nContent-Le")
				_ = buffer.Flush()
				_ = conn.Close()
			}
		},
		"dropped in the body": func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, publishedXML("abc", "")[:100])
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		},
		"cut": func(w http.ResponseWriter) { _, _ = io.WriteString(w, publishedXML("abc", "")[:100]) },
	}
	for name, break_ := range broken {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newWire(t, func(_ int, _ url.Values, w http.ResponseWriter, _ *http.Request) { break_(w) })
			topic := open(t, withKeys(standard, s.server.URL))
			hurry(topic)
			r := one(t, topic, Message{Body: "x"})
			require.Equal(t, Unknown, r.Outcome)
			require.Equal(t, CodeUnknown, r.Err.Code)
			require.False(t, r.Err.Retryable, "running again could deliver twice")
			require.Contains(t, r.Err.Fix, "look behind the topic")
			require.Len(t, s.seen(), 1)
		})
		t.Run(name+", then fine, FIFO", func(t *testing.T) {
			t.Parallel()
			s := newWire(t, func(n int, form url.Values, w http.ResponseWriter, r *http.Request) {
				if n == 1 {
					break_(w)
					return
				}
				_, _ = io.WriteString(w, publishedXML("abc", "10000000000000003000"))
			})
			topic := open(t, withKeys(fifo, s.server.URL))
			hurry(topic)
			r := one(t, topic, Message{Body: "x", GroupID: "g", DeduplicationID: "d"})
			require.Equal(t, Result{Outcome: Published, MessageID: "abc", SequenceNumber: "10000000000000003000"}, r)
			seen := s.seen()
			require.Len(t, seen, 2)
			require.Equal(t, seen[0], seen[1], "the same ids again")
		})
		t.Run(name+" for ever, FIFO", func(t *testing.T) {
			t.Parallel()
			s := newWire(t, func(_ int, _ url.Values, w http.ResponseWriter, _ *http.Request) { break_(w) })
			topic := open(t, withKeys(fifo, s.server.URL))
			hurry(topic)
			r := one(t, topic, Message{Body: "x", GroupID: "g", DeduplicationID: "d"})
			require.Equal(t, Unknown, r.Outcome)
			require.True(t, r.Err.Retryable)
			require.Contains(t, r.Err.Fix, "run it again")
			require.Len(t, s.seen(), 3)
		})
		t.Run(name+", FIFO without deduplication id", func(t *testing.T) {
			t.Parallel()
			s := newWire(t, func(_ int, _ url.Values, w http.ResponseWriter, _ *http.Request) { break_(w) })
			topic := open(t, withKeys(fifo, s.server.URL))
			hurry(topic)
			r := one(t, topic, Message{Body: "x", GroupID: "g"})
			require.Equal(t, Unknown, r.Outcome)
			require.Len(t, s.seen(), 1)
		})
	}
}

// An answer without a MessageID says nothing: the step is the one that the
// outcome allows.
func TestAnswerWithoutMessageID(t *testing.T) {
	t.Parallel()
	s := newWire(t, func(_ int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, publishedXML("", ""))
	})
	for arn, row := range map[ARN]struct {
		retry bool
		fix   string
	}{
		standard: {false, "look behind the topic"},
		fifo:     {true, "run it again: its deduplication id"},
	} {
		m := Message{Body: "x"}
		if arn.FIFO() {
			m.GroupID, m.DeduplicationID = "g", "d"
		}
		r := one(t, open(t, withKeys(arn, s.server.URL)), m)
		require.Equal(t, Unknown, r.Outcome)
		require.Equal(t, row.retry, r.Err.Retryable)
		require.Contains(t, r.Err.Fix, row.fix)
	}
}

// What an earlier attempt left open stays open, whatever the last one says.
func TestUnansweredThenRefused(t *testing.T) {
	t.Parallel()
	s := newWire(t, func(n int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
		if n == 1 {
			drop(w)
			return
		}
		refuse(w, 403, "AuthorizationError", "no")
	})
	topic := open(t, withKeys(fifo, s.server.URL))
	hurry(topic)
	r := one(t, topic, Message{Body: "x", GroupID: "g", DeduplicationID: "d"})
	require.Equal(t, Unknown, r.Outcome)
	require.Equal(t, "AuthorizationError", r.Err.Code)
	require.False(t, r.Err.Retryable)
	require.Contains(t, r.Err.Text(), "may have been published")
}

// A connection that was kept and then closed by SNS is not a message sent
// twice: net/http must not send again on its own.
func TestStaleConnection(t *testing.T) {
	t.Parallel()
	s := newWire(t, func(n int, form url.Values, w http.ResponseWriter, r *http.Request) {
		if n == 2 {
			drop(w)
			return
		}
		accept(n, form, w, r)
	})
	topic := open(t, withKeys(standard, s.server.URL))
	hurry(topic)
	require.Equal(t, Published, one(t, topic, Message{Body: "a"}).Outcome)
	require.Equal(t, Unknown, one(t, topic, Message{Body: "b"}).Outcome)
	require.Len(t, s.seen(), 2)
}

func TestPassingFailures(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		code   string
		status int
	}{{"InternalError", 500}, {"ServiceUnavailable", 503}, {"Throttling", 400}, {"Throttled", 429}, {"KMSThrottling", 400}} {
		t.Run(row.code, func(t *testing.T) {
			t.Parallel()
			s := newWire(t, func(n int, form url.Values, w http.ResponseWriter, r *http.Request) {
				if n < 3 {
					refuse(w, row.status, row.code, "for now")
					return
				}
				accept(n, form, w, r)
			})
			topic := open(t, withKeys(standard, s.server.URL))
			hurry(topic)
			require.Equal(t, Published, one(t, topic, Message{Body: "x"}).Outcome)
			require.Len(t, s.seen(), 3)
		})
	}
}

// The clock of this machine is an hour off: the SDK corrects its signatures by
// SNS's clock and tries again.
func TestSkewedClock(t *testing.T) {
	t.Parallel()
	s := newWire(t, func(n int, form url.Values, w http.ResponseWriter, r *http.Request) {
		there := time.Now().Add(time.Hour)
		w.Header().Set("Date", there.UTC().Format(http.TimeFormat))
		signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
		if err != nil || there.Sub(signed) > 15*time.Minute {
			refuse(w, 403, "SignatureDoesNotMatch", "Signature expired: that is now earlier than this")
			return
		}
		accept(n, form, w, r)
	})
	topic := open(t, withKeys(standard, s.server.URL))
	hurry(topic)
	require.Equal(t, Published, one(t, topic, Message{Body: "x"}).Outcome)
	require.Len(t, s.seen(), 2)
}

// stalled answers nothing until the client is gone.
func stalled(started chan<- struct{}) func(int, url.Values, http.ResponseWriter, *http.Request) {
	return func(_ int, _ url.Values, _ http.ResponseWriter, r *http.Request) {
		if started != nil {
			started <- struct{}{}
		}
		<-r.Context().Done()
	}
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	t.Run("after it was written", func(t *testing.T) {
		t.Parallel()
		s := newWire(t, stalled(nil))
		c := withKeys(fifo, s.server.URL)
		c.Timeout = 100 * time.Millisecond
		r := one(t, open(t, c), Message{Body: "x", GroupID: "g", DeduplicationID: "d"})
		require.Equal(t, Unknown, r.Outcome)
		require.Contains(t, r.Err.Text(), "100ms of timeout_seconds")
		require.Len(t, s.seen(), 1)
	})
	t.Run("before a connection was there", func(t *testing.T) {
		t.Parallel()
		c := withKeys(standard, "http://"+silent(t))
		c.Timeout = 100 * time.Millisecond
		c.EndpointURL = "https" + strings.TrimPrefix(c.EndpointURL, "http") // its TLS handshake is never answered
		r := one(t, open(t, c), Message{Body: "x"})
		require.Equal(t, Failed, r.Outcome)
		require.Equal(t, CodeDeadline, r.Err.Code)
		require.Equal(t, ClassTimeout, r.Err.Class)
		require.True(t, r.Err.Retryable)
	})
	t.Run("in a pause keeps what SNS said", func(t *testing.T) {
		t.Parallel()
		s := newWire(t, func(_ int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
			refuse(w, 400, "Throttling", "Rate exceeded")
		})
		c := withKeys(standard, s.server.URL)
		c.Timeout = 300 * time.Millisecond // the shortest pause after a throttle is 500 ms
		r := one(t, open(t, c), Message{Body: "x"})
		require.Equal(t, Failed, r.Outcome)
		require.Equal(t, "Throttling", r.Err.Code)
		require.True(t, r.Err.Retryable)
		require.Len(t, s.seen(), 1)
	})
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	t.Run("before", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		s := newWire(t, accept)
		results := open(t, withKeys(standard, s.server.URL)).Publish(ctx, 1, func(int) (Message, error) { return Message{Body: "x"}, nil })
		checkResult(t, results[0])
		require.Equal(t, NotSent, results[0].Outcome)
		require.Equal(t, CodeCancelled, results[0].Err.Code)
		require.True(t, results[0].Err.Retryable)
		require.Empty(t, s.seen())
	})
	t.Run("in flight", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		started := make(chan struct{}, 1)
		s := newWire(t, stalled(started))
		go func() {
			<-started
			cancel()
		}()
		results := open(t, withKeys(standard, s.server.URL)).Publish(ctx, 1, func(int) (Message, error) { return Message{Body: "x"}, nil })
		checkResult(t, results[0])
		require.Equal(t, Unknown, results[0].Outcome)
		require.Contains(t, results[0].Err.Text(), "told to stop")
		require.False(t, results[0].Err.Retryable)
	})
}

// silent takes connections, and says nothing.
func silent(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

func TestPause(t *testing.T) {
	t.Parallel()
	for attempt, step := range map[int]time.Duration{1: baseDelay, 2: 2 * baseDelay, 3: 4 * baseDelay, 100: maxDelay} {
		for range 50 {
			d, err := pause(attempt, nil)
			require.NoError(t, err)
			require.GreaterOrEqual(t, d, step/2)
			require.Less(t, d, step*3/2)
		}
	}
}
