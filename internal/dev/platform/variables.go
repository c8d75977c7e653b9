package platform

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tcsns/internal/dev/pbx"
	"tcsns/internal/tc/variable"
)

// Variable is a playbook variable and its value.
type Variable struct {
	Variable string          `json:"variable"` // #App:2:sns.debug!String
	Name     string          `json:"name"`
	Type     string          `json:"type"`
	Value    json.RawMessage `json:"value"` // as [Decode] returns it
}

// Text is the value as a person reads it, see [Text].
func (v Variable) Text() string { return Text(v.Value) }

func newVariable(v variable.Variable, data []byte) Variable {
	return Variable{Variable: v.Key(), Name: v.Name, Type: string(v.Type), Value: Decode(data)}
}

// triggerVariables returns the bytes of the trigger's variables that the
// playbook uses or that the trigger declares, by full variable. Those of them
// that the event says nothing of are unset, as on the platform.
func triggerVariables(p *pbx.Playbook, t *pbx.Trigger, e *Event) (set map[string][]byte, unset []string, err error) {
	known := e.values()
	set = map[string][]byte{}
	for _, v := range wantedOf(p, t) {
		data, err := Encode(known[v.Name+"!"+string(v.Type)])
		switch {
		case err != nil:
			return nil, nil, fmt.Errorf("%s: %w", v.Key(), err)
		case data == nil:
			unset = append(unset, v.Key())
		default:
			set[v.Key()] = data
		}
	}
	return set, unset, nil
}

// wantedOf lists the variables of a trigger that the playbook uses, and those
// that the trigger declares, by name, each once.
func wantedOf(p *pbx.Playbook, t *pbx.Trigger) []variable.Variable {
	id := strconv.FormatInt(t.ID, 10)
	var wanted []variable.Variable
	for _, v := range used(p) {
		if v.Namespace == variable.Trigger && v.JobID == id {
			wanted = append(wanted, v)
		}
	}
	declared, _ := t.OutputVariables.Outputs() // a list that is not JSON declares nothing
	for _, o := range declared {
		if v, ok := triggerVariable(t.ID, o.Name+"!"+o.Type); ok {
			wanted = append(wanted, v)
		}
	}
	slices.SortFunc(wanted, func(a, b variable.Variable) int { return cmp.Compare(a.Key(), b.Key()) })
	return slices.Compact(wanted)
}

// used lists every playbook variable that a job or a trigger's response reads.
func used(p *pbx.Playbook) []variable.Variable {
	var all []variable.Variable
	for i := range p.Jobs {
		all = append(all, p.Jobs[i].Variables()...)
	}
	for i := range p.Triggers {
		all = append(all, p.Triggers[i].Variables()...)
	}
	return all
}

// globals returns the bytes of the platform's global variables and of the
// playbook's own, by full variable.
func globals(p *pbx.Playbook, session *Session, apiURL, org string, now time.Time) map[string][]byte {
	values := map[string]string{
		"timestamp.iso":      now.UTC().Format("2006-01-02T15:04:05Z"),
		"timestamp.epoch":    strconv.FormatInt(now.UnixMilli(), 10),
		"org.name":           org,
		"host.api":           apiURL,
		"playbook.sessionid": session.Context,
	}
	for _, v := range p.ScopeVariables {
		values[strings.ToLower(v.Name)] = string(v.Value)
	}
	set := map[string][]byte{}
	for name, value := range values {
		if data, err := Encode(value); err == nil {
			set["#Global:0:gbl."+name+"!String"] = data
		}
	}
	return set
}

// outputsOf returns what a job wrote, from all variables of the context, by
// name.
func outputsOf(job int64, all map[string][]byte) []Variable {
	id := strconv.FormatInt(job, 10)
	var outputs []Variable
	for key, data := range all {
		if v, ok := variable.Parse(key); ok && v.Namespace == variable.App && v.JobID == id {
			outputs = append(outputs, newVariable(v, data))
		}
	}
	slices.SortFunc(outputs, func(a, b Variable) int { return cmp.Compare(a.Variable, b.Variable) })
	return outputs
}
