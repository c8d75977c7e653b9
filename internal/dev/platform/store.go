package platform

import "context"

// Store is the platform's side of a key-value store: it stages what an App
// will read, and reads what it wrote. [Redis] and [API] are stores.
type Store interface {
	// Params returns the parameters that lead an App to the store.
	Params() map[string]any
	// Stage writes variables, as their bytes, under a context.
	Stage(ctx context.Context, kvContext string, variables map[string][]byte) error
	// Read returns all variables of a context.
	Read(ctx context.Context, kvContext string) (map[string][]byte, error)
	// Delete removes a context with all its variables.
	Delete(ctx context.Context, kvContext string) error
	// Close releases the connection, and ends the store if it is embedded.
	Close() error
}
