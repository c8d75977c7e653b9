// Package param reads the parameters of a run (CONTRACT §1, §2).
//
// They come from the first source that is present, alone: the encrypted
// parameter file that the platform leaves, else the arguments (legacy), else
// the environment (for a developer's own runs). A source that is present and
// cannot be used is an error; unlike TcEx, it is never an empty set.
//
// Names are exact. Those that nobody asks for are ignored: the platform sends
// more than any App reads.
package param

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tcsns/internal/tc/secret"
)

// The sources of parameters, as [Set.Source] names them.
const (
	SourceFile        = "parameter file"
	SourceArguments   = "arguments"
	SourceEnvironment = "environment"
)

// Set is the raw parameters of a run, all from one source. It prints as its
// source and size, never as what it holds.
type Set struct {
	source  string
	values  map[string]any                // of the file or the arguments
	lookup  func(name string) (any, bool) // of the environment; else nil
	remarks []string
}

// Options says where to look.
type Options struct {
	Args      []string                    // argv without the program
	LookupEnv func(string) (string, bool) // os.LookupEnv; nil is an empty environment
}

// Load reads the first source present, alone: parameter file, else
// arguments, else environment. Errors are [Error]s that name
// TC_APP_PARAM_FILE or TC_APP_PARAM_KEY.
//
// The parameter file is deleted once it was read and understood, and only
// then: it holds every secret of the run, but a file that nobody could read
// is what shows why.
func Load(o Options) (*Set, error) {
	lookupEnv := o.LookupEnv
	if lookupEnv == nil {
		lookupEnv = func(string) (string, bool) { return "", false }
	}
	path, _ := lookupEnv(envFile)
	key, _ := lookupEnv(envKey)
	switch {
	case path != "" && key != "":
		return loadFile(path, key)
	case path != "":
		return nil, &Error{Name: envKey, Problem: "is missing, but " + envFile + " is set", Fix: "set both, or neither"}
	case key != "":
		return nil, &Error{Name: envFile, Problem: "is missing, but " + envKey + " is set", Fix: "set both, or neither"}
	}
	if values, remarks := parseArguments(o.Args); len(values) > 0 {
		return &Set{source: SourceArguments, values: values, remarks: remarks}, nil
	}
	return &Set{source: SourceEnvironment, lookup: environment(lookupEnv)}, nil
}

// environment finds a parameter by "TC_" and its name in capitals; a name
// that begins with tc_ already has it: topic_arn is TC_TOPIC_ARN, tc_action
// is TC_ACTION.
func environment(lookupEnv func(string) (string, bool)) func(string) (any, bool) {
	return func(name string) (any, bool) {
		value, ok := lookupEnv(envName(name))
		if !ok {
			return nil, false
		}
		return value, true
	}
}

func envName(name string) string {
	name = strings.ToUpper(name)
	if strings.HasPrefix(name, "TC_") {
		return name
	}
	return "TC_" + name
}

// Source names the source: [SourceFile], [SourceArguments] or [SourceEnvironment].
func (s *Set) Source() string { return s.source }

// Remarks returns what the log should say about how the parameters were read:
// a parameter file that could not be deleted, arguments that are none.
func (s *Set) Remarks() []string { return s.remarks }

// Names returns the names that are present, sorted. In the environment there
// is no telling which are meant: none.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.values)) }

// Empty reports whether the run was started with nothing: no parameter file,
// no arguments, and none of names in the environment.
func (s *Set) Empty(names ...string) bool {
	return s.source == SourceEnvironment && !slices.ContainsFunc(names, s.Has)
}

// Raw returns the parameter as its source gives it: nil for absent and null,
// else string, bool, json.Number, []any or map[string]any. Environment and
// arguments have strings, besides true for a bare argument and a list for one
// that is repeated. A list or object is shared, not copied.
func (s *Set) Raw(name string) any {
	if s.lookup != nil {
		value, _ := s.lookup(name)
		return value
	}
	return s.values[name]
}

// Has reports whether the parameter is there and neither null nor empty; a
// text of white space alone is empty.
func (s *Set) Has(name string) bool {
	switch value := s.Raw(name).(type) {
	case nil:
		return false
	case string:
		return strings.TrimSpace(value) != ""
	case []any:
		return len(value) > 0
	}
	return true
}

