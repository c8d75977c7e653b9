package platform

import (
	"fmt"
	"slices"
	"strings"

	"tcsns/internal/dev/pbx"
)

// pickTrigger returns the trigger that fires for the event: the first of the
// playbook that does. When none does, the error says why, for each.
func pickTrigger(p *pbx.Playbook, e *Event) (*pbx.Trigger, error) {
	if len(p.Triggers) == 0 {
		return nil, fmt.Errorf("start playbook %q: it has no trigger", p.Name)
	}
	var reasons []string
	for i := range p.Triggers {
		t := &p.Triggers[i]
		reason := mismatch(t, e)
		if reason == "" {
			return t, nil
		}
		reasons = append(reasons, fmt.Sprintf("trigger %q %s", t.Name, reason))
	}
	return nil, fmt.Errorf("start playbook %q: the event is %s, but %s", p.Name, e, strings.Join(reasons, "; "))
}

// mismatch says why a trigger does not fire for an event; empty when it does.
func mismatch(t *pbx.Trigger, e *Event) string {
	switch {
	case t.Active != nil && !*t.Active:
		return "is switched off"
	case !strings.EqualFold(t.EventType, e.Action):
		return fmt.Sprintf("waits for %s", t.EventType)
	}
	types, ok := indicatorTypes(t)
	switch {
	case !ok && e.Indicator.Summary != "":
		return fmt.Sprintf("is a %s, which no indicator fires", t.Type)
	case len(types) > 0 && !slices.ContainsFunc(types, func(name string) bool { return normal(name) == normal(e.Indicator.Type) }):
		return fmt.Sprintf("waits for %s", strings.Join(types, ", "))
	}
	if !passesFilters(t, e) {
		return "filters it out"
	}
	return ""
}

// indicatorTypes lists the types of indicator (or group) that a trigger is
// for, none where it does not say; false where it is for none.
func indicatorTypes(t *pbx.Trigger) (types []string, ok bool) {
	switch t.Type {
	case "UserAction", "MultipleIndicator":
		for name := range strings.SplitSeq(t.UserActionTypes, ",") {
			if name := strings.TrimSpace(name); name != "" {
				types = append(types, name)
			}
		}
		return types, true
	case "HttpLink", "Timer", "Mailbox", "PipeConfig", "WorkflowConfig":
		return nil, false
	}
	return []string{t.Type}, true
}

// passesFilters applies the filters on tag and summary, the ones that exports
// show: all must pass, or one of them where the trigger says so. A filter of
// any other kind is taken as passed: what it compares is not known.
func passesFilters(t *pbx.Trigger, e *Event) bool {
	passes := func(f pbx.Filter) bool {
		value := map[string]string{"tag": e.Tag, "summary": e.Indicator.Summary}
		have, known := value[strings.ToLower(f.Field)]
		want := string(f.Value)
		switch {
		case known && strings.EqualFold(f.Operator, "Equals"):
			return strings.EqualFold(have, want)
		case known && strings.EqualFold(f.Operator, "Contains"):
			return strings.Contains(strings.ToLower(have), strings.ToLower(want))
		}
		return true
	}
	if t.OrFilters && len(t.Filters) > 0 {
		return slices.ContainsFunc(t.Filters, passes)
	}
	return !slices.ContainsFunc(t.Filters, func(f pbx.Filter) bool { return !passes(f) })
}
