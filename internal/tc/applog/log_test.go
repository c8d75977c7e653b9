package applog_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/applog"
	"tcsns/internal/tc/secret"
)

// open opens a log in a folder of its own and returns where its lines go.
func open(t *testing.T, o applog.Options) (*applog.Log, string) {
	t.Helper()
	if o.Path == "" {
		o.Path = t.TempDir()
	}
	log, err := applog.Open(o)
	require.NoError(t, err)
	return log, filepath.Join(o.Path, "app.log")
}

func lines(t *testing.T, path string) []string {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(string(content), "\n"))
	return strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
}

// head is what a line begins with.
var head = regexp.MustCompile(`^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} - AWS SNS - *(TRACE|DEBUG|INFO|WARNING|ERROR|CRITICAL) - `)

func TestLine(t *testing.T) {
	t.Parallel()
	log, path := open(t, applog.Options{Name: "AWS SNS", Level: "TRACE"})
	l := log.Logger()
	at := time.Date(2026, 1, 2, 15, 4, 5, 678_900_000, time.Local)
	record := slog.NewRecord(at, slog.LevelInfo, "publish", 0)
	record.Add("messages", 2)
	require.NoError(t, l.Handler().Handle(context.Background(), record))
	l.Info("with a source")
	l.Log(context.Background(), applog.LevelTrace, "t")
	l.Debug("d")
	l.Warn("w")
	l.Error("e")
	l.Log(context.Background(), applog.LevelCritical, "c")
	require.NoError(t, log.Close(context.Background()))

	got := lines(t, path)
	require.Len(t, got, 7)
	require.Equal(t, "2026-01-02 15:04:05,678 - AWS SNS -     INFO - publish messages=2", got[0])
	require.Regexp(t, ` -     INFO - with a source \(log_test\.go:\d+\)$`, got[1])
	for i, level := range []string{"TRACE", "DEBUG", "WARNING", "ERROR", "CRITICAL"} {
		require.Contains(t, got[i+2], fmt.Sprintf(" - %8s - ", level))
	}
	for _, line := range got {
		require.Regexp(t, head, line)
	}
}

func TestAttributes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		log  func(*slog.Logger)
		want string
	}{
		{"kinds", func(l *slog.Logger) {
			l.Info("m", "s", "text", "i", -1, "b", true, "f", 1.5, "d", 1500*time.Millisecond, "n", nil, "e", errors.New("cause"), "t", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
		}, `m s=text i=-1 b=true f=1.5 d=1.5s n=<nil> e=cause t=2026-01-02T03:04:05Z`},
		{"quotes", func(l *slog.Logger) { l.Info("a b", "s", "c d", "e", "", "q", `say "x"`, "eq", "a=b") }, `a b s="c d" e="" q="say \"x\"" eq="a=b"`},
		{"line ends", func(l *slog.Logger) {
			l.Info("a\nb\r\x00\x1b[2J", "k\n", "v\nw", "j", errors.Join(errors.New("x"), errors.New("y")))
		}, `a\nb\r\x00\x1b[2J k\n="v\nw" j="x\ny"`},
		{"invalid bytes and direction marks", func(l *slog.Logger) { l.Info("a\xffb\u202ec", "k", "v\xfe") }, `a\xffb\u202ec k="v\xfe"`},
		{"other scripts", func(l *slog.Logger) { l.Info("größe", "k", "ドメイン.テスト") }, `größe k=ドメイン.テスト`},
		{"with", func(l *slog.Logger) { l.With("a", 1).With("b", "c d").Info("m", "e", 2) }, `m a=1 b="c d" e=2`},
		{"groups", func(l *slog.Logger) {
			l.With("a", 1).WithGroup("g").With("b", 2).WithGroup("").WithGroup("h").Info("m", "c", 3, slog.Group("i", "d", 4), slog.Group("", "e", 5))
		}, `m a=1 g.b=2 g.h.c=3 g.h.i.d=4 g.h.e=5`},
		{"nothing", func(l *slog.Logger) { l.Info("", slog.Attr{}, slog.Group("g")) }, ``},
		{"a value that panics", func(l *slog.Logger) { l.Info("m", "p", (*broken)(nil)) }, `m p=<nil>`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			log, path := open(t, applog.Options{Name: "AWS SNS"})
			test.log(log.Logger())
			require.NoError(t, log.Close(context.Background()))
			got := lines(t, path)
			require.Len(t, got, 1)
			text := head.ReplaceAllString(got[0], "")
			require.Equal(t, test.want, text[:strings.LastIndex(text, " (log_test.go:")])
		})
	}
}

// broken is an error whose nil pointer panics.
type broken struct{ text string }

func (b *broken) Error() string { return b.text }

func TestStackIsOnLinesOfItsOwn(t *testing.T) {
	t.Parallel()
	m := new(secret.Mask)
	m.Add(secret.New("first\n\tsecond"))
	log, path := open(t, applog.Options{Mask: m})
	log.Logger().Error("crashed", "stack", "goroutine 1:\nmain()\n\tmain.go:1\r\nfirst\n\tsecond\n2026-01-02 15:04:05,678 - app - INFO - forged\x00", "code", 1)
	require.NoError(t, log.Close(context.Background()))
	got := lines(t, path)
	require.Contains(t, got[0], "crashed code=1 (")
	require.Equal(t, []string{"    goroutine 1:", "    main()", "        main.go:1", "    ***", `    2026-01-02 15:04:05,678 - app - INFO - forged\x00`}, got[1:])
}

