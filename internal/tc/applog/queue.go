package applog

import (
	"context"
	"sync"
	"time"
)

// Event is one line for the platform's log, its secrets removed.
type Event struct {
	Time    time.Time
	Level   string // TRACE, DEBUG, INFO, WARNING, ERROR or CRITICAL
	Message string // with its attributes, without time and source
}

// Sender is the platform's log.
type Sender interface {
	// SendLog hands events over, or gives up when ctx is done.
	SendLog(ctx context.Context, events []Event) error
}

const (
	// batch is how many lines wait before they are sent, and the most that go
	// in one request (CONTRACT §6).
	batch = 100
	// waiting bounds the lines that wait while a request is under way.
	waiting = 20 * batch
	// sendTimeout is the sink's own deadline, for one request. The figure is
	// ours: long for a healthy platform, short for a person who waits.
	sendTimeout = time.Second
)

// queue gathers lines and sends them aside, never in the way of the run: an
// add returns at once. One request is under way at a time, so that lines
// arrive in their order. After the first failure nothing is sent any more: a
// sink that is down costs a run one deadline at most, and the lines that a
// client writes about its own failure cannot set off the next request.
type queue struct {
	sink Sender

	mu       sync.Mutex
	events   []Event       // that wait
	underway int           // lines being sent
	sending  chan struct{} // closed when they are through; nil: none
	cancel   context.CancelFunc
	dead     bool
	closed   bool
	lost     int
}

func newQueue(sink Sender) *queue { return &queue{sink: sink} }

// add takes a line, and sends when enough wait or it is urgent.
func (q *queue) add(e Event, urgent bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return
	case q.dead, len(q.events) >= waiting:
		q.lost++
		return
	}
	q.events = append(q.events, e)
	if urgent || len(q.events) > batch {
		q.send(context.Background())
	}
}

// send starts to send all that waits, unless a request is under way. The
// caller holds q.mu.
func (q *queue) send(ctx context.Context) {
	if q.sending != nil || len(q.events) == 0 || q.dead {
		return
	}
	events := q.events
	q.events, q.underway = nil, len(events)
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(ctx)
	q.sending, q.cancel = done, cancel
	go func() {
		defer cancel()
		lost := q.deliver(ctx, events)
		q.mu.Lock()
		defer q.mu.Unlock()
		q.lost += lost
		q.dead = q.dead || lost > 0
		if q.dead {
			q.lost += len(q.events)
			q.events = nil
		}
		q.sending, q.underway = nil, 0
		close(done)
		if !q.closed && len(q.events) > batch {
			q.send(context.Background())
		}
	}()
}

// deliver sends events in batches and returns how many did not arrive.
func (q *queue) deliver(ctx context.Context, events []Event) (lost int) {
	for len(events) > 0 {
		n := min(len(events), batch)
		if err := q.request(ctx, events[:n]); err != nil {
			return len(events)
		}
		events = events[n:]
	}
	return 0
}

func (q *queue) request(ctx context.Context, events []Event) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	return q.sink.SendLog(ctx, events)
}

// close sends what waits, and returns when it is answered or ctx is done. It
// returns how many lines of the run did not arrive.
func (q *queue) close(ctx context.Context) (lost int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return 0
	}
	q.closed = true
	q.await(ctx) // the request that add has started
	q.send(ctx)
	q.await(ctx)
	return q.lost + q.underway + len(q.events)
}

// await waits for the request under way, and gives it up when ctx is done. The
// caller holds q.mu, which is free meanwhile.
func (q *queue) await(ctx context.Context) {
	sending, cancel := q.sending, q.cancel
	if sending == nil {
		return
	}
	q.mu.Unlock()
	defer q.mu.Lock()
	select {
	case <-sending:
	case <-ctx.Done():
		cancel()
	}
}
