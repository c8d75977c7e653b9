package snstopic

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"
)

// The services that refuse.
const (
	serviceSNS = "SNS"
	serviceSTS = "STS"
)

const fixProxy = "correct the proxy's user, password and rules: it must let the Playbook Server reach SNS (and STS for aws_role_arn) on port 443"

// explain turns the error of a call into words: the one place where the SDK's
// errors are read. Outcome and Retryable follow from all of its attempts.
func (t *Topic) explain(ctx context.Context, op string, c *call, err error) *Error {
	if c.last != nil && isCancelled(err) {
		err = c.last // what failed before the pause in which ctx ended
	}
	e := t.describe(ctx, c, err)
	e.Op, e.Err = op, &cause{err, clean(err.Error(), t.redact)}
	if e.Outcome == NotSent { // describe has no better
		e.Outcome = Failed
	}
	switch {
	case c.unsettled:
		e.Outcome = Unknown
		e.Retryable = c.protected
		e.Fix = t.fixForUnknown(c.protected)
	case c.unknown:
		// An earlier attempt was written and not answered; this one failed.
		e.Outcome = Unknown
		e.Message += " (an earlier attempt got no answer and may have been published)"
		e.Retryable = e.Retryable && c.protected
	case e.Class == ClassTimeout && c.attempts == 0:
		e.Outcome = NotSent
	}
	return e
}

// cause is an error of the SDK whose words are fit for a log: they too recite
// what AWS said.
type cause struct {
	err   error
	words string
}

func (c *cause) Error() string { return c.words }

func (c *cause) Unwrap() error { return c.err }

func (t *Topic) fixForUnknown(protected bool) string {
	if protected {
		return "run it again: its deduplication id keeps a second copy from being delivered for five minutes"
	}
	return unknownFix
}

// describe says what err is, as far as the attempt it comes from goes.
func (t *Topic) describe(ctx context.Context, c *call, err error) *Error {
	var credentials *credentialsError
	if errors.As(err, &credentials) {
		return t.describeCredentials(ctx, credentials.err)
	}
	if c.unsettled {
		return t.describeUnanswered(ctx, err)
	}
	if e := t.describeAnswer(serviceSNS, err); e != nil {
		return e
	}
	cause := err
	if c.lastCause != nil {
		cause = c.lastCause // the SDK replaces it when ctx is done
	}
	return t.describeNetwork(ctx, serviceSNS, cause)
}

// describeUnanswered is for a request that was written, and got no answer that
// can be read.
func (t *Topic) describeUnanswered(ctx context.Context, err error) *Error {
	e := &Error{Code: CodeUnknown, Class: ClassUnknown, Service: serviceSNS}
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) {
		e.Status, e.RequestID = answer.HTTPStatusCode(), clean(answer.ServiceRequestID(), nil)
	}
	var decode *smithy.DeserializationError
	switch {
	case ctx.Err() != nil:
		_, why, _ := t.stopped(ctx)
		e.Message = why + " after the request was written and before the answer, so whether it was published is unknown"
	case errors.As(err, &decode) && isHTML(decode.Snapshot):
		e.Code = CodeNotSNS
		e.Message = "the answer is a web page, not one of SNS, so whether it was published is unknown"
	case e.Status != 0:
		e.Message = "the answer cannot be read, so whether it was published is unknown"
	default:
		e.Message = "the connection broke after the request was written and before the answer, so whether it was published is unknown"
	}
	return e
}

func isHTML(head []byte) bool {
	head = bytes.ToLower(bytes.TrimSpace(head))
	return bytes.HasPrefix(head, []byte("<!doctype html")) || bytes.HasPrefix(head, []byte("<html"))
}

// describeAnswer is for an answer that says no; nil when err holds none.
func (t *Topic) describeAnswer(service string, err error) *Error {
	e := &Error{Service: service, Outcome: Failed}
	var answer *awshttp.ResponseError
	if errors.As(err, &answer) {
		e.Status, e.RequestID = answer.HTTPStatusCode(), clean(answer.ServiceRequestID(), nil)
	}
	var api smithy.APIError
	const noCode = "UnknownError" // the SDK's word for an answer without one
	if errors.As(err, &api) && api.ErrorCode() != noCode {
		e.Code, e.Message = clean(api.ErrorCode(), t.redact), clean(api.ErrorMessage(), t.redact)
		r := t.remedyFor(e.Code, e.Message)
		if r.class == "" {
			r = remedyForStatus(e.Status)
			r.fix = "see the message of " + service + ", or look up " + e.Code + " in its API reference"
		}
		e.Class, e.Retryable, e.Fix = r.class, r.retryable, r.fix
		return e
	}
	if e.Status == 0 {
		return nil
	}
	r := remedyForStatus(e.Status)
	e.Class, e.Retryable, e.Fix = r.class, r.retryable, r.fix
	switch {
	case e.Status == 407:
		e.Code, e.Service, e.Message = CodeProxy, "", "the proxy wants credentials"
	case e.Status >= 300 && e.Status < 400:
		e.Code, e.Service, e.Message = CodeRedirect, "", "the answer points elsewhere, which is not followed: the signature is for this address only"
	default:
		e.Code, e.Message = CodeNotSNS, "the answer is an error without a code, as "+service+" writes none"
	}
	return e
}

