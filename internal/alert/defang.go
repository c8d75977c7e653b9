package alert

import (
	"net/netip"
	"strings"
)

// Defang writes an indicator so that no program makes a link of it and nobody
// opens it by mistake, in the field's own convention: 203.0.113[.]7,
// 2001:db8:[:]7, evil[.]example, hxxps://evil[.]example/a.html,
// user[@]evil[.]example, \\evil[.]example\share. In a URL only scheme and host
// change, those of a URL inside it too, and what cannot be a link (a file hash, a
// plain word) stays as it is. Some indicators are sentences (the subject of an
// e-mail, a user agent): each word is one. Defang of a defanged text is that text.
func Defang(text string) string {
	if !strings.ContainsAny(text, ".:@") {
		return text
	}
	if strings.IndexByte(text, ' ') < 0 {
		return defangWord(text)
	}
	words := strings.Split(text, " ")
	for i, word := range words {
		if !isVersion(word) {
			words[i] = defangWord(word)
		}
	}
	return strings.Join(words, " ")
}

// isVersion reports whether a word of a sentence is a number with one dot, as
// user agents have many.
func isVersion(word string) bool {
	word = strings.Trim(word, "(),;")
	return strings.Count(word, ".") == 1 && strings.Trim(word, "0123456789.") == ""
}

// defangWord is Defang for a text without spaces.
func defangWord(text string) string {
	scheme, slashes, rest := cutScheme(text)
	end := strings.IndexAny(rest, `/\?#`) // a path, or the length of a CIDR block
	if end < 0 {
		end = len(rest)
	}
	return defangScheme(scheme) + slashes + defangInside(defangHost(rest[:end])+rest[end:])
}

// defangInside does to URLs inside a text what defangWord does to one that is
// all of it: an open redirect carries its target.
func defangInside(text string) string {
	if strings.IndexByte(text, ':') < 0 {
		return text
	}
	var b strings.Builder
	for {
		colon := strings.IndexByte(text, ':')
		if colon < 0 {
			b.WriteString(text)
			return b.String()
		}
		start := wordBefore(text, colon)
		scheme := text[start:colon]
		b.WriteString(text[:start])
		b.WriteString(defangScheme(scheme))
		b.WriteByte(':')
		text = text[colon+1:]
		if defangScheme(scheme) == scheme {
			continue
		}
		host := strings.TrimLeft(text, `/\`)
		b.WriteString(text[:len(text)-len(host)])
		end := strings.IndexAny(host, "/\\?#&:;,'\"`<>()[]{} \t\r\n")
		switch {
		case end < 0:
			end = len(host)
		case host[end] == ':':
			end = wordBefore(host, end) // it may be a scheme, for the next turn
		}
		b.WriteString(strings.ReplaceAll(host[:end], ".", "[.]"))
		text = host[end:]
	}
}

// wordBefore returns where the letters and digits begin that end before at.
func wordBefore(text string, at int) int {
	for at > 0 && (isLetter(rune(text[at-1])) || isDigit(rune(text[at-1]))) {
		at--
	}
	return at
}

// cutScheme cuts scheme:// off, also the http:/ and http: that browsers put
// right, and the // and \\ that stand before a host without a scheme (mail
// programs make a link of \\evil.example\share); with none of them all is rest.
func cutScheme(text string) (scheme, slashes, rest string) {
	scheme, rest, ok := strings.Cut(text, ":")
	if !ok || strings.ContainsFunc(scheme, func(r rune) bool {
		return !isLetter(r) && !isDigit(r) && !strings.ContainsRune("+-.", r)
	}) {
		if host := strings.TrimLeft(text, `/\`); len(text)-len(host) > 1 {
			return "", text[:len(text)-len(host)], host
		}
		return "", "", text
	}
	host := strings.TrimLeft(rest, `/\`)
	slashes = ":" + rest[:len(rest)-len(host)]
	if slashes != "://" && !isLink(scheme) {
		return "", "", text // evil.example:8080
	}
	return scheme, slashes, host
}

// defangScheme turns http into hxxp, ftp into fxp, also as the last word of a
// scheme (git+https); others are no links that anything opens by itself.
func defangScheme(scheme string) string {
	start := wordBefore(scheme, len(scheme))
	switch strings.ToLower(scheme[start:]) {
	case "http":
		return scheme[:start] + "hxxp"
	case "https":
		return scheme[:start] + "hxxps"
	case "ftp":
		return scheme[:start] + "fxp"
	}
	return scheme
}

// isLink reports whether scheme is one that defangScheme changes, or has changed.
func isLink(scheme string) bool {
	switch strings.ToLower(scheme[wordBefore(scheme, len(scheme)):]) {
	case "http", "https", "ftp", "hxxp", "hxxps", "fxp":
		return true
	}
	return false
}

// defanged undoes what defangHost does; what defangIP does to a colon is undone
// only where an address comes of it.
var defanged = strings.NewReplacer("[.]", ".", "[@]", "@")

// bracketed is the reverse, for what stands before the last @.
var bracketed = strings.NewReplacer(".", "[.]", "@", "[@]")

// defangHost brackets what makes a host: the last dot of an IPv4 address, the
// last colon of an IPv6 address, every dot of a name; and each @ before it.
func defangHost(host string) string {
	host = defanged.Replace(host)
	user, address, ok := cutLast(host, "@")
	if ok {
		return bracketed.Replace(user) + "[@]" + defangAddress(address)
	}
	return defangAddress(host)
}

// defangAddress is defangHost without what stands before an @.
func defangAddress(host string) string {
	plain := strings.ReplaceAll(host, "[:]", ":")
	if isIP(plain) {
		return defangIP(plain)
	}
	if name, port, ok := cutLast(plain, ":"); ok && isIP(name) {
		return defangIP(name) + ":" + port
	}
	return strings.ReplaceAll(host, ".", "[.]")
}

// isIP reports whether text is an IP address, in the brackets of a URL or not.
func isIP(text string) bool {
	_, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return err == nil
}

// defangIP brackets the last separator of an IP address, which may be a dot in
// an IPv6 address too.
func defangIP(ip string) string {
	last := strings.LastIndexAny(ip, ".:")
	return ip[:last] + "[" + ip[last:last+1] + "]" + ip[last+1:]
}

// cutLast cuts text around the last separator.
func cutLast(text, separator string) (before, after string, ok bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}
