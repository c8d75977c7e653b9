package e2e

import (
	"encoding/json"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/platform"
)

// Bad input: one sentence that names the parameter and the fix, in message.tc
// and, where the store can be reached, in sns.debug; a non-zero exit; nothing
// sent; no secret anywhere.
func TestBadInput(t *testing.T) {
	t.Parallel()
	rows := []struct {
		name    string
		params  map[string]any // over the usual ones
		drop    []string       // from the usual ones
		stage   map[string]any
		options func(*testing.T, *platform.AppOptions)
		code    int
		says    []string // in message.tc, each
		never   []string // in message.tc, none
		noDebug bool     // the store cannot be reached, or the parameters do not tell where it is
	}{
		{
			name: "address missing", drop: []string{"address"}, code: 4, says: []string{"address", "missing"},
		}, {
			name: "address is not set", params: map[string]any{"address": "#Trigger:1:nothing!String"}, code: 4, says: []string{"address", "not set"},
		}, {
			name: "topic_arn missing", drop: []string{"topic_arn"}, code: 4, says: []string{"topic_arn", "missing"},
		}, {
			name: "topic_arn malformed", params: map[string]any{"topic_arn": "arn:aws:sns:eu-west-1:tc-indicators"}, code: 4, says: []string{"topic_arn"},
		}, {
			name: "region contradicts the ARN", params: map[string]any{"aws_region": "us-east-1"}, code: 4, says: []string{"aws_region", "eu-west-1", "us-east-1"},
		}, {
			name: "value is not JSON", params: map[string]any{"address": "#Trigger:1:item!String"},
			stage: map[string]any{"#Trigger:1:item!String": json.RawMessage(`not json`)}, code: 4, says: []string{"address", "JSON"},
		}, {
			name: "lists that do not match", params: map[string]any{"address": "#Trigger:1:a!StringArray", "owner": "#Trigger:1:o!StringArray"},
			stage: map[string]any{"#Trigger:1:a!StringArray": []any{"203.0.113.1", "203.0.113.2", "203.0.113.3"}, "#Trigger:1:o!StringArray": []any{"A", "B"}},
			code:  4, says: []string{"owner", "2 values for 3 addresses"},
		}, {
			name: "context missing", drop: []string{"tc_playbook_kvstore_context"}, params: map[string]any{"address": "#Trigger:1:item!String"},
			code: 4, says: []string{"tc_playbook_kvstore_context"}, noDebug: true,
		}, {
			name: "store down", params: map[string]any{"address": "#Trigger:1:item!String", "tc_kvstore_port": closedPort(t)},
			code: 1, says: []string{"tc_kvstore"}, noDebug: true,
		}, {
			name: "context missing, nothing to read", drop: []string{"tc_playbook_kvstore_context"},
			code: 4, says: []string{"tc_playbook_kvstore_context"}, noDebug: true,
		}, {
			name: "store down, nothing to read", params: map[string]any{"tc_kvstore_port": closedPort(t)},
			code: 1, says: []string{"tc_kvstore"}, noDebug: true,
		}, {
			name: "topic_arn is a list", params: map[string]any{"topic_arn": []any{topicARN, fifoARN}},
			code: 4, says: []string{"topic_arn", "list of 2"}, never: []string{"is not set"},
		}, {
			name: "address is an empty list", params: map[string]any{"address": []any{}},
			code: 4, says: []string{"address", "missing"}, never: []string{"is empty"},
		}, {
			name: "a secret is an object", params: map[string]any{"aws_secret_access_key": map[string]any{"key": secretKey}, "aws_access_key_id": nil},
			code: 4, says: []string{"aws_secret_access_key", "object"}, never: []string{"missing"},
		}, {
			name: "a session token is a list", params: map[string]any{"aws_session_token": []any{"a", "b"}},
			code: 4, says: []string{"aws_session_token", "list of 2"},
		}, {
			name: "half a key pair", drop: []string{"aws_secret_access_key"}, code: 4, says: []string{"aws_secret_access_key"},
		}, {
			name: "a deduplication id on a standard topic, fail_on_error off", params: map[string]any{"message_deduplication_id": "once", "fail_on_error": "false"},
			code: 4, says: []string{"message_deduplication_id", "only a FIFO topic"},
		}, {
			name: "a message group with a space", params: map[string]any{"message_group_id": "my group", "fail_on_error": "false"}, code: 4, says: []string{"message_group_id"},
		}, {
			name: "timeout is no number", params: map[string]any{"timeout_seconds": "half a minute"}, code: 4, says: []string{"timeout_seconds"},
		}, {
			name: "no parameter file", options: func(_ *testing.T, o *platform.AppOptions) {
				o.PrepareParamFile = func(string, string) error { return nil }
			}, code: 4, says: []string{"TC_APP_PARAM_FILE"}, noDebug: true,
		}, {
			name: "wrong key", options: func(_ *testing.T, o *platform.AppOptions) {
				params := o.Params
				o.PrepareParamFile = func(path, _ string) error { return platform.WriteParamFile(path, "another-key-1234", params) }
			}, code: 4, says: []string{"TC_APP_PARAM_KEY"}, noDebug: true,
		}, {
			name: "key of an odd length", options: func(_ *testing.T, o *platform.AppOptions) {
				o.PrepareParamFile = func(path, _ string) error { return os.WriteFile(path, make([]byte, 64), 0o600) }
				o.Env = append(platform.MinimalEnv(os.LookupEnv), "TC_APP_PARAM_KEY=short")
			}, code: 4, says: []string{"TC_APP_PARAM_KEY"}, noDebug: true,
		}, {
			name: "truncated file", options: func(_ *testing.T, o *platform.AppOptions) {
				params := o.Params
				o.PrepareParamFile = func(path, key string) error {
					if err := platform.WriteParamFile(path, key, params); err != nil {
						return err
					}
					return os.Truncate(path, 100)
				}
			}, code: 4, says: []string{"TC_APP_PARAM_FILE"}, noDebug: true,
		}, {
			name: "JSON that is no object", options: func(_ *testing.T, o *platform.AppOptions) {
				o.PrepareParamFile = func(path, key string) error {
					encrypted, err := platform.Encrypt([]byte(`["topic_arn"]`), key)
					if err != nil {
						return err
					}
					return os.WriteFile(path, encrypted, 0o600)
				}
			}, code: 4, says: []string{"TC_APP_PARAM_FILE"}, noDebug: true,
		}, {
			name: "only one of the two variables", options: func(_ *testing.T, o *platform.AppOptions) {
				o.Params = nil
				o.Env = append(platform.MinimalEnv(os.LookupEnv), "TC_APP_PARAM_KEY=0123456789abcdef")
			}, code: 4, says: []string{"TC_APP_PARAM_FILE"}, noDebug: true,
		},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if row.stage != nil {
				w.stage(row.stage)
			}
			o := platform.AppOptions{Params: without(w.params(row.params), row.drop...)}
			if row.options != nil {
				row.options(t, &o)
			}
			out := w.start(o).wait()
			require.Equal(t, row.code, out.ExitCode, "%s\n%s", out.Message, out.Stderr)
			require.NotEmpty(t, out.Message, "message.tc")
			require.LessOrEqual(t, len([]rune(out.Message)), 254)
			require.NotContains(t, out.Stderr, "goroutine", "a stack trace is not for a person")
			for _, word := range row.says {
				require.Contains(t, out.Message, word)
			}
			for _, word := range row.never {
				require.NotContains(t, out.Message, word)
			}
			require.Contains(t, out.Message, "Fix:")
			require.Empty(t, w.sns.Messages())
			if !row.noDebug {
				require.Contains(t, out.outputs["sns.debug"], row.says[0])
				require.Equal(t, "false", out.outputs["sns.success"])
				require.NotEmpty(t, out.outputs["sns.error_code"])
			}
		})
	}
}

