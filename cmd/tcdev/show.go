package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"tcsns/internal/dev/platform"
	"tcsns/internal/tc/variable"
)

// show writes a run for a person to read, as it happens.
type show struct {
	*paper
	topic   topic
	store   string // what the key-value store is
	verbose bool
	derived map[string]string // params that --sns has set
	shown   int               // deliveries so far
}

// introduction says what is about to be seen.
func (s *show) introduction(playbook string) {
	s.line()
	s.sides(printable(playbook), bold, "tcdev run", dim)
	s.rule()
	s.line(s.in(dim, "ThreatConnect is played by tcdev: "+s.store+","))
	s.block("", "", s.topic.describe()+".", dim)
}

// Triggered shows the trigger and its variables.
func (s *show) Triggered(r *platform.Report) {
	s.introduction(r.Playbook)
	s.head(cyan, "●", "Trigger", r.Trigger, r.TriggerType)
	wide := 0
	for _, v := range r.Variables {
		wide = max(wide, utf8.RuneCountInString(v.Name))
	}
	for _, v := range r.Variables {
		s.field(wide, v.Name, valueText(v), plain, "")
	}
	for _, key := range r.Unset {
		s.field(wide, "not set", key, dim, "")
	}
}

// Starting shows the App that is about to be started.
func (s *show) Starting(j *platform.JobReport) {
	s.head(cyan, "▶", j.App, j.Name, "")
	command := strings.Join(j.Command, " ")
	s.line("  ", printable(shorten(command, width-4-utf8.RuneCountInString(commandNote))), s.in(dim, commandNote))
	wide, empty := 0, 0
	for _, p := range j.Params {
		if p.Value == "" {
			empty++
			continue
		}
		wide = max(wide, utf8.RuneCountInString(p.Name))
	}
	for _, p := range j.Params {
		if p.Value != "" {
			value, note := s.paramText(p)
			s.field(wide, p.Name, value, plain, note)
		}
	}
	if empty > 0 {
		s.line(s.in(dim, fmt.Sprintf("  and %d left empty", empty)))
	}
}

const commandNote = "  parameters in an encrypted file"

// Ended shows what became of a job.
func (s *show) Ended(j *platform.JobReport) {
	switch {
	case j.Status == platform.StatusUnavailable:
		s.head(yellow, "◌", j.App, j.Name, "not available here")
		s.block("  ", "  ", fmt.Sprintf("tcdev runs our App and the platform's Logger. It has no %q, so it cannot know what comes after it.", j.Program), dim)
	case j.Status == platform.StatusInactive:
		s.head(dim, "◌", j.App, j.Name, "switched off")
	case j.Command == nil: // the platform's own
		s.head(cyan, "●", j.App, j.Name, j.Level)
		s.block("  ", "  ", j.Message, plain)
	default:
		s.deliveries(j)
		s.ended(j)
	}
}

// deliveries shows what each subscriber has received since the last time, from
// the job that has just ended.
// Subscribers that received the same are shown together.
func (s *show) deliveries(j *platform.JobReport) {
	all := s.topic.deliveries()
	if len(all) == s.shown {
		return
	}
	s.head(cyan, "✉", "Topic", topicOf(j), "")
	for n, d := range all[s.shown:] {
		if n == 0 || !d.same(all[s.shown+n-1]) {
			s.line()
		}
		kind, name := d.subscriber()
		s.line("  ", s.in(bold, kind), "  ", s.in(dim, printable(name)))
		if next := s.shown + n + 1; next < len(all) && d.same(all[next]) {
			continue
		}
		if d.Subject != "" {
			s.block("  │ ", "  │ ", "Subject: "+d.Subject, plain)
			s.line(s.in(dim, "  │"))
		}
		s.block("  │ ", "  │ ", pretty(d.Text), plain)
		if len(d.Attributes) > 0 {
			s.block("  └ ", "    ", "attributes: "+d.attributeText(), dim)
		}
	}
	s.shown = len(all)
}

// topicOf is the topic that one of the jobs publishes to, "" when none does.
func topicOf(jobs ...*platform.JobReport) string {
	for _, j := range jobs {
		for _, p := range j.Params {
			if p.Name == "topic_arn" {
				return p.Value
			}
		}
	}
	return ""
}

