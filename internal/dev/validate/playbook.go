package validate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tcsns/internal/dev/pbx"
	"tcsns/internal/tc/variable"
)

// Playbook checks a playbook, and the components inside it.
func Playbook(file string, p *pbx.Playbook, against Against) []Problem {
	f := &findings{file: file}
	c := &playbookCheck{findings: f, p: p, against: against}
	for _, rule := range playbookRules() {
		rule(c)
	}
	if against.Publish {
		for _, rule := range publishRules() {
			rule(c)
		}
	}
	for i := range p.Components {
		inner := Playbook(file, &p.Components[i], against)
		for _, problem := range inner {
			problem.Place = strings.TrimSuffix(fmt.Sprintf("component %q: %s", p.Components[i].Name, problem.Place), ": ")
			f.problems = append(f.problems, problem)
		}
	}
	return f.problems
}

func playbookRules() []func(*playbookCheck) {
	return []func(*playbookCheck){
		nodeIDs, nodeKinds, embeddedJSON, triggers, connections, cycles, unreachable, variables,
		ourName, ourVersion, ourParams, ourRequired, ourChoices, ourBooleans, ourSecrets, ourDataTypes, ourPlaceholders, ourPairs, ourRetry, ourLists,
	}
}

// playbookCheck is a playbook under check.
type playbookCheck struct {
	*findings
	p       *pbx.Playbook
	against Against
}

func jobPlace(j *pbx.Job) string         { return fmt.Sprintf("App %q (%d)", j.Name, j.ID) }
func triggerPlace(t *pbx.Trigger) string { return fmt.Sprintf("trigger %q (%d)", t.Name, t.ID) }

// place names a job or a trigger by its name.
func (c *playbookCheck) place(n pbx.Node) string {
	if n.Trigger {
		if t, ok := c.p.Trigger(n.ID); ok {
			return triggerPlace(t)
		}
	} else if j, ok := c.p.Job(n.ID); ok {
		return jobPlace(j)
	}
	return n.String()
}

func (c *playbookCheck) exists(n pbx.Node) bool {
	if n.Trigger {
		_, ok := c.p.Trigger(n.ID)
		return ok
	}
	_, ok := c.p.Job(n.ID)
	return ok
}

func nodeIDs(c *playbookCheck) {
	seen := map[int64]bool{}
	for i := range c.p.Jobs {
		if j := &c.p.Jobs[i]; seen[j.ID] {
			c.add(jobPlace(j), "give each App an id of its own", "its id is there twice")
		}
		seen[c.p.Jobs[i].ID] = true
	}
	seen = map[int64]bool{}
	for i := range c.p.Triggers {
		if t := &c.p.Triggers[i]; seen[t.ID] {
			c.add(triggerPlace(t), "give each trigger an id of its own", "its id is there twice")
		}
		seen[c.p.Triggers[i].ID] = true
	}
}

// nodeKinds: what runs, and what starts it, has a kind.
func nodeKinds(c *playbookCheck) {
	for i := range c.p.Jobs {
		j := &c.p.Jobs[i]
		if j.App.ProgramName == "" {
			c.add(jobPlace(j), "write appCatalogItem.programName", "it names no App that it runs")
		}
		if slices.ContainsFunc(j.Params, func(p pbx.Param) bool { return p.Name == "" }) {
			c.add(jobPlace(j), "write appCatalogItemParameter.paramName", "one of its inputs has no name")
		}
	}
	for i := range c.p.Triggers {
		if t := &c.p.Triggers[i]; t.Type == "" {
			c.add(triggerPlace(t), "write its type, such as Address", "it has no type")
		}
	}
}

// embeddedJSON: lists that the export writes as text.
func embeddedJSON(c *playbookCheck) {
	outputs := func(place, field string, text pbx.EmbeddedJSON) {
		if _, err := text.Outputs(); err != nil {
			c.add(place, "write a JSON list of objects with name and type, as text", "its %s cannot be read: %v", field, err)
		}
	}
	names := func(place, field string, text pbx.EmbeddedJSON) {
		if _, err := text.Names(); err != nil {
			c.add(place, "write a JSON list of names, as text", "its %s cannot be read: %v", field, err)
		}
	}
	for i := range c.p.Jobs {
		j := &c.p.Jobs[i]
		outputs(jobPlace(j), "outputVariables", j.OutputVariables)
		outputs(jobPlace(j), "layoutDisplayOutputVariables", j.AllOutputs)
		names(jobPlace(j), "layoutRequiredInputParams", j.RequiredInputs)
		names(jobPlace(j), "layoutDisplayedInputParams", j.DisplayedInputs)
	}
	for i := range c.p.Triggers {
		t := &c.p.Triggers[i]
		outputs(triggerPlace(t), "outputVariables", t.OutputVariables)
	}
}

