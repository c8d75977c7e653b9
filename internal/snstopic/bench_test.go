package snstopic

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

func benchServer(b *testing.B) string {
	b.Setenv("AWS_CA_BUNDLE", "") // reading one takes as long as the rest thrice
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if len(body) > 0 && body[7] == 'P' && body[14] == 'B' {
			form, _ := url.ParseQuery(string(body))
			_, _ = io.WriteString(w, batchXML(form, nil))
			return
		}
		_, _ = io.WriteString(w, publishedXML("abc", ""))
	}))
	b.Cleanup(s.Close)
	return s.URL
}

// What an App that lives for one message pays: Open, a connection, a Publish.
func BenchmarkOpenAndPublish(b *testing.B) {
	endpoint := benchServer(b)
	b.ReportAllocs()
	for b.Loop() {
		topic, err := Open(withKeys(standard, endpoint))
		if err != nil {
			b.Fatal(err)
		}
		r := topic.Publish(context.Background(), 1, func(int) (Message, error) { return Message{Body: "x", Subject: "s"}, nil })
		if r[0].Outcome != Published {
			b.Fatal(r[0].Err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	b.Setenv("AWS_CA_BUNDLE", "")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Open(withKeys(standard, "http://127.0.0.1:1")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPublish(b *testing.B) {
	topic, err := Open(withKeys(standard, benchServer(b)))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		r := topic.Publish(context.Background(), 1, func(int) (Message, error) { return Message{Body: "x"}, nil })
		if r[0].Outcome != Published {
			b.Fatal(r[0].Err)
		}
	}
}

func BenchmarkPublishMany(b *testing.B) {
	topic, err := Open(withKeys(standard, benchServer(b)))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, r := range topic.Publish(context.Background(), 1000, numbered) {
			if r.Outcome != Published {
				b.Fatal(r.Err)
			}
		}
	}
}

func BenchmarkStructure(b *testing.B) {
	body := `{"default":"{\"a\":\"b\",\"c\":\"d\"}","email":"text of several lines\nand more","sms":"short","APNS":"{\"aps\":{\"alert\":\"x\"}}"}`
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if structureProblem(body) != "" {
			b.Fatal(body)
		}
	}
}
