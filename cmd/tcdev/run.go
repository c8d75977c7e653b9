package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"tcsns"
	"tcsns/internal/dev/pbx"
	"tcsns/internal/dev/platform"
	"tcsns/internal/dev/tcx"
)

const (
	samplePlaybook = "playbook/AWS-SNS-Integration-PlayBook.pbx"
	sampleEvent    = "testdata/events/address-created.json"
)

// runCommand runs a playbook for an event.
type runCommand struct {
	env ambient

	playbook, event string
	apps            list
	sns             string
	kvstore         string
	redis           platform.RedisOptions
	redisTLS        bool
	set             list
	asJSON          bool
	keep            bool
	verbose         bool
}

// list is a flag that may be given more than once.
type list []string

func (l *list) String() string     { return strings.Join(*l, ", ") }
func (l *list) Set(s string) error { *l = append(*l, s); return nil }

const runUsage = `tcdev run runs a playbook for an event, with each App as a process of its own,
and shows what happens. Without flags: the sample playbook, everything local.

Usage:
  tcdev run [flags]

Flags:
  --playbook FILE     a .pbx or .pbxz (%s)
  --event FILE        what happened, as JSON (%s)
  --app PATH          the executable of our App's jobs (tcsns next to tcdev), or
                      a package's run.py, which python3 starts
  --app NAME=PATH     the executable of another App's jobs, by programName
  --sns WHERE         embedded, aws, or the URL of an SNS endpoint (embedded)
  --set NAME=VALUE    a parameter of the Apps' jobs, or of the platform (tc_…)
  --kvstore KIND      redis, or api: over the platform's REST API (redis)
  --redis HOST:PORT   a real Redis as the key-value store (an embedded one)
  --redis-user, --redis-password, --redis-db, --redis-tls, --redis-ca FILE
                      how to get in; the password also from REDISCLI_AUTH
  --json              print one JSON document instead
  --keep              leave the session's folder and variables for inspection
  -v, --verbose       show the App's log, at level DEBUG

--app and --set may be given more than once. tcdev never creates a topic.
`

// Run runs the playbook, shows it, and fails when the playbook did not pass.
func (c *runCommand) Run(ctx context.Context, args []string) error {
	if err := c.parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fmt.Fprintf(c.env.Stdout, runUsage, samplePlaybook, sampleEvent)
			return nil
		}
		return err
	}
	playbook, err := pbx.ReadFile(c.find(c.playbook))
	if err != nil {
		return err
	}
	event, err := platform.ReadEvent(c.find(c.event))
	if err != nil {
		return err
	}
	install, err := tcx.ParseInstall(tcsns.InstallJSON)
	if err != nil {
		return err
	}
	apps, err := c.findApps(playbook, install)
	if err != nil {
		return err
	}
	set, err := c.parseSet(playbook, install, apps)
	if err != nil {
		return err
	}
	if err := checkApps(playbook, install, apps); err != nil {
		return err
	}
	t, err := openTopic(c.sns)
	if err != nil {
		return err
	}
	defer t.close()
	derived := t.params()
	maps.DeleteFunc(derived, func(name, _ string) bool {
		_, given := set[name]
		_, known := install.Param(name)
		return given || !known // an App that is not about SNS
	})
	maps.Copy(set, derived)
	s := &show{paper: newPaper(c.env.Stdout, c.env.LookupEnv), topic: t, verbose: c.verbose, derived: derived}
	return c.play(ctx, platform.Options{
		Playbook: playbook, Event: event, Apps: apps, Keep: c.keep, Set: set,
		Params: c.systemParams(), Value: t.value, Env: platform.MinimalEnv(c.env.LookupEnv, t.env(c.env.Environ)...),
	}, s)
}

// play runs the playbook on the store that the flags name, and shows it.
func (c *runCommand) play(ctx context.Context, o platform.Options, s *show) error {
	api, err := platform.StartAPI(platform.APIOptions{})
	if err != nil {
		return err
	}
	defer func() { _ = api.Close() }()
	store, described, err := c.openStore(ctx, api)
	if err != nil {
		return err
	}
	defer func() { _ = store.Close() }()
	o.API, o.Store = api, store

	s.store = described
	if !c.asJSON {
		o.Watch = s
	}
	r, err := platform.Run(ctx, o)
	if err != nil {
		return explain(err)
	}
	if c.asJSON {
		if err := c.print(r, s.topic); err != nil {
			return err
		}
	} else {
		s.conclusion(r)
	}
	if r.Outcome != platform.Passed || r.Interrupted {
		return errFailed
	}
	return nil
}

// explain adds what to do about a reference without a value.
func explain(err error) error {
	var unset *platform.UnsetError
	if !errors.As(err, &unset) {
		return err
	}
	var names []string
	for _, r := range unset.References {
		names = append(names, "--set "+r.Param+"=…")
	}
	return &usageError{problem: err.Error(), try: "tcdev run " + strings.Join(names, " ")}
}

