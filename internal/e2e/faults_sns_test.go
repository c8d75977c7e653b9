package e2e

import (
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/platform"
	"tcsns/internal/dev/redistest"
	"tcsns/internal/dev/snsserver"
)

// snsFaults are the faults of SNS and of the way to it.
func snsFaults() []fault {
	rows := slices.Concat(wayFaults(), answerFaults(), codeFaults(), batchFaults(), stsFaults())
	for i := range rows {
		rows[i].Area = "SNS"
	}
	return rows
}

// trouble is what happens to one run of the App on its way to SNS.
type trouble struct {
	sns    *snsserver.Options // another endpoint than the world's
	fail   []snsserver.Fault  // of SNS's next requests
	always *snsserver.Fault   // of all after those
	front  *frontOptions      // what stands before SNS

	params   map[string]any
	stage    map[string]any
	env      []string                            // of the App, besides the usual
	prepare  func(t *testing.T, s *trouble)      // fills in what needs a test
	requests int                                 // that SNS or its front got; 0: not counted
	fix      string                              // in sns.debug
	code     string                              // sns.error_code
	secrets  []string                            // that must be nowhere, besides the usual
	also     func(*testing.T, *world, outcome)   // checks more
	outer    func(t *testing.T, w *world) string // makes aws_endpoint_url
}

// do is what a row does.
func (s trouble) do(t *testing.T) (*world, outcome) {
	t.Helper()
	if s.prepare != nil {
		s.prepare(t, &s)
	}
	w := newWorld(t)
	if s.sns != nil {
		w.sns.Close()
		w.sns = startSNS(t, *s.sns)
	}
	w.secrets = append(w.secrets, s.secrets...)
	if s.stage != nil {
		w.stage(s.stage)
	}
	w.sns.Fail(s.fail...)
	w.sns.FailAlways(s.always)
	endpoint, requests := w.sns.URL(), w.sns.Requests
	if s.front != nil {
		f := startFront(t, w, *s.front)
		endpoint, requests = f.server.URL, func() int { return int(f.requests.Load()) }
	}
	if s.outer != nil {
		endpoint = s.outer(t, w)
	}
	out := w.start(platform.AppOptions{
		Params: w.params(platform.Merge(map[string]any{"aws_endpoint_url": endpoint}, s.params)),
		Env:    environment(s.env...),
	}).wait()
	if s.requests != 0 {
		require.Equal(t, s.requests, requests(), "requests\n%s\n%s", out.Message, out.Log)
	}
	if s.code != "" {
		require.Equal(t, s.code, out.outputs["sns.error_code"], out.outputs["sns.debug"])
	}
	require.Contains(t, out.outputs["sns.debug"], s.fix)
	if s.also != nil {
		s.also(t, w, out)
	}
	return w, out
}

