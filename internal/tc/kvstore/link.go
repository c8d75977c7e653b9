package kvstore

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
)

// link dials the store's connection and cuts it when the operation that uses
// it is canceled: go-redis itself waits for a reply until its deadline.
type link struct {
	tls *tls.Config // nil: plain TCP

	mu   sync.Mutex
	ctx  context.Context // of the operation that holds the link
	conn net.Conn        // the newest connection; may be closed
}

// hold binds the connection to ctx until the returned function is called.
func (l *link) hold(ctx context.Context) (release func()) {
	l.mu.Lock()
	l.ctx = ctx
	l.mu.Unlock()
	stop := context.AfterFunc(ctx, l.cut)
	return func() { stop() }
}

// cut closes the connection, which ends whatever waits for it.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != nil {
		_ = l.conn.Close()
	}
}

// dial is the client's Dialer. The context that go-redis passes is not the
// operation's, so that one is used.
func (l *link) dial(attempt context.Context, network, address string) (net.Conn, error) {
	l.mu.Lock()
	operation := l.ctx
	l.mu.Unlock()
	ctx, cancel := context.WithCancel(attempt)
	defer cancel()
	defer context.AfterFunc(operation, cancel)()

	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if l.tls != nil {
		secure := tls.Client(conn, l.tls)
		if err := secure.HandshakeContext(ctx); err != nil {
			_ = conn.Close()
			return nil, err
		}
		conn = secure
	}
	conn = guarded(conn)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := operation.Err(); err != nil { // cut may have come before the connection
		_ = conn.Close()
		return nil, err
	}
	l.conn = conn
	return conn, nil
}
