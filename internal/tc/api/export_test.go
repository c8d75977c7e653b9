package api

import (
	"net/http"
	"net/url"
	"time"
)

// Proxy is the proxy of the client's transport, nil for none.
func (c *Client) Proxy() func(*http.Request) (*url.URL, error) { return c.newTransport().Proxy }

// SetBackoff makes the first pause between two attempts short.
func (c *Client) SetBackoff(d time.Duration) { c.backoff = d }

// Pause is pause.
func (c *Client) Pause(n int, wait time.Duration) time.Duration { return c.pause(n, wait) }

// RetryAfter is retryAfter.
var RetryAfter = retryAfter
