package api

import "time"

// SetBackoff makes the first pause between two attempts short.
func (c *Client) SetBackoff(d time.Duration) { c.backoff = d }

// Pause is pause.
func (c *Client) Pause(n int, wait time.Duration) time.Duration { return c.pause(n, wait) }

// RetryAfter is retryAfter.
var RetryAfter = retryAfter