func triggers(c *playbookCheck) {
	if len(c.p.Triggers) == 0 {
		c.add("", "add a trigger", "nothing starts the playbook")
	}
	for i := range c.p.Triggers {
		t := &c.p.Triggers[i]
		if len(c.p.Start(t.ID)) == 0 && len(c.p.Jobs) > 0 {
			c.add(triggerPlace(t), "connect it to the first App", "it starts nothing")
		}
	}
}

func connections(c *playbookCheck) {
	seen := map[pbx.Connection]bool{}
	for i, connection := range c.p.Connections {
		place := fmt.Sprintf("connection %d", i+1)
		source, target := connection.Source(), connection.Target()
		for _, n := range []pbx.Node{source, target} {
			switch {
			case n.ID == 0:
				c.add(place, "connect both of its ends", "one end of it is loose")
			case !c.exists(n):
				c.add(place, "remove it, or point it at a job that exists", "it leads to %s, which is not there", n)
			}
		}
		c.connection(place, connection)
		if seen[connection] {
			c.add(place, "remove one of the two", "the same connection is there twice")
		}
		seen[connection] = true
	}
}

// connection: the kinds of connection, and what each may join (CONTRACT §10).
func (c *playbookCheck) connection(place string, connection pbx.Connection) {
	fromTrigger, toTrigger := connection.Source().Trigger, connection.Target().Trigger
	known := slices.Contains([]pbx.Kind{pbx.Pass, pbx.Fail, pbx.StartLoop, pbx.EndLoop}, connection.Kind)
	switch {
	case connection.Kind == "" || !known && c.against.Publish:
		c.add(place, "write Pass or Fail", "%q is no type of a connection", connection.Kind)
	case connection.SourceJob != 0 && connection.SourceTrigger != 0 || connection.TargetJob != 0 && connection.TargetTrigger != 0:
		c.add(place, "leave one of the two", "one end of it is both an App and a trigger")
	case connection.Kind == pbx.Fail && (fromTrigger || toTrigger):
		c.add(place, "use Pass, or connect it to Apps", "a Fail connection leads from App to App only")
	case fromTrigger && toTrigger:
		c.add(place, "remove it", "it leads from a trigger to a trigger")
	case toTrigger && !connection.Circular:
		c.add(place, "write isCircularOnTarget true", "a response to the trigger leads back and does not say so")
	case connection.Circular && !toTrigger && (connection.Kind == pbx.Pass || connection.Kind == pbx.Fail):
		c.add(place, "remove it, or use an iterator", "it leads back to an App, which only the end of a loop does")
	}
}

// cycles: only the end of a loop and the response to a trigger lead back, and
// they say so.
func cycles(c *playbookCheck) {
	const open, done = 1, 2
	state := map[int64]int{}
	var visit func(j *pbx.Job, path []string)
	visit = func(j *pbx.Job, path []string) {
		path = append(path, strconv.Quote(j.Name))
		switch state[j.ID] {
		case done:
			return
		case open:
			c.add(jobPlace(j), "remove the connection that leads back, or use an iterator", "it runs in a circle: %s", strings.Join(path[slices.Index(path, strconv.Quote(j.Name)):], " → "))
			return
		}
		state[j.ID] = open
		for _, kind := range []pbx.Kind{pbx.Pass, pbx.Fail, pbx.StartLoop, pbx.EndLoop} {
			for _, next := range c.p.Next(j.ID, kind) {
				visit(next, path)
			}
		}
		state[j.ID] = done
	}
	for i := range c.p.Jobs {
		visit(&c.p.Jobs[i], nil)
	}
}

func unreachable(c *playbookCheck) {
	reached := map[pbx.Node]bool{}
	for i := range c.p.Triggers {
		for n := range c.p.Reachable(pbx.Node{Trigger: true, ID: c.p.Triggers[i].ID}) {
			reached[n] = true
		}
	}
	for i := range c.p.Jobs {
		if j := &c.p.Jobs[i]; !reached[pbx.Node{ID: j.ID}] && len(c.p.Triggers) > 0 {
			c.add(jobPlace(j), "connect it, or remove it", "no trigger leads to it: it never runs")
		}
	}
}

