package e2e

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/platform"
)

// apiFaults are those of the other kind of store, behind the platform's API.
func apiFaults() []fault {
	const area = "store"
	return []fault{
		{
			ID: "api-token-expired", Area: area, Name: "API store: 401, the token is renewed",
			Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				return onAPI(t, nil, func(a *platform.API) { a.ExpireToken() })
			},
		}, {
			ID: "api-token-refused", Area: area, Name: "API store: 401, and the token cannot be renewed",
			Exit: 4, Debug: debugNone, Says: []string{"renew the token", "401"},
			do: func(t *testing.T) (*world, outcome) {
				return onAPI(t, answers(func(int) (int, string) { return http.StatusUnauthorized, "" }), nil)
			},
		}, {
			ID: "api-500-twice", Area: area, Name: "API store: 500 twice, then fine",
			Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				return onAPI(t, answers(func(n int) (int, string) {
					if n <= 2 {
						return http.StatusInternalServerError, ""
					}
					return 0, ""
				}), nil)
			},
		}, {
			ID: "api-500", Area: area, Name: "API store: 500 for ever",
			Exit: 1, Debug: debugNone, Says: []string{"500"}, Within: 60 * time.Second,
			do: func(t *testing.T) (*world, outcome) {
				return onAPI(t, answers(func(int) (int, string) { return http.StatusInternalServerError, "leaked-page" }), nil)
			},
		}, {
			ID: "api-down", Area: area, Name: "API store: nobody listens",
			Exit: 1, Debug: debugNone, Says: []string{"tc_api_path"},
			do: func(t *testing.T) (*world, outcome) {
				return onAPI(t, nil, func(a *platform.API) { require.NoError(t, a.Close()) })
			},
		}, {
			ID: "api-429", Area: area, Name: "API store: 429 for ever, come back in eleven days",
			Exit: 1, Debug: debugNone, Says: []string{"429"}, Within: 60 * time.Second,
			do: func(t *testing.T) (*world, outcome) {
				return onAPI(t, func(w http.ResponseWriter, _ *http.Request) bool {
					w.Header().Set("Retry-After", "999999")
					w.WriteHeader(http.StatusTooManyRequests)
					return true
				}, nil)
			},
		}, {
			ID: "api-flood", Area: area, Name: "API store: a value without end",
			Exit: 4, Debug: "64 MiB", Says: []string{"64 MiB"},
			do: func(t *testing.T) (*world, outcome) {
				return onAPI(t, func(w http.ResponseWriter, r *http.Request) bool {
					if r.Method != http.MethodGet {
						return false
					}
					for chunk := make([]byte, 1<<20); ; {
						if _, err := w.Write(chunk); err != nil {
							return true
						}
					}
				}, nil)
			},
		}, {
			ID: "api-404", Area: area, Name: "API store: 404, the variable is not set",
			Exit: 4, Debug: "address", Says: []string{"address", "not set"},
			do: func(t *testing.T) (*world, outcome) {
				return onAPI(t, func(w http.ResponseWriter, r *http.Request) bool {
					if r.Method == http.MethodGet {
						w.WriteHeader(http.StatusNotFound)
						return true
					}
					return false
				}, nil)
			},
		}, {
			ID: "api-html", Area: area, Name: "API store: 200 with a login page",
			Exit: 4, Debug: debugNone, Says: []string{"web page", "tc_api_path"},
			do: func(t *testing.T) (*world, outcome) {
				return onAPI(t, func(w http.ResponseWriter, _ *http.Request) bool {
					w.Header().Set("Content-Type", "text/html")
					_, _ = io.WriteString(w, "<html>leaked-page</html>")
					return true
				}, nil)
			},
		}, {
			ID: "api-redirect", Area: area, Name: "API store: a redirect to another host, which is not followed",
			Exit: 4, Debug: debugNone, Says: []string{"302"},
			do: apiRedirect,
		}, {
			ID: "api-truncated", Area: area, Name: "API store: every body is cut off",
			Exit: 1, Debug: debugNone, Says: []string{"ThreatConnect API"}, Within: 60 * time.Second,
			do: func(t *testing.T) (*world, outcome) {
				return onAPI(t, func(w http.ResponseWriter, _ *http.Request) bool {
					w.Header().Set("Content-Length", "100")
					_, _ = io.WriteString(w, `"198.51`)
					return true
				}, nil)
			},
		}, {
			ID: "api-write-refused", Area: area, Name: "API store: the outputs are refused with 403",
			Exit: 4, Debug: debugNone, Sent: 1, Says: []string{"published", "403"},
			do: func(t *testing.T) (*world, outcome) {
				return onAPI(t, func(w http.ResponseWriter, r *http.Request) bool {
					if r.Method == http.MethodPut {
						w.WriteHeader(http.StatusForbidden)
						return true
					}
					return false
				}, nil)
			},
		}, {
			ID: "api-log-dead", Area: area, Name: "the platform's log sink answers 500",
			Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				return onAPI(t, func(w http.ResponseWriter, r *http.Request) bool {
					if strings.HasSuffix(r.URL.Path, "/logs/app") {
						w.WriteHeader(http.StatusInternalServerError)
						return true
					}
					return false
				}, nil)
			},
		}, {
			ID: "api-log-silent", Area: area, Name: "the platform's log sink never answers",
			Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				return onAPI(t, func(_ http.ResponseWriter, r *http.Request) bool {
					if strings.HasSuffix(r.URL.Path, "/logs/app") {
						_, _ = io.Copy(io.Discard, r.Body)
						<-r.Context().Done()
						return true
					}
					return false
				}, nil)
			},
		},
	}
}

// onAPI runs an App whose key-value store is behind the platform's API, with
// its log going there, too.
func onAPI(t *testing.T, intercept func(http.ResponseWriter, *http.Request) bool, before func(*platform.API)) (*world, outcome) {
	t.Helper()
	api, err := platform.StartAPI(platform.APIOptions{Intercept: intercept})
	require.NoError(t, err)
	t.Cleanup(func() { _ = api.Close() })
	w := newWorld(t)
	w.store = api
	w.secrets = append(w.secrets, api.Token(), "leaked-page")
	w.stage(map[string]any{item: itemValue})
	params := w.params(map[string]any{"address": item, "tc_log_to_api": true})
	if before != nil {
		before(api)
	}
	out := w.run(params)
	return w, out
}

// answers answers request n, from 1, with a status and a body; status 0 lets
// the platform answer.
func answers(answer func(n int) (int, string)) func(http.ResponseWriter, *http.Request) bool {
	var n atomic.Int64
	return func(w http.ResponseWriter, _ *http.Request) bool {
		status, body := answer(int(n.Add(1)))
		if status == 0 {
			return false
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
		return true
	}
}

// apiRedirect sends the App to another host, and fails when it goes there.
func apiRedirect(t *testing.T) (*world, outcome) {
	t.Helper()
	elsewhere, err := platform.StartAPI(platform.APIOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = elsewhere.Close() })
	w, out := onAPI(t, func(w http.ResponseWriter, r *http.Request) bool {
		http.Redirect(w, r, elsewhere.URL()+r.URL.Path, http.StatusFound)
		return true
	}, nil)
	require.Empty(t, elsewhere.Requests(), "the token went to another host")
	return w, out
}
