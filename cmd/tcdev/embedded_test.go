package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/platform"
)

// Each param that leads to the embedded endpoint gets what opens it, and what
// is secret is made anew for each run.
func TestEmbeddedValues(t *testing.T) {
	t.Parallel()
	value := func(s topic, param string) string {
		v, ok := s.value(platform.Reference{Param: param, Name: "name"})
		require.True(t, ok)
		return v
	}
	one, err := startTopic()
	require.NoError(t, err)
	t.Cleanup(one.close)
	two, err := startTopic()
	require.NoError(t, err)
	t.Cleanup(two.close)
	require.Equal(t, demoTopic, value(one, "topic_arn"))
	require.Empty(t, value(one, "aws_session_token"), "long-lived keys have none")
	require.Equal(t, "demo value of name", value(one, "message"))
	for _, param := range []string{"aws_access_key_id", "aws_secret_access_key"} {
		require.NotEqual(t, value(one, param), value(two, param))
	}
	require.Len(t, value(one, "aws_access_key_id"), 20)
	require.Len(t, value(one, "aws_secret_access_key"), 40)
	require.Empty(t, one.env([]string{"AWS_PROFILE=work"}), "nothing of a real account reaches a demo")
	require.Contains(t, one.params()["aws_endpoint_url"], "http://127.0.0.1:")
	require.Empty(t, one.deliveries())
}
