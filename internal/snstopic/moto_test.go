package snstopic

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/stretchr/testify/require"
)

// moto is an SNS and SQS that is not ours.
type moto struct {
	url string
	sns *sns.Client
}

// startMoto starts moto_server where it is on the PATH. TCSNS_REQUIRE=moto
// makes its absence fatal.
func startMoto(t *testing.T) *moto {
	path, err := exec.LookPath("moto_server")
	if err != nil {
		reason := "moto_server is not on the PATH"
		if strings.Contains(","+os.Getenv("TCSNS_REQUIRE")+",", ",moto,") {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	_, port, err := net.SplitHostPort(address)
	require.NoError(t, err)
	server := exec.Command(path, "-H", "127.0.0.1", "-p", port)
	server.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = syscall.Kill(-server.Process.Pid, syscall.SIGKILL)
		_ = server.Wait()
	})
	m := &moto{url: "http://" + address}
	require.Eventually(t, func() bool {
		answer, err := http.Get(m.url + "/moto-api/")
		if err != nil {
			return false
		}
		_ = answer.Body.Close()
		return true
	}, time.Minute, 50*time.Millisecond, "moto_server does not come up")
	m.sns = sns.New(sns.Options{
		Region: "eu-west-1", BaseEndpoint: aws.String(m.url), Credentials: credentials.NewStaticCredentialsProvider("AKIATEST", "secret", ""),
	})
	return m
}

// topic makes a topic in moto and opens it with ours.
func (m *moto) topic(t *testing.T, name string) *Topic {
	t.Helper()
	input := &sns.CreateTopicInput{Name: aws.String(name)}
	if strings.HasSuffix(name, fifoSuffix) {
		input.Attributes = map[string]string{"FifoTopic": "true"}
	}
	out, err := m.sns.CreateTopic(t.Context(), input)
	require.NoError(t, err)
	arn, err := ParseARN(aws.ToString(out.TopicArn))
	require.NoError(t, err)
	return open(t, withKeys(arn, m.url))
}

// queue subscribes a new queue of the name to the topic.
func (m *moto) queue(t *testing.T, topic *Topic, name string, attributes map[string]string) string {
	t.Helper()
	form := url.Values{"Action": {"CreateQueue"}, "QueueName": {name}}
	if strings.HasSuffix(name, fifoSuffix) {
		form.Set("Attribute.1.Name", "FifoQueue")
		form.Set("Attribute.1.Value", "true")
	}
	var made struct {
		URL string `xml:"CreateQueueResult>QueueUrl"`
	}
	m.sqs(t, form, &made)
	_, err := m.sns.Subscribe(t.Context(), &sns.SubscribeInput{
		TopicArn: aws.String(topic.arn.String()), Protocol: aws.String("sqs"),
		Endpoint: aws.String("arn:aws:sqs:eu-west-1:" + topic.arn.Account + ":" + name), Attributes: attributes,
	})
	require.NoError(t, err)
	return made.URL
}

// delivered is a message as SQS has it.
type delivered struct {
	Body       string `xml:"Body"`
	Attributes []struct {
		Name  string `xml:"Name"`
		Type  string `xml:"Value>DataType"`
		Value string `xml:"Value>StringValue"`
	} `xml:"MessageAttribute"`
}

// receive takes everything out of a queue.
func (m *moto) receive(t *testing.T, queue string) (all []delivered) {
	t.Helper()
	for {
		var got struct {
			Messages []delivered `xml:"ReceiveMessageResult>Message"`
		}
		m.sqs(t, url.Values{"Action": {"ReceiveMessage"}, "QueueUrl": {queue}, "MaxNumberOfMessages": {"10"}, "WaitTimeSeconds": {"0"}, "VisibilityTimeout": {"600"}, "MessageAttributeName.1": {"All"}, "AttributeName.1": {"All"}}, &got)
		if len(got.Messages) == 0 {
			return all
		}
		all = append(all, got.Messages...)
	}
}

func (m *moto) sqs(t *testing.T, form url.Values, into any) {
	t.Helper()
	form.Set("Version", "2012-11-05")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.url+"/", strings.NewReader(form.Encode()))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	// moto does not check signatures; the scope says service and region.
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIATEST/20260101/eu-west-1/sqs/aws4_request, SignedHeaders=host, Signature=0")
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, 200, answer.StatusCode, string(body))
	require.NoError(t, xml.Unmarshal(body, into), string(body))
}

// examples are the blocks of README.md by the comment before each.
func examples(t *testing.T) map[string]string {
	t.Helper()
	page, err := os.ReadFile("README.md")
	require.NoError(t, err)
	found := map[string]string{}
	for _, match := range regexp.MustCompile("(?s)<!-- ([a-z ]+) -->\n```json\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		require.True(t, json.Valid([]byte(match[2])), match[1])
		found[match[1]] = match[2]
	}
	return found
}