// closedPort is a port that nobody listens on.
func closedPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// Started with nothing: a sentence, not a stack trace.
func TestStartedWithNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out := w.start(platform.AppOptions{}).wait()
	require.Equal(t, 4, out.ExitCode)
	require.Contains(t, out.Stderr, "--help")
	require.Equal(t, 1, strings.Count(strings.TrimSpace(out.Stderr), "\n")+1, "one line: %s", out.Stderr)
}

// By hand: arguments, no store, a plain topic.
func TestRunByHand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.secrets = nil // they are on the command line, which is what --help warns of
	out := w.start(platform.AppOptions{Args: []string{
		"--topic_arn", topicARN, "--address=203.0.113.7", "--aws_access_key_id", accessKey, "--aws_secret_access_key", secretKey,
		"--aws_endpoint_url", w.sns.URL(), "--tc_out_path", w.session.Out, "--tc_log_path", w.session.Log,
	}}).wait()
	require.Equal(t, 0, out.ExitCode, out.Stderr)
	require.Len(t, w.sns.Messages(), 1)
	require.Contains(t, out.Message, w.sns.Messages()[0].MessageID)
}

// By hand, and a slip: the sentence says how to mend it where the person is.
func TestSlipsByHand(t *testing.T) {
	t.Parallel()
	given := func(w *world) []string {
		return []string{
			"--topic_arn", topicARN, "--address=203.0.113.7", "--aws_access_key_id", accessKey, "--aws_secret_access_key", secretKey,
			"--aws_endpoint_url", w.sns.URL(), "--tc_log_path", w.session.Log, "--tc_out_path", w.session.Out,
		}
	}
	for _, row := range []struct {
		name string
		args func([]string) []string
		env  []string
		code int
		says string
	}{
		{"an argument without a value", func(all []string) []string { return append(slices.Delete(all, 2, 3), "--address") }, nil, 4, "address is given without a value. Fix: write the value after --address"},
		{"a secret without a value", func(all []string) []string { return append(all, "--aws_session_token") }, nil, 4, "aws_session_token is given without a value"},
		{"a folder without a value", func(all []string) []string { return all[:len(all)-1] }, nil, 4, "tc_out_path is given without a value"},
		{"topic_arn twice", func(all []string) []string { return append(all, "--topic_arn", topicARN) }, nil, 4, "topic_arn holds a list of 2 values"},
		{"a required argument missing", func(all []string) []string { return all[2:] }, []string{"TC_TOPIC_ARN=" + topicARN}, 4, "pass --topic_arn"},
		{"a required variable of the environment missing", func([]string) []string { return nil }, []string{"TC_TOPIC_ARN=" + topicARN}, 4, "set TC_ADDRESS"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.secrets = nil // they are on the command line
			out := w.start(platform.AppOptions{Args: row.args(given(w)), Env: append(platform.MinimalEnv(os.LookupEnv, "TMPDIR="+t.TempDir()), row.env...)}).wait()
			require.Equal(t, row.code, out.ExitCode, out.Stderr)
			require.Contains(t, out.Stderr, row.says)
			require.Empty(t, w.sns.Messages())
		})
	}
}

