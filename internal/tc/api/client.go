// Package api is a client of the ThreatConnect REST API, as far as a Playbook
// App meets it: authentication (CONTRACT §7), runtime variables and the log
// sink (CONTRACT §6).
//
// Rules that the package keeps:
//   - A status other than 2xx is an error, always; TcEx overlooks some.
//   - No redirect is followed: the authentication never goes to another host.
//   - No error holds a token, a response body or a URL with a query.
//   - GET and PUT are tried again after 429, 500, 502, 503, 504 and broken
//     connections, within the deadline of the caller's context; POST never.
package api

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tcsns/internal/tc/secret"
)

const (
	// maxBody bounds a response in bytes. It is ours: far above any value of a
	// playbook, and what a machine can hold in memory.
	maxBody = 64 << 20
	// maxErrorBody bounds in bytes what is read of an answer that is no success.
	maxErrorBody = 64 << 10
	// dialTimeout, handshakeTimeout and attemptTimeout bound one attempt, so
	// that a server that hangs leaves time for another.
	dialTimeout      = 5 * time.Second
	handshakeTimeout = 10 * time.Second
	attemptTimeout   = 30 * time.Second
	// idleConns is how many parallel GETs find a connection ready.
	idleConns = 8
	// maxHeader bounds the response's header in bytes.
	maxHeader = 64 << 10
)

// Config is how to reach the API, and as whom.
type Config struct {
	BaseURL      string        // tc_api_path: "https://example.threatconnect.com/api"
	Token        secret.String // tc_token
	TokenExpires time.Time     // tc_token_expires; zero: unknown, renewed on 401 only
	AccessID     string        // tc_api_access_id; with SecretKey it is preferred to Token, as TcEx does
	SecretKey    secret.String // tc_api_secret_key
	Verify       bool          // tc_verify: check the server's TLS certificate
	CAFile       string        // PEM certificates to trust beside the system's; may be empty
	Proxy        *url.URL      // nil: none, whatever the environment says
	UserAgent    string
	Mask         *secret.Mask // learns renewed tokens and keychain values; may be nil
	Log          *slog.Logger // may be nil
}

// Client calls the API. It is safe for concurrent use.
type Client struct {
	base      *url.URL
	userAgent string
	mask      *secret.Mask
	log       *slog.Logger
	auth      auth
	backoff   time.Duration // the first pause between two attempts

	verify bool
	proxy  *url.URL
	roots  []byte // extra certificates, PEM

	build     sync.Once
	transport atomic.Pointer[http.Transport] // nil before the first request
}

// Request is one call.
type Request struct {
	Method      string
	Path        string // relative to BaseURL, escaped, with its query: "v2/logs/app"
	Body        []byte
	ContentType string // of Body
}

// Response is the answer to a [Request].
type Response struct {
	Status int
	Body   []byte
}

// New checks c and returns its client; it does not touch the network. The
// error is an [*Error] that names the parameter.
func New(c Config) (*Client, error) {
	base, err := url.Parse(strings.TrimRight(c.BaseURL, "/"))
	if err != nil || base.Host == "" || (base.Scheme != "https" && base.Scheme != "http") || base.User != nil || base.RawQuery != "" {
		return nil, &Error{
			Op: "use tc_api_path", Reason: "it is no http or https URL of host and path",
			Fix: "ask the ThreatConnect administrator which URL Apps get as tc_api_path",
		}
	}
	client := &Client{
		base: base, userAgent: c.UserAgent, mask: c.Mask, log: c.Log,
		backoff: firstBackoff, verify: c.Verify, proxy: c.Proxy,
		auth: auth{
			accessID: c.AccessID, secretKey: c.SecretKey,
			token: c.Token, expires: c.TokenExpires, turn: make(chan struct{}, 1),
		},
	}
	if client.mask == nil {
		client.mask = new(secret.Mask)
	}
	if client.log == nil {
		client.log = slog.New(slog.DiscardHandler)
	}
	client.mask.Add(c.Token, c.SecretKey)
	if c.CAFile != "" {
		if client.roots, err = readRoots(c.CAFile); err != nil {
			return nil, err
		}
	}
	return client, nil
}

// Close releases the idle connections.
func (c *Client) Close() {
	if t := c.transport.Load(); t != nil {
		t.CloseIdleConnections()
	}
}