// NoValue returns an [Error] when the parameter is an argument without a value,
// which is true of a switch, and a slip of anything else; nil when it is not.
func (s *Set) NoValue(name string) error {
	if s.source != SourceArguments {
		return nil
	}
	list, ok := s.values[name].([]any)
	if !ok {
		list = []any{s.values[name]}
	}
	if !slices.Contains(list, any(true)) {
		return nil
	}
	return &Error{Name: name, Problem: "is given without a value", Fix: "write the value after --" + name + ", or leave --" + name + " out"}
}

// String returns the parameter's text: numbers and booleans as JSON writes
// them, a list of those joined by "|" (the platform's listDelimiter), lists
// and objects that hold more as JSON text, "" for absent and null.
func (s *Set) String(name string) string { return text(s.Raw(name)) }

// Secret is String for a parameter that is secret.
func (s *Set) Secret(name string) secret.String { return secret.New(s.String(name)) }

// Bool reads true, 1, yes, y, on, t and their opposites, in any case; def
// when absent or empty.
func (s *Set) Bool(name string, def bool) (bool, error) {
	if !s.Has(name) {
		return def, nil
	}
	switch strings.ToLower(strings.TrimSpace(s.String(name))) {
	case "true", "1", "yes", "y", "on", "t":
		return true, nil
	case "false", "0", "no", "n", "off", "f":
		return false, nil
	}
	return def, &Error{Name: name, Problem: "is neither true nor false", Fix: "set it to true or false"}
}

// Int reads a whole number, written as a number or a text; 5.0 is one too.
// def when absent or empty.
func (s *Set) Int(name string, def int) (int, error) {
	if !s.Has(name) {
		return def, nil
	}
	digits := strings.TrimSpace(s.String(name))
	if whole, fraction, ok := strings.Cut(digits, "."); ok && fraction != "" && strings.Trim(fraction, "0") == "" {
		digits = whole
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		return def, &Error{Name: name, Problem: "is no whole number", Fix: "write it in digits"}
	}
	return n, nil
}

// List reads a JSON list (as such, or as the text of one) or a text whose
// elements "|" separates. Blanks around an element go, empty and null
// elements too.
func (s *Set) List(name string) []string {
	if list, ok := list(s.Raw(name)); ok {
		return elements(list)
	}
	return compact(strings.Split(s.String(name), "|"))
}

// list returns value as a list: it is one, or the JSON text of one.
func list(value any) ([]any, bool) {
	switch value := value.(type) {
	case []any:
		return value, true
	case string:
		if !strings.HasPrefix(strings.TrimSpace(value), "[") {
			return nil, false
		}
		decoded, err := decode([]byte(value))
		if err != nil {
			return nil, false
		}
		list, ok := decoded.([]any)
		return list, ok
	}
	return nil, false
}

// elements returns the texts of a list.
func elements(list []any) []string {
	texts := make([]string, len(list))
	for i, element := range list {
		texts[i] = text(element)
	}
	return compact(texts)
}

// compact trims texts and drops the empty ones; none is nil.
func compact(texts []string) []string {
	var kept []string
	for _, text := range texts {
		if text = strings.TrimSpace(text); text != "" {
			kept = append(kept, text)
		}
	}
	return kept
}

// text is [Set.String] of one value.
func text(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case string:
		return value
	case bool:
		return strconv.FormatBool(value)
	case json.Number:
		return value.String()
	case []any:
		if joined, ok := joined(value); ok {
			return joined
		}
	}
	return encoded(value)
}

// joined is the texts of a list of scalars; false when there is more in it.
func joined(list []any) (string, bool) {
	texts := make([]string, len(list))
	for i, element := range list {
		switch element.(type) {
		case []any, map[string]any:
			return "", false
		}
		texts[i] = text(element)
	}
	return strings.Join(texts, "|"), true
}

// encoded is a value as JSON text.
func encoded(value any) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "" // what JSON decoded, JSON encodes
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// describe is how a Set prints.
func (s Set) describe() string {
	return fmt.Sprintf("param.Set(%s, %d names)", s.source, len(s.values))
}

// Format keeps every verb of package fmt from printing the parameters.
func (s Set) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.describe())) }

// LogValue keeps package log/slog from printing the parameters.
func (s Set) LogValue() slog.Value { return slog.StringValue(s.describe()) }
