package platform

import (
	"context"

	"tcsns/internal/dev/pbx"
)

// walk runs the jobs along the connections, one after another: each once
// everything that leads to it is settled, and if at least one connection to it
// was taken.
func (r *run) walk(ctx context.Context) error {
	w := walker{playbook: r.Playbook, start: r.trigger.ID, ended: map[int64]pbx.Kind{}}
	for ctx.Err() == nil {
		job := w.next()
		if job == nil {
			break
		}
		side, err := r.runJob(ctx, job)
		if err != nil {
			return err
		}
		w.ended[job.ID] = side
	}
	for _, job := range r.Playbook.Order() {
		if r.jobs[job.ID].Status == StatusNotReached {
			r.report.NotReached = append(r.report.NotReached, job.Name)
		}
	}
	r.report.Outcome = r.outcome()
	return nil
}

// outcome sums up the jobs: an unhandled failure outweighs everything, a path
// that could not be followed outweighs a handled failure.
func (r *run) outcome() Outcome {
	outcome := Passed
	for _, job := range r.report.Jobs {
		switch {
		case job.Status == StatusFailed && len(r.Playbook.Next(job.ID, pbx.Fail)) == 0:
			return Failed
		case job.Status == StatusUnavailable:
			outcome = Incomplete
		case job.Status == StatusFailed && outcome == Passed:
			outcome = Handled
		}
	}
	return outcome
}

// walker knows how far a playbook has come.
type walker struct {
	playbook *pbx.Playbook
	start    int64              // the trigger
	ended    map[int64]pbx.Kind // job → the side that it left by; "" for neither
}

// next is the first job in order that is ready; nil when there is none left.
func (w *walker) next() *pbx.Job {
	for _, job := range w.playbook.Order() {
		if _, ended := w.ended[job.ID]; ended {
			continue
		}
		settled, taken := w.incoming(job.ID)
		switch {
		case settled && taken:
			return job
		case settled:
			w.ended[job.ID] = "" // nothing leads here any more, nor from here
		}
	}
	return nil
}

// incoming reports whether it is settled which connections to a job were
// taken, and whether one was.
func (w *walker) incoming(job int64) (settled, taken bool) {
	settled = true
	for _, c := range w.playbook.Connections {
		if c.TargetJob != job || c.Circular {
			continue
		}
		source := c.Source()
		if source.Trigger {
			taken = taken || source.ID == w.start
			continue
		}
		side, ended := w.ended[source.ID]
		settled = settled && ended
		taken = taken || (ended && side == c.Kind)
	}
	return settled, taken
}
