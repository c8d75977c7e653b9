package param

import "tcsns/internal/tc/exit"

// Error is a parameter that cannot be used.
type Error struct {
	Name    string // the parameter, or the environment variable that leads to all of them
	Problem string // what is wrong with it, without its value where it may be secret
	Fix     string // one concrete step
	Err     error  // the cause, for the log; may be nil
}

// Error names the parameter and its problem in one sentence, then "Fix:" and
// one step: "topic_arn is missing. Fix: fill it in."
func (e *Error) Error() string { return exit.Words(e.Name+" "+e.Problem, e.Fix) }

// SafeText is Error: all of it is for the playbook author to read.
func (e *Error) SafeText() string { return e.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
