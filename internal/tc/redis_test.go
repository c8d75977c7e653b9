package tc_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/redistest"
	"tcsns/internal/tc/exit"
	"tcsns/internal/tc/kvstore"
	"tcsns/internal/tc/param"
	"tcsns/internal/tc/secret"
)

// TestMainRealRedis runs an App against a real redis-server with everything
// that the platform can ask for: an ACL user, TLS and a client certificate.
func TestMainRealRedis(t *testing.T) {
	t.Parallel()
	ca := redistest.NewAuthority(t)
	client := ca.Issue(t, redistest.Certificate{})
	server := redistest.Start(t, redistest.Options{
		ACL: []string{"default off", "app on >s3cr3t-pw ~* +hget +hset +select"},
		TLS: &redistest.TLS{Authority: ca, Mutual: true},
	})
	store, err := kvstore.OpenRedis(param.KVStore{
		Host: server.Host, TLS: true, TLSPort: server.Port, User: "app", Pass: secret.New("s3cr3t-pw"), Context: kvContext,
		CACertFile: ca.CAFile, CertFile: client.CertFile, KeyFile: client.KeyFile,
	})
	require.NoError(t, err)
	defer store.Close()
	require.NoError(t, store.Put(t.Context(), kvstore.Entry{Key: "#Trigger:1:x!String", Value: []byte(`"abc"`)}))

	params := map[string]any{
		"tc_kvstore_host": server.Host, "tc_kvstore_tls_enabled": true, "tc_kvstore_tls_port": server.Port,
		"tc_kvstore_user": "app", "tc_kvstore_pass": "s3cr3t-pw",
		"tc_svc_broker_cacert_file": ca.CAFile, "tc_svc_broker_cert_file": client.CertFile, "tc_svc_broker_key_file": client.KeyFile,
		"text": "#Trigger:1:x!String", "tc_playbook_out_variables": "#App:42:reversed.text!String",
	}
	got := newPlatform(t).run(t, t.Context(), reverse, params)
	require.Equal(t, exit.Success, got.code, got.message)
	values, err := store.Get(t.Context(), "#App:42:reversed.text!String")
	require.NoError(t, err)
	require.Equal(t, `"cba"`, string(values[0]))

	params["tc_kvstore_pass"] = "s3cr3t-wrong"
	got = newPlatform(t).run(t, t.Context(), reverse, params)
	require.Equal(t, exit.HardFailure, got.code, "waiting does not mend a password")
	require.Contains(t, got.message, "tc_kvstore_pass")
}
