package param

import (
	"errors"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"tcsns/internal/tc/secret"
)

// System is the typed view of the parameters that the platform itself sends
// (CONTRACT §2).
type System struct {
	APIPath      string        // tc_api_path; default: ThreatConnect's public cloud
	Token        secret.String // tc_token
	TokenExpires time.Time     // tc_token_expires; zero when unknown
	AccessID     string        // tc_api_access_id, api_access_id
	SecretKey    secret.String // tc_api_secret_key, api_secret_key
	Verify       bool          // tc_verify; default true

	InPath, OutPath, LogPath, TempPath string // tc_in_path …; default: the OS temp dir
	LogLevel                           string // tc_log_level, upper case; default INFO
	LogToAPI                           bool   // tc_log_to_api
	LogFile                            string // tc_log_file; default app.log

	KVStore        KVStore
	OutVariables   []string // tc_playbook_out_variables: requested outputs, verbatim, each once
	Proxy          Proxy
	TestingContext string // tcex_testing_context
}

// Secrets returns every secret of the view, for a [secret.Mask].
func (s System) Secrets() []secret.String {
	return []secret.String{s.Token, s.SecretKey, s.KVStore.Pass, s.Proxy.Password}
}

// KVStore is where the playbook's variables are.
type KVStore struct {
	Type       string // tc_kvstore_type: Redis (default) or TCKeyValueAPI
	Host       string // tc_kvstore_host; default localhost
	Port       int    // tc_kvstore_port; default 6379
	User       string // tc_kvstore_user
	Pass       secret.String
	TLS        bool   // tc_kvstore_tls_enabled
	TLSPort    int    // tc_kvstore_tls_port; default 6379
	DB         int    // tc_playbook_kvstore_id
	Context    string // tc_playbook_kvstore_context
	CACertFile string // tc_svc_broker_cacert_file
	CertFile   string // tc_svc_broker_cert_file
	KeyFile    string // tc_svc_broker_key_file
}

// The types of a key-value store. TcEx's third, Mock, is for its own tests.
const (
	Redis         = "Redis"
	TCKeyValueAPI = "TCKeyValueAPI"
)

// Proxy is the HTTP proxy, and for which hosts it is meant.
type Proxy struct {
	Host     string        // tc_proxy_host without credentials; "" when there is none
	Port     int           // tc_proxy_port; 0 when there is none
	Username string        // tc_proxy_username, else of tc_proxy_host
	Password secret.String // tc_proxy_password, else of tc_proxy_host
	TC       bool          // tc_proxy_tc, apply_proxy_tc: for the ThreatConnect API
	External bool          // tc_proxy_external, apply_proxy_external, apply_proxy_ext: for every other host
}

// The defaults of CONTRACT §2.
const (
	defaultAPIPath  = "https://api.threatconnect.com"
	defaultLogLevel = "INFO"
	defaultLogFile  = "app.log"
	defaultKVHost   = "localhost"
	defaultKVPort   = 6379
	maxPort         = 65535
	maxRedisDB      = 1<<31 - 1
)

// System is the typed view with the defaults of CONTRACT §2. Names that the
// platform has given up are fall-backs for those that are absent. The error
// joins an [Error] for each parameter that cannot be used; its field then has
// the default.
func (s *Set) System() (System, error) {
	r := reader{set: s}
	temp := strings.TrimSuffix(os.TempDir(), "/")
	system := System{
		APIPath:        strings.TrimRight(r.text(defaultAPIPath, "tc_api_path"), "/"),
		Token:          r.secret("tc_token"),
		TokenExpires:   r.epoch("tc_token_expires"),
		AccessID:       r.text("", "tc_api_access_id", "api_access_id"),
		SecretKey:      r.secret("tc_api_secret_key", "api_secret_key"),
		Verify:         r.boolean(true, "tc_verify"),
		InPath:         r.text(temp, "tc_in_path"),
		OutPath:        r.text(temp, "tc_out_path"),
		LogPath:        r.text(temp, "tc_log_path"),
		TempPath:       r.text(temp, "tc_temp_path"),
		LogLevel:       strings.ToUpper(r.text(defaultLogLevel, "tc_log_level")),
		LogToAPI:       r.boolean(false, "tc_log_to_api"),
		LogFile:        r.text(defaultLogFile, "tc_log_file"),
		KVStore:        r.kvStore(),
		OutVariables:   r.outVariables("tc_playbook_out_variables"),
		Proxy:          r.proxy(),
		TestingContext: r.text("", "tcex_testing_context"),
	}
	return system, errors.Join(r.problems...)
}

// reader reads typed parameters and gathers every problem with them. Of the
// names that it is given the first that is present and not empty counts.
type reader struct {
	set      *Set
	problems []error
}

