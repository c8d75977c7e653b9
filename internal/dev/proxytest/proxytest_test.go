package proxytest_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/proxytest"
)

func TestProxyForwardsWithCredentialsOnly(t *testing.T) {
	t.Parallel()
	target := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	}))
	defer target.Close()
	p := proxytest.Start(t, proxytest.Options{Username: "user", Password: "pass-1"})

	get := func(proxy *url.URL) (*http.Response, error) {
		transport := target.Client().Transport.(*http.Transport).Clone()
		transport.Proxy = http.ProxyURL(proxy)
		defer transport.CloseIdleConnections()
		return (&http.Client{Transport: transport}).Get(target.URL)
	}
	resp, err := get(p.URL())
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusNoContent, resp.StatusCode)

	without := p.URL()
	without.User = nil
	_, err = get(without)
	require.Error(t, err)

	requests := p.Requests()
	require.Len(t, requests, 2)
	require.True(t, strings.HasPrefix(requests[0], "CONNECT 127.0.0.1:"), requests[0])
}
