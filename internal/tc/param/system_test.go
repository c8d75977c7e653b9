package param_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/param"
	"tcsns/internal/tc/secret"
)

func TestSystemDefaults(t *testing.T) {
	t.Parallel()
	temp := filepath.Clean(os.TempDir())
	for _, text := range []string{`{}`, `{"tc_kvstore_host":"","tc_kvstore_port":"","tc_verify":null,"tc_log_level":" ","tc_playbook_out_variables":"","tc_token":"","tc_token_expires":null}`} {
		got, err := set(t, text).System()
		require.NoError(t, err)
		require.Equal(t, param.System{
			APIPath: "https://api.threatconnect.com", Verify: true,
			InPath: temp, OutPath: temp, LogPath: temp, TempPath: temp,
			LogLevel: "INFO", LogFile: "app.log",
			KVStore: param.KVStore{Type: "Redis", Host: "localhost", Port: 6379, TLSPort: 6379},
		}, got)
	}
}

func TestSystem(t *testing.T) {
	t.Parallel()
	got, err := set(t, `{
		"tc_api_path": "https://tc.example.com/api/", "tc_token": "s3cret-token", "tc_token_expires": 1700000000, "tc_verify": "false",
		"tc_api_access_id": "12345", "tc_api_secret_key": "s3cret-key", "api_access_id": "old", "api_secret_key": "old",
		"tc_in_path": "/opt/in", "tc_out_path": "/opt/out", "tc_log_path": "/opt/log", "tc_temp_path": "/opt/tmp",
		"tc_log_level": "debug", "tc_log_to_api": true, "tc_log_file": "other.log",
		"tc_kvstore_type": "redis", "tc_kvstore_host": "kv.example.com", "tc_kvstore_port": 6380, "tc_kvstore_user": "app", "tc_kvstore_pass": " s3cret ",
		"tc_kvstore_tls_enabled": "True", "tc_kvstore_tls_port": "6390", "tc_playbook_kvstore_id": 3, "tc_playbook_kvstore_context": "context-1",
		"tc_svc_broker_cacert_file": "/ca", "tc_svc_broker_cert_file": "/cert", "tc_svc_broker_key_file": "/key",
		"tc_playbook_out_variables": ["#App:1:a!String", "#App:1:b!StringArray"],
		"tc_proxy_host": "proxy", "tc_proxy_port": "3128", "tc_proxy_username": "u", "tc_proxy_password": "s3cret-p", "tc_proxy_tc": true, "tc_proxy_external": "1",
		"tcex_testing_context": "testing", "tc_user_id": 7, "something": {"unknown": []}
	}`).System()
	require.NoError(t, err)
	want := param.System{
		APIPath: "https://tc.example.com/api", TokenExpires: time.Unix(1700000000, 0), Verify: false, AccessID: "12345",
		InPath: "/opt/in", OutPath: "/opt/out", LogPath: "/opt/log", TempPath: "/opt/tmp",
		LogLevel: "DEBUG", LogToAPI: true, LogFile: "other.log",
		KVStore: param.KVStore{
			Type: "Redis", Host: "kv.example.com", Port: 6380, User: "app", TLS: true, TLSPort: 6390, DB: 3, Context: "context-1",
			CACertFile: "/ca", CertFile: "/cert", KeyFile: "/key",
		},
		OutVariables:   []string{"#App:1:a!String", "#App:1:b!StringArray"},
		Proxy:          param.Proxy{Host: "proxy", Port: 3128, Username: "u", TC: true, External: true},
		TestingContext: "testing",
	}
	revealed := func(secrets []secret.String) (texts []string) {
		for _, s := range secrets {
			texts = append(texts, s.Reveal())
		}
		return texts
	}
	require.Equal(t, []string{"s3cret-token", "s3cret-key", " s3cret ", "s3cret-p"}, revealed(got.Secrets()))
	got.Token, got.SecretKey, got.KVStore.Pass, got.Proxy.Password = secret.String{}, secret.String{}, secret.String{}, secret.String{}
	require.Equal(t, want, got)
}

// A proxy's host with credentials in it, as TcEx takes it: they leave the host,
// which is logged, and those of their own parameters count before them.
func TestSystemProxyCredentialsInHost(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][3]string{ // host, user, password
		`{"tc_proxy_host":"u%40d:s3c%2fret@proxy"}`:                                              {"proxy", "u@d", "s3c/ret"},
		`{"tc_proxy_host":"http://u:s3cret@proxy/"}`:                                             {"proxy/", "u", "s3cret"},
		`{"tc_proxy_host":"u:100%@x@proxy"}`:                                                     {"proxy", "u", "100%@x"},
		`{"tc_proxy_host":"u@proxy"}`:                                                            {"proxy", "u", ""},
		`{"tc_proxy_host":"u:old@proxy","tc_proxy_username":"v","tc_proxy_password":"s3cret-p"}`: {"proxy", "v", "s3cret-p"},
	} {
		s, err := set(t, text).System()
		require.NoError(t, err)
		require.Equal(t, want, [3]string{s.Proxy.Host, s.Proxy.Username, s.Proxy.Password.Reveal()}, text)
	}
}

