package snstopic

import (
	"encoding/json"
	"strings"
)

// structureProblem says why SNS would not take body as a message by protocol
// (MessageStructure json), "" when it would: a JSON object whose values are
// strings, one of them named default, and no name twice
// (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html).
//
// It reads the text itself: package encoding/json takes a name twice, and this
// runs for every message of a run.
func structureProblem(body string) string {
	s := scanner{text: body}
	if !s.skip('{') {
		return "it is no JSON object"
	}
	const broken = "it is no valid JSON"
	hasDefault := false
	var names []string
	for more := !s.skip('}'); more; {
		name, ok := s.name()
		if !ok || !s.skip(':') {
			return broken
		}
		if !s.atString() {
			return "a value is not a string"
		}
		if !s.value() {
			return broken
		}
		for _, before := range names {
			if before == name {
				return "a name stands there twice"
			}
		}
		names = append(names, name)
		hasDefault = hasDefault || name == "default"
		if s.skip('}') {
			break
		}
		if more = s.skip(','); !more {
			return broken
		}
	}
	if !s.atEnd() {
		return "something follows the JSON object"
	}
	if !hasDefault {
		return "it has no entry named default"
	}
	return ""
}

// scanner reads JSON from text, from at.
type scanner struct {
	text string
	at   int
}

func (s *scanner) space() {
	for s.at < len(s.text) && strings.IndexByte(" \t\r\n", s.text[s.at]) >= 0 {
		s.at++
	}
}

// skip skips c and the space before it, and reports whether c was there.
func (s *scanner) skip(c byte) bool {
	s.space()
	if s.at < len(s.text) && s.text[s.at] == c {
		s.at++
		return true
	}
	return false
}

func (s *scanner) atString() bool {
	s.space()
	return s.at < len(s.text) && s.text[s.at] == '"'
}

func (s *scanner) atEnd() bool {
	s.space()
	return s.at == len(s.text)
}

// name reads a JSON string and decodes it.
func (s *scanner) name() (string, bool) {
	start := s.at
	if !s.value() {
		return "", false
	}
	quoted := strings.TrimLeft(s.text[start:s.at], " \t\r\n")
	if strings.IndexByte(quoted, '\\') < 0 {
		return quoted[1 : len(quoted)-1], true
	}
	var text string
	err := json.Unmarshal([]byte(quoted), &text)
	return text, err == nil
}

// value skips a JSON string, and reports whether it was one.
func (s *scanner) value() bool {
	if !s.skip('"') {
		return false
	}
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch {
		case c == '"':
			return true
		case c < ' ':
			return false
		case c == '\\' && !s.escape():
			return false
		}
	}
	return false
}

// escape skips what follows a backslash.
func (s *scanner) escape() bool {
	if s.at == len(s.text) {
		return false
	}
	c := s.text[s.at]
	s.at++
	if c != 'u' {
		return strings.IndexByte(`"\/bfnrt`, c) >= 0
	}
	if len(s.text)-s.at < 4 || !all(s.text[s.at:s.at+4], isHex) {
		return false
	}
	s.at += 4
	return true
}

func isHex(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' }
