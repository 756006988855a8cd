package sqlstore

import (
	"container/list"
	"context"
	"sync"

	"github.com/easoauth/easoauth/internal/keyed"
)

// A gate lets as many statements through as the pool has connections, so that none waits in
// the pool's own queue, which knows no urgency: a record that must be stored does not stand
// behind a thousand that are only to be read. The zero gate is ready to use.
type gate struct {
	mu      sync.Mutex
	passing int
	waiting [2]list.List // of chan struct{}; urgent first, each in the order of arrival
}

// An urgency is the place in the queue: urgent is for what gives room, a save or a release.
type urgency int

const (
	urgent urgency = iota
	normal
)

// enter waits until fewer than limit statements pass, or ctx ends. A limit of 0 is none.
func (g *gate) enter(ctx context.Context, limit int, u urgency) (leave func(), err error) {
	g.mu.Lock()
	if limit <= 0 || g.passing < limit {
		g.passing++
		g.mu.Unlock()
		return g.leave, nil
	}
	turn := make(chan struct{})
	place := g.waiting[u].PushBack(turn)
	g.mu.Unlock()
	select {
	case <-turn:
		return g.leave, nil
	case <-ctx.Done():
		g.giveUp(place, u)
		return nil, keyed.Ended(ctx)
	}
}

// giveUp takes a waiter out of the queue. If its turn came at the same moment, the next has
// it.
func (g *gate) giveUp(place *list.Element, u urgency) {
	g.mu.Lock()
	select {
	case <-place.Value.(chan struct{}):
		g.mu.Unlock()
		g.leave()
	default:
		g.waiting[u].Remove(place)
		g.mu.Unlock()
	}
}

// leave hands the place to the next, or frees it.
func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for u := range g.waiting {
		if first := g.waiting[u].Front(); first != nil {
			close(g.waiting[u].Remove(first).(chan struct{}))
			return
		}
	}
	g.passing--
}
