// Package proxytest starts a real HTTP proxy process for a test.
package proxytest

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	// program is the proxy; it speaks CONNECT and absolute-form requests.
	program = "tinyproxy"
	// requireName is how EnvRequire names the proxy.
	requireName = "proxy"
	// startAttempts bounds how often another process may take the free port.
	startAttempts = 5
)

// EnvRequire is the environment variable that lists, with commas, the real
// counterparts whose absence fails a test instead of skipping it.
const EnvRequire = "TCSNS_REQUIRE"

// Options is what the proxy asks of its clients.
type Options struct {
	// Username and Password are the proxy's Basic authentication; both
	// empty: none. The proxy's configuration knows letters, digits and
	// "-_." alone.
	Username, Password string
}

// Proxy is a proxy on 127.0.0.1 that lives as long as its test.
type Proxy struct {
	Host string
	Port int

	user *url.Userinfo
	cmd  *exec.Cmd
	done chan struct{}

	mu    sync.Mutex
	lines []string
}

// URL returns the proxy with its credentials.
func (p *Proxy) URL() *url.URL {
	return &url.URL{Scheme: "http", User: p.user, Host: net.JoinHostPort(p.Host, strconv.Itoa(p.Port))}
}

// Stop ends the proxy and waits for its end. The test's cleanup calls it too.
func (p *Proxy) Stop() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// Requests ends the proxy, so that its log is complete, and returns the
// request lines that it got: "CONNECT host:443 HTTP/1.1".
func (p *Proxy) Requests() []string {
	p.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	var requests []string
	for _, line := range p.lines {
		if _, request, ok := strings.Cut(line, "): "); ok && strings.Contains(line, "Request (") {
			requests = append(requests, request)
		}
	}
	return requests
}

// Start starts a proxy on a free port and returns once it accepts
// connections. Without a proxy on the PATH the test is skipped, or fails
// where [EnvRequire] lists proxy.
func Start(t testing.TB, o Options) *Proxy {
	t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		if slices.Contains(strings.Split(os.Getenv(EnvRequire), ","), requireName) {
			t.Fatalf("%s lists %s: %v", EnvRequire, requireName, err)
		}
		t.Skipf("needs a proxy: %v", err)
	}
	for range startAttempts {
		var p *Proxy
		if p, err = start(t, path, o); err == nil {
			t.Cleanup(p.Stop)
			return p
		}
	}
	t.Fatalf("start %s: %v", program, err)
	return nil
}

func start(t testing.TB, path string, o Options) (*Proxy, error) {
	t.Helper()
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	p := &Proxy{Host: "127.0.0.1", Port: port, done: make(chan struct{})}
	config := fmt.Sprintf("Port %d\nListen 127.0.0.1\nTimeout 60\nMaxClients 50\nLogLevel Info\n", port)
	if o.Username != "" {
		p.user = url.UserPassword(o.Username, o.Password)
		config += fmt.Sprintf("BasicAuth %s %s\n", o.Username, o.Password)
	}
	file := filepath.Join(t.TempDir(), "proxy.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	p.cmd = exec.Command(path, "-d", "-c", file)
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.cmd.Stderr = p.cmd.Stdout
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	ready := make(chan error, 1)
	go func() {
		defer close(p.done)
		p.watch(bufio.NewScanner(out), ready)
		_ = p.cmd.Wait()
	}()
	if err := <-ready; err != nil {
		p.Stop()
		return nil, err
	}
	return p, nil
}

// watch reads the proxy's log to its end and reports once on ready: nil when
// the proxy accepts connections, else its last line.
func (p *Proxy) watch(log *bufio.Scanner, ready chan<- error) {
	reported, last := false, ""
	for log.Scan() {
		last = log.Text()
		p.mu.Lock()
		p.lines = append(p.lines, last)
		p.mu.Unlock()
		if !reported && strings.Contains(last, "Accepting connections") {
			reported = true
			ready <- nil
		}
	}
	if !reported {
		ready <- errors.New(last)
	}
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
