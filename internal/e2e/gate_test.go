package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/platform"
)

// act is what a gate does to one command of the App; the zero value passes it
// on, and the reply back.
type act struct {
	wait  <-chan struct{} // first this is waited for; the command is dropped when the App hangs up
	pause time.Duration   // or this long
	reply string          // these bytes are the reply, and the store is not asked
	half  bool            // half of the reply, then the connection breaks
	cut   bool            // the connection breaks in place of a reply
	down  bool            // so does every connection, and no other is accepted
}

// gate is a TCP proxy before a Redis that knows its protocol well enough to
// see each command, and to do something to it.
type gate struct {
	listener net.Listener
	upstream string
	rule     func(command string, nth int) act

	mu       sync.Mutex
	commands []string // in lower case, in order
	conns    []net.Conn
	seen     chan string // each command, before its act; buffered
}

// startGate starts a gate before the store of w, a Redis. rule is asked for
// every command but AUTH: its name in lower case, and how often it came, from 1.
func startGate(t *testing.T, w *world, rule func(command string, nth int) act) *gate {
	t.Helper()
	params := w.store.Params()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	g := &gate{
		listener: listener, rule: rule, seen: make(chan string, 1024),
		upstream: fmt.Sprintf("%v:%v", params["tc_kvstore_host"], params["tc_kvstore_port"]),
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			g.track(c)
			serving.Go(func() { g.serve(c) })
		}
	})
	t.Cleanup(func() {
		g.shut()
		serving.Wait()
	})
	return g
}

// params lead an App to the gate.
func (g *gate) params(more map[string]any) map[string]any {
	host, port, _ := net.SplitHostPort(g.listener.Addr().String())
	return platform.Merge(map[string]any{"tc_kvstore_host": host, "tc_kvstore_port": port}, more)
}

func (g *gate) track(c net.Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conns = append(g.conns, c)
}

// shut breaks every connection and accepts no more.
func (g *gate) shut() {
	_ = g.listener.Close()
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.conns {
		_ = c.Close()
	}
}

// count is how often a command came.
func (g *gate) count(command string) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := 0
	for _, c := range g.commands {
		if c == command {
			n++
		}
	}
	return n
}

// note notes a command and returns how often it came.
func (g *gate) note(command string) int {
	g.mu.Lock()
	g.commands = append(g.commands, command)
	g.mu.Unlock()
	select {
	case g.seen <- command:
	default: // nobody waits for that many
	}
	return g.count(command)
}

// until waits for a command to arrive.
func (g *gate) until(t *testing.T, command string) {
	t.Helper()
	late := time.After(withinDefault)
	for {
		select {
		case seen := <-g.seen:
			if seen == command {
				return
			}
		case <-late:
			require.Fail(t, "no "+command+" arrived")
		}
	}
}

// serve serves one connection of the App, a command at a time.
func (g *gate) serve(client net.Conn) {
	defer func() { _ = client.Close() }()
	store, err := net.Dial("tcp", g.upstream)
	if err != nil {
		return
	}
	g.track(store)
	defer func() { _ = store.Close() }()

	// Reading goes on while an act waits, so that a hang-up is noticed.
	commands := make(chan []byte, 4096) // more than a run pipelines
	gone := make(chan struct{})
	done := make(chan struct{})
	defer close(done)
	go func() {
		defer close(gone)
		r := bufio.NewReaderSize(client, 64<<10)
		for {
			raw, err := readRESP(r)
			if err != nil {
				return
			}
			select {
			case commands <- raw:
			case <-done:
				return
			}
		}
	}()
	replies := bufio.NewReaderSize(store, 64<<10)
	for {
		select {
		case raw := <-commands:
			if !g.command(client, store, replies, raw, gone) {
				return
			}
		case <-gone:
			return
		}
	}
}

// command deals with one command; false ends the connection.
func (g *gate) command(client, store net.Conn, replies *bufio.Reader, raw []byte, gone <-chan struct{}) bool {
	name := commandName(raw)
	var a act
	if nth := g.note(name); name != "auth" && g.rule != nil {
		a = g.rule(name, nth)
	}
	if a.wait != nil {
		select {
		case <-a.wait:
		case <-gone:
			return false
		}
	}
	if a.pause > 0 {
		select {
		case <-time.After(a.pause):
		case <-gone:
			return false
		}
	}
	switch {
	case a.down:
		g.shut()
		return false
	case a.cut:
		return false
	case a.reply != "":
		_, err := io.WriteString(client, a.reply)
		return err == nil
	}
	if _, err := store.Write(raw); err != nil {
		return false
	}
	reply, err := readRESP(replies)
	if err != nil {
		return false
	}
	if a.half {
		_, _ = client.Write(reply[:len(reply)/2])
		return false
	}
	_, err = client.Write(reply)
	return err == nil
}

// commandName is the name of a command as it was sent, in lower case.
func commandName(raw []byte) string {
	lines := bytes.SplitN(raw, []byte("\r\n"), 4)
	if len(lines) < 3 {
		return ""
	}
	return strings.ToLower(string(lines[2]))
}

// readRESP reads one command or reply of RESP2 and returns its bytes.
func readRESP(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadBytes('\n')
	if err != nil {
		return nil, err
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(line[1:])))
	switch line[0] {
	case '$':
		if n < 0 {
			return line, nil
		}
		value := make([]byte, n+2)
		_, err := io.ReadFull(r, value)
		return append(line, value...), err
	case '*':
		for range n {
			part, err := readRESP(r)
			if err != nil {
				return nil, err
			}
			line = append(line, part...)
		}
	}
	return line, nil
}

// command sends commands to a Redis, one after another; the error is the first
// that it refuses.
func command(addr string, commands ...[]string) error {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	replies := bufio.NewReader(c)
	for _, words := range commands {
		if _, err := c.Write(respCommand(words)); err != nil {
			return err
		}
		reply, err := readRESP(replies)
		if err != nil {
			return err
		}
		if reply[0] == '-' {
			return fmt.Errorf("%s: %s", words[0], reply)
		}
	}
	return nil
}

func respCommand(words []string) []byte {
	b := fmt.Appendf(nil, "*%d\r\n", len(words))
	for _, word := range words {
		b = fmt.Appendf(b, "$%d\r\n%s\r\n", len(word), word)
	}
	return b
}
