package e2e

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/platform"
	"tcsns/internal/dev/redistest"
	"tcsns/internal/dev/snsserver"
)

// item is a variable that rows read, and what is in it.
const (
	item      = "#Trigger:1:trg.tc.item!String"
	itemValue = "198.51.100.7"
)

// storeFaults are the faults of the key-value store, and of the way to it.
func storeFaults() []fault {
	return append(redisFaults(), apiFaults()...)
}

func redisFaults() []fault {
	const area = "store"
	return []fault{
		{
			ID: "store-down", Area: area, Name: "Redis is down at the start",
			Exit: 1, Debug: debugNone, Says: []string{"tc_kvstore_port", "refused"},
			do: func(t *testing.T) (*world, outcome) {
				return readItem(t, nil, map[string]any{"tc_kvstore_port": closedPort(t)})
			},
		}, {
			ID: "store-no-host", Area: area, Name: "the store's name does not resolve",
			Exit: 1, Debug: debugNone, Says: []string{"tc_kvstore_host"}, Within: 40 * time.Second, // a resolver may be slow to say no
			do: func(t *testing.T) (*world, outcome) {
				return readItem(t, nil, map[string]any{"tc_kvstore_host": "store.invalid"})
			},
		}, {
			ID: "store-silent", Area: area, Name: "Redis accepts the connection and never answers",
			Exit: 1, Debug: debugNone, Says: []string{"tc_kvstore_host"}, Within: 60 * time.Second, // a read, then the outputs
			do: func(t *testing.T) (*world, outcome) {
				return readItem(t, func(string, int) act { return act{wait: make(chan struct{})} }, nil)
			},
		}, {
			ID: "store-down-before-write", Area: area, Name: "Redis goes down between the read and the write",
			Exit: 4, Debug: debugNone, Sent: 1, Says: []string{"published", "MessageID", "tc-indicators", "outputs"},
			do: func(t *testing.T) (*world, outcome) {
				w, out := readItem(t, func(command string, _ int) act { return act{down: command == "hset"} }, nil)
				require.Contains(t, out.Message, w.sns.Messages()[0].MessageID, "what went out is named")
				return w, out
			},
		}, {
			ID: "store-restart-before-write", Area: area, Name: "Redis breaks the connection before the write and is back at once",
			Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				return readItem(t, func(command string, nth int) act { return act{cut: command == "hset" && nth == 1} }, nil)
			},
		}, {
			ID: "store-hangs-up-idle", Area: area, Name: "Redis closes the idle connection while SNS takes its time",
			Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: hangUpWhileIdle,
		}, {
			ID: "store-wrong-password", Area: area, Name: "wrong password",
			Exit: 4, Debug: debugNone, Says: []string{"tc_kvstore_pass", "WRONGPASS"},
			do: func(t *testing.T) (*world, outcome) {
				return onRedis(t, redistest.Options{Password: redisPass}, platform.RedisOptions{Password: redisPass},
					map[string]any{"tc_kvstore_pass": "wrong-" + redisPass[:8]})
			},
		}, {
			ID: "store-no-password", Area: area, Name: "a password is asked for and none is given",
			Exit: 4, Debug: debugNone, Says: []string{"tc_kvstore_pass", "NOAUTH"},
			do: func(t *testing.T) (*world, outcome) {
				return onRedis(t, redistest.Options{Password: redisPass}, platform.RedisOptions{Password: redisPass},
					map[string]any{"tc_kvstore_pass": nil})
			},
		}, {
			ID: "store-may-not-write", Area: area, Name: "the user may read but not write",
			Exit: 4, Debug: debugNone, Sent: 1, Says: []string{"published", "the user may not"},
			do: func(t *testing.T) (*world, outcome) {
				return onRedis(t, redistest.Options{Password: redisPass, ACL: []string{"reader on >readers-password ~* +hget"}},
					platform.RedisOptions{Password: redisPass}, map[string]any{"tc_kvstore_user": "reader", "tc_kvstore_pass": "readers-password"})
			},
		}, {
			ID: "store-wrong-ca", Area: area, Name: "TLS, signed by another CA",
			Exit: 4, Debug: debugNone, Says: []string{"tc_svc_broker_cacert_file"},
			do: func(t *testing.T) (*world, outcome) {
				return onTLS(t, redistest.TLS{}, redistest.NewAuthority(t).CAFile)
			},
		}, {
			ID: "store-tls-expired", Area: area, Name: "TLS, the certificate is out of date",
			Exit: 4, Debug: debugNone, Says: []string{"certificate", "clock"},
			do: func(t *testing.T) (*world, outcome) { return onTLS(t, redistest.TLS{Expired: true}, "") },
		}, {
			ID: "store-tls-other-name", Area: area, Name: "TLS, the certificate is for another name",
			Exit: 4, Debug: debugNone, Says: []string{"tc_kvstore_host"},
			do: func(t *testing.T) (*world, outcome) {
				return onTLS(t, redistest.TLS{Names: []string{"redis.example"}}, "")
			},
		}, {
			ID: "store-slow", Area: area, Name: "Redis takes 5 s for each answer",
			Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"}, Within: 30 * time.Second,
			do: func(t *testing.T) (*world, outcome) {
				// The outputs come in one pipeline: its first command takes the time.
				return readItem(t, func(_ string, nth int) act {
					if nth == 1 {
						return act{pause: 5 * time.Second}
					}
					return act{}
				}, nil)
			},
		}, {
			ID: "store-drops-mid-reply", Area: area, Name: "the connection breaks in the middle of each reply to a read",
			Exit: 1, Debug: "Fix:", Says: []string{"tc_kvstore_host"},
			do: func(t *testing.T) (*world, outcome) {
				return readItem(t, func(command string, _ int) act { return act{half: command == "hget"} }, nil)
			},
		}, {
			ID: "store-drops-once", Area: area, Name: "the connection breaks in the middle of the first reply only",
			Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				return readItem(t, func(command string, nth int) act { return act{half: command == "hget" && nth == 1} }, nil)
			},
		}, {
			ID: "store-garbage", Area: area, Name: "what answers is a web server",
			Exit: 4, Debug: debugNone, Says: []string{"not Redis's", "tc_kvstore_port"},
			do: func(t *testing.T) (*world, outcome) {
				return readItem(t, reply("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nleaked-page"), nil)
			},
		}, {
			ID: "store-huge-length", Area: area, Name: "the reply announces nine exabytes",
			Exit: 4, Debug: debugNone, Says: []string{"not Redis's"},
			do: func(t *testing.T) (*world, outcome) {
				return readItem(t, reply("$9000000000000000000\r\nx"), nil)
			},
		}, {
			ID: "store-too-large-length", Area: area, Name: "the reply announces 200 GB, more than the machine has",
			Exit: 4, Debug: debugNone, Says: []string{"not Redis's"},
			do: func(t *testing.T) (*world, outcome) {
				return readItem(t, reply("$200000000000\r\nx"), nil)
			},
		}, {
			ID: "store-resp3-length", Area: area, Name: "the reply announces 200 GB as a text of RESP3, which is not spoken",
			Exit: 4, Debug: debugNone, Says: []string{"not Redis's"},
			do: func(t *testing.T) (*world, outcome) {
				return readItem(t, reply("=200000000000\r\ntxt:x"), nil)
			},
		}, {
			ID: "store-push", Area: area, Name: "a push of RESP3 comes before each reply",
			Exit: 4, Debug: debugNone, Says: []string{"not Redis's"},
			do: func(t *testing.T) (*world, outcome) {
				return readItem(t, reply(">2\r\n+invalidate\r\n*-1\r\n$14\r\n\"198.51.100.7\"\r\n"), nil)
			},
		}, {
			ID: "store-endless-line", Area: area, Name: "the reply is one line of a megabyte without an end",
			Exit: 4, Debug: debugNone, Says: []string{"not Redis's"},
			do: func(t *testing.T) (*world, outcome) {
				return readItem(t, reply("+"+strings.Repeat("x", 1<<20)), nil)
			},
		}, {
			ID: "store-announces-much", Area: area, Name: "the reply announces 400 MB, and its end never comes",
			Exit: 1, Debug: debugNone, Says: []string{"key-value store"}, Within: 60 * time.Second,
			do: func(t *testing.T) (*world, outcome) { return announceMuch(t) },
		}, {
			ID: "store-read-only", Area: area, Name: "Redis is a read-only replica",
			Exit: 4, Debug: debugNone, Sent: 1, Says: []string{"published", "read-only"},
			do: func(t *testing.T) (*world, outcome) {
				return configured(t, "REPLICAOF", "127.0.0.1", fmt.Sprint(closedPort(t)))
			},
		}, {
			ID: "store-out-of-memory", Area: area, Name: "Redis has no memory left for the outputs",
			Exit: 4, Debug: debugNone, Sent: 1, Says: []string{"published", "no memory"},
			do: func(t *testing.T) (*world, outcome) {
				return configured(t, "CONFIG", "SET", "maxmemory", "1")
			},
		}, {
			ID: "store-no-disk", Area: area, Name: "Redis cannot save, and takes no outputs (MISCONF)",
			Exit: 4, Debug: debugNone, Sent: 1, Says: []string{"published", "no memory or dis"},
			do: func(t *testing.T) (*world, outcome) {
				return readItem(t, func(command string, _ int) act {
					if command == "hset" {
						return act{reply: "-MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk\r\n"}
					}
					return act{}
				}, nil)
			},
		}, {
			ID: "store-cluster", Area: area, Name: "Redis is one of a cluster, and another has the context (MOVED)",
			Exit: 4, Debug: debugNone, Says: []string{"MOVED", "no cluster"},
			do: func(t *testing.T) (*world, outcome) {
				return readItem(t, reply("-MOVED 3999 127.0.0.1:6381\r\n"), nil)
			},
		}, {
			ID: "store-no-replicas", Area: area, Name: "Redis misses its replicas for a moment, and takes no outputs",
			Exit: 0, Debug: debugMessageID, Sent: 1,
			do: func(t *testing.T) (*world, outcome) {
				return readItem(t, func(command string, nth int) act {
					if command == "hset" && nth == 1 {
						return act{reply: "-NOREPLICAS Not enough good replicas to write.\r\n"}
					}
					return act{}
				}, nil)
			},
		}, {
			ID: "store-down-mid-write", Area: area, Name: "Redis goes down between two outputs: the first is there",
			Exit: 4, Debug: debugMessageID, Sent: 1, Says: []string{"published", "MessageID", "outputs"},
			do: func(t *testing.T) (*world, outcome) {
				return readItem(t, func(command string, nth int) act { return act{down: command == "hset" && nth == 2} }, nil)
			},
		}, {
			ID: "store-ipv6", Area: area, Name: "Redis listens on ::1 alone",
			Exit: 0, Debug: debugMessageID, Sent: 1,
			do: func(t *testing.T) (*world, outcome) {
				w := newWorld(t)
				w.stage(map[string]any{item: itemValue})
				params := w.params(map[string]any{"address": item})
				host, port, err := net.SplitHostPort(onIPv6(t, fmt.Sprintf("%v:%v", params["tc_kvstore_host"], params["tc_kvstore_port"])))
				require.NoError(t, err)
				params["tc_kvstore_host"], params["tc_kvstore_port"] = host, port
				return w, w.run(params)
			},
		}, {
			ID: "store-shared", Area: area, Name: "two Apps at once write the same outputs to the same context: the last one's stand",
			Exit: 0, Debug: debugAny, Sent: 2, do: sharedContext,
		}, {
			ID: "store-loading", Area: area, Name: "Redis loads its data, and is ready a moment later",
			Exit: 0, Debug: debugMessageID, Sent: 1, Says: []string{"published"},
			do: func(t *testing.T) (*world, outcome) {
				return readItem(t, func(command string, nth int) act {
					if command == "hget" && nth <= 2 {
						return act{reply: "-LOADING Redis is loading the dataset in memory\r\n"}
					}
					return act{}
				}, nil)
			},
		}, {
			ID: "store-too-many-clients", Area: area, Name: "Redis takes no more clients",
			Exit: 1, Debug: debugNone, Says: []string{"not ready"},
			do: func(t *testing.T) (*world, outcome) {
				return readItem(t, reply("-ERR max number of clients reached\r\n"), nil)
			},
		}, {
			ID: "store-wrong-type", Area: area, Name: "the context's key is a list, not a hash",
			Exit: 4, Debug: debugNone, Says: []string{"WRONGTYPE", "tc_playbook_kvstore_context"},
			do: wrongType,
		}, {
			ID: "store-error-quotes-value", Area: area, Name: "Redis refuses the outputs and quotes them",
			Exit: 4, Debug: debugNone, Sent: 1, Says: []string{"published", "outputs"},
			do: func(t *testing.T) (*world, outcome) {
				w, out := readItem(t, func(command string, _ int) act {
					if command == "hset" {
						return act{reply: "-ERR unknown command, with args beginning with: quoted-value\r\n"}
					}
					return act{}
				}, nil)
				require.NotContains(t, out.Message+out.Stderr+out.Log, "quoted-value")
				return w, out
			},
		},
	}
}

