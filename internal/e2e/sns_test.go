package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/platform"
	"tcsns/internal/dev/proxytest"
	"tcsns/internal/dev/redistest"
	"tcsns/internal/dev/snsserver"
)

// By TLS whose certificates AWS_CA_BUNDLE names, through a real proxy with
// the credentials that tc_proxy_* has.
func TestPublishThroughProxy(t *testing.T) {
	t.Parallel()
	const password = "e2e-proxy-password"
	for name, username := range map[string]string{"with credentials": "e2e", "open": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := proxytest.Options{Username: username}
			if username != "" {
				o.Password = password
			}
			proxy := proxytest.Start(t, o)
			w := newWorld(t)
			w.secrets = append(w.secrets, password)
			config, env := certified(t, redistest.Certificate{Names: []string{"127.0.0.1"}})
			w.sns = startSNS(t, snsserver.Options{TLS: config})
			out := w.start(platform.AppOptions{Env: environment(env...), Params: w.params(map[string]any{
				"tc_proxy_host": proxy.Host, "tc_proxy_port": proxy.Port, "tc_proxy_username": username, "tc_proxy_password": o.Password, "tc_proxy_external": true,
			})}).wait()
			require.Equal(t, 0, out.ExitCode, out.Stderr)
			require.Len(t, w.sns.Messages(), 1)
			require.Equal(t, []string{"CONNECT " + hostOf(t, w.sns.URL()) + " HTTP/1.1"}, proxy.Requests())
		})
	}
}

// Real TLS to the endpoint.
func TestPublishTLS(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	config, env := certified(t, redistest.Certificate{Names: []string{"127.0.0.1"}})
	w.sns = startSNS(t, snsserver.Options{TLS: config})
	out := w.start(platform.AppOptions{Env: env, Params: w.params(nil)}).wait()
	require.Equal(t, 0, out.ExitCode, out.Stderr)
	require.Equal(t, w.sns.Messages()[0].MessageID, out.outputs["sns.debug"])
}

// A role on top of the keys, with its external id; the session is named after
// the execution.
func TestPublishWithRole(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		externalID string
		code       int
	}{{"tenant-7", 0}, {"tenant-8", 4}} {
		t.Run(row.externalID, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.sns = startSNS(t, snsserver.Options{Roles: []snsserver.Role{{ARN: roleARN, ExternalID: "tenant-7"}}})
			sts := startFront(t, w, frontOptions{answer: func(_ *front, _ int, _ http.ResponseWriter, r *request) bool {
				if r.form.Get("RoleSessionName") != "tcsns-"+w.session.Context {
					drop()
				}
				return false
			}})
			out := w.start(platform.AppOptions{
				Env:    environment("AWS_ENDPOINT_URL_STS=" + sts.server.URL),
				Params: w.params(map[string]any{"aws_role_arn": roleARN, "aws_external_id": row.externalID}),
			}).wait()
			require.Equal(t, row.code, out.ExitCode, out.Stderr)
			require.EqualValues(t, 1, sts.requests.Load())
			require.Len(t, w.sns.Messages(), 1-row.code/4)
			if row.code != 0 {
				require.Contains(t, out.outputs["sns.debug"], "STS AccessDenied")
				require.Contains(t, out.outputs["sns.debug"], "aws_external_id")
			}
		})
	}
}

// Both keys empty: the SDK's default chain, each link of it.
func TestDefaultChain(t *testing.T) {
	t.Parallel()
	const quiet = "AWS_EC2_METADATA_DISABLED=true"
	// issued are credentials as a container's or an instance's endpoint gives them.
	issued := fmt.Sprintf(`{"Code":"Success","Type":"AWS-HMAC","AccessKeyId":%q,"SecretAccessKey":%q,"Expiration":%q,"LastUpdated":"2026-01-01T00:00:00Z"}`,
		accessKey, secretKey, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	serve := func(t *testing.T, answer http.HandlerFunc) string {
		server := httptest.NewServer(answer)
		t.Cleanup(server.Close)
		return server.URL
	}
	file := func(t *testing.T, name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	for name, env := range map[string]func(t *testing.T) []string{
		"environment": func(*testing.T) []string {
			return []string{quiet, "AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secretKey}
		},
		"profile": func(t *testing.T) []string {
			path := file(t, ".aws/credentials", "[alerts]\naws_access_key_id = "+accessKey+"\naws_secret_access_key = "+secretKey+"\n")
			return []string{quiet, "HOME=" + filepath.Dir(filepath.Dir(path)), "AWS_PROFILE=alerts"}
		},
		"web identity": func(t *testing.T) []string {
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.FormValue("Action") != "AssumeRoleWithWebIdentity" || r.FormValue("WebIdentityToken") != "e2e-token" {
					drop()
				}
				_, _ = fmt.Fprintf(w, `<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>%s</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><Expiration>%s</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`,
					accessKey, secretKey, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
			})
			return []string{quiet, "AWS_WEB_IDENTITY_TOKEN_FILE=" + file(t, "token", "e2e-token"), "AWS_ROLE_ARN=" + roleARN, "AWS_ENDPOINT_URL_STS=" + url}
		},
		"container": func(t *testing.T) []string {
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "e2e-authorization" {
					drop()
				}
				_, _ = fmt.Fprint(w, issued)
			})
			return []string{quiet, "AWS_CONTAINER_CREDENTIALS_FULL_URI=" + url + "/credentials", "AWS_CONTAINER_AUTHORIZATION_TOKEN=e2e-authorization"}
		},
		"instance": func(t *testing.T) []string {
			url := serve(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case strings.HasSuffix(r.URL.Path, "/api/token"):
					w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "21600")
					_, _ = fmt.Fprint(w, "token")
				case strings.HasSuffix(r.URL.Path, "/publisher"):
					_, _ = fmt.Fprint(w, issued)
				default:
					_, _ = fmt.Fprint(w, "publisher")
				}
			})
			return []string{"AWS_EC2_METADATA_SERVICE_ENDPOINT=" + url}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			home := environment("HOME=" + t.TempDir())
			out := w.start(platform.AppOptions{Env: append(home, env(t)...), Params: without(w.params(nil), "aws_access_key_id", "aws_secret_access_key")}).wait()
			require.Equal(t, 0, out.ExitCode, out.Stderr)
			require.Len(t, w.sns.Messages(), 1)
		})
	}
}

