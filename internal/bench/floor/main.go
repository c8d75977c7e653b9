// Command floor is what a run of the App is measured against: the same
// exchange, written by hand and no more. One HGET, one signed POST, one HSET;
// no SDK, no parameters, no variables, no rendering, no log, no errors in words.
// It is as fast as a Go program that does the job with net/http can reasonably
// be. What it sends is, byte for byte in length, what the App sends: it is given
// the App's message ready made, and puts the address in.
//
// Everything it needs is in its environment:
//
//	FLOOR_REDIS     host:port of the key-value store
//	FLOOR_CONTEXT   the hash to read from and write to
//	FLOOR_ENDPOINT  URL of the SNS endpoint
//	FLOOR_TOPIC     ARN of the topic
//	FLOOR_KEY, FLOOR_SECRET  the access key
//	FLOOR_REGION    the region to sign for
//	FLOOR_N         number of addresses (default 1: Publish; more: PublishBatch)
//	FLOOR_CONCURRENCY  batches at once (default 8)
//	FLOOR_SUBJECT, FLOOR_MESSAGE  the message, with {} where the address goes
//	FLOOR_STRUCTURE  "json" where the message has a text for each protocol
//	FLOOR_ATTRIBUTES  its attributes: a JSON list of [name, type, value]
package main

import (
	"bufio"
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The variables that the floor reads and writes.
const (
	readKey  = "#Trigger:1:trg.tc.item!String"
	listKey  = "#Trigger:1:trg.tc.items!StringArray"
	writeKey = "#App:1:sns.debug!String"
)

// batch is the most that PublishBatch takes.
const batch = 10

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	debug.SetGCPercent(400)
	n := number("FLOOR_N", 1)
	conn, err := net.Dial("tcp", os.Getenv("FLOOR_REDIS"))
	if err != nil {
		return err
	}
	defer conn.Close()
	store := bufio.NewReader(conn)
	key := readKey
	if n > 1 {
		key = listKey
	}
	value, err := command(conn, store, "HGET", os.Getenv("FLOOR_CONTEXT"), key)
	if err != nil {
		return err
	}
	m, err := newMould()
	if err != nil {
		return err
	}
	var result string
	if n == 1 {
		var address string
		if err := json.Unmarshal(value, &address); err != nil {
			return err
		}
		result, err = publish(m, address)
	} else {
		var addresses []string
		if err := json.Unmarshal(value, &addresses); err != nil {
			return err
		}
		result, err = publishAll(m, addresses)
	}
	if err != nil {
		return err
	}
	text, err := json.Marshal(result)
	if err != nil {
		return err
	}
	_, err = command(conn, store, "HSET", os.Getenv("FLOOR_CONTEXT"), writeKey, string(text))
	return err
}

func number(name string, def int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return def
}

// command sends one command and reads its reply: a bulk string or an integer.
func command(w io.Writer, r *bufio.Reader, args ...string) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "*%d\r\n", len(args))
	for _, arg := range args {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(arg), arg)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return nil, err
	}
	line, err := r.ReadString('\n')
	if err != nil {
		return nil, err
	}
	line = strings.TrimSpace(line)
	if line[0] != '$' {
		return []byte(line), nil
	}
	length, err := strconv.Atoi(line[1:])
	if err != nil || length < 0 {
		return nil, fmt.Errorf("reply %q", line)
	}
	value := make([]byte, length+2)
	_, err = io.ReadFull(r, value)
	return value[:length], err
}

// form is the body of a request.
type form struct{ strings.Builder }

func newForm(action string) *form {
	f := new(form)
	f.Grow(4 << 10)
	f.set("Version", "2010-03-31")
	f.set("Action", action)
	f.set("TopicArn", os.Getenv("FLOOR_TOPIC"))
	return f
}

// set adds a field; the names that SNS has need no escapes.
func (f *form) set(name, value string) {
	if f.Len() > 0 {
		f.WriteByte('&')
	}
	f.WriteString(name)
	f.WriteByte('=')
	f.WriteString(url.QueryEscape(value))
}

