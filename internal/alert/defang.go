package alert

import (
	"net/netip"
	"strings"
)

// Defang writes an indicator so that no program makes a link of it and nobody
// opens it by mistake, in the field's own convention: 203.0.113[.]7,
// 2001[:]db8[:][:]1, evil[.]example, hxxps://evil[.]example/a.html,
// user[@]evil[.]example. In a URL only scheme and host change, and what cannot
// be a link (a file hash, a plain word) stays as it is. Defang of a defanged
// text is that text.
func Defang(text string) string {
	if !strings.ContainsAny(text, ".:@") {
		return text
	}
	if scheme, rest, ok := cutScheme(text); ok {
		end := strings.IndexAny(rest, "/?#")
		if end < 0 {
			end = len(rest)
		}
		return defangScheme(scheme) + "://" + defangHost(rest[:end]) + rest[end:]
	}
	if user, host, ok := strings.Cut(text, "@"); ok && !strings.ContainsAny(text, " /") {
		return brackets(user, ".") + "[@]" + defangHost(host)
	}
	end := strings.IndexByte(text, '/') // a CIDR block, or a URL without a scheme
	if end < 0 {
		end = len(text)
	}
	return defangHost(text[:end]) + text[end:]
}

// cutScheme splits scheme://rest.
func cutScheme(text string) (scheme, rest string, ok bool) {
	scheme, rest, ok = strings.Cut(text, "://")
	if !ok || scheme == "" || strings.ContainsFunc(scheme, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("+-.", r)
	}) {
		return "", "", false
	}
	return scheme, rest, true
}

// defangScheme turns http into hxxp, ftp into fxp; others are no links that
// anything opens by itself.
func defangScheme(scheme string) string {
	switch strings.ToLower(scheme) {
	case "http":
		return "hxxp"
	case "https":
		return "hxxps"
	case "ftp":
		return "fxp"
	}
	return scheme
}

// defangHost brackets what makes a host: its dots, the colons of an IPv6
// address, the @ of user information.
func defangHost(host string) string {
	if bare := strings.Trim(host, "[]"); strings.Count(bare, ":") > 1 {
		if _, err := netip.ParseAddr(bare); err == nil {
			return brackets(brackets(bare, ":"), ".")
		}
	}
	return brackets(brackets(host, "."), "@")
}

// brackets puts each mark in brackets, but for those that have them.
func brackets(text, mark string) string {
	if !strings.Contains(text, mark) {
		return text
	}
	bracketed := "[" + mark + "]"
	return strings.ReplaceAll(strings.ReplaceAll(text, bracketed, mark), mark, bracketed)
}
