package param

import (
	"time"

	"tcsns/internal/tc/secret"
)

// System is the typed view of the parameters that the platform itself sends (CONTRACT §2).
type System struct {
	APIPath      string        // tc_api_path
	Token        secret.String // tc_token
	TokenExpires time.Time     // tc_token_expires; zero when unknown
	AccessID     string        // tc_api_access_id, api_access_id
	SecretKey    secret.String // tc_api_secret_key, api_secret_key
	Verify       bool          // tc_verify

	InPath, OutPath, LogPath, TempPath string // tc_in_path …; default: the OS temp dir
	LogLevel                           string // tc_log_level, upper case
	LogToAPI                           bool   // tc_log_to_api
	LogFile                            string // tc_log_file

	KVStore        KVStore
	OutVariables   []string // tc_playbook_out_variables: requested outputs, verbatim
	Proxy          Proxy
	TestingContext string // tcex_testing_context
}

// KVStore is where the playbook's variables are.
type KVStore struct {
	Type       string // tc_kvstore_type: Redis or TCKeyValueAPI
	Host       string
	Port       int
	User       string
	Pass       secret.String
	TLS        bool
	TLSPort    int
	DB         int    // tc_playbook_kvstore_id
	Context    string // tc_playbook_kvstore_context
	CACertFile string // tc_svc_broker_cacert_file
	CertFile   string // tc_svc_broker_cert_file
	KeyFile    string // tc_svc_broker_key_file
}

// Proxy is the HTTP proxy, and for which hosts it is meant.
type Proxy struct {
	Host     string
	Port     int
	Username string
	Password secret.String
	TC       bool // tc_proxy_tc: for the ThreatConnect API
	External bool // tc_proxy_external: for every other host
}
