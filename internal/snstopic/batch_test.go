package snstopic

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// numbered are messages whose body is their number.
func numbered(i int) (Message, error) { return Message{Body: strconv.Itoa(i)}, nil }

func many(t *testing.T, topic *Topic, n int, message func(int) (Message, error)) []Result {
	t.Helper()
	results := topic.Publish(t.Context(), n, message)
	require.Len(t, results, n)
	for _, r := range results {
		checkResult(t, r)
	}
	return results
}

// bodies are the bodies in one request, in order.
func bodies(form url.Values) (list []string) {
	for i := 1; ; i++ {
		at := "PublishBatchRequestEntries.member." + strconv.Itoa(i)
		if form.Get(at+".Id") == "" {
			return list
		}
		list = append(list, form.Get(at+".Message"))
	}
}

func TestBatchesAreAligned(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 2, 9, 10, 11, 100, 1003} {
		s := newWire(t, accept)
		var order []int
		results := many(t, open(t, withKeys(standard, s.server.URL)), n, func(i int) (Message, error) {
			order = append(order, i) // never two at a time: the race detector watches
			return numbered(i)
		})
		for i, r := range results {
			require.Equal(t, fmt.Sprintf("id-%d", i), r.MessageID)
			require.Equal(t, i, order[i])
		}
		require.Len(t, order, n)
		require.Len(t, s.seen(), (n+9)/10)
	}
}

func TestBatchesArePackedByBytes(t *testing.T) {
	t.Parallel()
	s := newWire(t, accept)
	sizes := []int{100_000, 100_000, 62_144, 1, 262_144, 1, 200_000, 100_000}
	results := many(t, open(t, withKeys(standard, s.server.URL)), len(sizes), func(i int) (Message, error) {
		return Message{Body: strings.Repeat(strconv.Itoa(i), sizes[i])}, nil
	})
	for _, r := range results {
		require.Equal(t, Published, r.Outcome)
	}
	for _, form := range s.seen() {
		total := 0
		for _, body := range bodies(form) {
			total += len(body)
		}
		require.LessOrEqual(t, total, DefaultMaxBytes)
	}
	require.Len(t, s.seen(), 5) // 0-2, 3, 4, 5-6, 7
}

// One bad entry fails alone: found here, refused by SNS in the answer, refused
// with its whole batch, or not composed.
func TestOneBadEntryFailsAlone(t *testing.T) {
	t.Parallel()
	const bad = 4321
	hidden := errors.New("compose address: it has no value. Fix: remove the empty entry.")
	for _, row := range []struct {
		name    string
		message func(int) (Message, error)
		handler func(int, url.Values, http.ResponseWriter, *http.Request)
		code    string
		more    int // requests beyond one for each ten
	}{
		{"found here", func(i int) (Message, error) {
			m, _ := numbered(i)
			if i == bad {
				m.Subject = "two\nlines"
			}
			return m, nil
		}, accept, CodeInput, 0},
		{"not composed", func(i int) (Message, error) {
			if i == bad {
				return Message{}, hidden
			}
			return numbered(i)
		}, accept, CodeInput, 0},
		{"refused alone", numbered, func(_ int, form url.Values, w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, batchXML(form, func(body string) string {
				if body == strconv.Itoa(bad) {
					return "<Code>InvalidParameter</Code><Message>Invalid parameter: Message too long</Message><SenderFault>true</SenderFault>"
				}
				return ""
			}))
		}, "InvalidParameter", 0},
		{"refused with its batch", numbered, func(n int, form url.Values, w http.ResponseWriter, r *http.Request) {
			for _, body := range bodies(form) {
				if body == strconv.Itoa(bad) {
					refuse(w, 400, "ParameterValueInvalid", "Invalid attribute value was passed in for message attribute")
					return
				}
			}
			accept(n, form, w, r)
		}, "ParameterValueInvalid", 10},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			s := newWire(t, row.handler)
			topic := open(t, withKeys(standard, s.server.URL))
			hurry(topic)
			results := many(t, topic, 10_000, row.message)
			for i, r := range results {
				if i == bad {
					require.Equal(t, Failed, r.Outcome)
					require.Equal(t, row.code, r.Err.Code)
					require.False(t, r.Err.Retryable)
					require.False(t, strings.HasSuffix(r.Err.Fix, "."), "a step goes on in another sentence: %s", r.Err.Fix)
					continue
				}
				require.Equal(t, "id-"+strconv.Itoa(i), r.MessageID)
			}
			require.Len(t, s.seen(), 1000+row.more)
		})
	}
}

// Only what is not the sender's fault is sent again, and only those entries.
func TestEntriesSentAgain(t *testing.T) {
	t.Parallel()
	var mutex sync.Mutex
	tries := map[string]int{}
	s := newWire(t, func(_ int, form url.Values, w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, batchXML(form, func(body string) string {
			mutex.Lock()
			defer mutex.Unlock()
			tries[body]++
			switch {
			case body == "3":
				return "<Code>AuthorizationError</Code><Message>no</Message><SenderFault>true</SenderFault>"
			case body == "5" && tries[body] < 3:
				return "<Code>Throttling</Code><Message>Rate exceeded</Message><SenderFault>false</SenderFault>"
			case body == "7":
				return "<Code>InternalError</Code><Message>for ever</Message><SenderFault>false</SenderFault>"
			case body == "9":
				return "<Code>Throttled</Code><Message>SNS blames the sender</Message><SenderFault>true</SenderFault>"
			}
			return ""
		}))
	})
	topic := open(t, withKeys(standard, s.server.URL))
	hurry(topic)
	results := many(t, topic, 12, numbered)
	require.Equal(t, map[string]int{"0": 1, "1": 1, "2": 1, "3": 1, "4": 1, "5": 3, "6": 1, "7": 3, "8": 1, "9": 1, "10": 1, "11": 1}, tries)
	for i, r := range results {
		switch i {
		case 3:
			require.Equal(t, "AuthorizationError", r.Err.Code)
			require.False(t, r.Err.Retryable)
		case 9:
			require.Equal(t, "Throttled", r.Err.Code)
			require.False(t, r.Err.Retryable, "whatever the code")
		case 7:
			require.Equal(t, "InternalError", r.Err.Code)
			require.Equal(t, "req-4", r.Err.RequestID) // of the last attempt: two batches, two more for what failed
			require.True(t, r.Err.Retryable)
		default:
			require.Equal(t, "id-"+strconv.Itoa(i), r.MessageID)
		}
	}
}

