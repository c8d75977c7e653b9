package kvstore_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/redistest"
	"tcsns/internal/tc/kvstore"
	"tcsns/internal/tc/param"
	"tcsns/internal/tc/secret"
)

func TestRedisConforms(t *testing.T) {
	t.Parallel()
	ca := redistest.NewAuthority(t)
	client := ca.Issue(t, redistest.Certificate{})
	for _, c := range []struct {
		name   string
		server redistest.Options
		client param.KVStore
	}{
		{"plain", redistest.Options{}, param.KVStore{}},
		{"database", redistest.Options{}, param.KVStore{DB: 3}},
		{"password", redistest.Options{Password: "p w%"}, param.KVStore{Pass: secret.New("p w%")}},
		{"user", redistest.Options{ACL: []string{"default off", "app on >pw ~* +hget +hset +select"}},
			param.KVStore{User: "app", Pass: secret.New("pw"), DB: 1}},
		{"user without password", redistest.Options{ACL: []string{"default off", "app on nopass ~* +@all"}},
			param.KVStore{User: "app"}},
		// TcEx sends no credentials without TLS, so nobody notices that they are set.
		{"needless password", redistest.Options{}, param.KVStore{Pass: secret.New("pw")}},
		{"tls", redistest.Options{TLS: &redistest.TLS{Authority: ca}}, param.KVStore{TLS: true, CACertFile: ca.CAFile}},
		{"tls 1.2 and password", redistest.Options{Password: "pw", TLS: &redistest.TLS{Authority: ca, MaxVersion: "TLSv1.2"}},
			param.KVStore{TLS: true, CACertFile: ca.CAFile, Pass: secret.New("pw")}},
		{"mutual tls", redistest.Options{TLS: &redistest.TLS{Authority: ca, Mutual: true}},
			param.KVStore{TLS: true, CACertFile: ca.CAFile, CertFile: client.CertFile, KeyFile: client.KeyFile}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t, c.server)
			conformance(t, func(t *testing.T, kvContext string) kvstore.Store {
				p := c.client
				p.Context = kvContext
				return openRedis(t, at(p, server.Addr()))
			})
		})
	}
}

func TestMiniredisConforms(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	conformance(t, func(t *testing.T, kvContext string) kvstore.Store {
		return openRedis(t, at(param.KVStore{Context: kvContext}, server.Addr()))
	})
}

// The layout is what TcEx and Java read: a field of the hash that the context
// names, in the database of the run.
func TestRedisLayout(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	for _, db := range []int{0, 3} {
		s := openRedis(t, at(param.KVStore{Context: "session", DB: db}, server.Addr()))
		defer s.Close()
		want := map[string]string{"#App:1:a!String": fmt.Sprintf("%d", db)}
		require.NoError(t, s.Put(context.Background(), kvstore.Entry{Key: "#App:1:a!String", Value: []byte(want["#App:1:a!String"])}))
		direct := redis.NewClient(&redis.Options{Addr: server.Addr(), DB: db})
		defer direct.Close()
		require.Equal(t, want, direct.HGetAll(context.Background(), "session").Val())
	}
}

func TestRedisEmptyValueIsSet(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	s := openRedis(t, at(param.KVStore{Context: "c"}, server.Addr()))
	defer s.Close()
	require.NoError(t, s.Put(context.Background(), kvstore.Entry{Key: "k", Value: nil}))
	got, err := s.Get(context.Background(), "k")
	require.NoError(t, err)
	require.NotNil(t, got[0])
	require.Empty(t, got[0])
}

// A run is one connection and its own commands, with every command on the
// wire counted.
func TestRedisSendsNothingNeedless(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		server redistest.Options
		client param.KVStore
		want   []string
	}{
		{"plain", redistest.Options{}, param.KVStore{}, []string{"hget", "hget", "hset", "hset"}},
		{"database and password", redistest.Options{Password: "pw"}, param.KVStore{DB: 2, Pass: secret.New("pw")},
			[]string{"auth", "select", "hget", "hget", "hset", "hset"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t, c.server)
			wire := startTap(t, server.Addr())
			c.client.Context = "c"
			s := openRedis(t, at(c.client, wire.addr))
			ctx := context.Background()
			_, err := s.Get(ctx, "a", "b")
			require.NoError(t, err)
			require.NoError(t, s.Put(ctx, kvstore.Entry{Key: "a", Value: []byte("1")}, kvstore.Entry{Key: "b", Value: []byte("2")}))
			require.NoError(t, s.Close())
			require.Equal(t, [][]string{c.want}, wire.finish())
		})
	}
}

