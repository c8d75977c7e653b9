package secret

// Mask removes the secrets of a run from text. The zero value is ready to
// use and safe for concurrent use.
type Mask struct {
	// TODO(secret): implement
}

// Add makes the secrets known.
func (m *Mask) Add(secrets ...String) {}

// Redact returns text with each known secret, in any encoding in which it could be
// printed (plain, quoted, URL-escaped, base64), replaced by "***".
func (m *Mask) Redact(text string) string { return text }
