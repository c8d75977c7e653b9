package kvstore

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"

	"tcsns/internal/tc/param"
)

// tlsConfig returns how to do TLS, nil for plain TCP.
func tlsConfig(p param.KVStore, store string) (*tls.Config, error) {
	if !p.TLS {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: p.Host}
	if err := trust(config, p.CACertFile, store); err != nil {
		return nil, err
	}
	if err := identify(config, p.CertFile, p.KeyFile, store); err != nil {
		return nil, err
	}
	return config, nil
}

// trust sets the authorities of a CA file; the system's when path is empty.
func trust(config *tls.Config, path, store string) error {
	if path == "" {
		return nil
	}
	pem, err := os.ReadFile(path)
	pool := x509.NewCertPool()
	if err == nil && !pool.AppendCertsFromPEM(pem) {
		err = errors.New("no PEM certificate in it")
	}
	if err != nil {
		return &Error{
			Op: "use", Store: store, Reason: Config, Problem: "the CA file cannot be read", Err: err,
			Fix: "let tc_svc_broker_cacert_file name a PEM file that the App may read",
		}
	}
	config.RootCAs = pool
	return nil
}

// identify sets the client's certificate; none when both paths are empty.
func identify(config *tls.Config, certFile, keyFile, store string) error {
	if certFile == "" && keyFile == "" {
		return nil
	}
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return &Error{
			Op: "use", Store: store, Reason: Config, Problem: "the client certificate cannot be read", Err: err,
			Fix: "let tc_svc_broker_cert_file and tc_svc_broker_key_file name a certificate and its key, PEM files that the App may read",
		}
	}
	config.Certificates = []tls.Certificate{cert}
	return nil
}
