package tcx_test

import (
	"archive/zip"
	"bytes"
	"io/fs"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/tcx"
)

func sampleFiles() []tcx.File {
	return []tcx.File{
		{Name: "run.py", Data: []byte("print()\n")},
		{Name: "bin/tcsns-linux-amd64", Data: bytes.Repeat([]byte("program "), 1000), Executable: true},
		{Name: "empty"},
	}
}

func TestPack(t *testing.T) {
	t.Parallel()
	data, err := tcx.Pack("TCPB_-_X_v1", sampleFiles())
	require.NoError(t, err)
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	modes := map[string]fs.FileMode{}
	var names []string
	for _, entry := range archive.File {
		names = append(names, entry.Name)
		modes[entry.Name] = entry.Mode()
		require.Equal(t, uint16(3), entry.CreatorVersion>>8, "made on Unix, else its modes mean nothing")
		require.Zero(t, entry.Flags&8, "sizes stand in front")
		require.Equal(t, 1980, entry.Modified.Year())
	}
	require.Equal(t, []string{"TCPB_-_X_v1/", "TCPB_-_X_v1/bin/", "TCPB_-_X_v1/bin/tcsns-linux-amd64", "TCPB_-_X_v1/empty", "TCPB_-_X_v1/run.py"}, names)
	require.Equal(t, fs.ModeDir|0o755, modes["TCPB_-_X_v1/"])
	require.Equal(t, fs.FileMode(0o755), modes["TCPB_-_X_v1/bin/tcsns-linux-amd64"])
	require.Equal(t, fs.FileMode(0o644), modes["TCPB_-_X_v1/run.py"])

	reversed := sampleFiles()
	reversed[0], reversed[2] = reversed[2], reversed[0]
	again, err := tcx.Pack("TCPB_-_X_v1", reversed)
	require.NoError(t, err)
	require.Equal(t, data, again, "the order of the files does not matter")

	p, err := tcx.Unpack(data)
	require.NoError(t, err)
	require.Equal(t, []string{"TCPB_-_X_v1"}, p.Folders)
	for _, want := range sampleFiles() {
		got, ok := p.File(want.Name)
		require.True(t, ok, want.Name)
		require.Equal(t, string(want.Data), string(got.Data))
		require.Equal(t, want.Executable, got.Executable)
	}
	_, ok := p.File("nowhere")
	require.False(t, ok)
}

func TestPackRefuses(t *testing.T) {
	t.Parallel()
	for _, files := range [][]tcx.File{
		{{Name: "../x"}}, {{Name: "/x"}}, {{Name: ""}}, {{Name: "."}}, {{Name: "a//b"}}, {{Name: "x"}, {Name: "x"}},
	} {
		_, err := tcx.Pack("F", files)
		require.Error(t, err)
	}
}

func TestUnpackRefuses(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"../evil", "/etc/evil", "a/../../evil"} {
		var b bytes.Buffer
		w := zip.NewWriter(&b)
		_, err := w.Create(name)
		require.NoError(t, err)
		require.NoError(t, w.Close())
		_, err = tcx.Unpack(b.Bytes())
		require.Error(t, err, name)
	}
	_, err := tcx.Unpack([]byte("no zip"))
	require.Error(t, err)
}

func TestFolder(t *testing.T) {
	t.Parallel()
	i := install(t)
	require.Equal(t, "TCPB_-_AWS_SNS_v1", i.Folder())
	require.Equal(t, "TCPB - AWS SNS v1", i.ProgramName())
}

func FuzzUnpack(f *testing.F) {
	data, err := tcx.Pack("F", sampleFiles())
	require.NoError(f, err)
	f.Add(data)
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := tcx.Unpack(data)
		if err != nil {
			return
		}
		for _, file := range p.Files {
			require.True(t, fs.ValidPath(file.Name), "%q leads out of the folder", file.Name)
		}
	})
}