// document is a run as --json prints it.
type document struct {
	*platform.Report
	SNS struct {
		Endpoint   string     `json:"endpoint"` // embedded, aws or a URL
		Topic      string     `json:"topic,omitempty"`
		Deliveries []delivery `json:"deliveries"` // what subscribers received; the embedded endpoint alone knows
	} `json:"sns"`
}

func (c *runCommand) print(r *platform.Report, t topic) error {
	d := document{Report: r}
	d.SNS.Endpoint, d.SNS.Topic, d.SNS.Deliveries = c.sns, topicOf(r.Jobs...), t.deliveries()
	e := json.NewEncoder(c.env.Stdout)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(d)
}

// parse reads the flags.
func (c *runCommand) parse(args []string) error {
	f := flag.NewFlagSet("tcdev run", flag.ContinueOnError)
	f.SetOutput(new(strings.Builder)) // what it says, the error says too
	f.StringVar(&c.playbook, "playbook", samplePlaybook, "")
	f.StringVar(&c.event, "event", sampleEvent, "")
	f.Var(&c.apps, "app", "")
	f.StringVar(&c.sns, "sns", snsEmbedded, "")
	f.Var(&c.set, "set", "")
	f.StringVar(&c.kvstore, "kvstore", "redis", "")
	f.StringVar(&c.redis.Addr, "redis", "", "")
	f.StringVar(&c.redis.User, "redis-user", "", "")
	f.StringVar(&c.redis.Password, "redis-password", "", "")
	f.IntVar(&c.redis.DB, "redis-db", 0, "")
	f.BoolVar(&c.redisTLS, "redis-tls", false, "")
	f.StringVar(&c.redis.CACertFile, "redis-ca", "", "")
	f.BoolVar(&c.asJSON, "json", false, "")
	f.BoolVar(&c.keep, "keep", false, "")
	f.BoolVar(&c.verbose, "verbose", false, "")
	f.BoolVar(&c.verbose, "v", false, "")
	err := f.Parse(args)
	empty := ""
	f.Visit(func(flag *flag.Flag) { // "--redis $REDIS" without REDIS must not mean the embedded one
		switch flag.Name {
		case "playbook", "event", "app", "sns", "redis", "redis-ca":
			if flag.Value.String() == "" {
				empty = flag.Name
			}
		}
	})
	redisFlags := c.redis.User != "" || c.redis.Password != "" || c.redis.DB != 0 || c.redisTLS || c.redis.CACertFile != ""
	switch {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return &usageError{problem: err.Error(), try: "tcdev run --help"}
	case empty != "":
		return &usageError{problem: "--" + empty + " is empty", try: "a value, or no --" + empty}
	case f.NArg() > 0:
		return &usageError{problem: fmt.Sprintf("run takes flags alone, not %q", f.Arg(0)), try: "tcdev run --help"}
	case c.kvstore != "redis" && c.kvstore != "api":
		return &usageError{problem: fmt.Sprintf("--kvstore %q is neither redis nor api", c.kvstore), try: "tcdev run --kvstore api"}
	case c.kvstore == "api" && c.redis.Addr != "":
		return &usageError{problem: "--redis and --kvstore api exclude each other", try: "tcdev run --kvstore api"}
	case redisFlags && c.redis.Addr == "":
		return &usageError{problem: "how to get into Redis, but not which one", try: "tcdev run --redis HOST:PORT"}
	}
	if password, ok := c.env.LookupEnv("REDISCLI_AUTH"); ok && c.redis.Addr != "" && c.redis.Password == "" {
		c.redis.Password = password
	}
	return nil
}

// systemParams are the platform's parameters that a flag changes.
func (c *runCommand) systemParams() map[string]any {
	if c.verbose {
		return map[string]any{"tc_log_level": "DEBUG"}
	}
	return nil
}

// find returns a file as it is named or, when there is none of that name here,
// in the folder above tcdev's own: the repository's, for bin/tcdev.
func (c *runCommand) find(name string) string {
	if _, err := os.Stat(name); err == nil || filepath.IsAbs(name) {
		return name
	}
	program, err := os.Executable()
	if err != nil {
		return name
	}
	other := filepath.Join(filepath.Dir(filepath.Dir(program)), name)
	if _, err := os.Stat(other); err != nil {
		return name
	}
	return other
}

