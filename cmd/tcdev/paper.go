package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"
)

// width is how wide the text is, in characters: every terminal has it.
const width = 80

// ink is how a piece of text looks.
type ink string

// The inks, as SGR parameters (ECMA-48, 8.3.117).
const (
	plain  ink = ""
	bold   ink = "1"
	dim    ink = "2"
	red    ink = "31"
	green  ink = "32"
	yellow ink = "33"
	cyan   ink = "36"
)

// paper is where text for a person goes. Errors of writing are nobody's: what
// cannot be shown any more still runs to its end.
type paper struct {
	w     io.Writer
	color bool
}

// newPaper writes to w; in colour when w is a terminal, and neither NO_COLOR
// (https://no-color.org) nor TERM=dumb says otherwise.
func newPaper(w io.Writer, lookup func(string) (string, bool)) *paper {
	noColor, _ := lookup("NO_COLOR")
	term, _ := lookup("TERM")
	return &paper{w: w, color: noColor == "" && term != "dumb" && isTerminal(w)}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// in returns text in an ink.
func (p *paper) in(i ink, text string) string {
	if !p.color || i == plain || text == "" {
		return text
	}
	return "\x1b[" + string(i) + "m" + text + "\x1b[0m"
}

// line writes one line, or an empty one.
func (p *paper) line(pieces ...string) {
	fmt.Fprintln(p.w, strings.TrimRight(strings.Join(pieces, ""), " "))
}

// rule writes a line across.
func (p *paper) rule() { p.line(p.in(dim, strings.Repeat("─", width))) }

// sides writes one text on the left and one on the right of a line.
func (p *paper) sides(left string, i ink, right string, j ink) {
	gap := width - utf8.RuneCountInString(left) - utf8.RuneCountInString(right)
	p.line(p.in(i, left), strings.Repeat(" ", max(gap, 2)), p.in(j, right))
}

// maxLines is how many lines a text may take; --json has all of it.
const maxLines = 60

// block writes text of any length behind a margin: broken at the width, at
// blanks where there are some, and with the margin before every line.
func (p *paper) block(first, margin, text string, i ink) {
	lead := first
	for _, l := range lines(text, width-utf8.RuneCountInString(margin)) {
		p.line(p.in(dim, lead), p.in(i, l))
		lead = margin
	}
}

// lines breaks a text into lines, of which it keeps the first sixty. What goes
// on on the next line is indented like the line that it belongs to.
func lines(text string, room int) []string {
	var all []string
	for paragraph := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		indent := paragraph[:len(paragraph)-len(strings.TrimLeft(paragraph, " "))]
		indent = indent[:min(len(indent), room/2)]
		for _, l := range wrap(printable(paragraph[len(indent):]), room-len(indent)) {
			all = append(all, indent+l)
		}
	}
	if more := len(all) - maxLines; more > 0 {
		all = append(all[:maxLines], fmt.Sprintf("… and %d lines more, which --json has", more))
	}
	return all
}

// field writes a name and a value beside it, over several lines where it is
// long; a note follows the value.
func (p *paper) field(nameWidth int, name, value string, i ink, note string) {
	const indent = 2
	margin := strings.Repeat(" ", indent+nameWidth+2)
	room := width - len(margin)
	lead := fmt.Sprintf("%*s%-*s  ", indent, "", nameWidth, name)
	all := lines(value, room)
	for n, l := range all {
		last := n == len(all)-1
		fits := utf8.RuneCountInString(l)+2+utf8.RuneCountInString(note) <= room
		if last && fits {
			p.line(p.in(dim, lead), p.in(i, l), "  ", p.in(dim, note))
			return
		}
		p.line(p.in(dim, lead), p.in(i, l))
		lead = margin
	}
	if note != "" {
		p.block(margin, margin, note, dim)
	}
}

// wrap breaks a line into lines of at most room characters (but of twenty at
// least). A word longer than a line is broken anywhere. Blanks at the start
// stay: they indent.
func wrap(text string, room int) []string {
	room = max(room, 20)
	var lines []string
	for {
		end, next := lineBreak(text, room)
		lines = append(lines, text[:end])
		if next == len(text) {
			return lines
		}
		text = text[next:]
	}
}

// lineBreak returns where the first line of text ends, and where the next one
// starts: at the end of text when there is none.
func lineBreak(text string, room int) (end, next int) {
	count, blank, word := 0, -1, false
	for at, r := range text {
		if count == room {
			switch {
			case r == ' ':
				return at, at + 1
			case blank >= 0:
				return blank, blank + 1
			}
			return at, at
		}
		if r == ' ' && word {
			blank = at
		}
		word = word || r != ' '
		count++
	}
	return len(text), len(text)
}

// printable returns text with what a terminal would act on written out: an
// indicator is whatever a stranger made it, escape sequences included.
func printable(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return !strconv.IsPrint(r) || r == utf8.RuneError }) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if strconv.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRuneToASCII(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}
