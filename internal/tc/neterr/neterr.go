// Package neterr says in words what kept a connection from working: pure, no
// I/O, nothing of the peer's reply.
package neterr

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
)

// Kind is what kept a connection from working.
type Kind int

// The kinds.
const (
	Unknown      Kind = iota
	Canceled          // the caller gave up
	Timeout           // no answer in time
	NoSuchHost        // the name does not resolve
	Refused           // nobody listens there
	Unreachable       // no route there, or it is filtered
	Closed            // the peer closed the connection before its answer was complete
	Resources         // this machine has no file descriptor, port or memory left
	UntrustedCA       // TLS: signed by an authority that is not trusted
	WrongHost         // TLS: the certificate is for another host
	Expired           // TLS: the certificate is out of date, or this machine's clock is
	ClientCert        // TLS: the peer asks for a client certificate, or refuses the one it got
	NoTLS             // the peer does not speak TLS
	TLSHandshake      // TLS: any other failure
)

// String says it as the end of a sentence that starts with what was tried.
func (k Kind) String() string {
	switch k {
	case Canceled:
		return "the run was stopped"
	case Timeout:
		return "no answer in time"
	case NoSuchHost:
		return "the host name does not resolve"
	case Refused:
		return "the connection is refused, nobody listens there"
	case Unreachable:
		return "the host cannot be reached"
	case Closed:
		return "the connection was closed before the answer was complete"
	case Resources:
		return "this machine has no file descriptor, port or memory left for a connection"
	case UntrustedCA:
		return "its TLS certificate is signed by an authority that is not trusted"
	case WrongHost:
		return "its TLS certificate is for another host name"
	case Expired:
		return "its TLS certificate is out of date, or this machine's clock is wrong"
	case ClientCert:
		return "it asks for a TLS client certificate, or refuses the one it got"
	case NoTLS:
		return "it does not speak TLS"
	case TLSHandshake:
		return "the TLS handshake failed"
	default:
		return "the connection failed"
	}
}

// Temporary reports whether the same call may succeed a little later without
// anybody mending anything.
func (k Kind) Temporary() bool {
	switch k {
	case Canceled, Timeout, NoSuchHost, Refused, Unreachable, Closed, Resources:
		return true
	default:
		return false
	}
}

// Of returns the kind of a failure that package net, crypto/tls or net/http
// reported; Unknown when it is something else.
func Of(err error) Kind {
	if kind := tlsKind(err); kind != Unknown {
		return kind
	}
	var dns *net.DNSError
	switch {
	case errors.Is(err, context.Canceled):
		return Canceled
	case errors.As(err, &dns) && dns.IsNotFound:
		return NoSuchHost
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		errors.Is(err, syscall.ETIMEDOUT), isTimeout(err):
		return Timeout
	case dns != nil:
		return NoSuchHost
	case errors.Is(err, syscall.ECONNREFUSED):
		return Refused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EACCES),
		errors.Is(err, syscall.EPERM):
		return Unreachable
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed),
		errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNABORTED):
		return Closed
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.EADDRNOTAVAIL),
		errors.Is(err, syscall.ENOBUFS), errors.Is(err, syscall.ENOMEM):
		return Resources
	default:
		return Unknown
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

func tlsKind(err error) Kind {
	var (
		authority x509.UnknownAuthorityError
		roots     x509.SystemRootsError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		verify    *tls.CertificateVerificationError
		record    tls.RecordHeaderError
		op        *net.OpError
	)
	switch {
	case errors.As(err, &authority), errors.As(err, &roots):
		return UntrustedCA
	case errors.As(err, &host):
		return WrongHost
	case errors.As(err, &invalid):
		if invalid.Reason == x509.Expired {
			return Expired
		}
		return UntrustedCA
	case errors.As(err, &verify):
		return UntrustedCA
	case errors.As(err, &record):
		return NoTLS
	case errors.As(err, &op) && op.Op == "remote error":
		// The alerts of crypto/tls have no exported type outside QUIC.
		if strings.Contains(op.Err.Error(), "certificate") {
			return ClientCert
		}
		return TLSHandshake
	case errors.As(err, &op) && op.Op == "local error":
		return TLSHandshake
	default:
		return Unknown
	}
}
