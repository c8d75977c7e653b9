package bench

import (
	"bufio"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A run opens one connection to the store, asks it twice (all reads in one go,
// all writes in another) and nothing besides, and makes one request to SNS.
func TestRoundTripsOfARun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stageOne()
	store := count(t, w.addr)
	w.addr = store.addr
	requests, connections := w.sns.Requests(), w.sns.Connections()

	w.app([]string{programs.app}, w.params(map[string]any{
		"tc_playbook_out_variables": "#App:2:sns.debug!String,#App:2:sns.success!String,#App:2:sns.message_id!String",
	}))

	store.close()
	require.Equal(t, 1, store.connections)
	require.Equal(t, [][]string{{"HGET"}, {"HSET", "HSET", "HSET"}}, store.trips)
	require.Equal(t, 1, w.sns.Requests()-requests, "requests to SNS")
	require.Equal(t, 1, w.sns.Connections()-connections, "connections to SNS")
}

// The figures that do not depend on the machine's speed.
func TestSizes(t *testing.T) {
	t.Parallel()
	const megabyte, mebibyte, sizeLimit = 1_000_000, 1 << 20, 12_000_000
	for _, arch := range []string{"amd64", "arm64"} {
		for _, path := range []string{"tcsns/cmd/tcsns", "tcsns/cmd/tcdev"} {
			program := filepath.Join(t.TempDir(), filepath.Base(path))
			require.NoError(t, release(path, program, append(os.Environ(), "GOOS=linux", "GOARCH="+arch)...))
			info, err := os.Stat(program)
			require.NoError(t, err)
			t.Logf("%s %s: %.2f MB", info.Name(), arch, float64(info.Size())/megabyte)
			require.LessOrEqual(t, info.Size(), int64(sizeLimit), "%s for %s", path, arch)
		}
	}

	w := newWorld(t)
	w.stageOne()
	one := w.app([]string{programs.app}, w.params(nil)).peak
	w.stageMany(10_000)
	many := w.app([]string{programs.app}, w.params(map[string]any{"address": items, "timeout_seconds": "600"})).peak
	t.Logf("peak memory: %.1f MiB for one address, %.1f for 10,000", float64(one)/mebibyte, float64(many)/mebibyte)
	require.LessOrEqual(t, one, int64(16*mebibyte), "peak memory of one run")
	require.LessOrEqual(t, many, int64(64*mebibyte), "peak memory of 10,000 addresses")
}

// counter stands between an App and its store and counts.
type counter struct {
	addr     string
	listener net.Listener
	done     sync.WaitGroup

	mu          sync.Mutex
	connections int
	trips       [][]string // the commands between two answers, one list a round trip
}

func count(t *testing.T, store string) *counter {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	c := &counter{addr: listener.Addr().String(), listener: listener}
	c.done.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			c.done.Go(func() { c.pass(client, store) })
		}
	})
	t.Cleanup(c.close)
	return c
}

// close ends the counting once every connection has ended.
func (c *counter) close() {
	_ = c.listener.Close()
	c.done.Wait()
}

// pass passes commands on one by one, and begins a trip with the first that
// comes after an answer was read.
func (c *counter) pass(client net.Conn, store string) {
	defer client.Close()
	server, err := net.Dial("tcp", store)
	if err != nil {
		return
	}
	defer server.Close()
	c.mu.Lock()
	c.connections++
	c.mu.Unlock()
	answered := true
	c.done.Go(func() {
		buffer := make([]byte, 64<<10)
		for {
			n, err := server.Read(buffer)
			if err != nil {
				return
			}
			c.mu.Lock()
			answered = true
			c.mu.Unlock()
			if _, err := client.Write(buffer[:n]); err != nil {
				return
			}
		}
	})
	// A pipeline is written at once: what is in the buffer when a command has
	// been read belongs to the same trip, whether or not the store was quick to
	// answer what was passed on before.
	commands := bufio.NewReaderSize(client, 64<<10)
	for pipelined := false; ; pipelined = commands.Buffered() > 0 {
		raw, name, err := readCommand(commands)
		if err != nil {
			return
		}
		c.mu.Lock()
		if answered && !pipelined {
			c.trips = append(c.trips, nil)
		}
		answered = false
		last := len(c.trips) - 1
		c.trips[last] = append(c.trips[last], name)
		c.mu.Unlock()
		if _, err := io.WriteString(server, raw); err != nil {
			return
		}
	}
}

// readCommand reads one command of the Redis protocol, an array of bulk
// strings, as it is and by its name.
func readCommand(r *bufio.Reader) (raw, name string, err error) {
	var b strings.Builder
	arguments, err := readLength(r, &b)
	for i := 0; i < arguments && err == nil; i++ {
		var length int
		if length, err = readLength(r, &b); err != nil {
			break
		}
		text := make([]byte, length+len("\r\n"))
		_, err = io.ReadFull(r, text)
		b.Write(text)
		if i == 0 {
			name = strings.ToUpper(string(text[:length]))
		}
	}
	return b.String(), name, err
}

// readLength reads the line "*3" or "$12".
func readLength(r *bufio.Reader, b *strings.Builder) (int, error) {
	line, err := r.ReadString('\n')
	b.WriteString(line)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(line[1:]))
}

// The process is on one processor before the packages that cost something are
// initialised (cmd/tcsns/early).
func TestEarlyIsEarly(t *testing.T) {
	t.Parallel()
	app := exec.Command(programs.app, "--version")
	app.Env = append(os.Environ(), "GODEBUG=inittrace=1")
	trace, err := app.CombinedOutput()
	require.NoError(t, err)
	at := func(prefix string) int { return strings.Index(string(trace), "init "+prefix) }
	early := at("tcsns/cmd/tcsns/early ")
	require.Positive(t, early)
	for _, later := range []string{"net/http ", "crypto/tls ", "github.com/aws/", "github.com/redis/"} {
		require.Greater(t, at(later), early, later)
	}
}
