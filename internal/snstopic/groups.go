package snstopic

import (
	"context"
	"sync"
)

// groups keeps the order within each message group of a FIFO topic: a batch
// enters only when no other under way has a group in common with it.
type groups struct {
	mutex sync.Mutex
	busy  map[string]struct{}
	freed chan struct{} // has one element after a batch left
}

func (g *groups) init() {
	g.busy = map[string]struct{}{}
	g.freed = make(chan struct{}, 1)
}

// enter waits until the groups of batch are free, and takes them. It reports
// false when ctx ends first. One caller at a time.
func (g *groups) enter(ctx context.Context, batch []entry) bool {
	for !g.take(batch) {
		select {
		case <-g.freed:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

func (g *groups) take(batch []entry) bool {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	for i := range batch {
		if _, taken := g.busy[batch[i].message.GroupID]; taken {
			return false
		}
	}
	for i := range batch {
		g.busy[batch[i].message.GroupID] = struct{}{}
	}
	return true
}

// leave frees the groups of a batch that entered.
func (g *groups) leave(batch []entry) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	for i := range batch {
		delete(g.busy, batch[i].message.GroupID)
	}
	select {
	case g.freed <- struct{}{}:
	default:
	}
}