// The policies on the page are what the page says.
func TestPoliciesOfThePage(t *testing.T) {
	t.Parallel()
	blocks := examples(t)
	for name, want := range map[string][]string{"iam": {"sns:Publish"}, "kms": {"kms:GenerateDataKey*", "kms:Decrypt"}} {
		var policy struct {
			Version   string
			Statement []struct {
				Effect, Resource string
				Action           any
			}
		}
		require.NoError(t, json.Unmarshal([]byte(blocks[name]), &policy))
		require.Len(t, policy.Statement, 1)
		require.Equal(t, "Allow", policy.Statement[0].Effect)
		actions, ok := policy.Statement[0].Action.([]any)
		if !ok {
			actions = []any{policy.Statement[0].Action}
		}
		require.Len(t, actions, len(want))
		for i, action := range actions {
			require.Equal(t, want[i], action)
		}
	}
	require.Contains(t, blocks, "filter attributes")
	require.Contains(t, blocks, "filter body")
}

func TestMoto(t *testing.T) {
	t.Parallel()
	m := startMoto(t)

	t.Run("standard, raw and wrapped", func(t *testing.T) {
		topic := m.topic(t, "standard")
		raw := m.queue(t, topic, "raw", map[string]string{"RawMessageDelivery": "true"})
		wrapped := m.queue(t, topic, "wrapped", nil)
		r := one(t, topic, Message{Subject: "Address created", Body: "müsli & \"quotes\" + %20 \n 203.0.113.7", Attributes: []Attribute{{"owner", "String", "Süd & Co"}, {"confidence", "Number", "87"}, {"tags", "String.Array", `["a","b"]`}}})
		require.Equal(t, Published, r.Outcome, "%v", r.Err)

		got := m.receive(t, raw)
		require.Len(t, got, 1)
		require.Equal(t, "müsli & \"quotes\" + %20 \n 203.0.113.7", got[0].Body)
		attributes := map[string]string{}
		for _, a := range got[0].Attributes {
			attributes[a.Name] = a.Type + "=" + a.Value
		}
		require.Equal(t, map[string]string{"owner": "String=Süd & Co", "confidence": "Number=87", "tags": `String.Array=["a","b"]`}, attributes)

		got = m.receive(t, wrapped)
		require.Len(t, got, 1)
		var envelope struct {
			MessageID         string `json:"MessageId"`
			TopicArn, Subject string
			Message           string
			MessageAttributes map[string]struct{ Type, Value string }
		}
		require.NoError(t, json.Unmarshal([]byte(got[0].Body), &envelope))
		require.Equal(t, r.MessageID, envelope.MessageID)
		require.Equal(t, "Address created", envelope.Subject)
		require.Equal(t, topic.arn.String(), envelope.TopicArn)
		require.Equal(t, "87", envelope.MessageAttributes["confidence"].Value)
	})

	t.Run("per protocol", func(t *testing.T) {
		topic := m.topic(t, "protocols")
		queue := m.queue(t, topic, "machine", map[string]string{"RawMessageDelivery": "true"})
		r := one(t, topic, Message{JSONStructure: true, Body: `{"default":"{\"address\":\"203.0.113.7\"}","email":"203.0.113[.]7","sms":"203.0.113[.]7"}`})
		require.Equal(t, Published, r.Outcome, "%v", r.Err)
		got := m.receive(t, queue)
		require.Len(t, got, 1)
		require.JSONEq(t, `{"address":"203.0.113.7"}`, got[0].Body)
	})

	t.Run("FIFO", func(t *testing.T) {
		topic := m.topic(t, "ordered.fifo")
		queue := m.queue(t, topic, "ordered.fifo", map[string]string{"RawMessageDelivery": "true"})
		for i := range 2 { // the second is a duplicate
			r := one(t, topic, Message{Body: "once", GroupID: "g", DeduplicationID: "d"})
			require.Equal(t, Published, r.Outcome, "%d: %v", i, r.Err)
		}
		require.Len(t, m.receive(t, queue), 1)
		attributes, err := topic.Attributes(t.Context())
		require.NoError(t, err)
		require.True(t, attributes.FIFO)
		// moto does not count subscriptions; TestAttributes does.
	})

	t.Run("batch", func(t *testing.T) {
		topic := m.topic(t, "batch")
		queue := m.queue(t, topic, "batch", map[string]string{"RawMessageDelivery": "true"})
		ids := map[string]bool{}
		for _, r := range many(t, topic, 25, func(i int) (Message, error) {
			return Message{Body: strconv.Itoa(i), Attributes: []Attribute{{"n", "Number", strconv.Itoa(i)}}}, nil
		}) {
			require.Equal(t, Published, r.Outcome, "%v", r.Err)
			ids[r.MessageID] = true
		}
		require.Len(t, ids, 25)
		bodies := map[string]bool{}
		for _, got := range m.receive(t, queue) {
			bodies[got.Body] = true
		}
		require.Len(t, bodies, 25)
	})

	t.Run("no such topic", func(t *testing.T) {
		topic := m.topic(t, "gone")
		topic.arn.Name = "never"
		r := one(t, topic, Message{Body: "x"})
		require.Equal(t, "NotFound", r.Err.Code)
		require.Equal(t, 404, r.Err.Status)
		_, err := topic.Attributes(t.Context())
		require.ErrorContains(t, err, "NotFound")
	})

	t.Run("filters", func(t *testing.T) { filters(t, m) })
}