// ended shows how an App ended.
func (s *show) ended(j *platform.JobReport) {
	s.line()
	mark, i := "✔", green
	if j.Status != platform.StatusPassed {
		mark, i = "✘", red
	}
	end := "ended by a signal: " + j.Signal
	if j.ExitCode != nil {
		end = fmt.Sprintf("exit code %d", *j.ExitCode)
	}
	s.line(s.in(i, mark+" "+end), s.in(dim, "  after "+took(j.Duration)))
	if j.Message != "" {
		s.field(12, "exit message", j.Message, plain, "")
	}
	for _, v := range j.Outputs {
		s.field(12, v.Name, v.Text(), bold, "")
	}
	if j.Stderr != "" && j.Stderr != j.Message {
		s.field(12, "stderr", j.Stderr, yellow, "")
	}
	for _, remark := range j.Remarks {
		s.field(12, "remark", remark, yellow, "")
	}
	if j.Retry != nil {
		s.field(12, "retry", fmt.Sprintf("ThreatConnect would try again after %d min, at most %d times; tcdev does not wait",
			j.Retry.DelayMinutes, j.Retry.Max), yellow, "")
	}
	if s.verbose && len(j.Log) > 0 {
		s.line(s.in(dim, "  app.log"))
		for _, l := range j.Log {
			s.block("  │ ", "  │   ", l, dim)
		}
	}
}

// conclusion says how the playbook ended.
func (s *show) conclusion(r *platform.Report) {
	s.line()
	s.rule()
	text, i := "✔ the playbook passed", green
	switch r.Outcome {
	case platform.Handled:
		text, i = "✘ an App failed; the playbook went on along its Fail path", yellow
	case platform.Failed:
		text, i = "✘ the playbook failed", red
	case platform.Incomplete:
		text, i = "◌ the playbook was not run to its end", yellow
	}
	if r.Interrupted {
		text, i = "✘ interrupted", red
	}
	s.sides(text, i, took(r.Duration), dim)
	if r.Outcome == platform.Incomplete && len(r.NotReached) > 0 {
		s.block("  not run: ", "           ", strings.Join(r.NotReached, ", "), dim)
	}
	if r.Folder != "" {
		s.line(s.in(dim, "  kept: "), r.Folder)
	}
	s.line()
}

// head opens a section.
func (s *show) head(i ink, mark, what, name, right string) {
	s.line()
	left := mark + " " + printable(what) + "  " + printable(name)
	gap := width - utf8.RuneCountInString(left) - utf8.RuneCountInString(right)
	s.line(s.in(i, mark), " ", s.in(bold, printable(what)), "  ", printable(name),
		strings.Repeat(" ", max(gap, 2)), s.in(dim, printable(right)))
}

// valueText is a trigger's variable in one line: of an entity what a person
// looks for, of anything else the value.
func valueText(v platform.Variable) string {
	var e platform.Entity
	if v.Type != "TCEntity" || json.Unmarshal(v.Value, &e) != nil {
		return v.Text()
	}
	text := e.Type + " " + e.Value
	if e.OwnerName != nil {
		text += " of " + *e.OwnerName
	}
	return text + " (TCEntity)"
}

// paramText is a param's value, and where it comes from.
func (s *show) paramText(p platform.Param) (value, note string) {
	var e platform.Entity
	value = p.Value
	if json.Unmarshal([]byte(value), &e) == nil && e.Value != "" && e.Type != "" {
		value = e.Type + " " + e.Value
	}
	if p.Set {
		return value, "← " + s.flag(p.Name)
	}
	if v, ok := variable.Parse(p.Written); ok {
		return value, "← " + v.Name
	}
	if p.Written != p.Value && !p.Secret || strings.HasPrefix(p.Written, "${") {
		return value, "← " + p.Written
	}
	return value, ""
}

// flag is which flag has set a param.
func (s *show) flag(param string) string {
	if _, ok := s.derived[param]; ok {
		return "--sns"
	}
	return "--set"
}

// pretty indents JSON, and leaves any other text as it is.
func pretty(text string) string {
	var b bytes.Buffer
	if strings.HasPrefix(text, "{") && json.Indent(&b, []byte(text), "", "  ") == nil {
		return b.String()
	}
	return text
}

// took is a duration as a person says it.
func took(m platform.Millis) string {
	d := time.Duration(m)
	if d < time.Second {
		return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}

// shorten keeps the end of a path, which is what tells it from others.
func shorten(path string, room int) string {
	for utf8.RuneCountInString(path) > room {
		_, rest, found := strings.Cut(strings.TrimPrefix(path, "…"+string(filepath.Separator)), string(filepath.Separator))
		if !found {
			break
		}
		path = "…" + string(filepath.Separator) + rest
	}
	return path
}
