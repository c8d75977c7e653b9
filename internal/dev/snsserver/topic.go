package snsserver

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// topic is a topic and what it remembers.
type topic struct {
	Topic
	account string
	region  string
	name    string

	sequence uint64
	seen     map[string]duplicate // by scope and deduplication id
	order    []string             // the keys of seen, oldest first
	filters  []*filter            // of the subscriptions
}

// duplicate is a message that a FIFO topic took lately.
type duplicate struct {
	at        time.Time
	messageID string
	sequence  string
}

// deduplicationWindow is how long a FIFO topic remembers
// (https://docs.aws.amazon.com/sns/latest/dg/fifo-message-dedup.html).
const deduplicationWindow = 5 * time.Minute

func newTopic(t Topic) (*topic, error) {
	parts := strings.Split(t.ARN, ":")
	if len(parts) != 6 {
		return nil, fmt.Errorf("topic %q: not the ARN of a topic", t.ARN)
	}
	filters := make([]*filter, len(t.Subscriptions))
	for i, subscription := range t.Subscriptions {
		parsed, err := parseFilter(subscription.FilterPolicy)
		if err != nil {
			return nil, fmt.Errorf("topic %q: filter policy: %w", t.ARN, err)
		}
		filters[i] = parsed
	}
	return &topic{Topic: t, region: parts[3], account: parts[4], name: parts[5], seen: map[string]duplicate{}, filters: filters}, nil
}

func (t *topic) fifo() bool { return strings.HasSuffix(t.name, ".fifo") }

// maxBytes is MaximumMessageSize, 256 KiB unless set.
func (t *topic) maxBytes() int {
	if n, err := strconv.Atoi(t.Attributes["MaximumMessageSize"]); err == nil {
		return n
	}
	return 262_144
}

func (t *topic) contentBased() bool { return t.Attributes["ContentBasedDeduplication"] == "true" }

// deduplicationKey is what a message is told apart by: its deduplication id, in
// its group where FifoThroughputScope says so. No id holds a space.
func (t *topic) deduplicationKey(m Message) string {
	if t.Attributes["FifoThroughputScope"] == "MessageGroup" {
		return m.GroupID + " " + m.DeduplicationID
	}
	return m.DeduplicationID
}

// remembered returns the message that m repeats, and forgets those that are
// older than the window.
func (t *topic) remembered(m Message) (duplicate, bool) {
	for len(t.order) > 0 && m.Time.Sub(t.seen[t.order[0]].at) >= deduplicationWindow {
		delete(t.seen, t.order[0])
		t.order = t.order[1:]
	}
	first, ok := t.seen[t.deduplicationKey(m)]
	return first, ok
}

// remember keeps a message to know its repetitions by.
func (t *topic) remember(m Message) {
	key := t.deduplicationKey(m)
	t.seen[key] = duplicate{m.Time, m.MessageID, m.SequenceNumber}
	t.order = append(t.order, key)
}

// find returns the topic that a request names, in the words of SNS where it
// names none.
func (s *Server) find(caller identity, arn string) (*topic, *refusal) {
	if arn == "" {
		return nil, invalid("TopicArn or TargetArn Reason: no value for required parameter")
	}
	parts := strings.Split(arn, ":")
	switch {
	case len(parts) < 6:
		return nil, invalid(fmt.Sprintf("TopicArn Reason: An ARN must have at least 6 elements, not %d", len(parts)))
	case parts[0] != "arn" || parts[2] != "sns" || len(parts) > 6:
		return nil, invalid("TopicArn")
	case caller.region != parts[3]:
		return nil, invalid("TopicArn") // the region of the client is another one
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.topics[arn]
	if !ok {
		return nil, &refusal{404, "NotFound", "Topic does not exist"}
	}
	return t, nil
}

// topicAttributes answers GetTopicAttributes.
func (s *Server) topicAttributes(caller identity, form url.Values) (string, *refusal) {
	t, refused := s.find(caller, form.Get("TopicArn"))
	if refused != nil {
		return "", refused
	}
	s.mu.Lock()
	confirmed, pending := 0, 0
	for _, subscription := range t.Subscriptions {
		if subscription.Pending {
			pending++
		} else {
			confirmed++
		}
	}
	s.mu.Unlock()
	attributes := map[string]string{
		"TopicArn":                t.ARN,
		"Owner":                   t.account,
		"DisplayName":             "",
		"SubscriptionsConfirmed":  strconv.Itoa(confirmed),
		"SubscriptionsPending":    strconv.Itoa(pending),
		"SubscriptionsDeleted":    "0",
		"EffectiveDeliveryPolicy": `{"http":{"defaultHealthyRetryPolicy":{"numRetries":3}}}`,
		"Policy":                  `{"Version":"2008-10-17","Statement":[]}`,
	}
	if t.fifo() {
		attributes["FifoTopic"] = "true"
		attributes["ContentBasedDeduplication"] = strconv.FormatBool(t.contentBased())
	}
	for name, value := range t.Attributes {
		attributes[name] = value
	}
	names := make([]string, 0, len(attributes))
	for name := range attributes {
		names = append(names, name)
	}
	slices.Sort(names)
	var b strings.Builder
	b.WriteString("<Attributes>")
	for _, name := range names {
		b.WriteString("<entry><key>" + escape(name) + "</key><value>" + escape(attributes[name]) + "</value></entry>")
	}
	b.WriteString("</Attributes>")
	return result("GetTopicAttributes", snsNamespace, b.String()), nil
}