// readItem runs an App whose address is a variable, through a gate with rule.
func readItem(t *testing.T, rule func(string, int) act, more map[string]any) (*world, outcome) {
	t.Helper()
	w := newWorld(t)
	w.stage(map[string]any{item: itemValue})
	params := platform.Merge(map[string]any{"address": item}, more)
	if rule != nil {
		params = startGate(t, w, rule).params(params)
	}
	return w, w.run(w.params(params))
}

// reply answers every command with the same bytes.
func reply(bytes string) func(string, int) act {
	return func(string, int) act { return act{reply: bytes} }
}

// hangUpWhileIdle breaks the store's connection while the App waits for SNS.
func hangUpWhileIdle(t *testing.T) (*world, outcome) {
	t.Helper()
	w := newWorld(t)
	w.stage(map[string]any{item: itemValue})
	release := make(chan struct{})
	w.sns.Fail(snsserver.Fault{Kind: snsserver.Slow, Release: release})
	g := startGate(t, w, nil)
	app := w.start(platform.AppOptions{Params: w.params(g.params(map[string]any{"address": item}))})
	w.untilAccepted(1)
	g.hangUp()
	close(release)
	return w, app.wait()
}

// hangUp breaks every connection; new ones are accepted.
func (g *gate) hangUp() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.conns {
		_ = c.Close()
	}
	g.conns = nil
}

