package bench

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// process is one that a benchmark starts.
type process struct {
	args []string
	env  []string
	dir  string
}

// figures is what one process took, by the operating system's account.
type figures struct {
	wall, cpu time.Duration // cpu is user and system
	peak      int64         // resident memory in bytes
}

// time runs a process under the stopwatch. One that does not end with 0 ends
// the benchmark: a failure is no figure.
func (p process) time(t testing.TB) figures {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	defer r.Close()
	var stderr strings.Builder
	cmd := exec.Command(programs.stopwatch, p.args...)
	cmd.Env, cmd.Dir, cmd.Stderr = p.env, p.dir, &stderr
	cmd.ExtraFiles = []*os.File{w}
	err = cmd.Start()
	_ = w.Close()
	require.NoError(t, err)
	report, readErr := io.ReadAll(r)
	require.NoError(t, cmd.Wait(), stderr.String())
	require.NoError(t, readErr)

	var code int
	var wall, user, system time.Duration
	var f figures
	_, err = fmt.Sscan(string(report), &code, &wall, &user, &system, &f.peak)
	require.NoError(t, err, "%q", report)
	require.Zero(t, code, "%s: %s", p.args, stderr.String())
	f.wall, f.cpu = wall, user+system
	return f
}

// series is the figures of one program, run by run.
type series []figures

func median[T ~int64 | ~float64](values []T) T {
	slices.Sort(values)
	middle := len(values) / 2
	if len(values)%2 == 1 {
		return values[middle]
	}
	return (values[middle-1] + values[middle]) / 2
}

func (s series) median(of func(figures) float64) float64 {
	values := make([]float64, len(s))
	for i, f := range s {
		values[i] = of(f)
	}
	return median(values)
}

func wallMs(f figures) float64  { return float64(f.wall) / float64(time.Millisecond) }
func cpuMs(f figures) float64   { return float64(f.cpu) / float64(time.Millisecond) }
func peakMiB(f figures) float64 { return float64(f.peak) / (1 << 20) }

// ratio is the median of a/b, pair by pair.
func ratio(a, b series, of func(figures) float64) float64 {
	values := make([]float64, len(a))
	for i := range a {
		values[i] = of(a[i]) / of(b[i])
	}
	return median(values)
}

// pairs times a and b in turn, a b b a, for as long as the benchmark asks.
func pairs(b *testing.B, first, second func() figures) (as, bs series) {
	first()
	second() // both are in the page cache now
	for i := 0; b.Loop(); i++ {
		if i%2 == 0 {
			as = append(as, first())
			bs = append(bs, second())
		} else {
			bs = append(bs, second())
			as = append(as, first())
		}
	}
	b.ReportMetric(0, "ns/op") // the loop's own time means nothing
	return as, bs
}

// report reports the App against the floor.
func report(b *testing.B, app, floor series) {
	b.ReportMetric(floor.median(wallMs), "floor-ms")
	b.ReportMetric(app.median(wallMs), "app-ms")
	b.ReportMetric(ratio(app, floor, wallMs), "x-wall")
	b.ReportMetric(floor.median(cpuMs), "floor-cpu-ms")
	b.ReportMetric(app.median(cpuMs), "app-cpu-ms")
	b.ReportMetric(ratio(app, floor, cpuMs), "x-cpu")
	b.ReportMetric(floor.median(peakMiB), "floor-peak-MiB")
	b.ReportMetric(app.median(peakMiB), "app-peak-MiB")
}
