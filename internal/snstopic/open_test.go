package snstopic

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials/logincreds"
	"github.com/aws/aws-sdk-go-v2/credentials/ssocreds"
	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/secret"
)

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		spoil func(*Config)
		want  string // the parameter at fault
	}{
		{"no ARN", func(c *Config) { c.ARN = ARN{} }, "topic_arn"},
		{"another region", func(c *Config) { c.Region = "us-east-1" }, "aws_region"},
		{"half a pair", func(c *Config) { c.SecretAccessKey = secret.String{} }, "aws_secret_access_key"},
		{"the other half", func(c *Config) { c.AccessKeyID = "" }, "aws_access_key_id"},
		{"a token alone", func(c *Config) { c.AccessKeyID, c.SecretAccessKey = "", secret.String{} }, "aws_session_token"},
		{"a key id with a quote", func(c *Config) { c.AccessKeyID = `"AKIA"` }, "aws_access_key_id"},
		{"an external id alone", func(c *Config) { c.ExternalID = "x" }, "aws_external_id"},
		{"a user for a role", func(c *Config) { c.RoleARN = "arn:aws:iam::123456789012:user/u" }, "aws_role_arn"},
		{"an endpoint without scheme", func(c *Config) { c.EndpointURL = "localhost:4566" }, "aws_endpoint_url"},
		{"an endpoint with a password", func(c *Config) { c.EndpointURL = "https://u:p@h" }, "aws_endpoint_url"},
		{"an endpoint that is a file", func(c *Config) { c.EndpointURL = "file:///etc/passwd" }, "aws_endpoint_url"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c := withKeys(standard, "http://127.0.0.1:1")
			row.spoil(&c)
			_, err := Open(c)
			var e *Error
			require.True(t, errors.As(err, &e))
			require.Equal(t, ClassInput, e.Class)
			require.Contains(t, e.Message, row.want)
			require.Contains(t, e.Fix, row.want)
			require.False(t, e.Retryable)
			require.NotContains(t, err.Error(), testSecret)
		})
	}
	c := withKeys(standard, "")
	c.Region = "eu-west-1"
	_, err := Open(c)
	require.NoError(t, err, "the same region is none of a contradiction")
}

func TestSessionName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"": "tcsns", "x": "tcsns", "tcsns-12.3@a=b,c+d_e": "tcsns-12.3@a=b,c+d_e", "a b/ü\n": "a-b---", strings.Repeat("x", 70): strings.Repeat("x", 64),
	} {
		require.Equal(t, want, sessionName(name))
	}
}

