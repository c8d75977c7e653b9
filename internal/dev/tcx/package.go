package tcx

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Extension is that of a package: a zip.
const Extension = ".tcx"

// MaxSize is what a package of this project may weigh, in bytes: its own limit,
// so that an upload through a browser takes a moment.
const MaxSize = 9_000_000

// File is one file of a package.
type File struct {
	Name       string // inside the App's folder, with slashes: bin/tcsns-linux-amd64
	Data       []byte
	Executable bool
}

// Pack makes a package: a zip with one folder that holds the files. The same
// files give the same bytes: entries are sorted, times are fixed, and modes are
// those of Unix, 0755 for folders and executables, 0644 for the rest.
func Pack(folder string, files []File) ([]byte, error) {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	made := map[string]bool{}
	for i, file := range files {
		if !fs.ValidPath(file.Name) || file.Name == "." {
			return nil, fmt.Errorf("pack %q: not a path inside a folder", file.Name)
		}
		if i > 0 && files[i-1].Name == file.Name {
			return nil, fmt.Errorf("pack %q: it is there twice", file.Name)
		}
		name := path.Join(folder, file.Name)
		if err := packFolders(w, made, path.Dir(name)); err != nil {
			return nil, err
		}
		if err := packFile(w, name, file); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack: %w", err)
	}
	return b.Bytes(), nil
}

// packFolders writes the entries of a folder and of those around it, once.
func packFolders(w *zip.Writer, made map[string]bool, folder string) error {
	if folder == "." || made[folder] {
		return nil
	}
	if err := packFolders(w, made, path.Dir(folder)); err != nil {
		return err
	}
	made[folder] = true
	header := &zip.FileHeader{Name: folder + "/"}
	header.SetMode(fs.ModeDir | 0o755)
	stamp(header)
	if _, err := w.CreateRaw(header); err != nil {
		return fmt.Errorf("pack %q: %w", folder, err)
	}
	return nil
}

// packFile writes an entry with its sizes in front of it, not behind, which
// not every reader of zips takes.
func packFile(w *zip.Writer, name string, file File) error {
	var squeezed bytes.Buffer
	deflate, err := flate.NewWriter(&squeezed, flate.BestCompression)
	if err != nil {
		return fmt.Errorf("pack %q: %w", name, err)
	}
	if _, err := deflate.Write(file.Data); err != nil {
		return fmt.Errorf("pack %q: %w", name, err)
	}
	if err := deflate.Close(); err != nil {
		return fmt.Errorf("pack %q: %w", name, err)
	}
	header := &zip.FileHeader{
		Name:               name,
		Method:             zip.Deflate,
		CRC32:              crc32.ChecksumIEEE(file.Data),
		CompressedSize64:   uint64(squeezed.Len()),
		UncompressedSize64: uint64(len(file.Data)),
	}
	mode := fs.FileMode(0o644)
	if file.Executable {
		mode = 0o755
	}
	header.SetMode(mode)
	stamp(header)
	entry, err := w.CreateRaw(header)
	if err != nil {
		return fmt.Errorf("pack %q: %w", name, err)
	}
	if _, err := entry.Write(squeezed.Bytes()); err != nil {
		return fmt.Errorf("pack %q: %w", name, err)
	}
	return nil
}

// stamp gives every entry the first time that a zip can hold, in the two-byte
// form that knows no time zone. Pack sets no other: it would differ each time.
func stamp(header *zip.FileHeader) {
	const firstOfJanuary = 1<<5 | 1
	//lint:ignore SA1019 an entry that is written raw takes this field as it is
	header.ModifiedDate = firstOfJanuary
}

// Package is a package as it is read.
type Package struct {
	Folders []string // the top-level folders, of which there is one in a good package
	Files   []File
}

// maxUnpacked bounds what is read of a package, in bytes: a zip can claim more
// than a machine holds.
const maxUnpacked = 256 << 20

// Unpack reads a package. It refuses entries that would land outside the folder.
func Unpack(data []byte) (*Package, error) {
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("open package: %w", err)
	}
	p := &Package{}
	left := int64(maxUnpacked)
	folders := map[string]bool{}
	for _, entry := range archive.File {
		name := strings.TrimSuffix(entry.Name, "/")
		if !fs.ValidPath(name) {
			return nil, fmt.Errorf("open package: %q leads out of it", entry.Name)
		}
		folder, inside, isInside := strings.Cut(name, "/")
		isFolder := entry.FileInfo().IsDir()
		if !isInside && !isFolder {
			folder = ""
			inside = name
		}
		if !folders[folder] {
			folders[folder] = true
			p.Folders = append(p.Folders, folder)
		}
		if isFolder {
			continue
		}
		file := File{Name: inside, Executable: entry.Mode()&0o111 != 0}
		if file.Data, err = unpackFile(entry, left); err != nil {
			return nil, fmt.Errorf("open package: %q: %w", entry.Name, err)
		}
		left -= int64(len(file.Data))
		p.Files = append(p.Files, file)
	}
	return p, nil
}

func unpackFile(entry *zip.File, left int64) ([]byte, error) {
	r, err := entry.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, left+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > left {
		return nil, errors.New("the package unpacks to too much")
	}
	return data, nil
}

// File finds a file by its name inside the App's folder.
func (p *Package) File(name string) (File, bool) {
	for _, file := range p.Files {
		if file.Name == name {
			return file, true
		}
	}
	return File{}, false
}
