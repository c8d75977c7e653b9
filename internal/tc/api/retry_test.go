package api_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/api"
)

// FuzzRetryAfter: a server cannot ask for a pause below zero.
func FuzzRetryAfter(f *testing.F) {
	for _, seed := range []string{"", "1", "-1", "4294967296", "Fri, 02 Jan 2026 03:04:15 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "1e3"} {
		f.Add(seed)
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	f.Fuzz(func(t *testing.T, header string) {
		require.GreaterOrEqual(t, api.RetryAfter(header, now), time.Duration(0))
	})
}
