package applog_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/applog"
)

// sink is the platform's log: it keeps what it gets.
type sink struct {
	mu      sync.Mutex
	batches [][]applog.Event
	answer  func(ctx context.Context, n int) error // n counts from 1; nil: takes all
	arrived chan struct{}                          // gets one for each request, where it is set
}

func (s *sink) SendLog(ctx context.Context, events []applog.Event) error {
	s.mu.Lock()
	s.batches = append(s.batches, events)
	n := len(s.batches)
	s.mu.Unlock()
	if s.arrived != nil {
		s.arrived <- struct{}{}
	}
	if s.answer != nil {
		return s.answer(ctx, n)
	}
	return nil
}

func (s *sink) sizes() (sizes []int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, batch := range s.batches {
		sizes = append(sizes, len(batch))
	}
	return sizes
}

func (s *sink) messages() (messages []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, batch := range s.batches {
		for _, event := range batch {
			messages = append(messages, event.Message)
		}
	}
	return messages
}

func TestSinkGetsAllAtTheEnd(t *testing.T) {
	t.Parallel()
	s := new(sink)
	log, _ := open(t, applog.Options{Sink: s, Level: "INFO"})
	log.Logger().Debug("below the level")
	log.Logger().Info("one", "k", "v")
	log.Logger().Warn("two\nlines")
	require.Empty(t, s.sizes(), "a few lines wait")
	require.NoError(t, log.Close(context.Background()))
	require.Equal(t, []int{2}, s.sizes())
	require.Equal(t, []string{"one k=v", `two\nlines`}, s.messages())
	require.Equal(t, []string{"INFO", "WARNING"}, []string{s.batches[0][0].Level, s.batches[0][1].Level})
	require.False(t, s.batches[0][0].Time.IsZero())
}

func TestSinkIsLeftAloneWithoutLines(t *testing.T) {
	t.Parallel()
	s := new(sink)
	log, _ := open(t, applog.Options{Sink: s})
	require.NoError(t, log.Close(context.Background()))
	require.Empty(t, s.sizes())
}

func TestSinkGetsErrorsAtOnce(t *testing.T) {
	t.Parallel()
	s := &sink{arrived: make(chan struct{}, 10)}
	log, _ := open(t, applog.Options{Sink: s})
	log.Logger().Info("before")
	log.Logger().Error("now")
	<-s.arrived
	require.Equal(t, []string{"before", "now"}, s.messages())
	require.NoError(t, log.Close(context.Background()))
}

func TestSinkGetsBatchesInOrder(t *testing.T) {
	t.Parallel()
	s := new(sink)
	log, _ := open(t, applog.Options{Sink: s})
	var want []string
	for i := range 1050 {
		want = append(want, fmt.Sprint("line ", i))
		log.Logger().Info(want[i])
	}
	require.NoError(t, log.Close(context.Background()))
	require.Equal(t, want, s.messages())
	for _, size := range s.sizes() {
		require.LessOrEqual(t, size, 100)
	}
}

func TestSinkThatFails(t *testing.T) {
	t.Parallel()
	s := &sink{}
	log, path := open(t, applog.Options{Sink: s})
	written, asked := make(chan struct{}), 0
	s.answer = func(context.Context, int) error {
		if asked++; asked == 1 {
			log.Logger().Error("the client's own line about its failure")
			close(written)
		}
		return errors.New("down")
	}
	log.Logger().Error("first")
	<-written
	require.NoError(t, log.Close(context.Background()), "no failure of the run")
	log.Logger().Error("after the end")
	require.Len(t, s.sizes(), 1, "after a failure nothing is sent any more")
	got := lines(t, path)
	require.Len(t, got, 3)
	require.Contains(t, got[2], "the platform's log did not take every line lost=")
}

// A sink that hangs holds up no line, and the end no longer than its context.
func TestSinkThatHangs(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(context.Context, int) error{
		"until its deadline": func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() },
		"for ever":           func(context.Context, int) error { select {} },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &sink{answer: answer, arrived: make(chan struct{}, 10)}
			log, path := open(t, applog.Options{Sink: s})
			log.Logger().Error("first")
			<-s.arrived
			for range 5000 {
				log.Logger().Info("goes on")
			}
			ended, end := context.WithCancel(context.Background())
			end()
			require.NoError(t, log.Close(ended))
			got := lines(t, path)
			require.Len(t, got, 5002)
			require.Contains(t, got[5001], "lost=5001")
			require.Len(t, s.sizes(), 1)
		})
	}
}
