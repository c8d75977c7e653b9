package pbx_test

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/pbx"
	"tcsns/internal/tc/variable"
)

const sample = "../../../playbook/AWS-SNS-Integration-PlayBook.pbx"

// generations has what each generation of the export writes in its own way.
const generations = `{
  "name" : "all", "brandNew" : { "x" : [ 1 ] },
  "jobList" : [ {
    "id" : 2251799816001403,
    "appCatalogItem" : { "programName" : "TCPB - X v1", "displayName" : "X", "programVersion" : "1.2.3" },
    "name" : "first",
    "jobParameterList" : [
      { "appCatalogItemParameter" : { "paramName" : "a" }, "value" : "to #Trigger:7:trg.tc.item!String and #App:8:out!StringArray " },
      { "appCatalogItemParameter" : { "paramName" : "b" } },
      { "appCatalogItemParameter" : { "paramName" : "c" }, "value" : null },
      { "appCatalogItemParameter" : { "paramName" : "d" }, "value" : true }
    ],
    "locationLeft" : 1.5, "locationTop" : -2.0,
    "outputVariables" : "[{\"name\":\"out\",\"type\":\"String\"}]",
    "layoutRequiredInputParams" : "[\"a\"]"
  }, { "id" : 8, "name" : "off", "active" : false, "outputVariables" : "not json" } ],
  "playbookTriggerList" : [ { "id" : 7, "type" : "PipeConfig", "outputVariables" : [ { "name" : "in", "type" : "String" } ],
    "pipeOutputParams" : "[{\"key\":\"k\",\"value\":\"#App:2251799816001403:out!String \"}]" } ]
}`

func TestParse(t *testing.T) {
	t.Parallel()
	p, err := pbx.Parse([]byte("\xef\xbb\xbf" + generations))
	require.NoError(t, err)
	job, ok := p.Job(2251799816001403)
	require.True(t, ok, "an id above 2^53 stays exact")
	require.Equal(t, pbx.App{ProgramName: "TCPB - X v1", DisplayName: "X", ProgramVersion: "1.2.3"}, job.App)
	require.Equal(t, []pbx.Param{{"a", "to #Trigger:7:trg.tc.item!String and #App:8:out!StringArray "}, {"b", ""}, {"c", ""}, {"d", "true"}}, job.Params)
	require.Equal(t, "true", job.Value("d"))
	require.Empty(t, job.Value("nowhere"))
	require.True(t, job.IsActive())
	require.Equal(t, []variable.Variable{
		{Namespace: variable.Trigger, JobID: "7", Name: "trg.tc.item", Type: variable.String},
		{Namespace: variable.App, JobID: "8", Name: "out", Type: variable.StringArray},
	}, job.Variables())
	outputs, err := job.OutputVariables.Outputs()
	require.NoError(t, err)
	require.Equal(t, []pbx.Output{{Name: "out", Type: "String"}}, outputs)
	names, err := job.RequiredInputs.Names()
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, names)

	off, ok := p.Job(8)
	require.True(t, ok)
	require.False(t, off.IsActive())
	_, err = off.OutputVariables.Outputs()
	require.Error(t, err)

	trigger, ok := p.Trigger(7)
	require.True(t, ok)
	outputs, err = trigger.OutputVariables.Outputs()
	require.NoError(t, err, "a list that is no text is a list all the same")
	require.Len(t, outputs, 1)
	require.Equal(t, "#App:2251799816001403:out!String", trigger.Variables()[0].Key())
	_, ok = p.Trigger(8)
	require.False(t, ok)
}

