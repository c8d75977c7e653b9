package draw_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/draw"
	"tcsns/internal/dev/pbx"
)

const sample = "../../../playbook/AWS-SNS-Integration-PlayBook"

func TestMain(m *testing.M) {
	flag.Bool("update", false, "write the picture of the sample playbook anew")
	flag.Parse()
	os.Exit(m.Run())
}

// The picture in playbook/README.md is the playbook's. After a change of the
// playbook: go test ./internal/dev/draw -update
func TestSamplePictureIsUpToDate(t *testing.T) {
	t.Parallel()
	p, err := pbx.ReadFile(sample + ".pbx")
	require.NoError(t, err)
	picture := draw.SVG(p)
	if flag.Lookup("update").Value.String() == "true" {
		require.NoError(t, os.WriteFile(sample+".svg", picture, 0o644))
	}
	want, err := os.ReadFile(sample + ".svg")
	require.NoError(t, err)
	require.Equal(t, string(want), string(picture), "go test ./internal/dev/draw -update")
}

// wellFormed reads the whole picture as XML and returns its texts.
func wellFormed(t *testing.T, picture []byte) string {
	t.Helper()
	var texts strings.Builder
	decoder := xml.NewDecoder(bytes.NewReader(picture))
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return texts.String()
		}
		require.NoError(t, err)
		if text, ok := token.(xml.CharData); ok {
			texts.Write(text)
		}
	}
}

func job(id int64, name string, x, y float64) pbx.Job {
	return pbx.Job{ID: id, Name: name, App: pbx.App{DisplayName: "Logger"}, X: x, Y: y}
}

func TestWhatIsShown(t *testing.T) {
	t.Parallel()
	off := false
	p := &pbx.Playbook{
		Name:     "A & B <script>\x00",
		Triggers: []pbx.Trigger{{ID: 1, Name: "Seen", Type: "UserAction", EventType: "External", UserActionTypes: "Address,Host"}},
		Jobs:     []pbx.Job{job(1, "ahead", 300, 0), job(2, "below", 300, 200), job(3, "back", 0, 200), {ID: 4, Name: "off", Active: &off, X: 600}},
		Connections: []pbx.Connection{
			{Kind: pbx.Pass, SourceTrigger: 1, TargetJob: 1},
			{Kind: pbx.Fail, SourceJob: 1, TargetJob: 2},
			{Kind: pbx.Pass, SourceJob: 2, TargetJob: 3},
			{Kind: pbx.Pass, SourceJob: 3, TargetTrigger: 1, Circular: true},
			{Kind: pbx.Pass, SourceJob: 3, TargetJob: 99},
		},
	}
	picture := draw.SVG(p)
	texts := wellFormed(t, picture)
	for _, want := range []string{"A & B <script>", "Seen", "Trigger: Address, Host", "ahead", "below", "back", "off:", "Fail", "Pass", "Response"} {
		require.Contains(t, texts, want)
	}
	require.Equal(t, 4, strings.Count(string(picture), "marker-end"), "a connection that leads nowhere is not drawn")
	require.Equal(t, picture, draw.SVG(p))
}

// Cards never cover each other, however close they stand on the canvas.
func TestCardsStandApart(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		jobs []pbx.Job
	}{
		{"side by side", []pbx.Job{job(1, "a", 0, 0), job(2, "b", 150, 0)}},
		{"one above the other", []pbx.Job{job(1, "a", 0, 0), job(2, "b", 0, 40)}},
		{"across", []pbx.Job{job(1, "a", 0, 0), job(2, "b", 100, 30), job(3, "c", 180, 80)}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			var boxes [][4]float64
			for _, line := range strings.Split(string(draw.SVG(&pbx.Playbook{Name: "x", Jobs: test.jobs})), "\n") {
				var box [4]float64
				if n, _ := fmt.Sscanf(line, `<rect x="%g" y="%g" width="%g" height="%g" rx="6"`, &box[0], &box[1], &box[2], &box[3]); n == 4 && strings.Contains(line, "stroke") {
					boxes = append(boxes, box)
				}
			}
			require.Len(t, boxes, len(test.jobs))
			for i, a := range boxes {
				for _, b := range boxes[:i] {
					apart := a[0] >= b[0]+b[2] || b[0] >= a[0]+a[2] || a[1] >= b[1]+b[3] || b[1] >= a[1]+a[3]
					require.True(t, apart, "%v covers %v", a, b)
				}
			}
		})
	}
}

// Pictures of real exports, where they are at hand, and of hostile ones, are
// well-formed.
func TestAnyPlaybook(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "..", "..", "shared", "pbx", "*.pbx*"))
	require.NoError(t, err)
	playbooks := []*pbx.Playbook{
		{},
		{Name: strings.Repeat("long ", 500), Jobs: []pbx.Job{job(1, strings.Repeat("x", 500), 1e300, -1e300), job(1, "same id", 1e300, -1e300)}},
		{Name: "\xff\xfe", Jobs: []pbx.Job{job(7, "日本語の長い名前がここにあります、とても長い", 0, 0)}},
	}
	for _, name := range files {
		p, err := pbx.ReadFile(name)
		require.NoError(t, err)
		playbooks = append(playbooks, p)
	}
	for _, p := range playbooks {
		picture := draw.SVG(p)
		wellFormed(t, picture)
		require.NotContains(t, string(picture), "NaN")
		require.NotContains(t, string(picture), "Inf")
	}
}

// An arrow goes round a card that stands in its way, and one word serves all
// arrows of a kind that leave a card together.
func TestArrowsGoRoundCards(t *testing.T) {
	t.Parallel()
	picture := func(connections ...pbx.Connection) string {
		return string(draw.SVG(&pbx.Playbook{Name: "x", Jobs: []pbx.Job{job(1, "a", 0, 0), job(2, "b", 300, 0), job(3, "c", 600, 0), job(4, "d", 0, 300), job(5, "e", 0, 150)}, Connections: connections}))
	}
	for name, c := range map[string]pbx.Connection{
		"ahead": {Kind: pbx.Pass, SourceJob: 1, TargetJob: 3},
		"back":  {Kind: pbx.Pass, SourceJob: 3, TargetJob: 1},
		"below": {Kind: pbx.Pass, SourceJob: 3, TargetJob: 4},
	} {
		path := regexp.MustCompile(`<path d="M([^"]*)" fill="none" stroke="#1f7a4d" stroke-width="1.8" marker`).FindStringSubmatch(picture(c))
		require.NotNil(t, path, name)
		require.NotContains(t, path[1], "C", "%s: straight pieces, of which none crosses a card", name)
	}
	together := picture(pbx.Connection{Kind: pbx.Pass, SourceJob: 1, TargetJob: 2}, pbx.Connection{Kind: pbx.Pass, SourceJob: 1, TargetJob: 3})
	require.Equal(t, 2, strings.Count(together, ">Pass<"), "at the card, and in the legend")
}
