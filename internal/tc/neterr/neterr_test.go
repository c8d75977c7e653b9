package neterr_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/neterr"
)

func TestOf(t *testing.T) {
	t.Parallel()
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	for _, c := range []struct {
		err       error
		want      neterr.Kind
		temporary bool
	}{
		{errors.New("something"), neterr.Unknown, false},
		{context.Canceled, neterr.Canceled, true},
		{context.DeadlineExceeded, neterr.Timeout, true},
		{dial(os.ErrDeadlineExceeded), neterr.Timeout, true},
		{dial(syscall.ETIMEDOUT), neterr.Timeout, true},
		{dial(&net.DNSError{IsNotFound: true}), neterr.NoSuchHost, true},
		{dial(&net.DNSError{IsTimeout: true}), neterr.Timeout, true},
		{dial(&net.DNSError{IsTemporary: true}), neterr.NoSuchHost, true},
		{dial(os.NewSyscallError("connect", syscall.ECONNREFUSED)), neterr.Refused, true},
		{dial(syscall.EHOSTUNREACH), neterr.Unreachable, true},
		{dial(syscall.EMFILE), neterr.Resources, true},
		{io.EOF, neterr.Closed, true},
		{fmt.Errorf("read: %w", io.ErrUnexpectedEOF), neterr.Closed, true},
		{syscall.ECONNRESET, neterr.Closed, true},
		{x509.UnknownAuthorityError{}, neterr.UntrustedCA, false},
		{x509.SystemRootsError{}, neterr.UntrustedCA, false},
		{x509.HostnameError{Certificate: &x509.Certificate{}, Host: "h"}, neterr.WrongHost, false},
		{&tls.CertificateVerificationError{Err: x509.CertificateInvalidError{Reason: x509.Expired}}, neterr.Expired, false},
		{x509.CertificateInvalidError{Reason: x509.NotAuthorizedToSign}, neterr.UntrustedCA, false},
		{&tls.CertificateVerificationError{Err: errors.New("x")}, neterr.UntrustedCA, false},
		{tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, neterr.NoTLS, false},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: certificate required")}, neterr.ClientCert, false},
		{&net.OpError{Op: "remote error", Err: errors.New("tls: protocol version not supported")}, neterr.TLSHandshake, false},
		{&net.OpError{Op: "local error", Err: errors.New("tls: internal error")}, neterr.TLSHandshake, false},
	} {
		t.Run(fmt.Sprint(c.want, "/", c.err), func(t *testing.T) {
			t.Parallel()
			got := neterr.Of(fmt.Errorf("wrapped: %w", c.err))
			require.Equal(t, c.want, got)
			require.Equal(t, c.temporary, got.Temporary())
		})
	}
}

func TestEveryKindHasItsOwnWords(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for kind := neterr.Unknown; kind <= neterr.TLSHandshake; kind++ {
		require.False(t, seen[kind.String()], kind.String())
		seen[kind.String()] = true
	}
}
