package tc_test

import (
	"context"
	"encoding/json"
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc"
	"tcsns/internal/tc/exit"
	"tcsns/internal/tc/playbook"
)

// apiServer is as much of ThreatConnect's REST API as a run meets.
type apiServer struct {
	*httptest.Server
	mu        sync.Mutex
	variables map[string]string // by name
	values    map[string]string // of the key-value store, by "context/key"
	log       []string
	requests  int
	agent     string // who asked last
	refuse    bool   // the log sink is down
}

func startAPI(t *testing.T) *apiServer { return startServer(t, false) }

// startServer starts it, with TLS or without.
func startServer(t *testing.T, secure bool) *apiServer {
	t.Helper()
	s := &apiServer{variables: map[string]string{"region": "eu-west-1", "key": "s3cr3t-keychain"}, values: map[string]string{}}
	s.Server = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.Config.ErrorLog = log.New(io.Discard, "", 0) // a client that does not trust it is part of a test
	t.Cleanup(s.Close)
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	return s
}

func (s *apiServer) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests++
	s.agent = r.UserAgent()
	if r.Header.Get("Authorization") != "TC-Token s3cr3t-token" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/api/")
	body, _ := io.ReadAll(r.Body)
	if name, ok := strings.CutPrefix(path, "internal/variable/runtime/TC/"); ok {
		value, ok := s.variables[name]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]string{"data": value})
		return
	}
	if key, ok := strings.CutPrefix(path, "internal/playbooks/keyValue/"); ok {
		key, _ = url.QueryUnescape(key)
		if r.Method == http.MethodPut {
			s.values[key] = string(body)
			return
		}
		_, _ = io.WriteString(w, s.values[key])
		return
	}
	if path == "v2/logs/app" && !s.refuse {
		var events []struct{ Level, Message string }
		_ = json.Unmarshal(body, &events)
		for _, e := range events {
			s.log = append(s.log, e.Level+" "+e.Message)
		}
		return
	}
	w.WriteHeader(http.StatusBadRequest)
}

// TestMainTCVariables: keychain values arrive over the API, and nothing that
// is written shows them.
func TestMainTCVariables(t *testing.T) {
	t.Parallel()
	server := startAPI(t)
	p := newPlatform(t)
	work := func(ctx context.Context, r *tc.Run) error {
		values, err := r.Playbook.Resolve(ctx,
			playbook.Input{Param: "key", Raw: r.Params.Raw("key")},
			playbook.Input{Param: "text", Raw: r.Params.Raw("text")})
		if err != nil {
			return err
		}
		text, err := values["text"].Text()
		if err != nil {
			return err
		}
		r.Log.Info(text, "key", values["key"].Secret().Reveal())
		return &exit.Error{Text: "leaks " + text}
	}
	params := map[string]any{"tc_api_path": server.URL + "/api", "key": "&{TC:KEYCHAIN:key}", "text": "in &{TC:TEXT:region} with &{TC:KEYCHAIN:key}"}
	got := p.run(t, t.Context(), work, params)
	require.Equal(t, "leaks in eu-west-1 with ***.\n", got.message)
	require.Contains(t, got.log, "in eu-west-1 with ***")
	require.Equal(t, 2, server.requests, "each variable once")
	require.Equal(t, "Demo-App/1.2.3", server.agent)

	params["text"] = "&{TC:TEXT:absent}"
	got = p.run(t, t.Context(), work, params)
	require.Equal(t, exit.HardFailure, got.code)
	require.Contains(t, got.message, "text")
	require.Contains(t, got.message, "&{TC:TEXT:absent}")
}

