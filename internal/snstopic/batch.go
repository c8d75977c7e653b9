package snstopic

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

const (
	// maxEntries is what one PublishBatch takes
	// (https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html).
	maxEntries = 10

	// concurrency is the number of batches under way at a time. SNS takes
	// thousands of messages a second from one account in most regions (300 in
	// the smallest): eight batches at some 20 ms each stay near that.
	concurrency = 8

	// ownDescriptors is how many file descriptors a process has open besides
	// its connections to SNS: three streams, up to four of Go's runtime, the
	// log, the store, message.tc, and two to spare.
	ownDescriptors = 12

	// entryAttempts is how often an entry that failed on SNS's side is sent in
	// all (the SDK's DefaultMaxAttempts, for whole requests).
	entryAttempts = 3
)

// parallel is concurrency, and less where the process may not open as many
// file descriptors: fewer batches at a time in place of failed ones.
func parallel() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur >= ownDescriptors+concurrency {
		return concurrency
	}
	return max(1, int(limit.Cur)-ownDescriptors)
}

// entry is one message on its way in a batch.
type entry struct {
	index   int // of its result
	message Message
}

// batches is one Publish of several messages.
type batches struct {
	topic   *Topic
	results []Result // each entry is written by the one that handles it
	message func(i int) (Message, error)
	queue   chan []entry
	groups  groups
	fatal   atomic.Pointer[Error] // what would fail every other batch as well
}

func newBatches(t *Topic, results []Result, message func(i int) (Message, error)) *batches {
	b := &batches{topic: t, results: results, message: message, queue: make(chan []entry)}
	b.groups.init()
	return b
}

// run composes and packs the messages and has workers send the batches, so
// that only the batches under way are in memory.
func (b *batches) run(ctx context.Context) {
	var workers sync.WaitGroup
	for range min(parallel(), (len(b.results)+1)/2) {
		workers.Go(func() {
			for batch := range b.queue {
				b.send(ctx, batch)
				if b.topic.arn.FIFO() {
					b.groups.leave(batch)
				}
			}
		})
	}
	b.pack(ctx)
	close(b.queue)
	workers.Wait()
}

// pack fills batches in order, each up to ten entries and the bytes of one
// message, and queues them.
func (b *batches) pack(ctx context.Context) {
	var batch []entry
	size := 0
	flush := func() {
		if len(batch) > 0 {
			b.enqueue(ctx, batch)
		}
		batch, size = nil, 0
	}
	for i := range b.results {
		if failure := b.over(ctx); failure != nil {
			b.results[i] = refused(failure)
			continue
		}
		m, failure := b.topic.compose(i, b.message)
		if failure != nil {
			b.results[i] = refused(failure)
			continue
		}
		if bytes := m.Size(); len(batch) == maxEntries || size+bytes > b.topic.maxBytes {
			flush()
			size = bytes
		} else {
			size += bytes
		}
		if batch == nil {
			batch = make([]entry, 0, min(maxEntries, len(b.results)-i))
		}
		batch = append(batch, entry{i, m})
	}
	flush()
}

// over returns why nothing more is sent, nil while it goes on.
func (b *batches) over(ctx context.Context) *Error {
	if ctx.Err() != nil {
		return b.topic.notSent(ctx)
	}
	return b.fatal.Load()
}

func (b *batches) enqueue(ctx context.Context, batch []entry) {
	if b.topic.arn.FIFO() && !b.groups.enter(ctx, batch) {
		b.settle(batch, refused(b.topic.notSent(ctx)))
		return
	}
	b.queue <- batch
}

// send sends a batch, and what SNS asks for of it again, until each entry has
// its result.
func (b *batches) send(ctx context.Context, batch []entry) {
	for attempt := 1; len(batch) > 0; attempt++ {
		if failure := b.over(ctx); failure != nil {
			if attempt == 1 {
				b.settle(batch, refused(failure))
			}
			return // each entry keeps the failure that it has
		}
		batch = b.sendOnce(ctx, batch)
		if attempt == entryAttempts || len(batch) == 0 {
			return
		}
		delay, _ := b.topic.pause(attempt, b.results[batch[0].index].Err.Err)
		if !sleep(ctx, delay) {
			return
		}
	}
}

