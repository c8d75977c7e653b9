package variable

import "strings"

// standardTypes are the standard types in the order in which the grammar
// tries them: an array before its element, with whose name its own begins.
func standardTypes() [10]Type {
	return [...]Type{
		StringArray, BinaryArray, KeyValueArray, TCEntityArray, TCEnhancedEntityArray,
		String, Binary, KeyValue, TCEntity, TCEnhancedEntity,
	}
}

// standardPrefix is the standard type that text begins with, "" for none.
func standardPrefix(text string) Type {
	for _, t := range standardTypes() {
		if strings.HasPrefix(text, string(t)) {
			return t
		}
	}
	return ""
}

func (t Type) standard() bool { return standardPrefix(string(t)) == t && t != "" }

// custom reports whether t is a custom type.
func (t Type) custom() bool {
	return t != "" && span(string(t), isTypeByte) == len(t) && standardPrefix(string(t)) == ""
}

// cursor reads the parts of a variable, each from where the last one ended.
type cursor struct {
	text string
	at   int
}

// word reads exactly word, or nothing.
func (c *cursor) word(word string) bool {
	if !strings.HasPrefix(c.text[c.at:], word) {
		return false
	}
	c.at += len(word)
	return true
}

// one reads the first of words that is there, "" for none.
func (c *cursor) one(words ...string) string {
	for _, word := range words {
		if c.word(word) {
			return word
		}
	}
	return ""
}

// run reads all bytes of a kind.
func (c *cursor) run(kind func(byte) bool) string {
	start := c.at
	c.at += span(c.text[c.at:], kind)
	return c.text[start:c.at]
}

// reference reads App:1234:name.
func (c *cursor) reference() (Variable, bool) {
	var v Variable
	v.Namespace = Namespace(c.one(string(App), string(Global), string(Trigger)))
	if v.Namespace == "" || !c.word(":") {
		return Variable{}, false
	}
	v.JobID = c.run(isDigit)
	if v.JobID == "" || !c.word(":") {
		return Variable{}, false
	}
	v.Name = c.run(isNameByte)
	return v, v.Name != ""
}

// variableType reads the type of an embedded variable: a standard one where
// the text begins with it, else a custom one.
func (c *cursor) variableType() Type {
	if t := standardPrefix(c.text[c.at:]); t != "" {
		c.at += len(t)
		return t
	}
	return Type(c.run(isTypeByte))
}

// tc reads &{TC:TEXT:name}.
func (c *cursor) tc() (TC, bool) {
	if !c.word("&{") {
		return TC{}, false
	}
	v := TC{Provider: c.one("TC", "Vault")}
	if v.Provider == "" || !c.word(":") {
		return TC{}, false
	}
	v.Kind = c.one("FILE", "KEYCHAIN", "TEXT")
	if v.Kind == "" || !c.word(":") {
		return TC{}, false
	}
	v.Name = c.run(isNameByte)
	return v, v.Name != "" && c.word("}")
}

// span is how many bytes of a kind text begins with.
func span(text string, kind func(byte) bool) int {
	n := 0
	for n < len(text) && kind(text[n]) {
		n++
	}
	return n
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func isTypeByte(b byte) bool {
	return isDigit(b) || 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || b == '_' || b == '-'
}

func isNameByte(b byte) bool { return isTypeByte(b) || b == '.' || b == '[' || b == ']' }