// wayFaults are what goes wrong before SNS has read a request: nothing was
// sent, so nothing can be delivered twice.
func wayFaults() []fault {
	refused := func(t *testing.T, _ *world) string { return "http://" + redistest.RefusingAddr(t) }
	secure := func(c redistest.Certificate, trusted bool) func(*testing.T, *trouble) {
		return func(t *testing.T, s *trouble) {
			config, env := certified(t, c)
			s.sns = &snsserver.Options{TLS: config}
			if trusted {
				s.env = env
			}
		}
	}
	here := []string{"127.0.0.1"}
	return []fault{
		{ID: "sns-refused", Name: "nobody listens at the endpoint", Exit: 1, Debug: "refused", Says: []string{"ConnectionFailed"},
			do: trouble{outer: refused, fix: "aws_endpoint_url", code: "ConnectionFailed"}.do},
		// No host name ends a label with a hyphen: no name server is asked, so the row
		// is the same on every machine.
		{ID: "sns-dns", Name: "the endpoint's name has no address", Exit: 4, Debug: "no host sns-.example", Says: []string{"UnknownHost"},
			do: trouble{params: map[string]any{"aws_endpoint_url": "https://sns-.example"}, fix: "aws_endpoint_url", code: "UnknownHost"}.do},
		{ID: "sns-tls-name", Name: "the certificate is another host's", Exit: 4, Debug: "not to be trusted", Says: []string{"CertificateInvalid"},
			do: trouble{prepare: secure(redistest.Certificate{Names: []string{"sns.example"}}, true), fix: "aws_endpoint_url", code: "CertificateInvalid"}.do},
		{ID: "sns-tls-expired", Name: "the certificate ran out", Exit: 4, Debug: "expired", Says: []string{"CertificateInvalid"},
			do: trouble{prepare: secure(redistest.Certificate{Names: here, Expired: true}, true), fix: "clock", code: "CertificateInvalid"}.do},
		{ID: "sns-tls-ca", Name: "the certificate is signed by an unknown CA", Exit: 4, Debug: "unknown authority", Says: []string{"CertificateInvalid"},
			do: trouble{prepare: secure(redistest.Certificate{Names: here}, false), fix: "AWS_CA_BUNDLE", code: "CertificateInvalid"}.do},
		{ID: "sns-tls-old", Name: "the endpoint speaks no TLS later than 1.1", Exit: 4, Debug: "refuses the TLS handshake", Says: []string{"CertificateInvalid"},
			do: trouble{prepare: func(t *testing.T, s *trouble) {
				secure(redistest.Certificate{Names: here}, true)(t, s)
				s.sns.TLS.MinVersion, s.sns.TLS.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
			}, fix: "Fix:"}.do},
		{ID: "sns-tls-none", Name: "the endpoint speaks plain HTTP where TLS is expected", Exit: 4, Debug: "does not speak TLS", Says: []string{"CertificateInvalid"},
			do: trouble{outer: func(t *testing.T, w *world) string { return strings.Replace(w.sns.URL(), "http:", "https:", 1) }, fix: "https"}.do},
		{ID: "sns-ca-bundle-missing", Name: "AWS_CA_BUNDLE names no file", Exit: 4, Debug: "AWS_CA_BUNDLE", Says: []string{"AWS_CA_BUNDLE"},
			do: trouble{env: []string{"AWS_CA_BUNDLE=/nowhere/ca.pem"}}.do},
		{ID: "sns-tls-stall", Name: "the TLS handshake is never answered", Exit: 1, Debug: "TimedOut", Says: []string{"TimedOut"}, Within: 5 * time.Second,
			do: trouble{params: map[string]any{"timeout_seconds": "1"}, prepare: func(t *testing.T, s *trouble) {
				config, env := certified(t, redistest.Certificate{Names: here})
				s.front, s.env = &frontOptions{tls: config, connect: keep(t)}, env
			}}.do},
		{ID: "sns-drop-handshake", Name: "the first connection is dropped in the TLS handshake", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: trouble{requests: 1, prepare: func(t *testing.T, s *trouble) {
				config, env := certified(t, redistest.Certificate{Names: here})
				s.env = env
				s.front = &frontOptions{tls: config, connect: func(n int, c net.Conn) bool {
					if n == 1 {
						_, _ = c.Read(make([]byte, 1))
						reset(c)
					}
					return n == 1
				}}
			}}.do},
		// Of a plain connection the App cannot know how far its request came, so a
		// topic that tells duplicates is what makes the end certain.
		{ID: "sns-drop-unread-fifo", Name: "two connections are dropped before the request is read, FIFO topic", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: trouble{params: fifo(nil), front: &frontOptions{connect: func(n int, c net.Conn) bool {
				if n <= 2 {
					reset(c)
				}
				return n <= 2
			}}, requests: 1}.do},
		{ID: "sns-proxy-407", Name: "the proxy wants other credentials", Exit: 4, Debug: "ProxyRefused (HTTP 407)", Says: []string{"ProxyRefused"},
			do: proxyRefuses("https://sns.eu-west-1.example").do},
		{ID: "sns-proxy-407-plain", Name: "the proxy wants other credentials, for plain HTTP", Exit: 4, Debug: "ProxyRefused (HTTP 407)", Says: []string{"ProxyRefused"},
			do: proxyRefuses("http://sns.eu-west-1.example").do},
		{ID: "sns-proxy-503", Name: "the proxy does not reach SNS (503)", Exit: 1, Debug: "ConnectionFailed (HTTP 503)", Says: []string{"ConnectionFailed (HTTP 503)"},
			do: proxyFails(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, 3)},
		{ID: "sns-proxy-stall", Name: "the proxy does not answer", Exit: 1, Debug: "TimedOut", Says: []string{"TimedOut"}, Within: 5 * time.Second,
			do: proxyFails(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, 1)},
		{ID: "sns-proxy-garbage", Name: "the proxy opens the way to what speaks no TLS, and hangs up", Exit: 1, Debug: "ConnectionFailed", Says: []string{"ConnectionFailed"},
			do: proxyFails(func(w http.ResponseWriter, _ *http.Request) { raw(w, "HTTP/1.1 200 OK\r\n\r\nno TLS") }, 3)},
		{ID: "sns-ipv6", Name: "the endpoint listens on ::1 alone", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: trouble{outer: func(t *testing.T, w *world) string { return "http://" + onIPv6(t, hostOf(t, w.sns.URL())) }}.do},
		{ID: "sns-proxy-refused", Name: "nobody listens at the proxy", Exit: 1, Debug: "no connection to the proxy", Says: []string{"ConnectionFailed"},
			do: trouble{fix: "proxy", prepare: func(t *testing.T, s *trouble) {
				s.params = through(t, redistest.RefusingAddr(t), "https://sns.eu-west-1.example")
			}}.do},
	}
}

