package api_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/redistest"
	"tcsns/internal/tc/api"
	"tcsns/internal/tc/neterr"
	"tcsns/internal/tc/secret"
)

// hidden stands in every place that no error and no log may show.
const hidden = "hidden-token-0123456789"

func TestDoSendsWhatItIsGiven(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var body []byte
	client := serve(t, api.Config{UserAgent: "tcsns/1.0"}, func(w http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "answer")
	})
	resp, err := client.Do(context.Background(), api.Request{
		Method: http.MethodPut, Path: "internal/a%20b/%23App%3A1?q=1", Body: []byte("body"), ContentType: "application/octet-stream",
	})
	require.NoError(t, err)
	require.Equal(t, api.Response{Status: http.StatusCreated, Body: []byte("answer")}, resp)
	require.Equal(t, "/api/internal/a%20b/%23App%3A1?q=1", got.RequestURI)
	require.Equal(t, http.MethodPut, got.Method)
	require.Equal(t, "body", string(body))
	require.Equal(t, "application/octet-stream", got.Header.Get("Content-Type"))
	require.Equal(t, "tcsns/1.0", got.Header.Get("User-Agent"))
}

func TestNewRefusesABaseURL(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "example.com/api", "ftp://example.com/api", "https://", "https://user:pw@example.com/api", "https://example.com/api?x=1", "http://[::1"} {
		_, err := api.New(api.Config{BaseURL: base})
		var e *api.Error
		require.ErrorAs(t, err, &e, base)
		require.Contains(t, e.Error(), "tc_api_path")
	}
}

func TestStatusesInWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status    int
		fix       string
		temporary bool
	}{
		{300, "tc_api_path", false},
		{302, "tc_api_path", false},
		{400, "version", false},
		{401, "clock", false},
		{403, "permission", false},
		{404, "tc_api_path", false},
		{407, "tc_proxy_password", false},
		{429, "later", true},
		{500, "again", true},
		{501, "again", false},
		{503, "again", true},
	} {
		t.Run(fmt.Sprint(c.status), func(t *testing.T) {
			t.Parallel()
			client := serve(t, api.Config{Token: secret.New("APIV2-" + hidden)}, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/elsewhere?"+hidden)
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, hidden)
			})
			resp, err := client.Do(context.Background(), api.Request{Method: http.MethodGet, Path: "x"})
			e := requireError(t, err)
			require.Equal(t, c.status, e.Status)
			require.Equal(t, c.status, resp.Status)
			require.Empty(t, resp.Body)
			require.Contains(t, e.Fix, c.fix)
			require.Contains(t, e.Error(), fmt.Sprint("HTTP ", c.status))
			require.Equal(t, c.temporary, e.Temporary())
		})
	}
}

func TestNoRedirectIsFollowed(t *testing.T) {
	t.Parallel()
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	client := serve(t, api.Config{}, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
	})
	_, err := client.Do(context.Background(), api.Request{Method: http.MethodGet, Path: "x"})
	requireError(t, err)
	require.Zero(t, elsewhere.Load())
}

func TestRetries(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, method string
		status       int
		failures     int32 // before it works
		want         int32 // requests
		ok           bool
	}{
		{"get, 500 twice", http.MethodGet, 500, 2, 3, true},
		{"put, 503 thrice", http.MethodPut, 503, 3, 4, true},
		{"get, 429 for ever", http.MethodGet, 429, 99, 4, false},
		{"get, 502", http.MethodGet, 502, 1, 2, true},
		{"get, 504", http.MethodGet, 504, 1, 2, true},
		{"get, dropped", http.MethodGet, 0, 2, 3, true},
		{"get, 404", http.MethodGet, 404, 1, 1, false},
		{"get, 501", http.MethodGet, 501, 1, 1, false},
		{"post is not repeated", http.MethodPost, 503, 1, 1, false},
		{"post, dropped", http.MethodPost, 0, 1, 1, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var requests atomic.Int32
			client := serve(t, api.Config{}, func(w http.ResponseWriter, r *http.Request) {
				if body, err := io.ReadAll(r.Body); err != nil || string(body) != "body" {
					w.WriteHeader(http.StatusTeapot)
					return
				}
				switch {
				case requests.Add(1) > c.failures:
				case c.status == 0:
					panic(http.ErrAbortHandler)
				default:
					w.WriteHeader(c.status)
				}
			})
			_, err := client.Do(context.Background(), api.Request{Method: c.method, Path: "x", Body: []byte("body")})
			require.Equal(t, c.ok, err == nil, "%v", err)
			require.Equal(t, c.want, requests.Load())
		})
	}
}

