package playbook

import (
	"errors"

	"tcsns/internal/tc/exit"
)

// Error is a read or a write of variables that the key-value store or the
// platform's API did not answer.
type Error struct {
	Op  string // what was tried, with the inputs' names: "resolve address and 2 more"
	Err error  // the store's or the API's own error
}

// Error returns what was tried and the cause.
func (e *Error) Error() string { return e.Op + ": " + e.Err.Error() }

// SafeText is Error as far as a playbook author may read it: a cause without
// words of its own for them is left to the log.
func (e *Error) SafeText() string { return e.Op + ": " + exit.SafeText(e.Err) }

// Text is the cause in words, without what mends it; Op where it has none.
func (e *Error) Text() string {
	// The errors of kvstore and api tell apart what mends them.
	var worded interface{ Text() string }
	if errors.As(e.Err, &worded) {
		return worded.Text()
	}
	return e.Op
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Temporary reports whether the same may succeed later without anybody
// mending anything.
func (e *Error) Temporary() bool {
	var t interface{ Temporary() bool }
	return errors.As(e.Err, &t) && t.Temporary()
}