// describeCredentials is for a failure before there were credentials.
func (t *Topic) describeCredentials(ctx context.Context, err error) *Error {
	var operation *smithy.OperationError
	if errors.As(err, &operation) && operation.Service() == serviceSTS {
		return t.describeSTS(ctx, operation)
	}
	e := &Error{Code: CodeCredentials, Class: ClassAuth, Outcome: Failed}
	if ctx.Err() != nil {
		e.Code, e.Message, e.Fix = t.stopped(ctx)
		e.Class, e.Message, e.Retryable = ClassTimeout, e.Message+" while credentials were fetched", true
		return e
	}
	const fixKeys = "set aws_access_key_id and aws_secret_access_key"
	switch {
	case errors.As(err, &operation) && operation.Service() == imds.ServiceID: // the last of the chain
		e.Message = "no credentials found in the environment, the profile, the container or the instance of the Playbook Server"
		e.Fix = fixKeys + ", or give the Playbook Server an instance role"
	case errors.Is(err, errPerson):
		e.Message = "the AWS profile of the Playbook Server asks for a person to sign in (SSO, aws login)"
		e.Fix = fixKeys + ", or hand a session on: aws configure export-credentials prints it as environment variables (--format env)"
	case errors.Is(err, errProcess):
		e.Message = "the credential_process of the AWS profile on the Playbook Server gives no credentials"
		e.Fix = "mend what the profile's credential_process runs, or " + fixKeys
	default:
		e.Message = "the Playbook Server names a web identity or a container to ask for credentials, and it gives none"
		e.Fix = "check AWS_WEB_IDENTITY_TOKEN_FILE or AWS_CONTAINER_CREDENTIALS_FULL_URI (or _RELATIVE_URI) on the Playbook Server, or " + fixKeys
	}
	if t.roleARN != "" {
		e.Message += ", to assume aws_role_arn with"
	}
	return e
}

// describeSTS calls the errors of STS errors of STS.
func (t *Topic) describeSTS(ctx context.Context, operation *smithy.OperationError) *Error {
	e := t.describeAnswer(serviceSTS, operation)
	if e == nil {
		e = t.describeNetwork(ctx, serviceSTS, operation)
		e.Service = serviceSTS
		return e
	}
	identity := operation.Operation() == "AssumeRoleWithWebIdentity"
	switch e.Code {
	case "AccessDenied", "AccessDeniedException":
		switch {
		case identity:
			e.Fix = "allow sts:AssumeRoleWithWebIdentity to the token's issuer and subject in the trust policy of the role that AWS_ROLE_ARN names"
		case t.roleARN != "":
			e.Fix = "allow sts:AssumeRole on " + t.roleARN + " to these credentials, and in its trust policy, with aws_external_id where it asks for one"
		default:
			e.Fix = "allow sts:AssumeRole on the role to these credentials, and these credentials in the role's trust policy"
		}
	case "ExpiredToken", "ExpiredTokenException", "InvalidIdentityToken":
		if identity {
			e.Class, e.Fix = ClassAuth, "renew the token in the file that AWS_WEB_IDENTITY_TOKEN_FILE names; its issuer must be an identity provider of the role's account"
		}
	case "RegionDisabledException":
		e.Class, e.Fix = ClassAuth, "enable STS in "+t.region+" in the account settings of IAM"
	}
	return e
}

