// Package kvstore reads and writes the key-value store of a playbook run:
// bytes by (context, key).
package kvstore

import "context"

// Entry is a key and its bytes.
type Entry struct {
	Key   string
	Value []byte
}

// Store is the key-value store of one playbook run; the context (the
// session's hash) is bound at construction. Both methods honour ctx's
// deadline and cancellation at once.
type Store interface {
	// Get returns the values of keys, aligned; nil where a key is unset.
	// A store that cannot answer is an error, never "unset". On Redis all keys are one round trip.
	Get(ctx context.Context, keys ...string) ([][]byte, error)
	// Put writes all entries in one round trip where the store can. nil
	// means that every entry was stored.
	Put(ctx context.Context, entries ...Entry) error
	// Close releases the connection.
	Close() error
}