// assumed is STS's answer.
const assumed = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><AssumedRoleUser><AssumedRoleId>A:s</AssumedRoleId><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser>
<Credentials><AccessKeyId>ASIAROLEROLEROLEROLE</AccessKeyId><SecretAccessKey>rolesecret</SecretAccessKey><SessionToken>roletoken</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult>
<ResponseMetadata><RequestId>sts-1</RequestId></ResponseMetadata></AssumeRoleResponse>`

// withRole is a topic with a role to assume at an STS that handles; the SNS
// endpoint must not see any of it.
func withRole(t *testing.T, sts *wire, sns *wire) Config {
	t.Setenv("AWS_ENDPOINT_URL_STS", sts.server.URL)
	c := withKeys(standard, sns.server.URL)
	c.RoleARN, c.ExternalID, c.SessionName = "arn:aws:iam::123456789012:role/publisher", "partner-7", "tcsns playbook 12"
	return c
}

func TestAssumeRole(t *testing.T) {
	stsWire := newWire(t, func(_ int, form url.Values, w http.ResponseWriter, r *http.Request) {
		require.Contains(t, r.Header.Get("Authorization"), testKeyID+"/")
		_, _ = io.WriteString(w, assumed)
	})
	snsWire := newWire(t, func(n int, form url.Values, w http.ResponseWriter, r *http.Request) {
		require.Contains(t, r.Header.Get("Authorization"), "ASIAROLEROLEROLEROLE/")
		require.Equal(t, "roletoken", r.Header.Get("X-Amz-Security-Token"))
		accept(n, form, w, r)
	})
	c := withRole(t, stsWire, snsWire)
	c.Mask = new(secret.Mask)
	topic := open(t, c)
	for _, r := range many(t, topic, 100, numbered) {
		require.Equal(t, Published, r.Outcome)
	}
	for _, m := range []*secret.Mask{c.Mask, topic.redact} {
		require.Equal(t, "a *** b", m.Redact("a roletoken b"), "what STS gives is known")
	}
	seen := stsWire.seen()
	require.Len(t, seen, 1, "the role is assumed once")
	require.Equal(t, "partner-7", seen[0].Get("ExternalId"))
	require.Equal(t, "tcsns-playbook-12", seen[0].Get("RoleSessionName"))
	for _, form := range snsWire.seen() {
		require.Equal(t, "PublishBatch", form.Get("Action"))
	}
}

func TestErrorsOfSTS(t *testing.T) {
	snsWire := newWire(t, accept)
	for _, row := range []struct {
		name    string
		handler func(int, url.Values, http.ResponseWriter, *http.Request)
		code    string
		fix     string
		retry   bool
		asked   int
	}{
		{"refused", func(_ int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
			refuse(w, 403, "AccessDenied", "User: arn:aws:iam::123456789012:user/u is not authorized to perform: sts:AssumeRole")
		}, "AccessDenied", "sts:AssumeRole on arn:aws:iam::123456789012:role/publisher", false, 1},
		{"expired", func(_ int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
			refuse(w, 400, "ExpiredToken", "expired")
		}, "ExpiredToken", "aws_session_token", false, 1},
		{"throttled", func(_ int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
			refuse(w, 503, "ServiceUnavailable", "busy")
		}, "ServiceUnavailable", "later", true, 3},
		{"region switched off", func(_ int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
			refuse(w, 403, "RegionDisabledException", "STS is not activated in this region")
		}, "RegionDisabledException", "enable STS in eu-west-1", false, 1},
		{"dropped", func(_ int, _ url.Values, w http.ResponseWriter, _ *http.Request) { drop(w) }, CodeConnection, "STS in eu-west-1", true, 3},
	} {
		t.Run(row.name, func(t *testing.T) {
			stsWire := newWire(t, row.handler)
			topic := open(t, withRole(t, stsWire, snsWire))
			r := one(t, topic, Message{Body: "x"})
			require.Equal(t, Failed, r.Outcome, "%v", r.Err.Err)
			require.Equal(t, "STS", r.Err.Service)
			require.Contains(t, r.Err.Text(), "publish to alerts: STS "+row.code)
			require.Equal(t, row.code, r.Err.Code)
			require.Contains(t, r.Err.Fix, row.fix)
			require.Equal(t, row.retry, r.Err.Retryable)
			require.False(t, r.Err.AccessDenied(), "that is for SNS to say")
			require.Len(t, stsWire.seen(), row.asked, "no second loop around the SDK's")
		})
	}
	require.Empty(t, snsWire.seen())
}

// bare takes this machine's AWS settings out of a test's environment.
func bare(t *testing.T) {
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		if strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
			require.NoError(t, os.Unsetenv(name))
		}
	}
	empty := t.TempDir()
	t.Setenv("HOME", empty)
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(empty, "config"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(empty, "credentials"))
}

// keyless is a topic on the default chain.
func keyless(s *wire) Config {
	return Config{ARN: standard, EndpointURL: s.server.URL, Timeout: time.Minute}
}

// Open asks nobody, whatever the environment says.
func TestOpenIsOffline(t *testing.T) {
	bare(t)
	var asked atomic.Int32
	metadata := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer metadata.Close()
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.URL)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "false")
	t.Setenv("AWS_DEFAULTS_MODE", "auto")
	open(t, Config{ARN: standard})
	require.Zero(t, asked.Load())
}

func TestDefaultChain(t *testing.T) {
	var keyID, token atomic.Value
	s := newWire(t, func(n int, form url.Values, w http.ResponseWriter, r *http.Request) {
		_, credential, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
		id, _, _ := strings.Cut(credential, "/")
		keyID.Store(id)
		token.Store(r.Header.Get("X-Amz-Security-Token"))
		accept(n, form, w, r)
	})
	publish := func(t *testing.T) {
		r := one(t, open(t, keyless(s)), Message{Body: "x"})
		require.Equal(t, Published, r.Outcome, "%v", r.Err)
	}
	t.Run("environment", func(t *testing.T) {
		bare(t)
		t.Setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT12345")
		t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
		t.Setenv("AWS_SESSION_TOKEN", "envtoken")
		publish(t)
		require.Equal(t, "AKIAENVIRONMENT12345", keyID.Load())
		require.Equal(t, "envtoken", token.Load())
	})
	t.Run("profile", func(t *testing.T) {
		bare(t)
		require.NoError(t, os.WriteFile(os.Getenv("AWS_SHARED_CREDENTIALS_FILE"), []byte("[soc]\naws_access_key_id = AKIAPROFILE123456789\naws_secret_access_key = s\n"), 0o600))
		t.Setenv("AWS_PROFILE", "soc")
		publish(t)
		require.Equal(t, "AKIAPROFILE123456789", keyID.Load())
	})
	t.Run("container", func(t *testing.T) {
		bare(t)
		container := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"AccessKeyId":"ASIACONTAINER1234567","SecretAccessKey":"s","Token":"ct","Expiration":"2099-01-01T00:00:00Z"}`)
		}))
		defer container.Close()
		t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", container.URL)
		publish(t)
		require.Equal(t, "ASIACONTAINER1234567", keyID.Load())
	})
	// What holds the credentials is sent a token: not where an answer points.
	for _, name := range []string{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_EC2_METADATA_SERVICE_ENDPOINT"} {
		t.Run("redirected, "+name, func(t *testing.T) {
			bare(t)
			var seen atomic.Int32
			elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { seen.Add(1) }))
			defer elsewhere.Close()
			redirects := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
			defer redirects.Close()
			t.Setenv(name, redirects.URL)
			t.Setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "token")
			require.Equal(t, CodeCredentials, one(t, open(t, keyless(s)), Message{Body: "x"}).Err.Code)
			require.Zero(t, seen.Load(), "a token went elsewhere")
		})
	}
	t.Run("web identity", func(t *testing.T) {
		bare(t)
		file := filepath.Join(t.TempDir(), "token")
		require.NoError(t, os.WriteFile(file, []byte("identity"), 0o600))
		var asked atomic.Int32
		sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			_, _ = io.WriteString(w, strings.ReplaceAll(assumed, "AssumeRoleRe", "AssumeRoleWithWebIdentityRe"))
		}))
		defer sts.Close()
		t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
		t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", file)
		t.Setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r")
		publish(t)
		require.Equal(t, "ASIAROLEROLEROLEROLE", keyID.Load())
		require.EqualValues(t, 1, asked.Load())
	})
	t.Run("instance", func(t *testing.T) {
		bare(t)
		metadata := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodPut:
				w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "300")
				_, _ = io.WriteString(w, "metadata-token")
			case strings.HasSuffix(r.URL.Path, "/security-credentials/"):
				_, _ = io.WriteString(w, "role")
			default:
				_, _ = io.WriteString(w, `{"Code":"Success","AccessKeyId":"ASIAINSTANCE12345678","SecretAccessKey":"s","Token":"it","Expiration":"2099-01-01T00:00:00Z"}`)
			}
		}))
		defer metadata.Close()
		t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.URL)
		publish(t)
		require.Equal(t, "ASIAINSTANCE12345678", keyID.Load())
	})
}

