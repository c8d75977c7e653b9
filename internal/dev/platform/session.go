package platform

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Session is one execution of a playbook: the folders that every App of it is
// given, and the name of its hash in the key-value store. TcEx derives the
// session's id from the folder above tc_in_path, hence the layout.
type Session struct {
	Dir     string // absolute; its last element is the session's id
	In      string // Dir/in, where the parameter file is written
	Out     string // Dir/out, where message.tc is expected
	Log     string // Dir/log
	Tmp     string // Dir/tmp
	Context string // tc_playbook_kvstore_context: the session's id
}

// NewSession makes the folders of a session in parent, under a fresh id.
func NewSession(parent string) (*Session, error) {
	parent, err := filepath.Abs(parent)
	if err != nil {
		return nil, fmt.Errorf("make session folder: %w", err)
	}
	id := newUUID()
	dir := filepath.Join(parent, id)
	s := &Session{
		Dir: dir, Context: id,
		In: filepath.Join(dir, "in"), Out: filepath.Join(dir, "out"),
		Log: filepath.Join(dir, "log"), Tmp: filepath.Join(dir, "tmp"),
	}
	for _, folder := range []string{s.In, s.Out, s.Log, s.Tmp} {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return nil, fmt.Errorf("make session folder: %w", err)
		}
	}
	return s, nil
}

// Params returns the parameters that say where the session is.
func (s *Session) Params() map[string]any {
	return map[string]any{
		"tc_in_path":                  s.In,
		"tc_out_path":                 s.Out,
		"tc_log_path":                 s.Log,
		"tc_temp_path":                s.Tmp,
		"tc_playbook_kvstore_context": s.Context,
	}
}

// Remove deletes the session's folders.
func (s *Session) Remove() error {
	if err := os.RemoveAll(s.Dir); err != nil {
		return fmt.Errorf("remove session folder: %w", err)
	}
	return nil
}

// Leaks returns the files of the session that hold one of the secrets: plain,
// URL-escaped, in hexadecimal or in base64 at any alignment. Files that cannot
// be read are named too, because they may.
func (s *Session) Leaks(secrets ...string) []string {
	var leaks []string
	_ = filepath.WalkDir(s.Dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !entry.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil || Contains(string(data), secrets...) {
			leaks = append(leaks, path)
		}
		return nil
	})
	return leaks
}

// Contains reports whether text holds one of the secrets: plain, URL-escaped,
// in hexadecimal or in base64 at any alignment. Empty secrets do not count.
func Contains(text string, secrets ...string) bool {
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		forms := append(base64Forms(secret),
			secret, url.QueryEscape(secret), url.PathEscape(secret), hex.EncodeToString([]byte(secret)))
		if slices.ContainsFunc(forms, func(form string) bool { return strings.Contains(text, form) }) {
			return true
		}
	}
	return false
}

// base64Forms returns what a secret reads as inside a longer base64 text, at
// each of the three alignments, without the characters that its neighbours
// share. A secret too short to leave eight characters is left out: what is
// left of it occurs by chance.
func base64Forms(secret string) []string {
	var forms []string
	for before := range 3 {
		text := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("\x00", before) + secret))
		start := []int{0, 2, 3}[before]
		end := (before + len(secret)) / 3 * 4
		if end-start >= 8 {
			forms = append(forms, text[start:end], strings.NewReplacer("+", "-", "/", "_").Replace(text[start:end]))
		}
	}
	return forms
}

// newUUID returns a random UUID (version 4).
func newUUID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// randomText returns n random characters of alphabet. The bias of the
// remainder does not matter for keys that live as long as one local run.
func randomText(n int, alphabet string) string {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	for i := range b {
		b[i] = alphabet[int(b[i])%len(alphabet)]
	}
	return string(b)
}