func (r *reader) kvStore() KVStore {
	return KVStore{
		Type:       r.kvType("tc_kvstore_type", "tc_playbook_db_type"),
		Host:       r.text(defaultKVHost, "tc_kvstore_host", "tc_playbook_db_path"),
		Port:       r.number(defaultKVPort, 1, maxPort, "tc_kvstore_port", "tc_playbook_db_port"),
		User:       r.text("", "tc_kvstore_user"),
		Pass:       r.secret("tc_kvstore_pass"),
		TLS:        r.boolean(false, "tc_kvstore_tls_enabled"),
		TLSPort:    r.number(defaultKVPort, 1, maxPort, "tc_kvstore_tls_port"),
		DB:         r.number(0, 0, maxRedisDB, "tc_playbook_kvstore_id"),
		Context:    r.text("", "tc_playbook_kvstore_context", "tc_playbook_db_context"),
		CACertFile: r.text("", "tc_svc_broker_cacert_file"),
		CertFile:   r.text("", "tc_svc_broker_cert_file"),
		KeyFile:    r.text("", "tc_svc_broker_key_file"),
	}
}

func (r *reader) proxy() Proxy {
	p := Proxy{
		Host:     r.text("", "tc_proxy_host"),
		Port:     r.number(0, 1, maxPort, "tc_proxy_port"),
		Username: r.text("", "tc_proxy_username"),
		Password: r.secret("tc_proxy_password"),
		TC:       r.boolean(false, "tc_proxy_tc", "apply_proxy_tc"),
		External: r.boolean(false, "tc_proxy_external", "apply_proxy_external", "apply_proxy_ext"),
	}
	// TcEx makes a URL of the host as it is, so that one with credentials in
	// it works there. Here they leave it: a host is logged.
	at := strings.LastIndex(p.Host, "@")
	if at < 0 {
		return p
	}
	login := p.Host[:at]
	p.Host = p.Host[at+1:]
	if _, after, ok := strings.Cut(login, "://"); ok {
		login = after
	}
	if p.Username == "" && p.Password.Empty() {
		user, password, _ := strings.Cut(login, ":")
		p.Username, p.Password = unescaped(user), secret.New(unescaped(password))
	}
	return p
}

// unescaped is a part of a URL without its escapes; as it is where it is none.
func unescaped(part string) string {
	if text, err := url.PathUnescape(part); err == nil {
		return text
	}
	return part
}

// first is the name that counts; the first when none is present.
func (r *reader) first(names []string) string {
	if i := slices.IndexFunc(names, r.set.Has); i > 0 {
		return names[i]
	}
	return names[0]
}

func (r *reader) problem(err error) {
	if err != nil {
		r.problems = append(r.problems, err)
	}
}

func (r *reader) text(def string, names ...string) string {
	name := r.first(names)
	if !r.set.Has(name) || r.bare(name) {
		return def
	}
	return strings.TrimSpace(r.set.String(name))
}

// bare reports, and notes as a problem, that an argument that needs a value has none.
func (r *reader) bare(name string) bool {
	err := r.set.NoValue(name)
	r.problem(err)
	return err != nil
}

// secret reads a secret as it is: blanks may be part of it.
func (r *reader) secret(names ...string) secret.String {
	name := r.first(names)
	if r.bare(name) {
		return secret.String{}
	}
	return r.set.Secret(name)
}

func (r *reader) boolean(def bool, names ...string) bool {
	value, err := r.set.Bool(r.first(names), def)
	r.problem(err)
	return value
}

// number reads a number from low to high.
func (r *reader) number(def, low, high int, names ...string) int {
	name := r.first(names)
	value, err := r.set.Int(name, def)
	if err == nil && value != def && (value < low || value > high) {
		err = &Error{Name: name, Problem: "is out of range", Fix: "write a number from " + strconv.Itoa(low) + " to " + strconv.Itoa(high)}
	}
	if err != nil {
		r.problem(err)
		return def
	}
	return value
}

// epoch reads seconds since 1970; 0 and less is unknown.
func (r *reader) epoch(name string) time.Time {
	seconds, err := r.set.Int(name, 0)
	r.problem(err)
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(int64(seconds), 0)
}

// kvType reads the type of the store, in any case.
func (r *reader) kvType(names ...string) string {
	name := r.first(names)
	value := r.text(Redis, names...)
	for _, known := range []string{Redis, TCKeyValueAPI} {
		if strings.EqualFold(value, known) {
			return known
		}
	}
	r.problem(&Error{Name: name, Problem: "is no key-value store that this App knows", Fix: "set it to " + Redis + " or " + TCKeyValueAPI})
	return Redis
}

// outVariables reads the requested outputs: a JSON list, the text of one, or
// a list with commas, which no variable can hold.
func (r *reader) outVariables(name string) []string {
	if r.bare(name) {
		return nil
	}
	var variables []string
	if list, ok := list(r.set.Raw(name)); ok {
		variables = elements(list)
	} else {
		variables = compact(strings.Split(r.set.String(name), ","))
	}
	seen := make(map[string]bool, len(variables))
	return slices.DeleteFunc(variables, func(variable string) bool {
		again := seen[variable]
		seen[variable] = true
		return again
	})
}