func TestRetriesStayInsideTheDeadline(t *testing.T) {
	t.Parallel()
	var requests atomic.Int32
	client := serve(t, api.Config{}, func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.Header().Set("Retry-After", "9")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_, err := client.Do(ctx, api.Request{Method: http.MethodGet, Path: "x"})
	require.Equal(t, http.StatusServiceUnavailable, requireError(t, err).Status)
	require.Equal(t, int32(1), requests.Load(), "a pause that outlasts the deadline is not begun")
	require.NoError(t, ctx.Err())
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"": 0, "3": 3 * time.Second, "0": 0, "-3": 0, "soon": 0, "1.5": 0,
		"Fri, 02 Jan 2026 03:04:15 GMT": 10 * time.Second,
		"Fri, 02 Jan 2026 03:04:00 GMT": 0,
		"99999999999999999999":          0,
	} {
		require.Equal(t, want, api.RetryAfter(header, now), header)
	}

	client, err := api.New(api.Config{BaseURL: "https://x"})
	require.NoError(t, err)
	for wait, want := range map[time.Duration]time.Duration{3 * time.Second: 3 * time.Second, 10 * time.Second: 10 * time.Second, time.Hour: 10 * time.Second} {
		require.Equal(t, want, client.Pause(1, wait), "as asked, within bounds")
	}
	for n, longest := range []time.Duration{300 * time.Millisecond, 600 * time.Millisecond, 1200 * time.Millisecond} {
		pause := client.Pause(n+1, 0)
		require.GreaterOrEqual(t, pause, longest/2)
		require.LessOrEqual(t, pause, longest)
	}
}

func TestAnswersThatAreNone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		serve http.HandlerFunc
		kind  neterr.Kind
	}{
		{"web page", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html>"+hidden)
		}, neterr.Unknown},
		{"truncated", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, hidden)
		}, neterr.Closed},
		{"too large", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/octet-stream")
			piece := make([]byte, 1<<20)
			for range 65 {
				if _, err := w.Write(piece); err != nil {
					return
				}
			}
		}, neterr.Unknown},
		{"no HTTP", func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err == nil {
				_, _ = io.WriteString(conn, hidden+"\r\n\r\n")
				_ = conn.Close()
			}
		}, neterr.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			client := serve(t, api.Config{}, c.serve)
			_, err := client.Do(context.Background(), api.Request{Method: http.MethodGet, Path: "x"})
			e := requireError(t, err)
			require.Equal(t, c.kind, e.Kind)
			require.NotEmpty(t, e.Fix)
		})
	}
}

func TestEnormousErrorBodyIsNotRead(t *testing.T) {
	t.Parallel()
	client := serve(t, api.Config{}, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		piece := make([]byte, 1<<20)
		for r.Context().Err() == nil { // until the client hangs up
			if _, err := w.Write(piece); err != nil {
				return
			}
		}
	})
	_, err := client.Do(context.Background(), api.Request{Method: http.MethodGet, Path: "x"})
	require.Equal(t, http.StatusBadRequest, requireError(t, err).Status)
}

func TestCancelEndsACallAtOnce(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	client := serve(t, api.Config{}, func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		<-arrived
		cancel()
	}()
	_, err := client.Do(ctx, api.Request{Method: http.MethodGet, Path: "x"})
	require.Equal(t, neterr.Canceled, requireError(t, err).Kind)
	require.ErrorIs(t, err, context.Canceled)
}

