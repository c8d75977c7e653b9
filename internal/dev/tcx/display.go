package tcx

import (
	"errors"
	"fmt"
	"strings"
)

// Comparison is one part of a display condition: an input held against values.
// More than one value only with in (…).
type Comparison struct {
	Input  string
	Not    bool // != or not in
	Values []string
}

// ParseDisplay reads layout.json's display condition, in the forms that are in
// use (CONTRACT §8): "1" for always, or comparisons joined by AND and OR, with
// brackets. A comparison is
//
//	input = 'value'   input != 'value'   input in ('a', 'b')   input not in ('a')
//
// A Boolean input compares as the text 'true' or 'false'. Keywords are in any
// case. It returns the comparisons in order, none for "1".
func ParseDisplay(text string) ([]Comparison, error) {
	if strings.TrimSpace(text) == "1" {
		return nil, nil
	}
	tokens, err := tokenize(text)
	if err != nil {
		return nil, err
	}
	p := &displayParser{tokens: tokens}
	if err := p.expression(0); err != nil {
		return nil, err
	}
	if len(p.tokens) > 0 {
		return nil, fmt.Errorf("%s is left over", p.tokens[0])
	}
	return p.found, nil
}

// maxDepth bounds the brackets of a condition: deeper is no condition but an
// attack on the parser's stack.
const maxDepth = 50

// token is a word, a sign, or a quoted text.
type token struct {
	text   string
	quoted bool
}

func (t token) String() string {
	if t.quoted {
		return "'" + t.text + "'"
	}
	return fmt.Sprintf("%q", t.text)
}

func (t token) keyword(word string) bool { return !t.quoted && strings.EqualFold(t.text, word) }

func tokenize(text string) ([]token, error) {
	var tokens []token
	for len(text) > 0 {
		switch c := text[0]; {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			text = text[1:]
		case c == '\'':
			end := strings.IndexByte(text[1:], '\'')
			if end < 0 {
				return nil, errors.New("a quote is not closed")
			}
			tokens = append(tokens, token{text: text[1 : 1+end], quoted: true})
			text = text[end+2:]
		case strings.HasPrefix(text, "!="), strings.HasPrefix(text, "<>"):
			tokens = append(tokens, token{text: text[:2]})
			text = text[2:]
		case strings.IndexByte("=(),", c) >= 0:
			tokens = append(tokens, token{text: text[:1]})
			text = text[1:]
		case wordByte(c):
			end := 1
			for end < len(text) && wordByte(text[end]) {
				end++
			}
			tokens = append(tokens, token{text: text[:end]})
			text = text[end:]
		default:
			return nil, fmt.Errorf("%q is not part of a condition", c)
		}
	}
	return tokens, nil
}

func wordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

type displayParser struct {
	tokens []token
	found  []Comparison
}

// next takes a token; the zero token stands for the end.
func (p *displayParser) next() token {
	if len(p.tokens) == 0 {
		return token{}
	}
	t := p.tokens[0]
	p.tokens = p.tokens[1:]
	return t
}

func (p *displayParser) at(word string) bool {
	return len(p.tokens) > 0 && p.tokens[0].keyword(word)
}

func (p *displayParser) expect(word string) error {
	if !p.at(word) {
		return fmt.Errorf("%q is missing", word)
	}
	p.next()
	return nil
}

// expression reads comparisons joined by AND and OR. Which binds closer does
// not matter to a reader of names and values.
func (p *displayParser) expression(depth int) error {
	if depth > maxDepth {
		return errors.New("too many brackets")
	}
	for {
		if p.at("(") {
			p.next()
			if err := p.expression(depth + 1); err != nil {
				return err
			}
			if err := p.expect(")"); err != nil {
				return err
			}
		} else if err := p.comparison(); err != nil {
			return err
		}
		if !p.at("and") && !p.at("or") {
			return nil
		}
		p.next()
	}
}

func (p *displayParser) comparison() error {
	input := p.next()
	if input.quoted || input.text == "" || !wordByte(input.text[0]) {
		return errors.New("the name of an input is missing")
	}
	c := Comparison{Input: input.text}
	operator := p.next()
	if operator.keyword("not") {
		c.Not = true
		operator = p.next()
		if !operator.keyword("in") {
			return errors.New(`"in" is missing after "not"`)
		}
	}
	switch {
	case operator.keyword("="):
		return p.value(&c)
	case operator.keyword("!="), operator.keyword("<>"):
		c.Not = true
		return p.value(&c)
	case operator.keyword("in"):
		return p.list(&c)
	}
	return fmt.Errorf("after %q stands %s, not =, != or in", c.Input, operator)
}

// value reads one quoted text and ends the comparison.
func (p *displayParser) value(c *Comparison) error {
	t := p.next()
	if !t.quoted {
		return fmt.Errorf("after %q a text in single quotes is missing", c.Input)
	}
	c.Values = append(c.Values, t.text)
	p.found = append(p.found, *c)
	return nil
}

// list reads ('a', 'b') and ends the comparison.
func (p *displayParser) list(c *Comparison) error {
	if err := p.expect("("); err != nil {
		return err
	}
	for {
		t := p.next()
		if !t.quoted {
			return fmt.Errorf("in the list of %q a text in single quotes is missing", c.Input)
		}
		c.Values = append(c.Values, t.text)
		if !p.at(",") {
			break
		}
		p.next()
	}
	p.found = append(p.found, *c)
	return p.expect(")")
}
