package alert

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// document is the JSON document that machines read: flat, snake_case, numbers
// as numbers, unknown as null, so that filter policies on the body work on it.
func (r *rendering) document() string {
	a := &r.a
	b := make([]byte, 0, 256+len(a.Address)+len(a.Owner)+len(a.DetailsLink)+len(r.o.Message)+len(r.o.Message)/8)
	b = append(b, `{"address":`...)
	b = appendString(b, a.Address)
	b = appendText(append(b, `,"indicator_type":`...), a.IndicatorType)
	b = appendText(append(b, `,"owner":`...), a.Owner)
	b = r.score.append(append(b, `,"threatassess_score":`...))
	b = r.conf.append(append(b, `,"confidence":`...))
	b = appendText(append(b, `,"details_link":`...), a.DetailsLink)
	b = appendText(append(b, `,"trigger_action":`...), a.TriggerAction)
	if r.o.Message != "" {
		b = appendString(append(b, `,"message":`...), r.o.Message)
	}
	if len(r.cut) > 0 {
		b = append(b, `,"truncated":true`...)
	}
	return string(append(b, '}'))
}

// appendText appends a text, null when it is empty.
func appendText(b []byte, text string) []byte {
	if text == "" {
		return append(b, "null"...)
	}
	return appendString(b, text)
}

const hexDigits = "0123456789abcdef"

// asItIs holds the characters that stand in a JSON string as they are.
var asItIs = func() (table [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		table[c] = c != '"' && c != '\\' && c != 0x7f
	}
	return table
}()

// appendString appends valid UTF-8 as a JSON string. Written by hand because
// it is most of what rendering does, and because encoding/json escapes &, <
// and >, which stand in links.
func appendString(b []byte, text string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(text); {
		c := text[i]
		if asItIs[c] {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == '\u2028' || r == '\u2029' { // valid JSON, but ends a line in JavaScript
				b = append(b, text[start:i]...)
				b = append(b, `\u202`...)
				b = append(b, hexDigits[r&0xf])
				start = i + size
			}
			i += size
			continue
		}
		b = append(b, text[start:i]...)
		switch c {
		case '"', '\\':
			b = append(b, '\\', c)
		case '\n':
			b = append(b, '\\', 'n')
		case '\r':
			b = append(b, '\\', 'r')
		case '\t':
			b = append(b, '\\', 't')
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
		}
		i++
		start = i
	}
	b = append(b, text[start:]...)
	return append(b, '"')
}

// number is a score or a confidence, if it is one.
type number struct {
	value float64
	known bool
}

// parseNumber reads a decimal number as people and platforms write it. NaN,
// infinities, hexadecimal and underscores are no numbers here.
func parseNumber(text string) (number, bool) {
	text = strings.TrimSpace(text)
	if text == "" || strings.Trim(text, "0123456789+-.eE") != "" {
		return number{}, false
	}
	value, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(value, 0) {
		return number{}, false
	}
	return number{value, true}, true
}

// append appends the number as JSON, null when unknown.
func (n number) append(b []byte) []byte {
	if !n.known {
		return append(b, "null"...)
	}
	if size := math.Abs(n.value); size != 0 && (size < 1e-6 || size >= 1e21) {
		return strconv.AppendFloat(b, n.value, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, n.value+0, 'f', -1, 64) // +0 writes minus zero as 0
}
