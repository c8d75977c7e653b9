package applog

import (
	"log/slog"
	"strings"
)

// The levels that log/slog has no name for, at its distances.
const (
	LevelTrace    = slog.Level(-8) // values that are no secret
	LevelCritical = slog.Level(12) // the run cannot go on
)

// ParseLevel reads a level as tc_log_level and a playbook's export write it,
// in any case. The empty text is INFO, TcEx's default for a Playbook App.
func ParseLevel(name string) (level slog.Level, ok bool) {
	switch strings.ToUpper(strings.TrimSpace(name)) {
	case "TRACE":
		return LevelTrace, true
	case "DEBUG":
		return slog.LevelDebug, true
	case "INFO", "":
		return slog.LevelInfo, true
	case "WARN", "WARNING":
		return slog.LevelWarn, true
	case "ERROR":
		return slog.LevelError, true
	case "CRITICAL", "FATAL":
		return LevelCritical, true
	}
	return slog.LevelInfo, false
}

// levelName is a level as TcEx writes it.
func levelName(level slog.Level) string {
	switch {
	case level < slog.LevelDebug:
		return "TRACE"
	case level < slog.LevelInfo:
		return "DEBUG"
	case level < slog.LevelWarn:
		return "INFO"
	case level < slog.LevelError:
		return "WARNING"
	case level < LevelCritical:
		return "ERROR"
	}
	return "CRITICAL"
}
