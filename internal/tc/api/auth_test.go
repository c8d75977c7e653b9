package api_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/api"
	"tcsns/internal/tc/secret"
)

func TestTokenHeaders(t *testing.T) {
	t.Parallel()
	var got http.Header
	client := serve(t, api.Config{Token: secret.New("token")}, func(_ http.ResponseWriter, r *http.Request) { got = r.Header })
	_, err := client.Do(context.Background(), api.Request{Method: http.MethodGet, Path: "x"})
	require.NoError(t, err)
	require.Equal(t, "TC-Token token", got.Get("Authorization"))
	requireNow(t, got.Get("Timestamp"))
}

func TestHMACHeadersArePreferred(t *testing.T) {
	t.Parallel()
	var got *http.Request
	client := serve(t, api.Config{Token: secret.New("token"), AccessID: "id", SecretKey: secret.New("key")},
		func(_ http.ResponseWriter, r *http.Request) { got = r })
	_, err := client.Do(context.Background(), api.Request{Method: http.MethodPut, Path: "a/%23b%3A?x=%20y"})
	require.NoError(t, err)
	timestamp := got.Header.Get("Timestamp")
	requireNow(t, timestamp)
	mac := hmac.New(sha256.New, []byte("key"))
	mac.Write([]byte("/api/a/%23b%3A?x=%20y:PUT:" + timestamp))
	require.Equal(t, "TC id:"+base64.StdEncoding.EncodeToString(mac.Sum(nil)), got.Header.Get("Authorization"))
}

func TestAccessIDAloneIsNotEnough(t *testing.T) {
	t.Parallel()
	var got http.Header
	client := serve(t, api.Config{Token: secret.New("token"), AccessID: "id"}, func(_ http.ResponseWriter, r *http.Request) { got = r.Header })
	_, err := client.Do(context.Background(), api.Request{Method: http.MethodGet, Path: "x"})
	require.NoError(t, err)
	require.Equal(t, "TC-Token token", got.Get("Authorization"))
}

func TestNoCredentials(t *testing.T) {
	t.Parallel()
	client, err := api.New(api.Config{BaseURL: "https://example.test/api"})
	require.NoError(t, err)
	_, err = client.Do(context.Background(), api.Request{Method: http.MethodGet, Path: "x"})
	require.Contains(t, requireError(t, err).Fix, "tc_token")
}

// platform gives out and checks tokens.
type platform struct {
	mu       sync.Mutex
	valid    string // the token that it accepts
	renewals int
	answer   func(w http.ResponseWriter, old string) // of a renewal; nil: a new token, valid for an hour
	order    []string
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.order = append(p.order, r.Method+" "+r.URL.Path)
	if r.URL.Path != "/api/appAuth" {
		if r.Header.Get("Authorization") != "TC-Token "+p.valid {
			w.WriteHeader(http.StatusUnauthorized)
		}
		return
	}
	p.renewals++
	if r.Header.Get("Authorization") != "" || r.Method != http.MethodGet {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	old := r.URL.Query().Get("expiredToken")
	if p.answer != nil {
		p.answer(w, old)
		return
	}
	p.valid = fmt.Sprintf("%s+%d/", hidden, p.renewals)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"success": true, "apiToken": p.valid, "apiTokenExpires": time.Now().Add(time.Hour).Unix(),
	})
}

func TestTokenIsRenewedBeforeItsEnd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		expires time.Time
		token   string
		want    int
	}{
		{"an hour left", time.Now().Add(time.Hour), hidden, 0},
		{"a second left", time.Now().Add(time.Second), hidden, 1},
		{"ended", time.Now().Add(-time.Hour), hidden, 1},
		{"unknown", time.Time{}, hidden, 0},
		{"long-lived", time.Now().Add(-time.Hour), "APIV2:" + hidden, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := &platform{valid: c.token}
			client := serve(t, api.Config{Token: secret.New(c.token), TokenExpires: c.expires}, p.ServeHTTP)
			for range 2 {
				_, err := client.Do(context.Background(), api.Request{Method: http.MethodGet, Path: "x"})
				require.NoError(t, err)
			}
			require.Equal(t, c.want, p.renewals)
		})
	}
}

