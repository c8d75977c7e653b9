package applog

import (
	"context"
	"fmt"
	"log/slog"
	"path"
	"runtime"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// stackKey is the attribute whose value is written on lines of its own, each
// indented: a stack on one line is for nobody to read. It stays in the file.
const stackKey = "stack"

// timeLayout is the asctime of Python's logging.
const timeLayout = "2006-01-02 15:04:05,000"

// handler is the [slog.Handler] of a [Log].
type handler struct {
	log    *Log
	attrs  string // of WithAttrs, as they are written
	prefix string // of WithGroup: "group."
}

// Enabled reports whether a level is written.
func (h *handler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.log.level }

// WithAttrs returns a handler that writes attrs in every line.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	w := writer{log: h.log}
	for _, attr := range attrs {
		w.attr(h.prefix, attr)
	}
	with := *h
	with.attrs += w.text.String() // a stack belongs to a record, not to a logger
	return &with
}

// WithGroup returns a handler that puts name before its keys.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	with := *h
	with.prefix += name + "."
	return &with
}

// Handle writes a record. It returns no error: a log that cannot be written
// is reported once, by [Log.Close].
func (h *handler) Handle(_ context.Context, r slog.Record) error {
	w := writer{log: h.log}
	w.plain(r.Message)
	w.text.WriteString(h.attrs)
	r.Attrs(func(attr slog.Attr) bool {
		w.attr(h.prefix, attr)
		return true
	})
	at := r.Time
	if at.IsZero() {
		at = time.Now()
	}
	level, text, stack := levelName(r.Level), h.log.mask.Redact(w.text.String()), w.stack.String()

	var line strings.Builder
	fmt.Fprintf(&line, "%s - %s - %8s - %s%s\n%s", at.Format(timeLayout), h.log.name, level, text, source(r.PC), stack)
	h.log.write(line.String())
	if h.log.queue != nil {
		h.log.queue.add(Event{Time: at, Level: level, Message: text}, r.Level >= slog.LevelError)
	}
	return nil
}

// source is " (file:line)" of a program counter, "" for none.
func source(pc uintptr) string {
	if pc == 0 {
		return ""
	}
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	if frame.File == "" {
		return ""
	}
	return " (" + path.Base(frame.File) + ":" + strconv.Itoa(frame.Line) + ")"
}

// writer puts a record's text together.
type writer struct {
	log   *Log
	text  strings.Builder
	stack strings.Builder // lines of their own
}

// attr writes " key=value"; a group's members each, with its name before them.
func (w *writer) attr(prefix string, attr slog.Attr) {
	value := attr.Value.Resolve()
	switch {
	case value.Kind() == slog.KindGroup:
		if attr.Key != "" {
			prefix += attr.Key + "."
		}
		for _, member := range value.Group() {
			w.attr(prefix, member)
		}
	case attr.Equal(slog.Attr{}): // to be ignored, says slog.Handler
	case attr.Key == stackKey && prefix == "":
		w.lines(valueText(value))
	default:
		w.text.WriteByte(' ')
		w.plain(prefix + attr.Key)
		w.text.WriteByte('=')
		w.text.WriteString(quoteIfNeeded(valueText(value)))
	}
}

// lines writes a text of several lines. It is masked here, while it is whole:
// indented, a secret of several lines would no longer be found.
func (w *writer) lines(text string) {
	for line := range strings.Lines(w.log.mask.Redact(text)) {
		w.stack.WriteString("    ")
		w.stack.WriteString(escape(strings.ReplaceAll(strings.TrimRight(line, "\r\n"), "\t", "    ")))
		w.stack.WriteByte('\n')
	}
}

// plain writes a text without quotes. Where it needs escapes it is masked
// here: escaped but not quoted is a form that a [secret.Mask] does not know.
func (w *writer) plain(text string) {
	if !clean(text) {
		text = escape(w.log.mask.Redact(text))
	}
	w.text.WriteString(text)
}

func valueText(value slog.Value) string {
	switch value.Kind() {
	case slog.KindAny:
		return fmt.Sprint(value.Any())
	case slog.KindTime:
		return value.Time().Format(time.RFC3339Nano)
	}
	return value.String()
}

// quoteIfNeeded quotes a text that would not read as one value.
func quoteIfNeeded(text string) string {
	if text != "" && !strings.ContainsAny(text, " =\"") && clean(text) {
		return text
	}
	return strconv.Quote(text)
}

// escape writes control characters, line ends among them, and invalid bytes
// as Go does; the rest stays.
func escape(text string) string {
	var b strings.Builder
	for i, width := 0, 0; i < len(text); i += width {
		r, size := utf8.DecodeRuneInString(text[i:])
		width = size
		if printable(r, size) {
			b.WriteString(text[i : i+size])
			continue
		}
		quoted := strconv.Quote(text[i : i+size])
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// clean reports whether all of text is printable.
func clean(text string) bool {
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if !printable(r, size) {
			return false
		}
		i += size
	}
	return true
}

// printable reports whether a rune stands in a line as it is; a direction
// mark, which turns around what is read after it, does not.
func printable(r rune, size int) bool {
	return (r != utf8.RuneError || size > 1) && unicode.IsPrint(r)
}
