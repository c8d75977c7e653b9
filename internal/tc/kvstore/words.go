package kvstore

import (
	"errors"
	"net"
	"strings"

	"github.com/redis/go-redis/v9"

	"tcsns/internal/tc/neterr"
)

// words puts what go-redis reports into words.
type words struct {
	store      string
	tls        bool
	clientCert bool
	db         int
}

// replyError is a refusal of the server by its code alone: the text after it
// may quote arguments of the command, and they are values.
type replyError struct{ code string }

func (e *replyError) Error() string { return "redis answers " + e.code }

// failure returns the error of an operation; keys are those that failed, nil
// for all.
func (w words) failure(op string, keys []string, err error) *Error {
	e := &Error{Op: op, Store: w.store, Keys: keys, Err: err}
	var reply redis.Error
	if errors.As(err, &reply) {
		w.refused(e, reply.Error())
		return e
	}
	w.broken(e, err)
	return e
}

// refused fills e from an error reply.
func (w words) refused(e *Error, reply string) {
	code := replyCode(reply)
	if strings.HasPrefix(reply, "ERR max number of clients") {
		code = "BUSY"
	}
	e.Err = &replyError{code}
	switch code {
	case "NOAUTH":
		e.Reason, e.Problem = Credentials, "it asks for a password (NOAUTH)"
		e.Fix = "ask the ThreatConnect administrator to send tc_kvstore_user and tc_kvstore_pass (the App's feature redisPasswordSupport)"
	case "WRONGPASS":
		e.Reason, e.Problem = Credentials, "it refuses the user or the password (WRONGPASS)"
		e.Fix = "ask the ThreatConnect administrator to check tc_kvstore_user and tc_kvstore_pass"
	case "NOPERM":
		e.Reason, e.Problem = Permission, "the user may not do this (NOPERM)"
		e.Fix = "ask the administrator of the store to allow tc_kvstore_user HGET and HSET on all keys"
	case "LOADING", "MASTERDOWN", "BUSY", "TRYAGAIN", "CLUSTERDOWN", "NOREPLICAS":
		e.Reason, e.Problem = Starting, "it is not ready ("+code+")"
		e.Fix = "run the playbook again in a minute"
	case "MOVED", "ASK":
		e.Reason, e.Problem = Rejected, "it is one of a cluster, and another of its servers has this ("+code+")"
		e.Fix = "let tc_kvstore_host and its port name a Redis that is no cluster"
	case "READONLY":
		e.Reason, e.Problem = ReadOnly, "it is a read-only replica (READONLY)"
		e.Fix = "let tc_kvstore_host and its port name the master"
	case "OOM", "MISCONF":
		e.Reason, e.Problem = Full, "it has no memory or disk left ("+code+")"
		e.Fix = "ask the administrator of the store to make room or raise its maxmemory"
	case "WRONGTYPE":
		e.Reason, e.Problem = WrongType, "what is stored under the playbook's context is no hash (WRONGTYPE)"
		e.Fix = "check tc_playbook_kvstore_context and tc_playbook_kvstore_id"
	default:
		e.Reason, e.Problem = Rejected, "it refuses the command ("+code+")"
		e.Fix = "check that tc_kvstore_host and its port name a Redis server of version 2.6 or later"
		if w.db != 0 {
			e.Fix = "check that the server has the database of tc_playbook_kvstore_id"
		}
	}
}

// broken fills e from a connection that does not work.
func (w words) broken(e *Error, err error) {
	kind := neterr.Of(err)
	e.Problem = kind.String()
	e.Fix = "check tc_kvstore_host and " + w.portName() + ", and whether the store is up and reachable from the App's machine"
	switch kind {
	case neterr.Canceled:
		e.Reason, e.Fix = Canceled, "run the playbook again"
	case neterr.Timeout:
		e.Reason = Timeout
	case neterr.NoSuchHost, neterr.Refused, neterr.Unreachable:
		e.Reason = Down
	case neterr.Resources:
		e.Reason, e.Fix = Down, "raise the limit of open files of the App's user, or run fewer playbooks at once"
	case neterr.Closed:
		w.closed(e)
	case neterr.UntrustedCA:
		e.Reason, e.Fix = Certificate, "let tc_svc_broker_cacert_file name the CA of the store's certificate"
	case neterr.WrongHost:
		e.Reason, e.Fix = Certificate, "let tc_kvstore_host be a name that the store's certificate has"
	case neterr.Expired:
		e.Reason, e.Fix = Certificate, "renew the store's certificate, or set this machine's clock"
	case neterr.ClientCert:
		e.Reason, e.Fix = Certificate, clientCertFix
	case neterr.NoTLS:
		e.Reason, e.Fix = Certificate, "check tc_kvstore_tls_enabled and tc_kvstore_tls_port"
	case neterr.TLSHandshake:
		e.Reason, e.Fix = Certificate, "check that the store speaks TLS 1.2 or later, and tc_kvstore_tls_enabled"
		if !w.clientCert {
			e.Fix += "; if it asks for a certificate, " + clientCertFix
		}
	default:
		var operation *net.OpError
		if errors.As(err, &operation) && operation.Op == "dial" {
			e.Reason = Down
			return
		}
		// What go-redis says of an answer that it cannot read quotes it.
		e.Reason, e.Err = Garbage, nil
		e.Problem = "the answer is not Redis's"
		e.Fix = "check that tc_kvstore_host and " + w.portName() + " name a Redis server"
	}
}

const clientCertFix = "let tc_svc_broker_cert_file and tc_svc_broker_key_file name a certificate that the store accepts"

// closed is a connection that ended early. TLS 1.3 tells a client that its
// certificate is missing only by that, when the alert is lost.
func (w words) closed(e *Error) {
	e.Reason = Closed
	switch {
	case w.tls && !w.clientCert:
		e.Problem += ", as a server does that asks for a TLS client certificate"
		e.Fix = "look at the store's log; if it asks for a certificate, " + clientCertFix
	case !w.tls:
		e.Fix += "; if it speaks TLS, set tc_kvstore_tls_enabled"
	}
}

func (w words) portName() string {
	if w.tls {
		return "tc_kvstore_tls_port"
	}
	return "tc_kvstore_port"
}

// maxCode is above the length of every code that Redis has, in bytes.
const maxCode = 20

// replyCode returns the first word of an error reply: a code in capitals, or
// ERR for anything that is no code.
func replyCode(reply string) string {
	code, _, _ := strings.Cut(reply, " ")
	if code == "" || len(code) > maxCode || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
		return "ERR"
	}
	return code
}
