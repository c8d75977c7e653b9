package api

import "time"

// SetBackoff makes the first pause between two attempts short.
func (c *Client) SetBackoff(d time.Duration) { c.backoff = d }

// RetryAfter is retryAfter.
var RetryAfter = retryAfter
