package kvstore

import (
	"fmt"
	"strings"
)

// Reason is why a store did not do what it was asked.
type Reason int

// The reasons.
const (
	Unknown     Reason = iota
	Config             // a parameter is missing or unusable; nothing was sent
	Canceled           // the run was stopped
	Timeout            // no answer in time
	Down               // refused, unreachable, or its name does not resolve
	Closed             // the connection broke before the answer was complete
	Certificate        // TLS does not come about
	Credentials        // the user or the password is wrong or missing
	Permission         // the user may not do this
	Starting           // it loads its data, or waits for its master
	ReadOnly           // it is a replica
	Full               // it has no memory or disk left
	WrongType          // the context is no hash
	Garbage            // the answer is not in the store's protocol
	Rejected           // any other refusal
)

// Error is a read or a write that did not succeed. Its texts hold the names of
// variables, never a value, a credential or the context.
type Error struct {
	Op      string   // "read" or "write"; "use" for a configuration
	Store   string   // which store: "Redis at localhost:6379"
	Reason  Reason   // for the caller to act on
	Problem string   // the reason in words
	Keys    []string // the variables that are concerned; all of the call when empty
	Fix     string   // one concrete step
	Err     error    // the cause, for errors.Is; may be nil
}

// maxNamed is how many variables an error names: it may end in message.tc,
// which holds 254 characters.
const maxNamed = 3

// Error returns what was tried, what went wrong, and "Fix:" with the step.
func (e *Error) Error() string {
	if e.Fix == "" {
		return e.Text()
	}
	return e.Text() + ". Fix: " + e.Fix
}

// Text is Error without the step.
func (e *Error) Text() string {
	return fmt.Sprintf("%s the key-value store (%s)%s: %s", e.Op, e.Store, e.named(), e.Problem)
}

func (e *Error) named() string {
	switch n := len(e.Keys); {
	case n == 0:
		return ""
	case n > maxNamed:
		return fmt.Sprintf(", %s and %d more", strings.Join(e.Keys[:maxNamed], ", "), n-maxNamed)
	default:
		return ", " + strings.Join(e.Keys, ", ")
	}
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Temporary reports whether the same call may succeed later without anybody
// mending anything.
func (e *Error) Temporary() bool {
	switch e.Reason {
	case Canceled, Timeout, Down, Closed, Starting, ReadOnly, Full:
		return true
	default:
		return false
	}
}

// passing reports whether the same call may succeed within a second.
func (e *Error) passing() bool {
	switch e.Reason {
	case Down, Closed, Starting:
		return true
	default:
		return false
	}
}

// noContext is the error of a store that does not know whose variables to
// read.
func noContext(op, store string) *Error {
	return &Error{
		Op: op, Store: store, Reason: Config,
		Problem: "the parameter tc_playbook_kvstore_context is missing",
		Fix:     "start the App from a playbook, or give tc_playbook_kvstore_context",
	}
}
