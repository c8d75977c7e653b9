package param

import "fmt"

// parseArguments reads arguments the way the platform passes them to a Python
// App (CONTRACT §1.3):
//
//	--name value, --name=value   a text
//	--name                       true
//	--name a --name b            a list (MultiChoice)
//
// The argument after --name is its value unless it begins, as a name does,
// with "--" and a letter or "_"; so "-5" and "-----BEGIN" are values. A value
// that looks like a name is written --name=--value.
//
// The first argument without a name is the program that the platform names
// (programMain), and "run" is a word of TcEx's: both are ignored. Any other is
// ignored too, with a remark that gives its place and not its text.
func parseArguments(args []string) (values map[string]any, remarks []string) {
	values = make(map[string]any)
	program := false
	for i := 0; i < len(args); i++ {
		name, value, assigned := argumentName(args[i])
		switch {
		case name == "" && args[i] == "run":
		case name == "" && !program && len(values) == 0:
			program = true
		case name == "":
			remarks = append(remarks, fmt.Sprintf("argument %d belongs to no parameter and is ignored", i+1))
		case assigned:
			put(values, name, value)
		case i+1 < len(args) && !isName(args[i+1]):
			i++
			put(values, name, args[i])
		default:
			put(values, name, true)
		}
	}
	return values, remarks
}

// put adds a value; a name that is given again becomes a list, but for a bare
// one, which is true however often.
func put(values map[string]any, name string, value any) {
	switch before := values[name].(type) {
	case nil:
		values[name] = value
	case []any:
		values[name] = append(before, value)
	default:
		if before != true || value != true {
			values[name] = []any{before, value}
		}
	}
}

// argumentName splits --name and --name=value; name is "" for anything else.
func argumentName(arg string) (name, value string, assigned bool) {
	if !isName(arg) {
		return "", "", false
	}
	for i := range len(arg) {
		if arg[i] == '=' {
			return arg[2:i], arg[i+1:], true
		}
	}
	return arg[2:], "", false
}

// isName reports whether an argument begins with "--" and a letter or "_".
func isName(arg string) bool {
	if len(arg) < 3 || arg[:2] != "--" {
		return false
	}
	first := arg[2] | 0x20
	return 'a' <= first && first <= 'z' || arg[2] == '_'
}
