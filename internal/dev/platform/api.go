package platform

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// apiPath is what a real tc_api_path ends in.
	apiPath = "/api"
	// tokenLife is how long a token of the stand-in lasts; far longer than a
	// run, unless a test expires it.
	tokenLife = 4 * time.Hour
	// maxAPIBody bounds what the stand-in reads of a request.
	maxAPIBody = 64 << 20
	// shutdownTime is what requests under way are given at Close.
	shutdownTime = time.Second
)

// APIOptions configures the stand-in; the zero value is plain HTTP on a free
// port of the loopback interface.
type APIOptions struct {
	Addr string      // default: 127.0.0.1:0
	TLS  *tls.Config // default: plain HTTP

	// AccessID and SecretKey, when set, let requests in that are signed with
	// them, besides those with a token.
	AccessID, SecretKey string

	// Intercept sees every request first; true means that it has answered.
	// Fault tests live here.
	Intercept func(http.ResponseWriter, *http.Request) bool
}

// LogEvent is one entry that an App sent to the log sink.
type LogEvent struct {
	Timestamp int64  `json:"timestamp"` // milliseconds since 1970
	Level     string `json:"level"`
	Message   string `json:"message"`
}

// API is a stand-in for the platform's REST API, as far as a Playbook App
// meets it: runtime variables, the key-value store, token renewal and the log
// sink. Every request but a renewal must carry a valid token, or a valid
// signature, and a timestamp.
//
// It is a key-value store of kind TCKeyValueAPI, see [Store].
type API struct {
	options  APIOptions
	listener net.Listener
	server   *http.Server
	scheme   string

	mu       sync.Mutex
	token    string
	tokens   map[string]time.Time         // every token given out, and its end
	runtime  map[string]string            // id of a runtime variable → data
	values   map[string]map[string][]byte // context → variable → bytes
	logs     []LogEvent
	requests []string // "GET /internal/…"
	renewals int
}

// StartAPI starts the stand-in.
func StartAPI(o APIOptions) (*API, error) {
	addr := o.Addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("start REST API: %w", err)
	}
	a := &API{
		options: o, listener: listener, scheme: "http",
		tokens: map[string]time.Time{}, runtime: map[string]string{}, values: map[string]map[string][]byte{},
	}
	if o.TLS != nil {
		a.scheme = "https"
		listener = tls.NewListener(listener, o.TLS)
	}
	a.token = a.newToken()
	a.server = &http.Server{Handler: a, ReadHeaderTimeout: redisTimeout}
	go func() { _ = a.server.Serve(listener) }()
	return a, nil
}

// URL is tc_api_path.
func (a *API) URL() string { return a.scheme + "://" + a.listener.Addr().String() + apiPath }

// Token is the token that the next App is given.
func (a *API) Token() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.token
}

// Params returns the parameters that lead an App to the API, its token and,
// as the key-value store, the API itself.
func (a *API) Params() map[string]any {
	return Merge(a.AccessParams(), map[string]any{"tc_kvstore_type": "TCKeyValueAPI"})
}

// AccessParams returns the parameters that lead an App to the API, and its
// token, for an App whose key-value store is elsewhere.
func (a *API) AccessParams() map[string]any {
	a.mu.Lock()
	defer a.mu.Unlock()
	return map[string]any{
		"tc_api_path":      a.URL(),
		"tc_token":         a.token,
		"tc_token_expires": a.tokens[a.token].Unix(),
	}
}

// ExpireToken ends every token given out so far: requests with them are
// answered 401 until the App renews.
func (a *API) ExpireToken() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for token := range a.tokens {
		a.tokens[token] = time.Now().Add(-time.Second)
	}
}

// SetVariable makes a ThreatConnect variable known and returns it in the form
// that an App is given, &{TC:KEYCHAIN:…}. kind is TEXT, KEYCHAIN or FILE.
func (a *API) SetVariable(kind string, value []byte) string {
	data := string(value)
	if kind == "FILE" {
		data = base64.StdEncoding.EncodeToString(value)
	}
	id := newUUID()
	a.mu.Lock()
	defer a.mu.Unlock()
	a.runtime[id] = data
	return "&{TC:" + kind + ":" + id + "}"
}

// Stage writes variables under a context.
func (a *API) Stage(_ context.Context, kvContext string, variables map[string][]byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.values[kvContext] == nil {
		a.values[kvContext] = map[string][]byte{}
	}
	maps.Copy(a.values[kvContext], variables)
	return nil
}

// Read returns all variables of a context.
func (a *API) Read(_ context.Context, kvContext string) (map[string][]byte, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.values[kvContext]), nil
}

// Delete removes a context with all its variables.
func (a *API) Delete(_ context.Context, kvContext string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.values, kvContext)
	return nil
}

// Logs returns what Apps sent to the log sink, in order.
func (a *API) Logs() []LogEvent {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]LogEvent(nil), a.logs...)
}

// Requests returns the method and path of every request so far, without
// apiPath and query.
func (a *API) Requests() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]string(nil), a.requests...)
}

// Renewals is how often a token was renewed.
func (a *API) Renewals() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.renewals
}

