package snstopic

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// writes counts the writes to a connection.
type writes struct {
	net.Conn
	n *atomic.Int32
}

func (c writes) Write(p []byte) (int, error) {
	c.n.Add(1)
	return c.Conn.Write(p)
}

// A short request is one write, header and body, and its body is not looked at
// beyond its last byte: there the SDK's says "read after close".
func TestShortRequestIsOneWrite(t *testing.T) {
	t.Parallel()
	const text = "Action=Publish"
	var got string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = string(body)
	}))
	defer server.Close()
	transport, err := newTransport(nil, "")
	require.NoError(t, err)
	dial, n := transport.DialContext, new(atomic.Int32)
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		return writes{conn, n}, err
	}
	post := func(body io.Reader) error {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, body)
		require.NoError(t, err)
		r.ContentLength = int64(len(text))
		answer, err := plainClient{transport}.Do(r)
		if err != nil {
			return err
		}
		return answer.Body.Close()
	}

	require.NoError(t, post(io.MultiReader(iotest.OneByteReader(strings.NewReader(text)), iotest.ErrReader(errors.New("read after close")))))
	require.Equal(t, text, got)
	require.EqualValues(t, 1, n.Load())

	n.Store(0)
	require.ErrorIs(t, post(strings.NewReader(text[:5])), io.ErrUnexpectedEOF)
	require.Zero(t, n.Load(), "half a request is none")
}

// dying is a kept connection whose peer went away unnoticed: from the second
// request on, nothing can be written to it.
type dying struct {
	net.Conn
	written *atomic.Int32 // of all connections
}

func (c dying) Write(p []byte) (int, error) {
	if c.written.Add(1) == 2 {
		return 0, net.ErrClosed
	}
	return c.Conn.Write(p)
}

// A request of which nothing was written is sent again on a new connection:
// its outcome is not unknown.
func TestNothingWrittenIsWrittenAgain(t *testing.T) {
	t.Parallel()
	s := newWire(t, accept)
	topic := open(t, withKeys(standard, s.server.URL))
	transport, written := topic.sns.Options().HTTPClient.(trackedClient).transport, new(atomic.Int32)
	dial := transport.DialContext
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := dial(ctx, network, addr)
		return dying{conn, written}, err
	}
	for _, body := range []string{"first", "second"} {
		r := one(t, topic, Message{Body: body})
		require.Equal(t, Published, r.Outcome, "%v", r.Err)
	}
	require.Len(t, s.seen(), 2)
	require.EqualValues(t, 3, written.Load())
}
