package platform

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// AppOptions is one App to start. Only Path and Session are needed; the zero
// value of everything else is what the platform does.
type AppOptions struct {
	Path    string   // the executable
	Args    []string // its arguments; the platform gives none
	Session *Session // whose folders hold the parameter file and take what the App writes

	// Params is written, encrypted, to the parameter file. nil: there is no
	// parameter file, and the environment names none (parameters by argv or by
	// environment).
	Params map[string]any
	// Key encrypts the parameter file; default: [NewKey].
	Key string
	// ParamFile is the parameter file's path; default: .app_params.json in the
	// session's in folder.
	ParamFile string
	// PrepareParamFile, when set, takes the place of writing Params: it makes
	// at path whatever the test is about (a truncated file, a fifo, nothing).
	PrepareParamFile func(path, key string) error

	// Env is the environment besides TC_APP_PARAM_FILE and TC_APP_PARAM_KEY;
	// default: [MinimalEnv]. A name in it wins over the two.
	Env []string
	// Dir is the working directory; default: the session's folder. The
	// platform starts an App in the folder that it is installed in.
	Dir string

	Stdin          io.Reader // default: nothing to read
	Stdout, Stderr io.Writer // take a copy of what the Result collects

	// Grace is how long the App may take to end after ctx is done and it was
	// sent SIGINT, before it is killed; default: 10 s.
	Grace time.Duration
}

// defaultGrace leaves an App several times the two seconds in which ours ends.
const defaultGrace = 10 * time.Second

// Result is what an App left behind.
type Result struct {
	PID      int
	ExitCode int           // -1 when a signal ended it
	Signal   string        // the signal that ended it, else empty; "killed" also when it outlived Grace
	Err      error         // why waiting failed, besides the exit code and the end of ctx
	Started  time.Time     // when the process was started
	Duration time.Duration // from start to end
	CPU      time.Duration // user and system
	// MaxRSS is the peak memory in bytes; 0 where the system does not tell. On
	// Linux it is at least what the process that started the App had in memory
	// then: the peak survives exec (getrusage(2)).
	MaxRSS int64

	Message        string // message.tc without its last newline
	MessageFile    string // where message.tc was found: in out, else in Dir; empty when there is none
	Log            string // app.log
	LogFile        string // where app.log is expected
	Stdout, Stderr string
	ParamFileLeft  bool // the App did not delete its parameter file
}

// Process is a running App.
type Process struct {
	cmd            *exec.Cmd
	session        *Session
	paramFile      string
	stdout, stderr bytes.Buffer
	started        time.Time
	result         chan *Result
	done           chan struct{}
}

// StartApp starts an App and returns without waiting for it. When ctx is done
// the App is sent SIGINT, and is killed when it has not ended after Grace.
//
// The App is in a process group of its own, so that Ctrl-C in a terminal
// reaches it once, through ctx, and not twice.
func StartApp(ctx context.Context, o AppOptions) (*Process, error) {
	if o.Session == nil {
		return nil, errors.New("start app: no session")
	}
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return nil, fmt.Errorf("start app: %w", err)
	}
	p := &Process{session: o.Session, result: make(chan *Result, 1), done: make(chan struct{})}
	env := o.Env
	if env == nil {
		env = MinimalEnv(os.LookupEnv)
	}
	if o.Params != nil || o.PrepareParamFile != nil {
		paramEnv, err := p.prepareParams(o)
		if err != nil {
			return nil, err
		}
		env = append(paramEnv, env...)
	}

	cmd := exec.CommandContext(ctx, path, o.Args...)
	cmd.Env = env
	cmd.Dir = o.Session.Dir
	if o.Dir != "" {
		cmd.Dir = o.Dir
	}
	cmd.Stdin = o.Stdin
	cmd.Stdout = tee(&p.stdout, o.Stdout)
	cmd.Stderr = tee(&p.stderr, o.Stderr)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = o.Grace
	if o.Grace == 0 {
		cmd.WaitDelay = defaultGrace
	}
	p.cmd = cmd
	p.started = time.Now()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start app: %w", err)
	}
	go func() {
		p.result <- p.collect(cmd.Wait())
		close(p.done)
	}()
	return p, nil
}

// prepareParams writes the parameter file and returns the two variables of the
// environment that lead to it.
func (p *Process) prepareParams(o AppOptions) ([]string, error) {
	key := o.Key
	if key == "" {
		key = NewKey()
	}
	p.paramFile = o.ParamFile
	if p.paramFile == "" {
		p.paramFile = filepath.Join(o.Session.In, ".app_params.json")
	}
	prepare := o.PrepareParamFile
	if prepare == nil {
		prepare = func(path, key string) error { return WriteParamFile(path, key, o.Params) }
	}
	if err := prepare(p.paramFile, key); err != nil {
		return nil, err
	}
	return []string{"TC_APP_PARAM_FILE=" + p.paramFile, "TC_APP_PARAM_KEY=" + key}, nil
}

// PID is the App's process id.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Signal sends the App a signal.
func (p *Process) Signal(s os.Signal) error {
	if err := p.cmd.Process.Signal(s); err != nil {
		return fmt.Errorf("signal app: %w", err)
	}
	return nil
}

// Done is closed once the App has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Wait waits for the App to end and returns what it left behind. It may be
// called more than once and from several goroutines.
func (p *Process) Wait() *Result {
	r := <-p.result
	p.result <- r
	return r
}

// collect gathers the Result; err is what waiting returned.
func (p *Process) collect(err error) *Result {
	state := p.cmd.ProcessState
	r := &Result{
		PID: state.Pid(), ExitCode: state.ExitCode(), Started: p.started,
		Duration: time.Since(p.started), CPU: state.UserTime() + state.SystemTime(),
		Stdout: p.stdout.String(), Stderr: p.stderr.String(),
		LogFile: filepath.Join(p.session.Log, "app.log"),
	}
	var exit *exec.ExitError
	ended := errors.As(err, &exit) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
	if err != nil && !ended {
		r.Err = err
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		r.Signal = status.Signal().String()
	}
	if usage, ok := state.SysUsage().(*syscall.Rusage); ok {
		r.MaxRSS = maxRSS(usage)
	}
	for _, dir := range []string{p.session.Out, p.cmd.Dir} {
		file := filepath.Join(dir, "message.tc")
		if data, err := os.ReadFile(file); err == nil {
			r.Message, r.MessageFile = strings.TrimSuffix(string(data), "\n"), file
			break
		}
	}
	if data, err := os.ReadFile(r.LogFile); err == nil {
		r.Log = string(data)
	}
	if p.paramFile != "" {
		_, err := os.Lstat(p.paramFile)
		r.ParamFileLeft = err == nil
	}
	return r
}

// tee writes to b, and to w where there is one.
func tee(b *bytes.Buffer, w io.Writer) io.Writer {
	if w == nil {
		return b
	}
	return io.MultiWriter(b, w)
}
