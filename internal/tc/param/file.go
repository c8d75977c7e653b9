package param

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"unicode/utf8"
)

const (
	envFile = "TC_APP_PARAM_FILE" // the encrypted file's path
	envKey  = "TC_APP_PARAM_KEY"  // its key, used byte by byte

	// maxFile bounds the parameter file, in bytes: far above what any playbook
	// passes (values live in the key-value store), and small enough to be read
	// into memory, three times over while it is decoded.
	maxFile = 64 << 20
)

// loadFile reads, decrypts, understands and then deletes the parameter file.
func loadFile(path, key string) (*Set, error) {
	sealed, err := readFile(path)
	if err != nil {
		return nil, err
	}
	values, err := unseal(sealed, []byte(key))
	if err != nil {
		return nil, err
	}
	s := &Set{source: SourceFile, values: values}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.remarks = append(s.remarks, "the parameter file could not be deleted: "+reason(err))
	}
	return s, nil
}

// readFile reads a regular file and nothing else. A fifo is opened without
// waiting for its writer, and refused; so is a symbolic link, which the
// platform never makes: somebody else did, and the deletion would leave its
// target, with every secret of the run, behind.
func readFile(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &Error{Name: envFile, Problem: "names a file that does not exist", Fix: "check the path; a parameter file is deleted by the run that reads it", Err: err}
	case errors.Is(err, syscall.ELOOP):
		return nil, &Error{Name: envFile, Problem: "names a symbolic link, not a regular file", Fix: "let it name the file itself", Err: err}
	case err != nil:
		return nil, &Error{Name: envFile, Problem: "names a file that cannot be opened: " + reason(err), Fix: "let the App's user read it", Err: err}
	}
	defer func() { _ = f.Close() }() // nothing was written

	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, unreadable(err)
	case !info.Mode().IsRegular():
		return nil, &Error{Name: envFile, Problem: "names something that is not a regular file", Fix: "let it name the encrypted parameter file"}
	case info.Size() > maxFile:
		return nil, &Error{Name: envFile, Problem: fmt.Sprintf("names a file of %d bytes, above the limit of %d", info.Size(), maxFile), Fix: "pass large values as playbook variables"}
	}
	content := make([]byte, info.Size())
	if _, err := io.ReadFull(f, content); err != nil {
		return nil, unreadable(err)
	}
	return content, nil
}

func unreadable(err error) error {
	return &Error{Name: envFile, Problem: "names a file that cannot be read: " + reason(err), Fix: "look at the disk that it is on", Err: err}
}

// reason is an error of the operating system without its path.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// unseal decrypts the parameter file and decodes its JSON object: AES-CBC with
// an initialisation vector of zeros, PKCS#7 padding, nothing before or after
// (CONTRACT §1.1). It overwrites sealed. Errors say as closely as can be told
// what is wrong: the key, a file that is cut off, or what is in it.
func unseal(sealed, key []byte) (map[string]any, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, &Error{Name: envKey, Problem: fmt.Sprintf("has %d bytes, but an AES key has 16, 24 or 32", len(key)), Fix: "pass the key that the file was encrypted with"}
	}
	if len(sealed) == 0 {
		return nil, &Error{Name: envFile, Problem: "names an empty file", Fix: "write it anew"}
	}
	if json.Valid(sealed) { // no cipher text is
		return nil, &Error{Name: envFile, Problem: "names a file that is not encrypted", Fix: "encrypt it with TC_APP_PARAM_KEY: AES-CBC, as the platform does"}
	}
	if len(sealed)%aes.BlockSize != 0 {
		return nil, cutOff(fmt.Sprintf("%d bytes are no whole number of %d-byte blocks", len(sealed), aes.BlockSize))
	}
	plain := sealed
	cipher.NewCBCDecrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(plain, sealed)
	opened := bytes.HasPrefix(bytes.TrimLeft(plain[:aes.BlockSize], byteOrderMark+" \t\r\n"), []byte("{"))
	plain, ok := unpad(plain)
	switch {
	case !ok && opened:
		return nil, cutOff("it begins as an object, but does not end in a padding")
	case !ok || !opened && !json.Valid(plain) && !utf8.Valid(plain):
		return nil, &Error{Name: envKey, Problem: "does not open the parameter file", Fix: "pass the key that the file was encrypted with"}
	}
	return decodeObject(plain)
}

func cutOff(why string) error {
	return &Error{Name: envFile, Problem: "names a file that is cut off or no parameter file: " + why, Fix: "write it anew"}
}

// unpad takes the PKCS#7 padding off.
func unpad(plain []byte) ([]byte, bool) {
	n := int(plain[len(plain)-1])
	if n < 1 || n > aes.BlockSize {
		return nil, false
	}
	for _, b := range plain[len(plain)-n:] {
		if int(b) != n {
			return nil, false
		}
	}
	return plain[:len(plain)-n], true
}

// byteOrderMark is what editors on Windows write before a text.
const byteOrderMark = "\ufeff"

// decodeObject decodes a JSON object, each of its values as [Set.Raw] says. Of
// a name that comes twice the last wins, as in TcEx; a lone surrogate or an
// invalid byte becomes U+FFFD; nesting beyond the 10,000 levels of
// encoding/json is refused. Unlike TcEx it passes over a byte order mark.
func decodeObject(plain []byte) (map[string]any, error) {
	malformed := func(what string) error {
		return &Error{Name: envFile, Problem: "names a file that holds " + what, Fix: "write one JSON object of names and values"}
	}
	plain = bytes.TrimPrefix(plain, []byte(byteOrderMark))
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(plain, &fields); err != nil {
		if !json.Valid(plain) { // the cause quotes from the text: it is not passed on
			return nil, malformed("no JSON that could be read")
		}
		return nil, malformed("JSON, but not an object")
	}
	if fields == nil {
		return nil, malformed("null, not an object")
	}
	values := make(map[string]any, len(fields))
	for name, raw := range fields {
		value, err := decode(raw)
		if err != nil {
			return nil, malformed("no JSON that could be read")
		}
		values[name] = value
	}
	return values, nil
}

// decode decodes one JSON value, numbers as they are written.
func decode(raw []byte) (any, error) {
	if len(raw) > 0 && raw[0] == '"' {
		var text string
		err := json.Unmarshal(raw, &text)
		return text, err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); err != io.EOF {
		return nil, errors.New("decode JSON: more than one value")
	}
	return value, nil
}
