package redistest_test

import (
	"bufio"
	"crypto/tls"
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/redistest"
)

func TestStartAsksWhatItIsToldTo(t *testing.T) {
	t.Parallel()
	ca := redistest.NewAuthority(t)
	client := ca.Issue(t, redistest.Certificate{}).TLS
	for _, c := range []struct {
		name   string
		o      redistest.Options
		client *tls.Config
		send   string
		want   string
	}{
		{"plain", redistest.Options{}, nil, "PING\r\n", "+PONG"},
		{"password missing", redistest.Options{Password: "pw"}, nil, "PING\r\n", "-NOAUTH Authentication required."},
		{"password", redistest.Options{Password: "pw"}, nil, "AUTH pw\r\n", "+OK"},
		{"user", redistest.Options{ACL: []string{"app on >pw ~* +@all"}}, nil, "AUTH app pw\r\n", "+OK"},
		{"tls", redistest.Options{TLS: &redistest.TLS{Authority: ca}},
			&tls.Config{RootCAs: ca.Pool(), ServerName: "127.0.0.1"}, "PING\r\n", "+PONG"},
		{"mutual tls", redistest.Options{TLS: &redistest.TLS{Authority: ca, Mutual: true}},
			&tls.Config{RootCAs: ca.Pool(), ServerName: "localhost", Certificates: []tls.Certificate{client}}, "PING\r\n", "+PONG"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := redistest.Start(t, c.o)
			conn, err := net.Dial("tcp", s.Addr())
			require.NoError(t, err)
			if c.client != nil {
				conn = tls.Client(conn, c.client)
			}
			defer conn.Close()
			_, err = conn.Write([]byte(c.send))
			require.NoError(t, err)
			line, err := bufio.NewReader(conn).ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, c.want+"\r\n", line)
		})
	}
}

func TestStopEndsTheServer(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, redistest.Options{})
	conn, err := net.Dial("tcp", s.Addr())
	require.NoError(t, err)
	defer conn.Close()
	s.Stop()
	_, err = conn.Read(make([]byte, 1))
	require.Error(t, err, "end or reset, as the server's socket happens to close")
}

func TestRefusingAddrRefuses(t *testing.T) {
	t.Parallel()
	_, err := net.Dial("tcp", redistest.RefusingAddr(t))
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}
