package snsserver

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
)

// publish answers Publish.
func (s *Server) publish(caller identity, form url.Values) (string, *refusal) {
	t, refused := s.find(caller, form.Get("TopicArn"))
	if refused != nil {
		return "", refused
	}
	m, refused := t.read(form, "")
	if refused != nil {
		return "", refused
	}
	if size := m.size(); size > t.maxBytes() {
		return "", invalid("Message too long")
	}
	id, sequence := s.accept(t, m)
	return result("Publish", snsNamespace, receipt(id, sequence)), nil
}

// receipt is what SNS says of a message that it took.
func receipt(id, sequence string) string {
	text := "<MessageId>" + id + "</MessageId>"
	if sequence != "" {
		text += "<SequenceNumber>" + sequence + "</SequenceNumber>"
	}
	return text
}

// entry is one message of a batch.
type entry struct {
	id      string
	message Message
}

// The limits of a batch (https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html).
const (
	maxEntries = 10
	maxEntryID = 80
)

// publishBatch answers PublishBatch. As SNS does, it refuses the whole batch
// for an entry that is malformed.
func (s *Server) publishBatch(caller identity, form url.Values, fault *Fault) (string, *refusal) {
	t, refused := s.find(caller, form.Get("TopicArn"))
	if refused != nil {
		return "", refused
	}
	var entries []entry
	ids := map[string]bool{}
	size := 0
	for i := 1; ; i++ {
		prefix := fmt.Sprintf("PublishBatchRequestEntries.member.%d.", i)
		id := form.Get(prefix + "Id")
		if !hasUnder(form, prefix) {
			break
		}
		switch {
		case i > maxEntries:
			return "", &refusal{400, "TooManyEntriesInBatchRequest", "The batch request contains more entries than permissible."}
		case len(id) > maxEntryID || id == "" || strings.Trim(id, wordCharacters+"-_") != "":
			return "", &refusal{400, "InvalidBatchEntryId", "The Id of a batch entry in a batch request doesn't abide by the specification."}
		case ids[id]:
			return "", &refusal{400, "BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id."}
		}
		ids[id] = true
		m, refused := t.read(form, prefix)
		if refused != nil {
			return "", refused
		}
		size += m.size()
		entries = append(entries, entry{id, m})
	}
	if len(entries) == 0 {
		return "", &refusal{400, "EmptyBatchRequest", "The batch request doesn't contain any entries."}
	}
	if size > t.maxBytes() {
		return "", &refusal{400, "BatchRequestTooLong", "The length of all the batch messages put together is more than the limit."}
	}
	var successful, failed strings.Builder
	for _, e := range entries {
		if bad := fault.entry(e.message); bad != nil {
			fmt.Fprintf(&failed, "<member><Id>%s</Id><Code>%s</Code><Message>%s</Message><SenderFault>%t</SenderFault></member>",
				escape(e.id), escape(bad.Code), escape(bad.Message), bad.SenderFault)
			continue
		}
		id, sequence := s.accept(t, e.message)
		successful.WriteString("<member><Id>" + escape(e.id) + "</Id>" + receipt(id, sequence) + "</member>")
	}
	return result("PublishBatch", snsNamespace, "<Successful>"+successful.String()+"</Successful><Failed>"+failed.String()+"</Failed>"), nil
}

// hasUnder reports whether a form has a field whose name begins with prefix.
func hasUnder(form url.Values, prefix string) bool {
	for name := range form {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// accept takes a message, unless a FIFO topic took it lately, and delivers it.
func (s *Server) accept(t *topic, m Message) (id, sequence string) {
	id = s.id()
	s.mu.Lock()
	defer s.mu.Unlock()
	m.MessageID, m.TopicARN, m.Time = id, t.ARN, s.o.Now()
	if t.fifo() {
		if m.DeduplicationID == "" {
			sum := sha256.Sum256([]byte(m.Message))
			m.DeduplicationID = hex.EncodeToString(sum[:])
		}
		if first, ok := t.remembered(m); ok {
			return first.messageID, first.sequence
		}
		t.sequence++
		m.SequenceNumber = fmt.Sprintf("%020d", 10_000_000_000_000_000_000+t.sequence)
		t.remember(m)
	}
	s.accepted.Add(1)
	if !s.o.CountOnly {
		s.messages = append(s.messages, m)
		s.deliveries = append(s.deliveries, t.deliver(m)...)
	}
	return id, m.SequenceNumber
}
