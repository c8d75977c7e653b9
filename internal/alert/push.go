package alert

import (
	"fmt"
	"unicode/utf8"
)

// The sizes of a push payload, in bytes.
const (
	// https://developer.apple.com/documentation/usernotifications/generating-a-remote-notification
	appleBytes = 4096
	// https://firebase.google.com/docs/cloud-messaging/concept-options
	firebaseBytes = 4096
	// https://developer.amazon.com/docs/adm/message-data-structures.html (6 KB of data)
	amazonBytes = 6144
)

// notification is what a phone shows, and what its app gets with it.
type notification struct {
	title, body         string
	indicatorType, link string
}

// payload writes a notification in the words of one push service. The values
// of custom data are texts, which FCM and ADM demand.
type payload func(notification) string

// apple is the payload of APNs.
func apple(n notification) string {
	b := appendString([]byte(`{"aps":{"alert":{"title":`), n.title)
	b = appendString(append(b, `,"body":`...), n.body)
	b = append(b, `},"sound":"default"}`...)
	b = n.custom(append(b, ','))
	return string(append(b, '}'))
}

// firebase is the payload of FCM in its HTTP v1 form, as SNS wraps it
// (https://docs.aws.amazon.com/sns/latest/dg/sns-fcm-v1-payloads.html).
func firebase(n notification) string {
	b := appendString([]byte(`{"fcmV1Message":{"message":{"notification":{"title":`), n.title)
	b = appendString(append(b, `,"body":`...), n.body)
	b = n.custom(append(b, `},"data":{`...))
	return string(append(b, `}}}}`...))
}

// amazon is the payload of ADM, which has custom data alone.
func amazon(n notification) string {
	b := appendString([]byte(`{"data":{"title":`), n.title)
	b = appendString(append(b, `,"message":`...), n.body)
	b = n.custom(append(b, ','))
	return string(append(b, `}}`...))
}

// custom appends what the app on the phone may use.
func (n notification) custom(b []byte) []byte {
	b = appendString(append(b, `"indicator_type":`...), n.indicatorType)
	if n.link != "" {
		b = appendString(append(b, `,"details_link":`...), n.link)
	}
	return b
}

// push is a payload within the size of its service. The owner goes first, then
// the link, the scores and most of a type that is none; the indicator is whole,
// or named by its length.
func (r *rendering) push(protocol string, limit int, write payload) short {
	p := &r.people
	n := notification{title: r.subject(), indicatorType: p.IndicatorType, link: p.DetailsLink}
	owner, scores := p.Owner, join(", ", labelled("ThreatAssess ", p.ThreatAssessScore), labelled("confidence ", p.Confidence))
	if r.o.Message != "" {
		owner, scores = "", "" // they stand in no text but ours
	}
	fits := func(text string) (string, bool) {
		n.body = text
		written := write(n)
		return written, len(written) <= limit
	}
	whole := func() (string, bool) {
		if r.o.Message != "" {
			return fits(r.o.Message)
		}
		return fits(join(", ", p.Address, owner, scores))
	}
	if text, ok := whole(); ok {
		return short{text: text}
	}
	var cut []string
	for _, field := range []struct {
		name string
		text *string
		keep int // characters
	}{
		{"owner", &owner, 0},
		{"details_link", &n.link, 0},
		{"threatassess_score and confidence", &scores, 0},
		{"indicator_type", &n.indicatorType, maxSubject},
	} {
		shorter := firstRunes(*field.text, field.keep)
		if shorter == *field.text {
			continue
		}
		*field.text = shorter
		cut = append(cut, field.name+" in "+protocol)
		if text, ok := whole(); ok {
			return short{text: text, cut: cut}
		}
	}
	if r.o.Message != "" {
		return r.cutPush(protocol, limit, fits, cut)
	}
	text, _ := fits(fmt.Sprintf("%d characters, too long for a push notification", utf8.RuneCountInString(p.Address)))
	return short{text: text, cut: append(cut, "address in "+protocol+": it is too long, so its length stands there")}
}

// cutPush cuts one's own message to the longest beginning that fits.
func (r *rendering) cutPush(protocol string, limit int, fits func(string) (string, bool), cut []string) short {
	runes := []rune(firstRunes(r.o.Message, limit))
	beginning := func(n int) string { return string(runes[:n]) + ellipsis }
	text, _ := fits(beginning(longest(len(runes), func(n int) bool { _, ok := fits(beginning(n)); return ok })))
	return short{text: text, cut: append(cut, "message in "+protocol)}
}
