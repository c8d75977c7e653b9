// Package applog is a run's app.log, and the platform's log where the run is
// told to use it (CONTRACT §6).
//
// A line reads as TcEx's do, so that what reads those reads these:
//
//	2026-01-02 15:04:05,678 - AWS SNS -     INFO - publish messages=2 (app.go:91)
//
// Every line has its secrets removed, whole, after it is put together. What
// comes from outside cannot forge a line: line ends and other control
// characters are escaped. Nothing is kept back in memory: a line is in the
// file when the call returns, whatever happens next. There is no rotation: a
// run is short.
//
// A log that cannot be written never stops a run.
package applog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"tcsns/internal/tc/secret"
)

const (
	defaultFile = "app.log" // CONTRACT §2, tc_log_file
	defaultName = "app"

	// What TcEx's open() and makedirs() ask for; the umask takes from it. The
	// platform, another user, reads the file.
	fileMode   = 0o666
	folderMode = 0o777
)

// Options says where the lines go.
type Options struct {
	Name  string       // who writes, in every line; empty: "app"
	Path  string       // folder; made where it is missing
	File  string       // name in it; empty: app.log
	Level string       // as [ParseLevel] reads it
	Mask  *secret.Mask // nil: no secrets
	Sink  Sender       // the platform's log; nil: none
}

// Log is an open log. It is safe for concurrent use.
type Log struct {
	name  string
	path  string
	level slog.Level
	mask  *secret.Mask
	queue *queue // nil without a sink

	mu     sync.Mutex
	file   *os.File
	failed error // the first failure to open or write; reported by Close
	closed bool
}

// Open makes a log. It touches nothing yet: the file is opened at the first
// line that passes the level, and a run that says nothing leaves no file. The
// Log is never nil; the error is a level that nobody knows, in whose place
// INFO is used.
func Open(o Options) (*Log, error) {
	l := &Log{name: o.Name, mask: o.Mask}
	if l.name == "" {
		l.name = defaultName
	}
	if l.mask == nil {
		l.mask = new(secret.Mask)
	}
	file := o.File
	if file == "" {
		file = defaultFile
	}
	l.path = filepath.Join(o.Path, file)
	if o.Sink != nil {
		l.queue = newQueue(o.Sink)
	}
	level, ok := ParseLevel(o.Level)
	l.level = level
	if !ok {
		return l, errors.New("open log: tc_log_level is none of TRACE, DEBUG, INFO, WARN, ERROR, CRITICAL; INFO is used")
	}
	return l, nil
}

// Logger returns the logger that writes to l.
func (l *Log) Logger() *slog.Logger { return slog.New(&handler{log: l}) }

// Close hands what is queued to the sink, within ctx and the sink's own
// deadline, and closes the file. Later lines go nowhere. The error is the
// first line's that could not be written to the file; a sink that fails is
// no error but a line in the file.
func (l *Log) Close(ctx context.Context) error {
	if l.queue != nil {
		if lost := l.queue.close(ctx); lost > 0 {
			l.Logger().Warn("the platform's log did not take every line", "lost", lost)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil
	}
	l.closed = true
	if l.file != nil {
		l.fail(l.file.Close())
	}
	if l.failed != nil {
		return fmt.Errorf("write log: %w", l.failed)
	}
	return nil
}

// write appends one line to the file, in one call: runs that share a file do
// not mix their lines.
func (l *Log) write(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return
	}
	if l.file == nil {
		if l.failed != nil {
			return // it could not be opened; the next line changes nothing about that
		}
		file, err := open(l.path)
		if err != nil {
			l.fail(err)
			return
		}
		l.file = file
	}
	_, err := l.file.WriteString(line)
	l.fail(err)
}

// fail keeps the first error.
func (l *Log) fail(err error) {
	if l.failed == nil {
		l.failed = err
	}
}

// open opens a file to append to, and makes its folder where that is missing.
// A fifo that nobody reads is an error; the run does not wait for its reader.
func open(path string) (*os.File, error) {
	const flags = os.O_WRONLY | os.O_CREATE | os.O_APPEND | syscall.O_NONBLOCK
	file, err := os.OpenFile(path, flags, fileMode)
	if !errors.Is(err, fs.ErrNotExist) {
		return file, err
	}
	if err := os.MkdirAll(filepath.Dir(path), folderMode); err != nil {
		return nil, err
	}
	return os.OpenFile(path, flags, fileMode)
}
