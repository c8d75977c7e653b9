// Command tcsns is the ThreatConnect Playbook App that publishes an indicator
// to an Amazon SNS topic. The platform starts it, and it lives for
// milliseconds: arguments and environment in, exit code out.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"tcsns/internal/app"
)

func main() { os.Exit(run()) }

func run() int {
	// One run waits more than it computes: on one processor it needs fewer
	// threads. A run of many addresses takes them all when it comes to that.
	runtime.GOMAXPROCS(1)
	// Nobody may read stderr any more: a write to it then fails, where it
	// would else end the process before message.tc and the outputs are there.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return int(app.Run(ctx, app.Options{
		Args:      os.Args[1:],
		LookupEnv: os.LookupEnv,
		Stdout:    os.Stdout,
		Stderr:    os.Stderr,
	}))
}
