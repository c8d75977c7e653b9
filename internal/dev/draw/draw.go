// Package draw draws a playbook as an SVG: the trigger, the Apps with their
// names, and the Pass and Fail arrows between them, laid out as on the
// designer's canvas. The same playbook gives the same bytes; nothing outside
// the file is needed to show it.
package draw

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	"tcsns/internal/dev/pbx"
)

// Sizes in the SVG's units, which are the canvas's.
const (
	cardWidth  = 210.0
	cardHeight = 64.0
	gapX       = 56.0 // room for an arrow and its word
	gapY       = 34.0
	margin     = 32.0
	header     = 56.0
	footer     = 40.0
	minWidth   = 560.0 // room for the title and the legend
)

// card is a trigger or an App as it is drawn.
type card struct {
	node      pbx.Node
	name, sub string
	trigger   bool
	inactive  bool
	x, y      float64 // top left
}

func (c *card) right() float64   { return c.x + cardWidth }
func (c *card) bottom() float64  { return c.y + cardHeight }
func (c *card) middle() float64  { return c.y + cardHeight/2 }
func (c *card) centre() float64  { return c.x + cardWidth/2 }
func (c *card) failing() float64 { return c.x + cardWidth*0.75 } // where a Fail arrow leaves below

// SVG draws a playbook.
func SVG(p *pbx.Playbook) []byte {
	cards := cardsOf(p)
	spread(cards)
	width, height := place(cards)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %s %s" width="%s" height="%s" role="img" font-family="Helvetica, Arial, sans-serif">`+"\n",
		number(width), number(height), number(width), number(height))
	fmt.Fprintf(&b, "<title>%s</title>\n", escape(p.Name))
	b.WriteString(definitions)
	fmt.Fprintf(&b, `<rect width="%s" height="%s" rx="8" fill="#f7f8fa"/>`+"\n", number(width), number(height))
	fmt.Fprintf(&b, `<text x="%s" y="34" font-size="17" font-weight="bold" fill="#1d2733">%s</text>`+"\n", number(margin), escape(fit(p.Name, width-2*margin, 10.6)))
	words := map[string]bool{}
	for _, c := range p.Connections {
		arrow(&b, cards, c, words)
	}
	for i := range cards {
		box(&b, &cards[i])
	}
	legend(&b, p, height)
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

// definitions are the heads of the arrows, one in each colour.
const definitions = `<defs>
<marker id="pass" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 1 L10 5 L0 9 z" fill="#1f7a4d"/></marker>
<marker id="fail" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 1 L10 5 L0 9 z" fill="#c23b22"/></marker>
<marker id="loop" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 1 L10 5 L0 9 z" fill="#5b5fc7"/></marker>
</defs>
`

// cardsOf lists what is drawn, triggers first, in the export's order.
func cardsOf(p *pbx.Playbook) []card {
	cards := make([]card, 0, len(p.Triggers)+len(p.Jobs))
	for i := range p.Triggers {
		t := &p.Triggers[i]
		cards = append(cards, card{
			node: pbx.Node{Trigger: true, ID: t.ID}, name: t.Name, sub: kindOf(t), trigger: true,
			inactive: t.Active != nil && !*t.Active, x: onCanvas(t.X), y: onCanvas(t.Y),
		})
	}
	for i := range p.Jobs {
		j := &p.Jobs[i]
		cards = append(cards, card{
			node: pbx.Node{ID: j.ID}, name: j.Name, sub: j.App.DisplayName,
			inactive: !j.IsActive(), x: onCanvas(j.X), y: onCanvas(j.Y),
		})
	}
	return cards
}

// kindOf says what a trigger waits for: "Trigger: Address, Create".
func kindOf(t *pbx.Trigger) string {
	kind := t.Type
	if t.Type == "MultipleIndicator" || t.Type == "UserAction" {
		kind = cmp.Or(strings.ReplaceAll(t.UserActionTypes, ",", ", "), t.Type)
	}
	if t.EventType != "" && t.EventType != "External" {
		kind += ", " + t.EventType
	}
	return "Trigger: " + kind
}

// onCanvas keeps a coordinate in a range that a picture has.
func onCanvas(v float64) float64 {
	const far = 1e5
	return math.Max(-far, math.Min(far, v))
}

// spread draws cards apart, as little as it takes, where they would cover each
// other: along the axis that needs the smaller factor.
func spread(cards []card) {
	const most = 4
	fx, fy := 1.0, 1.0
	for i := range cards {
		for j := range cards[:i] {
			dx, dy := math.Abs(cards[i].x-cards[j].x), math.Abs(cards[i].y-cards[j].y)
			needX, needY := (cardWidth+gapX)/dx, (cardHeight+gapY)/dy // +Inf where they are level
			if fx >= needX || fy >= needY {
				continue
			}
			if needX/fx <= needY/fy {
				fx = math.Max(fx, math.Min(needX, most))
			} else {
				fy = math.Max(fy, math.Min(needY, most))
			}
		}
	}
	for i := range cards {
		cards[i].x *= fx
		cards[i].y *= fy
	}
}

