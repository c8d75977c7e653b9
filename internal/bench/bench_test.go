package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/tcx/launcher"
)

// One run with both keys among its parameters.
func BenchmarkRun(b *testing.B) {
	quiet(b)
	w := newWorld(b)
	w.stageOne()
	app, floor := pairs(b,
		func() figures { return w.app([]string{programs.app}, w.params(nil)) },
		func() figures { return w.floor(1) })
	report(b, app, floor)
}

// One run whose credentials the SDK's default chain finds in the environment.
func BenchmarkRunDefaultChain(b *testing.B) {
	quiet(b)
	w := newWorld(b)
	w.stageOne()
	params := w.params(map[string]any{"aws_access_key_id": "", "aws_secret_access_key": ""})
	app, floor := pairs(b,
		func() figures {
			return w.app([]string{programs.app}, params, "AWS_ACCESS_KEY_ID="+accessKey, "AWS_SECRET_ACCESS_KEY="+secretKey)
		},
		func() figures { return w.floor(1) })
	report(b, app, floor)
}

// One run as the platform starts it, through run.py, beside a Python that does
// nothing and a run without either.
func BenchmarkRunPy(b *testing.B) {
	quiet(b)
	w := newWorld(b)
	w.stageOne()
	python := realPython(b)
	folder := unpack(b)
	var bare series
	through, alone := pairs(b,
		func() figures { return w.app([]string{python, filepath.Join(folder, launcher.RunPy)}, w.params(nil)) },
		func() figures {
			bare = append(bare, process{args: []string{python, "-c", "pass"}, env: w.environment()}.time(b))
			return w.app([]string{programs.app}, w.params(nil))
		})
	bare = bare[1:] // the first warmed up
	over := make([]float64, len(through))
	for i := range through {
		over[i] = wallMs(through[i]) - wallMs(bare[i]) - wallMs(alone[i])
	}
	b.ReportMetric(bare.median(wallMs), "python-ms")
	b.ReportMetric(alone.median(wallMs), "app-ms")
	b.ReportMetric(through.median(wallMs), "run.py-ms")
	b.ReportMetric(median(over), "over-ms")
}

// Many addresses in one run, at the same concurrency as the floor.
func BenchmarkAddresses(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			quiet(b)
			w := newWorld(b)
			w.stageMany(n)
			params := w.params(map[string]any{"address": items, "timeout_seconds": "600"})
			app, floor := pairs(b,
				func() figures { return w.app([]string{programs.app}, params) },
				func() figures { return w.floor(n) })
			report(b, app, floor)
			b.ReportMetric(1000*app.median(wallMs)/float64(n), "app-us/address")
		})
	}
}

// This build against the one that -against names.
func BenchmarkAgainst(b *testing.B) {
	if *against == "" {
		b.Skip("-against names no other build")
	}
	for _, n := range []int{1, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			quiet(b)
			w := newWorld(b)
			w.stageOne()
			params := w.params(nil)
			if n > 1 {
				w.stageMany(n)
				params["address"], params["timeout_seconds"] = items, "600"
			}
			now, other := pairs(b,
				func() figures { return w.app([]string{programs.app}, params) },
				func() figures { return w.app([]string{programs.other}, params) })
			b.ReportMetric(other.median(wallMs), "other-ms")
			b.ReportMetric(now.median(wallMs), "app-ms")
			b.ReportMetric(ratio(now, other, wallMs), "x-wall")
			b.ReportMetric(other.median(cpuMs), "other-cpu-ms")
			b.ReportMetric(now.median(cpuMs), "app-cpu-ms")
			b.ReportMetric(ratio(now, other, cpuMs), "x-cpu")
			b.ReportMetric(other.median(peakMiB), "other-peak-MiB")
			b.ReportMetric(now.median(peakMiB), "app-peak-MiB")
		})
	}
}

// unpack lays the App out as its package does.
func unpack(t testing.TB) string {
	t.Helper()
	folder := t.TempDir()
	for _, name := range []string{launcher.RunPy, launcher.MainPy} {
		content, err := launcher.File(name)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(folder, name), content, 0o644))
	}
	require.NoError(t, os.Mkdir(filepath.Join(folder, "bin"), 0o755))
	require.NoError(t, install(programs.app, filepath.Join(folder, "bin", "tcsns-linux-"+runtime.GOARCH)))
	return folder
}

// realPython is the interpreter itself: what the PATH finds may be a script
// that looks for one, and takes longer than what is measured.
func realPython(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("python3", "-c", "import sys; print(sys.executable, end='')").Output()
	if err != nil {
		t.Skipf("needs python3: %v", err)
	}
	return string(out)
}