// findApps returns the Apps of --app, and ours where it is among them or has a
// job in the playbook.
func (c *runCommand) findApps(p *pbx.Playbook, install *tcx.Install) ([]platform.App, error) {
	ours := ""
	var apps []platform.App
	for _, text := range c.apps {
		if name, path, ok := strings.Cut(text, "="); ok && !exists(text) {
			if name == install.ProgramName() {
				ours = path
				continue
			}
			apps = append(apps, platform.App{Program: name, Path: path, Foreign: true})
			continue
		}
		ours = text
	}
	if ours == "" && slices.ContainsFunc(p.Jobs, func(job pbx.Job) bool { return job.App.ProgramName == install.ProgramName() }) {
		program, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find tcsns: %w", err)
		}
		ours = filepath.Join(filepath.Dir(program), "tcsns")
	}
	if ours != "" {
		apps = append(apps, ourApp(install, ours))
	}
	for i, app := range apps {
		path, err := filepath.Abs(app.Path)
		if err != nil {
			return nil, fmt.Errorf("find app: %w", err)
		}
		apps[i].Path = path
		if strings.EqualFold(filepath.Ext(path), ".py") && exists(path) {
			python, err := exec.LookPath("python3")
			if err != nil {
				return nil, &usageError{problem: fmt.Sprintf("python3, which starts %s, is not on the PATH", app.Path), try: "tcdev run --app PATH, an executable"}
			}
			apps[i].Path, apps[i].Args = python, []string{path}
		}
	}
	return apps, nil
}

// checkApps reports, before anything is started, an App that is not there or
// is no program, and one that no job runs: its name is a typo.
func checkApps(p *pbx.Playbook, install *tcx.Install, apps []platform.App) error {
	programs := []string{install.ProgramName()}
	for i := range p.Jobs {
		programs = append(programs, p.Jobs[i].App.ProgramName)
	}
	for _, app := range apps {
		if !slices.Contains(programs, app.Program) {
			return &usageError{
				problem: fmt.Sprintf("--app %s=%s: no job of this playbook runs an App of that name", app.Program, app.Path),
				try:     "one of " + strings.Join(sorted(programs), ", "),
			}
		}
		info, err := os.Stat(app.Path)
		switch {
		case err != nil:
			return &usageError{problem: fmt.Sprintf("there is no App at %s", app.Path), try: "make build, or tcdev run --app PATH"}
		case !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0:
			return &usageError{problem: fmt.Sprintf("%s is not executable", app.Path), try: "tcdev run --app PATH, the App's executable"}
		}
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// parseSet reads --set; a name that no App here knows is refused, because it
// is a typo that nothing else would notice.
func (c *runCommand) parseSet(p *pbx.Playbook, install *tcx.Install, apps []platform.App) (map[string]string, error) {
	var known []string
	for _, param := range install.Params {
		known = append(known, param.Name)
	}
	for i := range p.Jobs {
		program := p.Jobs[i].App.ProgramName
		if slices.ContainsFunc(apps, func(a platform.App) bool { return a.Program == program }) {
			for _, param := range p.Jobs[i].Params {
				known = append(known, param.Name)
			}
		}
	}
	set := map[string]string{}
	for _, text := range c.set {
		name, value, ok := strings.Cut(text, "=")
		switch {
		case !ok:
			return nil, &usageError{problem: "--set needs a name and a value", try: "tcdev run --set topic_arn=arn:aws:sns:…"}
		case !slices.Contains(known, name) && !strings.HasPrefix(name, "tc_") && !strings.HasPrefix(name, "api_"):
			return nil, &usageError{problem: fmt.Sprintf("--set %s: no App here has such a parameter", name), try: "one of " + strings.Join(sorted(known), ", ")}
		}
		set[name] = value
	}
	return set, nil
}

func sorted(names []string) []string {
	unique := map[string]bool{}
	for _, name := range names {
		unique[name] = true
	}
	return slices.Sorted(maps.Keys(unique))
}

// ourApp is the App of install.json. Its first output is always asked for, to
// show it.
func ourApp(install *tcx.Install, path string) platform.App {
	app := platform.App{Program: install.ProgramName(), Path: path}
	if outputs := install.Outputs(); len(outputs) > 0 {
		app.Outputs = []string{outputs[0].Name + "!" + outputs[0].Type}
	}
	for _, p := range install.Params {
		if p.Encrypt {
			app.Secrets = append(app.Secrets, p.Name)
		}
	}
	return app
}

// openStore returns the key-value store that the flags name, and what it is.
func (c *runCommand) openStore(ctx context.Context, api *platform.API) (platform.Store, string, error) {
	switch {
	case c.kvstore == "api":
		return api, "variables over its REST API", nil
	case c.redis.Addr == "":
		store, err := platform.StartRedis()
		return store, "variables in an embedded Redis", err
	}
	if c.redisTLS || c.redis.CACertFile != "" {
		config := &tls.Config{MinVersion: tls.VersionTLS12}
		if c.redis.CACertFile != "" {
			data, err := os.ReadFile(c.redis.CACertFile)
			if err != nil {
				return nil, "", fmt.Errorf("read --redis-ca: %w", err)
			}
			config.RootCAs = x509.NewCertPool()
			if !config.RootCAs.AppendCertsFromPEM(data) {
				return nil, "", fmt.Errorf("read --redis-ca %s: no certificate in it", c.redis.CACertFile)
			}
		}
		c.redis.TLS = config
	}
	store, err := platform.OpenRedis(ctx, c.redis)
	return store, "variables in the Redis at " + c.redis.Addr, err
}