func TestNothingListens(t *testing.T) {
	t.Parallel()
	client, err := api.New(api.Config{BaseURL: "http://" + redistest.RefusingAddr(t), Token: secret.New(hidden)})
	require.NoError(t, err)
	client.SetBackoff(time.Millisecond)
	_, err = client.Do(context.Background(), api.Request{Method: http.MethodGet, Path: "x"})
	e := requireError(t, err)
	require.Equal(t, neterr.Refused, e.Kind)
	require.Contains(t, e.Fix, "tc_api_path")
	require.True(t, e.Temporary())
}

func TestTLS(t *testing.T) {
	t.Parallel()
	ca, other := redistest.NewAuthority(t), redistest.NewAuthority(t)
	good := redistest.Certificate{Names: []string{"127.0.0.1"}}
	for _, c := range []struct {
		name   string
		cert   redistest.Certificate
		verify bool
		caFile string
		max    uint16
		want   neterr.Kind
		ok     bool
	}{
		{"known authority", good, true, ca.CAFile, 0, neterr.Unknown, true},
		{"unknown authority", good, true, other.CAFile, 0, neterr.UntrustedCA, false},
		{"system's authorities", good, true, "", 0, neterr.UntrustedCA, false},
		{"tc_verify false", good, false, "", 0, neterr.Unknown, true},
		{"tc_verify false, expired", redistest.Certificate{Expired: true}, false, "", 0, neterr.Unknown, true},
		{"expired", redistest.Certificate{Names: good.Names, Expired: true}, true, ca.CAFile, 0, neterr.Expired, false},
		{"other host", redistest.Certificate{Names: []string{"other.test"}}, true, ca.CAFile, 0, neterr.WrongHost, false},
		{"TLS 1.1", good, true, ca.CAFile, tls.VersionTLS11, neterr.TLSHandshake, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
			server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
			server.TLS = &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, c.cert).TLS}, MinVersion: tls.VersionTLS10, MaxVersion: c.max}
			server.StartTLS()
			defer server.Close()
			client, err := api.New(api.Config{BaseURL: server.URL, Token: secret.New(hidden), Verify: c.verify, CAFile: c.caFile})
			require.NoError(t, err)
			defer client.Close()
			_, err = client.Do(context.Background(), api.Request{Method: http.MethodGet, Path: "x"})
			if c.ok {
				require.NoError(t, err)
				return
			}
			require.Equal(t, c.want, requireError(t, err).Kind)
		})
	}
}

func TestServerWithoutTLS(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	client, err := api.New(api.Config{BaseURL: strings.Replace(server.URL, "http:", "https:", 1), Token: secret.New(hidden), Verify: true})
	require.NoError(t, err)
	_, err = client.Do(context.Background(), api.Request{Method: http.MethodGet, Path: "x"})
	require.Equal(t, neterr.NoTLS, requireError(t, err).Kind)
}

func TestCAFileWithoutCertificate(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(empty, []byte("nothing"), 0o600))
	for _, path := range []string{empty, empty + "-missing"} {
		_, err := api.New(api.Config{BaseURL: "https://example.test/api", CAFile: path})
		requireError(t, err)
	}
}

// serve starts a server and a client of it with a long-lived token and short
// pauses, unless c says otherwise. Nothing of hidden may reach its log.
func serve(t *testing.T, c api.Config, handler http.HandlerFunc) *api.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	if c.Token.Empty() && c.AccessID == "" {
		c.Token = secret.New("APIV2-" + hidden)
	}
	var log bytes.Buffer
	c.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c.BaseURL, c.Verify = server.URL+"/api/", true
	client, err := api.New(c)
	require.NoError(t, err)
	client.SetBackoff(time.Millisecond)
	t.Cleanup(func() {
		client.Close()
		require.NotContains(t, log.String(), hidden)
	})
	return client
}

// requireError checks that err is the package's and shows nothing hidden, in
// its text or that of its causes.
func requireError(t *testing.T, err error) *api.Error {
	t.Helper()
	var e *api.Error
	require.ErrorAs(t, err, &e)
	for ; err != nil; err = errors.Unwrap(err) {
		require.NotContains(t, err.Error(), hidden)
		require.NotContains(t, fmt.Sprintf("%+v", err), hidden)
	}
	return e
}
