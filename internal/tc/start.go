package tc

import (
	"fmt"
	"log/slog"
	"net/url"
	"os"
	goruntime "runtime"
	"strings"

	"tcsns/internal/tc/applog"
)

// openLog opens app.log. A run without one goes on.
func (rt *runtime) openLog() {
	s := rt.run.System
	o := applog.Options{Name: rt.app.Name, Path: s.LogPath, File: s.LogFile, Level: s.LogLevel, Mask: rt.run.Mask}
	if s.LogToAPI && !s.Token.Empty() {
		o.Sink = lazySink{rt.services}
	}
	log, err := applog.Open(o)
	if err != nil {
		rt.complain(err.Error())
	}
	rt.log = log
	rt.run.Log = log.Logger()
}

// complain writes one line to stderr.
func (rt *runtime) complain(text string) {
	_, _ = fmt.Fprintln(rt.o.Stderr, rt.run.Mask.Redact(text)) // there is nowhere left to say that it failed
}

// logStart logs what a reader of the log wants to know first. Names of
// parameters only, no values: any may be secret.
func (rt *runtime) logStart() {
	log, s := rt.run.Log, rt.run.System
	log.Info("app", "name", rt.app.Name, "version", rt.app.Version)
	log.Info("runtime", "go", goruntime.Version(), "platform", goruntime.GOOS+"/"+goruntime.GOARCH, "pid", os.Getpid())
	log.Info("parameters", "source", rt.run.Params.Source(), "names", strings.Join(rt.run.Params.Names(), " "))
	for _, remark := range rt.run.Params.Remarks() {
		log.Warn("parameters", "remark", remark)
	}
	log.Info("key-value store", "type", s.KVStore.Type, "tls", s.KVStore.TLS, "requested_outputs", len(s.OutVariables))
	if s.Proxy.Host != "" {
		log.Info("proxy", "host", s.Proxy.Host, "port", s.Proxy.Port, "threatconnect", s.Proxy.TC, "external", s.Proxy.External)
	}
	rt.logEnvironment(log)
}

// logEnvironment logs the proxy variables of the environment: a common cause
// of an App that works in one place and not in the other.
func (rt *runtime) logEnvironment(log *slog.Logger) {
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"} {
		if value, ok := rt.o.LookupEnv(name); ok && value != "" {
			log.Info("environment", "name", name, "value", withoutCredentials(value))
		}
	}
}

// withoutCredentials is a proxy URL without user and password. What follows
// the last '@' has none, whether the rest is a well-formed URL or not.
func withoutCredentials(proxy string) string {
	at := strings.LastIndex(proxy, "@")
	if at < 0 {
		return proxy
	}
	if u, err := url.Parse(proxy); err == nil && u.User != nil {
		u.User = url.User("***")
		return strings.ReplaceAll(u.String(), "%2A", "*")
	}
	return "***" + proxy[at:]
}
