package kvstore

import (
	"bytes"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGuard(t *testing.T) {
	t.Parallel()
	value := strings.Repeat("\r\n$9999999999999\r\n", 10) // data is not looked at
	for _, c := range []struct {
		name, reply string
		ok          bool
	}{
		{"a status", "+OK\r\n", true},
		{"an error", "-ERR no\r\n", true},
		{"a number", ":1\r\n:0\r\n", true},
		{"no value", "$-1\r\n", true},
		{"an empty value", "$0\r\n\r\n", true},
		{"values", fmt.Sprintf("$%d\r\n", len(value)) + value + "\r\n$1\r\nx\r\n", true},
		{"the largest value", "$536870912\r\nx", true},
		{"an empty list", "*0\r\n", true},
		{"a larger value", "$536870913\r\nx", false},
		{"a length beyond 64 bits", "$99999999999999999999\r\n", false},
		{"no length", "$x\r\n", false},
		{"a list", "*2\r\n", false},
		{"after a value", "$1\r\nx\r\n$9000000000000000000\r\n", false},
		{"the longest line", "+" + strings.Repeat("x", maxLine-2) + "\r\n", true},
		{"a longer line", "+" + strings.Repeat("x", maxLine), false},
		{"a web page", "HTTP/1.1 400 Bad Request\r\n", false},
		{"a text of RESP3", "=200000000000\r\ntxt:x", false},
		{"an error of RESP3", "!200000000000\r\nx", false},
		{"attributes of RESP3", "|1\r\n+k\r\n+v\r\n$1\r\nx\r\n", false},
		{"a push of RESP3", ">1\r\n+x\r\n", false},
		{"RESP3's word for no value", "_\r\n", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.ok, new(guard).pass([]byte(c.reply)), "at once")
			one, ok := new(guard), true
			for i := range len(c.reply) {
				ok = ok && one.pass([]byte{c.reply[i]})
			}
			require.Equal(t, c.ok, ok, "byte by byte")
		})
	}
}

// A connection passes on what it may, and nothing of what it may not.
func TestGuardReads(t *testing.T) {
	t.Parallel()
	client, server := net.Pipe()
	defer client.Close()
	g := &guard{Conn: client}
	go func() {
		defer server.Close()
		_, _ = server.Write([]byte("+OK\r\n"))
		_, _ = server.Write([]byte("$9000000000000000000\r\n"))
	}()
	p := make([]byte, 64)
	n, err := g.Read(p)
	require.NoError(t, err)
	require.Equal(t, "+OK\r\n", string(p[:n]))
	n, err = g.Read(p)
	require.ErrorIs(t, err, errNotRedis)
	require.Zero(t, n)
}

func FuzzGuard(f *testing.F) {
	f.Add([]byte("$3\r\nabc\r\n"), 2)
	f.Add([]byte("*1\r\n$-1\r\n"), 1)
	f.Fuzz(func(t *testing.T, reply []byte, size int) {
		whole := new(guard).pass(reply)
		parts, ok := new(guard), true
		for rest := reply; ok && len(rest) > 0; {
			n := min(max(size, 1), len(rest))
			ok = parts.pass(bytes.Clone(rest[:n]))
			rest = rest[n:]
		}
		if whole != ok {
			t.Fatal("how the reply is cut into reads decides")
		}
		if !ok {
			return
		}
		require.LessOrEqual(t, parts.count, maxLine)
		require.LessOrEqual(t, parts.value, maxBulk+len("\r\n"))
		if parts.value > 0 || parts.count > 0 {
			return // in a value or a line, where anything may come
		}
		for _, beyond := range []string{"$536870913\r\n", "*1\r\n", "=1\r\n", "!1\r\n", ">1\r\n", "|1\r\n"} {
			next := *parts
			require.False(t, next.pass([]byte(beyond)), "%q after %q", beyond, reply)
		}
	})
}