// sendOnce sends a batch, writes its results and returns the entries that are
// worth another attempt.
func (b *batches) sendOnce(ctx context.Context, batch []entry) (again []entry) {
	t := b.topic
	call := &call{protected: true}
	input := &sns.PublishBatchInput{
		TopicArn:                   aws.String(t.arn.String()),
		PublishBatchRequestEntries: make([]types.PublishBatchRequestEntry, len(batch)),
	}
	for i := range batch {
		m := &batch[i].message
		call.protected = call.protected && t.protects(*m)
		input.PublishBatchRequestEntries[i] = types.PublishBatchRequestEntry{
			Id:                     aws.String(strconv.Itoa(i)),
			Message:                &m.Body,
			Subject:                optional(m.Subject),
			MessageStructure:       m.structure(),
			MessageAttributes:      m.attributeValues(),
			MessageGroupId:         optional(m.GroupID),
			MessageDeduplicationId: optional(m.DeduplicationID),
		}
	}
	out, err := t.sns.PublishBatch(call.with(ctx), input, t.tracking(ctx, call), sns.WithAPIOptions(writeForm))
	if err != nil {
		return b.failed(ctx, batch, t.explain(ctx, t.op(), call, err))
	}
	return b.answered(batch, out, call)
}

// failed handles a request that failed as a whole.
func (b *batches) failed(ctx context.Context, batch []entry, failure *Error) (again []entry) {
	if failure.Outcome == Failed && blamesEntry(failure) && len(batch) > 1 {
		// SNS refuses the whole batch for what one entry holds: apart, the
		// others go out.
		for i := range batch {
			if over := b.over(ctx); over != nil {
				b.settle(batch[i:], refused(over))
				return nil
			}
			again = append(again, b.sendOnce(ctx, batch[i:i+1])...)
		}
		return again
	}
	if failure.Outcome != Unknown && failure.fatal() {
		rest := *failure
		rest.Outcome = NotSent
		b.fatal.CompareAndSwap(nil, &rest)
	}
	b.settle(batch, refused(failure))
	return nil
}

// answered matches an answer's entries by their Ids.
func (b *batches) answered(batch []entry, out *sns.PublishBatchOutput, call *call) (again []entry) {
	requestID, _ := awsmiddleware.GetRequestIDMetadata(out.ResultMetadata)
	missing := b.topic.emptyAnswer(requestID, call.protected)
	missing.Code, missing.Message = CodeEntryMissing, "the answer to its batch does not mention it, so whether it was published is unknown"
	seen := make([]bool, len(batch))
	position := func(id *string) (int, bool) {
		i, err := strconv.Atoi(aws.ToString(id))
		if err != nil || i < 0 || i >= len(batch) || seen[i] {
			return 0, false
		}
		seen[i] = true
		return i, true
	}
	for _, s := range out.Successful {
		if i, ok := position(s.Id); ok && aws.ToString(s.MessageId) != "" {
			b.results[batch[i].index] = published(s.MessageId, s.SequenceNumber)
		} else if ok {
			b.results[batch[i].index] = refused(missing)
		}
	}
	for _, f := range out.Failed {
		if i, ok := position(f.Id); ok {
			failure := b.topic.explainEntry(f, requestID, call)
			b.results[batch[i].index] = refused(failure)
			if !f.SenderFault && failure.Outcome == Failed {
				again = append(again, batch[i])
			}
		}
	}
	for i := range batch {
		if !seen[i] {
			b.results[batch[i].index] = refused(missing)
		}
	}
	return again
}

func (b *batches) settle(batch []entry, result Result) {
	for i := range batch {
		b.results[batch[i].index] = result
	}
}

// sleep reports whether it slept its time out.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
