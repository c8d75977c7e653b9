package kvstore

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// reply is an error reply, as go-redis reports it.
type reply string

func (r reply) Error() string { return string(r) }
func (reply) RedisError()     {}

// FuzzReply: whatever a server answers, the error has a reason and a fix, and
// of the answer at most a code.
func FuzzReply(f *testing.F) {
	for _, seed := range []string{
		"", " ", "ERR", "OOM x", "NOAUTH Authentication required.", "WRONGPASS invalid", "ERR max number of clients reached",
		"ERR unknown command 'HSET', with args beginning with: 'value'", "value", "VALUEVALUEVALUEVALUEVALUE x", "MOVED 1 a:1", "\x00\xff",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		err := words{store: "Redis at h:1"}.failure("read", nil, reply(text))
		require.NotEmpty(t, err.Problem)
		require.NotEmpty(t, err.Fix)
		require.NotEqual(t, Unknown, err.Reason)
		var cause *replyError
		require.ErrorAs(t, err, &cause)
		require.LessOrEqual(t, len(cause.code), maxCode)
		require.Empty(t, strings.Trim(cause.code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
		var raw redis.Error
		require.False(t, errors.As(err, &raw), "the server's text is not in the chain")
	})
}

// FuzzEscape: a key comes back from its URL, and nothing in it is left to
// interpretation on the way.
func FuzzEscape(f *testing.F) {
	for _, seed := range []string{"", "#App:1:a.b-[0]!String", "a b+c%20", "..", "/", "ドメイン", "\x00\xff~"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, key string) {
		escaped := escape(key)
		require.Empty(t, strings.Trim(escaped, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~%"))
		for _, decode := range []func(string) (string, error){url.PathUnescape, url.QueryUnescape} {
			back, err := decode(escaped)
			require.NoError(t, err)
			require.Equal(t, key, back)
		}
	})
}

func TestErrorNamesFewKeys(t *testing.T) {
	t.Parallel()
	e := &Error{Op: "write", Store: "S", Problem: "p", Keys: []string{"a", "b", "c", "d", "e"}}
	require.Equal(t, "write the key-value store (S), a, b, c and 2 more: p", e.Error())
	e.Keys, e.Fix = []string{"a", "b"}, "f"
	require.Equal(t, "write the key-value store (S), a, b: p. Fix: f", e.Error())
}
