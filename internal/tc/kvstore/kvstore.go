// Package kvstore reads and writes the key-value store of a playbook run:
// bytes by (context, key), in Redis or behind the platform's REST API (CONTRACT
// §4). It knows nothing of variables and their types.
package kvstore

import "context"

// Entry is a key and its bytes.
type Entry struct {
	Key   string
	Value []byte
}

// Store is the key-value store of one playbook run; the context (the
// session's hash) is bound at construction. Its methods honour ctx's deadline
// and cancellation at once, may be called concurrently, and return an [*Error].
// Reads and writes are repeated for less than a second after failures that
// pass, such as a connection that broke: both may be done twice.
type Store interface {
	// Get returns the values of keys, aligned; nil where a key is unset. A
	// store that cannot answer is an error, never "unset". On Redis all keys
	// are one round trip, and an empty value is set; the platform's API cannot
	// tell an empty value from none, so there it is unset.
	Get(ctx context.Context, keys ...string) ([][]byte, error)
	// Put writes all entries in one round trip where the store can. nil
	// means that every entry was stored.
	Put(ctx context.Context, entries ...Entry) error
	// Close releases the connection.
	Close() error
}
