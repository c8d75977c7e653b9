package snstopic

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"tcsns/internal/tc/secret"
)

// maxWords bounds what is passed on of AWS's words, in characters (STYLE).
const maxWords = 512

const masked = "***"

// redactor replaces the secrets of c. What the default chain or a role gives
// becomes known to it when it is fetched ([labelled]).
func redactor(c Config) *secret.Mask {
	m := new(secret.Mask)
	m.Add(c.SecretAccessKey, c.SessionToken, secret.New(c.AccessKeyID))
	return m
}

// clean makes AWS's words fit to be shown: one line without control
// characters, at most 512 characters, no secret that redact knows, no access
// key id, no token, no phone number, and not the request that SNS recites where
// a signature does not match.
func clean(words string, redact *secret.Mask) string {
	words, _, _ = strings.Cut(words, "The Canonical String for this request")
	if redact != nil {
		words = redact.Redact(words)
	}
	if len(words) > 8*maxWords {
		words = words[:8*maxWords] // what is cut below anyway; a masked word is shorter
	}
	words = strings.Join(strings.FieldsFunc(words, isBreak), " ")
	words = maskTokens(maskPhones(words))
	if utf8.RuneCountInString(words) <= maxWords {
		return words
	}
	return string([]rune(words)[:maxWords-1]) + "…"
}

// isBreak also knows what a terminal or a page would not show, or act on.
func isBreak(r rune) bool {
	return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == utf8.RuneError
}

// maskPhones masks what looks like an E.164 number: + and 7 to 15 digits, with
// or without the usual separators.
func maskPhones(text string) string {
	if !strings.Contains(text, "+") {
		return text
	}
	const least, most = 7, 15
	var b strings.Builder
	for i := 0; i < len(text); {
		end, digits := i+1, 0
		if text[i] == '+' {
			for j := i + 1; j < len(text) && digits < most && (isDigit(text[j]) || strings.IndexByte(" -.()", text[j]) >= 0); j++ {
				if isDigit(text[j]) {
					digits++
					end = j + 1
				}
			}
		}
		if digits >= least {
			b.WriteString(masked)
		} else {
			end = i + 1
			b.WriteByte(text[i])
		}
		i = end
	}
	return b.String()
}

// maskTokens masks access key ids (four capitals that AWS reserves, and at
// least twelve more) and runs of more than 100 characters that only a token
// has.
func maskTokens(text string) string {
	const keyID, token = 16, 100
	var b strings.Builder
	for i := 0; i < len(text); {
		end := i
		for end < len(text) && (isNameByte(text[end]) || text[end] == '+' || text[end] == '/' || text[end] == '=') {
			end++
		}
		word := text[i:end]
		switch {
		case len(word) >= keyID && isKeyPrefix(word[:4]), len(word) > token:
			b.WriteString(masked)
		default:
			b.WriteString(word)
		}
		if end < len(text) {
			b.WriteByte(text[end])
			end++
		}
		i = end
	}
	return b.String()
}

func isKeyPrefix(text string) bool {
	switch text {
	case "AKIA", "ASIA", "ABIA", "ACCA", "AROA", "AIDA":
		return true
	}
	return false
}
