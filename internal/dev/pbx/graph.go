package pbx

import (
	"cmp"
	"slices"
	"strconv"

	"tcsns/internal/tc/variable"
)

// Job finds a job by its id.
func (p *Playbook) Job(id int64) (*Job, bool) {
	for i := range p.Jobs {
		if p.Jobs[i].ID == id {
			return &p.Jobs[i], true
		}
	}
	return nil, false
}

// Trigger finds a trigger by its id.
func (p *Playbook) Trigger(id int64) (*Trigger, bool) {
	for i := range p.Triggers {
		if p.Triggers[i].ID == id {
			return &p.Triggers[i], true
		}
	}
	return nil, false
}

// Start lists the jobs that a trigger starts.
func (p *Playbook) Start(trigger int64) []*Job {
	return p.targets(Node{Trigger: true, ID: trigger}, Pass)
}

// Next lists the jobs that follow a job when it passed or failed. A connection
// that leads back (to the trigger, to the start of a loop) is not followed.
func (p *Playbook) Next(job int64, kind Kind) []*Job {
	return p.targets(Node{ID: job}, kind)
}

// targets lists where connections lead, by place on the canvas, top to bottom:
// the export's own order of connections means nothing.
func (p *Playbook) targets(source Node, kind Kind) []*Job {
	var jobs []*Job
	for _, c := range p.Connections {
		if c.Kind != kind || c.Circular || c.Source() != source {
			continue
		}
		if job, ok := p.Job(c.TargetJob); ok && !slices.Contains(jobs, job) {
			jobs = append(jobs, job)
		}
	}
	slices.SortStableFunc(jobs, func(a, b *Job) int {
		return cmp.Or(cmp.Compare(a.Y, b.Y), cmp.Compare(a.X, b.X), cmp.Compare(a.ID, b.ID))
	})
	return jobs
}

// Order lists the jobs so that each comes after everything that leads to it;
// of equals, the one further left first, then the upper one. Jobs on a cycle
// that no loop explains come last.
func (p *Playbook) Order() []*Job {
	waiting := map[int64]int{}
	for _, c := range p.Connections {
		if _, ok := p.Job(c.SourceJob); ok && !c.Circular && c.TargetJob != 0 {
			waiting[c.TargetJob]++
		}
	}
	rest := make([]*Job, len(p.Jobs))
	for i := range p.Jobs {
		rest[i] = &p.Jobs[i]
	}
	slices.SortStableFunc(rest, func(a, b *Job) int {
		return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y), cmp.Compare(a.ID, b.ID))
	})
	order := make([]*Job, 0, len(rest))
	for len(rest) > 0 {
		next := max(slices.IndexFunc(rest, func(j *Job) bool { return waiting[j.ID] == 0 }), 0)
		job := rest[next]
		order, rest = append(order, job), slices.Delete(rest, next, next+1)
		for _, c := range p.Connections {
			if !c.Circular && c.SourceJob == job.ID {
				waiting[c.TargetJob]--
			}
		}
	}
	return order
}

// Upstream is everything that has run when n runs: the jobs and triggers that
// lead to it, on whatever path. The end of a loop leads to its start; the
// response to a trigger leads to that trigger alone.
func (p *Playbook) Upstream(n Node) map[Node]bool {
	return p.walk(n, Connection.Target, Connection.Source)
}

// Reachable is everything that n leads to.
func (p *Playbook) Reachable(n Node) map[Node]bool {
	return p.walk(n, Connection.Source, Connection.Target)
}

// walk follows connections from one side to the other, not through a trigger.
func (p *Playbook) walk(start Node, from, to func(Connection) Node) map[Node]bool {
	follow := make(map[Node][]Node, len(p.Connections))
	for _, c := range p.Connections {
		follow[from(c)] = append(follow[from(c)], to(c))
	}
	seen := map[Node]bool{}
	todo := []Node{start}
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, next := range follow[n] {
			if seen[next] {
				continue
			}
			seen[next] = true
			if !next.Trigger {
				todo = append(todo, next)
			}
		}
	}
	return seen
}

// Requested lists the outputs of a job that the platform asks for in
// tc_playbook_out_variables: those that another job or a trigger's response
// reads, and those that the export lists for it. By name, then type, each once.
func (p *Playbook) Requested(job int64) []variable.Variable {
	id := strconv.FormatInt(job, 10)
	var requested []variable.Variable
	add := func(v variable.Variable) {
		if v.Namespace == variable.App && v.JobID == id && !slices.Contains(requested, v) {
			requested = append(requested, v)
		}
	}
	for i := range p.Jobs {
		for _, v := range p.Jobs[i].Variables() {
			add(v)
		}
	}
	for i := range p.Triggers {
		for _, v := range p.Triggers[i].Variables() {
			add(v)
		}
	}
	if j, ok := p.Job(job); ok {
		outputs, _ := j.OutputVariables.Outputs() // a list that is not JSON asks for nothing
		for _, o := range outputs {
			add(variable.Variable{Namespace: variable.App, JobID: id, Name: o.Name, Type: variable.Type(o.Type)})
		}
	}
	slices.SortFunc(requested, func(a, b variable.Variable) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Type, b.Type))
	})
	return requested
}