// fifo are the params of a FIFO topic.
func fifo(more map[string]any) map[string]any {
	return platform.Merge(map[string]any{"topic_arn": fifoARN}, more)
}

const proxyPass = "e2e-proxy-password-that-must-not-leak"

// through are the params of a run through the proxy at addr.
func through(t *testing.T, addr, endpoint string) map[string]any {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	return map[string]any{
		"tc_proxy_host": host, "tc_proxy_port": port, "tc_proxy_username": "e2e", "tc_proxy_password": proxyPass,
		"tc_proxy_external": true, "aws_endpoint_url": endpoint,
	}
}

func proxyRefuses(endpoint string) trouble {
	return trouble{fix: "proxy", code: "ProxyRefused", secrets: []string{proxyPass}, prepare: func(t *testing.T, s *trouble) {
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) }))
		t.Cleanup(proxy.Close)
		s.params = through(t, hostOf(t, proxy.URL), endpoint)
	}}
}

// proxyFails runs an App through a proxy that answers every CONNECT, requests
// of them, as it pleases.
func proxyFails(answer http.HandlerFunc, requests int) func(*testing.T) (*world, outcome) {
	return func(t *testing.T) (*world, outcome) {
		var n atomic.Int64
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n.Add(1)
			answer(w, r)
		}))
		t.Cleanup(proxy.Close)
		params := through(t, hostOf(t, proxy.URL), "https://sns.eu-west-1.example")
		w, out := trouble{params: platform.Merge(params, map[string]any{"timeout_seconds": "3"}), secrets: []string{proxyPass}}.do(t)
		require.EqualValues(t, requests, n.Load(), "attempts")
		return w, out
	}
}

// onIPv6 passes on what comes to a port of ::1, and returns host and port.
func onIPv6(t *testing.T, to string) string {
	t.Helper()
	listener, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skipf("needs IPv6: %v", err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				behind, err := net.Dial("tcp", to)
				if err != nil {
					return
				}
				defer func() { _ = behind.Close() }()
				go func() { _, _ = io.Copy(behind, c) }()
				_, _ = io.Copy(c, behind)
			}()
		}
	}()
	return listener.Addr().String()
}

