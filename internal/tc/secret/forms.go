package secret

import (
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// forms returns the encodings in which a secret could be printed. Every form
// is at least minMasked bytes long.
func forms(text string) []string {
	var all []string
	add := func(forms ...string) {
		for _, form := range forms {
			if len(form) >= minMasked {
				all = append(all, form)
			}
		}
	}
	texts := []string{text}
	if trimmed := strings.TrimSpace(text); trimmed != text && len(trimmed) >= minMasked {
		texts = append(texts, trimmed)
	}
	for _, text := range texts {
		add(text)
		if !everywhereItself(text) {
			for _, once := range quoted(text) {
				if once != text { // else a second time changes nothing either
					add(once)
					add(quotedAgain(once)...)
				}
			}
			add(escaped(text)...)
		}
		for _, form := range base64Forms(text) {
			add(form)
			if !everywhereItself(form) {
				add(url.QueryEscape(form))
			}
		}
		add(decimal(text))
	}
	for _, line := range linesOf(text) {
		add(line)
		add(quoted(line)...)
	}
	return all
}

// decimal is text as package fmt prints its bytes, without the brackets.
func decimal(text string) string {
	var b []byte
	for i := range len(text) {
		b = append(strconv.AppendUint(b, uint64(text[i]), 10), ' ')
	}
	return strings.TrimSuffix(string(b), " ")
}

// minLine is the shortest line of a secret, in bytes, that is a secret by
// itself: shorter ones ("{", "-----") stand in other texts as well.
const minLine = 8

// linesOf returns the lines of a secret of several, a private key say: whoever
// prints it line by line never prints the whole.
func linesOf(text string) []string {
	if !strings.ContainsAny(text, "\r\n") {
		return nil
	}
	var lines []string
	for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '\r' || r == '\n' }) {
		if line = strings.TrimSpace(line); len(line) >= minLine {
			lines = append(lines, line)
		}
	}
	return lines
}

// everywhereItself reports whether quoting and escaping leave a text as it is:
// most keys and tokens are like that, and a run is short.
func everywhereItself(text string) bool {
	for i := range len(text) {
		b := text[i]
		if !('a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || strings.IndexByte("-_.~", b) >= 0) {
			return false
		}
	}
	return true
}

// quoted returns text as the inside of a quoted text: of Go, of Go in ASCII,
// of JSON with and without HTML's characters escaped, and of JSON in ASCII as
// Python writes it.
func quoted(text string) []string {
	html, plain := jsonQuoted(text, true), jsonQuoted(text, false)
	all := []string{
		inside(strconv.Quote(text)),
		inside(strconv.QuoteToASCII(text)),
		html, plain, inASCII(html), inASCII(plain),
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// quotedAgain returns a quoted text inside another: a JSON document that is a
// string of another document, or of a log line.
func quotedAgain(once string) []string {
	return []string{inside(strconv.Quote(once)), jsonQuoted(once, false)}
}

func inside(quoted string) string { return quoted[1 : len(quoted)-1] }

func jsonQuoted(text string, escapeHTML bool) string {
	var b strings.Builder
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(escapeHTML)
	if err := encoder.Encode(text); err != nil {
		return "" // a string always encodes
	}
	return inside(strings.TrimSuffix(b.String(), "\n"))
}

// inASCII writes what is not ASCII as \uXXXX, in lower case, in surrogate
// pairs where it must.
func inASCII(text string) string {
	var b strings.Builder
	for _, r := range text {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			hex := strconv.FormatUint(uint64(unit), 16)
			b.WriteString(`\u` + strings.Repeat("0", 4-len(hex)) + hex)
		}
	}
	return b.String()
}

// escaped returns text as it stands in a URL: in a query, the same with the
// blank as %20 (AWS's way), in a path, as user information; the first two
// also with their hexadecimal digits in lower case.
func escaped(text string) []string {
	query := url.QueryEscape(text)
	strict := strings.ReplaceAll(query, "+", "%20")
	user := strings.TrimPrefix(url.UserPassword("", text).String(), ":")
	return []string{query, strict, url.PathEscape(text), user, lowerHex(query), lowerHex(strict)}
}

// lowerHex writes %2F as %2f.
func lowerHex(escaped string) string {
	b := []byte(escaped)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			b[i+1], b[i+2] = lower(b[i+1]), lower(b[i+2])
			i += 2
		}
	}
	return string(b)
}

func lower(b byte) byte {
	if 'A' <= b && b <= 'F' {
		return b + 'a' - 'A'
	}
	return b
}

// forURLs turns base64 into its alphabet for URLs.
var forURLs = strings.NewReplacer("+", "-", "/", "_")

// base64Forms returns the base64 of text, in both alphabets: alone, with its
// padding, and inside something longer, where it begins at any of the three
// places of a group. In the latter, the characters at either end that also
// depend on the neighbours are left out.
func base64Forms(text string) []string {
	alone := base64.StdEncoding.EncodeToString([]byte(text))
	all := []string{alone, strings.TrimRight(alone, "=")}
	for before := range 3 {
		shifted := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("\x00", before) + text))
		first := (before*8 + 5) / 6 // the first character of text's bits alone
		end := (before + len(text)) * 8 / 6
		all = append(all, shifted[first:end])
	}
	for _, form := range all {
		if strings.ContainsAny(form, "+/") {
			all = append(all, forURLs.Replace(form))
		}
	}
	return all
}
