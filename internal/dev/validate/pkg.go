package validate

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"tcsns/internal/dev/tcx"
)

// PackageFile checks a package (.tcx), anybody's: what is in it, and its
// install.json and layout.json.
func PackageFile(name string) []Problem {
	data, err := readPackage(name)
	if err != nil {
		return []Problem{{File: name, Text: err.Error(), Fix: "name a file that can be read"}}
	}
	return Package(name, data)
}

// maxPackage is the largest package that is read, in bytes: a device has no end.
const maxPackage = 256 << 20

func readPackage(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxPackage+1))
	if err == nil && len(data) > maxPackage {
		err = fmt.Errorf("%s is larger than %d bytes", name, maxPackage)
	}
	return data, err
}

// Package is [PackageFile] for a package that is at hand.
func Package(name string, data []byte) []Problem {
	f := &findings{file: name}
	p, err := tcx.Unpack(data)
	if err != nil {
		f.add("", "pack it again", "%v", err)
		return f.problems
	}
	oneFolder(f, p)
	installFile, ok := p.File(tcx.InstallFile)
	if !ok {
		f.add("", "put it at the top of the App's folder", "there is no %s in it", tcx.InstallFile)
		return f.problems
	}
	layout, hasLayout := p.File(tcx.LayoutFile)
	inside := Definition(Source{Install: installFile.Data, Layout: layout.Data, HasLayout: hasLayout, Exists: func(name string) bool { _, ok := p.File(name); return ok }})
	for _, problem := range inside {
		problem.Place = strings.TrimSuffix(problem.File+": "+problem.Place, ": ")
		problem.File = name
		f.problems = append(f.problems, problem)
	}
	if install, err := tcx.ParseInstall(installFile.Data); err == nil {
		folderName(f, p, install)
	}
	if isHouse(p) {
		weight(f, len(data))
		programs(f, p)
	}
	return f.problems
}

// isHouse reports whether a package is of an App in Go with the launcher of
// this project; of others, nothing is asked that ThreatConnect does not ask.
func isHouse(p *tcx.Package) bool {
	return slices.ContainsFunc(tcx.Targets(), func(t tcx.Target) bool { _, ok := p.File(t.Program); return ok })
}

func weight(f *findings, size int) {
	if size > tcx.MaxSize {
		f.add("", "leave out what the App does not need", "it weighs %d bytes, more than %d", size, tcx.MaxSize)
	}
}

func oneFolder(f *findings, p *tcx.Package) {
	if len(p.Folders) != 1 || p.Folders[0] == "" {
		f.add("", "put everything into one folder, which names the App", "it has %d things at the top, not one folder", len(p.Folders))
	}
}

// folderName: the folder is the key by which the platform knows the App; its
// version stands at the end.
func folderName(f *findings, p *tcx.Package, install *tcx.Install) {
	if len(p.Folders) != 1 || p.Folders[0] == "" {
		return
	}
	folder := p.Folders[0]
	major, _, _ := strings.Cut(install.Version, ".")
	_, version, ok := cutLast(folder, "_v")
	if !ok || version != major && !strings.HasPrefix(version, major+".") {
		f.add(folder, fmt.Sprintf("let it end in _v%s", major), "the folder's name does not carry programVersion %s", install.Version)
	}
}

func cutLast(text, separator string) (before, after string, ok bool) {
	if at := strings.LastIndex(text, separator); at >= 0 {
		return text[:at], text[at+len(separator):], true
	}
	return text, "", false
}

// programs: what the launcher starts is there, for the machine that its name
// says, and needs nothing of it.
func programs(f *findings, p *tcx.Package) {
	for _, name := range []string{"run.py", "__main__.py", tcx.ReadmeFile, tcx.LicenseFile, tcx.NoticeFile} {
		if _, ok := p.File(name); !ok {
			f.add(name, "add it", "it is not in the package")
		}
	}
	for _, target := range tcx.Targets() {
		file, ok := p.File(target.Program)
		if !ok {
			f.add(target.Program, "build it", "it is not in the package")
			continue
		}
		if !file.Executable {
			f.add(target.Program, "pack it with the mode 0755", "it is not executable")
		}
		program(f, target, file)
	}
}

func program(f *findings, target tcx.Target, file tcx.File) {
	binary, err := elf.NewFile(bytes.NewReader(file.Data))
	if err != nil {
		f.add(target.Program, "build it again", "it is no program for Linux: %v", err)
		return
	}
	machines := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64}
	if want := machines[target.Arch]; binary.Machine != want {
		f.add(target.Program, "build it for "+target.Arch, "it is for %s", binary.Machine)
	}
	if slices.ContainsFunc(binary.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		f.add(target.Program, "build it with CGO_ENABLED=0", "it needs the machine's C library")
	}
	if binary.Section(".symtab") != nil {
		f.add(target.Program, "build it with -ldflags '-s -w'", "it carries symbols, which only add to its size")
	}
}
