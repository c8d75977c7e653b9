// Package param reads the parameters of a run.
package param

import "tcsns/internal/tc/secret"

// Error is a parameter that cannot be used.
type Error struct {
	Name    string // the parameter
	Problem string // what is wrong with it, without its value where it may be secret
	Fix     string // one concrete step
}

// Error returns name, problem and fix in one sentence or two.
func (e *Error) Error() string { panic("TODO(param)") }

// Set is the raw parameters of a run, all from one source.
type Set struct{}

// Options says where to look.
type Options struct {
	Args      []string                    // argv without the program
	LookupEnv func(string) (string, bool) // os.LookupEnv
}

// Load reads the first source present, alone: parameter file, else argv, else environment.
func Load(o Options) (*Set, error) { panic("TODO(param)") }

// Source names the source: "parameter file", "arguments", "environment".
func (s *Set) Source() string { panic("TODO(param)") }

// Has reports whether the parameter is there and neither null nor empty.
func (s *Set) Has(name string) bool { panic("TODO(param)") }

// String returns the parameter's text: numbers and booleans as JSON text, lists joined by "|" for
// scalars and as JSON text when they hold objects, "" for absent and null.
func (s *Set) String(name string) string { panic("TODO(param)") }

// Secret is String for a parameter that is secret.
func (s *Set) Secret(name string) secret.String { panic("TODO(param)") }

// Bool reads true/false (bool, "true", "1", "yes" …, any case); def when absent or empty.
func (s *Set) Bool(name string, def bool) (bool, error) { panic("TODO(param)") }

// Int reads an integer, from a number or digits; def when absent or empty.
func (s *Set) Int(name string, def int) (int, error) { panic("TODO(param)") }

// List reads a JSON list, or a pipe-separated one.
func (s *Set) List(name string) []string { panic("TODO(param)") }

// System is the typed view with the defaults of CONTRACT §2; every problem is reported, joined.
func (s *Set) System() (System, error) { panic("TODO(param)") }
