package platform

import (
	"runtime"
	"syscall"
)

// MinimalEnv is the environment that an App is given: little enough that an
// App which leans on a developer's own does not pass. extra names are passed
// on where they are set.
func MinimalEnv(lookup func(string) (string, bool), extra ...string) []string {
	names := append([]string{
		"PATH", "HOME", "LANG",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
	}, extra...)
	var env []string
	for _, name := range names {
		if value, ok := lookup(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// maxRSS is the peak memory in bytes: Linux counts it in KiB, macOS in bytes
// (getrusage(2)).
func maxRSS(usage *syscall.Rusage) int64 {
	if runtime.GOOS == "darwin" {
		return int64(usage.Maxrss)
	}
	return int64(usage.Maxrss) * 1024
}
