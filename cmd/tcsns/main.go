// Command tcsns is the ThreatConnect Playbook App that publishes an indicator
// to an Amazon SNS topic. The platform starts it, and it lives for
// milliseconds: arguments and environment in, exit code out.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	_ "tcsns/cmd/tcsns/early" // one processor, before anything else
	"tcsns/internal/app"
)

func main() { os.Exit(run()) }

func run() int {
	// Nobody may read stderr any more: a write to it then fails, where it
	// would else end the process before message.tc and the outputs are there.
	signal.Ignore(syscall.SIGPIPE)
	// They stay with the process to its end.
	ctx, stop := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // a platform under nohup outlives its terminal, and so do its Apps
		signal.Notify(signals, syscall.SIGHUP)
	}
	go func() { <-signals; stop() }()
	return int(app.Run(ctx, app.Options{
		Args:      os.Args[1:],
		LookupEnv: os.LookupEnv,
		Stdout:    os.Stdout,
		Stderr:    os.Stderr,
	}))
}