// place moves the cards into the picture and returns its size.
func place(cards []card) (width, height float64) {
	if len(cards) == 0 {
		return minWidth, header + footer + cardHeight
	}
	left, top, right, bottom := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for i := range cards {
		left, top = math.Min(left, cards[i].x), math.Min(top, cards[i].y)
		right, bottom = math.Max(right, cards[i].right()), math.Max(bottom, cards[i].bottom())
	}
	for i := range cards {
		cards[i].x += margin - left
		cards[i].y += header + margin/2 - top
	}
	return math.Max(minWidth, right-left+2*margin), bottom - top + header + footer + margin
}

// box draws a card: a colour for its kind, its name, and what it is.
func box(b *strings.Builder, c *card) {
	colour, fill, dash := "#2f6fb3", "#ffffff", ""
	if c.trigger {
		colour, fill = "#8a5a00", "#fff6e3"
	}
	if c.inactive {
		dash = ` stroke-dasharray="5 4" opacity="0.6"`
	}
	fmt.Fprintf(b, `<rect x="%s" y="%s" width="%s" height="%s" rx="6" fill="%s" stroke="%s" stroke-width="1.5"%s/>`+"\n",
		number(c.x), number(c.y), number(cardWidth), number(cardHeight), fill, colour, dash)
	fmt.Fprintf(b, `<rect x="%s" y="%s" width="5" height="%s" rx="2" fill="%s"/>`+"\n", number(c.x), number(c.y), number(cardHeight), colour)
	// Letters as wide as those of DejaVu Sans, the widest font that stands in for Helvetica.
	const inner, nameWidth, subWidth = cardWidth - 24, 8.2, 6.5
	lines := wrap(c.name, inner, nameWidth)
	y := c.y + 27
	if len(lines) > 1 {
		y = c.y + 20
	}
	for _, line := range lines {
		fmt.Fprintf(b, `<text x="%s" y="%s" font-size="13" font-weight="bold" fill="#1d2733">%s</text>`+"\n", number(c.x+14), number(y), escape(line))
		y += 16
	}
	sub := c.sub
	if c.inactive {
		sub = "off: " + sub
	}
	fmt.Fprintf(b, `<text x="%s" y="%s" font-size="11" fill="#56616e">%s</text>`+"\n", number(c.x+14), number(c.y+cardHeight-11), escape(fit(sub, inner, subWidth)))
}

// legend says what the colours are that occur.
func legend(b *strings.Builder, p *pbx.Playbook, height float64) {
	x, y := margin, height-18
	for _, entry := range []struct {
		kind pbx.Connection
		name string
	}{
		{pbx.Connection{Kind: pbx.Pass}, "Pass"}, {pbx.Connection{Kind: pbx.Fail}, "Fail"},
		{pbx.Connection{Kind: pbx.Pass, Circular: true}, "response to the trigger, or loop"},
	} {
		l := lookOf(entry.kind)
		if !slices.ContainsFunc(p.Connections, func(c pbx.Connection) bool { return lookOf(c).colour == l.colour }) {
			continue
		}
		fmt.Fprintf(b, `<path d="M%s %s h26" stroke="%s" stroke-width="1.8" fill="none"%s/>`+"\n", number(x), number(y-4), l.colour, l.dash)
		fmt.Fprintf(b, `<text x="%s" y="%s" font-size="11" fill="#56616e">%s</text>`+"\n", number(x+32), number(y), entry.name)
		x += 86
	}
}

// number writes a coordinate, rounded to what an eye can tell.
func number(v float64) string {
	text := fmt.Sprintf("%.1f", v)
	return strings.TrimSuffix(text, ".0")
}

// escape is text inside an element: without what XML does not allow.
func escape(text string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(strings.ToValidUTF8(text, "?"))); err != nil {
		return "" // a strings.Builder takes everything
	}
	return b.String()
}

// runeWidth is about how wide a letter is, in common letters of the Latin alphabet.
func runeWidth(r rune) float64 {
	switch {
	case unicode.Is(unicode.Mn, r):
		return 0
	case r >= 0x1100 && (r <= 0x115f || r >= 0x2e80 && r <= 0xd7a3 || r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xff60 || r >= 0x1f300):
		return 2
	case strings.ContainsRune("mwMW@%…", r):
		return 1.5
	case strings.ContainsRune("ijlI.,:;'|!()[]", r):
		return 0.6
	}
	return 1
}

func textWidth(text string) float64 {
	var width float64
	for _, r := range text {
		width += runeWidth(r)
	}
	return width
}

// fit cuts text to a width, for letters of about the given width.
func fit(text string, width, letter float64) string {
	text = strings.Join(strings.Fields(text), " ")
	letters := width / letter
	if textWidth(text) <= letters {
		return text
	}
	var b strings.Builder
	used := runeWidth('…')
	for _, r := range text {
		if used += runeWidth(r); used > letters {
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimRight(b.String(), " ") + "…"
}

// wrap breaks text between words into at most two lines, the second cut to fit.
func wrap(text string, width, letter float64) []string {
	words := strings.Fields(text)
	line := ""
	for i, word := range words {
		longer := strings.TrimSpace(line + " " + word)
		if textWidth(longer) <= width/letter {
			line = longer
			continue
		}
		if line == "" {
			return []string{fit(text, width, letter)}
		}
		return []string{line, fit(strings.Join(words[i:], " "), width, letter)}
	}
	return []string{line}
}

// find is the card of a job or trigger.
func find(cards []card, n pbx.Node) *card {
	i := slices.IndexFunc(cards, func(c card) bool { return c.node == n })
	if i < 0 {
		return nil
	}
	return &cards[i]
}
