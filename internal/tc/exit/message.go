package exit

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode"
	"unicode/utf8"
)

const (
	// messageFile is the exit message's file (CONTRACT §5).
	messageFile = "message.tc"
	// messageLength is what the platform shows of it, in characters, newline
	// included (CONTRACT §5).
	messageLength = 255
	// ellipsis stands where a text was cut.
	ellipsis = " … "
	// fileMode is what TcEx's open() asks for; the umask takes from it. The
	// platform, another user, reads the file.
	fileMode = 0o666
)

// Shorten makes text one line of at most 254 characters, so that with its
// newline it fits message.tc. A longer text is cut in the middle, keeping its
// start and its last "Fix:", where TcEx keeps the tail alone and loses what
// happened. Control characters become spaces, invalid UTF-8 U+FFFD.
func Shorten(text string) string {
	text = oneLine(text)
	const limit = messageLength - 1
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	room := limit - utf8.RuneCountInString(ellipsis)
	end := fixOf(text)
	if end == nil {
		end = runes[len(runes)-room/4:]
	}
	end = end[:min(len(end), room*3/5)]
	start := runes[:room-len(end)]
	return strings.TrimSpace(string(start)) + ellipsis + strings.TrimSpace(string(end))
}

// fixOf is text from its last "Fix:" on, nil when there is none.
func fixOf(text string) []rune {
	at := strings.LastIndex(text, fixMark)
	if at < 0 {
		return nil
	}
	return []rune(text[at:])
}

// oneLine makes text safe to show: one line, no control characters, no
// characters that turn the direction of what follows.
func oneLine(text string) string {
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), r == '\u2028', r == '\u2029':
			return ' '
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r // an invalid byte arrives, and leaves, as U+FFFD
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// WriteMessage writes message.tc, shortened and closed with a newline, into
// outPath or, where that is empty or cannot be written, into the working
// directory. It replaces what is there: a message is written at every end,
// also an empty one, so that no earlier run's stays. It returns the path that
// it wrote; an error names both places.
func WriteMessage(outPath, text string) (string, error) {
	content := []byte(Shorten(text) + "\n")
	var refused error
	if outPath != "" {
		path := filepath.Join(outPath, messageFile)
		err := write(path, content)
		if err == nil {
			return path, nil
		}
		refused = err
	}
	if err := write(messageFile, content); err != nil {
		return "", fmt.Errorf("write exit message: %w", errors.Join(refused, err))
	}
	return messageFile, nil
}

// write replaces a file's content. Where a fifo that nobody reads stands in
// the file's place it fails; a run does not wait for a reader.
func write(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NONBLOCK, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}