// answerFaults are what goes wrong once SNS has the request.
func answerFaults() []fault {
	soon := map[string]any{"timeout_seconds": "1"}
	answered := func(do func(f *front, w http.ResponseWriter, r *request)) *frontOptions {
		return &frontOptions{answer: func(f *front, _ int, w http.ResponseWriter, r *request) bool { do(f, w, r); return true }}
	}
	first := func(do func(f *front, w http.ResponseWriter, r *request)) *frontOptions {
		return &frontOptions{answer: func(f *front, n int, w http.ResponseWriter, r *request) bool {
			if n == 1 {
				do(f, w, r)
			}
			return n == 1
		}}
	}
	accepted := func(then func(w http.ResponseWriter, r *request, text string)) func(f *front, w http.ResponseWriter, r *request) {
		return func(f *front, w http.ResponseWriter, r *request) {
			_, body, err := f.ask(r)
			if err != nil {
				drop()
			}
			then(w, r, string(body))
		}
	}
	dropped := func(http.ResponseWriter, *request, string) { drop() }
	half := func(w http.ResponseWriter, text string) { _, _ = io.WriteString(w, text[:len(text)/2]) }
	html := snsserver.Fault{Kind: snsserver.HTML}
	unknown := func(s trouble) func(*testing.T) (*world, outcome) {
		s.requests, s.fix = 1, "look behind the topic before running it again"
		s.also = func(t *testing.T, _ *world, out outcome) {
			require.Contains(t, out.outputs["sns.result"], `"outcome":"unknown`)
		}
		return s.do
	}
	// written answers byte for byte: a head, in which %d is the body's length,
	// what SNS says, and a tail.
	written := func(head, tail string) func(*testing.T) (*world, outcome) {
		return trouble{requests: 1, front: answered(accepted(func(w http.ResponseWriter, _ *request, text string) {
			raw(w, strings.ReplaceAll(head, "%d", strconv.Itoa(len(text)))+text+tail)
		}))}.do
	}
	rows := []fault{
		{ID: "sns-500-twice", Name: "500 twice, then fine", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: trouble{fail: []snsserver.Fault{snsserver.InternalError(), snsserver.InternalError()}, requests: 3}.do},
		{ID: "sns-503", Name: "503 for ever", Exit: 1, Debug: "HTTP 503", Says: []string{"503"},
			do: trouble{always: fault503(), requests: 3, fix: "run it again later"}.do},
		{ID: "sns-slow", Name: "the answer comes after a second", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: trouble{fail: []snsserver.Fault{{Kind: snsserver.Slow, Delay: time.Second}}, requests: 1}.do},
		{ID: "sns-trickle", Name: "the answer comes byte by byte", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: trouble{front: answered(accepted(func(w http.ResponseWriter, _ *request, text string) {
				for i := range len(text) {
					_, _ = io.WriteString(w, text[i:i+1])
					_ = http.NewResponseController(w).Flush()
				}
			})), requests: 1}.do},
		{ID: "sns-slow-over", Name: "no answer within timeout_seconds", Exit: 4, Debug: "UnknownOutcome", Says: []string{"UnknownOutcome"}, Sent: 1, Within: 5 * time.Second,
			do: unknown(trouble{params: soon, front: answered(accepted(func(_ http.ResponseWriter, r *request, _ string) { hold(r) }))})},
		{ID: "sns-stall", Name: "the answer stalls in its middle", Exit: 4, Debug: "UnknownOutcome", Says: []string{"UnknownOutcome"}, Sent: 1, Within: 5 * time.Second,
			do: unknown(trouble{params: soon, front: answered(accepted(func(w http.ResponseWriter, r *request, text string) {
				half(w, text)
				_ = http.NewResponseController(w).Flush()
				hold(r)
			}))})},
		{ID: "sns-drop-read", Name: "dropped after the request was read, before it was carried out", Exit: 4, Debug: "UnknownOutcome", Says: []string{"UnknownOutcome"},
			do: unknown(trouble{front: answered(func(*front, http.ResponseWriter, *request) { drop() })})},
		{ID: "sns-drop-accepted", Name: "dropped after the request was carried out", Exit: 4, Debug: "UnknownOutcome", Says: []string{"UnknownOutcome"}, Sent: 1,
			do: unknown(trouble{front: answered(accepted(dropped))})},
		{ID: "sns-drop-accepted-fifo", Name: "dropped after the request was carried out, FIFO topic: sent again, delivered once", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: trouble{params: fifo(nil), front: first(accepted(dropped)), requests: 2}.do},
		{ID: "sns-drop-fifo", Name: "dropped after every request, FIFO topic", Exit: 1, Debug: "UnknownOutcome", Says: []string{"UnknownOutcome"}, Sent: 1,
			do: trouble{params: fifo(nil), front: answered(accepted(dropped)), requests: 3, fix: "run it again"}.do},
		{ID: "sns-truncated", Name: "200 with truncated XML", Exit: 4, Debug: "UnknownOutcome", Says: []string{"UnknownOutcome"}, Sent: 1,
			do: unknown(trouble{front: answered(accepted(func(w http.ResponseWriter, _ *request, text string) { half(w, text) }))})},
		{ID: "sns-truncated-fifo", Name: "200 with truncated XML, FIFO topic: sent again, delivered once", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: trouble{params: fifo(nil), front: first(accepted(func(w http.ResponseWriter, _ *request, text string) { half(w, text) })), requests: 2}.do},
		{ID: "sns-cut-header", Name: "the answer ends in its header", Exit: 4, Debug: "UnknownOutcome", Says: []string{"UnknownOutcome"}, Sent: 1,
			do: unknown(trouble{front: answered(accepted(func(w http.ResponseWriter, _ *request, _ string) { raw(w, "HTTP/1.1 200 OK\r\nContent-") }))})},
		{ID: "sns-empty", Name: "200 with nothing", Exit: 4, Debug: "UnknownOutcome", Says: []string{"UnknownOutcome"},
			do: unknown(trouble{front: answered(func(_ *front, w http.ResponseWriter, _ *request) { w.WriteHeader(http.StatusOK) })})},
		{ID: "sns-garbage", Name: "an answer that is no HTTP", Exit: 4, Debug: "UnknownOutcome", Says: []string{"UnknownOutcome"},
			do: unknown(trouble{front: answered(func(_ *front, w http.ResponseWriter, _ *request) { raw(w, "SSH-2.0-OpenSSH_9.6\r\n") })})},
		{ID: "sns-no-id", Name: "200 without a MessageID", Exit: 4, Debug: "UnknownOutcome", Says: []string{"UnknownOutcome"},
			do: unknown(trouble{front: answered(func(_ *front, w http.ResponseWriter, _ *request) {
				_, _ = io.WriteString(w, "<PublishResponse><PublishResult><MessageId></MessageId></PublishResult></PublishResponse>")
			})})},
		{ID: "sns-101", Name: "101, another protocol, once it was carried out", Exit: 4, Debug: "UnknownOutcome", Says: []string{"UnknownOutcome"}, Sent: 1,
			do: unknown(trouble{front: answered(accepted(func(w http.ResponseWriter, _ *request, _ string) {
				raw(w, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
			}))})},
		{ID: "sns-gzip", Name: "200, compressed, which nobody asked for", Exit: 4, Debug: "UnknownOutcome", Says: []string{"UnknownOutcome"}, Sent: 1,
			do: unknown(trouble{front: answered(accepted(func(w http.ResponseWriter, _ *request, text string) {
				w.Header().Set("Content-Encoding", "gzip")
				zip := gzip.NewWriter(w)
				_, _ = io.WriteString(zip, text)
				_ = zip.Close()
			}))})},
		{ID: "sns-http10", Name: "the answer is one of HTTP/1.0, without a length", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: written("HTTP/1.0 200 OK\r\n\r\n", "")},
		{ID: "sns-1xx", Name: "100 and 103, three times each, before the answer", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: written(strings.Repeat("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 3)+"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", "")},
		{ID: "sns-1xx-flood", Name: "103 without end in place of an answer", Exit: 4, Debug: "UnknownOutcome", Says: []string{"UnknownOutcome"}, Sent: 1,
			do: unknown(trouble{front: answered(accepted(func(w http.ResponseWriter, _ *request, _ string) {
				raw(w, strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 100_000))
			}))})},
		{ID: "sns-length-more", Name: "the answer is whole, and shorter than its Content-Length", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: written("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n", "")},
		{ID: "sns-length-less", Name: "the answer goes on after its Content-Length", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: func(t *testing.T) (*world, outcome) {
				w, out := written("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", "unasked "+secretKey)(t)
				require.Empty(t, out.Stderr, "net/http would tell of it")
				return w, out
			}},
		{ID: "sns-chunks-open", Name: "the answer is whole, its last chunk never comes", Exit: 0, Debug: debugMessageID, Sent: 1, Within: 5 * time.Second,
			do: trouble{params: soon, front: answered(accepted(func(w http.ResponseWriter, r *request, text string) {
				_, _ = io.WriteString(w, text)
				_ = http.NewResponseController(w).Flush()
				hold(r)
			}))}.do},
		{ID: "sns-portal", Name: "200 with HTML (a captive portal)", Exit: 4, Debug: "web page", Says: []string{"NotSNS"},
			do: unknown(trouble{always: &html, code: "NotSNS"})},
		{ID: "sns-huge", Name: "an error body of 256 MiB", Exit: 1, Debug: "HTTP 500", Says: []string{"500"},
			do: flooded(http.StatusInternalServerError, 3)},
		{ID: "sns-huge-200", Name: "200 with a body of 256 MiB", Exit: 4, Debug: "UnknownOutcome", Says: []string{"UnknownOutcome"},
			do: flooded(http.StatusOK, 1)},
		{ID: "sns-huge-header", Name: "an answer whose header does not end", Exit: 4, Debug: "UnknownOutcome", Says: []string{"UnknownOutcome"},
			do: unknown(trouble{front: answered(func(_ *front, w http.ResponseWriter, _ *request) {
				raw(w, "HTTP/1.1 200 OK\r\n"+strings.Repeat("X-Flood: "+strings.Repeat("x", 1000)+"\r\n", 4000))
			})})},
		{ID: "sns-skew", Name: "SNS's clock is an hour ahead: the signature is made again by it", Exit: 0, Debug: debugMessageID, Sent: 1,
			do: trouble{sns: &snsserver.Options{Now: skewed(time.Hour)}, front: &frontOptions{answer: func(_ *front, _ int, w http.ResponseWriter, _ *request) bool {
				w.Header().Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat))
				return false
			}}, requests: 2}.do},
		{ID: "sns-skew-undated", Name: "SNS's clock is an hour behind, and its answers do not say so", Exit: 4, Debug: "SignatureDoesNotMatch", Says: []string{"SignatureDoesNotMatch"},
			do: trouble{sns: &snsserver.Options{Now: skewed(-time.Hour)}, fix: "set the clock"}.do},
	}
	for _, status := range []int{301, 302, 307, 308} {
		rows = append(rows, fault{ID: "sns-redirect-" + strconv.Itoa(status), Name: fmt.Sprintf("a redirect (%d), which no signature follows", status),
			Exit: 4, Debug: "Redirected (HTTP " + strconv.Itoa(status), Says: []string{"Redirected"}, do: redirected(status)})
	}
	return rows
}

func fault503() *snsserver.Fault {
	f := snsserver.Unavailable()
	return &f
}

// redirected points the App at a second server, which must not see it.
func redirected(status int) func(*testing.T) (*world, outcome) {
	return func(t *testing.T) (*world, outcome) {
		var seen atomic.Int64
		other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
		t.Cleanup(other.Close)
		w, out := trouble{always: &snsserver.Fault{Kind: snsserver.Redirect, Status: status, Location: other.URL}, requests: 1, code: "Redirected"}.do(t)
		require.Zero(t, seen.Load(), "the signature went elsewhere")
		return w, out
	}
}

// flooded answers with far more than SNS ever does. The App takes a mebibyte
// of it, the connection's buffers some more.
func flooded(status, requests int) func(*testing.T) (*world, outcome) {
	return func(t *testing.T) (*world, outcome) {
		const most = 256 << 20
		var f *front
		w, out := trouble{requests: requests, front: &frontOptions{answer: func(by *front, _ int, w http.ResponseWriter, _ *request) bool {
			f = by
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<ErrorResponse><Error><Code>")
			by.flood(w, most)
			return true
		}}}.do(t)
		require.Less(t, f.taken.Load(), int64(requests*(32<<20)), "what the App and the connection took")
		return w, out
	}
}
