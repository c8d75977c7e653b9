package snstopic

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/smithy-go"
)

const (
	// baseDelay is the mean first pause after a passing failure that is not a
	// throttle, and throttleDelay after a throttle. Both double with each
	// attempt: the SDK's own figures since its retries of 2026 (for others than
	// throttles, its older ones pause a second on average, which is longer than
	// most of these failures last).
	baseDelay     = 50 * time.Millisecond
	throttleDelay = time.Second

	// maxDelay bounds a pause (the SDK's DefaultMaxBackoff).
	maxDelay = retry.DefaultMaxBackoff
)

// newRetryer is the SDK's standard retryer, and what it misses: two throttles
// of SNS and HTTP 429 (found by running it). attempts of 0 means the SDK's three.
func newRetryer(attempts int, backoff retry.BackoffDelayer) *retry.Standard {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.Backoff = backoff
		// Ours stand before the SDK's: the first that decides wins.
		o.Retryables = append([]retry.IsErrorRetryable{
			retry.IsErrorRetryableFunc(hopeless),
		}, append(o.Retryables,
			retry.IsErrorRetryableFunc(throttled),
		)...)
		o.Throttles = append(o.Throttles, retry.IsErrorThrottleFunc(throttled))
	})
}

// pause is the time before the next attempt: half of the step at least, so
// that many Apps started at once spread out.
func pause(attempt int, err error) (time.Duration, error) {
	step := baseDelay
	if isThrottle(err) {
		step = throttleDelay
	}
	step = min(step<<min(attempt-1, 16), maxDelay)
	return step/2 + rand.N(step), nil
}

// throttled knows the throttles of SNS.
func throttled(err error) aws.Ternary {
	if isThrottle(err) {
		return aws.TrueTernary
	}
	return aws.UnknownTernary
}

func isThrottle(err error) bool {
	var api smithy.APIError
	if errors.As(err, &api) {
		switch code := api.ErrorCode(); code {
		case (&types.ThrottledException{}).ErrorCode(), (&types.KMSThrottlingException{}).ErrorCode():
			return true
		default:
			if _, ok := retry.DefaultThrottleErrorCodes[code]; ok {
				return true
			}
		}
	}
	var status interface{ HTTPStatusCode() int }
	return errors.As(err, &status) && status.HTTPStatusCode() == http.StatusTooManyRequests
}

// hopeless knows what stays as it is however often it is tried: missing
// credentials (whose own client tried already), a certificate that is not to
// be trusted, a TLS that is not agreed on, a proxy that refuses.
func hopeless(err error) aws.Ternary {
	var credentials *credentialsError
	var certificate *tls.CertificateVerificationError
	var host x509.HostnameError
	var record tls.RecordHeaderError
	var proxy *proxyError
	switch {
	case errors.As(err, &proxy) && proxy.passing():
		return aws.UnknownTernary
	case errors.As(err, &credentials), errors.As(err, &certificate), errors.As(err, &host), errors.As(err, &record), errors.As(err, &proxy), isHandshake(err):
		return aws.FalseTernary
	}
	return aws.UnknownTernary
}

// call is one operation on SNS, over all its attempts, which follow one
// another.
type call struct {
	protected bool // by deduplication ids: sending it twice delivers it once

	written atomic.Bool // of the attempt at hand: its request was written
	status  int         // of the attempt at hand: its answer's, 0 before
	cause   error       // of the attempt at hand: why there is no answer

	unknown   bool  // some attempt was written, and not answered
	unsettled bool  // the last one was
	attempts  int   // that failed
	last      error // the last attempt's error
	lastCause error // its cause, where it got no answer
}

type callKey struct{}

// with puts the call where trackedClient finds it.
func (c *call) with(ctx context.Context) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// settle notes how the attempt at hand failed, and makes ready for the next.
func (c *call) settle(err error) {
	answered := c.status > 299 // below stands no refusal: a 101 leaves HTTP, a 2xx that fails cannot be read
	c.unsettled = c.written.Load() && !answered
	c.unknown = c.unknown || c.unsettled
	c.attempts++
	c.last, c.lastCause = err, c.cause
	c.written.Store(false)
	c.status, c.cause = 0, nil
}

// callRetryer is the topic's retryer for one call: after a request was written
// and not answered, what protects it decides.
type callRetryer struct {
	*retry.Standard
	call *call
	ctx  context.Context
	log  *slog.Logger
}

// IsErrorRetryable implements aws.Retryer. The SDK calls it once for each
// attempt that failed.
func (r callRetryer) IsErrorRetryable(err error) bool {
	r.call.settle(err)
	again := r.Standard.IsErrorRetryable(err)
	if r.call.unsettled {
		again = r.call.protected && r.ctx.Err() == nil
	}
	r.log.Debug("attempt failed", "attempt", r.call.attempts, "code", codeOf(err), "answered", !r.call.unsettled, "retryable", again)
	return again
}

// codeOf is the code in an answer of AWS, "" where there is none.
func codeOf(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}