func TestRedisFailuresInWords(t *testing.T) {
	t.Parallel()
	ca, other := redistest.NewAuthority(t), redistest.NewAuthority(t)
	stranger := other.Issue(t, redistest.Certificate{})
	withTLS := redistest.Options{TLS: &redistest.TLS{Authority: ca}}
	for _, c := range []struct {
		name      string
		server    redistest.Options
		client    param.KVStore
		reason    kvstore.Reason
		param     string // that Fix names
		temporary bool
	}{
		{"no password", redistest.Options{Password: "pw"}, param.KVStore{}, kvstore.Credentials, "tc_kvstore_pass", false},
		{"wrong password", redistest.Options{Password: "pw"}, param.KVStore{Pass: secret.New("no")}, kvstore.Credentials, "tc_kvstore_pass", false},
		{"unknown user", redistest.Options{Password: "pw"}, param.KVStore{User: "u", Pass: secret.New("pw")}, kvstore.Credentials, "tc_kvstore_user", false},
		{"no permission", redistest.Options{ACL: []string{"app on >pw ~* +ping"}}, param.KVStore{User: "app", Pass: secret.New("pw")}, kvstore.Permission, "tc_kvstore_user", false},
		{"unknown command", redistest.Options{Config: []string{"--rename-command", "HGET", ""}}, param.KVStore{}, kvstore.Rejected, "tc_kvstore_host", false},
		{"no such database", redistest.Options{}, param.KVStore{DB: 99}, kvstore.Rejected, "tc_playbook_kvstore_id", false},
		{"unknown authority", withTLS, param.KVStore{TLS: true, CACertFile: other.CAFile}, kvstore.Certificate, "tc_svc_broker_cacert_file", false},
		{"wrong host", redistest.Options{TLS: &redistest.TLS{Authority: ca, Names: []string{"redis.test"}}},
			param.KVStore{TLS: true, CACertFile: ca.CAFile}, kvstore.Certificate, "tc_kvstore_host", false},
		{"expired", redistest.Options{TLS: &redistest.TLS{Authority: ca, Expired: true}},
			param.KVStore{TLS: true, CACertFile: ca.CAFile}, kvstore.Certificate, "certificate", false},
		{"foreign client certificate", redistest.Options{TLS: &redistest.TLS{Authority: ca, Mutual: true, MaxVersion: "TLSv1.2"}},
			param.KVStore{TLS: true, CACertFile: ca.CAFile, CertFile: stranger.CertFile, KeyFile: stranger.KeyFile},
			kvstore.Certificate, "tc_svc_broker_cert_file", false},
		{"no client certificate, TLS 1.2", redistest.Options{TLS: &redistest.TLS{Authority: ca, Mutual: true, MaxVersion: "TLSv1.2"}},
			param.KVStore{TLS: true, CACertFile: ca.CAFile}, kvstore.Certificate, "tc_svc_broker_cert_file", false},
		{"client without TLS", withTLS, param.KVStore{}, kvstore.Closed, "tc_kvstore_tls_enabled", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t, c.server)
			c.client.Context = "c"
			s := openRedis(t, at(c.client, server.Addr()))
			defer s.Close()
			_, err := s.Get(context.Background(), "k")
			e := requireReason(t, err, c.reason, c.param)
			require.Equal(t, c.temporary, e.Temporary())
			require.Contains(t, e.Error(), server.Addr())
		})
	}
}

// TLS 1.3 reports a missing client certificate after the handshake, and the
// report may be lost with the connection.
func TestRedisNamesTheClientCertificate(t *testing.T) {
	t.Parallel()
	ca := redistest.NewAuthority(t)
	server := redistest.Start(t, redistest.Options{TLS: &redistest.TLS{Authority: ca, Mutual: true}})
	s := openRedis(t, at(param.KVStore{Context: "c", TLS: true, CACertFile: ca.CAFile}, server.Addr()))
	defer s.Close()
	_, err := s.Get(context.Background(), "k")
	var e *kvstore.Error
	require.ErrorAs(t, err, &e)
	require.Contains(t, []kvstore.Reason{kvstore.Certificate, kvstore.Closed}, e.Reason)
	require.Contains(t, e.Fix, "tc_svc_broker_cert_file")
}

