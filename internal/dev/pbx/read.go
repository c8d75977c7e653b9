package pbx

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"
)

// maxSize is the largest export that is read, unpacked, in bytes. The largest
// public one has under 2 MB; a zip that claims more is not an export.
const maxSize = 64 << 20

// Bounds of an export, far above what a person draws: what is made of one takes
// time by the square of these. Ours, of no source.
const (
	maxNodes       = 5_000 // triggers and Apps
	maxConnections = 20_000
	maxDepth       = 20 // components in components
)

// ReadFile reads a .pbx or a .pbxz; which one it is, the content says. Errors
// name the file and, where JSON is broken, the line.
func ReadFile(name string) (*Playbook, error) {
	data, err := readSome(name)
	if err != nil {
		return nil, fmt.Errorf("read playbook: %w", err)
	}
	p, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("read playbook %s: %w", name, err)
	}
	return p, nil
}

// readSome reads a file up to a byte past the limit: a device has no end.
func readSome(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err == nil && len(data) > maxSize {
		err = fmt.Errorf("%s: larger than %d bytes", name, maxSize)
	}
	return data, err
}

// Parse reads the content of a .pbx or a .pbxz.
func Parse(data []byte) (*Playbook, error) {
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		inner, err := unzip(data)
		if err != nil {
			return nil, err
		}
		data = inner
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	var p Playbook
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, located(data, err)
	}
	if p.Name == "" && len(p.Jobs) == 0 && len(p.Triggers) == 0 {
		return nil, errors.New("not a playbook: it has no name, no trigger and no App")
	}
	if err := p.bounded(0); err != nil {
		return nil, err
	}
	return &p, nil
}

// bounded refuses what no platform has exported.
func (p *Playbook) bounded(depth int) error {
	switch {
	case depth > maxDepth:
		return fmt.Errorf("components lie in each other more than %d deep", maxDepth)
	case len(p.Jobs)+len(p.Triggers) > maxNodes:
		return fmt.Errorf("more than %d triggers and Apps", maxNodes)
	case len(p.Connections) > maxConnections:
		return fmt.Errorf("more than %d connections", maxConnections)
	}
	for i := range p.Components {
		if err := p.Components[i].bounded(depth + 1); err != nil {
			return err
		}
	}
	return nil
}

// unzip takes the one .pbx out of a .pbxz.
func unzip(data []byte) ([]byte, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("open pbxz: %w", err)
	}
	for _, file := range archive.File {
		if strings.ToLower(path.Ext(file.Name)) != ".pbx" {
			continue
		}
		r, err := file.Open()
		if err != nil {
			return nil, fmt.Errorf("open %q in pbxz: %w", file.Name, err)
		}
		defer r.Close()
		inner, err := io.ReadAll(io.LimitReader(r, maxSize+1))
		if err != nil {
			return nil, fmt.Errorf("read %q in pbxz: %w", file.Name, err)
		}
		if len(inner) > maxSize {
			return nil, fmt.Errorf("read %q in pbxz: larger than %d bytes", file.Name, maxSize)
		}
		return inner, nil
	}
	return nil, errors.New("open pbxz: no .pbx inside")
}

// located adds the line to an error of encoding/json.
func located(data []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var offset int64
	switch {
	case errors.As(err, &syntax):
		offset = syntax.Offset
	case errors.As(err, &kind):
		offset = kind.Offset
	default:
		return err
	}
	offset = min(offset, int64(len(data)))
	return fmt.Errorf("line %d: %w", 1+bytes.Count(data[:offset], []byte("\n")), err)
}