func TestLevels(t *testing.T) {
	t.Parallel()
	all := []slog.Level{applog.LevelTrace, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError, applog.LevelCritical}
	for name, first := range map[string]int{
		"TRACE": 0, "trace": 0, "DEBUG": 1, "INFO": 2, "": 2, " info ": 2, "WARN": 3, "Warning": 3, "ERROR": 4, "CRITICAL": 5, "fatal": 5,
	} {
		log, path := open(t, applog.Options{Level: name})
		for i, level := range all {
			require.Equal(t, i >= first, log.Logger().Enabled(context.Background(), level), "%s: %s", name, level)
			log.Logger().Log(context.Background(), level, "m")
		}
		require.NoError(t, log.Close(context.Background()))
		require.Len(t, lines(t, path), len(all)-first)
	}

	log, err := applog.Open(applog.Options{Path: t.TempDir(), Level: "LOUD"})
	require.ErrorContains(t, err, "tc_log_level")
	require.True(t, log.Logger().Enabled(context.Background(), slog.LevelInfo), "a level that nobody knows is INFO")
	require.False(t, log.Logger().Enabled(context.Background(), slog.LevelDebug))
}

func TestNothingToSayLeavesNoFile(t *testing.T) {
	t.Parallel()
	log, path := open(t, applog.Options{Level: "ERROR"})
	log.Logger().Info("m")
	require.NoError(t, log.Close(context.Background()))
	require.NoFileExists(t, path)
}

func TestFile(t *testing.T) {
	old := syscall.Umask(0o022)
	defer syscall.Umask(old)
	dir := filepath.Join(t.TempDir(), "session", "log")
	for range 2 {
		log, err := applog.Open(applog.Options{Path: dir, File: "own.log"})
		require.NoError(t, err)
		log.Logger().Info("a run")
		path := filepath.Join(dir, "own.log")
		require.NotEmpty(t, lines(t, path), "a line is there before the log is closed")
		require.NoError(t, log.Close(context.Background()))
		require.NoError(t, log.Close(context.Background()), "closing twice is none the worse")
		log.Logger().Info("after the end")
	}
	require.Len(t, lines(t, filepath.Join(dir, "own.log")), 2, "runs append")
	info, err := os.Stat(filepath.Join(dir, "own.log"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o644), info.Mode())
}

func TestFileThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	taken := filepath.Join(t.TempDir(), "taken")
	require.NoError(t, os.WriteFile(taken, nil, 0o600))
	for name, o := range map[string]applog.Options{
		"the folder is a file": {Path: taken},
		"below a file":         {Path: filepath.Join(taken, "log")},
		"the file is a folder": {Path: filepath.Dir(taken), File: "."},
		"the disk is full":     {Path: "/dev", File: "full"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := os.Stat("/dev/full"); err != nil && o.Path == "/dev" {
				t.Skip("this machine has no /dev/full")
			}
			sink := new(sink)
			o.Sink = sink
			log, err := applog.Open(o)
			require.NoError(t, err)
			log.Logger().Info("one")
			log.Logger().Info("two")
			require.ErrorContains(t, log.Close(context.Background()), "write log: ", "it is told once, at the end")
			require.Equal(t, []string{"one", "two"}, sink.messages(), "the platform gets them all the same")
		})
	}
}

func TestEveryLineIsMasked(t *testing.T) {
	t.Parallel()
	const key = "s3cret key/with \"everything\"\n+ä"
	m := new(secret.Mask)
	sink := new(sink)
	log, path := open(t, applog.Options{Level: "TRACE", Mask: m, Sink: sink})
	with := log.Logger().With("with", "x "+key)
	m.Add(secret.New(key)) // known only after it was handed to With
	with.Info("m "+key, "k", key, "q", fmt.Sprintf("%q", key), "b", base64.StdEncoding.EncodeToString([]byte("user:"+key)), key, "as a key", "stack", key)
	with.Log(context.Background(), applog.LevelTrace, "typed", "typed", secret.New(key), "list", []secret.String{secret.New(key)}, "error", fmt.Errorf("sign in with %s", key))
	require.NoError(t, log.Close(context.Background()))
	everything := strings.Join(append(lines(t, path), sink.messages()...), "\n")
	require.NotContains(t, everything, "s3cret")
	require.NotContains(t, everything, "everything")
	require.NotContains(t, everything, base64.StdEncoding.EncodeToString([]byte("s3cret key/with "))[:16])
	require.GreaterOrEqual(t, strings.Count(everything, "***"), 14)
}

func TestConcurrentLines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var wg sync.WaitGroup
	for run := range 4 { // as many logs as runs that share the file
		log, _ := open(t, applog.Options{Path: dir, Name: "AWS SNS", Sink: new(sink)})
		for range 2 {
			wg.Go(func() {
				for i := range 100 {
					log.Logger().Info(strings.Repeat("x", 200), "run", run, "i", i)
				}
			})
		}
		t.Cleanup(func() { require.NoError(t, log.Close(context.Background())) })
	}
	wg.Wait()
	got := lines(t, filepath.Join(dir, "app.log"))
	require.Len(t, got, 800)
	for _, line := range got {
		require.Regexp(t, head.String()+`x{200} run=\d i=\d+ \(log_test`, line)
	}
}

func BenchmarkInfo(b *testing.B) {
	log, err := applog.Open(applog.Options{Path: b.TempDir()})
	require.NoError(b, err)
	l := log.Logger()
	b.ReportAllocs()
	for b.Loop() {
		l.Info("publish", "topic_arn", "arn:aws:sns:eu-central-1:123456789012:alerts", "messages", 2)
	}
}

// A fifo that nobody reads holds no run up.
func TestFifoWaitsForNobody(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "app.log"), 0o600))
	log, err := applog.Open(applog.Options{Path: dir})
	require.NoError(t, err)
	log.Logger().Error("x")
	require.ErrorIs(t, log.Close(t.Context()), syscall.ENXIO)
}