func TestRedisNothingListens(t *testing.T) {
	t.Parallel()
	s := openRedis(t, at(param.KVStore{Context: "c"}, redistest.RefusingAddr(t)))
	defer s.Close()
	_, err := s.Get(context.Background(), "k")
	e := requireReason(t, err, kvstore.Down, "tc_kvstore_port")
	require.True(t, e.Temporary())
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}

func TestRedisHostWithoutAddress(t *testing.T) {
	t.Parallel()
	s := openRedis(t, param.KVStore{Context: "c", Host: "store.invalid", Port: 6379})
	defer s.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_, err := s.Get(ctx, "k")
	var e *kvstore.Error
	require.ErrorAs(t, err, &e)
	require.Contains(t, []kvstore.Reason{kvstore.Down, kvstore.Timeout}, e.Reason) // a resolver may be silent
	require.Contains(t, e.Fix, "tc_kvstore_host")
}

func TestRedisComesBackBetweenReadAndWrite(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	direct := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer direct.Close()
	s := openRedis(t, at(param.KVStore{Context: "c"}, server.Addr()))
	defer s.Close()
	ctx := context.Background()
	_, err := s.Get(ctx, "k")
	require.NoError(t, err)
	require.NoError(t, direct.Do(ctx, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").Err())
	require.NoError(t, s.Put(ctx, kvstore.Entry{Key: "k", Value: []byte("v")}))
	require.Equal(t, "v", direct.HGet(ctx, "c", "k").Val())
}

func TestRedisCancelEndsABlockedReadAtOnce(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	require.NoError(t, syscall.Kill(server.Pid(), syscall.SIGSTOP))
	defer syscall.Kill(server.Pid(), syscall.SIGCONT)
	wire := startTap(t, server.Addr())
	s := openRedis(t, at(param.KVStore{Context: "c"}, wire.addr))
	defer s.Close()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		_, err := s.Get(ctx, "k")
		done <- err
	}()
	<-wire.seen // the command is on its way, no reply will come
	cancel()
	select {
	case err := <-done:
		requireReason(t, err, kvstore.Canceled, "")
		require.ErrorIs(t, err, context.Canceled)
	case <-time.After(10 * time.Second): // far below replyTimeout
		t.Fatal("Get waits on")
	}
}

func TestRedisDeadlineIsATimeout(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t, redistest.Options{})
	require.NoError(t, syscall.Kill(server.Pid(), syscall.SIGSTOP))
	defer syscall.Kill(server.Pid(), syscall.SIGCONT)
	s := openRedis(t, at(param.KVStore{Context: "c"}, server.Addr()))
	defer s.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := s.Get(ctx, "k")
	requireReason(t, err, kvstore.Timeout, "tc_kvstore_host")
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// Replies that a real server does not give on demand.
func TestRedisReplies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, reply string
		reason      kvstore.Reason
		param       string
	}{
		{"replica", "-READONLY You can't write against a read only replica.\r\n", kvstore.ReadOnly, "tc_kvstore_host"},
		{"memory", "-OOM command not allowed when used memory > 'maxmemory'.\r\n", kvstore.Full, "maxmemory"},
		{"disk", "-MISCONF Redis is configured to save RDB snapshots\r\n", kvstore.Full, "room"},
		{"type", "-WRONGTYPE Operation against a key\r\n", kvstore.WrongType, "tc_playbook_kvstore_context"},
		{"loading", "-LOADING Redis is loading the dataset in memory\r\n", kvstore.Starting, ""},
		{"master", "-MASTERDOWN Link with MASTER is down\r\n", kvstore.Starting, ""},
		{"replicas", "-NOREPLICAS Not enough good replicas to write.\r\n", kvstore.Starting, ""},
		{"clients", "-ERR max number of clients reached\r\n", kvstore.Starting, ""},
		{"cluster", "-MOVED 3999 127.0.0.1:6381\r\n", kvstore.Rejected, "no cluster"},
		{"cluster that moves", "-ASK 3999 127.0.0.1:6381\r\n", kvstore.Rejected, "no cluster"},
		{"quoted value", "-ERR unknown command 'HSET', with args beginning with: 'c' 'k' 'hidden-value'\r\n", kvstore.Rejected, ""},
		{"garbage", "hidden-value HTTP/1.1 400 Bad Request\r\n\r\n", kvstore.Garbage, "tc_kvstore_port"},
		{"garbage length", "$hidden-value\r\n", kvstore.Garbage, "tc_kvstore_port"},
		{"mid-reply", "$100\r\nhidden-value", kvstore.Closed, "tc_kvstore_port"},
		{"no reply", "", kvstore.Closed, "tc_kvstore_port"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := openRedis(t, at(param.KVStore{Context: "c"}, replies(t, c.reply)))
			defer s.Close()
			err := s.Put(context.Background(), kvstore.Entry{Key: "k", Value: []byte("hidden-value")})
			requireReason(t, err, c.reason, c.param)
			for ; err != nil; err = errors.Unwrap(err) {
				require.NotContains(t, err.Error(), "hidden-value")
			}
		})
	}
}

