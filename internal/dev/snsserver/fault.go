package snsserver

import (
	"io"
	"maps"
	"net/http"
	"strings"
	"time"
)

// Kind is what kind of trouble a fault is.
type Kind int

// The kinds of trouble.
const (
	Answer       Kind = iota // an error answer: Status (default 500), Code, Message; without a Code the body is Body
	DropUnread               // the connection breaks before the request is read
	DropRead                 // the request is read, nothing is done, the connection breaks
	DropAccepted             // the request is carried out, the connection breaks before the answer
	Slow                     // the request is carried out; the answer comes after Delay or Release
	Stall                    // half of the answer comes, the rest after Release, or never
	Truncated                // status 200, the XML ends in its middle
	HTML                     // status 200 and a page, as a captive portal has it; nothing is done
	Redirect                 // Status (default 307) and Location
	Huge                     // an error answer of Size bytes
	FailEntries              // a batch in which the entries that Entry picks fail
)

// Fault is what goes wrong with a request.
type Fault struct {
	Kind    Kind
	Status  int
	Code    string
	Message string
	Body    string // of an Answer without a Code: not XML
	Header  http.Header

	Delay    time.Duration   // of Slow
	Release  <-chan struct{} // ends Slow and Stall before the endpoint is closed
	Location string          // of Redirect
	Size     int             // of Huge, in bytes

	Entry func(Message) *EntryFault // of FailEntries
}

// EntryFault is why an entry of a batch fails.
type EntryFault struct {
	Code        string
	Message     string
	SenderFault bool
}

// Throttling is the answer to too many requests.
func Throttling() Fault { return Fault{Status: 400, Code: "Throttling", Message: "Rate exceeded"} }

// Throttled is the same in another code.
func Throttled() Fault {
	return Fault{Status: 429, Code: "Throttled", Message: "The rate at which requests have been submitted for this action exceeds the limit for your AWS account."}
}

// KMSThrottling is the throttle of an encrypted topic's key.
func KMSThrottling() Fault {
	return Fault{Status: 400, Code: "KMSThrottling", Message: "Rate exceeded (Service: Kms)"}
}

// InternalError is SNS's own trouble.
func InternalError() Fault {
	return Fault{Status: 500, Code: "InternalError", Message: "Internal error"}
}

// Unavailable is a front end without anything behind it.
func Unavailable() Fault { return Fault{Status: 503, Body: "Service Unavailable"} }

// Fail lets the next requests fail, one each, in order.
func (s *Server) Fail(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// FailAlways lets every request fail that [Server.Fail] leaves; nil ends it.
func (s *Server) FailAlways(fault *Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always = fault
}

func (s *Server) nextFault() *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) > 0 {
		f := s.faults[0]
		s.faults = s.faults[1:]
		return &f
	}
	return s.always
}

// drop breaks the connection.
func drop() { panic(http.ErrAbortHandler) }

// before is what happens before the request is read.
func (f *Fault) before() {
	if f != nil && f.Kind == DropUnread {
		drop()
	}
}

// instead is what happens in place of carrying the request out.
func (f *Fault) instead(s *Server, w http.ResponseWriter) bool {
	if f == nil {
		return false
	}
	maps.Copy(w.Header(), f.Header)
	switch f.Kind {
	case Answer:
		status := f.Status
		if status == 0 {
			status = http.StatusInternalServerError
		}
		if f.Code != "" {
			s.refuse(w, refusal{status, f.Code, f.Message})
			return true
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, f.Body)
	case DropRead:
		drop()
	case HTML:
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<!DOCTYPE html><html><body>Please log in to the network.</body></html>")
	case Redirect:
		status := f.Status
		if status == 0 {
			status = http.StatusTemporaryRedirect
		}
		w.Header().Set("Location", f.Location)
		w.WriteHeader(status)
	case Huge:
		f.huge(w)
	default:
		return false
	}
	return true
}

// huge writes an error answer of Size bytes.
func (f *Fault) huge(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/xml")
	status := f.Status
	if status == 0 {
		status = http.StatusBadRequest
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidParameter</Code><Message>")
	chunk := strings.Repeat("x", 64<<10)
	for written := 0; written < f.Size; written += len(chunk) {
		if _, err := io.WriteString(w, chunk); err != nil {
			return
		}
	}
	_, _ = io.WriteString(w, "</Message></Error></ErrorResponse>")
}

// after is what happens once the request is carried out.
func (f *Fault) after(s *Server, w http.ResponseWriter, r *http.Request, answer string) bool {
	if f == nil {
		return false
	}
	switch f.Kind {
	case DropAccepted:
		drop()
	case Slow:
		timer := time.NewTimer(max(f.Delay, 0))
		defer timer.Stop()
		delay := timer.C
		if f.Delay == 0 {
			delay = nil
		}
		select {
		case <-delay:
		case <-f.Release:
		case <-r.Context().Done():
		case <-s.ctx.Done():
		}
	case Stall:
		w.Header().Set("Content-Type", "text/xml")
		_, _ = io.WriteString(w, answer[:len(answer)/2])
		_ = http.NewResponseController(w).Flush()
		select {
		case <-f.Release:
			_, _ = io.WriteString(w, answer[len(answer)/2:])
		case <-r.Context().Done():
			drop()
		case <-s.ctx.Done():
			drop()
		}
		return true
	case Truncated:
		s.write(w, http.StatusOK, s.id(), answer[:len(answer)/2])
		return true
	}
	return false
}

// entry is why an entry of a batch fails, nil when it does not.
func (f *Fault) entry(m Message) *EntryFault {
	if f == nil || f.Kind != FailEntries || f.Entry == nil {
		return nil
	}
	return f.Entry(m)
}
