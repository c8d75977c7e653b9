package tc_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/stretchr/testify/require"

	"tcsns/internal/tc"
	"tcsns/internal/tc/exit"
)

// paramKey encrypts the parameter file.
const paramKey = "0123456789abcdef"

// kvContext is the playbook run's context.
const kvContext = "5f2c-session"

// platform plays ThreatConnect's side of one run of an App in this process:
// folders, store, parameter file, environment. The App's side is what a
// platform starts.
type platform struct {
	dir    string
	store  *miniredis.Miniredis
	params map[string]any
	env    map[string]string
}

// newPlatform is a platform with a store of its own, which ends with the test.
func newPlatform(t testing.TB) *platform {
	t.Helper()
	return openPlatform(t.TempDir(), miniredis.RunT(t))
}

// openPlatform is a platform in dir on a store.
func openPlatform(dir string, store *miniredis.Miniredis) *platform {
	p := &platform{dir: dir, store: store, env: map[string]string{}}
	p.params = map[string]any{
		"tc_in_path": p.path("in"), "tc_out_path": p.path("out"), "tc_log_path": p.path("log"), "tc_temp_path": p.path("tmp"),
		"tc_log_level": "trace", "tc_token": "s3cr3t-token", "tc_api_path": "http://127.0.0.1:1/api",
		"tc_kvstore_type": "Redis", "tc_kvstore_host": store.Host(), "tc_kvstore_port": store.Port(),
		"tc_playbook_kvstore_context": kvContext,
	}
	return p
}

func (p *platform) path(name string) string { return filepath.Join(p.dir, name) }

// stage sets a variable for the App to read.
func (p *platform) stage(variable, stored string) { p.store.HSet(kvContext, variable, stored) }

// output is what the App left in a variable.
func (p *platform) output(variable string) string { return p.store.HGet(kvContext, variable) }

// paramFile writes params as the platform does: AES-CBC, a vector of zeros,
// the padding of PKCS #7.
func (p *platform) paramFile(params map[string]any) error {
	plain, err := json.Marshal(params)
	if err != nil {
		return err
	}
	padding := aes.BlockSize - len(plain)%aes.BlockSize
	plain = append(plain, bytes.Repeat([]byte{byte(padding)}, padding)...)
	block, err := aes.NewCipher([]byte(paramKey))
	if err != nil {
		return err
	}
	cipher.NewCBCEncrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(plain, plain)
	p.env["TC_APP_PARAM_FILE"], p.env["TC_APP_PARAM_KEY"] = p.path(".params"), paramKey
	for _, dir := range []string{"in", "out", "tmp"} {
		if err := os.MkdirAll(p.path(dir), 0o700); err != nil {
			return err
		}
	}
	return os.WriteFile(p.path(".params"), plain, 0o600)
}

// result is what is left of a run.
type result struct {
	code    exit.Code
	message string // message.tc, "" when there is none
	log     string // app.log
	stderr  string
}

// start runs the App with the platform's parameters and the given ones.
func (p *platform) start(ctx context.Context, app tc.App, params map[string]any) (result, error) {
	all := maps.Clone(p.params)
	maps.Copy(all, params)
	if err := p.paramFile(all); err != nil {
		return result{}, err
	}
	var stderr bytes.Buffer
	r := result{code: tc.Main(ctx, app, tc.Options{LookupEnv: p.lookupEnv, Stderr: &stderr})}
	r.stderr = stderr.String()
	for name, text := range map[string]*string{"out/message.tc": &r.message, "log/app.log": &r.log} {
		content, err := os.ReadFile(p.path(name))
		if err != nil && !os.IsNotExist(err) {
			return r, err
		}
		*text = string(content)
	}
	return r, nil
}

func (p *platform) lookupEnv(name string) (string, bool) {
	value, ok := p.env[name]
	return value, ok
}

// run is start for a test.
func (p *platform) run(t testing.TB, ctx context.Context, work func(context.Context, *tc.Run) error, params map[string]any) result {
	t.Helper()
	r, err := p.start(ctx, tc.App{Name: "Demo App", Version: "1.2.3", Run: work}, params)
	require.NoError(t, err)
	for _, text := range []string{r.message, r.log, r.stderr} {
		require.NotContains(t, text, "s3cr3t", "no secret in anything that is written")
	}
	return r
}