func TestRedisNamesTheKeysThatFailed(t *testing.T) {
	t.Parallel()
	s := openRedis(t, at(param.KVStore{Context: "c"}, replies(t, ":1\r\n-OOM no memory\r\n:1\r\n")))
	defer s.Close()
	err := s.Put(context.Background(),
		kvstore.Entry{Key: "#App:1:a!String"}, kvstore.Entry{Key: "#App:1:b!String"}, kvstore.Entry{Key: "#App:1:c!String"})
	e := requireReason(t, err, kvstore.Full, "")
	require.Equal(t, []string{"#App:1:b!String"}, e.Keys)
	require.Contains(t, e.Error(), "#App:1:b!String")
}

func TestOpenRedisNamesTheFile(t *testing.T) {
	t.Parallel()
	empty := t.TempDir() + "/empty.pem"
	require.NoError(t, os.WriteFile(empty, nil, 0o600))
	for param, p := range map[string]param.KVStore{
		"tc_svc_broker_cacert_file": {TLS: true, CACertFile: empty},
		"tc_svc_broker_cert_file":   {TLS: true, CertFile: empty, KeyFile: empty},
		"tc_svc_broker_key_file":    {TLS: true, CertFile: empty},
	} {
		_, err := kvstore.OpenRedis(p)
		requireReason(t, err, kvstore.Config, param)
	}
	// Without TLS nobody needs the files.
	s, err := kvstore.OpenRedis(param.KVStore{CACertFile: empty, CertFile: empty})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	require.NoError(t, s.Close())
}

func TestRedisRefusesOldTLS(t *testing.T) {
	t.Parallel()
	ca := redistest.NewAuthority(t)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{ca.Issue(t, redistest.Certificate{Names: []string{"127.0.0.1"}}).TLS},
		MinVersion:   tls.VersionTLS10, MaxVersion: tls.VersionTLS11,
	})
	require.NoError(t, err)
	defer l.Close()
	go serve(l, func(conn net.Conn) { _ = conn.(*tls.Conn).Handshake() })
	s := openRedis(t, at(param.KVStore{Context: "c", TLS: true, CACertFile: ca.CAFile}, l.Addr().String()))
	defer s.Close()
	_, err = s.Get(context.Background(), "k")
	requireReason(t, err, kvstore.Certificate, "TLS 1.2")
}

func TestRedisServerWithoutTLS(t *testing.T) {
	t.Parallel()
	s := openRedis(t, at(param.KVStore{Context: "c", TLS: true}, replies(t, "-ERR Protocol error\r\n")))
	defer s.Close()
	_, err := s.Get(context.Background(), "k")
	requireReason(t, err, kvstore.Certificate, "tc_kvstore_tls_enabled")
}

func openRedis(t *testing.T, p param.KVStore) kvstore.Store {
	t.Helper()
	s, err := kvstore.OpenRedis(p)
	require.NoError(t, err)
	return s
}

// at returns p with the host and the port of addr.
func at(p param.KVStore, addr string) param.KVStore {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		panic(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		panic(err)
	}
	p.Host, p.Port = host, number
	if p.TLS {
		p.Port, p.TLSPort = 1, number
	}
	return p
}