// variables: each comes from something that has run before. What a job of
// another App sets, only that App knows.
func variables(c *playbookCheck) {
	for i := range c.p.Jobs {
		j := &c.p.Jobs[i]
		upstream := c.p.Upstream(pbx.Node{ID: j.ID})
		for _, param := range j.Params {
			place := jobPlace(j) + ", " + param.Name
			for _, v := range uses(param.Value) {
				c.variable(place, v, upstream)
			}
			c.halfVariables(place, param.Value)
		}
	}
	for i := range c.p.Triggers {
		t := &c.p.Triggers[i]
		upstream := c.p.Upstream(pbx.Node{Trigger: true, ID: t.ID})
		upstream[pbx.Node{Trigger: true, ID: t.ID}] = true
		for _, v := range t.Variables() {
			c.variable(triggerPlace(t)+", response", v, upstream)
		}
	}
}

// uses lists the variables of a text, each once.
func uses(text string) []variable.Variable {
	var found []variable.Variable
	seen := map[variable.Variable]bool{}
	for _, segment := range variable.Split(text) {
		if segment.Variable != nil && !seen[*segment.Variable] {
			seen[*segment.Variable] = true
			found = append(found, *segment.Variable)
		}
	}
	return found
}

func (c *playbookCheck) variable(place string, v variable.Variable, upstream map[pbx.Node]bool) {
	if v.Namespace == variable.Global {
		return
	}
	id, err := strconv.ParseInt(v.JobID, 10, 64)
	if err != nil {
		c.add(place, "pick the variable again", "%s names no App", v)
		return
	}
	n := pbx.Node{Trigger: v.Namespace == variable.Trigger, ID: id}
	switch {
	case !c.exists(n):
		c.add(place, "pick a variable of this playbook", "%s is of %s, which is not there", v, n)
	case !upstream[n]:
		c.add(place, "read it further on, or connect the two", "%s is set by %s, which does not lead here", v, c.place(n))
	default:
		c.produced(place, v, n)
	}
}

// produced: the variable is one that its App or trigger sets, where that is
// known: for our App from install.json, for a trigger of our own playbook from
// its list.
func (c *playbookCheck) produced(place string, v variable.Variable, n pbx.Node) {
	outputs, known := c.outputsOf(n)
	if !known {
		return
	}
	var types []string
	for _, o := range outputs {
		if o.Name == v.Name {
			types = append(types, o.Type)
		}
	}
	switch {
	case len(types) == 0:
		c.add(place, "pick one that it sets", "%s is nothing that %s sets", v, c.place(n))
	case !slices.ContainsFunc(types, func(t string) bool { return v.Type.Is(variable.Type(t)) }):
		c.add(place, "write !"+types[0], "%s is of the type %s", v, strings.Join(types, " or "))
	}
}

// outputsOf lists what a job or trigger sets, where the whole list is known.
func (c *playbookCheck) outputsOf(n pbx.Node) (outputs []pbx.Output, known bool) {
	if n.Trigger {
		t, _ := c.p.Trigger(n.ID)
		outputs, err := t.OutputVariables.Outputs()
		return outputs, err == nil && c.against.Publish
	}
	j, _ := c.p.Job(n.ID)
	if !c.ours(j) {
		return nil, false
	}
	for _, o := range c.against.Install.Outputs() {
		outputs = append(outputs, pbx.Output{Name: o.Name, Type: o.Type})
	}
	return outputs, true
}

// halfVariables: text that begins like a variable and is none.
func (c *playbookCheck) halfVariables(place, text string) {
	for _, segment := range variable.Split(text) {
		for _, begin := range []string{"#App:", "#Trigger:"} {
			if at := strings.Index(segment.Literal, begin); at >= 0 {
				c.add(place, "pick the variable again, it reads #App:ID:NAME!TYPE", "%q begins like a variable and is none", shorten(segment.Literal[at:]))
			}
		}
	}
}

// shorten keeps what a person needs to find a text again, in characters.
func shorten(text string) string {
	const most = 40
	if r := []rune(text); len(r) > most {
		return string(r[:most]) + "…"
	}
	return text
}