func zipped(t *testing.T, name, content string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create(name)
	require.NoError(t, err)
	_, err = f.Write([]byte(content))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func TestReadFile(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		content []byte
		want    string // part of the error, "" for none
	}{
		{"a.pbx", []byte(generations), ""},
		{"a.pbxz", zipped(t, "playbook.pbx", generations), ""},
		{"named.pbx", zipped(t, "PLAYBOOK.PBX", generations), ""},
		{"picture.pbxz", zipped(t, "preview.png", generations), "no .pbx inside"},
		{"cut.pbxz", zipped(t, "playbook.pbx", generations)[:60], "open pbxz"},
		{"cut.pbx", []byte("{\n \"name\" : \"x\",\n \"jobList\" : ["), "line 3"},
		{"kind.pbx", []byte("{\n \"jobList\" : [ {\n \"id\" : \"one\" } ] }"), "line 3"},
		{"other.pbx", []byte(`{"displayName" : "AWS SNS"}`), "not a playbook"},
		{"list.pbx", []byte(`[]`), "line 1"},
		{"empty.pbx", nil, "line 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			name := filepath.Join(t.TempDir(), test.name)
			require.NoError(t, os.WriteFile(name, test.content, 0o600))
			p, err := pbx.ReadFile(name)
			if test.want == "" {
				require.NoError(t, err)
				require.Equal(t, "all", p.Name)
				return
			}
			require.ErrorContains(t, err, test.want)
			require.ErrorContains(t, err, test.name)
		})
	}
	_, err := pbx.ReadFile(filepath.Join(t.TempDir(), "nowhere.pbx"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// loop is trigger 1 → 1 → iterator 2 ⟲ (3 → 4) → 5, and 2 fails to 6.
func loop() *pbx.Playbook {
	connect := func(kind pbx.Kind, from, to int64) pbx.Connection {
		return pbx.Connection{Kind: kind, SourceJob: from, TargetJob: to}
	}
	p := &pbx.Playbook{Triggers: []pbx.Trigger{{ID: 1}}, Connections: []pbx.Connection{
		{Kind: pbx.Pass, SourceTrigger: 1, TargetJob: 1},
		connect(pbx.Pass, 2, 5), connect(pbx.Fail, 2, 6), connect(pbx.Pass, 1, 2), connect(pbx.StartLoop, 2, 3), connect(pbx.Pass, 3, 4),
		{Kind: pbx.EndLoop, Circular: true, SourceJob: 4, TargetJob: 2},
		{Kind: pbx.Pass, Circular: true, SourceJob: 5, TargetTrigger: 1},
	}}
	for id := int64(7); id > 0; id-- {
		p.Jobs = append(p.Jobs, pbx.Job{ID: id, X: float64(100 * id)})
	}
	return p
}

func ids(jobs []*pbx.Job) []int64 {
	found := []int64{}
	for _, j := range jobs {
		found = append(found, j.ID)
	}
	return found
}

func nodes(set map[pbx.Node]bool) []string {
	found := []string{}
	for n := range set {
		found = append(found, n.String())
	}
	return found
}

func TestGraph(t *testing.T) {
	t.Parallel()
	p := loop()
	require.Equal(t, []int64{1}, ids(p.Start(1)))
	require.Equal(t, []int64{5}, ids(p.Next(2, pbx.Pass)))
	require.Equal(t, []int64{6}, ids(p.Next(2, pbx.Fail)))
	require.Equal(t, []int64{3}, ids(p.Next(2, pbx.StartLoop)))
	require.Empty(t, p.Next(4, pbx.EndLoop), "the end of a loop leads back")
	require.Equal(t, []int64{1, 2, 3, 4, 5, 6, 7}, ids(p.Order()))
	require.ElementsMatch(t, []string{"job 2", "job 3", "job 4", "job 1", "trigger 1"}, nodes(p.Upstream(pbx.Node{ID: 5})), "what ran in the loop has run")
	require.ElementsMatch(t, []string{"trigger 1"}, nodes(p.Upstream(pbx.Node{ID: 1})), "a response does not lead through the trigger")
	require.ElementsMatch(t, []string{"job 1", "job 2", "job 3", "job 4", "job 5", "job 6", "trigger 1"}, nodes(p.Reachable(pbx.Node{Trigger: true, ID: 1})))
}

// A circle has no order, and is listed all the same, each job once.
func TestOrderOfACircle(t *testing.T) {
	t.Parallel()
	p := &pbx.Playbook{
		Jobs: []pbx.Job{{ID: 1}, {ID: 2}},
		Connections: []pbx.Connection{
			{Kind: pbx.Pass, SourceJob: 1, TargetJob: 2}, {Kind: pbx.Pass, SourceJob: 2, TargetJob: 1}, {Kind: pbx.Pass, SourceJob: 9, TargetJob: 1},
		},
	}
	require.ElementsMatch(t, []int64{1, 2}, ids(p.Order()))
}

func TestRequested(t *testing.T) {
	t.Parallel()
	p, err := pbx.Parse([]byte(generations))
	require.NoError(t, err)
	require.Equal(t, []variable.Variable{{Namespace: variable.App, JobID: "2251799816001403", Name: "out", Type: variable.String}}, p.Requested(2251799816001403))
	require.Equal(t, []variable.Variable{{Namespace: variable.App, JobID: "8", Name: "out", Type: variable.StringArray}}, p.Requested(8), "read elsewhere, listed nowhere")
	require.Empty(t, p.Requested(9))
}

func TestSample(t *testing.T) {
	t.Parallel()
	p, err := pbx.ReadFile(sample)
	require.NoError(t, err)
	require.Len(t, p.Triggers, 1)
	app := p.Start(p.Triggers[0].ID)
	require.Len(t, app, 1)
	for _, kind := range []pbx.Kind{pbx.Pass, pbx.Fail} {
		loggers := p.Next(app[0].ID, kind)
		require.Len(t, loggers, 1, kind)
		require.Contains(t, loggers[0].Value("log_message"), "sns.debug!String")
	}
	for _, field := range []string{"address", "owner", "threatassess_score", "confidence", "details_link"} {
		require.True(t, strings.HasPrefix(app[0].Value(field), "#Trigger:"), field)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(generations))
	f.Add([]byte(`{"name":"x","jobList":[{"id":1}],"playbookConnectionList":[{"type":"Pass","sourceJobId":1,"targetJobId":1}]}`))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := pbx.Parse(data)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		require.Len(t, p.Order(), len(p.Jobs))
		for i := range p.Jobs {
			p.Upstream(pbx.Node{ID: p.Jobs[i].ID})
			p.Requested(p.Jobs[i].ID)
		}
	})
}

// What no platform exports is refused before anything is made of it: it would
// take hours.
func TestBounds(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"deep":        `{"name":"x"` + strings.Repeat(`,"exportablePipes":[{"name":"x"`, 1000) + strings.Repeat("}]", 1000) + "}",
		"Apps":        `{"name":"x","jobList":[{}` + strings.Repeat(",{}", 5000) + `]}`,
		"connections": `{"name":"x","playbookConnectionList":[{}` + strings.Repeat(",{}", 20000) + `]}`,
	} {
		_, err := pbx.Parse([]byte(text))
		require.ErrorContains(t, err, name)
	}
	if _, err := os.Stat("/dev/zero"); err == nil {
		_, err := pbx.ReadFile("/dev/zero")
		require.ErrorContains(t, err, "larger than")
	}
}
