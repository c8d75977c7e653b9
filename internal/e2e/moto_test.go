package e2e

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/platform"
	"tcsns/internal/dev/redistest"
)

// moto is an SNS and an SQS that are not ours.
type moto struct{ url string }

// startMoto starts moto_server where it is on the PATH; where TCSNS_REQUIRE
// lists moto, its absence is fatal.
func startMoto(t *testing.T) moto {
	t.Helper()
	path, err := exec.LookPath("moto_server")
	if err != nil {
		if slices.Contains(strings.Split(os.Getenv(redistest.EnvRequire), ","), "moto") {
			t.Fatal("moto_server is not on the PATH")
		}
		t.Skip("moto_server is not on the PATH")
	}
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	addr := free.Addr().String()
	require.NoError(t, free.Close())
	_, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	server := exec.Command(path, "-H", "127.0.0.1", "-p", port)
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-server.Process.Pid, syscall.SIGKILL)
		_ = server.Wait()
	})
	m := moto{"http://" + addr}
	require.Eventually(t, func() bool {
		answer, err := http.Get(m.url + "/moto-api/")
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return true
	}, time.Minute, 50*time.Millisecond, "moto_server does not come up")
	return m
}

// do asks a service of moto's for an action, with pairs of parameters.
func (m moto) do(t *testing.T, service, action string, into any, pairs ...string) {
	t.Helper()
	form := url.Values{"Action": {action}, "Version": {map[string]string{"sns": "2010-03-31", "sqs": "2012-11-05"}[service]}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.url+"/", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// moto does not check signatures; the scope tells it service and region.
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+accessKey+"/20260101/"+region+"/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode, "%s: %s", action, body)
	if into != nil {
		require.NoError(t, xml.Unmarshal(body, into), "%s: %s", action, body)
	}
}

// topic creates a topic and returns its ARN.
func (m moto) topic(t *testing.T, name string) string {
	t.Helper()
	pairs := []string{"Name", name}
	if strings.HasSuffix(name, ".fifo") {
		pairs = append(pairs, "Attributes.entry.1.key", "FifoTopic", "Attributes.entry.1.value", "true")
	}
	var made struct {
		ARN string `xml:"CreateTopicResult>TopicArn"`
	}
	m.do(t, "sns", "CreateTopic", &made, pairs...)
	return made.ARN
}

// queue subscribes a new queue, with pairs of subscription attributes, and
// returns its URL.
func (m moto) queue(t *testing.T, topic, name string, attributes ...string) string {
	t.Helper()
	pairs := []string{"QueueName", name}
	if strings.HasSuffix(name, ".fifo") {
		pairs = append(pairs, "Attribute.1.Name", "FifoQueue", "Attribute.1.Value", "true")
	}
	var made struct {
		URL string `xml:"CreateQueueResult>QueueUrl"`
	}
	m.do(t, "sqs", "CreateQueue", &made, pairs...)
	account := strings.Split(topic, ":")[4]
	pairs = []string{"TopicArn", topic, "Protocol", "sqs", "Endpoint", "arn:aws:sqs:" + region + ":" + account + ":" + name}
	for i := 0; i < len(attributes); i += 2 {
		entry := fmt.Sprintf("Attributes.entry.%d.", i/2+1)
		pairs = append(pairs, entry+"key", attributes[i], entry+"value", attributes[i+1])
	}
	m.do(t, "sns", "Subscribe", nil, pairs...)
	return made.URL
}

// received is a message as SQS has it.
type received struct {
	Body       string `xml:"Body"`
	Attributes []struct {
		Name  string `xml:"Name"`
		Type  string `xml:"Value>DataType"`
		Value string `xml:"Value>StringValue"`
	} `xml:"MessageAttribute"`
}

// receive takes everything out of a queue.
func (m moto) receive(t *testing.T, queue string) (all []received) {
	t.Helper()
	for {
		var got struct {
			Messages []received `xml:"ReceiveMessageResult>Message"`
		}
		m.do(t, "sqs", "ReceiveMessage", &got, "QueueUrl", queue, "MaxNumberOfMessages", "10", "WaitTimeSeconds", "0",
			"VisibilityTimeout", "600", "MessageAttributeName.1", "All")
		if len(got.Messages) == 0 {
			return all
		}
		all = append(all, got.Messages...)
	}
}

// waiting is how many messages a queue has; of a FIFO queue only the first of
// a group can be received before it is deleted.
func (m moto) waiting(t *testing.T, queue string) string {
	t.Helper()
	var got struct {
		Value string `xml:"GetQueueAttributesResult>Attribute>Value"`
	}
	m.do(t, "sqs", "GetQueueAttributes", &got, "QueueUrl", queue, "AttributeName.1", "ApproximateNumberOfMessages")
	return got.Value
}

// motoWorld is a world whose SNS is moto.
type motoWorld struct {
	*world
	moto
}

// publish runs the App on a topic of moto's.
func (w motoWorld) publish(t *testing.T, topic string, params map[string]any) outcome {
	t.Helper()
	out := w.run(w.params(platform.Merge(map[string]any{"aws_endpoint_url": w.url, "topic_arn": topic}, params)))
	require.Equal(t, 0, out.ExitCode, out.Stderr)
	return out
}

// addresses are those of the documents in a queue.
func (w motoWorld) addresses(t *testing.T, queue string) []string {
	t.Helper()
	var all []string
	for _, m := range w.receive(t, queue) {
		var document struct{ Address string }
		require.NoError(t, json.Unmarshal([]byte(m.Body), &document), m.Body)
		all = append(all, document.Address)
	}
	return all
}

// The real binary against an SNS that is not ours.
func TestMoto(t *testing.T) {
	t.Parallel()
	m := startMoto(t)
	start := func(t *testing.T) motoWorld {
		t.Parallel()
		return motoWorld{newWorld(t), m}
	}
	const raw, yes = "RawMessageDelivery", "true"
	scored := map[string]any{"owner": "Customer North", "confidence": 87, "threatassess_score": 812}

	// The subtests run in parallel and outlive this function's body, so they are
	// held together: moto lives until the last of them.
	t.Run("publish", func(t *testing.T) {
		t.Run("raw and wrapped", func(t *testing.T) {
			w := start(t)
			topic := m.topic(t, "standard")
			plain, wrapped := m.queue(t, topic, "raw", raw, yes), m.queue(t, topic, "wrapped")
			out := w.publish(t, topic, scored)

			got := m.receive(t, plain)
			require.Len(t, got, 1)
			var document map[string]any
			require.NoError(t, json.Unmarshal([]byte(got[0].Body), &document), "per protocol: SQS gets the document")
			require.Equal(t, "203.0.113.7", document["address"])
			require.EqualValues(t, 812, document["threatassess_score"])
			attributes := map[string]string{}
			for _, a := range got[0].Attributes {
				attributes[a.Name] = a.Type + "=" + a.Value
			}
			require.Equal(t, map[string]string{
				"indicator_type": "String=Address", "address": "String=203.0.113.7", "owner": "String=Customer North",
				"trigger_action": "String=Created", "threatassess_score": "Number=812", "confidence": "Number=87",
			}, attributes)

			got = m.receive(t, wrapped)
			require.Len(t, got, 1)
			var envelope struct {
				MessageID, Subject, Message string
				MessageAttributes           map[string]struct{ Type, Value string }
			}
			require.NoError(t, json.Unmarshal([]byte(got[0].Body), &envelope))
			require.Equal(t, out.outputs["sns.debug"], envelope.MessageID)
			require.Contains(t, envelope.Subject, "203.0.113[.]7")
			require.JSONEq(t, string(must(json.Marshal(document))), envelope.Message)
			require.Equal(t, "812", envelope.MessageAttributes["threatassess_score"].Value)
		})

		t.Run("FIFO", func(t *testing.T) {
			w := start(t)
			topic := m.topic(t, "ordered.fifo")
			queue := m.queue(t, topic, "ordered.fifo", raw, yes)
			w.publish(t, topic, nil)
			w.publish(t, topic, nil)
			require.Equal(t, "1", m.waiting(t, queue), "the same execution is delivered once")
			w.newSession()
			w.publish(t, topic, nil)
			require.Equal(t, "2", m.waiting(t, queue), "a new one again")
		})

		t.Run("batch", func(t *testing.T) {
			w := start(t)
			topic := m.topic(t, "batch")
			queue := m.queue(t, topic, "batch", raw, yes)
			params, stage := several(25)
			w.stage(stage)
			w.publish(t, topic, params)
			var want []string
			for i := range 25 {
				want = append(want, fmt.Sprintf("host-%d.example", i+1))
			}
			require.ElementsMatch(t, want, w.addresses(t, queue))
		})

		t.Run("filters", func(t *testing.T) {
			w := start(t)
			topic := m.topic(t, "filters")
			const attributes, body = "MessageAttributes", "MessageBody"
			rows := []struct {
				name, scope, policy string
				passes              []string
			}{
				{"numeric", attributes, `{"threatassess_score": [{"numeric": [">=", 500]}]}`, []string{"high.example"}},
				{"prefix", attributes, `{"owner": [{"prefix": "Customer"}]}`, []string{"high.example", "unscored.example"}},
				{"exists", attributes, `{"threatassess_score": [{"exists": false}]}`, []string{"unscored.example"}},
				{"body", body, `{"owner": [{"prefix": "Customer"}], "confidence": [{"numeric": [">=", 50]}]}`, []string{"high.example"}},
				{"body, exact", body, `{"trigger_action": ["Tagged"]}`, []string{"low.example"}},
			}
			queues := make([]string, len(rows))
			for i, row := range rows {
				queues[i] = m.queue(t, topic, fmt.Sprintf("filter-%d", i), raw, yes, "FilterPolicy", row.policy, "FilterPolicyScope", row.scope)
			}
			json := map[string]any{"message_format": "JSON"}
			w.publish(t, topic, platform.Merge(scored, json, map[string]any{"address": "high.example"}))
			w.publish(t, topic, platform.Merge(json, map[string]any{"address": "low.example", "owner": "Internal", "confidence": 10, "threatassess_score": 100, "trigger_action": "Tagged"}))
			// With a confidence: moto does not compare null with a number.
			w.publish(t, topic, platform.Merge(json, map[string]any{"address": "unscored.example", "owner": "Customer South", "confidence": 20}))
			for i, row := range rows {
				require.ElementsMatch(t, row.passes, w.addresses(t, queues[i]), row.name)
			}
		})

		t.Run("no such topic", func(t *testing.T) {
			w := start(t)
			out := w.run(w.params(map[string]any{"aws_endpoint_url": m.url, "topic_arn": m.topic(t, "gone") + "-for-good"}))
			require.Equal(t, 4, out.ExitCode)
			require.Equal(t, "NotFound", out.outputs["sns.error_code"])
		})
	})
}

// must is for what cannot fail.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}
