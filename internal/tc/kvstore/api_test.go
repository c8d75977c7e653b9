package kvstore_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/api"
	"tcsns/internal/tc/kvstore"
	"tcsns/internal/tc/secret"
)

// platform is the key-value store of the REST API, as CONTRACT §4 documents
// it.
type platform struct {
	mu     sync.Mutex
	values map[string][]byte // by the escaped path
	paths  []string
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	const prefix = "/api/internal/playbooks/keyValue/"
	path, ok := strings.CutPrefix(r.URL.EscapedPath(), prefix)
	if !ok || strings.Count(path, "/") != 1 || r.Header.Get("Authorization") != "TC-Token token" {
		http.Error(w, "bad request", http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paths = append(p.paths, path)
	switch r.Method {
	case http.MethodPut:
		if r.Header.Get("Content-Type") != "application/octet-stream" {
			http.Error(w, "bad type", http.StatusUnsupportedMediaType)
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		p.values[path] = body
	case http.MethodGet:
		value, ok := p.values[path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/octet-stream")
		_, _ = w.Write(value)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

func TestAPIConforms(t *testing.T) {
	t.Parallel()
	p := &platform{values: map[string][]byte{}}
	client := serveAPI(t, p)
	conformance(t, func(t *testing.T, kvContext string) kvstore.Store {
		return kvstore.OpenAPI(client, kvContext)
	})
}

func TestAPIPath(t *testing.T) {
	t.Parallel()
	p := &platform{values: map[string][]byte{}}
	s := kvstore.OpenAPI(serveAPI(t, p), "a b")
	require.NoError(t, s.Put(context.Background(), kvstore.Entry{Key: "#App:1:x[0] y~!String", Value: []byte("v")}))
	require.Equal(t, []string{"a%20b/%23App%3A1%3Ax%5B0%5D%20y~%21String"}, p.paths)
}

func TestAPIEmptyBodyIsUnset(t *testing.T) {
	t.Parallel()
	s := kvstore.OpenAPI(serveAPI(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
	})), "c")
	got, err := s.Get(context.Background(), "k")
	require.NoError(t, err)
	require.Equal(t, [][]byte{nil}, got)
}

func TestAPIFailuresInWords(t *testing.T) {
	t.Parallel()
	status := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "hidden-value")
		}
	}
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		reason  kvstore.Reason
	}{
		{"refused", status(http.StatusBadRequest), kvstore.Rejected},
		{"credentials", status(http.StatusUnauthorized), kvstore.Credentials},
		{"permission", status(http.StatusForbidden), kvstore.Permission},
		{"server down", status(http.StatusNotImplemented), kvstore.Starting},
		{"full", status(http.StatusInsufficientStorage), kvstore.Full},
		{"redirect", status(http.StatusFound), kvstore.Rejected},
		{"captive portal", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, "<html>hidden-value</html>")
		}, kvstore.Garbage},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := kvstore.OpenAPI(serveAPI(t, c.handler), "c")
			_, err := s.Get(context.Background(), "k")
			requireReason(t, err, c.reason, "")
			err = s.Put(context.Background(), kvstore.Entry{Key: "k", Value: []byte("hidden-value")})
			requireReason(t, err, c.reason, "")
			for ; err != nil; err = errors.Unwrap(err) {
				require.NotContains(t, err.Error(), "hidden-value")
			}
		})
	}
}

func TestAPINamesTheKeysThatFailed(t *testing.T) {
	t.Parallel()
	s := kvstore.OpenAPI(serveAPI(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/b") {
			w.WriteHeader(http.StatusNotFound) // for a PUT that is no "unset"
		}
	})), "c")
	err := s.Put(context.Background(), kvstore.Entry{Key: "a"}, kvstore.Entry{Key: "b"}, kvstore.Entry{Key: "c"})
	e := requireReason(t, err, kvstore.Rejected, "")
	require.Equal(t, []string{"b"}, e.Keys)
}

func serveAPI(t *testing.T, handler http.Handler) *api.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	client, err := api.New(api.Config{BaseURL: server.URL + "/api", Token: secret.New("token"), Verify: true})
	require.NoError(t, err)
	t.Cleanup(client.Close)
	return client
}