// TestMainCABundle: a platform with a private certificate is trusted by the
// file that Python Apps go by, or where tc_verify is off, and by nothing less.
func TestMainCABundle(t *testing.T) {
	t.Parallel()
	server := startServer(t, true)
	p := newPlatform(t)
	work := func(ctx context.Context, r *tc.Run) error {
		_, err := r.Playbook.Resolve(ctx, playbook.Input{Param: "text", Raw: r.Params.Raw("text")})
		return err
	}
	params := map[string]any{"tc_api_path": server.URL + "/api", "text": "&{TC:TEXT:region}"}
	got := p.run(t, t.Context(), work, params)
	require.NotEqual(t, exit.Success, got.code)
	require.Zero(t, server.requests)

	bundle := p.path("bundle.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	require.NoError(t, os.WriteFile(bundle, block, 0o600))
	p.env["REQUESTS_CA_BUNDLE"] = bundle
	got = p.run(t, t.Context(), work, params)
	require.Equal(t, exit.Success, got.code, got.message)

	p.env["REQUESTS_CA_BUNDLE"] = p.path("nothing.pem")
	got = p.run(t, t.Context(), work, params)
	require.NotEqual(t, exit.Success, got.code)
	require.Contains(t, got.message, "REQUESTS_CA_BUNDLE")

	delete(p.env, "REQUESTS_CA_BUNDLE")
	params["tc_verify"] = "false"
	got = p.run(t, t.Context(), work, params)
	require.Equal(t, exit.Success, got.code, got.message)
}

// TestMainKeyValueAPI: the same App against the platform's key-value store.
func TestMainKeyValueAPI(t *testing.T) {
	t.Parallel()
	server := startAPI(t)
	server.values[kvContext+"/#Trigger:1:x!String"] = `"abc"`
	p := newPlatform(t)
	p.store.Close()
	got := p.run(t, t.Context(), reverse, map[string]any{
		"tc_api_path": server.URL + "/api", "tc_kvstore_type": "TCKeyValueAPI",
		"text": "#Trigger:1:x!String", "tc_playbook_out_variables": "#App:42:reversed.text!String", "tcex_testing_context": "harness",
	})
	require.Equal(t, exit.Success, got.code, got.message)
	require.Equal(t, `"cba"`, server.values[kvContext+"/#App:42:reversed.text!String"])
	require.Equal(t, "reversed 3 characters", server.values["harness/_exit_message"])
}

// TestMainLogToAPI: the platform gets the log as well when it asks for it.
func TestMainLogToAPI(t *testing.T) {
	t.Parallel()
	server := startAPI(t)
	p := newPlatform(t)
	got := p.run(t, t.Context(), set(nil), map[string]any{"tc_api_path": server.URL + "/api", "tc_log_to_api": true})
	require.Equal(t, exit.Success, got.code)
	all := strings.Join(server.log, "\n")
	require.Contains(t, all, "1.2.3")
	require.Contains(t, all, "exit")
	require.NotContains(t, all, "s3cr3t")

	server.log, server.requests = nil, 0
	p.run(t, t.Context(), set(nil), map[string]any{"tc_api_path": server.URL + "/api", "tc_log_to_api": "false"})
	p.run(t, t.Context(), set(nil), map[string]any{
		"tc_api_path": server.URL + "/api", "tc_log_to_api": true, "tc_token": nil, "tc_api_access_id": "1", "tc_api_secret_key": "s3cr3t-hmac",
	})
	require.Zero(t, server.requests, "not asked for, or no token to send it with")
}

// TestMainLogSinkDown: a log sink that fails, or cannot even be built, costs
// the run nothing.
func TestMainLogSinkDown(t *testing.T) {
	t.Parallel()
	server := startAPI(t)
	server.refuse = true
	for _, path := range []string{server.URL + "/api", "http://127.0.0.1:1/api", "no URL"} {
		p := newPlatform(t)
		got := p.run(t, t.Context(), set(nil), map[string]any{"tc_api_path": path, "tc_log_to_api": true})
		require.Equal(t, exit.Success, got.code)
		require.Equal(t, "did it\n", got.message)
	}
}

// TestRunAPI: the client is there for an App's own calls.
func TestRunAPI(t *testing.T) {
	t.Parallel()
	newPlatform(t).run(t, t.Context(), func(_ context.Context, r *tc.Run) error {
		first, err := r.API()
		require.NoError(t, err)
		again, err := r.API()
		require.NoError(t, err)
		require.Same(t, first, again)
		return nil
	}, nil)
	got := newPlatform(t).run(t, t.Context(), func(_ context.Context, r *tc.Run) error {
		_, err := r.API()
		return err
	}, map[string]any{"tc_api_path": "no URL"})
	require.Equal(t, exit.HardFailure, got.code)
	require.Contains(t, got.message, "tc_api_path")
}