// From the environment: TC_ and the name in capitals.
func TestRunFromEnvironment(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	out := w.start(platform.AppOptions{Env: append(platform.MinimalEnv(os.LookupEnv),
		"TC_TOPIC_ARN="+topicARN, "TC_ADDRESS=203.0.113.7", "TC_AWS_ACCESS_KEY_ID="+accessKey, "TC_AWS_SECRET_ACCESS_KEY="+secretKey,
		"TC_AWS_ENDPOINT_URL="+w.sns.URL(), "TC_OUT_PATH="+w.session.Out, "TC_LOG_PATH="+w.session.Log,
	)}).wait()
	require.Equal(t, 0, out.ExitCode, out.Stderr)
	require.Len(t, w.sns.Messages(), 1)
}

// A folder for message.tc or the log that cannot be written costs the file,
// not the run.
func TestFoldersMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	nowhere := filepath.Join(w.session.Dir, "file")
	require.NoError(t, os.WriteFile(nowhere, nil, 0o600))
	out := w.run(w.params(map[string]any{"tc_out_path": filepath.Join(nowhere, "out"), "tc_log_path": filepath.Join(nowhere, "log")}))
	require.Equal(t, 0, out.ExitCode, out.Stderr)
	require.Len(t, w.sns.Messages(), 1)
	require.Equal(t, filepath.Join(w.session.Dir, "message.tc"), out.MessageFile, "in the working directory instead")
	require.NotEmpty(t, out.Stderr, "the log that cannot be written is said")
}
