package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"tcsns/internal/tc/neterr"
)

// Error is a call that did not succeed. Its texts hold no token, no response
// body and no URL.
type Error struct {
	Op     string      // what was tried: "read TC variable &{TC:TEXT:x}"
	Status int         // the HTTP status; 0 when there was no answer
	Kind   neterr.Kind // what kept the connection from working; Unknown when there was an answer
	Reason string      // what went wrong, in words
	Fix    string      // one concrete step; may be empty
	Err    error       // the cause, for errors.Is; may be nil
}

// Error returns what was tried, what went wrong, and "Fix:" with the step.
func (e *Error) Error() string {
	if e.Fix == "" {
		return e.Text()
	}
	return e.Text() + ". Fix: " + e.Fix
}

// Text is Error without the step.
func (e *Error) Text() string {
	if e.Status != 0 {
		return fmt.Sprintf("%s: HTTP %d, %s", e.Op, e.Status, e.Reason)
	}
	return e.Op + ": " + e.Reason
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Temporary reports whether the same call may succeed later without anybody
// mending anything.
func (e *Error) Temporary() bool { return retryStatus(e.Status) || e.Kind.Temporary() }

// proxyError is the proxy's refusal to connect.
type proxyError struct{ status int }

func (e *proxyError) Error() string { return fmt.Sprintf("proxy answers HTTP %d", e.status) }

// proxyAnswer turns a refused CONNECT into an error with its status, which
// net/http knows only as text.
func proxyAnswer(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{answer.StatusCode}
}

// transportError is a call without a complete answer.
func transportError(op string, err error) *Error {
	var proxy *proxyError
	if errors.As(err, &proxy) {
		return proxyRefusal(op, proxy.status)
	}
	kind := neterr.Of(err)
	e := &Error{Op: op, Kind: kind, Reason: kind.String(), Fix: connectFix(kind), Err: err}
	if kind == neterr.Unknown {
		// The error of an answer that is no HTTP quotes it.
		e.Reason, e.Err = "the connection failed, or what answers does not speak HTTP", nil
	}
	var operation *net.OpError
	if errors.As(err, &operation) && operation.Op == "proxyconnect" {
		e.Reason = "the proxy cannot be used: " + e.Reason
		e.Fix = "check tc_proxy_host and tc_proxy_port, and whether the proxy runs"
	}
	return e
}

// connectFix is what helps when the connection to the API does not work.
func connectFix(kind neterr.Kind) string {
	switch kind {
	case neterr.Canceled:
		return "run the playbook again"
	case neterr.UntrustedCA:
		return "have the App's machine trust the CA of the ThreatConnect server, or set tc_verify to false"
	case neterr.WrongHost:
		return "let tc_api_path name the host that the certificate names"
	case neterr.Expired:
		return "renew the certificate of the ThreatConnect server, or set this machine's clock"
	case neterr.NoTLS:
		return "check the scheme and the port in tc_api_path"
	case neterr.Resources:
		return "raise the limit of open files of the App's user, or run fewer playbooks at once"
	default:
		return "check tc_api_path, the tc_proxy parameters, and whether the ThreatConnect server is up and reachable from the App's machine"
	}
}

// proxyRefusal is a proxy that does not let the call through.
func proxyRefusal(op string, status int) *Error {
	e := &Error{
		Op: op, Status: status, Reason: "the proxy refuses the connection",
		Fix: "ask the proxy's administrator to let the App's machine reach the host of tc_api_path",
	}
	if status == http.StatusProxyAuthRequired || status == http.StatusUnauthorized { // tinyproxy: 401 for a wrong password
		e.Reason = "the proxy refuses the credentials"
		e.Fix = "check tc_proxy_username and tc_proxy_password"
	}
	return e
}

// statusError is an answer that is no success.
func statusError(op string, status int) *Error {
	e := &Error{Op: op, Status: status}
	switch {
	case status >= 300 && status <= 399:
		e.Reason = "a redirect, which is not followed with credentials"
		e.Fix = "let tc_api_path be the URL that the server redirects to"
	case status == http.StatusUnauthorized:
		e.Reason = "the server refuses the credentials"
		e.Fix = "check this machine's clock, and the API user (tc_api_access_id, tc_api_secret_key) or the token of the playbook's user"
	case status == http.StatusForbidden:
		e.Reason = "the user of the playbook may not do this"
		e.Fix = "ask the ThreatConnect administrator to grant the playbook's user the permission"
	case status == http.StatusNotFound:
		e.Reason = "there is no such thing"
		e.Fix = "check that it exists, and that tc_api_path ends in /api"
	case status == http.StatusProxyAuthRequired:
		return proxyRefusal(op, status)
	case status == http.StatusTooManyRequests:
		e.Reason = "the server asks for fewer requests"
		e.Fix = "run the playbook again later"
	case status >= 500:
		e.Reason = "the server failed"
		e.Fix = "run the playbook again; if it stays, ask the ThreatConnect administrator for the server's log"
	default:
		e.Reason = "the server refuses the request"
		e.Fix = "check that this ThreatConnect version serves the request to Apps (7.2 or later)"
	}
	return e
}
