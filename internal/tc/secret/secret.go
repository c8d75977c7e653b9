// Package secret holds values that must never be printed.
//
// A [String] masks itself in every way that the standard library prints a
// value; [String.Reveal] is the one way out, so that a review can search for
// it. A [Mask] knows the secrets of a run and removes them from text that is
// about to leave it.
package secret

import (
	"fmt"
	"log/slog"
)

// masked is what a secret prints as.
const masked = "***"

// String is a text that never prints. The zero value is the empty secret.
//
// The text is behind a pointer, because the printing verbs of package fmt and
// reflection reach into unexported string fields, but not through pointers.
type String struct{ text *string }

// New returns text as a secret.
func New(text string) String {
	if text == "" {
		return String{}
	}
	return String{&text}
}

// Reveal returns the text. It is the only way to it.
func (s String) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Empty reports whether the secret is the empty text.
func (s String) Empty() bool { return s.text == nil }

// String masks the text; the empty secret is empty.
func (s String) String() string {
	if s.text == nil {
		return ""
	}
	return masked
}

// GoString masks the text for %#v.
func (s String) GoString() string { return fmt.Sprintf("secret.String(%q)", s.String()) }

// Format masks the text for every verb and flag of package fmt.
func (s String) Format(f fmt.State, verb rune) {
	text := s.String()
	if verb == 'v' && f.Flag('#') {
		text = s.GoString()
	}
	_, _ = f.Write([]byte(text))
}

// MarshalText masks the text for JSON, XML and the like.
func (s String) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue masks the text for package log/slog.
func (s String) LogValue() slog.Value { return slog.StringValue(s.String()) }