// untilAccepted waits for SNS to have taken n messages.
func (w *world) untilAccepted(n int) {
	w.t.Helper()
	require.Eventually(w.t, func() bool { return w.sns.Accepted() >= n }, withinDefault, time.Millisecond)
}

// onRedis runs an App on a redis-server of its own.
func onRedis(t *testing.T, server redistest.Options, client platform.RedisOptions, more map[string]any) (*world, outcome) {
	t.Helper()
	s := redistest.Start(t, server)
	w := newWorld(t)
	client.Addr = s.Addr()
	store, err := platform.OpenRedis(t.Context(), client)
	require.NoError(t, err)
	w.store = store
	w.stage(map[string]any{item: itemValue})
	if secret, ok := more["tc_kvstore_pass"].(string); ok {
		w.secrets = append(w.secrets, secret)
	}
	return w, w.run(w.params(platform.Merge(map[string]any{"address": item}, more)))
}

// onTLS runs an App on a redis-server with TLS; caFile, if any, is the one the
// App is told to trust.
func onTLS(t *testing.T, server redistest.TLS, caFile string) (*world, outcome) {
	t.Helper()
	server.Authority = redistest.NewAuthority(t)
	if caFile == "" {
		caFile = server.Authority.CAFile
	}
	s := redistest.Start(t, redistest.Options{TLS: &server})
	w := newWorld(t)
	return w, w.run(w.params(map[string]any{
		"address": item, "tc_kvstore_host": s.Host, "tc_kvstore_port": s.Port, "tc_kvstore_tls_port": s.Port,
		"tc_kvstore_tls_enabled": true, "tc_svc_broker_cacert_file": caFile,
	}))
}

