package kvstore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/kvstore"
)

// opener opens one kind of store on one server, for the given context.
type opener func(t *testing.T, kvContext string) kvstore.Store

// conformance is what every store does. The contexts begin with the test's
// name, so that one server serves several runs.
func conformance(t *testing.T, open opener) {
	t.Helper()
	ctx := context.Background()
	opened := func(t *testing.T) kvstore.Store {
		t.Helper()
		s := open(t, t.Name())
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	}

	t.Run("a value comes back as it was written", func(t *testing.T) {
		s := opened(t)
		for _, c := range []struct{ key, value string }{
			{"#App:1:plain!String", `"x"`},
			{"#App:1:list[0].a-b_c!StringArray", `["a", null]`},
			{"#Trigger:12:trg.tc.entity!TCEntity", `{"value": "ドメイン.テスト"}`},
			{"#App:1:odd key/with?every%20+thing&#é!TCBatch", "v"},
			{"..", "a path that a URL would fold"},
			{"#App:1:bytes!Binary", "\x00\xff\xfe\r\n$5\r\n*1\r\n"},
			{"#App:1:crlf!String", "\"\r\n\""},
		} {
			require.NoError(t, s.Put(ctx, kvstore.Entry{Key: c.key, Value: []byte(c.value)}))
			got, err := s.Get(ctx, c.key)
			require.NoError(t, err)
			require.Equal(t, [][]byte{[]byte(c.value)}, got, c.key)
		}
	})

	t.Run("unset is nil and no error", func(t *testing.T) {
		s := opened(t)
		got, err := s.Get(ctx, "#App:1:never!String")
		require.NoError(t, err)
		require.Equal(t, [][]byte{nil}, got)
	})

	t.Run("many values are aligned", func(t *testing.T) {
		s := opened(t)
		var keys []string
		var want [][]byte
		var entries []kvstore.Entry
		for i := range 300 {
			key := fmt.Sprintf("#App:1:v%d!String", i)
			keys = append(keys, key)
			if i%3 == 0 {
				want = append(want, nil)
				continue
			}
			value := fmt.Appendf(nil, `"%d"`, i)
			want = append(want, value)
			entries = append(entries, kvstore.Entry{Key: key, Value: value})
		}
		keys, want = append(keys, keys[1]), append(want, want[1])
		require.NoError(t, s.Put(ctx, entries...))
		got, err := s.Get(ctx, keys...)
		require.NoError(t, err)
		require.Equal(t, want, got)
	})

	t.Run("a later value replaces an earlier one", func(t *testing.T) {
		s := opened(t)
		require.NoError(t, s.Put(ctx, kvstore.Entry{Key: "k", Value: []byte("longer than the next")}))
		require.NoError(t, s.Put(ctx, kvstore.Entry{Key: "k", Value: []byte("next")}))
		got, err := s.Get(ctx, "k")
		require.NoError(t, err)
		require.Equal(t, "next", string(got[0]))
	})

	t.Run("a large value", func(t *testing.T) {
		s := opened(t)
		large := bytes.Repeat([]byte("0123456789abcdef"), 3<<16) // 3 MiB
		require.NoError(t, s.Put(ctx, kvstore.Entry{Key: "k", Value: large}))
		got, err := s.Get(ctx, "k")
		require.NoError(t, err)
		require.True(t, bytes.Equal(large, got[0]))
	})

	t.Run("contexts are apart", func(t *testing.T) {
		one, other := open(t, t.Name()+"/one two"), open(t, t.Name()+"/one+two")
		defer one.Close()
		defer other.Close()
		require.NoError(t, one.Put(ctx, kvstore.Entry{Key: "k", Value: []byte("v")}))
		got, err := other.Get(ctx, "k")
		require.NoError(t, err)
		require.Nil(t, got[0])
	})

	t.Run("nothing to do is done without a context", func(t *testing.T) {
		s := open(t, "")
		defer s.Close()
		got, err := s.Get(ctx)
		require.NoError(t, err)
		require.Empty(t, got)
		require.NoError(t, s.Put(ctx))
	})

	t.Run("a missing context is named", func(t *testing.T) {
		s := open(t, "")
		defer s.Close()
		_, err := s.Get(ctx, "k")
		requireReason(t, err, kvstore.Config, "tc_playbook_kvstore_context")
		requireReason(t, s.Put(ctx, kvstore.Entry{Key: "k"}), kvstore.Config, "tc_playbook_kvstore_context")
	})

	t.Run("a canceled context ends an operation, and the store lives on", func(t *testing.T) {
		s := opened(t)
		canceled, cancel := context.WithCancel(ctx)
		cancel()
		_, err := s.Get(canceled, "k")
		requireReason(t, err, kvstore.Canceled, "")
		require.ErrorIs(t, err, context.Canceled)
		require.NoError(t, s.Put(ctx, kvstore.Entry{Key: "k", Value: []byte("v")}))
	})

	t.Run("concurrent use", func(t *testing.T) {
		s := opened(t)
		var all sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			all.Go(func() {
				key, value := fmt.Sprint("k", i), fmt.Appendf(nil, "v%d", i)
				errs[i] = s.Put(ctx, kvstore.Entry{Key: key, Value: value})
				got, err := s.Get(ctx, key)
				if err == nil && !bytes.Equal(got[0], value) {
					err = fmt.Errorf("%s holds %q", key, got[0])
				}
				errs[i] = errors.Join(errs[i], err)
			})
		}
		all.Wait()
		require.NoError(t, errors.Join(errs...))
	})
}

// requireReason checks that err is the store's, has the reason, and that its
// text has a fix which names param.
func requireReason(t *testing.T, err error, reason kvstore.Reason, param string) *kvstore.Error {
	t.Helper()
	var e *kvstore.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, reason, e.Reason, e.Error())
	require.NotEmpty(t, e.Fix)
	require.Contains(t, e.Error(), "Fix: ")
	require.Contains(t, e.Fix, param)
	return e
}
