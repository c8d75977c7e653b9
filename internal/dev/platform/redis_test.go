package platform

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/redistest"
)

// Both kinds of store keep the same bytes, apart by context.
func TestStores(t *testing.T) {
	t.Parallel()
	stores := map[string]func(t *testing.T) Store{
		"embedded": func(t *testing.T) Store {
			s, err := StartRedis()
			require.NoError(t, err)
			return s
		},
		"redis-server": func(t *testing.T) Store {
			server := redistest.Start(t, redistest.Options{})
			s, err := OpenRedis(t.Context(), RedisOptions{Addr: server.Addr(), DB: 3})
			require.NoError(t, err)
			return s
		},
		"API": func(t *testing.T) Store {
			s, err := StartAPI(APIOptions{})
			require.NoError(t, err)
			return s
		},
	}
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, ctx := open(t), t.Context()
			t.Cleanup(func() { require.NoError(t, s.Close()) })
			in := map[string][]byte{"#App:1:a!String": []byte(`"é"`), "#App:1:b!Binary": {0, '\r', '\n', 0xff}, "empty": {}}
			require.NoError(t, s.Stage(ctx, "one", in))
			require.NoError(t, s.Stage(ctx, "two", nil))
			require.NoError(t, s.Stage(ctx, "two", map[string][]byte{"x": []byte("y")}))
			out, err := s.Read(ctx, "one")
			require.NoError(t, err)
			require.Equal(t, in, out)
			require.NoError(t, s.Delete(ctx, "one"))
			out, err = s.Read(ctx, "one")
			require.NoError(t, err)
			require.Empty(t, out)
			out, err = s.Read(ctx, "two")
			require.NoError(t, err)
			require.Len(t, out, 1)
		})
	}
}

func TestOpenRedisPassword(t *testing.T) {
	t.Parallel()
	store, err := StartRedis()
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close() })
	addr := store.Embedded().Addr()
	store.Embedded().RequireUserAuth("app", "hunter22")
	_, err = OpenRedis(t.Context(), RedisOptions{Addr: addr})
	require.ErrorContains(t, err, "NOAUTH")
	_, err = OpenRedis(t.Context(), RedisOptions{Addr: addr, User: "app", Password: "wrong"})
	require.ErrorContains(t, err, "WRONGPASS")
	opened, err := OpenRedis(t.Context(), RedisOptions{Addr: addr, User: "app", Password: "hunter22"})
	require.NoError(t, err)
	require.Nil(t, opened.Embedded())
	require.Equal(t, "hunter22", opened.Params()["tc_kvstore_pass"])
}

func TestOpenRedisErrors(t *testing.T) {
	t.Parallel()
	api, err := StartAPI(APIOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = api.Close() })
	for addr, want := range map[string]string{
		"nowhere":                    "missing port",
		"127.0.0.1:x":                "no number",
		"127.0.0.1:1":                "refused",
		api.listener.Addr().String(): "no Redis",
	} {
		_, err := OpenRedis(t.Context(), RedisOptions{Addr: addr})
		require.ErrorContains(t, err, want, addr)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = OpenRedis(ctx, RedisOptions{Addr: "127.0.0.1:1"})
	require.ErrorIs(t, err, context.Canceled)
}

func TestReadReply(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want any
		err  string
	}{
		{"+OK\r\n", "OK", ""},
		{":12\r\n", int64(12), ""},
		{"$3\r\na\r\n\r\n", []byte("a\r\n"), ""},
		{"$-1\r\n", nil, ""},
		{"*2\r\n$1\r\na\r\n:1\r\n", []any{[]byte("a"), int64(1)}, ""},
		{"-ERR no\r\n", nil, "ERR no"},
		{"", nil, "EOF"},
		{"\r\n", nil, "no Redis"},
		{"HTTP/1.1 400\r\n", nil, "no Redis"},
		{"$5\r\nab", nil, "no Redis"},
		{"$x\r\n", nil, "no Redis"},
		{"$999999999999\r\n", nil, "no Redis"},
		{"*999999999999\r\n", nil, "no Redis"},
		{":x\r\n", nil, "no Redis"},
		{"+" + strings.Repeat("a", 8192), nil, "no Redis"},
		{strings.Repeat("*1\r\n", 100), nil, "no Redis"},
	}
	for _, test := range tests {
		got, err := readReply(bufio.NewReader(strings.NewReader(test.text)), 0)
		if test.err != "" {
			require.ErrorContains(t, err, test.err, test.text)
			continue
		}
		require.NoError(t, err, test.text)
		require.Equal(t, test.want, got, test.text)
	}
}

func FuzzReadReply(f *testing.F) {
	for _, seed := range []string{"+OK\r\n", "$3\r\nabc\r\n", "*1\r\n:1\r\n", "-ERR\r\n", "*-1\r\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		data = append(data, "+next\r\n"...)
		r := bufio.NewReader(bytes.NewReader(data))
		got, err := readReply(r, 0)
		bytewise, failed := readReply(bufio.NewReader(iotest.OneByteReader(bytes.NewReader(data))), 0)
		require.Equal(t, got, bytewise, "how it is cut into reads decides")
		require.Equal(t, err, failed)
		if err != nil {
			return
		}
		left, err := io.ReadAll(r)
		require.NoError(t, err)
		alone, err := readReply(bufio.NewReader(bytes.NewReader(data[:len(data)-len(left)])), 0)
		require.NoError(t, err, "a reply is read without what follows")
		require.Equal(t, got, alone)
	})
}
