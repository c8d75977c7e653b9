package snstopic

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// However many messages there are, only the batches under way are in memory:
// each message is asked for when it is about to be sent.
func TestManyMessagesStayFlat(t *testing.T) {
	t.Parallel()
	const n, bodyBytes = 20_000, 2_000
	s := newCounter(t)
	var composed atomic.Int64
	most := int64(0)
	results := open(t, withKeys(standard, s.url)).Publish(t.Context(), n, func(i int) (Message, error) {
		most = max(most, composed.Add(1)-s.entries.Load())
		return Message{Body: strings.Repeat("x", bodyBytes)}, nil
	})
	for _, r := range results {
		require.Equal(t, Published, r.Outcome, "%v", r.Err)
	}
	require.EqualValues(t, n, s.entries.Load())
	// The batches under way, the one that waits and the one that is packed.
	require.LessOrEqual(t, most, int64((concurrency+2)*maxEntries+1))
}
