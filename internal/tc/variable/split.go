package variable

import "strings"

// Segment is a piece of a text with embedded variables. Variable is set for a
// playbook variable, TC for a ThreatConnect variable, Literal for anything
// else. The Raw texts of all segments, one after another, are the text.
type Segment struct {
	Raw      string // as it stands in the text
	Literal  string
	Variable *Variable
	TC       *TC
}

// Split cuts text into literals and variables, in one left-to-right pass and
// in linear time. Two literals never follow each other; an empty text has no
// segment.
//
// One pass matters: TcEx replaces each variable everywhere in the text, which
// corrupts #App:1:a!StringArray where #App:1:a!String stands before it, and
// finds variables in what it just put in.
func Split(text string) []Segment {
	var segments []Segment
	literal := 0 // where the literal under way begins
	for at := 0; at < len(text); {
		next := strings.IndexAny(text[at:], "#&")
		if next < 0 {
			break
		}
		at += next
		segment, ok := embedded(text[at:])
		if !ok {
			at++
			continue
		}
		if literal < at {
			segments = append(segments, Segment{Raw: text[literal:at], Literal: text[literal:at]})
		}
		segments = append(segments, segment)
		at += len(segment.Raw)
		literal = at
	}
	if literal < len(text) {
		segments = append(segments, Segment{Raw: text[literal:], Literal: text[literal:]})
	}
	return segments
}

// embedded reads the variable that text begins with. It never looks further
// than the next "#" or "&", which no part of a variable can hold: that bounds
// all attempts of a [Split] together by the length of its text.
func embedded(text string) (Segment, bool) {
	c := cursor{text: text}
	if text[0] == '&' {
		v, ok := c.tc()
		return Segment{Raw: text[:c.at], TC: &v}, ok
	}
	c.at++
	braces := c.word("{")
	v, ok := c.reference()
	if !ok || braces && !c.word("}") {
		return Segment{}, false
	}
	v.Type = String
	if end := c.at; c.word("!") {
		if t := c.variableType(); t != "" {
			v.Type = t
		} else {
			c.at = end
		}
	}
	return Segment{Raw: text[:c.at], Variable: &v}, true
}
