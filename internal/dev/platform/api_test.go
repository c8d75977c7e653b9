package platform

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// call is one request to the stand-in.
type call struct {
	method, path, body string
	token              string // "" for none
	stamp              time.Duration
	header             http.Header
}

func (c call) do(t *testing.T, a *API) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), c.method, a.URL()+c.path, bytes.NewBufferString(c.body))
	require.NoError(t, err)
	if c.token != "" {
		r.Header.Set("Authorization", "TC-Token "+c.token)
		r.Header.Set("Timestamp", strconv.FormatInt(time.Now().Add(c.stamp).Unix(), 10))
	}
	for name, values := range c.header {
		r.Header[name] = values
	}
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(body)
}

func startTestAPI(t *testing.T, o APIOptions) *API {
	t.Helper()
	a, err := StartAPI(o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = a.Close() })
	return a
}

func TestAPIRoutes(t *testing.T) {
	t.Parallel()
	a := startTestAPI(t, APIOptions{})
	token := a.Token()
	id := func(variable string) string {
		return strings.TrimSuffix(variable[strings.LastIndex(variable, ":")+1:], "}")
	}
	text := a.SetVariable("TEXT", []byte("arn"))
	require.Regexp(t, `^&\{TC:TEXT:[0-9a-f-]{36}\}$`, text)
	file := a.SetVariable("FILE", []byte("\x00\x01"))
	octets := http.Header{"Content-Type": {"application/octet-stream"}}
	key := "/internal/playbooks/keyValue/ctx%2F1/" + url.QueryEscape("#App:1:a[0]!String")
	tests := []struct {
		name   string
		call   call
		status int
		body   string // contained in the answer
	}{
		{"a runtime variable", call{method: "GET", path: "/internal/variable/runtime/TC/" + id(text), token: token}, 200, `{"data":"arn"}`},
		{"a file is base64", call{method: "GET", path: "/internal/variable/runtime/TC/" + id(file), token: token}, 200, `{"data":"AAE="}`},
		{"no such variable", call{method: "GET", path: "/internal/variable/runtime/TC/none", token: token}, 404, "no such variable"},
		{"no token", call{method: "GET", path: "/internal/variable/runtime/TC/" + id(text)}, 401, "not valid"},
		{"a wrong token", call{method: "GET", path: "/internal/variable/runtime/TC/" + id(text), token: "APP:x"}, 401, "not valid"},
		{"an old timestamp", call{method: "GET", path: "/internal/variable/runtime/TC/" + id(text), token: token, stamp: -time.Hour}, 401, "not valid"},
		{"a value that is not there", call{method: "GET", path: key, token: token}, 404, ""},
		{"put without the content type", call{method: "PUT", path: key, token: token, body: `"v"`}, 400, ""},
		{"put", call{method: "PUT", path: key, token: token, body: `"v"`, header: octets}, 200, ""},
		{"get", call{method: "GET", path: key, token: token}, 200, `"v"`},
		{"log", call{method: "POST", path: "/v2/logs/app", token: token, body: `[{"timestamp":1,"level":"INFO","message":"hi"}]`}, 200, ""},
		{"log of another shape", call{method: "POST", path: "/v2/logs/app", token: token, body: `{}`}, 400, ""},
		{"another path", call{method: "GET", path: "/v3/indicators", token: token}, 404, ""},
		{"another method", call{method: "DELETE", path: key, token: token}, 404, ""},
	}
	for _, test := range tests { // in this order
		status, body := test.call.do(t, a)
		require.Equal(t, test.status, status, test.name)
		require.Contains(t, body, test.body, test.name)
	}
	stored, err := a.Read(t.Context(), "ctx/1")
	require.NoError(t, err)
	require.Equal(t, map[string][]byte{"#App:1:a[0]!String": []byte(`"v"`)}, stored)
	require.Equal(t, []LogEvent{{1, "INFO", "hi"}}, a.Logs())
	require.Len(t, a.Requests(), len(tests))
}

func TestAPIRenewal(t *testing.T) {
	t.Parallel()
	a := startTestAPI(t, APIOptions{})
	old := a.Token()
	variable := "/internal/variable/runtime/TC/none"
	a.ExpireToken()
	status, _ := call{method: "GET", path: variable, token: old}.do(t, a)
	require.Equal(t, 401, status)
	status, _ = call{method: "GET", path: "/appAuth?expiredToken=other"}.do(t, a)
	require.Equal(t, 401, status)
	status, _ = call{method: "GET", path: "/appAuth?expiredToken=" + url.QueryEscape(old), token: old}.do(t, a)
	require.Equal(t, 401, status, "a renewal carries no Authorization")
	status, body := call{method: "GET", path: "/appAuth?expiredToken=" + url.QueryEscape(old)}.do(t, a)
	require.Equal(t, 200, status)
	var renewed struct {
		APIToken        string
		APITokenExpires int64
	}
	require.NoError(t, json.Unmarshal([]byte(body), &renewed))
	require.Equal(t, a.Token(), renewed.APIToken)
	require.Greater(t, renewed.APITokenExpires, time.Now().Unix())
	status, _ = call{method: "GET", path: variable, token: renewed.APIToken}.do(t, a)
	require.Equal(t, 404, status)
	require.Equal(t, 1, a.Renewals())
}

func TestAPISignature(t *testing.T) {
	t.Parallel()
	a := startTestAPI(t, APIOptions{AccessID: "id", SecretKey: "key"})
	path := "/internal/variable/runtime/TC/none?x=1"
	sign := func(key, method string) http.Header {
		stamp := strconv.FormatInt(time.Now().Unix(), 10)
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte("/api" + path + ":" + method + ":" + stamp))
		return http.Header{"Authorization": {"TC id:" + base64.StdEncoding.EncodeToString(mac.Sum(nil))}, "Timestamp": {stamp}}
	}
	status, _ := call{method: "GET", path: path, header: sign("key", "GET")}.do(t, a)
	require.Equal(t, 404, status)
	status, _ = call{method: "GET", path: path, header: sign("other", "GET")}.do(t, a)
	require.Equal(t, 401, status)
	status, _ = call{method: "GET", path: path, header: sign("key", "PUT")}.do(t, a)
	require.Equal(t, 401, status)
}

func TestAPIIntercept(t *testing.T) {
	t.Parallel()
	a := startTestAPI(t, APIOptions{Intercept: func(w http.ResponseWriter, r *http.Request) bool {
		w.WriteHeader(http.StatusTeapot)
		return true
	}})
	status, _ := call{method: "GET", path: "/x"}.do(t, a)
	require.Equal(t, http.StatusTeapot, status)
	require.Equal(t, []string{"GET /x"}, a.Requests())
}
