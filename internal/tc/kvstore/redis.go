package kvstore

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"
	"github.com/redis/go-redis/v9/maintnotifications"

	"tcsns/internal/tc/param"
)

const (
	// dialTimeout and replyTimeout bound one attempt where the caller's
	// context has no earlier deadline. A reply is an in-memory operation; a
	// store that needs longer is stuck.
	dialTimeout  = 5 * time.Second
	replyTimeout = 15 * time.Second
	// bufferSize of the connection in bytes, each way. Larger values pass it
	// by; go-redis's default of 32 KiB makes connecting, a read and a write
	// take a tenth longer.
	bufferSize = 4 << 10
	// poolSize is no limit that is ever reached, since operations take
	// turns: it keeps go-redis from dialling in the background, which it
	// does after as many failures.
	poolSize = 8
)

// pauses are the waits before an operation is tried again after the store was
// down, starting or hung up. HGET and HSET may be repeated. They add up to
// less than a second, which a restart of a store often needs.
var pauses = [...]time.Duration{50 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond}

// redisStore is a hash in Redis: HGET and HSET on the context (CONTRACT §4).
type redisStore struct {
	client  *redis.Client
	link    *link
	context string
	words   words
	turn    chan struct{} // of one: operations share the one connection
}

// OpenRedis returns the store that p describes. It reads the certificates of
// p, but does not touch the network before the first use. The error is an
// [*Error] that names the parameter.
//
// A run costs one connection and, without credentials and with DB 0, no
// command but its own: no HELLO, no CLIENT, no SELECT.
//
// TcEx ignores user, password and DB unless TLS is on. Here they hold without
// TLS, too; where the server then says that it wants no password, the run
// goes on without.
func OpenRedis(p param.KVStore) (Store, error) {
	port := p.Port
	if p.TLS {
		port = p.TLSPort
	}
	address := net.JoinHostPort(p.Host, strconv.Itoa(port))
	w := words{store: "Redis at " + address, tls: p.TLS, clientCert: p.CertFile != "", db: p.DB}
	config, err := tlsConfig(p, w.store)
	if err != nil {
		return nil, err
	}
	// Failures come back as errors; go-redis would also print them to stderr.
	logging.Disable()
	s := &redisStore{link: &link{tls: config}, context: p.Context, words: w, turn: make(chan struct{}, 1)}
	s.client = redis.NewClient(&redis.Options{
		Addr:     address,
		Username: p.User,
		Password: p.Pass.Reveal(),
		DB:       p.DB,

		Dialer:    s.link.dial,
		OnConnect: authWithoutPassword(p),

		Protocol:                 2,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
		PipelinePoolSize:         -1, // pipelines use the one connection
		PoolSize:                 poolSize,
		ReadBufferSize:           bufferSize,
		WriteBufferSize:          bufferSize,

		DialerRetries:         1,
		MaxRetries:            -1, // see pauses
		DialTimeout:           dialTimeout,
		ReadTimeout:           replyTimeout,
		WriteTimeout:          replyTimeout,
		ContextTimeoutEnabled: true,
	})
	s.client.AddHook(handshake{})
	return s, nil
}

// Get reads with one pipeline of HGET, the command that is attested.
func (s *redisStore) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	cmds, err := s.run(ctx, "read", keys, func(p redis.Pipeliner) {
		for _, key := range keys {
			p.HGet(ctx, s.context, key)
		}
	})
	if err != nil {
		return nil, err
	}
	values := make([][]byte, len(keys))
	for i, cmd := range cmds {
		if text, err := cmd.(*redis.StringCmd).Result(); err == nil {
			values[i] = []byte(text)
		}
	}
	return values, nil
}

// Put writes with one pipeline of HSET.
func (s *redisStore) Put(ctx context.Context, entries ...Entry) error {
	if len(entries) == 0 {
		return nil
	}
	keys := make([]string, len(entries))
	for i, e := range entries {
		keys[i] = e.Key
	}
	_, err := s.run(ctx, "write", keys, func(p redis.Pipeliner) {
		for _, e := range entries {
			p.HSet(ctx, s.context, e.Key, e.Value)
		}
	})
	return err
}

// Close closes the connection.
func (s *redisStore) Close() error {
	if err := s.client.Close(); err != nil && !errors.Is(err, redis.ErrClosed) {
		return s.words.failure("close", nil, err)
	}
	return nil
}

// run sends one pipeline, a command a key, and returns its commands. It tries
// again after failures that pass.
func (s *redisStore) run(ctx context.Context, op string, keys []string, fill func(redis.Pipeliner)) ([]redis.Cmder, error) {
	if s.context == "" {
		return nil, noContext(op, s.words.store)
	}
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, s.words.failure(op, nil, ctx.Err())
	}
	for n := 0; ; n++ {
		cmds, err := s.once(ctx, op, keys, fill)
		if err == nil {
			return cmds, nil
		}
		if ctx.Err() != nil || n == len(pauses) || !err.passing() || !wait(ctx, pauses[n]) {
			return nil, err
		}
	}
}

// once sends the pipeline one time and checks each reply.
func (s *redisStore) once(ctx context.Context, op string, keys []string, fill func(redis.Pipeliner)) ([]redis.Cmder, *Error) {
	defer s.link.hold(ctx)()
	p := s.client.Pipeline()
	fill(p)
	cmds, cause := p.Exec(ctx)
	if cause == nil {
		return cmds, nil
	}
	// A refused AUTH or SELECT is in Exec's error alone, the commands then
	// have none.
	var failed []string
	for i, cmd := range cmds {
		err := cmd.Err()
		if err == nil || errors.Is(err, redis.Nil) {
			continue
		}
		if failed = append(failed, keys[i]); len(failed) == 1 {
			cause = err
		}
	}
	switch {
	case errors.Is(cause, redis.Nil):
		return cmds, nil
	case ended(ctx) != nil:
		cause = ended(ctx)
	}
	if len(failed) == len(keys) {
		failed = nil
	}
	return nil, s.words.failure(op, failed, cause)
}

// ended is ctx.Err, also in the moment between the connection's deadline, which
// is ctx's, and ctx noticing its own.
func ended(ctx context.Context) error {
	if deadline, ok := ctx.Deadline(); ok && !time.Now().Before(deadline) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// wait waits for d; false when ctx ends first.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// handshake spares the connection's start what a job does not need.
type handshake struct{}

// DialHook changes nothing.
func (handshake) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook changes nothing.
func (handshake) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// ProcessHook answers HELLO in the server's place, as a server that does not
// know it: go-redis then goes on with AUTH, or with nothing. And it takes the
// AUTH of a server that has no password as done.
func (handshake) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		switch cmd.Name() {
		case "hello":
			cmd.SetErr(noHello{})
			return noHello{}
		case "auth":
			err := next(ctx, cmd)
			if err != nil && strings.Contains(err.Error(), "without any password configured") {
				cmd.SetErr(nil)
				return nil
			}
			return err
		default:
			return next(ctx, cmd)
		}
	}
}

// noHello is a reply of the kind that go-redis takes as the server's own.
type noHello struct{}

func (noHello) Error() string { return "ERR HELLO is not sent" }

// RedisError marks the reply.
func (noHello) RedisError() {}

// authWithoutPassword authenticates a user that has none; go-redis does that
// only for users with one.
func authWithoutPassword(p param.KVStore) func(context.Context, *redis.Conn) error {
	if p.User == "" || !p.Pass.Empty() {
		return nil
	}
	return func(ctx context.Context, conn *redis.Conn) error { return conn.AuthACL(ctx, p.User, "").Err() }
}