// Names that the platform has given up count where the present one is absent.
func TestSystemLegacyNames(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		text string
		got  func(param.System) any
		want any
	}{
		{"type", `{"tc_playbook_db_type":"TCKeyValueAPI"}`, func(s param.System) any { return s.KVStore.Type }, "TCKeyValueAPI"},
		{"context", `{"tc_playbook_db_context":"c"}`, func(s param.System) any { return s.KVStore.Context }, "c"},
		{"host", `{"tc_playbook_db_path":"h"}`, func(s param.System) any { return s.KVStore.Host }, "h"},
		{"port", `{"tc_playbook_db_port":"6381"}`, func(s param.System) any { return s.KVStore.Port }, 6381},
		{"access id", `{"api_access_id":"i"}`, func(s param.System) any { return s.AccessID }, "i"},
		{"secret key", `{"api_secret_key":"k"}`, func(s param.System) any { return s.SecretKey.Reveal() }, "k"},
		{"proxy for the API", `{"apply_proxy_tc":"true"}`, func(s param.System) any { return s.Proxy.TC }, true},
		{"proxy for others", `{"apply_proxy_external":true}`, func(s param.System) any { return s.Proxy.External }, true},
		{"proxy for others, shorter", `{"apply_proxy_ext":true}`, func(s param.System) any { return s.Proxy.External }, true},
		{"the present name first", `{"tc_playbook_db_port":"1","tc_kvstore_port":2}`, func(s param.System) any { return s.KVStore.Port }, 2},
		{"false is there", `{"tc_proxy_external":false,"apply_proxy_external":true}`, func(s param.System) any { return s.Proxy.External }, false},
		{"the present name, empty", `{"tc_kvstore_host":"","tc_playbook_db_path":"h"}`, func(s param.System) any { return s.KVStore.Host }, "h"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, err := set(t, test.text).System()
			require.NoError(t, err)
			require.Equal(t, test.want, test.got(s))
		})
	}
}

func TestOutVariables(t *testing.T) {
	t.Parallel()
	two := []string{"#App:1:a!String", "#App:1:b[0]!StringArray"}
	tests := []struct {
		value string // in JSON
		want  []string
	}{
		{`null`, nil}, {`""`, nil}, {`[]`, nil}, {`"[]"`, nil}, {`","`, nil}, {`[""]`, nil}, {`[null]`, nil},
		{`"#App:1:a!String,#App:1:b[0]!StringArray"`, two},
		{`"#App:1:a!String, #App:1:b[0]!StringArray ,"`, two},
		{`["#App:1:a!String","#App:1:b[0]!StringArray"]`, two},
		{`"[\"#App:1:a!String\", \"#App:1:b[0]!StringArray\"]"`, two},
		{`"#App:1:a!String,#App:1:b[0]!StringArray,#App:1:a!String"`, two},
		{`"#App:1:a!String"`, two[:1]},
	}
	for _, test := range tests {
		s, err := set(t, `{"tc_playbook_out_variables":`+test.value+`}`).System()
		require.NoError(t, err)
		require.Equal(t, test.want, s.OutVariables, test.value)
	}
}

func TestSystemProblems(t *testing.T) {
	t.Parallel()
	tests := []struct{ text, param, problem string }{
		{`{"tc_kvstore_type":"s3cret"}`, "tc_kvstore_type", "no key-value store"},
		{`{"tc_kvstore_type":"Mock"}`, "tc_kvstore_type", "no key-value store"},
		{`{"tc_playbook_db_type":"Memcached"}`, "tc_playbook_db_type", "no key-value store"},
		{`{"tc_kvstore_port":"s3cret"}`, "tc_kvstore_port", "whole number"},
		{`{"tc_kvstore_port":0}`, "tc_kvstore_port", "range"},
		{`{"tc_kvstore_port":65536}`, "tc_kvstore_port", "range"},
		{`{"tc_playbook_db_port":-1}`, "tc_playbook_db_port", "range"},
		{`{"tc_kvstore_tls_port":99999999999999999999}`, "tc_kvstore_tls_port", "whole number"},
		{`{"tc_playbook_kvstore_id":-1}`, "tc_playbook_kvstore_id", "range"},
		{`{"tc_proxy_port":70000}`, "tc_proxy_port", "range"},
		{`{"tc_verify":"s3cret"}`, "tc_verify", "neither"},
		{`{"tc_log_to_api":"s3cret"}`, "tc_log_to_api", "neither"},
		{`{"tc_token_expires":"s3cret"}`, "tc_token_expires", "whole number"},
		{`{"apply_proxy_ext":"s3cret"}`, "apply_proxy_ext", "neither"},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			s, err := set(t, test.text).System()
			requireError(t, err, test.param, test.problem)
			require.Equal(t, "Redis", s.KVStore.Type)
			require.Equal(t, 6379, s.KVStore.Port)
			require.True(t, s.Verify)
		})
	}
}

func TestSystemReportsEveryProblem(t *testing.T) {
	t.Parallel()
	s, err := set(t, `{"tc_kvstore_port":"x","tc_verify":"x","tc_proxy_port":"x","tc_out_path":"/opt/out"}`).System()
	var joined interface{ Unwrap() []error }
	require.True(t, errors.As(err, &joined))
	var names []string
	for _, err := range joined.Unwrap() {
		var e *param.Error
		require.ErrorAs(t, err, &e)
		names = append(names, e.Name)
	}
	require.Equal(t, []string{"tc_verify", "tc_kvstore_port", "tc_proxy_port"}, names)
	require.Equal(t, "/opt/out", s.OutPath, "what is fit is there: the exit message needs its place")
}

// The ends of each range are in it.
func TestSystemBoundaries(t *testing.T) {
	t.Parallel()
	s, err := set(t, `{"tc_kvstore_port":1,"tc_kvstore_tls_port":65535,"tc_playbook_kvstore_id":0,"tc_token_expires":"-1"}`).System()
	require.NoError(t, err)
	require.Equal(t, []int{1, 65535, 0}, []int{s.KVStore.Port, s.KVStore.TLSPort, s.KVStore.DB})
	require.True(t, s.TokenExpires.IsZero())
}