// What is set up and gives nothing is named, and what a process printed instead
// of credentials is nobody's to read.
func TestCredentialsNotToBeHad(t *testing.T) {
	s := newWire(t, accept)
	const printed = "SecretAccessKey-that-is-no-JSON"
	profile := func(lines string) func(*testing.T) {
		return func(t *testing.T) {
			require.NoError(t, os.WriteFile(os.Getenv("AWS_CONFIG_FILE"), []byte("[default]\n"+lines), 0o600))
		}
	}
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"code":"Denied","message":"no"}`)
	}))
	defer refusing.Close()
	identity := func(token string) func(*testing.T) {
		return func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "token")
			require.NoError(t, os.WriteFile(file, []byte("identity"), 0o600))
			t.Setenv("AWS_WEB_IDENTITY_TOKEN_FILE", filepath.Join(filepath.Dir(file), token))
			t.Setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r")
		}
	}
	var code string // STS's
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, 403, code, "Not authorized to perform sts:AssumeRoleWithWebIdentity")
	}))
	defer sts.Close()
	for _, row := range []struct {
		name   string
		set    func(*testing.T)
		code   string
		says   string // Text
		toMend string // Fix
	}{
		{"a process that fails", profile("credential_process = false\n"), CodeCredentials, "credential_process", "credential_process"},
		{"a process that prints something else", profile("credential_process = echo " + printed + "\n"), CodeCredentials, "credential_process", "credential_process"},
		{"no token", identity("gone"), CodeCredentials, "web identity", "AWS_WEB_IDENTITY_TOKEN_FILE"},
		{"a container that refuses", func(t *testing.T) { t.Setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", refusing.URL) }, CodeCredentials, "container", "AWS_CONTAINER_CREDENTIALS_FULL_URI"},
		{"a trust policy without the token", identity("token"), "AccessDenied", "STS AccessDenied", "sts:AssumeRoleWithWebIdentity"},
		{"a token that ran out", identity("token"), "ExpiredTokenException", "STS ExpiredTokenException", "AWS_WEB_IDENTITY_TOKEN_FILE"},
		{"a token of nobody's", identity("token"), "InvalidIdentityToken", "STS InvalidIdentityToken", "AWS_WEB_IDENTITY_TOKEN_FILE"},
	} {
		t.Run(row.name, func(t *testing.T) {
			bare(t)
			t.Setenv("AWS_ENDPOINT_URL_STS", sts.URL)
			code = row.code
			row.set(t)
			r := one(t, open(t, keyless(s)), Message{Body: "x"})
			require.Equal(t, Failed, r.Outcome)
			require.Equal(t, row.code, r.Err.Code)
			require.Equal(t, ClassAuth, r.Err.Class)
			require.False(t, r.Err.Retryable)
			require.Contains(t, r.Err.Text(), row.says)
			require.Contains(t, r.Err.Fix, row.toMend)
			require.NotContains(t, r.Err.Error(), "instance role", "nobody asked the instance")
			require.NotContains(t, r.Err.Err.Error(), printed)
		})
	}
	require.Empty(t, s.seen())
}

// A profile that needs a person to sign in is one sentence, whatever of the
// session is there: the services behind it are left out (README in leftout).
func TestProfileOfAPerson(t *testing.T) {
	s := newWire(t, accept)
	const (
		legacy   = "sso_start_url = https://sso.example/start\nsso_region = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = r\n"
		session  = "sso_session = office\nsso_account_id = 123456789012\nsso_role_name = r\n[sso-session office]\nsso_region = eu-west-1\nsso_start_url = https://sso.example/start\n"
		login    = "login_session = arn:aws:iam::123456789012:user/ann\n"
		valid    = `{"accessToken":"t","expiresAt":"2999-01-01T00:00:00Z"}`
		expired  = `{"accessToken":"t","expiresAt":"2001-01-01T00:00:00Z","clientId":"c","clientSecret":"s","refreshToken":"r"}`
		signedIn = `{"accessToken":{"accessKeyId":"AKIALOGIN","secretAccessKey":"s","sessionToken":"t","accountId":"123456789012","expiresAt":"%s"},"clientId":"c","refreshToken":"r","dpopKey":"k"}`
	)
	sso := func(key string) string {
		path, err := ssocreds.StandardCachedTokenFilepath(key)
		require.NoError(t, err)
		return strings.TrimPrefix(path, os.Getenv("HOME"))
	}
	loggedIn, err := logincreds.StandardCachedTokenFilepath("arn:aws:iam::123456789012:user/ann", "/.aws/login/cache")
	require.NoError(t, err)
	start := func(t *testing.T, profile, path, token string) Result {
		bare(t)
		require.NoError(t, os.WriteFile(os.Getenv("AWS_CONFIG_FILE"), []byte("[default]\n"+profile), 0o600))
		if path != "" {
			path = filepath.Join(os.Getenv("HOME"), path)
			require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
			require.NoError(t, os.WriteFile(path, []byte(token), 0o600))
		}
		return one(t, open(t, keyless(s)), Message{Body: "x"})
	}
	for _, row := range []struct{ name, profile, path, token string }{
		{"SSO, nobody signed in", legacy, "", ""},
		{"SSO, signed in", legacy, sso("https://sso.example/start"), valid},
		{"SSO session, nobody signed in", session, "", ""},
		{"SSO session, signed in", session, sso("office"), valid},
		{"SSO session, to be renewed", session, sso("office"), expired},
		{"a role on an SSO session", "role_arn = arn:aws:iam::123456789012:role/r\nsource_profile = ann\n[profile ann]\n" + session, sso("office"), valid},
		{"aws login, nobody signed in", login, "", ""},
		{"aws login, to be renewed", login, loggedIn, fmt.Sprintf(signedIn, "2001-01-01T00:00:00Z")},
	} {
		t.Run(row.name, func(t *testing.T) {
			r := start(t, row.profile, row.path, row.token)
			require.Equal(t, Failed, r.Outcome)
			require.Equal(t, CodeCredentials, r.Err.Code)
			require.Equal(t, ClassAuth, r.Err.Class)
			require.False(t, r.Err.Retryable)
			require.Contains(t, r.Err.Text(), "asks for a person to sign in (SSO, aws login)")
			require.Contains(t, r.Err.Fix, "set aws_access_key_id and aws_secret_access_key, or hand a session on: aws configure export-credentials")
		})
	}
	require.Empty(t, s.seen())
	t.Run("aws login, signed in", func(t *testing.T) {
		r := start(t, login, loggedIn, fmt.Sprintf(signedIn, "2999-01-01T00:00:00Z"))
		require.Equal(t, Published, r.Outcome, "%v", r.Err)
	})
}

// The services that sign a person in stay out of the program: their tables
// would cost each run a tenth of its time.
func TestLeftOut(t *testing.T) {
	listed, err := exec.Command("go", "list", "-deps", "tcsns/cmd/tcsns").Output()
	require.NoError(t, err)
	packages := strings.Fields(string(listed))
	require.Contains(t, packages, "github.com/aws/aws-sdk-go-v2/service/sts/internal/endpoints", "what a service brings along")
	for _, service := range []string{"signin", "sso", "ssooidc"} {
		name := "github.com/aws/aws-sdk-go-v2/service/" + service
		require.Contains(t, packages, name, "the SDK needs it no more: delete it from leftout")
		require.NotContains(t, packages, name+"/internal/endpoints")
	}
}

// Keys of the default chain are mended where they stand, not in the inputs.
func TestRefusedKeysOfTheChain(t *testing.T) {
	for _, code := range []string{"ExpiredToken", "InvalidClientTokenId", "SignatureDoesNotMatch"} {
		t.Run(code, func(t *testing.T) {
			bare(t)
			t.Setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT12345")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
			s := newWire(t, func(_ int, _ url.Values, w http.ResponseWriter, _ *http.Request) { refuse(w, 403, code, "no") })
			r := one(t, open(t, keyless(s)), Message{Body: "x"})
			require.Equal(t, code, r.Err.Code)
			require.Contains(t, r.Err.Fix, "in the environment or the profile of the Playbook Server")
			require.NotContains(t, r.Err.Fix, "aws_")
		})
	}
}

// Without a metadata service there is one question for a token and one for the
// role, not three of each with pauses: that is what makes it quick.
func TestNoCredentials(t *testing.T) {
	s := newWire(t, accept)
	for _, row := range []struct{ name, disabled string }{{"nobody there", ""}, {"disabled", "true"}} {
		t.Run(row.name, func(t *testing.T) {
			bare(t)
			var asked atomic.Int32
			metadata := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				drop(w)
			}))
			defer metadata.Close()
			t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.URL)
			t.Setenv("AWS_EC2_METADATA_DISABLED", row.disabled)
			r := one(t, open(t, keyless(s)), Message{Body: "x"})
			require.Equal(t, Failed, r.Outcome)
			require.Equal(t, CodeCredentials, r.Err.Code)
			require.Equal(t, ClassAuth, r.Err.Class)
			require.False(t, r.Err.Retryable)
			require.Contains(t, r.Err.Fix, "set aws_access_key_id and aws_secret_access_key")
			require.LessOrEqual(t, asked.Load(), int32(2))
			if row.disabled != "" {
				require.Zero(t, asked.Load())
			}
		})
	}
	require.Empty(t, s.seen())
}

// The SDK's own switches hold with static keys, without LoadDefaultConfig.
func TestSwitchesOfTheEnvironment(t *testing.T) {
	for _, row := range []struct {
		name, value, host string
		arn               ARN
	}{
		{"AWS_USE_FIPS_ENDPOINT", "true", "sns-fips.us-east-1.amazonaws.com:443", ARN{"aws", "us-east-1", "123456789012", "t"}},
		{"AWS_USE_DUALSTACK_ENDPOINT", "true", "sns.eu-west-1.api.aws:443", standard},
		{"AWS_REGION", "us-east-1", "sns.eu-west-1.amazonaws.com:443", standard}, // the ARN's holds
		{"AWS_REGION", "", "sns.cn-north-1.amazonaws.com.cn:443", ARN{"aws-cn", "cn-north-1", "123456789012", "t"}},
		{"AWS_REGION", "", "sns.us-gov-west-1.amazonaws.com:443", ARN{"aws-us-gov", "us-gov-west-1", "123456789012", "t"}},
		{"AWS_REGION", "", "sns.us-iso-east-1.c2s.ic.gov:443", ARN{"aws-iso", "us-iso-east-1", "123456789012", "t"}},
	} {
		for _, keys := range []bool{true, false} {
			t.Run(row.host, func(t *testing.T) {
				bare(t)
				t.Setenv(row.name, row.value)
				var host atomic.Value
				proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					host.Store(r.Host) // of CONNECT
					w.WriteHeader(http.StatusForbidden)
				}))
				defer proxy.Close()
				c := withKeys(row.arn, "")
				if !keys {
					t.Setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT12345")
					t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
					c.AccessKeyID, c.SecretAccessKey, c.SessionToken = "", secret.String{}, secret.String{}
				}
				var err error
				c.Proxy, err = url.Parse(proxy.URL)
				require.NoError(t, err)
				r := one(t, open(t, c), Message{Body: "x"})
				require.Equal(t, CodeProxy, r.Err.Code)
				require.Equal(t, row.host, host.Load())
			})
		}
	}
	t.Run("no variant of an endpoint of one's own", func(t *testing.T) {
		t.Setenv("AWS_USE_FIPS_ENDPOINT", "true")
		_, err := Open(withKeys(standard, "https://vpce.example"))
		require.ErrorContains(t, err, "aws_endpoint_url")
		require.ErrorContains(t, err, "AWS_USE_FIPS_ENDPOINT")
		require.NoError(t, os.Unsetenv("AWS_USE_FIPS_ENDPOINT"))
		t.Setenv("AWS_USE_DUALSTACK_ENDPOINT", "true")
		_, err = Open(withKeys(standard, "http://127.0.0.1:1"))
		require.ErrorContains(t, err, "AWS_USE_DUALSTACK_ENDPOINT")
	})
	t.Run("nonsense", func(t *testing.T) {
		t.Setenv("AWS_USE_FIPS_ENDPOINT", "perhaps")
		_, err := Open(withKeys(standard, ""))
		require.ErrorContains(t, err, "AWS_USE_FIPS_ENDPOINT")
	})
	t.Run("AWS_ENDPOINT_URL_SNS", func(t *testing.T) {
		s := newWire(t, accept)
		t.Setenv("AWS_ENDPOINT_URL_SNS", s.server.URL)
		require.Equal(t, Published, one(t, open(t, withKeys(standard, "")), Message{Body: "x"}).Outcome)
	})
	t.Run("AWS_MAX_ATTEMPTS", func(t *testing.T) {
		t.Setenv("AWS_MAX_ATTEMPTS", "5")
		s := newWire(t, func(_ int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
			refuse(w, 500, "InternalError", "x")
		})
		topic := open(t, withKeys(standard, s.server.URL))
		hurry(topic)
		one(t, topic, Message{Body: "x"})
		require.Len(t, s.seen(), 5)
	})
}

func TestCABundle(t *testing.T) {
	s := newWire(t, accept)
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.Equal(t, 1, r.ProtoMajor, "what a written request is holds for HTTP/1 only")
		require.GreaterOrEqual(t, r.TLS.Version, uint16(tls.VersionTLS12))
		s.server.Config.Handler.ServeHTTP(w, r)
	}))
	secure.EnableHTTP2 = true
	secure.StartTLS()
	defer secure.Close()
	bundle := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(bundle, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw}), 0o600))
	for _, keys := range []bool{true, false} {
		bare(t)
		c := withKeys(standard, secure.URL)
		if !keys {
			t.Setenv("AWS_ACCESS_KEY_ID", "AKIAENVIRONMENT12345")
			t.Setenv("AWS_SECRET_ACCESS_KEY", "s")
			c.AccessKeyID, c.SecretAccessKey, c.SessionToken = "", secret.String{}, secret.String{}
		}
		t.Setenv("AWS_CA_BUNDLE", bundle)
		require.Equal(t, Published, one(t, open(t, c), Message{Body: "x"}).Outcome)

		t.Setenv("AWS_CA_BUNDLE", bundle+".missing")
		_, err := Open(c)
		require.ErrorContains(t, err, "AWS")
		require.Contains(t, err.Error(), "Fix: ")
	}
	c := withKeys(standard, secure.URL)
	require.NoError(t, os.WriteFile(bundle, []byte("no certificate"), 0o600))
	t.Setenv("AWS_CA_BUNDLE", bundle)
	_, err := Open(c)
	require.ErrorContains(t, err, "AWS_CA_BUNDLE")
}

func TestOldTLSIsRefused(t *testing.T) {
	old := httptest.NewUnstartedServer(http.NotFoundHandler())
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	old.Config.ErrorLog = discard()
	old.StartTLS()
	defer old.Close()
	topic := open(t, withKeys(standard, old.URL))
	hurry(topic)
	r := one(t, topic, Message{Body: "x"})
	require.Equal(t, Failed, r.Outcome)
	require.Equal(t, ClassNetwork, r.Err.Class)
	require.ErrorContains(t, r.Err.Err, "tls: ")
}

// HTTPS_PROXY is read once in a process, so a child has its own.
func TestProxyOfTheEnvironment(t *testing.T) {
	if os.Getenv("SNSTOPIC_CHILD") != "" {
		r := one(t, open(t, withKeys(standard, "")), Message{Body: "x"})
		require.Equal(t, CodeProxy, r.Err.Code)
		return
	}
	var host atomic.Value
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host.Store(r.Host)
		w.WriteHeader(http.StatusForbidden)
	}))
	defer proxy.Close()
	child := exec.Command(os.Args[0], "-test.run", "^TestProxyOfTheEnvironment$")
	child.Env = append(os.Environ(), "SNSTOPIC_CHILD=1", "HTTPS_PROXY="+proxy.URL, "NO_PROXY=")
	out, err := child.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, "sns.eu-west-1.amazonaws.com:443", host.Load())
}

// The credentials of this machine do not go through the proxy.
func TestCredentialsGoDirect(t *testing.T) {
	t.Parallel()
	proxy := func(*http.Request) (*url.URL, error) { return url.Parse("http://proxy:1") }
	for address, direct_ := range map[string]bool{
		"http://169.254.170.2/v2": true, "http://169.254.169.254/latest": true, "http://[fd00:ec2::23]/v1": true, "http://localhost:1/c": true, "http://127.0.0.1:1/c": true,
		"https://sts.eu-west-1.amazonaws.com/": false, "http://10.0.0.1/": false, "https://oidc.example/": false,
	} {
		r, err := http.NewRequest(http.MethodGet, address, nil)
		require.NoError(t, err)
		through, err := direct(proxy)(r)
		require.NoError(t, err)
		require.Equal(t, direct_, through == nil, address)
	}
}
