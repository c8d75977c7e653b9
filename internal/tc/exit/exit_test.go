package exit_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/exit"
)

// worded is an error as kvstore's and snstopic's are: all of it may be read.
type worded struct{}

func (worded) Text() string  { return "read the store: it is down" }
func (worded) Error() string { return "read the store: it is down. Fix: start it" }

func TestError(t *testing.T) {
	t.Parallel()
	cause := errors.New("cause with a secret")
	tests := []struct {
		err  exit.Error
		want string
	}{
		{exit.Error{Text: "publish to alerts: NotFound", Fix: "create the topic"}, "publish to alerts: NotFound. Fix: create the topic."},
		{exit.Error{Text: "Is it there?", Fix: "Look!", Err: cause}, "Is it there? Fix: Look!"},
		{exit.Error{Text: "it is over.", Err: cause}, "it is over."},
		{exit.Error{Fix: "run it again"}, "Fix: run it again."},
		{exit.Error{Text: " \n"}, ""},
	}
	for _, test := range tests {
		require.Equal(t, test.want, test.err.Error())
		require.Equal(t, test.want, test.err.SafeText())
		require.Equal(t, test.err.Err, errors.Unwrap(&test.err))
	}
}

func TestCodeOf(t *testing.T) {
	t.Parallel()
	retry := &exit.Error{Code: exit.Failure}
	tests := []struct {
		name string
		err  error
		want exit.Code
	}{
		{"nothing went wrong", nil, exit.Success},
		{"its own code", retry, exit.Failure},
		{"wrapped", fmt.Errorf("run: %w", retry), exit.Failure},
		{"joined", errors.Join(fs.ErrClosed, retry), exit.Failure},
		{"the first counts", errors.Join(&exit.Error{Code: exit.HardFailure}, retry), exit.HardFailure},
		{"no code", &exit.Error{}, exit.HardFailure},
		{"a code that is none", &exit.Error{Code: 3}, exit.HardFailure},
		{"any other error", fs.ErrClosed, exit.HardFailure},
	}
	for _, test := range tests {
		require.Equal(t, test.want, exit.CodeOf(test.err), test.name)
	}
	require.Equal(t, []int{0, 1, 4}, []int{int(exit.Success), int(exit.Failure), int(exit.HardFailure)}) // CONTRACT §5
}

func TestSafeText(t *testing.T) {
	t.Parallel()
	const unknown = "the run failed for a reason that it has no words for. Fix: look into the run's app.log."
	own := &exit.Error{Text: "it broke", Fix: "mend it", Err: errors.New("s3cret")}
	other := &exit.Error{Text: "so did that"}
	tests := []struct {
		name string
		err  error
		want string
	}{
		{"none", nil, ""},
		{"its own words", own, "it broke. Fix: mend it."},
		{"words inside another error", fmt.Errorf("s3cret: %w", own), "it broke. Fix: mend it."},
		{"an error that is all words", fmt.Errorf("s3cret: %w", worded{}), "read the store: it is down. Fix: start it."},
		{"several", errors.Join(own, other), "it broke. Fix: mend it. so did that."},
		{"each once", errors.Join(own, fmt.Errorf("again: %w", own), other, own), "it broke. Fix: mend it. so did that."},
		{"several in one", fmt.Errorf("%w and %w", other, own), "so did that. it broke. Fix: mend it."},
		{"no words", errors.New("s3cret"), unknown},
		{"no words down the chain", fmt.Errorf("read s3cret: %w", &fs.PathError{Op: "open", Path: "s3cret", Err: fs.ErrPermission}), unknown},
		{"one of two without words", errors.Join(own, errors.New("s3cret"), errors.New("s3cret too")), "it broke. Fix: mend it. " + unknown},
		{"stopped", fmt.Errorf("read: %w", context.Canceled), "the run was stopped before it was done."},
		{"out of time", fmt.Errorf("read: %w", context.DeadlineExceeded), "the run's time was over before it was done."},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, exit.SafeText(test.err))
		})
	}
}
