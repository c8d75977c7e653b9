package param_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/param"
)

const key16 = "abcdefghijklmnop"

// seal encrypts as the platform does: AES-CBC, a vector of zeros, PKCS#7.
func seal(plain, key []byte) []byte {
	n := aes.BlockSize - len(plain)%aes.BlockSize
	return sealRaw(append(bytes.Clone(plain), bytes.Repeat([]byte{byte(n)}, n)...), key)
}

// sealRaw encrypts whole blocks, whatever they end in.
func sealRaw(plain, key []byte) []byte {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err)
	}
	sealed := make([]byte, len(plain))
	cipher.NewCBCEncrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(sealed, plain)
	return sealed
}

// write writes a parameter file and returns its path.
func write(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), ".app_params.json")
	require.NoError(t, os.WriteFile(path, content, 0o600))
	return path
}

// env is an environment of pairs.
func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

// load loads a parameter file.
func load(path, key string) (*param.Set, error) {
	return param.Load(param.Options{LookupEnv: env("TC_APP_PARAM_FILE", path, "TC_APP_PARAM_KEY", key)})
}

// set is the parameters of a JSON text, through the encrypted file.
func set(t *testing.T, text string) *param.Set {
	t.Helper()
	s, err := load(write(t, seal([]byte(text), []byte(key16))), key16)
	require.NoError(t, err)
	return s
}

func TestLoadFile(t *testing.T) {
	t.Parallel()
	for _, key := range []string{key16, key16 + "qrstuvwx", key16 + key16, "schlüssel-mit-ä"[:16]} {
		path := write(t, seal([]byte(`{"topic_arn": "arn", "tc_kvstore_port": 6380}`), []byte(key)))
		s, err := load(path, key)
		require.NoError(t, err)
		require.Equal(t, "parameter file", s.Source())
		require.Equal(t, []string{"tc_kvstore_port", "topic_arn"}, s.Names())
		require.Equal(t, "arn", s.String("topic_arn"))
		require.Empty(t, s.Remarks())
		require.NoFileExists(t, path, "it is deleted once it is understood")
	}
}

// What an editor on Windows leaves: a byte order mark and other line ends.
func TestLoadFileFromWindows(t *testing.T) {
	t.Parallel()
	require.Equal(t, "arn", set(t, "\ufeff{\r\n\"topic_arn\": \"arn\"\r\n}\r\n").String("topic_arn"))
}

// What OpenSSL makes of the text with `openssl enc -aes-128-cbc -K <key> -iv 0`:
// that both ends agree is not left to our own encrypter.
func TestLoadFileOfAnotherEncrypter(t *testing.T) {
	t.Parallel()
	sealed := []byte("\x04\x71\x3f\x42\xf8\x86\x5f\x97\x2f\x9d\x1e\xa6\x9e\xbd\x39\x11\x88\xc3\xf5\x9d\x26\x5a\x7e\x81\xee\x75\x8d\xf6\x81\xbd\xf9\xa7")
	s, err := load(write(t, sealed), key16)
	require.NoError(t, err)
	require.Equal(t, "arn:aws", s.String("topic_arn"))
}

