package kvstore

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"syscall"
)

const (
	// maxBulk is the largest value that Redis holds, in bytes: its default
	// proto-max-bulk-len (https://redis.io/docs/latest/develop/data-types/strings/).
	maxBulk = 512 << 20
	// maxLine bounds a line of a reply, in bytes: a length, a status or an
	// error, which Redis keeps below a few hundred.
	maxLine = 64 << 10
	// headLine is how much of a line is kept: enough for its kind and any
	// length that fits into 64 bits.
	headLine = 32
)

var errNotRedis = errors.New("the reply is not in Redis's protocol")

// guard holds what a server sends against the protocol's limits before
// go-redis reads it. go-redis takes as much memory as a reply announces: a
// server that is no Redis, or a hostile one, would end the run with a crash
// that no exit message survives.
type guard struct {
	net.Conn
	line  [headLine]byte // the beginning of the current line
	count int            // its bytes so far
	value int            // bytes of a value still to come, its CR LF included
}

// socketGuard is a guard of a plain connection: go-redis looks at the socket
// whether an idle one is still alive.
type socketGuard struct {
	*guard
	syscall.Conn
}

// guarded guards conn.
func guarded(conn net.Conn) net.Conn {
	g := &guard{Conn: conn}
	if socket, ok := conn.(syscall.Conn); ok {
		return socketGuard{g, socket}
	}
	return g
}

// Read reads from the connection. The error of a reply beyond the limits is
// errNotRedis.
func (g *guard) Read(p []byte) (int, error) {
	n, err := g.Conn.Read(p)
	if !g.pass(p[:n]) {
		return 0, errNotRedis
	}
	return n, err
}

// pass follows the reply through data; false when it breaks a limit.
func (g *guard) pass(data []byte) bool {
	for len(data) > 0 {
		if g.value > 0 {
			n := min(g.value, len(data))
			g.value -= n
			data = data[n:]
			continue
		}
		c := data[0]
		data = data[1:]
		if c == '\n' {
			if !g.endLine() {
				return false
			}
			continue
		}
		if g.count < headLine {
			g.line[g.count] = c
		}
		if g.count++; g.count > maxLine {
			return false
		}
	}
	return true
}

// endLine takes the current line in: of a value the length, of anything else
// nothing. A list is never asked for, so that a length above 0 breaks the
// protocol as well, and so does every kind of reply that RESP2 does not have:
// go-redis knows those of RESP3 all the same, and some announce a length.
func (g *guard) endLine() bool {
	line := g.line[:min(g.count, headLine)]
	g.count = 0
	switch {
	case len(line) < 2:
		return true // go-redis judges it
	case strings.IndexByte("+-:", line[0]) >= 0:
		return true
	case line[0] != '$' && line[0] != '*':
		return false
	}
	length, err := strconv.Atoi(string(line[1 : len(line)-1]))
	switch {
	case err != nil, length > maxBulk:
		return false
	case line[0] == '*':
		return length <= 0
	case length >= 0:
		g.value = length + len("\r\n")
	}
	return true
}
