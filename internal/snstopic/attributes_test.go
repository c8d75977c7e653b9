package snstopic

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAttributes(t *testing.T) {
	t.Parallel()
	s := newWire(t, func(_ int, form url.Values, w http.ResponseWriter, _ *http.Request) {
		require.Equal(t, "GetTopicAttributes", form.Get("Action"))
		_, _ = io.WriteString(w, `<GetTopicAttributesResponse><GetTopicAttributesResult><Attributes>
			<entry><key>SubscriptionsConfirmed</key><value>2</value></entry><entry><key>SubscriptionsPending</key><value>1</value></entry>
			<entry><key>FifoTopic</key><value>true</value></entry>
			<entry><key>MaximumMessageSize</key><value>1048576</value></entry><entry><key>KmsMasterKeyId</key><value>alias/aws/sns</value></entry></Attributes></GetTopicAttributesResult></GetTopicAttributesResponse>`)
	})
	got, err := open(t, withKeys(fifo, s.server.URL)).Attributes(t.Context())
	require.NoError(t, err)
	require.Equal(t, TopicAttributes{2, 1, true, 1 << 20, "alias/aws/sns"}, got)
}

func TestAttributesRefused(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		answer func(w http.ResponseWriter)
		code   string
		denied bool
		asked  int
	}{
		{"denied", func(w http.ResponseWriter) {
			refuse(w, 403, "AuthorizationError", "not authorized to perform: SNS:GetTopicAttributes")
		}, "AuthorizationError", true, 1},
		{"no topic", func(w http.ResponseWriter) { refuse(w, 404, "NotFound", "Topic does not exist") }, "NotFound", false, 1},
		{"dropped", drop, CodeConnection, false, 3},
		{"a page", func(w http.ResponseWriter) { _, _ = io.WriteString(w, "<html>guest network</html>") }, CodeNotSNS, false, 3},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := newWire(t, func(_ int, _ url.Values, w http.ResponseWriter, _ *http.Request) { row.answer(w) })
			topic := open(t, withKeys(standard, s.server.URL))
			hurry(topic)
			_, err := topic.Attributes(t.Context())
			var e *Error
			require.True(t, errors.As(err, &e))
			require.Equal(t, row.code, e.Code)
			require.Equal(t, row.denied, e.AccessDenied())
			require.NotContains(t, e.Error(), "published")
			require.Contains(t, e.Error(), "read the attributes of alerts: ")
			require.Len(t, s.seen(), row.asked)
		})
	}
}

// A check that runs out of time says that, and not that nobody was reached.
func TestAttributesTimeOut(t *testing.T) {
	t.Parallel()
	s := newWire(t, func(_ int, _ url.Values, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	config := withKeys(standard, s.server.URL)
	config.Timeout = 300 * time.Millisecond
	_, err := open(t, config).Attributes(t.Context())
	var e *Error
	require.True(t, errors.As(err, &e))
	require.Equal(t, CodeDeadline, e.Code)
	require.Equal(t, ClassTimeout, e.Class)
	require.True(t, e.Retryable)
	require.Contains(t, e.Fix, "timeout_seconds")
}