// Do sends r with the client's authentication and returns the answer. Any
// status other than 2xx is an [*Error], as are a redirect, a web page in place
// of data and a body that ends early; the Response then still has the status.
func (c *Client) Do(ctx context.Context, r Request) (Response, error) {
	return c.do(ctx, "call the API", r)
}

// do is Do with what the call is for, to begin an error's text.
func (c *Client) do(ctx context.Context, op string, r Request) (Response, error) {
	used, err := c.credential(ctx)
	if err != nil {
		return Response{}, err
	}
	resp, err := c.attempts(ctx, op, r, used)
	if resp.Status != http.StatusUnauthorized || !used.renewable() {
		return resp, err
	}
	if used, err = c.renewed(ctx, used); err != nil {
		return resp, err
	}
	return c.attempts(ctx, op, r, used)
}

// once sends r one time. Its error is an *Error; wait is how long the server
// asks to stay away.
func (c *Client) once(ctx context.Context, op string, r Request, as credential) (resp Response, wait time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.Method, c.base.String()+"/"+strings.TrimLeft(r.Path, "/"), bytes.NewReader(r.Body))
	if err != nil {
		return Response{}, 0, &Error{Op: op, Reason: "the request has no valid URL"}
	}
	if r.ContentType != "" {
		req.Header.Set("Content-Type", r.ContentType)
	}
	req.Header.Set("User-Agent", c.userAgent)
	as.sign(req, time.Now())

	answer, err := c.roundTripper().RoundTrip(req)
	if err != nil {
		return Response{}, 0, transportError(op, err)
	}
	defer func() { _ = answer.Body.Close() }()
	resp.Status = answer.StatusCode
	wait = retryAfter(answer.Header.Get("Retry-After"), time.Now())
	if resp.Status < 200 || resp.Status > 299 {
		// A short body is read, so that the connection is used again.
		_, _ = io.CopyN(io.Discard, answer.Body, maxErrorBody)
		return resp, wait, statusError(op, resp.Status)
	}
	resp.Body, err = io.ReadAll(io.LimitReader(answer.Body, maxBody+1))
	switch {
	case err != nil:
		return Response{}, 0, transportError(op, err)
	case len(resp.Body) > maxBody:
		return Response{Status: resp.Status}, 0, &Error{
			Op: op, Status: resp.Status, Reason: fmt.Sprintf("the answer has more than %d MiB", maxBody>>20),
			Fix: "ask the ThreatConnect administrator what answers at tc_api_path",
		}
	case strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html"):
		return Response{Status: resp.Status}, 0, &Error{
			Op: op, Status: resp.Status, Reason: "a web page came in place of data",
			Fix: "check tc_api_path, and whether a proxy or a login page stands in between",
		}
	}
	return resp, 0, nil
}

// roundTripper returns the transport, built at the first request: a pool of
// certificates costs more than a run that never calls the API. It is used
// without an http.Client: nothing then follows a redirect or keeps a cookie.
func (c *Client) roundTripper() *http.Transport {
	c.build.Do(func() { c.transport.Store(c.newTransport()) })
	return c.transport.Load()
}

func (c *Client) newTransport() *http.Transport {
	t := &http.Transport{
		DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: !c.verify},
		TLSHandshakeTimeout:    handshakeTimeout,
		MaxIdleConnsPerHost:    idleConns,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true,
		OnProxyConnectResponse: proxyAnswer,
	}
	if c.proxy != nil {
		t.Proxy = http.ProxyURL(c.proxy)
	}
	if len(c.roots) > 0 {
		pool, err := x509.SystemCertPool()
		if err != nil {
			pool = x509.NewCertPool()
		}
		pool.AppendCertsFromPEM(c.roots)
		t.TLSClientConfig.RootCAs = pool
	}
	return t
}

// readRoots reads a CA bundle and checks that it holds a certificate.
func readRoots(path string) ([]byte, error) {
	pem, err := os.ReadFile(path)
	if err == nil && !x509.NewCertPool().AppendCertsFromPEM(pem) {
		err = errors.New("no PEM certificate in it")
	}
	if err != nil {
		return nil, &Error{
			Op: "read the CA bundle (REQUESTS_CA_BUNDLE)", Reason: "it is no readable file of PEM certificates",
			Fix: "give the path of a PEM file that the App may read", Err: err,
		}
	}
	return pem, nil
}
