package snstopic

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// closing is a body as the SDK's: what reads on after its end fails, because
// the SDK has closed it by then.
type closing struct{ io.Reader }

func (closing) Close() error { return nil }

// A body ends with its last byte, without a look at what comes after it.
func TestBodyEndsWithItsLastByte(t *testing.T) {
	t.Parallel()
	const text = "Action=Publish"
	after := iotest.ErrReader(errors.New("read after close"))
	for name, read := range map[string]func(io.Reader) io.Reader{"at once": func(r io.Reader) io.Reader { return r }, "byte by byte": iotest.OneByteReader} {
		b := &whole{body: closing{io.MultiReader(read(strings.NewReader(text)), after)}, left: int64(len(text))}
		got, err := io.ReadAll(b)
		require.NoError(t, err, name)
		require.Equal(t, text, string(got), name)
	}
	short := &whole{body: io.NopCloser(strings.NewReader(text[:5])), left: int64(len(text))}
	got, err := io.ReadAll(short)
	require.NoError(t, err, "net/http itself compares with the length")
	require.Equal(t, text[:5], string(got))
}