// Close ends the stand-in.
func (a *API) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownTime)
	defer cancel()
	if err := a.server.Shutdown(ctx); err != nil {
		return a.server.Close()
	}
	return nil
}

// ServeHTTP answers one request. Path segments are taken from the escaped
// path: the key of a variable holds characters that must arrive escaped.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), apiPath)
	a.mu.Lock()
	a.requests = append(a.requests, r.Method+" "+path)
	a.mu.Unlock()
	if a.options.Intercept != nil && a.options.Intercept(w, r) {
		return
	}
	if !strings.HasPrefix(r.URL.EscapedPath(), apiPath+"/") {
		refuse(w, http.StatusNotFound, "not found")
		return
	}
	segments := strings.Split(strings.Trim(path, "/"), "/")
	if segments[0] == "appAuth" && r.Method == http.MethodGet {
		a.renew(w, r)
		return
	}
	if !a.authorized(r) {
		refuse(w, http.StatusUnauthorized, "the token or signature is not valid")
		return
	}
	switch route := r.Method + " " + strings.Join(segments[:min(3, len(segments))], "/"); {
	case route == "GET internal/variable/runtime" && len(segments) == 5:
		a.runtimeVariable(w, segments[4])
	case route == "GET internal/playbooks/keyValue" && len(segments) == 5:
		a.getValue(w, segments[3], segments[4])
	case route == "PUT internal/playbooks/keyValue" && len(segments) == 5:
		a.putValue(w, r, segments[3], segments[4])
	case route == "POST v2/logs/app" && len(segments) == 3:
		a.log(w, r)
	default:
		refuse(w, http.StatusNotFound, "not found")
	}
}

// authorized reports whether the request may come in.
func (a *API) authorized(r *http.Request) bool {
	seconds, err := strconv.ParseInt(r.Header.Get("Timestamp"), 10, 64)
	// TcEx signs and stamps in seconds; five minutes is what an HMAC request may
	// be off here, which no run on one machine is.
	if age := time.Since(time.Unix(seconds, 0)); err != nil || age.Abs() > 5*time.Minute {
		return false
	}
	scheme, credentials, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch scheme {
	case "TC-Token":
		a.mu.Lock()
		defer a.mu.Unlock()
		return time.Now().Before(a.tokens[credentials])
	case "TC":
		id, signature, _ := strings.Cut(credentials, ":")
		return a.options.AccessID != "" && id == a.options.AccessID &&
			hmac.Equal([]byte(signature), []byte(a.sign(r)))
	}
	return false
}

// sign is the signature that the request should carry.
func (a *API) sign(r *http.Request) string {
	mac := hmac.New(sha256.New, []byte(a.options.SecretKey))
	_, _ = fmt.Fprintf(mac, "%s:%s:%s", r.URL.RequestURI(), r.Method, r.Header.Get("Timestamp"))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// renew gives out a new token for one that was given out before.
func (a *API) renew(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, known := a.tokens[r.URL.Query().Get("expiredToken")]; !known || r.Header.Get("Authorization") != "" {
		refuse(w, http.StatusUnauthorized, "the token is not known")
		return
	}
	a.renewals++
	a.token = a.newToken()
	answer(w, map[string]any{
		"success": true, "apiToken": a.token, "apiTokenExpires": a.tokens[a.token].Unix(),
	})
}

// newToken makes a token and keeps it. The caller holds the lock, or is alone.
func (a *API) newToken() string {
	token := "APP:" + randomText(48, letters+"0123456789")
	a.tokens[token] = time.Now().Add(tokenLife)
	return token
}

func (a *API) runtimeVariable(w http.ResponseWriter, id string) {
	a.mu.Lock()
	data, ok := a.runtime[id]
	a.mu.Unlock()
	if !ok {
		refuse(w, http.StatusNotFound, "there is no such variable")
		return
	}
	answer(w, map[string]any{"data": data})
}

func (a *API) getValue(w http.ResponseWriter, kvContext, key string) {
	kvContext, key = unescape(kvContext), unescape(key)
	a.mu.Lock()
	value, ok := a.values[kvContext][key]
	a.mu.Unlock()
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(value)
}

func (a *API) putValue(w http.ResponseWriter, r *http.Request, kvContext, key string) {
	value, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAPIBody))
	if err != nil || r.Header.Get("Content-Type") != "application/octet-stream" {
		refuse(w, http.StatusBadRequest, "the body cannot be read, or is no application/octet-stream")
		return
	}
	_ = a.Stage(r.Context(), unescape(kvContext), map[string][]byte{unescape(key): value})
}

func (a *API) log(w http.ResponseWriter, r *http.Request) {
	var events []LogEvent
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxAPIBody)).Decode(&events); err != nil {
		refuse(w, http.StatusBadRequest, "the body is no list of log events")
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.logs = append(a.logs, events...)
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"success": false, "message": message})
}

// unescape undoes the escaping of a path segment as TcEx writes it, which
// leaves nothing but letters, digits and -._~ as they are.
func unescape(segment string) string {
	text, err := url.PathUnescape(segment)
	if err != nil {
		return segment
	}
	return text
}