func TestTokenIsRenewedOnceOn401(t *testing.T) {
	t.Parallel()
	p := &platform{valid: "another"}
	client := serve(t, api.Config{Token: secret.New(hidden)}, p.ServeHTTP)
	var calls sync.WaitGroup
	var failed atomic.Int32
	for range 8 {
		calls.Go(func() {
			if _, err := client.Do(context.Background(), api.Request{Method: http.MethodPost, Path: "x"}); err != nil {
				failed.Add(1)
			}
		})
	}
	calls.Wait()
	require.Zero(t, failed.Load())
	require.Equal(t, 1, p.renewals, "calls that are refused together share one renewal")
}

func TestSecond401IsAnError(t *testing.T) {
	t.Parallel()
	p := &platform{valid: "another", answer: func(w http.ResponseWriter, _ string) {
		_, _ = fmt.Fprintf(w, `{"apiToken": "%s-refused", "apiTokenExpires": "soon"}`, hidden)
	}}
	client := serve(t, api.Config{Token: secret.New(hidden)}, p.ServeHTTP)
	_, err := client.Do(context.Background(), api.Request{Method: http.MethodGet, Path: "x"})
	require.Equal(t, http.StatusUnauthorized, requireError(t, err).Status)
	require.Equal(t, 1, p.renewals)
	require.Equal(t, []string{"GET /api/x", "GET /api/appAuth", "GET /api/x"}, p.order)
}

func TestLongLivedTokenIsNotRenewedOn401(t *testing.T) {
	t.Parallel()
	p := &platform{valid: "another"}
	client := serve(t, api.Config{Token: secret.New("APIV2:" + hidden)}, p.ServeHTTP)
	_, err := client.Do(context.Background(), api.Request{Method: http.MethodGet, Path: "x"})
	require.Equal(t, http.StatusUnauthorized, requireError(t, err).Status)
	require.Zero(t, p.renewals)
}

func TestRenewalThatFails(t *testing.T) {
	t.Parallel()
	answers := map[string]func(http.ResponseWriter, string){
		"refused":    func(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusForbidden) },
		"no success": func(w http.ResponseWriter, old string) { _, _ = fmt.Fprintf(w, `{"success":false,"message":%q}`, old) },
		"no token":   func(w http.ResponseWriter, _ string) { _, _ = fmt.Fprint(w, `{}`) },
		"no JSON":    func(w http.ResponseWriter, old string) { _, _ = fmt.Fprint(w, old) },
		"dropped":    func(http.ResponseWriter, string) { panic(http.ErrAbortHandler) },
		"broken HTTP": func(w http.ResponseWriter, old string) {
			w.Header().Set("Location", old)
			w.WriteHeader(http.StatusFound)
		},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := &platform{valid: hidden, answer: answer}
			ended := serve(t, api.Config{Token: secret.New(hidden), TokenExpires: time.Now().Add(-time.Minute)}, p.ServeHTTP)
			_, err := ended.Do(context.Background(), api.Request{Method: http.MethodGet, Path: "x"})
			require.Equal(t, "renew the token", requireError(t, err).Op)

			ending := serve(t, api.Config{Token: secret.New(hidden), TokenExpires: time.Now().Add(10 * time.Second)}, p.ServeHTTP)
			_, err = ending.Do(context.Background(), api.Request{Method: http.MethodGet, Path: "x"})
			require.NoError(t, err, "the old token still holds")
		})
	}
}

func TestLogWaitsForARenewal(t *testing.T) {
	t.Parallel()
	release, renewing := make(chan struct{}), make(chan struct{})
	p := &platform{valid: "none"}
	p.answer = func(w http.ResponseWriter, _ string) {
		close(renewing)
		<-release
		p.valid = "new"
		_, _ = fmt.Fprint(w, `{"apiToken":"new"}`)
	}
	client := serve(t, api.Config{Token: secret.New(hidden), TokenExpires: time.Now().Add(-time.Minute)}, p.ServeHTTP)
	done := make(chan error, 2)
	go func() {
		_, err := client.Do(context.Background(), api.Request{Method: http.MethodGet, Path: "x"})
		done <- err
	}()
	<-renewing
	short, cancel := context.WithCancel(context.Background())
	cancel()
	requireError(t, client.SendLog(short, []api.LogEvent{{Message: "m"}})) // its own deadline ends the wait
	go func() { done <- client.SendLog(context.Background(), []api.LogEvent{{Message: "m"}}) }()
	close(release)
	require.NoError(t, <-done)
	require.NoError(t, <-done)
	require.Equal(t, "GET /api/appAuth", p.order[0])
	require.Len(t, p.order, 3)
}

func requireNow(t *testing.T, timestamp string) {
	t.Helper()
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	require.NoError(t, err)
	require.InDelta(t, time.Now().Unix(), seconds, 60)
}
