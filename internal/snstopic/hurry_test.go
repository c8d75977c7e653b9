package snstopic

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// hurry takes the pauses out of a topic's retries. What they are is TestPause's.
func hurry(t *Topic) {
	t.pause = func(int, error) (time.Duration, error) { return 0, nil }
	t.retryer = newRetryer(t.retryer.MaxAttempts(), retry.BackoffDelayerFunc(t.pause))
}