// configured runs an App on a redis-server that was given a command after the
// variables were staged.
func configured(t *testing.T, command ...string) (*world, outcome) {
	t.Helper()
	s := redistest.Start(t, redistest.Options{Password: redisPass})
	w := newWorld(t)
	store, err := platform.OpenRedis(t.Context(), platform.RedisOptions{Addr: s.Addr(), Password: redisPass})
	require.NoError(t, err)
	w.store = store
	w.stage(map[string]any{item: itemValue})
	tell(t, s.Addr(), []string{"AUTH", redisPass}, command)
	return w, w.run(w.params(map[string]any{"address": item}))
}

// wrongType runs an App whose context names a list.
func wrongType(t *testing.T) (*world, outcome) {
	t.Helper()
	s := redistest.Start(t, redistest.Options{})
	w := newWorld(t)
	tell(t, s.Addr(), []string{"RPUSH", w.session.Context, "x"})
	return w, w.run(w.params(map[string]any{"address": item, "tc_kvstore_host": s.Host, "tc_kvstore_port": s.Port, "tc_kvstore_pass": nil}))
}

// sharedContext runs two Apps with one context and one job: each is told of its
// own message, and the outputs are those of one of them.
func sharedContext(t *testing.T) (*world, outcome) {
	t.Helper()
	w := newWorld(t)
	w.stage(map[string]any{item: itemValue})
	other := *w
	other.newSession()
	other.session.Context = w.session.Context
	params := map[string]any{"address": item, "tc_playbook_kvstore_context": w.session.Context}
	first := w.start(platform.AppOptions{Params: w.params(params)})
	second := other.start(platform.AppOptions{Params: other.params(params)})
	a, b := first.wait(), second.wait()
	require.Equal(t, 0, b.ExitCode, b.Stderr)
	a = first.wait() // both have written
	ids := []string{w.sns.Messages()[0].MessageID, w.sns.Messages()[1].MessageID}
	require.Contains(t, ids, a.outputs["sns.debug"])
	require.NotEqual(t, a.Message, b.Message)
	for _, out := range []outcome{a, b} {
		require.True(t, strings.HasSuffix(out.Message, ids[0]) || strings.HasSuffix(out.Message, ids[1]), out.Message)
	}
	return w, a
}

// announceMuch runs an App whose store announces a value of 400 MB and sends
// its beginning: the App must not take the memory that was only announced.
func announceMuch(t *testing.T) (*world, outcome) {
	t.Helper()
	w := newWorld(t)
	g := startGate(t, w, func(string, int) act { return act{reply: "$400000000\r\n\"x"} })
	app := w.start(platform.AppOptions{Params: w.params(g.params(map[string]any{"address": item}))})
	g.until(t, "hget")
	return w, app.wait()
}

// tell sends commands to a Redis, one after another.
func tell(t *testing.T, addr string, commands ...[]string) {
	t.Helper()
	require.NoError(t, command(addr, commands...))
}