func TestLoadFileRefuses(t *testing.T) {
	t.Parallel()
	good := seal([]byte(`{"topic_arn": "arn:aws:sns:eu-central-1:123456789012:alerts"}`), []byte(key16))
	sealed := func(text string) []byte { return seal([]byte(text), []byte(key16)) }
	tests := []struct {
		name    string
		content []byte
		key     string
		param   string // that the error names
		problem string
	}{
		{"empty", []byte{}, key16, "TC_APP_PARAM_FILE", "empty"},
		{"cut off inside a block", good[:len(good)-3], key16, "TC_APP_PARAM_FILE", "cut off"},
		{"cut off between blocks", good[:len(good)-16], key16, "TC_APP_PARAM_FILE", "cut off"},
		{"one block of it", good[:16], key16, "TC_APP_PARAM_FILE", "cut off"},
		{"not encrypted", []byte(`{"topic_arn": 1}`), key16, "TC_APP_PARAM_FILE", "not encrypted"},
		{"not encrypted, no whole blocks", []byte(`{"topic_arn": "s3cret"}`), key16, "TC_APP_PARAM_FILE", "not encrypted"},
		{"cut off behind a byte order mark", seal([]byte("\ufeff"+`{"topic_arn": "arn:aws:sns"}`), []byte(key16))[:16], key16, "TC_APP_PARAM_FILE", "cut off"},
		{"wrong key", good, "ponmlkjihgfedcba", "TC_APP_PARAM_KEY", "does not open"},
		{"wrong key of another length", good, key16 + key16, "TC_APP_PARAM_KEY", "does not open"},
		{"short key", good, "short", "TC_APP_PARAM_KEY", "5 bytes"},
		{"key in hexadecimal of odd length", good, strings.Repeat("a", 33), "TC_APP_PARAM_KEY", "33 bytes"},
		{"no padding", sealRaw([]byte(`[123456789,12345`), []byte(key16)), key16, "TC_APP_PARAM_KEY", "does not open"},
		{"padding of zeros", sealRaw([]byte("{}\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"), []byte(key16)), key16, "TC_APP_PARAM_FILE", "padding"},
		{"padding that differs", sealRaw([]byte("{} 4567890123\x03\x02\x03"), []byte(key16)), key16, "TC_APP_PARAM_FILE", "padding"},
		{"nothing but padding", sealed(""), key16, "TC_APP_PARAM_FILE", "no JSON"},
		{"blanks", sealed("    "), key16, "TC_APP_PARAM_FILE", "no JSON"},
		{"no JSON", sealed(`{"topic_arn": s3cret}`), key16, "TC_APP_PARAM_FILE", "no JSON"},
		{"half an object", sealed(`{"topic_arn": "s3cret"`), key16, "TC_APP_PARAM_FILE", "no JSON"},
		{"two objects", sealed(`{} {}`), key16, "TC_APP_PARAM_FILE", "no JSON"},
		{"a list", sealed(`["s3cret"]`), key16, "TC_APP_PARAM_FILE", "not an object"},
		{"a string", sealed(`"s3cret"`), key16, "TC_APP_PARAM_FILE", "not an object"},
		{"null", sealed(`null`), key16, "TC_APP_PARAM_FILE", "not an object"},
		{"not a number", sealed(`{"a": NaN}`), key16, "TC_APP_PARAM_FILE", "no JSON"},
		{"nested too deep", sealed(`{"a": ` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + "}"), key16, "TC_APP_PARAM_FILE", "no JSON"},
		{"nested without end", sealed(`{"a": ` + strings.Repeat(`{"a":`, 1<<20)), key16, "TC_APP_PARAM_FILE", "no JSON"},
		{"a line that is no JSON after garbage", sealed("\xfe\xff{}"), key16, "TC_APP_PARAM_KEY", "does not open"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			path := write(t, test.content)
			s, err := load(path, test.key)
			require.Nil(t, s)
			requireError(t, err, test.param, test.problem)
			require.FileExists(t, path, "what was not understood stays")
		})
	}
}

// requireError fails unless err is a param.Error that names the parameter,
// says the problem and a fix, and holds no value.
func requireError(t *testing.T, err error, name, problem string) {
	t.Helper()
	var e *param.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, name, e.Name)
	require.Contains(t, e.Problem, problem)
	require.NotEmpty(t, e.Fix)
	require.True(t, strings.HasPrefix(err.Error(), name+" "), err.Error())
	require.Contains(t, err.Error(), "Fix: ")
	for ; err != nil; err = errors.Unwrap(err) {
		require.NotContains(t, err.Error(), "s3cret")
		require.NotContains(t, err.Error(), key16)
	}
}

func TestLoadFileRefusesWhatIsNoFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	place := func(name string) string { return filepath.Join(dir, name) }
	target := write(t, seal([]byte(`{"a":"b"}`), []byte(key16)))
	require.NoError(t, os.Symlink(target, place("link")))
	require.NoError(t, os.Symlink(place("nowhere"), place("dangling")))
	require.NoError(t, syscall.Mkfifo(place("fifo"), 0o600))
	huge, err := os.Create(place("huge"))
	require.NoError(t, err)
	require.NoError(t, huge.Truncate(64<<20+16))
	require.NoError(t, huge.Close())
	tests := []struct{ path, problem string }{
		{place("missing"), "does not exist"},
		{place("missing/deeper"), "does not exist"},
		{target + "/below", "cannot be opened"},
		{dir, "not a regular file"},
		{place("link"), "symbolic link"},
		{place("dangling"), "symbolic link"},
		{place("fifo"), "not a regular file"}, // and no waiting for its writer
		{"/dev/null", "not a regular file"},
		{"/dev/zero", "not a regular file"},
		{place("huge"), "above the limit"},
		{"nul\x00inside", "cannot be opened"},
		{strings.Repeat("long/", 2000), "cannot be opened"},
	}
	for _, test := range tests {
		s, err := load(test.path, key16)
		require.Nil(t, s)
		requireError(t, err, "TC_APP_PARAM_FILE", test.problem)
	}
	require.FileExists(t, target)

	t.Run("unreadable", func(t *testing.T) {
		t.Parallel()
		if os.Geteuid() == 0 {
			t.Skip("root reads every file")
		}
		path := write(t, seal([]byte(`{}`), []byte(key16)))
		require.NoError(t, os.Chmod(path, 0))
		_, err := load(path, key16)
		requireError(t, err, "TC_APP_PARAM_FILE", "permission denied")
	})
}

