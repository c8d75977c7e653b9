// Package early readies the process before any other package gets to run.
//
// One run waits more than it computes. On one processor it needs fewer threads
// and less memory, from the first package that is initialised on: a processor
// that is given back later has memory of its own by then, which it hands over
// page by page. A run of many addresses takes all processors when it comes to
// that (internal/app).
//
// Go initialises packages in the order of their paths, as far as their imports
// allow. This one imports nothing but runtime, so that it comes before all
// that imports time: the network, the SDK, the rest of the App. A test of
// internal/bench holds it there; out of place it would cost time and nothing
// else.
package early

import "runtime"

func init() {
	runtime.GOMAXPROCS(1)
	runtime.MemProfileRate = 0 // nobody reads a profile of milliseconds
}
