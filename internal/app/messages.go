package app

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"

	"tcsns/internal/alert"
	"tcsns/internal/snstopic"
	"tcsns/internal/tc/param"
)

// composer turns alerts into messages, one at a time, and notes what it had
// to change on the way.
type composer struct {
	in        *inputs
	kvContext string
	jobID     string

	mu      sync.Mutex
	remarks bounded // in order of appearance, each once
}

// maxRemarks bounds the remarks of a run: 100,000 addresses could leave as
// many. The rest is counted.
const maxRemarks = 50

func newComposer(in *inputs, kvContext, jobID string) *composer {
	c := &composer{in: in, kvContext: kvContext, jobID: jobID, remarks: bounded{most: maxRemarks}}
	c.remark("", in.remarks...)
	return c
}

// message is alert i as SNS gets it.
func (c *composer) message(i int) (snstopic.Message, error) {
	m, _, err := c.compose(i)
	return m, err
}

// compose is message with its rendering, which Check shows.
func (c *composer) compose(i int) (snstopic.Message, alert.Message, error) {
	where := c.position(i)
	one := c.in.alerts.at(i)
	if alert.Blank(one.Address) {
		return snstopic.Message{}, alert.Message{}, &param.Error{Name: address, Problem: "is empty" + at(where), Fix: "remove the empty entry from the list"}
	}
	attributes, remarks := alert.Attributes(one, c.in.attributes)
	c.remark(where, remarks...)

	m := snstopic.Message{Attributes: make([]snstopic.Attribute, len(attributes))}
	bytes := 0
	for j, a := range attributes {
		m.Attributes[j] = snstopic.Attribute(a)
		bytes += len(a.Name) + len(a.Type) + len(a.Value)
	}
	rendered, err := alert.Render(one, alert.Options{
		Format:         c.in.format,
		Defang:         c.in.defang,
		Subject:        c.in.subject,
		Message:        c.in.message,
		AttributeBytes: bytes,
	})
	if err != nil {
		return snstopic.Message{}, alert.Message{}, err
	}
	c.remark(where, rendered.Remarks...)
	for _, cut := range rendered.Cut {
		c.remark(where, "cut: "+cut)
	}
	m.Subject, m.Body, m.JSONStructure = rendered.Subject, rendered.Body, rendered.JSONStructure
	c.group(&m, one, i)
	return m, rendered, nil
}

// group sets the message group and the deduplication id. A standard topic
// gets only a group that the author asked for.
func (c *composer) group(m *snstopic.Message, one alert.Alert, i int) {
	m.GroupID = c.in.groupID
	m.DeduplicationID = c.in.deduplicationIDOf(i)
	if !c.in.arn.FIFO() {
		return
	}
	if m.GroupID == "" {
		m.GroupID = groupOf(one)
	}
	if m.DeduplicationID == "" {
		m.DeduplicationID = c.deduplication(one, m)
	}
}

// maxGroupID is the length of a MessageGroupId, in characters
// (https://docs.aws.amazon.com/sns/latest/api/API_Publish.html).
const maxGroupID = 128

// groupOf is the group of an indicator, so that what happens to one indicator
// stays in order: its type and value where SNS takes them as they are, else
// their hash.
func groupOf(one alert.Alert) string {
	group := one.IndicatorType + ":" + one.Address
	plain := !strings.ContainsFunc(group, func(r rune) bool { return r < 0x21 || r > 0x7e })
	if plain && len(group) <= maxGroupID {
		return group
	}
	return digest(group)
}

// deduplication is the same for a re-run of the same execution, which SNS
// then does not deliver twice, and another for a new one and for another
// indicator: with words of one's own the message may be the same for all.
func (c *composer) deduplication(one alert.Alert, m *snstopic.Message) string {
	return digest(c.kvContext, c.jobID, one.IndicatorType, one.Address, m.Subject, m.Body)
}

// digest is the SHA-256 of parts, which it keeps apart by their lengths.
func digest(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(h, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(h.Sum(nil))
}

// position names address i where there are several; the only one needs no name.
func (c *composer) position(i int) string {
	if n := c.in.alerts.len(); n > 1 {
		return fmt.Sprintf("address %d of %d", i+1, n)
	}
	return ""
}

// at joins a position to a sentence.
func at(where string) string {
	if where == "" {
		return ""
	}
	return " at " + where
}

// remark notes what was changed, dropped or cut.
func (c *composer) remark(where string, remarks ...string) {
	if len(remarks) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, remark := range remarks {
		if where != "" {
			remark = where + ": " + remark
		}
		if !slices.Contains(c.remarks.lines, remark) {
			c.remarks.add(remark)
		}
	}
}

// noted returns the remarks so far.
func (c *composer) noted() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.remarks.all()
}

// remarked is the number of remarks so far.
func (c *composer) remarked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.remarks.count()
}

// bounded is lines of which the first are kept and the rest is counted.
type bounded struct {
	most  int // how many are kept
	lines []string
	more  int // how many are not
}

func (b *bounded) add(line string) {
	if len(b.lines) < b.most {
		b.lines = append(b.lines, line)
	} else {
		b.more++
	}
}

func (b *bounded) count() int { return len(b.lines) + b.more }

// all is the lines that are kept, and how many more there are.
func (b *bounded) all() []string {
	all := slices.Clone(b.lines)
	if b.more > 0 {
		all = append(all, fmt.Sprintf("and %d more", b.more))
	}
	return all
}
