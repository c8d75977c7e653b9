package kvstore_test

import (
	"bufio"
	"io"
	"net"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// replies serves the same bytes to the first request of every connection, and
// then hangs up.
func replies(t *testing.T, reply string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go serve(l, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 64<<10))
		_, _ = io.WriteString(conn, reply)
	})
	return l.Addr().String()
}

func serve(l net.Listener, handle func(net.Conn)) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		handle(conn)
		_ = conn.Close()
	}
}

// tap forwards to a server and notes the commands of each connection.
type tap struct {
	addr string
	seen chan struct{} // closed at the first command

	listener net.Listener
	done     chan struct{}
	commands [][]string
}

func startTap(t *testing.T, server string) *tap {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	w := &tap{addr: l.Addr().String(), seen: make(chan struct{}), listener: l, done: make(chan struct{})}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		defer close(w.done)
		serve(l, func(conn net.Conn) { w.forward(conn, server) })
	}()
	return w
}

// finish returns the commands, a list a connection; every connection is
// closed before.
func (w *tap) finish() [][]string {
	_ = w.listener.Close()
	<-w.done
	return w.commands
}

func (w *tap) forward(conn net.Conn, server string) {
	upstream, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer upstream.Close()
	go func() { _, _ = io.Copy(conn, upstream) }()
	w.commands = append(w.commands, nil)
	n := len(w.commands) - 1
	in := bufio.NewReader(io.TeeReader(conn, upstream))
	for {
		words, err := readCommand(in)
		if err != nil {
			return
		}
		w.commands[n] = append(w.commands[n], strings.ToLower(words))
		if len(w.commands) == 1 && len(w.commands[0]) == 1 {
			close(w.seen)
		}
	}
}

// readCommand reads an array of bulk strings and returns its first.
func readCommand(in *bufio.Reader) (string, error) {
	header, err := in.ReadString('\n')
	if err != nil {
		return "", err
	}
	n, err := strconv.Atoi(strings.Trim(header, "*\r\n"))
	if err != nil {
		return "", err
	}
	first := ""
	for i := range n {
		length, err := in.ReadString('\n')
		if err != nil {
			return "", err
		}
		size, err := strconv.Atoi(strings.Trim(length, "$\r\n"))
		if err != nil {
			return "", err
		}
		text := make([]byte, size+2)
		if _, err := io.ReadFull(in, text); err != nil {
			return "", err
		}
		if i == 0 {
			first = string(text[:size])
		}
	}
	return first, nil
}
