package snstopic

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/secret"
)

func TestSmoke(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		t.Log(string(b), r.Header)
		io.WriteString(w, `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>abc</MessageId></PublishResult><ResponseMetadata><RequestId>r1</RequestId></ResponseMetadata></PublishResponse>`)
	}))
	arn, err := ParseARN("arn:aws:sns:eu-west-1:123456789012:alerts")
	require.NoError(t, err)
	topic, err := Open(Config{ARN: arn, EndpointURL: s.URL, AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: secret.New("x"), UserAgent: "tcsns/1"})
	require.NoError(t, err)
	r := topic.Publish(context.Background(), 1, func(int) (Message, error) { return Message{Body: "hi", Subject: "s"}, nil })
	require.Equal(t, "abc", r[0].MessageID, "%v", r[0].Err)
}
