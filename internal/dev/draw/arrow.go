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

// arrow draws a connection; one that leads nowhere is not drawn. words are those
// that stand at a card already: several arrows of a kind share one.
func arrow(b *strings.Builder, cards []card, c pbx.Connection, words map[string]bool) {
	from, to := find(cards, c.Source()), find(cards, c.Target())
	if from == nil || to == nil || from == to {
		return
	}
	l := lookOf(c)
	path, wordX, wordY := route(cards, from, to, c.Kind == pbx.Fail)
	fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="1.8"%s marker-end="url(#%s)"/>`+"\n", path, l.colour, l.dash, l.marker)
	place := fmt.Sprint(from.node, l.word, wordX > from.right())
	if from.trigger || words[place] {
		return // a trigger always passes
	}
	words[place] = true
	fmt.Fprintf(b, `<text x="%s" y="%s" font-size="11" fill="%s" stroke="#f7f8fa" stroke-width="3" paint-order="stroke">%s</text>`+"\n",
		number(wordX), number(wordY), l.colour, escape(l.word))
}

// route is the way from one card to another, and where its word stands: ahead
// from side to side, else down or up, else back below both; round what is in
// the way. A Fail arrow leaves below, as in the designer.
func route(cards []card, from, to *card, fail bool) (path string, wordX, wordY float64) {
	const reach = 24.0 // how far an arrow goes straight before it bends
	below := from.centre()
	if fail {
		below = from.failing()
	}
	switch ahead := to.x >= from.right()+reach/2; {
	case ahead && fail && to.middle() > from.bottom()+reach/2:
		return angled([]point{{below, from.bottom()}, {below, to.middle()}, {to.x, to.middle()}}), below + 6, from.bottom() + 16
	case ahead:
		x, y := from.right(), from.middle()
		if fail {
			y += cardHeight / 4 // not on the Pass arrow
		}
		wordX, wordY = x+8, y-6
		if to.middle() < y {
			wordY = y + 15 // the arrow goes up: below it
		}
		if free(cards, from, to, []point{{x, y}, {to.x - reach, y}}) && free(cards, from, to, []point{{x + reach, to.middle()}, {to.x, to.middle()}}) {
			bend := math.Max(reach, (to.x-x)/2)
			return fmt.Sprintf("M%s %s C%s %s %s %s %s %s", number(x), number(y),
				number(x+bend), number(y), number(to.x-bend), number(to.middle()), number(to.x), number(to.middle())), wordX, wordY
		}
		return round(cards, from, to, (y+to.middle())/2, func(level float64) []point {
			return []point{{x, y}, {x + reach, y}, {x + reach, level}, {to.x - reach, level}, {to.x - reach, to.middle()}, {to.x, to.middle()}}
		}), wordX, wordY
	case to.y >= from.bottom():
		return vertical(cards, from, to, point{below, from.bottom()}, point{to.centre(), to.y}), below + 6, from.bottom() + 16
	case to.bottom() <= from.y:
		return vertical(cards, from, to, point{from.centre(), from.y}, point{to.centre(), to.bottom()}), from.centre() + 6, from.y - 8
	}
	down := math.Max(from.bottom(), to.bottom()) + reach
	return round(cards, from, to, down, func(level float64) []point {
		level = math.Max(level, down)
		return []point{{from.centre(), from.bottom()}, {from.centre(), level}, {to.centre(), level}, {to.centre(), to.bottom()}}
	}), from.centre() + 6, from.bottom() + 16
}

// vertical is an arrow from above to below or from below to above. It bends
// close to where it leaves, so that it arrives straight.
func vertical(cards []card, from, to *card, a, b point) string {
	first := a.y + 0.35*math.Max(-gapY, math.Min(gapY, b.y-a.y))
	return round(cards, from, to, first, func(level float64) []point {
		level = math.Max(math.Min(a.y, b.y), math.Min(math.Max(a.y, b.y), level))
		return []point{a, {a.x, level}, {b.x, level}, b}
	})
}

// point is a place in the picture.
type point struct{ x, y float64 }

// round draws an arrow of straight pieces along a level: the first if nothing
// is in the way there, else the closest between the cards where nothing is,
// else the first all the same.
func round(cards []card, from, to *card, first float64, along func(level float64) []point) string {
	best := along(first)
	if free(cards, from, to, best) {
		return angled(best)
	}
	nearest := math.Inf(1)
	for i := range cards {
		for _, level := range []float64{cards[i].y - gapY/2, cards[i].bottom() + gapY/2} {
			if way := along(level); math.Abs(level-first) < nearest && free(cards, from, to, way) {
				best, nearest = way, math.Abs(level-first)
			}
		}
	}
	return angled(best)
}

// free reports whether level and upright pieces cross no other card, and come
// not too close to one.
func free(cards []card, from, to *card, way []point) bool {
	const close = 4.0
	for i := range cards {
		c := &cards[i]
		if c == from || c == to {
			continue
		}
		for j := range way[1:] {
			a, b := way[j], way[j+1]
			if math.Max(a.x, b.x) > c.x-close && math.Min(a.x, b.x) < c.right()+close &&
				math.Max(a.y, b.y) > c.y-close && math.Min(a.y, b.y) < c.bottom()+close {
				return false
			}
		}
	}
	return true
}

// angled joins points by straight pieces with rounded corners.
func angled(way []point) string {
	const radius = 10.0
	var b strings.Builder
	fmt.Fprintf(&b, "M%s %s", number(way[0].x), number(way[0].y))
	for i := 1; i < len(way)-1; i++ {
		at := way[i]
		before, after := toward(at, way[i-1], radius), toward(at, way[i+1], radius)
		fmt.Fprintf(&b, " L%s %s Q%s %s %s %s", number(before.x), number(before.y), number(at.x), number(at.y), number(after.x), number(after.y))
	}
	last := way[len(way)-1]
	fmt.Fprintf(&b, " L%s %s", number(last.x), number(last.y))
	return b.String()
}

// toward is the point that lies some way from one point to another, at most half.
func toward(from, to point, some float64) point {
	distance := math.Hypot(to.x-from.x, to.y-from.y)
	if distance == 0 {
		return from
	}
	part := math.Min(some/distance, 0.5)
	return point{from.x + (to.x-from.x)*part, from.y + (to.y-from.y)*part}
}
