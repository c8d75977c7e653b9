// Package redistest starts a real redis-server for a test: plain, with a
// password, with an ACL user, over TLS and over mutual TLS.
package redistest

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// program is the server; EnvRequire names it the same way.
const program = "redis-server"

// EnvRequire is the environment variable that lists, with commas, the real
// counterparts whose absence fails a test instead of skipping it.
const EnvRequire = "TCSNS_REQUIRE"

// startAttempts bounds how often another process may take the free port
// between its choice and the server's start.
const startAttempts = 5

// Options is what the server asks of its clients. The zero value is a plain
// server without a password.
type Options struct {
	Password string   // requirepass: the password of the user "default"
	ACL      []string // ACL rules, one a user: "app on >secret ~* +@all"
	TLS      *TLS     // nil: plain TCP
	Config   []string // further arguments: "--maxmemory", "1"
}

// TLS is how the server does TLS.
type TLS struct {
	Authority  *Authority // signs the server's certificate and, when Mutual, the clients'
	Names      []string   // names and addresses of the certificate; default 127.0.0.1 and localhost
	Expired    bool       // the server's certificate is out of date
	Mutual     bool       // the client must show a certificate of Authority
	MaxVersion string     // tls-protocols, such as "TLSv1.2"; default the server's
}

// Server is a redis-server that lives as long as its test.
type Server struct {
	Host string
	Port int // the TLS port when TLS is on

	cmd    *exec.Cmd
	exited chan struct{}
}

// Addr returns host:port.
func (s *Server) Addr() string { return net.JoinHostPort(s.Host, strconv.Itoa(s.Port)) }

// Pid returns the server's process id, for a test that stops and continues it.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// Stop kills the server and waits for its end. The test's cleanup calls it
// too.
func (s *Server) Stop() {
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// Start starts a server on a free port of 127.0.0.1 and returns once it
// accepts connections. Without a redis-server on the PATH the test is
// skipped, or fails where [EnvRequire] lists redis-server.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	path := Require(t, program, program)
	var last error
	for range startAttempts {
		s, err := start(t, path, o)
		if err == nil {
			t.Cleanup(s.Stop)
			return s
		}
		last = err
	}
	t.Fatalf("start %s: %v", program, last)
	return nil
}

// Require returns the path of an executable, else ends the test: as skipped,
// or as failed where [EnvRequire] lists name.
func Require(t testing.TB, name, executable string) string {
	t.Helper()
	path, err := exec.LookPath(executable)
	if err == nil {
		return path
	}
	if slices.Contains(strings.Split(os.Getenv(EnvRequire), ","), name) {
		t.Fatalf("%s lists %s: %v", EnvRequire, name, err)
	}
	t.Skipf("needs %s: %v", name, err)
	return ""
}

func start(t testing.TB, path string, o Options) (*Server, error) {
	t.Helper()
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s := &Server{Host: "127.0.0.1", Port: port, exited: make(chan struct{})}
	s.cmd = exec.Command(path, arguments(t, port, o)...)
	s.cmd.Dir = t.TempDir()
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	ready := make(chan error, 1)
	go func() {
		defer close(s.exited)
		watch(bufio.NewScanner(out), ready)
		_ = s.cmd.Wait()
	}()
	if err := <-ready; err != nil {
		s.Stop()
		return nil, err
	}
	return s, nil
}

// watch reads the server's log to its end and reports once on ready: nil
// when the server accepts connections, else its last line.
func watch(log *bufio.Scanner, ready chan<- error) {
	reported, last := false, ""
	for log.Scan() {
		last = log.Text()
		if !reported && strings.Contains(last, "Ready to accept connections") {
			reported = true
			ready <- nil
		}
	}
	if !reported {
		ready <- errors.New(last)
	}
}

func arguments(t testing.TB, port int, o Options) []string {
	t.Helper()
	args := []string{"--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--loglevel", "notice"}
	if o.TLS == nil {
		args = append(args, "--port", strconv.Itoa(port))
	} else {
		args = append(args, "--port", "0", "--tls-port", strconv.Itoa(port))
		args = append(args, tlsArguments(t, *o.TLS)...)
	}
	if o.Password != "" {
		args = append(args, "--requirepass", o.Password)
	}
	for _, rule := range o.ACL {
		args = append(append(args, "--user"), strings.Fields(rule)...)
	}
	return append(args, o.Config...)
}

func tlsArguments(t testing.TB, o TLS) []string {
	t.Helper()
	names := o.Names
	if len(names) == 0 {
		names = []string{"127.0.0.1", "localhost"}
	}
	pair := o.Authority.Issue(t, Certificate{Names: names, Expired: o.Expired})
	clients := "no"
	if o.Mutual {
		clients = "yes"
	}
	args := []string{
		"--tls-cert-file", pair.CertFile, "--tls-key-file", pair.KeyFile,
		"--tls-ca-cert-file", o.Authority.CAFile, "--tls-auth-clients", clients,
	}
	if o.MaxVersion != "" {
		args = append(args, "--tls-protocols", o.MaxVersion)
	}
	return args
}

// freePort returns a port that was free a moment ago.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	return port, l.Close()
}

// write writes a file of the test and returns its path.
func write(t testing.TB, dir, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
