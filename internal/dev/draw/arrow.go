package draw

import (
	"fmt"
	"math"
	"strings"

	"tcsns/internal/dev/pbx"
)

// look is how an arrow of a kind looks.
type look struct{ word, colour, marker, dash string }

func lookOf(c pbx.Connection) look {
	switch {
	case c.Kind == pbx.Fail:
		return look{"Fail", "#c23b22", "fail", ` stroke-dasharray="6 4"`}
	case c.Kind == pbx.Pass && !c.Circular:
		return look{"Pass", "#1f7a4d", "pass", ""}
	case c.Kind == pbx.Pass:
		return look{"Response", "#5b5fc7", "loop", ` stroke-dasharray="2 4"`}
	}
	return look{string(c.Kind), "#5b5fc7", "loop", ` stroke-dasharray="2 4"`}
}

// arrow draws a connection; one that leads nowhere is not drawn.
func arrow(b *strings.Builder, cards []card, c pbx.Connection) {
	from, to := find(cards, c.Source()), find(cards, c.Target())
	if from == nil || to == nil || from == to {
		return
	}
	l := lookOf(c)
	path, wordX, wordY := route(from, to, c.Kind == pbx.Fail)
	fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="1.8"%s marker-end="url(#%s)"/>`+"\n", path, l.colour, l.dash, l.marker)
	if from.trigger {
		return // a trigger always passes
	}
	fmt.Fprintf(b, `<text x="%s" y="%s" font-size="11" fill="%s" stroke="#f7f8fa" stroke-width="3" paint-order="stroke">%s</text>`+"\n",
		number(wordX), number(wordY), l.colour, escape(l.word))
}

// route is the way from one card to another, and where its word stands: ahead
// from side to side, else down or up, else back below both. A Fail arrow
// leaves below, as in the designer.
func route(from, to *card, fail bool) (path string, wordX, wordY float64) {
	const reach = 24.0 // how far an arrow goes straight before it bends
	switch ahead := to.x >= from.right()+reach/2; {
	case ahead && fail && to.middle() > from.bottom()+reach/2:
		x, y := from.failing(), from.bottom()
		return fmt.Sprintf("M%s %s C%s %s %s %s %s %s", number(x), number(y),
			number(x), number(to.middle()), number(x+reach), number(to.middle()), number(to.x), number(to.middle())), x + 6, y + 16
	case ahead:
		x, y := from.right(), from.middle()
		if fail {
			y += cardHeight / 4 // not on the Pass arrow
		}
		wordX, wordY = x+8, y-6
		if to.middle() < y {
			wordY = y + 15 // the arrow goes up: below it
		}
		bend := math.Max(reach, (to.x-x)/2)
		return fmt.Sprintf("M%s %s C%s %s %s %s %s %s", number(x), number(y),
			number(x+bend), number(y), number(to.x-bend), number(to.middle()), number(to.x), number(to.middle())), wordX, wordY
	case to.y >= from.bottom():
		x := from.centre()
		if fail {
			x = from.failing()
		}
		return vertical(x, from.bottom(), to.centre(), to.y), x + 6, from.bottom() + 16
	case to.bottom() <= from.y:
		return vertical(from.centre(), from.y, to.centre(), to.bottom()), from.centre() + 6, from.y - 8
	}
	down := math.Max(from.bottom(), to.bottom()) + reach
	return fmt.Sprintf("M%s %s C%s %s %s %s %s %s", number(from.centre()), number(from.bottom()),
		number(from.centre()), number(down), number(to.centre()), number(down), number(to.centre()), number(to.bottom())), from.centre() + 6, from.bottom() + 16
}

// vertical is an arrow from above to below or from below to above.
func vertical(x1, y1, x2, y2 float64) string {
	half := (y1 + y2) / 2
	return fmt.Sprintf("M%s %s C%s %s %s %s %s %s", number(x1), number(y1), number(x1), number(half), number(x2), number(half), number(x2), number(y2))
}