// An answer in another order, with an entry missing, one twice and one that
// nobody sent, is matched by Id.
func TestEntriesAreMatchedByID(t *testing.T) {
	t.Parallel()
	s := newWire(t, func(_ int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `<PublishBatchResponse><PublishBatchResult><Successful>
			<member><Id>2</Id><MessageId>two</MessageId></member><member><Id>99</Id><MessageId>x</MessageId></member>
			<member><Id>0</Id><MessageId>zero</MessageId><SequenceNumber>7</SequenceNumber></member><member><Id>0</Id><MessageId>again</MessageId></member>
			</Successful><Failed/></PublishBatchResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></PublishBatchResponse>`)
	})
	results := many(t, open(t, withKeys(standard, s.server.URL)), 3, numbered)
	require.Equal(t, "zero", results[0].MessageID)
	require.Equal(t, "7", results[0].SequenceNumber)
	require.Equal(t, Unknown, results[1].Outcome)
	require.Equal(t, CodeEntryMissing, results[1].Err.Code)
	require.Equal(t, "two", results[2].MessageID)
}

// What no other batch would survive ends the run of batches: the rest is not
// sent, and says why.
func TestFatalAnswerStopsTheRest(t *testing.T) {
	t.Parallel()
	s := newWire(t, func(_ int, _ url.Values, w http.ResponseWriter, _ *http.Request) {
		refuse(w, 403, "AuthorizationError", "no sns:Publish")
	})
	results := many(t, open(t, withKeys(standard, s.server.URL)), 1000, numbered)
	require.LessOrEqual(t, len(s.seen()), 2*concurrency)
	failed := 0
	for _, r := range results {
		require.Equal(t, "AuthorizationError", r.Err.Code)
		require.NotEqual(t, Published, r.Outcome)
		if r.Outcome == Failed {
			failed++
		}
	}
	require.LessOrEqual(t, failed, 20*concurrency)
	require.Equal(t, NotSent, results[999].Outcome)
}

// A batch that went out without an answer is unknown for each of its entries,
// and is not sent again; the others are.
func TestUnansweredBatch(t *testing.T) {
	t.Parallel()
	s := newWire(t, func(n int, form url.Values, w http.ResponseWriter, r *http.Request) {
		if bodies(form)[0] == "10" {
			drop(w)
			return
		}
		accept(n, form, w, r)
	})
	topic := open(t, withKeys(standard, s.server.URL))
	hurry(topic)
	for i, r := range many(t, topic, 30, numbered) {
		want := Published
		if i/10 == 1 {
			want = Unknown
		}
		require.Equal(t, want, r.Outcome)
	}
	require.Len(t, s.seen(), 3)
}

func TestDeadlineLeavesTheRest(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan struct{}, 100)
	s := newWire(t, stalled(started))
	go func() {
		for range concurrency {
			<-started
		}
		cancel()
	}()
	results := open(t, withKeys(standard, s.server.URL)).Publish(ctx, 1000, numbered)
	count := map[Outcome]int{}
	for _, r := range results {
		checkResult(t, r)
		count[r.Outcome]++
	}
	require.Equal(t, 10*concurrency, count[Unknown])
	require.Equal(t, 1000-10*concurrency, count[NotSent])
	require.Len(t, s.seen(), concurrency)
}

// The order within a message group is the order of the input: no two batches
// under way have a group in common.
func TestOrderWithinGroups(t *testing.T) {
	t.Parallel()
	for _, groups := range []int{1, 3, 1000} {
		var mutex sync.Mutex
		busy := map[string]bool{}
		got := map[string][]int{}
		s := newWire(t, func(n int, form url.Values, w http.ResponseWriter, r *http.Request) {
			mine := map[string]bool{}
			mutex.Lock()
			for i := range bodies(form) {
				at := "PublishBatchRequestEntries.member." + strconv.Itoa(i+1)
				group := form.Get(at + ".MessageGroupId")
				if busy[group] && !mine[group] {
					t.Errorf("group %s is in two batches at a time", group)
				}
				busy[group], mine[group] = true, true
				number, _ := strconv.Atoi(form.Get(at + ".Message"))
				got[group] = append(got[group], number)
			}
			mutex.Unlock()
			for range 100 {
				runtime.Gosched() // gives a batch that should wait the chance not to
			}
			mutex.Lock()
			for group := range mine {
				delete(busy, group)
			}
			mutex.Unlock()
			accept(n, form, w, r)
		})
		many(t, open(t, withKeys(fifo, s.server.URL)), 500, func(i int) (Message, error) {
			return Message{Body: strconv.Itoa(i), GroupID: "g" + strconv.Itoa(i%groups), DeduplicationID: strconv.Itoa(i)}, nil
		})
		require.Len(t, got, min(groups, 500))
		for group, numbers := range got {
			require.IsIncreasing(t, append([]int{-1}, numbers...), group)
		}
	}
}
