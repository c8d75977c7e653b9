// Package exit is how a Playbook App ends: exit codes, the exit message, and
// errors that are safe to show to a playbook author.
package exit

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// Code is the exit code of an App (CONTRACT §5).
type Code int

// The exit codes of a Playbook App. TcEx's 3, partial failure, is for jobs.
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

// Error returns Text and, where there is one, "Fix:" and Fix, each closed
// with a full stop where it has no end of its own.
func (e *Error) Error() string { return Words(e.Text, e.Fix) }

// SafeText is Error: all of it is for the playbook author to read.
func (e *Error) SafeText() string { return e.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// CodeOf returns the exit code that err asks for: Success for nil, the code
// of an [Error] in its chain, else HardFailure: without knowing what went
// wrong, nothing says that a second run is safe.
func CodeOf(err error) Code {
	if err == nil {
		return Success
	}
	var e *Error
	if errors.As(err, &e) && e.Code == Failure {
		return Failure
	}
	return HardFailure
}

// Words is the one shape in which a failure is told: the text, then "Fix:"
// and one step, each closed with a full stop where it has no end of its own.
func Words(text, fix string) string {
	text, fix = sentence(text), sentence(fix)
	switch {
	case fix == "":
		return text
	case text == "":
		return fixMark + " " + fix
	}
	return text + " " + fixMark + " " + fix
}

// fixMark opens the step that mends a failure.
const fixMark = "Fix:"

func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".!?") {
		return text
	}
	return text + "."
}

// unknownFailure is what a playbook author reads about an error that nobody
// has put into words: its own text may hold what is not theirs to see.
const (
	unknownFailure    = "the run failed for a reason that it has no words for"
	unknownFailureFix = "look into the run's app.log"
)

// SafeText is what a playbook author may read about err: the words of every
// error in its tree that is made for them to read, one after another, each
// once. Such an error has a method SafeText() string ([Error], param.Error), or
// a method Text() string, which marks an error whose whole Error() is fit to be
// read (kvstore.Error). An error without any is one general sentence that
// points to the log. SafeText of nil is "".
func SafeText(err error) string {
	if err == nil {
		return ""
	}
	var texts []string
	gather(err, &texts)
	return strings.Join(texts, " ")
}

// gather walks err's tree down to the first safe text on each branch.
func gather(err error, texts *[]string) {
	add := func(text string) {
		if !slices.Contains(*texts, text) {
			*texts = append(*texts, text)
		}
	}
	switch wrapped := err.(type) {
	case interface{ SafeText() string }:
		add(sentence(wrapped.SafeText()))
		return
	case interface{ Text() string }:
		add(sentence(err.Error()))
		return
	case interface{ Unwrap() []error }:
		for _, branch := range wrapped.Unwrap() {
			gather(branch, texts)
		}
		return
	case interface{ Unwrap() error }:
		if cause := wrapped.Unwrap(); cause != nil {
			gather(cause, texts)
			return
		}
	}
	switch err {
	case context.Canceled:
		add("the run was stopped before it was done.")
	case context.DeadlineExceeded:
		add("the run's time was over before it was done.")
	default:
		add(Words(unknownFailure, unknownFailureFix))
	}
}
