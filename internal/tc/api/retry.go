package api

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	// maxAttempts is one call and three retries, as TcEx's (CONTRACT §7).
	maxAttempts = 4
	// firstBackoff doubles with each retry (TcEx: 0.3 s). A random part
	// keeps many Apps from coming back at the same moment.
	firstBackoff = 300 * time.Millisecond
	// maxRetryAfter bounds what a server may ask for: a run is short.
	maxRetryAfter = 10 * time.Second
)

// attempts sends r, again where that is safe and may help. An answer that is
// an error is returned as it is when the next pause would outlast ctx.
func (c *Client) attempts(ctx context.Context, op string, r Request, as credential) (Response, error) {
	tries := maxAttempts
	if !idempotent(r.Method) {
		tries = 1
	}
	for n := 1; ; n++ {
		resp, wait, err := c.once(ctx, op, r, as)
		if err == nil || n == tries || ctx.Err() != nil || !worthRetry(err) {
			return resp, err
		}
		pause := c.pause(n, wait)
		c.log.DebugContext(ctx, "api call is tried again", "attempt", n, "status", resp.Status, "pause", pause)
		if !sleep(ctx, pause) {
			return resp, err
		}
	}
}

// pause is the time before retry n (from 1): the doubling backoff with up to
// half of it off, or what the server asks for, within bounds.
func (c *Client) pause(n int, wait time.Duration) time.Duration {
	backoff := c.backoff << (n - 1)
	backoff -= rand.N(backoff/2 + 1)
	return max(backoff, min(wait, maxRetryAfter))
}

// sleep waits for d and reports whether it did; it does not start a wait that
// ctx's deadline would end.
func sleep(ctx context.Context, d time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func idempotent(method string) bool {
	return method == http.MethodGet || method == http.MethodPut
}

// worthRetry reports whether the same request may succeed in a moment.
func worthRetry(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Temporary()
}

// retryStatus reports whether a status is one that passes (CONTRACT §7, and
// 429 and 503, which TcEx leaves out).
func retryStatus(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusBadGateway,
		http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}

// retryAfter reads a Retry-After header: seconds or a date; 0 for anything
// else.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(header, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(header); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}