// describeNetwork is for what failed on the way to a service.
func (t *Topic) describeNetwork(ctx context.Context, service string, err error) *Error {
	e := &Error{Class: ClassNetwork, Outcome: Failed}
	host := "the endpoint of " + service
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var proxy *proxyError
	var operation *net.OpError
	var network net.Error
	switch {
	case ctx.Err() != nil:
		e.Class, e.Retryable = ClassTimeout, true
		e.Code, e.Message, e.Fix = t.stopped(ctx)
		e.Message += " before a connection to " + host + " was there"
		if ctx.Err() == context.DeadlineExceeded {
			e.Fix = t.fixForConnection(service)
		}
	case errors.As(err, &proxy) && proxy.passing():
		e.Code, e.Status, e.Retryable, e.Message = CodeConnection, proxy.status, true, "the proxy does not reach "+host
		e.Fix = "run it again later; if it stays, look at the proxy's log"
	case errors.As(err, &proxy):
		e.Code, e.Status, e.Message, e.Fix = CodeProxy, proxy.status, "the proxy refuses to connect to "+host, fixProxy
	case errors.As(err, &operation) && operation.Op == "proxyconnect":
		e.Code, e.Retryable, e.Message, e.Fix = CodeConnection, true, "no connection to the proxy", "check the proxy's host and port, and that it runs"
	case errors.As(err, &name) && name.IsNotFound:
		e.Code, e.Message = CodeDNS, "no host "+clean(name.Name, nil)
		e.Fix = "check the region in topic_arn: " + t.region + " is a region that " + service + " does not know, or the Playbook Server has no DNS to AWS"
		if t.endpoint != "" && service == serviceSNS {
			e.Fix = "check the host name in aws_endpoint_url"
		}
	case errors.As(err, &name):
		e.Code, e.Retryable, e.Message, e.Fix = CodeDNS, true, "the name server does not answer for "+clean(name.Name, nil), "check DNS on the Playbook Server"
	case errors.As(err, &certificate):
		e.Code, e.Message = CodeTLS, "the certificate of "+host+" is not to be trusted: "+clean(certificate.Err.Error(), nil)
		e.Fix = "check aws_endpoint_url and the clock; where a proxy or a private CA signs, name its certificates in AWS_CA_BUNDLE"
	case errors.As(err, &record):
		e.Code, e.Message = CodeTLS, host+" does not speak TLS"
		e.Fix = "check aws_endpoint_url: https needs a port that speaks it"
	case isHandshake(err):
		e.Code, e.Message = CodeTLS, host+" refuses the TLS handshake: "+clean(unwrapped(err).Error(), nil)
		e.Fix = "check aws_endpoint_url: what it names has to speak TLS 1.2 or later, and ask for no certificate of a client"
	case isRefused(err):
		e.Code, e.Retryable, e.Message = CodeConnection, true, "the connection to "+host+" was refused"
		e.Fix = t.fixForConnection(service)
	case errors.As(err, &operation), errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		e.Code, e.Retryable, e.Message = CodeConnection, true, "no connection to "+host
		if network != nil && network.Timeout() {
			e.Message += ": it does not answer"
		}
		e.Fix = t.fixForConnection(service)
	default:
		e.Code, e.Message = CodeConnection, "no connection to "+host+": "+clean(unwrapped(err).Error(), t.redact)
		e.Fix = t.fixForConnection(service)
	}
	return e
}

func (t *Topic) fixForConnection(service string) string {
	if t.endpoint != "" && service == serviceSNS {
		return "check aws_endpoint_url, and that the Playbook Server can reach it"
	}
	return "let the Playbook Server reach " + service + " in " + t.region + " on port 443, by a proxy or a VPC endpoint"
}

func isRefused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// isHandshake reports whether err is an alert of TLS, sent or received: the two
// sides do not agree. crypto/tls has no exported type for it.
func isHandshake(err error) bool {
	var operation *net.OpError
	return errors.As(err, &operation) && (operation.Op == "remote error" || operation.Op == "local error")
}

// isCancelled reports whether err says that its context ended.
func isCancelled(err error) bool {
	var cancelled interface{ CanceledError() bool }
	return errors.As(err, &cancelled) && cancelled.CanceledError() ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// unwrapped is the innermost error, without the SDK's layers of words.
func unwrapped(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}

// explainEntry turns the failure of one entry of a batch into words.
func (t *Topic) explainEntry(f types.BatchResultErrorEntry, requestID string, c *call) *Error {
	code, message := clean(aws.ToString(f.Code), t.redact), clean(aws.ToString(f.Message), t.redact)
	r := t.remedyFor(code, message)
	if r.class == "" {
		r = remedy{ClassServer, true, fixAgain}
		if f.SenderFault {
			r = remedy{ClassInput, false, "see the message of SNS, or look up " + code + " in its API reference"}
		}
	}
	e := &Error{
		Op: t.op(), Code: code, Class: r.class, Message: message, RequestID: requestID, Service: serviceSNS,
		Fix: r.fix, Outcome: Failed, Retryable: r.retryable && !f.SenderFault,
		Err: &smithy.GenericAPIError{Code: code, Message: message},
	}
	if c.unknown {
		e.Outcome, e.Retryable = Unknown, e.Retryable && c.protected
	}
	return e
}
