package api

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tcsns/internal/tc/neterr"
	"tcsns/internal/tc/secret"
)

const (
	// longLived begins a token that is valid for years and never renewed
	// (CONTRACT §7).
	longLived = "APIV2"
	// renewMargin is how long before its end a token is renewed. A run lasts
	// seconds, so it needs no ten minutes as TcEx's background monitor does;
	// Java's client renews at 15 s, too, and a call may take as long.
	renewMargin = 30 * time.Second
	// renewPath is where a token is exchanged for a new one.
	renewPath = "appAuth?expiredToken="
)

// auth is who the client is. Its token is changed by whoever holds turn.
type auth struct {
	accessID  string
	secretKey secret.String

	turn    chan struct{} // of one: renewals, and waiting for them, one at a time
	token   secret.String
	expires time.Time
}

// credential signs requests. The zero value signs nothing.
type credential struct {
	accessID string
	key      secret.String // of accessID
	token    secret.String
}

// sign sets the headers of CONTRACT §7.
func (c credential) sign(req *http.Request, now time.Time) {
	timestamp := strconv.FormatInt(now.Unix(), 10)
	switch {
	case c.accessID != "":
		mac := hmac.New(sha256.New, []byte(c.key.Reveal()))
		_, _ = mac.Write([]byte(req.URL.RequestURI() + ":" + req.Method + ":" + timestamp))
		req.Header.Set("Authorization", "TC "+c.accessID+":"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	case !c.token.Empty():
		req.Header.Set("Authorization", "TC-Token "+c.token.Reveal())
	default:
		return
	}
	req.Header.Set("Timestamp", timestamp)
}

// renewable reports whether there is a token that the server exchanges.
func (c credential) renewable() bool {
	return c.accessID == "" && !c.token.Empty() && !strings.HasPrefix(c.token.Reveal(), longLived)
}

// credential returns what to sign with, after renewing a token that is about
// to end. It waits while another call renews.
func (c *Client) credential(ctx context.Context) (credential, error) {
	a := &c.auth
	if a.accessID != "" && !a.secretKey.Empty() {
		return credential{accessID: a.accessID, key: a.secretKey}, nil
	}
	if err := c.lock(ctx); err != nil {
		return credential{}, err
	}
	defer c.unlock()
	if a.token.Empty() {
		return credential{}, &Error{
			Op: "authenticate with the ThreatConnect API", Reason: "there is no token and no API user",
			Fix: "ask the ThreatConnect administrator why the App gets no tc_token",
		}
	}
	now := credential{token: a.token}
	left := time.Until(a.expires)
	if a.expires.IsZero() || left > renewMargin || !now.renewable() {
		return now, nil
	}
	if err := c.renew(ctx); err != nil {
		if left <= 0 {
			return credential{}, err
		}
		c.log.WarnContext(ctx, "token is not renewed, the old one is still valid", "error", err)
	}
	return credential{token: a.token}, nil
}

// renewed returns a newer credential than one that was refused.
func (c *Client) renewed(ctx context.Context, refused credential) (credential, error) {
	if err := c.lock(ctx); err != nil {
		return credential{}, err
	}
	defer c.unlock()
	if c.auth.token.Reveal() == refused.token.Reveal() {
		if err := c.renew(ctx); err != nil {
			return credential{}, err
		}
	}
	return credential{token: c.auth.token}, nil
}

func (c *Client) lock(ctx context.Context) error {
	select {
	case c.auth.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		kind := neterr.Of(ctx.Err())
		return &Error{Op: "wait for a new token", Kind: kind, Reason: kind.String(), Fix: connectFix(kind), Err: ctx.Err()}
	}
}

func (c *Client) unlock() { <-c.auth.turn }

// renew exchanges the token; the caller holds the turn. The old token is the
// request's proof, so the request has no other.
func (c *Client) renew(ctx context.Context) error {
	const op = "renew the token"
	resp, err := c.attempts(ctx, op, Request{
		Method: http.MethodGet, Path: renewPath + url.QueryEscape(c.auth.token.Reveal()),
	}, credential{})
	if err != nil {
		return err
	}
	var answer struct {
		Success *bool           `json:"success"`
		Token   string          `json:"apiToken"`
		Expires json.RawMessage `json:"apiTokenExpires"` // a number, or digits
	}
	// The message of the answer is left out: it comes from the body.
	if err := json.Unmarshal(resp.Body, &answer); err != nil || answer.Token == "" || (answer.Success != nil && !*answer.Success) {
		return &Error{
			Op: op, Status: resp.Status, Reason: "the answer holds no token",
			Fix: "run the playbook again; if it stays, ask the ThreatConnect administrator for the server's log",
		}
	}
	token := secret.New(answer.Token)
	c.mask.Add(token)
	c.auth.token, c.auth.expires = token, time.Time{}
	if seconds, err := strconv.ParseInt(strings.Trim(string(answer.Expires), `"`), 10, 64); err == nil && seconds > 0 {
		c.auth.expires = time.Unix(seconds, 0)
	}
	c.log.DebugContext(ctx, "token is renewed", "expires", c.auth.expires)
	return nil
}