// No credentials anywhere: said within a second or so, with the fix.
func TestNoCredentials(t *testing.T) {
	t.Parallel()
	for name, env := range map[string]string{
		"no metadata service":  "AWS_EC2_METADATA_SERVICE_ENDPOINT=http://" + redistest.RefusingAddr(t),
		"it is switched off":   "AWS_EC2_METADATA_DISABLED=true",
		"container says no":    "AWS_CONTAINER_CREDENTIALS_FULL_URI=http://" + redistest.RefusingAddr(t) + "/credentials",
		"profile without keys": "AWS_PROFILE=nobody",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			more := []string{"HOME=" + t.TempDir(), env}
			if !strings.Contains(env, "METADATA") {
				more = append(more, "AWS_EC2_METADATA_DISABLED=true")
			}
			out := w.start(platform.AppOptions{Env: environment(more...), Params: without(w.params(nil), "aws_access_key_id", "aws_secret_access_key")}).wait()
			require.NotZero(t, out.ExitCode)
			require.Contains(t, out.outputs["sns.debug"], "Fix:")
			require.NotContains(t, out.Stderr, "goroutine")
			within := withinDefault // where something is configured, the SDK tries it three times
			if strings.Contains(env, "METADATA") {
				within = 5 * time.Second // for a hang, not a busy machine
			}
			require.Less(t, out.Duration, within)
			require.Empty(t, w.sns.Messages())
			if strings.Contains(env, "METADATA") {
				require.Equal(t, 4, out.ExitCode)
				require.Equal(t, "NoCredentials", out.outputs["sns.error_code"])
				require.Contains(t, out.Message, "aws_access_key_id")
			}
		})
	}
}

// One group of one's own on a FIFO topic: batches go out one after another.
func TestBatchInOneGroupStaysInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	params, stage := several(45)
	w.stage(stage)
	out := w.run(w.params(platform.Merge(params, fifo(map[string]any{"message_group_id": "alerts", "message_deduplication_id": "run-7"}))))
	require.Equal(t, 0, out.ExitCode, out.Stderr)
	messages := w.sns.Messages()
	require.Len(t, messages, 45)
	for i, m := range messages {
		require.Equal(t, fmt.Sprintf("host-%d.example", i+1), document(t, m)["address"])
		require.Equal(t, "alerts", m.GroupID)
		require.Equal(t, "run-7-"+strconv.Itoa(i+1), m.DeduplicationID)
	}
}

// 10,000 addresses, one of them empty: reported as that one, the others go out.
func TestTenThousandAddressesOneBad(t *testing.T) {
	t.Parallel()
	const n, bad = 10_000, 7_654
	w := newWorld(t)
	params, stage := several(n)
	stage["#Trigger:1:list!StringArray"].([]any)[bad-1] = nil
	w.stage(stage)
	out := w.run(w.params(params))
	require.Equal(t, 4, out.ExitCode, out.Stderr)
	require.Equal(t, n-1, w.sns.Accepted())
	require.Contains(t, out.Message, "published 9999 of 10000")
	require.Contains(t, out.Message, "first at address 7654")
	lines := strings.Split(out.outputs["sns.debug"], "\n")
	require.Len(t, lines, n)
	require.Contains(t, lines[bad-1], "Fix:")
	var ids []*string
	require.NoError(t, json.Unmarshal([]byte(out.outputs["sns.message_ids"]), &ids))
	for i, id := range ids {
		require.Equal(t, i == bad-1, id == nil, "position %d", i+1)
	}
}

