package platform

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tcsns/internal/tc/variable"
)

// fakeEnv makes the test binary an App: the platform takes any executable.
const fakeEnv = "PLATFORM_TEST_APP"

func TestMain(m *testing.M) {
	if _, fake := os.LookupEnv(fakeEnv); fake {
		os.Exit(fakeApp())
	}
	os.Exit(m.Run())
}

// fakeAppEnv is the environment that makes an App of the test binary.
func fakeAppEnv() []string { return append(MinimalEnv(os.LookupEnv), fakeEnv+"=1") }

func testBinary(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// fakeApp behaves as its param "behave" says.
func fakeApp() int {
	params, err := fakeParams()
	if err != nil {
		fmt.Fprintln(os.Stderr, "fake app:", err)
		return 4
	}
	text := func(name string) string { s, _ := params[name].(string); return s }
	message := func(s string) {
		_ = os.WriteFile(filepath.Join(text("tc_out_path"), "message.tc"), []byte(s+"\n"), 0o600)
	}
	if text("behave") == "sloppy" {
		fmt.Println("hello")
		_ = os.WriteFile(filepath.Join(text("tc_log_path"), "app.log"), []byte("key is "+text("api_password")+"\n"), 0o600)
		_ = os.WriteFile("message.tc", []byte("here"), 0o600)
		return 0
	}
	_ = os.Remove(os.Getenv("TC_APP_PARAM_FILE"))
	_ = os.WriteFile(filepath.Join(text("tc_log_path"), "app.log"), []byte("started\nended\n"), 0o600)
	switch text("behave") {
	case "fail":
		message("publish: it is down. Fix: wait.")
		fakeOutput(params, "sns.debug!String", "it is down")
		return 1
	case "hard":
		message("bad input")
		return 4
	case "wait":
		signals := make(chan os.Signal, 1)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
		fmt.Fprintln(os.Stderr, "ready")
		message("ended by " + (<-signals).String())
		return 1
	case "stubborn":
		signal.Ignore(os.Interrupt, syscall.SIGTERM)
		fmt.Fprintln(os.Stderr, "ready")
		select {}
	}
	value, err := fakeResolve(params, text("address"))
	if err != nil {
		message(err.Error())
		return 4
	}
	message("published " + value)
	fakeOutput(params, "sns.debug!String", value)
	if text("extra") != "" {
		fakeOutput(params, text("extra"), "extra")
	}
	return 0
}

// fakeParams reads the parameter file without the code under test.
func fakeParams() (map[string]any, error) {
	data, err := os.ReadFile(os.Getenv("TC_APP_PARAM_FILE"))
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher([]byte(os.Getenv("TC_APP_PARAM_KEY")))
	if err != nil || len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, errors.New("cannot be decrypted")
	}
	cipher.NewCBCDecrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(data, data)
	data = data[:len(data)-int(data[len(data)-1])]
	var params map[string]any
	return params, json.Unmarshal(data, &params)
}

// fakeStore is the store that the parameters lead to.
func fakeStore(params map[string]any) (get func(string) []byte, put func(string, []byte) error) {
	kvContext, _ := params["tc_playbook_kvstore_context"].(string)
	if params["tc_kvstore_type"] == "TCKeyValueAPI" {
		path := func(key string) string {
			return "/internal/playbooks/keyValue/" + kvContext + "/" + url.QueryEscape(key)
		}
		get = func(key string) []byte { data, _ := fakeCall(params, http.MethodGet, path(key), nil); return data }
		put = func(key string, value []byte) error {
			_, err := fakeCall(params, http.MethodPut, path(key), value)
			return err
		}
		return get, put
	}
	password, _ := params["tc_kvstore_pass"].(string)
	port, _ := params["tc_kvstore_port"].(float64)
	r, err := newRedis(RedisOptions{Addr: fmt.Sprintf("%v:%d", params["tc_kvstore_host"], int(port)), Password: password})
	if err != nil {
		return nil, nil
	}
	get = func(key string) []byte { all, _ := r.Read(context.Background(), kvContext); return all[key] }
	put = func(key string, value []byte) error {
		return r.Stage(context.Background(), kvContext, map[string][]byte{key: value})
	}
	return get, put
}

// fakeCall calls the REST API; a 404 is no data.
func fakeCall(params map[string]any, method, path string, body []byte) ([]byte, error) {
	request, err := http.NewRequest(method, fmt.Sprint(params["tc_api_path"])+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", fmt.Sprint("TC-Token ", params["tc_token"]))
	request.Header.Set("Timestamp", strconv.FormatInt(time.Now().Unix(), 10))
	request.Header.Set("Content-Type", "application/octet-stream")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	switch {
	case response.StatusCode == http.StatusNotFound:
		return nil, nil
	case response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("status %d", response.StatusCode)
	}
	return data, err
}

// fakeResolve reads a variable of the store or a runtime variable.
func fakeResolve(params map[string]any, text string) (string, error) {
	if tc, ok := strings.CutPrefix(text, "&{TC:"); ok {
		_, id, _ := strings.Cut(strings.TrimSuffix(tc, "}"), ":")
		data, err := fakeCall(params, http.MethodGet, "/internal/variable/runtime/TC/"+id, nil)
		if err != nil {
			return "", err
		}
		var body struct{ Data string }
		err = json.Unmarshal(data, &body)
		return body.Data, err
	}
	if _, ok := variable.Parse(text); !ok {
		return text, nil
	}
	get, _ := fakeStore(params)
	if data := get(text); data != nil {
		return Text(data), nil
	}
	return "", fmt.Errorf("%s is not set", text)
}

// fakeOutput writes a requested output; one with "!" that was not requested
// is written for the first requested job all the same.
func fakeOutput(params map[string]any, nameAndType, value string) {
	_, put := fakeStore(params)
	requested, _ := params["tc_playbook_out_variables"].(string)
	first, _, _ := strings.Cut(requested, ",")
	prefix := first[:strings.LastIndex(first, ":")+1]
	data, _ := json.Marshal(value)
	if err := put(prefix+nameAndType, data); err != nil {
		fmt.Fprintln(os.Stderr, "fake app:", err)
	}
}
