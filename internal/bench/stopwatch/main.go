//go:build unix

// Command stopwatch starts a program, waits for it, and says on file
// descriptor 3 what it took:
//
//	exit-code wall-ns user-ns system-ns peak-bytes
//
// It is a program of its own because the peak memory that the system counts
// for a process is at least what its parent held when it started it
// (getrusage(2)): a test is too large to be that parent, this is not.
package main

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"
)

// reportFD is where the figures go: the streams are the program's own.
const reportFD = 3

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	path, err := exec.LookPath(args[0])
	if err != nil {
		return fail(err)
	}
	var status syscall.WaitStatus
	var usage syscall.Rusage
	syscall.CloseOnExec(reportFD)
	start := time.Now()
	pid, err := syscall.ForkExec(path, args, &syscall.ProcAttr{Env: os.Environ(), Files: []uintptr{0, 1, 2}})
	if err != nil {
		return fail(err)
	}
	for {
		if _, err = syscall.Wait4(pid, &status, 0, &usage); err != syscall.EINTR {
			break
		}
	}
	wall := time.Since(start)
	if err != nil {
		return fail(err)
	}
	report := strconv.Itoa(status.ExitStatus())
	for _, figure := range []int64{wall.Nanoseconds(), usage.Utime.Nano(), usage.Stime.Nano(), peak(&usage)} {
		report += " " + strconv.FormatInt(figure, 10)
	}
	if _, err := os.NewFile(reportFD, "report").WriteString(report + "\n"); err != nil {
		return fail(err)
	}
	return 0
}

// peak is in bytes: Linux counts KiB, macOS bytes.
func peak(usage *syscall.Rusage) int64 {
	if runtime.GOOS == "darwin" {
		return int64(usage.Maxrss)
	}
	return int64(usage.Maxrss) << 10
}

func fail(err error) int {
	_, _ = os.Stderr.WriteString("stopwatch: " + err.Error() + "\n") // nowhere else to say it
	return 1
}
