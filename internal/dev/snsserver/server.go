// Package snsserver is an Amazon SNS endpoint in process: the real query
// protocol and XML, signatures recomputed, SNS's own limits and refusals, and
// what each kind of subscriber would receive. It stands in for SNS in
// `tcdev run` and in the tests, and can be told to fail.
//
// It also answers AssumeRole and GetCallerIdentity of STS on the same port, so
// that a run with a role goes all the way.
//
// It is written from SNS's documentation and service model and shares nothing
// with the AWS SDK, which would else be tested against itself.
package snsserver

import (
	"cmp"
	"context"
	"crypto/tls"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options is what the endpoint knows. The zero value is an endpoint without
// topics and without anybody who may sign.
type Options struct {
	Topics []Topic
	Keys   map[string]string // access key id → secret access key
	Roles  []Role            // that AssumeRole gives out

	Addr string           // default: a free port of the loopback interface
	TLS  *tls.Config      // default: plain HTTP
	Now  func() time.Time // default: the time; another one is a skewed clock

	// Authorize, when set, may deny an action to a caller who signed well; the
	// error answer is its Fault.
	Authorize func(accessKeyID, action, topicARN string) *Fault

	// CountOnly keeps no messages and delivers none: Accepted counts them. It
	// is for loads and benchmarks.
	CountOnly bool
}

// Topic is a topic of the endpoint. None is ever created by a request.
type Topic struct {
	ARN           string
	Attributes    map[string]string // as GetTopicAttributes shows them: MaximumMessageSize, KmsMasterKeyId, ContentBasedDeduplication …
	Subscriptions []Subscription
}

// Subscription is who receives what is published to a topic.
type Subscription struct {
	Protocol     string // email, email-json, sms, sqs, lambda, http, https, firehose, application
	Endpoint     string // for application the endpoint's ARN, which names its platform: …:endpoint/APNS/…
	Raw          bool   // RawMessageDelivery
	Pending      bool   // not confirmed yet: receives nothing
	FilterPolicy string // JSON; empty: everything
	FilterScope  string // MessageAttributes (default) or MessageBody
}

// Role is a role that may be assumed.
type Role struct {
	ARN        string
	ExternalID string // empty: none is asked for
}

// Attribute is a message attribute.
type Attribute struct {
	Name  string `json:"name"`
	Type  string `json:"type"`
	Value string `json:"value"`
}

// Message is a message that SNS took and delivers.
type Message struct {
	MessageID        string
	TopicARN         string
	Subject          string
	Message          string
	MessageStructure string // "json" or ""
	Attributes       []Attribute
	GroupID          string
	DeduplicationID  string
	SequenceNumber   string // of a FIFO topic
	Time             time.Time
}

// Server is a running endpoint. It is safe for concurrent use.
type Server struct {
	o        Options
	listener net.Listener
	http     *http.Server
	ctx      context.Context // ends with the endpoint
	close    context.CancelFunc

	requests    atomic.Int64
	connections atomic.Int64
	accepted    atomic.Int64
	serial      atomic.Uint64

	mu         sync.Mutex
	topics     map[string]*topic
	sessions   map[string]session // by the access key id of an assumed role
	messages   []Message
	deliveries []Delivery
	faults     []Fault
	always     *Fault
	last       Request
}

// Request is a request as it came in.
type Request struct {
	Action string
	Form   url.Values
	Header http.Header
}

// Start starts an endpoint.
func Start(o Options) (*Server, error) {
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{o: o, topics: map[string]*topic{}, sessions: map[string]session{}}
	for _, t := range o.Topics {
		opened, err := newTopic(t)
		if err != nil {
			return nil, err
		}
		s.topics[t.ARN] = opened
	}
	listener, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	s.listener = listener
	s.ctx, s.close = context.WithCancel(context.Background())
	s.http = &http.Server{
		Handler:  s,
		ErrorLog: log.New(io.Discard, "", 0), // a client that goes away is what many tests are about
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				s.connections.Add(1)
			}
		},
	}
	if o.TLS != nil {
		listener = tls.NewListener(listener, o.TLS)
	}
	go func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.close()
		}
	}()
	return s, nil
}

