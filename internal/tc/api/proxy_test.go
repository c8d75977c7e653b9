package api_test

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/proxytest"
	"tcsns/internal/dev/redistest"
	"tcsns/internal/tc/api"
	"tcsns/internal/tc/neterr"
	"tcsns/internal/tc/param"
	"tcsns/internal/tc/secret"
)

func TestProxyURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		p    param.Proxy
		want string
	}{
		{param.Proxy{}, ""},
		{param.Proxy{Port: 3128, Username: "u"}, ""},
		{param.Proxy{Host: "proxy.test", Port: 3128}, "http://proxy.test:3128"},
		{param.Proxy{Host: " proxy.test ", Port: 3128}, "http://proxy.test:3128"},
		{param.Proxy{Host: "http://proxy.test/", Port: 3128}, "http://proxy.test:3128"},
		{param.Proxy{Host: "proxy.test"}, "http://proxy.test"},
		{param.Proxy{Host: "::1", Port: 3128}, "http://[::1]:3128"},
		{param.Proxy{Host: "[::1]"}, "http://[::1]"},
		{param.Proxy{Host: "p", Port: 1, Username: "u"}, "http://u@p:1"},
		{param.Proxy{Host: "p", Port: 1, Username: "do\\us@r", Password: secret.New("p:w/@ %?#")}, "http://do%5Cus%40r:p%3Aw%2F%40%20%25%3F%23@p:1"},
	} {
		got := api.ProxyURL(c.p)
		if c.want == "" {
			require.Nil(t, got)
			continue
		}
		require.Equal(t, c.want, got.String())
		again, err := url.Parse(got.String())
		require.NoError(t, err)
		password, _ := again.User.Password()
		require.Equal(t, c.p.Username, again.User.Username())
		require.Equal(t, c.p.Password.Reveal(), password)
	}
}

// TestNoProxyOfTheEnvironment: unlike the requests library's, whatever it says.
// net/http never takes it for an address of this machine, so that no request
// here would tell.
func TestNoProxyOfTheEnvironment(t *testing.T) {
	t.Parallel()
	client, err := api.New(api.Config{BaseURL: "https://threatconnect.example.com/api"})
	require.NoError(t, err)
	require.Nil(t, client.Proxy())
}

func TestThroughAProxyProcess(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(http.Handler) *httptest.Server{
		"https": httptest.NewTLSServer, "http": httptest.NewServer,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy := proxytest.Start(t, proxytest.Options{Username: "proxyuser", Password: "proxy-pass.1"})
			target := start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Proxy-Authorization") != "" {
					w.WriteHeader(http.StatusTeapot)
				}
				_, _ = io.WriteString(w, "answer")
			}))
			defer target.Close()
			through := func(username, password string) (api.Response, error) {
				p := param.Proxy{Host: proxy.Host, Port: proxy.Port, Username: username, Password: secret.New(password)}
				client, err := api.New(api.Config{BaseURL: target.URL + "/api", Token: secret.New(hidden), Proxy: api.ProxyURL(p)})
				require.NoError(t, err)
				defer client.Close()
				return client.Do(context.Background(), api.Request{Method: http.MethodGet, Path: "x"})
			}
			resp, err := through("proxyuser", "proxy-pass.1")
			require.NoError(t, err)
			require.Equal(t, "answer", string(resp.Body))

			_, err = through("proxyuser", hidden)
			refused := requireError(t, err)
			require.Contains(t, []int{http.StatusProxyAuthRequired, http.StatusUnauthorized}, refused.Status)
			if name == "https" { // over http the answer of a proxy looks like the server's
				require.Contains(t, refused.Fix, "tc_proxy_password")
			}

			_, err = through("", "")
			e := requireError(t, err)
			require.Equal(t, http.StatusProxyAuthRequired, e.Status)
			require.Contains(t, e.Fix, "tc_proxy_username")

			host := strings.TrimPrefix(strings.TrimPrefix(target.URL, "https://"), "http://")
			want := "CONNECT " + host + " HTTP/1.1"
			if name == "http" {
				want = "GET " + target.URL + "/api/x HTTP/1.1"
			}
			require.Equal(t, want, proxy.Requests()[0])
		})
	}
}

// The proxy process takes no such password, so an HTTP server stands in.
func TestProxyCredentialsAreEscaped(t *testing.T) {
	t.Parallel()
	const username, password = "do\\main user", "p:w/@ %?#"
	var got, line string
	proxy := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got, line = r.Header.Get("Proxy-Authorization"), r.RequestURI
	}))
	defer proxy.Close()
	u, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	u.User = url.UserPassword(username, password)
	client, err := api.New(api.Config{BaseURL: "http://target.test/api", Token: secret.New(hidden), Proxy: u})
	require.NoError(t, err)
	_, err = client.Do(context.Background(), api.Request{Method: http.MethodGet, Path: "x"})
	require.NoError(t, err)
	require.Equal(t, "Basic "+base64.StdEncoding.EncodeToString([]byte(username+":"+password)), got)
	require.Equal(t, "http://target.test/api/x", line)
}

func TestProxyThatIsDown(t *testing.T) {
	t.Parallel()
	u := &url.URL{Scheme: "http", Host: redistest.RefusingAddr(t), User: url.UserPassword("u", hidden)}
	for _, target := range []string{"https://target.test/api", "http://target.test/api"} {
		client, err := api.New(api.Config{BaseURL: target, Token: secret.New(hidden), Proxy: u})
		require.NoError(t, err)
		client.SetBackoff(1)
		_, err = client.Do(context.Background(), api.Request{Method: http.MethodGet, Path: "x"})
		e := requireError(t, err)
		require.Equal(t, neterr.Refused, e.Kind)
		require.Contains(t, e.Fix, "tc_proxy_host")
	}
}
