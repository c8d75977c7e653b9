package alert

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// The lengths of an SMS: 140 bytes a part, which is 160 septets of the GSM-7
// alphabet or 70 UTF-16 units; of each part of several, a header takes the
// room of 7 septets or 3 units (3GPP TS 23.040 §9.2.3.24.1;
// https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html).
const (
	gsmOne, gsmMany = 160, 153
	ucsOne, ucsMany = 70, 67
	maxSMSParts     = 2 // a third costs more and nobody reads it at night
)

// gsmBasic is the GSM 03.38 default alphabet beyond letters, digits and the
// space; gsmExtended are the characters that take two septets (3GPP TS 23.038
// §6.2.1).
const (
	gsmBasic    = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ!\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà"
	gsmExtended = "^{}\\[~]|€\f"
)

// smsParts is how many parts a text takes as an SMS. SNS ends a part between
// two words
// (https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html); a word
// that no part holds is torn, a character of two units never.
func smsParts(text string) int {
	units, one, many := septets, gsmOne, gsmMany
	if strings.ContainsFunc(text, func(r rune) bool { return septets(r) == 0 }) {
		units, one, many = utf16Units, ucsOne, ucsMany
	}
	length := 0
	for _, r := range text {
		length += units(r)
	}
	if length <= one {
		return 1
	}
	parts, room := 1, many
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ' ' || r == '\n' }) {
		length := 0
		for _, r := range word {
			length += units(r)
		}
		if length > room && room < many {
			parts, room = parts+1, many
		}
		for _, r := range word {
			if units(r) > room {
				parts, room = parts+1, many
			}
			room -= units(r)
		}
		room = max(0, room-1) // the space
	}
	return max(parts, (length+many-1)/many) // with several spaces in a row
}

// septets is the length of a character in the GSM-7 alphabet, 0 where it is
// not in there.
func septets(r rune) int {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == ' ', strings.ContainsRune(gsmBasic, r):
		return 1
	case strings.ContainsRune(gsmExtended, r):
		return 2
	}
	return 0
}

func utf16Units(r rune) int { return max(1, utf16.RuneLen(r)) }

// short is a text that had to fit, and what it gave up for that.
type short struct {
	text  string
	parts int
	cut   []string
}

// sms is one line: one part where it fits, never more than two. The owner goes
// first, then the link, the scores, type and action; the indicator never. One
// that is too long by itself is not torn but named by its length: half an
// address is a wrong address.
func (r *rendering) sms() short {
	if own := r.o.Message; own != "" {
		return ownSMS(own)
	}
	p := &r.people
	line := func(owner, link string) string {
		return join(" ", r.headline(), labelled("TA ", p.ThreatAssessScore), labelled("C ", p.Confidence), owner, link)
	}
	whole := line(p.Owner, p.DetailsLink)
	if n := smsParts(whole); n <= maxSMSParts {
		return short{text: whole, parts: n}
	}
	var cut []string
	if p.Owner != "" {
		cut = append(cut, "owner in the SMS")
	}
	if text := line("", p.DetailsLink); smsParts(text) <= maxSMSParts {
		// Three dots, because the ellipsis is not in the GSM alphabet. Each length in
		// turn, not by halves: parts end between words, so a longer text may take fewer.
		for n := min(utf8.RuneCountInString(p.Owner), maxSMSParts*gsmMany); n > 0; n-- {
			if shorter := line(firstRunes(p.Owner, n)+"...", p.DetailsLink); smsParts(shorter) <= maxSMSParts {
				text = shorter
				break
			}
		}
		return short{text, smsParts(text), cut}
	}
	if p.DetailsLink != "" {
		cut = append(cut, "details_link in the SMS")
	}
	if text := line("", ""); smsParts(text) <= maxSMSParts {
		return short{text, smsParts(text), cut}
	}
	if p.ThreatAssessScore != "" || p.Confidence != "" {
		cut = append(cut, "threatassess_score and confidence in the SMS")
	}
	if text := r.headline(); smsParts(text) <= maxSMSParts {
		return short{text, smsParts(text), cut}
	}
	if n := smsParts(p.Address); n <= maxSMSParts {
		return short{p.Address, n, append(cut, "indicator_type and trigger_action in the SMS")}
	}
	text := fmt.Sprintf("%s: %d characters, too long for an SMS", firstRunes(join(" ", p.IndicatorType, p.TriggerAction), 60), utf8.RuneCountInString(p.Address))
	cut = append(cut, "address in the SMS: it is too long for two parts, so its length stands there")
	if linked := join(" ", text, p.DetailsLink); p.DetailsLink != "" && smsParts(linked) <= maxSMSParts {
		return short{linked, smsParts(linked), cut}
	}
	return short{text, smsParts(text), cut}
}

// ownSMS fits one's own message into two parts.
func ownSMS(text string) short {
	if n := smsParts(text); n <= maxSMSParts {
		return short{text: text, parts: n}
	}
	for n := maxSMSParts * gsmMany; n > 0; n-- {
		cut := firstRunes(text, n) + "..."
		if parts := smsParts(cut); parts <= maxSMSParts {
			return short{cut, parts, []string{"message in the SMS"}}
		}
	}
	return short{text: "...", parts: 1, cut: []string{"message in the SMS"}}
}

// labelled is label and text, or nothing.
func labelled(label, text string) string {
	if text == "" {
		return ""
	}
	return label + text
}

// firstRunes returns the first n runes of text.
func firstRunes(text string, n int) string {
	for i := range text {
		if n == 0 {
			return text[:i]
		}
		n--
	}
	return text
}