// alert is what a subscription filters.
type alert struct {
	kind, owner, action string
	score, confidence   string // "": none
}

func (a alert) message() Message {
	var list []Attribute
	add := func(name, kind, value string) {
		if value != "" {
			list = append(list, Attribute{name, kind, value})
		}
	}
	add("indicator_type", "String", a.kind)
	add("address", "String", "203.0.113.7")
	add("owner", "String", a.owner)
	add("trigger_action", "String", a.action)
	add("threatassess_score", "Number", a.score)
	add("confidence", "Number", a.confidence)
	number := func(text string) string {
		if text == "" {
			return "null"
		}
		return text
	}
	body := fmt.Sprintf(`{"indicator_type":%q,"address":"203.0.113.7","owner":%q,"trigger_action":%q,"threatassess_score":%s,"confidence":%s}`,
		a.kind, a.owner, a.action, number(a.score), number(a.confidence))
	return Message{Body: body, Attributes: list}
}

func filters(t *testing.T, m *moto) {
	blocks := examples(t)
	high := alert{"Address", "Customer North", "Created", "812", "87"}
	low := alert{"Address", "Internal", "Created", "100", "10"}
	unscored := alert{"Host", "Customer South", "Created", "", ""}
	deleted := alert{"Address", "Customer North", "Deleted", "812", "87"}
	for i, row := range []struct {
		name, scope, policy string
		passes              []alert
		mayLack             bool // moto may not know the operator
	}{
		{"the page's, attributes", "MessageAttributes", blocks["filter attributes"], []alert{high}, false},
		{"the page's, unscored too", "MessageAttributes", `{"threatassess_score": [{"numeric": [">=", 500]}, {"exists": false}]}`, []alert{high, unscored, deleted}, false},
		{"the page's, body", "MessageBody", blocks["filter body"], []alert{high, deleted}, false},
		{"prefix", "MessageAttributes", `{"owner": [{"prefix": "Customer"}]}`, []alert{high, unscored, deleted}, false},
		{"exists", "MessageAttributes", `{"confidence": [{"exists": true}]}`, []alert{high, low, deleted}, false},
		{"a range", "MessageAttributes", `{"confidence": [{"numeric": [">", 5, "<=", 50]}]}`, []alert{low}, false},
		{"a number in the body", "MessageBody", `{"threatassess_score": [{"numeric": ["=", 812]}]}`, []alert{high, deleted}, false},
		{"cidr", "MessageAttributes", `{"address": [{"cidr": "203.0.113.0/24"}]}`, []alert{high, low, unscored, deleted}, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			topic := m.topic(t, "filter"+strconv.Itoa(i))
			name := "filter" + strconv.Itoa(i)
			if row.mayLack {
				_, err := m.sns.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: aws.String(topic.arn.String()), Protocol: aws.String("sqs"),
					Endpoint: aws.String("arn:aws:sqs:eu-west-1:123456789012:probe"), Attributes: map[string]string{"FilterPolicy": row.policy}})
				if err != nil {
					t.Skip("this moto does not know the operator")
				}
			}
			queue := m.queue(t, topic, name, map[string]string{"RawMessageDelivery": "true", "FilterPolicy": row.policy, "FilterPolicyScope": row.scope})
			all := []alert{high, low, unscored, deleted}
			results := topic.Publish(context.Background(), len(all), func(i int) (Message, error) { return all[i].message(), nil })
			for _, r := range results {
				require.Equal(t, Published, r.Outcome, "%v", r.Err)
			}
			var want, got []string
			for _, a := range row.passes {
				want = append(want, a.message().Body)
			}
			for _, d := range m.receive(t, queue) {
				got = append(got, d.Body)
			}
			require.ElementsMatch(t, want, got)
		})
	}
}
