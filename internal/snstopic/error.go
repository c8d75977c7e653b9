package snstopic

import (
	"fmt"
	"strings"
)

// Class says what kind of thing failed, for a playbook that decides on it.
type Class string

const (
	ClassInput    Class = "input"           // a parameter, or the message made of them
	ClassNotFound Class = "not_found"       // no such topic
	ClassAuth     Class = "auth"            // credentials, or what they are allowed
	ClassKMS      Class = "kms"             // the key of an encrypted topic
	ClassTarget   Class = "target_disabled" // the receiving side is switched off
	ClassThrottle Class = "throttle"        // too much at once
	ClassServer   Class = "server"          // AWS's side
	ClassNetwork  Class = "network"         // no way to AWS, or something else in it
	ClassClock    Class = "clock"           // the clock of this machine
	ClassTimeout  Class = "timeout"         // the time allowed ran out, or the run was stopped
	ClassUnknown  Class = "unknown"         // what became of the message is not known
)

// Codes of our own, beside those of AWS: what went wrong before SNS, or in
// place of its answer.
const (
	CodeInput        = "InvalidInput"       // found here, before any call
	CodeCredentials  = "NoCredentials"      // none found, or none to be had
	CodeDNS          = "UnknownHost"        // the endpoint's name resolves to nothing
	CodeConnection   = "ConnectionFailed"   // nobody takes the connection, or it broke before the request
	CodeTLS          = "CertificateInvalid" // whoever answers is not who it should be
	CodeProxy        = "ProxyRefused"       // the proxy refused the way
	CodeRedirect     = "Redirected"         // an answer that points elsewhere
	CodeNotSNS       = "NotSNS"             // an error that is not written by SNS
	CodeUnknown      = "UnknownOutcome"     // see [Unknown]
	CodeDeadline     = "TimedOut"           // timeout_seconds ran out
	CodeCancelled    = "Stopped"            // the run was told to stop
	CodeEntryMissing = "EntryNotAnswered"   // a batch was answered, one of its entries was not
)

// Error is a failure in words for the playbook author: what was tried, AWS's
// code, status and request id, what AWS said, and one concrete step. None of
// them holds a key, a token or a phone number.
type Error struct {
	Op        string // what was tried, such as "publish to alerts"
	Code      string // AWS's code, or one of ours
	Message   string // AWS's words, or ours; at most 512 characters, one line
	RequestID string // AWS's, empty without an answer
	Service   string // who refused: SNS, STS; empty when found here
	Fix       string // one step, without the word "Fix"
	Class     Class
	Status    int     // HTTP, 0 without an answer
	Outcome   Outcome // of the message
	Retryable bool    // running again may mend it, and cannot deliver twice
	Err       error   // the cause, for the log: not for the author
}

// Error returns "Text. Fix: Fix.".
func (e *Error) Error() string {
	if e.Fix == "" {
		return closed(e.Text())
	}
	return closed(e.Text()) + " Fix: " + closed(e.Fix)
}

// SafeText is Error: all of it is for the playbook author to read.
func (e *Error) SafeText() string { return e.Error() }

// closed ends a sentence with a full stop.
func closed(text string) string {
	if text == "" || strings.ContainsAny(text[len(text)-1:], ".!?") {
		return text
	}
	return text + "."
}

// Text returns what was tried and what went wrong, without the fix:
// "publish to alerts: AuthorizationError (HTTP 403, request id): words".
func (e *Error) Text() string {
	var b strings.Builder
	b.WriteString(e.Op)
	b.WriteString(": ")
	if e.Service != "" && e.Service != serviceSNS {
		b.WriteString(e.Service)
		b.WriteByte(' ')
	}
	b.WriteString(e.Code)
	switch {
	case e.Status != 0 && e.RequestID != "":
		fmt.Fprintf(&b, " (HTTP %d, request %s)", e.Status, e.RequestID)
	case e.Status != 0:
		fmt.Fprintf(&b, " (HTTP %d)", e.Status)
	case e.RequestID != "":
		fmt.Fprintf(&b, " (request %s)", e.RequestID)
	}
	if e.Message != "" {
		b.WriteString(": ")
		b.WriteString(e.Message)
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// AccessDenied reports whether the credentials are known and good, but not
// allowed to do what was tried.
func (e *Error) AccessDenied() bool {
	switch e.Code {
	case "AuthorizationError", "AccessDenied", "AccessDeniedException":
		return e.Service == serviceSNS
	}
	return false
}

// inputError is what a check of ours finds before any call.
func inputError(op, message, fix string) *Error {
	return &Error{Op: op, Code: CodeInput, Class: ClassInput, Message: message, Fix: fix, Outcome: NotSent}
}
