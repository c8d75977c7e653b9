package platform

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// redisTimeout is how long the platform waits for the key-value store: it is
// on the same machine or the next one.
const redisTimeout = 5 * time.Second

// RedisOptions is where a Redis is, and how to get in.
type RedisOptions struct {
	Addr     string // host:port
	User     string // empty: the default user
	Password string // empty: no AUTH
	DB       int    // tc_playbook_kvstore_id

	// TLS, when set, is what the platform itself connects with. The App is told
	// to use TLS too, with the files below.
	TLS                           *tls.Config
	CACertFile, CertFile, KeyFile string // tc_svc_broker_{cacert,cert,key}_file
}

// Redis is a key-value store of kind Redis. It speaks the protocol itself, so
// that what it stages does not pass through the client that the App uses.
//
// It opens a connection for each call and is safe for concurrent use.
type Redis struct {
	options  RedisOptions
	host     string
	port     int
	embedded *miniredis.Miniredis // nil for a real one
}

// StartRedis starts an embedded key-value store on a free port of the loopback
// interface.
func StartRedis() (*Redis, error) {
	server, err := miniredis.Run()
	if err != nil {
		return nil, fmt.Errorf("start key-value store: %w", err)
	}
	r, err := newRedis(RedisOptions{Addr: server.Addr()})
	if err != nil {
		server.Close()
		return nil, err
	}
	r.embedded = server
	return r, nil
}

// OpenRedis returns the key-value store at o.Addr, after asking it whether it
// is there and lets us in.
func OpenRedis(ctx context.Context, o RedisOptions) (*Redis, error) {
	r, err := newRedis(o)
	if err != nil {
		return nil, err
	}
	if _, err := r.do(ctx, []string{"PING"}); err != nil {
		return nil, fmt.Errorf("open key-value store %s: %w", o.Addr, err)
	}
	return r, nil
}

func newRedis(o RedisOptions) (*Redis, error) {
	host, portText, err := net.SplitHostPort(o.Addr)
	if err != nil {
		return nil, fmt.Errorf("open key-value store: %w", err)
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, fmt.Errorf("open key-value store: port %q is no number", portText)
	}
	return &Redis{options: o, host: host, port: port}, nil
}

// Embedded is the server behind [StartRedis], for tests that make it fail; nil
// for a real one.
func (r *Redis) Embedded() *miniredis.Miniredis { return r.embedded }

// Params returns the tc_kvstore_* parameters.
func (r *Redis) Params() map[string]any {
	p := map[string]any{
		"tc_kvstore_type":        "Redis",
		"tc_kvstore_host":        r.host,
		"tc_kvstore_port":        r.port,
		"tc_kvstore_tls_enabled": r.options.TLS != nil,
		"tc_playbook_kvstore_id": r.options.DB,
	}
	if r.options.TLS != nil {
		p["tc_kvstore_tls_port"] = r.port
	}
	for name, value := range map[string]string{
		"tc_kvstore_user":           r.options.User,
		"tc_kvstore_pass":           r.options.Password,
		"tc_svc_broker_cacert_file": r.options.CACertFile,
		"tc_svc_broker_cert_file":   r.options.CertFile,
		"tc_svc_broker_key_file":    r.options.KeyFile,
	} {
		if value != "" {
			p[name] = value
		}
	}
	return p
}

// Stage writes variables with one HSET.
func (r *Redis) Stage(ctx context.Context, kvContext string, variables map[string][]byte) error {
	if len(variables) == 0 {
		return nil
	}
	command := []string{"HSET", kvContext}
	for key, value := range variables {
		command = append(command, key, string(value))
	}
	if _, err := r.do(ctx, command); err != nil {
		return fmt.Errorf("stage variables: %w", err)
	}
	return nil
}

// Read returns all variables of a context.
func (r *Redis) Read(ctx context.Context, kvContext string) (map[string][]byte, error) {
	reply, err := r.do(ctx, []string{"HGETALL", kvContext})
	if err != nil {
		return nil, fmt.Errorf("read variables: %w", err)
	}
	variables := map[string][]byte{}
	fields, _ := reply.([]any)
	for i := 0; i+1 < len(fields); i += 2 {
		key, _ := fields[i].([]byte)
		value, _ := fields[i+1].([]byte)
		variables[string(key)] = value
	}
	return variables, nil
}

// Delete removes a context with all its variables.
func (r *Redis) Delete(ctx context.Context, kvContext string) error {
	if _, err := r.do(ctx, []string{"DEL", kvContext}); err != nil {
		return fmt.Errorf("delete variables: %w", err)
	}
	return nil
}

// Close ends the embedded server.
func (r *Redis) Close() error {
	if r.embedded != nil {
		r.embedded.Close()
	}
	return nil
}

// do connects, gets in, sends one command and returns its reply.
func (r *Redis) do(ctx context.Context, command []string) (any, error) {
	ctx, cancel := context.WithTimeout(ctx, redisTimeout)
	defer cancel()
	conn, err := r.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()

	commands := append(r.greeting(), command)
	var request []byte
	for _, c := range commands {
		request = appendCommand(request, c)
	}
	if _, err := conn.Write(request); err != nil {
		return nil, err
	}
	replies := bufio.NewReader(conn)
	var reply any
	for range commands {
		if reply, err = readReply(replies, 0); err != nil {
			return nil, err
		}
	}
	return reply, nil
}

func (r *Redis) dial(ctx context.Context) (net.Conn, error) {
	if r.options.TLS != nil {
		return (&tls.Dialer{Config: r.options.TLS}).DialContext(ctx, "tcp", r.options.Addr)
	}
	return (&net.Dialer{}).DialContext(ctx, "tcp", r.options.Addr)
}

// greeting is what comes before the first command on a connection.
func (r *Redis) greeting() [][]string {
	var commands [][]string
	switch {
	case r.options.User != "":
		commands = append(commands, []string{"AUTH", r.options.User, r.options.Password})
	case r.options.Password != "":
		commands = append(commands, []string{"AUTH", r.options.Password})
	}
	if r.options.DB != 0 {
		commands = append(commands, []string{"SELECT", strconv.Itoa(r.options.DB)})
	}
	return commands
}

// errProtocol is a reply that is no RESP2.
var errProtocol = errors.New("what answers there is no Redis")
