package api

import (
	"context"
	"encoding/json"
	"net/http"
	"time"
)

// LogEvent is one line of an App's log.
type LogEvent struct {
	Time    time.Time
	Level   string // DEBUG, INFO, WARN, ERROR …
	Message string
}

// MarshalJSON writes the event as the log sink wants it (CONTRACT §6): the
// time in milliseconds since 1970.
func (e LogEvent) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Timestamp int64  `json:"timestamp"`
		Message   string `json:"message"`
		Level     string `json:"level"`
	}{e.Time.UnixMilli(), e.Message, e.Level})
}

// SendLog hands events to the platform's log, in one request that is not
// repeated. It waits while a token is renewed, within ctx.
func (c *Client) SendLog(ctx context.Context, events []LogEvent) error {
	if len(events) == 0 {
		return nil
	}
	body, err := json.Marshal(events)
	if err != nil {
		return &Error{Op: "send the log", Reason: "it cannot be encoded", Err: err}
	}
	_, err = c.do(ctx, "send the log", Request{
		Method: http.MethodPost, Path: "v2/logs/app", Body: body, ContentType: "application/json",
	})
	return err
}
