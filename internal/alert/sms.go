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

// smsParts is how many parts a text takes as an SMS.
func smsParts(text string) int {
	septets, gsm := 0, true
	for _, r := range text {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == ' ', strings.ContainsRune(gsmBasic, r):
			septets++
		case strings.ContainsRune(gsmExtended, r):
			septets += 2
		default:
			gsm = false
		}
		if !gsm {
			break
		}
	}
	if gsm {
		return parts(septets, gsmOne, gsmMany)
	}
	units := 0
	for _, r := range text {
		units += max(1, utf16.RuneLen(r))
	}
	return parts(units, ucsOne, ucsMany)
}

// parts divides a length into parts. A character of two units is never torn:
// each part may waste one, which the division by the smaller length covers
// for all but texts made of nothing else.
func parts(length, one, many int) int {
	if length <= one {
		return 1
	}
	return (length + many - 1) / many
}

// short is a text that had to fit, and what it gave up for that.
type short struct {
	text  string
	parts int
	cut   []string
}

// sms is one line: one part where it fits, never more than two. The owner goes
// first, then the link, then the scores; the indicator never. One that is too
// long by itself is not torn but named by its length: half an address is a
// wrong address.
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
		// Three dots, because the ellipsis is not in the GSM alphabet.
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
	for _, text := range []string{line("", ""), r.headline(), p.Address} {
		if n := smsParts(text); n <= maxSMSParts {
			return short{text, n, cut}
		}
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
