package snsserver

import (
	"crypto/tls"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestErrorFaults(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fault  Fault
		status int
		code   string
		kind   string
	}{
		"throttling":     {Throttling(), 400, "Throttling", "Sender"},
		"throttled":      {Throttled(), 429, "Throttled", "Sender"},
		"key throttling": {KMSThrottling(), 400, "KMSThrottling", "Sender"},
		"internal":       {InternalError(), 500, "InternalError", "Receiver"},
		"unavailable":    {Unavailable(), 503, "", ""},
		"zero":           {Fault{}, 500, "", ""},
		"any":            {Fault{Status: 418, Code: "Tea", Header: http.Header{"Retry-After": {"1"}}}, 418, "Tea", "Sender"},
		"page":           {Fault{Kind: HTML}, 200, "", ""},
		"redirect":       {Fault{Kind: Redirect, Location: "https://sns.example/"}, 307, "", ""},
		"moved":          {Fault{Kind: Redirect, Status: 301, Location: "https://sns.example/"}, 301, "", ""},
		"huge":           {Fault{Kind: Huge, Size: 1 << 20}, 400, "InvalidParameter", "Sender"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{})
			s.Fail(tc.fault)
			got := me().do(t, s, form())
			require.Equal(t, tc.status, got.status)
			require.Equal(t, tc.code, got.doc.Code)
			require.Equal(t, tc.kind, got.doc.Type)
			require.Equal(t, tc.fault.Location, got.header.Get("Location"))
			require.Equal(t, tc.fault.Header.Get("Retry-After"), got.header.Get("Retry-After"))
			require.GreaterOrEqual(t, len(got.body), tc.fault.Size)
			require.Zero(t, s.Accepted(), "nothing is carried out")
			require.Equal(t, 200, me().do(t, s, form()).status, "one fault, one request")
			require.Equal(t, 2, s.Requests())
		})
	}
}

func TestFailAlways(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	throttled := Throttled()
	s.FailAlways(&throttled)
	s.Fail(InternalError())
	require.Equal(t, 500, me().do(t, s, form()).status, "the queue goes first")
	require.Equal(t, 429, me().do(t, s, form()).status)
	require.Equal(t, 429, me().do(t, s, form()).status)
	s.FailAlways(nil)
	require.Equal(t, 200, me().do(t, s, form()).status)
}

func TestDrops(t *testing.T) {
	t.Parallel()
	for kind, accepted := range map[Kind]int{DropUnread: 0, DropRead: 0, DropAccepted: 1} {
		s := start(t, Options{})
		s.Fail(Fault{Kind: kind})
		transport := &http.Transport{DisableKeepAlives: true}
		response, err := transport.RoundTrip(me().request(t, s, form()))
		if err == nil {
			response.Body.Close()
		}
		require.Error(t, err)
		require.Equal(t, accepted, s.Accepted())
		require.Equal(t, 1, s.Connections())
	}
}

func TestTruncated(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	s.Fail(Fault{Kind: Truncated})
	got := me().do(t, s, form())
	require.Equal(t, 200, got.status)
	require.Error(t, xml.Unmarshal([]byte(got.body), new(document)))
	require.Equal(t, 1, s.Accepted())
}

func TestSlow(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	release := make(chan struct{})
	s.Fail(Fault{Kind: Slow, Release: release}, Fault{Kind: Slow, Delay: time.Millisecond})
	request, status := me().request(t, s, form()), make(chan int, 1)
	go func() {
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			status <- 0
			return
		}
		response.Body.Close()
		status <- response.StatusCode
	}()
	require.Eventually(t, func() bool { return s.Accepted() == 1 }, time.Minute, time.Millisecond)
	require.Empty(t, status, "taken, and not answered")
	close(release)
	require.Equal(t, 200, <-status)
	require.Equal(t, 200, me().do(t, s, form()).status)
	require.Equal(t, 2, s.Accepted())
}

func TestStall(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	release := make(chan struct{})
	s.Fail(Fault{Kind: Stall, Release: release}, Fault{Kind: Stall})
	response, err := http.DefaultTransport.RoundTrip(me().request(t, s, form()))
	require.NoError(t, err, "the head and a half come")
	close(release)
	body, err := io.ReadAll(response.Body)
	response.Body.Close()
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(body), "<PublishResponse") && strings.HasSuffix(string(body), "</PublishResponse>"))

	response, err = http.DefaultTransport.RoundTrip(me().request(t, s, form()))
	require.NoError(t, err)
	s.Close()
	_, err = io.ReadAll(response.Body)
	response.Body.Close()
	require.Error(t, err, "Close ends what is stalled")
}

func TestFailEntries(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	s.Fail(Fault{Kind: FailEntries, Entry: func(m Message) *EntryFault {
		switch m.Message {
		case "ours":
			return &EntryFault{Code: "InternalError", Message: "later"}
		case "yours":
			return &EntryFault{Code: "InvalidParameter", Message: "a < b", SenderFault: true}
		}
		return nil
	}})
	got := me().do(t, s, batch("a", "good", "b", "ours", "c", "yours"))
	require.Equal(t, 200, got.status)
	require.Len(t, got.doc.Successful, 1)
	require.Equal(t, "a", got.doc.Successful[0].ID)
	require.Len(t, got.doc.Failed, 2)
	require.Equal(t, "b", got.doc.Failed[0].ID)
	require.False(t, got.doc.Failed[0].SenderFault)
	require.Equal(t, "InvalidParameter", got.doc.Failed[1].Code)
	require.True(t, got.doc.Failed[1].SenderFault)
	require.Equal(t, 1, s.Accepted())
}

func TestTLS(t *testing.T) {
	t.Parallel()
	other := httptest.NewTLSServer(http.NotFoundHandler()) // for its certificate
	defer other.Close()
	s := start(t, Options{TLS: &tls.Config{Certificates: other.TLS.Certificates}})
	require.True(t, strings.HasPrefix(s.URL(), "https://"))
	response, err := other.Client().Transport.RoundTrip(me().request(t, s, form()))
	require.NoError(t, err)
	defer response.Body.Close()
	require.Equal(t, 200, response.StatusCode)
}
