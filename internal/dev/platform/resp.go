package platform

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
)

const (
	// maxBulk is Redis's own limit of a value, proto-max-bulk-len: 512 MiB.
	maxBulk = 512 << 20
	// maxItems and maxDepth bound what a reply can make us hold; the only list
	// that we ask for is flat.
	maxItems = 1 << 24
	maxDepth = 4
)

// appendCommand appends a command in RESP2, the protocol of every Redis.
func appendCommand(b []byte, words []string) []byte {
	b = fmt.Appendf(b, "*%d\r\n", len(words))
	for _, w := range words {
		b = fmt.Appendf(b, "$%d\r\n", len(w))
		b = append(b, w...)
		b = append(b, '\r', '\n')
	}
	return b
}

// readReply reads one RESP2 reply: string for a status, int64, []byte or nil
// for a bulk string, []any for a list. An error reply is an error.
func readReply(r *bufio.Reader, depth int) (any, error) {
	line, err := readLine(r)
	if err != nil {
		return nil, err
	}
	if line == "" || depth > maxDepth {
		return nil, errProtocol
	}
	switch kind, rest := line[0], line[1:]; kind {
	case '+':
		return rest, nil
	case '-':
		return nil, errors.New(rest)
	case ':':
		n, err := strconv.ParseInt(rest, 10, 64)
		if err != nil {
			return nil, errProtocol
		}
		return n, nil
	case '$':
		return readBulk(r, rest)
	case '*':
		return readList(r, rest, depth)
	}
	return nil, errProtocol
}

func readBulk(r *bufio.Reader, size string) (any, error) {
	n, err := strconv.Atoi(size)
	switch {
	case err != nil || n < -1 || n > maxBulk:
		return nil, errProtocol
	case n == -1:
		return nil, nil
	}
	data, err := io.ReadAll(io.LimitReader(r, int64(n)+2))
	if err != nil {
		return nil, err
	}
	if len(data) != n+2 || string(data[n:]) != "\r\n" {
		return nil, errProtocol
	}
	return data[:n:n], nil
}

func readList(r *bufio.Reader, size string, depth int) (any, error) {
	n, err := strconv.Atoi(size)
	if err != nil || n < -1 || n > maxItems {
		return nil, errProtocol
	}
	var items []any
	for range n {
		item, err := readReply(r, depth+1)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, nil
}

// readLine reads up to CR LF; a line is short in every reply that we ask for.
func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", errProtocol
	case err != nil:
		return "", err
	case len(line) < 2 || line[len(line)-2] != '\r':
		return "", errProtocol
	}
	return string(line[:len(line)-2]), nil
}
