package kvstore_test

import (
	"context"
	"testing"

	"tcsns/internal/dev/redistest"
	"tcsns/internal/tc/kvstore"
	"tcsns/internal/tc/param"
)

// BenchmarkRedisRun is what one run of an App costs at its store: connect,
// one read, one write, hang up.
func BenchmarkRedisRun(b *testing.B) {
	p := at(param.KVStore{Context: "c"}, redistest.Start(b, redistest.Options{}).Addr())
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		s, err := kvstore.OpenRedis(p)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Get(ctx, "#App:1:a!String", "#App:1:b!String", "#Trigger:1:c!TCEntity"); err != nil {
			b.Fatal(err)
		}
		if err := s.Put(ctx, kvstore.Entry{Key: "#App:1:d!String", Value: []byte(`"x"`)}); err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
