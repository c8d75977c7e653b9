package snstopic

import (
	"context"
	"io"
	"log"
	"log/slog"
	"sync/atomic"
)

// attempts counts the attempts that a topic logs as failed.
type attempts struct {
	slog.Handler
	failed atomic.Int64
}

func (a *attempts) logger() *slog.Logger { return slog.New(a) }

func (a *attempts) Enabled(context.Context, slog.Level) bool { return true }

func (a *attempts) Handle(_ context.Context, r slog.Record) error {
	if r.Message == "attempt failed" {
		a.failed.Add(1)
	}
	return nil
}

func discard() *log.Logger { return log.New(io.Discard, "", 0) }
