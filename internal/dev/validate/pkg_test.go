package validate_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/tcx"
	"tcsns/internal/dev/tcx/launcher"
	"tcsns/internal/dev/validate"
)

// program is the least that reads as a program for Linux.
func program(t *testing.T, machine elf.Machine, segments ...elf.ProgType) []byte {
	t.Helper()
	var b bytes.Buffer
	header := elf.Header64{
		Ident: [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT), Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: uint16(len(segments)),
	}
	require.NoError(t, binary.Write(&b, binary.LittleEndian, header))
	for _, kind := range segments {
		require.NoError(t, binary.Write(&b, binary.LittleEndian, elf.Prog64{Type: uint32(kind)}))
	}
	return b.Bytes()
}

// goodPackage is the project's package, with programs that do nothing.
func goodPackage(t *testing.T) []tcx.File {
	t.Helper()
	files := []tcx.File{
		{Name: "README.md"}, {Name: "LICENSE"}, {Name: "NOTICE"},
		{Name: "bin/tcsns-linux-amd64", Data: program(t, elf.EM_X86_64, elf.PT_LOAD), Executable: true},
		{Name: "bin/tcsns-linux-arm64", Data: program(t, elf.EM_AARCH64, elf.PT_LOAD), Executable: true},
	}
	for _, name := range []string{"install.json", "layout.json"} {
		files = append(files, tcx.File{Name: name, Data: []byte(read(t, name))})
	}
	for _, name := range []string{launcher.RunPy, launcher.MainPy} {
		data, err := launcher.File(name)
		require.NoError(t, err)
		files = append(files, tcx.File{Name: name, Data: data})
	}
	return files
}

func pack(t *testing.T, folder string, files []tcx.File) []validate.Problem {
	t.Helper()
	data, err := tcx.Pack(folder, files)
	require.NoError(t, err)
	return validate.Package("x.tcx", data)
}

func TestPackage(t *testing.T) {
	t.Parallel()
	const folder = "TCPB_-_AWS_SNS_v1"
	require.Empty(t, pack(t, folder, goodPackage(t)))

	without := func(name string) func([]tcx.File) []tcx.File {
		return func(files []tcx.File) []tcx.File {
			return slices.DeleteFunc(files, func(f tcx.File) bool { return f.Name == name })
		}
	}
	change := func(name string, change func(*tcx.File)) func([]tcx.File) []tcx.File {
		return func(files []tcx.File) []tcx.File {
			i := slices.IndexFunc(files, func(f tcx.File) bool { return f.Name == name })
			change(&files[i])
			return files
		}
	}
	const amd64 = "bin/tcsns-linux-amd64"
	for _, test := range []struct {
		name   string
		folder string
		change func([]tcx.File) []tcx.File
		want   string
	}{
		{"no install.json", folder, without("install.json"), "there is no install.json"},
		{"no layout.json", folder, without("layout.json"), "layoutEnabledApp is there, layout.json is not"},
		{"no launcher", folder, without("run.py"), `"run.py" is not in the package`},
		{"no second launcher", folder, without("__main__.py"), "it is not in the package"},
		{"no README", folder, without("README.md"), "it is not in the package"},
		{"no license", folder, without("LICENSE"), "it is not in the package"},
		{"no licenses of libraries", folder, without("NOTICE"), "it is not in the package"},
		{"one program", folder, without(amd64), "it is not in the package"},
		{"a lost mode", folder, change(amd64, func(f *tcx.File) { f.Executable = false }), "it is not executable"},
		{"a program for another machine", folder, change(amd64, func(f *tcx.File) { f.Data = program(t, elf.EM_AARCH64) }), "it is for EM_AARCH64"},
		{"a program that needs a C library", folder, change(amd64, func(f *tcx.File) { f.Data = program(t, elf.EM_X86_64, elf.PT_INTERP) }), "C library"},
		{"no program", folder, change(amd64, func(f *tcx.File) { f.Data = []byte("#!/bin/sh") }), "no program for Linux"},
		{"another version's folder", "TCPB_-_AWS_SNS_v2", func(f []tcx.File) []tcx.File { return f }, "does not carry programVersion 1.0.0"},
		{"a broken install.json", folder, change("install.json", func(f *tcx.File) { f.Data = f.Data[:100] }), "install.json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			problems := pack(t, test.folder, test.change(goodPackage(t)))
			require.NotEmpty(t, problems)
			var all string
			for _, p := range problems {
				all += p.String() + "\n"
			}
			require.Contains(t, all, test.want)
		})
	}
	require.Contains(t, validate.Package("x.tcx", []byte("no zip"))[0].Text, "open package")
	require.NotEmpty(t, validate.PackageFile("nowhere.tcx"))
}

// run.py knows the programs that the package holds, and the platform starts
// what install.json names.
func TestLauncherKnowsThePrograms(t *testing.T) {
	t.Parallel()
	data, err := launcher.File(launcher.RunPy)
	require.NoError(t, err)
	for _, target := range tcx.Targets() {
		require.Contains(t, string(data), `"`+target.Program[len(tcx.BinFolder)+1:]+`"`)
	}
	require.Equal(t, launcher.RunPy, ours(t).Main)
	require.Contains(t, string(data), ours(t).DisplayName)
}

// The other playbooks of the repository could be published too.
func TestTestPlaybooksAreValid(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"host-tagged", "email-address-deleted"} {
		require.Empty(t, validate.PlaybookFile(root+"/testdata/playbooks/"+name+".pbx", validate.Against{Install: ours(t), Publish: true}))
	}
}

// Nothing that JSON can hold makes a check panic.
func FuzzDefinition(f *testing.F) {
	f.Add([]byte(`{"params":[{"name":"a","default":[1]}],"playbook":{"retry":{}}}`), []byte(`{"inputs":[{"parameters":[{"name":"a","display":"a in ('x')"}]}]}`))
	f.Add([]byte(`{"features":["layoutEnabledApp"],"runtimeLevel":["Playbook"]}`), []byte(`[]`))
	f.Fuzz(func(t *testing.T, install, layout []byte) {
		for _, p := range validate.Definition(validate.Source{Install: install, Layout: layout, HasLayout: true, Strict: true}) {
			require.NotEmpty(t, p.Fix)
		}
	})
}
