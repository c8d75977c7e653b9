// Package exit is how a Playbook App ends: exit codes, the exit message, and
// errors that are safe to show to a playbook author.
package exit

// Code is the exit code of an App (CONTRACT §5).
type Code int

const (
	Success     Code = 0 // the playbook goes on along the Pass path
	Failure     Code = 1 // the platform may run the App again
	HardFailure Code = 4 // TcEx's HARD_FAILURE: fail and do not retry
)

// Error is a failure in words for the playbook author. Text and Fix hold no
// secret, no value of a variable and no response body; Err is the cause, for
// the log.
type Error struct {
	Code Code   // Failure or HardFailure; the zero value counts as HardFailure
	Text string // what was tried and what went wrong, one sentence
	Fix  string // one concrete step, without the word "Fix"; may be empty
	Err  error  // may be nil
}

// Error returns "Text Fix: Fix".
func (e *Error) Error() string { panic("TODO(exit)") }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the exit code that err asks for: Success for nil, the code
// of an [Error] in its chain, else HardFailure.
func CodeOf(err error) Code { panic("TODO(exit)") }

// Shorten cuts text to what message.tc may hold (255 characters with the
// newline), in the middle, keeping its start and its "Fix:".
func Shorten(text string) string { panic("TODO(exit)") }

// WriteMessage writes message.tc into outPath, or, where that cannot be
// written, into the working directory. It returns the path that it wrote.
func WriteMessage(outPath, text string) (string, error) { panic("TODO(exit)") }
