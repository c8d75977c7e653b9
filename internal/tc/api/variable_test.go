package api_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/api"
	"tcsns/internal/tc/secret"
	"tcsns/internal/tc/variable"
)

func TestRuntimeVariable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind, answer, want string
		fails              bool
	}{
		{"TEXT", `{"data": "vault value"}`, "vault value", false},
		{"TEXT", `{"data": ""}`, "", false},
		{"KEYCHAIN", `{"data": "keychain value"}`, "keychain value", false},
		{"FILE", `{"data": "AP9hYg=="}`, "\x00\xffab", false},
		{"FILE", `{"data": "` + hidden + `!"}`, "", true},
		{"TEXT", `{"data": null}`, "", true},
		{"TEXT", `{}`, "", true},
		{"TEXT", hidden, "", true},
		{"TEXT", `{"data": {"a": "` + hidden + `"}}`, "", true},
	} {
		t.Run(c.kind+" "+c.answer, func(t *testing.T) {
			t.Parallel()
			path, mask := "", new(secret.Mask)
			client := serve(t, api.Config{Mask: mask}, func(w http.ResponseWriter, r *http.Request) {
				path = r.URL.EscapedPath()
				_, _ = io.WriteString(w, c.answer)
			})
			got, err := client.RuntimeVariable(context.Background(), variable.TC{Provider: "Vault", Kind: c.kind, Name: "a.b-[1]"})
			require.Equal(t, "/api/internal/variable/runtime/Vault/a.b-%5B1%5D", path)
			if c.fails {
				require.Contains(t, requireError(t, err).Error(), "a.b-[1]")
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, string(got))
			if len(c.want) > 3 { // all of a vault's values are secret
				require.Equal(t, "it is ***", mask.Redact("it is "+c.want))
			}
		})
	}
}

func TestRuntimeVariableThatIsMissing(t *testing.T) {
	t.Parallel()
	client := serve(t, api.Config{}, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	_, err := client.RuntimeVariable(context.Background(), variable.TC{Provider: "TC", Kind: "TEXT", Name: "gone"})
	e := requireError(t, err)
	require.Equal(t, http.StatusNotFound, e.Status)
	require.Contains(t, e.Error(), "&{TC:TEXT:gone}")
}

func TestSendLog(t *testing.T) {
	t.Parallel()
	var body []byte
	requests := 0
	client := serve(t, api.Config{}, func(_ http.ResponseWriter, r *http.Request) {
		requests++
		if r.Method == http.MethodPost && r.URL.Path == "/api/v2/logs/app" && r.Header.Get("Content-Type") == "application/json" {
			body, _ = io.ReadAll(r.Body)
		}
	})
	require.NoError(t, client.SendLog(context.Background(), nil))
	require.Zero(t, requests)
	at := time.UnixMilli(1767323045678)
	require.NoError(t, client.SendLog(context.Background(), []api.LogEvent{
		{Time: at, Level: "INFO", Message: `a "quoted" <line>`}, {Time: at.Add(time.Millisecond), Level: "ERROR", Message: "b"},
	}))
	var got []map[string]any
	require.NoError(t, json.Unmarshal(body, &got))
	require.Equal(t, []map[string]any{
		{"timestamp": 1767323045678.0, "level": "INFO", "message": `a "quoted" <line>`},
		{"timestamp": 1767323045679.0, "level": "ERROR", "message": "b"},
	}, got)
	require.NotContains(t, string(body), "e+", "the timestamp is an integer")
}
