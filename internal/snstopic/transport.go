package snstopic

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"time"
)

const (
	// maxAnswerBytes bounds the body of an answer. A batch of ten is answered
	// in less than 4 KiB; SNS's errors are shorter.
	maxAnswerBytes = 1 << 20

	// maxHeaderBytes bounds the header of an answer.
	maxHeaderBytes = 64 << 10

	// connectTimeout bounds a connection and, apart, its TLS handshake. The
	// deadline of the publish ends both earlier; this leaves time for another
	// attempt where an address does not answer.
	connectTimeout = 10 * time.Second
)

// newTransport makes the transport to AWS: TLS 1.2 or later, HTTP/1.1 as SNS
// speaks it, through the proxy given or, where nil, the environment's.
// caBundle names the file whose certificates replace the system's.
func newTransport(proxy *url.URL, caBundle string) (*http.Transport, error) {
	dialer := &net.Dialer{Timeout: connectTimeout}
	transport := &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    connectTimeout,
		DisableCompression:     true, // answers are short
		MaxResponseHeaderBytes: maxHeaderBytes,
		MaxIdleConnsPerHost:    concurrency,
		MaxConnsPerHost:        parallel(), // none beside it, that net/http dials ahead
		OnProxyConnectResponse: proxyAnswer,
	}
	if proxy != nil {
		transport.Proxy = http.ProxyURL(proxy)
	}
	if caBundle != "" {
		roots, err := readBundle(caBundle)
		if err != nil {
			return nil, err
		}
		transport.TLSClientConfig.RootCAs = roots
	}
	return transport, nil
}

func readBundle(name string) (*x509.CertPool, error) {
	const fix = "correct AWS_CA_BUNDLE on the Playbook Server: it names a readable file of PEM certificates"
	pem, err := os.ReadFile(name)
	if err != nil {
		e := inputError("open the topic", "the file that AWS_CA_BUNDLE names cannot be read", fix)
		e.Err = err
		return nil, e
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, inputError("open the topic", "the file that AWS_CA_BUNDLE names holds no certificate", fix)
	}
	return roots, nil
}

// withTransport copies into a transport of the SDK's what newTransport sets.
func withTransport(from *http.Transport, proxy func(*http.Request) (*url.URL, error)) func(*http.Transport) {
	return func(to *http.Transport) {
		to.Proxy = proxy
		to.DialContext = from.DialContext
		to.TLSClientConfig = from.TLSClientConfig.Clone()
		to.TLSHandshakeTimeout = from.TLSHandshakeTimeout
		to.ForceAttemptHTTP2 = false
		to.DisableCompression = from.DisableCompression
		to.MaxResponseHeaderBytes = from.MaxResponseHeaderBytes
		to.MaxIdleConnsPerHost = from.MaxIdleConnsPerHost
		to.MaxConnsPerHost = from.MaxConnsPerHost
		to.OnProxyConnectResponse = from.OnProxyConnectResponse
	}
}

// direct is a proxy function for credentials: what this machine itself serves
// (a container's credentials) does not go through a proxy.
func direct(proxy func(*http.Request) (*url.URL, error)) func(*http.Request) (*url.URL, error) {
	return func(r *http.Request) (*url.URL, error) {
		host := r.URL.Hostname()
		ip := net.ParseIP(host)
		if host == "localhost" || ip != nil && (ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsPrivate() && ip.To4() == nil) {
			return nil, nil
		}
		return proxy(r)
	}
}

// proxyError is a proxy's refusal to connect.
type proxyError struct{ status int }

func (e *proxyError) Error() string { return fmt.Sprintf("proxy answers HTTP %d", e.status) }

// passing reports whether it is the proxy that failed, and not what it was
// asked for: the same request may pass a moment later.
func (e *proxyError) passing() bool { return e.status >= http.StatusInternalServerError }

func proxyAnswer(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode != http.StatusOK {
		return &proxyError{answer.StatusCode}
	}
	return nil
}

// plainClient sends a request as it is: no redirect is followed, so a signature
// goes to whom it was made for and to nobody else. (The SDK's own client
// follows 307 and 308.)
type plainClient struct{ transport *http.Transport }

// Do implements the SDK's HTTPClient.
//
// The body is handed on as bytes in memory, which net/http writes together with
// the header. From a reader that it does not know it would write the header
// first, alone; and it would read on to see the end, by when a fast answer has
// the SDK close the body, and net/http the connection before that answer is
// read.
func (c plainClient) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.ContentLength > 0 {
		body := make([]byte, r.ContentLength)
		if _, err := io.ReadFull(r.Body, body); err != nil {
			return nil, err
		}
		if err := r.Body.Close(); err != nil {
			return nil, err
		}
		r = r.WithContext(r.Context()) // a copy: the SDK's stays as it is
		// From GetBody net/http sends a request again of which nothing was
		// written, because the connection that it kept had been closed.
		r.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		r.Body, _ = r.GetBody()
	}
	answer, err := c.transport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = &bounded{body: answer.Body, left: maxAnswerBytes}
	return answer, nil
}

// trackedClient notes in the call of the request's context how far it got.
//
// WroteHeaders is what decides: net/http calls it before it flushes the end of
// a request, and closes the connection before it gives up a request, so a
// request that arrived whole is always noted, and one that is not noted never
// arrived.
type trackedClient struct{ plainClient }

// Do implements the SDK's HTTPClient.
func (c trackedClient) Do(r *http.Request) (*http.Response, error) {
	call := callOf(r.Context())
	if call == nil {
		return c.plainClient.Do(r)
	}
	trace := &httptrace.ClientTrace{WroteHeaders: func() { call.written.Store(true) }}
	answer, err := c.plainClient.Do(r.WithContext(httptrace.WithClientTrace(r.Context(), trace)))
	if err != nil {
		call.cause = err
		return nil, err
	}
	call.status = answer.StatusCode
	return answer, nil
}

// errTooLong ends an answer that no SNS writes.
var errTooLong = errors.New("answer is longer than any of SNS")

// bounded is a body that ends in errTooLong after left bytes.
type bounded struct {
	body io.ReadCloser
	left int
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	if len(p) > b.left {
		p = p[:b.left]
	}
	n, err := b.body.Read(p)
	b.left -= n
	return n, err
}

// Close implements io.Closer.
func (b *bounded) Close() error { return b.body.Close() }