func TestLoadFileThatCannotBeDeleted(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("root deletes every file")
	}
	path := write(t, seal([]byte(`{"a":"b"}`), []byte(key16)))
	require.NoError(t, os.Chmod(filepath.Dir(path), 0o500))
	t.Cleanup(func() { _ = os.Chmod(filepath.Dir(path), 0o700) })
	s, err := load(path, key16)
	require.NoError(t, err)
	require.Equal(t, "b", s.String("a"))
	require.Equal(t, []string{"the parameter file could not be deleted: permission denied"}, s.Remarks())
}

func TestLoadLargeFile(t *testing.T) {
	t.Parallel()
	value := strings.Repeat("x", 50<<20)
	s := set(t, `{"a":"`+value+`","b":"c"}`)
	require.True(t, s.String("a") == value)
	require.Equal(t, "c", s.String("b"))
}

func TestLoadHalfAMechanism(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		lookup func(string) (string, bool)
		param  string
	}{
		{"file alone", env("TC_APP_PARAM_FILE", "/some/file"), "TC_APP_PARAM_KEY"},
		{"key alone", env("TC_APP_PARAM_KEY", key16), "TC_APP_PARAM_FILE"},
		{"empty key", env("TC_APP_PARAM_FILE", "/some/file", "TC_APP_PARAM_KEY", ""), "TC_APP_PARAM_KEY"},
		{"empty file", env("TC_APP_PARAM_FILE", "", "TC_APP_PARAM_KEY", key16), "TC_APP_PARAM_FILE"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, err := param.Load(param.Options{Args: []string{"--topic_arn", "arn"}, LookupEnv: test.lookup})
			require.Nil(t, s, "no other source takes its place")
			requireError(t, err, test.param, "is missing")
		})
	}
}

// fuzzLoad loads content as a parameter file: it never panics, and what it
// refuses names the mechanism's own variables and leaves the file.
func fuzzLoad(t *testing.T, content []byte, key string) (*param.Set, bool) {
	t.Helper()
	path := write(t, content)
	s, err := load(path, key)
	if err != nil {
		var e *param.Error
		require.ErrorAs(t, err, &e)
		require.Contains(t, []string{"TC_APP_PARAM_FILE", "TC_APP_PARAM_KEY"}, e.Name)
		require.FileExists(t, path)
		return nil, false
	}
	require.NoFileExists(t, path)
	return s, true
}

func FuzzDecrypt(f *testing.F) {
	good := seal([]byte(`{"topic_arn": "arn"}`), []byte(key16))
	f.Add(good, key16)
	f.Add(good[:16], key16)
	f.Add(good, key16+key16)
	f.Add([]byte("{}"), "short")
	f.Fuzz(func(t *testing.T, content []byte, key string) { fuzzLoad(t, content, key) })
}

func FuzzParameters(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":null,"b":true,"c":1e400,"d":["x",1,null],"e":{"f":[]},"g":"\ud800"}`, `{"tc_playbook_out_variables":"#App:1:a!String,#App:1:b!String"}`,
		`{"tc_kvstore_port":"6379","tc_token_expires":1e9,"tc_verify":"maybe"}`, `{"a":1,"a":2}`, `[`, `{"tc_playbook_out_variables":["[",{}]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, ok := fuzzLoad(t, seal(text, []byte(key16)), key16)
		var object map[string]any
		valid := json.Unmarshal(text, &object) == nil && object != nil
		huge := json.Valid(text) && !valid // a number beyond float64 is one for us
		if !huge {
			require.Equal(t, valid, ok)
		}
		if !ok {
			return
		}
		for _, name := range s.Names() {
			_, _ = s.Bool(name, true)
			_, _ = s.Int(name, 1)
			s.List(name)
			if !s.Has(name) {
				require.Empty(t, strings.TrimSpace(s.String(name)))
			}
		}
		_, err := s.System()
		if err != nil {
			var e *param.Error
			require.ErrorAs(t, err, &e)
		}
		require.NotContains(t, fmt.Sprintf("%v %+v %#v", s, s, *s), "map[")
	})
}
