package snsserver

import (
	"io"
	"net/http"
	"strconv"
	"strings"
)

// The namespaces of the two services (their service models).
const (
	snsNamespace = "http://sns.amazonaws.com/doc/2010-03-31/"
	stsNamespace = "https://sts.amazonaws.com/doc/2011-06-15/"
)

// refusal is an error answer.
type refusal struct {
	status  int
	code    string
	message string
}

// invalid is SNS's most common refusal.
func invalid(message string) *refusal {
	return &refusal{http.StatusBadRequest, "InvalidParameter", "Invalid parameter: " + message}
}

// refuse writes an error as SNS does.
func (s *Server) refuse(w http.ResponseWriter, r refusal) { s.refuseAs(w, snsNamespace, r) }

// refuseAs writes an error of the service with the namespace.
func (s *Server) refuseAs(w http.ResponseWriter, namespace string, r refusal) {
	kind := "Sender"
	if r.status >= http.StatusInternalServerError {
		kind = "Receiver"
	}
	id := s.id()
	s.write(w, r.status, id, `<ErrorResponse xmlns="`+namespace+`"><Error><Type>`+kind+`</Type><Code>`+escape(r.code)+
		`</Code><Message>`+escape(r.message)+`</Message></Error><RequestId>`+id+`</RequestId></ErrorResponse>`)
}

// requestIDMark stands in an answer for the request id, which answer fills in.
const requestIDMark = "<ResponseMetadata/>"

// answer writes a success.
func (s *Server) answer(w http.ResponseWriter, text string) {
	id := s.id()
	s.write(w, http.StatusOK, id, fillID(text, id))
}

func fillID(text, id string) string {
	before, after, _ := strings.Cut(text, requestIDMark) // values are escaped: none holds the mark
	return before + "<ResponseMetadata><RequestId>" + id + "</RequestId></ResponseMetadata>" + after
}

func (s *Server) write(w http.ResponseWriter, status int, id, text string) {
	header := w.Header()
	header.Set("Content-Type", "text/xml")
	header.Set("X-Amzn-Requestid", id)
	header.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// result wraps the inside of an action's result.
func result(action, namespace, inside string) string {
	return "<" + action + `Response xmlns="` + namespace + `"><` + action + "Result>" + inside + "</" + action + "Result>" + requestIDMark + "</" + action + "Response>"
}