// mould is the message of every address.
type mould struct {
	subject, message, structure string
	attributes                  [][3]string
}

func newMould() (m mould, err error) {
	m.subject, m.message, m.structure = os.Getenv("FLOOR_SUBJECT"), os.Getenv("FLOOR_MESSAGE"), os.Getenv("FLOOR_STRUCTURE")
	return m, json.Unmarshal([]byte(os.Getenv("FLOOR_ATTRIBUTES")), &m.attributes)
}

// cast puts an address's message into a form, under prefix.
func (m mould) cast(form *form, prefix, address string) {
	form.set(prefix+"Subject", strings.ReplaceAll(m.subject, "{}", address))
	form.set(prefix+"Message", strings.ReplaceAll(m.message, "{}", address))
	if m.structure != "" {
		form.set(prefix+"MessageStructure", m.structure)
	}
	for i, attribute := range m.attributes {
		entry := prefix + "MessageAttributes.entry." + strconv.Itoa(i+1)
		form.set(entry+".Name", attribute[0])
		form.set(entry+".Value.DataType", attribute[1])
		form.set(entry+".Value.StringValue", strings.ReplaceAll(attribute[2], "{}", address))
	}
}

func publish(m mould, address string) (string, error) {
	form := newForm("Publish")
	m.cast(form, "", address)
	reply, err := post(form)
	if err != nil {
		return "", err
	}
	return between(reply, "<MessageId>", "</MessageId>")
}

// publishAll sends all addresses in batches of ten, some at once.
func publishAll(m mould, addresses []string) (string, error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failed error
	slots := make(chan struct{}, number("FLOOR_CONCURRENCY", 8))
	for start := 0; start < len(addresses); start += batch {
		part := addresses[start:min(start+batch, len(addresses))]
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			form := newForm("PublishBatch")
			for i, address := range part {
				entry := "PublishBatchRequestEntries.member." + strconv.Itoa(i+1)
				form.set(entry+".Id", strconv.Itoa(i))
				m.cast(form, entry+".", address)
			}
			reply, err := post(form)
			if err == nil && strings.Count(reply, "<MessageId>") != len(part) {
				err = fmt.Errorf("a batch of %d was not taken whole", len(part))
			}
			if err != nil {
				mu.Lock()
				failed = err
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return strconv.Itoa(len(addresses)), failed
}

func between(text, start, end string) (string, error) {
	_, rest, ok := strings.Cut(text, start)
	inside, _, closed := strings.Cut(rest, end)
	if !ok || !closed {
		return "", fmt.Errorf("no %s in the reply", start)
	}
	return inside, nil
}

// client keeps as many connections as there are batches at once.
var client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: number("FLOOR_CONCURRENCY", 8)}}

// post sends a form, signed with Signature Version 4.
func post(form *form) (string, error) {
	body := form.String()
	request, err := http.NewRequest(http.MethodPost, os.Getenv("FLOOR_ENDPOINT"), strings.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	sign(request, body, time.Now().UTC())
	response, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("status %d: %s", response.StatusCode, text)
	}
	return string(text), err
}

func sign(request *http.Request, body string, now time.Time) {
	stamp, day := now.Format("20060102T150405Z"), now.Format("20060102")
	request.Header.Set("X-Amz-Date", stamp)
	canonical := "POST\n/\n\n" +
		"content-type:application/x-www-form-urlencoded\nhost:" + request.URL.Host + "\nx-amz-date:" + stamp + "\n\n" +
		"content-type;host;x-amz-date\n" + hash(body)
	scope := day + "/" + os.Getenv("FLOOR_REGION") + "/sns/aws4_request"
	key := []byte("AWS4" + os.Getenv("FLOOR_SECRET"))
	for _, part := range strings.Split(scope, "/") {
		key = mac(key, part)
	}
	signature := hex.EncodeToString(mac(key, "AWS4-HMAC-SHA256\n"+stamp+"\n"+scope+"\n"+hash(canonical)))
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+os.Getenv("FLOOR_KEY")+"/"+scope+
		", SignedHeaders=content-type;host;x-amz-date, Signature="+signature)
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