// Close ends the endpoint and every request that it holds up.
func (s *Server) Close() {
	s.close()
	_ = s.http.Close()
}

// URL is where the endpoint is.
func (s *Server) URL() string {
	scheme := "http"
	if s.o.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + s.listener.Addr().String()
}

// Messages returns the messages that were taken, in order; a duplicate on a
// FIFO topic is taken but not delivered, and is not among them.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Deliveries returns what the subscribers received, in order.
func (s *Server) Deliveries() []Delivery {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.deliveries)
}

// Accepted is the number of messages that were taken, duplicates on a FIFO
// topic left out.
func (s *Server) Accepted() int { return int(s.accepted.Load()) }

// Requests is the number of requests so far, those that failed among them.
func (s *Server) Requests() int { return int(s.requests.Load()) }

// Connections is the number of connections so far.
func (s *Server) Connections() int { return int(s.connections.Load()) }

// LastRequest returns the last request that was read whole.
func (s *Server) LastRequest() Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last
}

// maxRequest is more than SNS reads of a request; beyond it a client is at fault.
const maxRequest = 16 << 20

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests.Add(1)
	fault := s.nextFault()
	fault.before()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		s.refuse(w, refusal{http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", fmt.Sprintf("Request size exceeded %d bytes", maxRequest)})
		return
	}
	text := string(body)
	switch r.Method {
	case http.MethodPost:
	case http.MethodGet: // which SNS takes too
		text = r.URL.RawQuery
	default:
		s.refuse(w, refusal{http.StatusMethodNotAllowed, "MethodNotAllowed", "Requests are GET or POST"})
		return
	}
	form, err := url.ParseQuery(text)
	if err != nil {
		s.refuse(w, refusal{400, "MalformedQueryString", "The query string contains a syntax error"})
		return
	}
	s.mu.Lock()
	s.last = Request{Action: form.Get("Action"), Form: form, Header: maps.Clone(r.Header)}
	s.mu.Unlock()
	if fault.instead(s, w) {
		return
	}
	caller, refused := s.authenticate(r, body)
	if refused != nil {
		s.refuse(w, *refused)
		return
	}
	answer, refused := s.act(caller, form, fault)
	if refused != nil {
		s.refuseAs(w, caller.namespace(), *refused)
		return
	}
	if fault.after(s, w, r, answer) {
		return
	}
	s.answer(w, answer)
}

// act carries out an action.
func (s *Server) act(caller identity, form url.Values, fault *Fault) (string, *refusal) {
	action, arn := form.Get("Action"), form.Get("TopicArn")
	if s.o.Authorize != nil {
		if denied := s.o.Authorize(caller.keyID, action, arn); denied != nil {
			return "", &refusal{cmp.Or(denied.Status, http.StatusForbidden), denied.Code, denied.Message}
		}
	}
	if action == "" {
		return "", &refusal{400, "MissingAction", "The request must contain the parameter Action"}
	}
	switch caller.service + ":" + action {
	case "sns:Publish":
		return s.publish(caller, form)
	case "sns:PublishBatch":
		return s.publishBatch(caller, form, fault)
	case "sns:GetTopicAttributes":
		return s.topicAttributes(caller, form)
	case "sts:AssumeRole":
		return s.assumeRole(form)
	case "sts:GetCallerIdentity":
		return s.callerIdentity(caller), nil
	}
	return "", &refusal{400, "InvalidAction", fmt.Sprintf("The action %s is not valid for this endpoint.", action)}
}

// id returns a new id in the form that SNS gives to requests and messages:
// told apart by a count, so that a run can be repeated.
func (s *Server) id() string {
	n := s.serial.Add(1)
	const spread = 0x9E3779B97F4A7C15
	mixed := n * spread
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", mixed>>32, mixed>>16&0xffff, mixed&0xfff, mixed>>48&0xfff, n)
}

// escape makes text safe in XML, control characters and broken UTF-8 among it.
func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a strings.Builder does not fail
	return b.String()
}
