package alert

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// ellipsis ends a text that was cut, where a channel can show it.
const ellipsis = "…"

// oneLine makes a value safe to stand in a line that people read: control
// characters, line and paragraph separators become a space, runs of spaces
// one; characters that turn the direction of the text around them, or hide in it,
// go, because with them an indicator can be made to read as another one.
func oneLine(text string) string {
	if plain(text) {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	space := false
	for _, r := range text {
		switch {
		case misleads(r):
			continue
		case unicode.IsSpace(r) || unicode.IsControl(r) || r == '\u2028' || r == '\u2029':
			space = b.Len() > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		b.WriteRune(r)
	}
	return b.String()
}

// Blank reports whether nothing of text would show: white space, control
// characters and invisible ones are all there is.
func Blank(text string) bool {
	return strings.TrimFunc(oneLine(text), func(r rune) bool {
		switch r {
		case '\u200C', '\u200D', '\u034F', '\u115F', '\u1160', '\u2800', '\u3164', '\uFFA0': // joiners, fillers, a blank of Braille
			return true
		}
		return r >= '\uFE00' && r <= '\uFE0F' // variation selectors
	}) == ""
}

// plain reports whether oneLine has nothing to do.
func plain(text string) bool {
	for i := range len(text) {
		c := text[i]
		if c < ' ' || c >= 0x7f || c == ' ' && (i == 0 || i == len(text)-1 || text[i-1] == ' ') {
			return false
		}
	}
	return true
}

// misleads reports whether r is an invisible character that changes the
// direction of text (Unicode Standard Annex 9, explicit formatting), or one that
// hides between letters: zero-width spaces, the soft hyphen, invisible operators
// and tags. The zero-width joiners stay: Persian, Indic scripts and emoji are
// written with them.
func misleads(r rune) bool {
	switch {
	case r >= '\u202A' && r <= '\u202E', r >= '\u2060' && r <= '\u206F':
		return true
	case r == '\u200E', r == '\u200F', r == '\u061C', r == '\u200B', r == '\uFEFF', r == '\u00AD', r == '\u180E':
		return true
	}
	return r >= '\U000E0000' && r <= '\U000E007F'
}

// cutRunes returns the first n runes of text, the last of them an ellipsis
// when something is left out.
func cutRunes(text string, n int) string {
	if utf8.RuneCountInString(text) <= n {
		return text
	}
	for i := range text {
		if n--; n == 0 {
			return strings.TrimRight(text[:i], " ") + ellipsis
		}
	}
	return text
}

// maxSubject is the length of a subject in runes: SNS takes exactly 100 and
// refuses 101.
const maxSubject = 100

// subject is one line of at most 100 runes, never empty.
func (r *rendering) subject() string {
	return strings.TrimLeft(cutRunes(r.wholeSubject(), maxSubject), " ")
}

// wholeSubject is the subject before it is cut.
func (r *rendering) wholeSubject() string {
	if text := oneLine(r.o.Subject); text != "" {
		return text
	}
	return r.headline()
}

// headline is what happened, in a few words: "Address Created: 203.0.113[.]7".
func (r *rendering) headline() string {
	p := &r.people
	return join(" ", p.IndicatorType, p.TriggerAction) + ": " + p.Address
}

// join joins what is not empty.
func join(separator string, texts ...string) string {
	var b strings.Builder
	for _, text := range texts {
		if text == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(separator)
		}
		b.WriteString(text)
	}
	return b.String()
}

// email is several lines for a person: the headline, then a line for each
// thing that is known.
func (r *rendering) email() string {
	p := &r.people
	var b strings.Builder
	b.Grow(256 + 2*len(p.Address) + len(p.Owner) + len(p.DetailsLink))
	b.WriteString(r.headline())
	b.WriteString("\n\n")
	for _, row := range [...]struct{ label, value string }{
		{"Indicator:     ", p.Address},
		{"Type:          ", p.IndicatorType},
		{"Owner:         ", p.Owner},
		{"ThreatAssess:  ", p.ThreatAssessScore},
		{"Confidence:    ", p.Confidence},
		{"Details:       ", p.DetailsLink},
	} {
		if row.value != "" {
			b.WriteString(row.label)
			b.WriteString(row.value)
			b.WriteByte('\n')
		}
	}
	if p.Address != oneLine(r.a.Address) {
		b.WriteString("\nThe indicator is defanged, so that nobody opens it by mistake.\n")
	}
	if len(r.cut) > 0 {
		b.WriteString("\nCut: " + strings.Join(r.cut, "; ") + "\n")
	}
	b.WriteString("\nSent by ThreatConnect.\n")
	return b.String()
}
