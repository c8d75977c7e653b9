package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/redistest"
)

// front is what stands before the SNS of a world, and does to connections and
// requests what SNS itself does not.
type front struct {
	server   *httptest.Server
	sns      string // what it passes requests on to
	requests atomic.Int64
	taken    atomic.Int64 // bytes of answers that were taken off it
}

// frontOptions say what a front does; the zero value passes everything on.
type frontOptions struct {
	// connect sees connection n, from 1, before anything is read of it. true
	// means that it is dealt with.
	connect func(n int, c net.Conn) bool
	// answer sees request n, from 1, whose body is read. true means that it is
	// answered, else it is passed on.
	answer func(f *front, n int, w http.ResponseWriter, r *request) bool
	tls    *tls.Config
}

// request is a request that a front has read.
type request struct {
	*http.Request
	body []byte
	form url.Values
}

// startFront starts a front before the SNS of w.
func startFront(t *testing.T, w *world, o frontOptions) *front {
	t.Helper()
	f := &front{sns: w.sns.URL()}
	f.server = httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		n := int(f.requests.Add(1))
		body, err := io.ReadAll(r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		form, _ := url.ParseQuery(string(body))
		read := &request{Request: r, body: body, form: form}
		if o.answer == nil || !o.answer(f, n, rw, read) {
			f.passOn(rw, read)
		}
	}))
	f.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if o.connect != nil {
		f.server.Listener = &listener{Listener: f.server.Listener, connect: o.connect}
	}
	if o.tls != nil {
		f.server.TLS = o.tls
		f.server.StartTLS()
	} else {
		f.server.Start()
	}
	t.Cleanup(f.server.Close)
	return f
}

// ask has SNS carry a request out, as it came in: the signature is for the
// host that the App asked for.
func (f *front) ask(r *request) (*http.Response, []byte, error) {
	on, err := http.NewRequestWithContext(context.WithoutCancel(r.Context()), r.Method, f.sns+r.URL.RequestURI(), bytes.NewReader(r.body))
	if err != nil {
		return nil, nil, err
	}
	on.Header, on.Host = r.Header.Clone(), r.Host
	answer, err := http.DefaultTransport.RoundTrip(on)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	return answer, body, err
}

// passOn answers with what SNS does.
func (f *front) passOn(w http.ResponseWriter, r *request) {
	answer, body, err := f.ask(r)
	if err != nil {
		drop()
	}
	for name, values := range answer.Header {
		if _, set := w.Header()[name]; !set {
			w.Header()[name] = values
		}
	}
	w.WriteHeader(answer.StatusCode)
	_, _ = w.Write(body)
}

// flood writes an answer until nobody takes more of it, or most bytes.
func (f *front) flood(w io.Writer, most int) {
	chunk := bytes.Repeat([]byte("flood "), 10_000)
	for most > 0 {
		n, err := w.Write(chunk)
		f.taken.Add(int64(n))
		most -= n
		if err != nil {
			return
		}
	}
}

// drop breaks the connection of a request.
func drop() { panic(http.ErrAbortHandler) }

// hold holds a request up until its client is gone.
func hold(r *request) { <-r.Context().Done() }

// raw takes the connection out of HTTP's hands, writes text as the answer and
// closes it.
func raw(w http.ResponseWriter, text string) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		drop()
	}
	_, _ = io.WriteString(c, text)
	_ = c.Close()
}

// listener shows each connection to connect first.
type listener struct {
	net.Listener
	connect func(n int, c net.Conn) bool
	n       int
}

// Accept implements net.Listener.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		l.n++
		if !l.connect(l.n, c) {
			return c, nil
		}
	}
}

// reset breaks a connection so that its other end notices at once.
func reset(c net.Conn) {
	if c, ok := c.(*net.TCPConn); ok {
		_ = c.SetLinger(0)
	}
	_ = c.Close()
}

// keep keeps a connection open and silent for the rest of the test.
func keep(t *testing.T) func(int, net.Conn) bool {
	return func(_ int, c net.Conn) bool {
		t.Cleanup(func() { _ = c.Close() })
		return true
	}
}

// environment is the App's, with nothing of AWS or a proxy in it but what more
// says.
func environment(more ...string) []string {
	var env []string
	for _, name := range []string{"PATH", "HOME", "LANG"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return append(env, more...)
}

// certified is a TLS endpoint's configuration, and the App's environment that
// trusts who signed it.
func certified(t *testing.T, c redistest.Certificate) (*tls.Config, []string) {
	t.Helper()
	authority := redistest.NewAuthority(t)
	return &tls.Config{Certificates: []tls.Certificate{authority.Issue(t, c).TLS}}, environment("AWS_CA_BUNDLE=" + authority.CAFile)
}

// skewed is a clock that is off.
func skewed(by time.Duration) func() time.Time {
	return func() time.Time { return time.Now().Add(by) }
}

// hostOf is the host of a URL, with its port.
func hostOf(t *testing.T, text string) string {
	t.Helper()
	u, err := url.Parse(text)
	require.NoError(t, err)
	return u.Host
}
