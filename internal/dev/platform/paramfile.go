package platform

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"fmt"
	"os"
)

// letters is what the platform's frameworks make a parameter file's key of.
const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// NewKey returns a fresh key for a parameter file: 16 ASCII letters, that is
// AES-128, as the platform's own tests have it.
func NewKey() string { return randomText(16, letters) }

// Encrypt encrypts plaintext as the platform does: AES-CBC with an IV of 16
// zero bytes, PKCS#7 padding, no header. The key's bytes are the AES key: 16,
// 24 or 32 of them.
//
// It is written apart from the App's decryption, so that an error in one is
// not hidden by the same error in the other.
func Encrypt(plaintext []byte, key string) ([]byte, error) {
	block, err := aes.NewCipher([]byte(key))
	if err != nil {
		return nil, fmt.Errorf("encrypt parameter file: %w", err)
	}
	padding := aes.BlockSize - len(plaintext)%aes.BlockSize
	padded := append(bytes.Clone(plaintext), bytes.Repeat([]byte{byte(padding)}, padding)...)
	cipher.NewCBCEncrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(padded, padded)
	return padded, nil
}

// WriteParamFile writes params, encrypted with key, to path, readable by the
// owner alone.
func WriteParamFile(path, key string, params map[string]any) error {
	plaintext, err := marshal(params)
	if err != nil {
		return fmt.Errorf("write parameter file: %w", err)
	}
	data, err := Encrypt(plaintext, key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return fmt.Errorf("write parameter file: %w", err)
	}
	return nil
}

// marshal is JSON as Jackson writes it: compact, and with <, > and & as they
// are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
