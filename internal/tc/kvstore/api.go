package kvstore

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"tcsns/internal/tc/api"
	"tcsns/internal/tc/neterr"
)

const (
	// apiPath is where the platform keeps the values (CONTRACT §4), below
	// tc_api_path.
	apiPath = "internal/playbooks/keyValue/"
	// apiParallel bounds how many values are read or written at once.
	apiParallel = 8
)

// Doer sends a request with the platform's authentication; it is an
// [api.Client].
type Doer interface {
	Do(context.Context, api.Request) (api.Response, error)
}

// apiStore is the key-value store behind the platform's REST API, one request
// a value.
type apiStore struct {
	client  Doer
	context string
}

// OpenAPI returns the store of type TCKeyValueAPI. A status 404 and an empty
// body mean unset, any other status than 2xx is an error; TcEx takes a failed
// read for a value and overlooks a failed write.
func OpenAPI(client Doer, kvContext string) Store {
	return &apiStore{client: client, context: kvContext}
}

// Get reads the values in parallel.
func (s *apiStore) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	values := make([][]byte, len(keys))
	err := s.each(ctx, "read", len(keys), func(i int) string { return keys[i] }, func(ctx context.Context, i int) error {
		resp, err := s.client.Do(ctx, api.Request{Method: http.MethodGet, Path: s.path(keys[i])})
		if err != nil && statusOf(err) == http.StatusNotFound {
			return nil
		}
		if err == nil && len(resp.Body) > 0 {
			values[i] = resp.Body
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return values, nil
}

// Put writes the values in parallel. All are tried, unless ctx ends; the error
// names those that were not stored.
func (s *apiStore) Put(ctx context.Context, entries ...Entry) error {
	if len(entries) == 0 {
		return nil
	}
	return s.each(ctx, "write", len(entries), func(i int) string { return entries[i].Key }, func(ctx context.Context, i int) error {
		_, err := s.client.Do(ctx, api.Request{
			Method: http.MethodPut, Path: s.path(entries[i].Key),
			Body: entries[i].Value, ContentType: "application/octet-stream",
		})
		return err
	})
}

// Close does nothing: the client is the caller's.
func (s *apiStore) Close() error { return nil }

// path is where a value is. The platform's clients encode everything but
// letters, digits and "-_.~", which PathEscape does not (CONTRACT §4).
func (s *apiStore) path(key string) string {
	return apiPath + escape(s.context) + "/" + escape(key)
}

// escape percent-encodes, a space, too.
func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

// each calls do for 0 to n-1, apiParallel at a time, and returns one error
// that names the keys that failed.
func (s *apiStore) each(ctx context.Context, op string, n int, key func(int) string, do func(context.Context, int) error) error {
	const store = "ThreatConnect API"
	if s.context == "" {
		return noContext(op, store)
	}
	errs := make([]error, n)
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(n, apiParallel) {
		workers.Go(func() {
			for i := range next {
				errs[i] = do(ctx, i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	workers.Wait()

	var failed []string
	var cause error
	for i, err := range errs {
		if err != nil {
			failed = append(failed, key(i))
			if cause == nil {
				cause = err
			}
		}
	}
	if cause == nil {
		return nil
	}
	if len(failed) == n && n > 1 {
		failed = nil
	}
	return apiFailure(&Error{Op: op, Store: store, Keys: failed, Err: cause})
}

// apiFailure fills e from its cause.
func apiFailure(e *Error) *Error {
	e.Problem = "the call failed"
	var cause *api.Error
	if !errors.As(e.Err, &cause) {
		return e
	}
	e.Problem, e.Fix = cause.Text(), cause.Fix
	e.Reason = apiReason(cause)
	return e
}

func apiReason(cause *api.Error) Reason {
	switch status := cause.Status; {
	case status == http.StatusUnauthorized, status == http.StatusProxyAuthRequired:
		return Credentials
	case status == http.StatusForbidden:
		return Permission
	case status == http.StatusInsufficientStorage:
		return Full
	case status == http.StatusTooManyRequests, status >= 500:
		return Starting
	case status >= 200 && status <= 299:
		return Garbage
	case status != 0:
		return Rejected
	}
	switch cause.Kind {
	case neterr.Canceled:
		return Canceled
	case neterr.Timeout:
		return Timeout
	case neterr.NoSuchHost, neterr.Refused, neterr.Unreachable, neterr.Resources:
		return Down
	case neterr.Closed:
		return Closed
	case neterr.UntrustedCA, neterr.WrongHost, neterr.Expired, neterr.ClientCert, neterr.NoTLS, neterr.TLSHandshake:
		return Certificate
	default:
		return Unknown
	}
}

// statusOf returns the HTTP status behind err, 0 when there is none.
func statusOf(err error) int {
	var e *api.Error
	if errors.As(err, &e) {
		return e.Status
	}
	return 0
}
