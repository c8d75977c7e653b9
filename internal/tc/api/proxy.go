package api

import (
	"net"
	"net/url"
	"strconv"
	"strings"

	"tcsns/internal/tc/param"
)

// ProxyURL returns the proxy as a URL with its credentials, nil when no host
// is set. Whether it is meant for ThreatConnect (p.TC) or for other hosts
// (p.External) is the caller's to ask. The URL holds the password: it must
// not be printed, and url.URL.Redacted hides it.
func ProxyURL(p param.Proxy) *url.URL {
	host := strings.TrimSpace(p.Host)
	if _, after, ok := strings.Cut(host, "://"); ok {
		host = after
	}
	host = strings.Trim(strings.TrimRight(host, "/"), "[]")
	if host == "" {
		return nil
	}
	u := &url.URL{Scheme: "http", Host: host}
	switch {
	case p.Port != 0:
		u.Host = net.JoinHostPort(host, strconv.Itoa(p.Port))
	case strings.Contains(host, ":") && net.ParseIP(host) != nil:
		u.Host = "[" + host + "]"
	}
	switch {
	case !p.Password.Empty():
		u.User = url.UserPassword(p.Username, p.Password.Reveal())
	case p.Username != "":
		u.User = url.User(p.Username)
	}
	return u
}
