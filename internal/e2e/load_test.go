package e2e

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/platform"
)

// TestLoad starts many Apps at the same moment, several times, against one
// store and one endpoint: every message arrives exactly once, every sns.debug
// is the MessageID of its own message, no run fails.
//
// TCSNS_LOAD=full is the load that README.md has the figures of; else it is a
// smaller one. It runs alone, not in parallel with the other tests.
func TestLoad(t *testing.T) {
	rounds, apps := 2, 50
	full := os.Getenv("TCSNS_LOAD") == "full"
	if full {
		rounds, apps = 10, 200
	}
	w := newWorld(t)
	figures := load{apps: apps}
	seen := map[string]bool{}
	for round := range rounds {
		runs := w.storm(round, apps, &figures)
		delivered := map[string]string{} // address → MessageID
		for _, sent := range w.sns.Messages()[round*apps:] {
			address := fmt.Sprint(document(t, sent)["address"])
			require.False(t, seen[address], "%s arrived twice", address)
			seen[address] = true
			delivered[address] = sent.MessageID
		}
		require.Len(t, delivered, apps)
		for _, run := range runs {
			require.Equal(t, 0, run.out.ExitCode, "%s\n%s", run.out.Message, run.out.Stderr)
			require.Equal(t, delivered[run.address], run.out.outputs["sns.debug"], "the MessageID of its own message")
			require.Contains(t, run.out.Message, run.out.outputs["sns.debug"])
		}
	}
	require.Equal(t, rounds*apps, w.sns.Accepted())
	t.Log(figures.String())
	if full && *update {
		figures.write(t)
	}
}

// stormed is one run of a storm.
type stormed struct {
	address string
	out     outcome
}

// storm runs n Apps that start at the same moment.
func (w *world) storm(round, n int, figures *load) []stormed {
	w.t.Helper()
	// Each App is a shell that waits for its stdin to end, and then becomes
	// the App: closing the one pipe lets all of them go at once.
	gate, open, err := os.Pipe()
	require.NoError(w.t, err)
	defer gate.Close()
	processes := make([]*process, n)
	runs := make([]stormed, n)
	pids := make([]int, n)
	for i := range n {
		one := *w
		one.newSession()
		runs[i].address = fmt.Sprintf("10.%d.%d.%d", round, i>>8, i&0xff)
		one.stage(map[string]any{item: runs[i].address})
		processes[i] = one.start(platform.AppOptions{
			Path: "/bin/sh", Args: []string{"-c", `read -r _; exec "$0"`, binary},
			Params: one.params(map[string]any{"address": item}), Stdin: gate,
		})
		pids[i] = processes[i].PID()
	}
	watch := figures.watch(pids)
	released := time.Now()
	require.NoError(w.t, open.Close())
	for i, p := range processes {
		runs[i].out = p.wait()
		figures.add(runs[i].out, released)
	}
	watch()
	return runs
}

// load is what a load took.
type load struct {
	apps   int
	rounds []time.Duration // from the release to the end of the last App
	runs   []time.Duration // from the release to the end of each
	cpu    time.Duration
	single int64 // the largest App's peak, bytes
	sum    int64 // of all Apps at a moment, the largest seen, bytes

	last time.Time // the release that rounds' last entry belongs to
}

func (l *load) add(out outcome, released time.Time) {
	took := out.Started.Add(out.Duration).Sub(released)
	l.runs = append(l.runs, took)
	l.cpu += out.CPU
	if released != l.last {
		l.last = released
		l.rounds = append(l.rounds, 0)
	}
	round := &l.rounds[len(l.rounds)-1]
	*round = max(*round, took)
}

// watch looks at the memory of processes until the returned function is called.
func (l *load) watch(pids []int) (stop func()) {
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			var sum int64
			for _, pid := range pids {
				if name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid)); err != nil || strings.TrimSpace(string(name)) != "tcsns" {
					continue // still the shell, or over
				}
				peak := peakMemory(pid)
				sum += peak
				l.single = max(l.single, peak)
			}
			l.sum = max(l.sum, sum)
			select {
			case <-tick.C:
			case <-done:
				return
			}
		}
	})
	return func() {
		close(done)
		watching.Wait()
	}
}

// String is the figures in words.
func (l *load) String() string {
	runs, rounds := slices.Sorted(slices.Values(l.runs)), slices.Sorted(slices.Values(l.rounds))
	n := len(runs)
	ms := func(d time.Duration) string { return d.Round(time.Millisecond).String() }
	return fmt.Sprintf(`| | |
|---|--:|
| Apps started at once, rounds | %d, %d |
| messages on the topic, each once | %d |
| from the start of all to the end of the last: median round, slowest | %s, %s |
| from the start of all to the end of one: median, 99th of 100 | %s, %s |
| CPU of one run, mean | %.1f ms |
| memory of one App, the largest peak seen | %.1f MiB |
| memory of all Apps at a moment, the largest seen (each with its pages of the one binary, which they share) | %.0f MiB |
`, l.apps, len(rounds), n, ms(rounds[len(rounds)/2]), ms(rounds[len(rounds)-1]), ms(runs[n/2]), ms(runs[n*99/100]),
		float64(l.cpu.Microseconds())/1000/float64(n), float64(l.single)/(1<<20), float64(l.sum)/(1<<20))
}

// write puts the figures into README.md, with machine and date.
func (l *load) write(t *testing.T) {
	t.Helper()
	replaceBlock(t, "load", fmt.Sprintf("\n%s\n%s, %s/%s, %d processors, the endpoint and the test in a process of their own beside the Apps.\n\n",
		l, time.Now().UTC().Format(time.DateOnly), runtime.GOOS, runtime.GOARCH, runtime.NumCPU()))
}
