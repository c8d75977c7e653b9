package secret

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// minMasked is the shortest secret, in bytes, that [Mask] removes from text. A
// shorter one ("1", "on", "yes") stands in too many innocent words: a text
// full of *** tells more about it than it hides.
const minMasked = 4

// Mask removes the secrets of a run from text. The zero value is ready to
// use and safe for concurrent use.
//
// A secret under four bytes is not removed; what keeps it from being printed
// is its type, [String], alone.
type Mask struct {
	mu      sync.Mutex
	known   []string                 // the secrets, each once
	needles atomic.Pointer[[]string] // every form of every secret; nil when known has grown since
}

// Add makes the secrets known. Empty ones and those that are known already
// change nothing.
func (m *Mask) Add(secrets ...String) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range secrets {
		if text := s.Reveal(); len(text) >= minMasked && !slices.Contains(m.known, text) {
			m.known = append(m.known, text)
			m.needles.Store(nil)
		}
	}
}

// Redact returns text with each known secret, in any encoding in which it
// could be printed (plain, quoted as Go or JSON do, escaped for a URL, in
// base64 alone or inside something longer, as package fmt prints bytes),
// replaced by "***"; of a secret of several lines each line, too. Secrets that
// overlap or touch become one "***", so that no end of one is left over. A
// text without a secret is returned as it is.
func (m *Mask) Redact(text string) string {
	found := m.find(text)
	if len(found) == 0 {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	at := 0
	for _, s := range found {
		b.WriteString(text[at:s.from])
		b.WriteString(masked)
		at = s.to
	}
	b.WriteString(text[at:])
	return b.String()
}

// stretch is text[from:to].
type stretch struct{ from, to int }

// find returns where text holds secrets, in order and apart from each other.
func (m *Mask) find(text string) []stretch {
	if len(text) < minMasked {
		return nil
	}
	var found []stretch
	for _, needle := range m.forms() {
		found = appendMatches(found, text, needle)
	}
	return merge(found)
}

// forms returns the needles, built at the first use after an Add: most runs
// that add a secret print little.
func (m *Mask) forms() []string {
	if needles := m.needles.Load(); needles != nil {
		return *needles
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var needles []string
	for _, text := range m.known {
		needles = append(needles, forms(text)...)
	}
	slices.Sort(needles)
	needles = slices.Compact(needles)
	m.needles.Store(&needles)
	return needles
}

// appendMatches adds every place at which needle stands in text, those that
// overlap joined at once: a hostile text yields no more stretches than fit
// side by side.
func appendMatches(found []stretch, text, needle string) []stretch {
	own := len(found)
	for at := 0; ; {
		next := strings.Index(text[at:], needle)
		if next < 0 {
			return found
		}
		from, to := at+next, at+next+len(needle)
		if last := len(found) - 1; last >= own && from <= found[last].to {
			found[last].to = to
		} else {
			found = append(found, stretch{from, to})
		}
		at = from + 1
	}
}

// merge sorts stretches and joins those that overlap or touch.
func merge(found []stretch) []stretch {
	if len(found) < 2 {
		return found
	}
	slices.SortFunc(found, func(a, b stretch) int { return a.from - b.from })
	merged := found[:1]
	for _, s := range found[1:] {
		if last := &merged[len(merged)-1]; s.from <= last.to {
			last.to = max(last.to, s.to)
		} else {
			merged = append(merged, s)
		}
	}
	return merged
}