// message_attributes are typed by their keys, and stand beside the derived ones.
func TestOwnAttributes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.stage(map[string]any{"#Trigger:1:tags!StringArray": []any{"apt", "c2"}})
	out := w.run(w.params(map[string]any{"confidence": 75, "message_attributes": []any{
		map[string]any{"key": "severity:Number", "value": "4"},
		map[string]any{"key": "team", "value": "Süd & Co"},
		map[string]any{"key": "tags:String.Array", "value": "#Trigger:1:tags!StringArray"},
	}}))
	require.Equal(t, 0, out.ExitCode, out.Stderr)
	attributes := w.sns.Messages()[0].Attributes
	require.Subset(t, attributes, []snsserver.Attribute{
		{Name: "severity", Type: "Number", Value: "4"}, {Name: "team", Type: "String", Value: "Süd & Co"},
		{Name: "tags", Type: "String.Array", Value: `["apt","c2"]`}, {Name: "confidence", Type: "Number", Value: "75"},
	})
}

// message_format: one form for all.
func TestMessageFormats(t *testing.T) {
	t.Parallel()
	for format, check := range map[string]func(t *testing.T, body string){
		"JSON": func(t *testing.T, body string) { require.True(t, json.Valid([]byte(body)), body) },
		"Text": func(t *testing.T, body string) { require.Contains(t, body, "203.0.113[.]7") },
	} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			out := w.run(w.params(map[string]any{"message_format": format}))
			require.Equal(t, 0, out.ExitCode, out.Stderr)
			require.Empty(t, w.sns.Messages()[0].MessageStructure)
			check(t, w.sns.Messages()[0].Message)
		})
	}
}

// Keychain values come over the platform's API, and go nowhere but to AWS.
func TestKeychain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	api, err := platform.StartAPI(platform.APIOptions{})
	require.NoError(t, err)
	t.Cleanup(func() { _ = api.Close() })
	w.secrets = append(w.secrets, api.Token())
	out := w.run(w.params(platform.Merge(api.AccessParams(), map[string]any{
		"aws_access_key_id":     api.SetVariable("TEXT", []byte(accessKey)),
		"aws_secret_access_key": api.SetVariable("KEYCHAIN", []byte(secretKey)),
	})))
	require.Equal(t, 0, out.ExitCode, out.Stderr)
	require.Len(t, w.sns.Messages(), 1)
}

// Check says what it sees of the topic; only what would not work fails.
func TestCheckTopic(t *testing.T) {
	t.Parallel()
	denied := &snsserver.Fault{Status: 403, Code: "AuthorizationError", Message: "not authorized to perform: SNS:GetTopicAttributes"}
	email := snsserver.Subscription{Protocol: "email", Endpoint: "soc@example.com"}
	pending := email
	pending.Pending = true
	for _, row := range []struct {
		name  string
		topic snsserver.Topic
		arn   string
		fault *snsserver.Fault
		code  int
		says  string
	}{
		{"nobody subscribed", snsserver.Topic{ARN: topicARN}, topicARN, nil, 0, "no confirmed subscription"},
		{"pending", snsserver.Topic{ARN: topicARN, Subscriptions: []snsserver.Subscription{email, pending}}, topicARN, nil, 0, "1 subscription not confirmed yet"},
		{"encrypted", snsserver.Topic{ARN: topicARN, Attributes: map[string]string{"KmsMasterKeyId": "alias/alerts"}}, topicARN, nil, 0, "kms:GenerateDataKey*"},
		{"its own size", snsserver.Topic{ARN: topicARN, Attributes: map[string]string{"MaximumMessageSize": "1048576"}}, topicARN, nil, 0, "MaximumMessageSize is 1048576"},
		{"a smaller size than the message", snsserver.Topic{ARN: topicARN, Attributes: map[string]string{"MaximumMessageSize": "1024"}}, topicARN, nil, 0, "SNS would refuse it"},
		{"a FIFO topic under another name", snsserver.Topic{ARN: topicARN, Attributes: map[string]string{"FifoTopic": "true"}}, topicARN, nil, 4, "topic_arn names a standard topic, but SNS says that it is a FIFO topic"},
		{"not allowed to ask", snsserver.Topic{ARN: topicARN}, topicARN, denied, 0, "sns:GetTopicAttributes, which publishing does not need"},
		{"FIFO", snsserver.Topic{ARN: fifoARN, Subscriptions: []snsserver.Subscription{{Protocol: "sqs", Endpoint: "arn:aws:sqs:eu-west-1:123456789012:q.fifo"}}}, fifoARN, nil, 0, "FIFO topic delivers to SQS only"},
		{"no such topic", snsserver.Topic{ARN: topicARN}, topicARN + "-gone", nil, 4, "NotFound"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.sns = startSNS(t, snsserver.Options{Topics: []snsserver.Topic{row.topic}})
			w.sns.FailAlways(row.fault)
			out := w.run(w.params(map[string]any{"tc_action": "Check", "topic_arn": row.arn}))
			require.Equal(t, row.code, out.ExitCode, out.Stderr)
			require.Contains(t, out.outputs["sns.debug"], row.says)
			require.Empty(t, w.sns.Messages())
		})
	}
}
