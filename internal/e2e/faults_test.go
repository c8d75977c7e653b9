package e2e

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fault is one row of the table: what is done to the App, and what must come
// of it. README.md shows the rows; TestFaults runs them.
//
// An App survives a fault when all of it holds: the process ends by itself,
// within the bound, with the exit code of the row; sns.debug and message.tc
// say what the row says; the topic has as many messages as the row says, so
// that nothing is sent twice and nothing is called sent that is not; no
// secret is in any file, stream or output; stdout is empty; no stack trace is
// shown.
type fault struct {
	ID   string // "store-down": unique, the name of the subtest
	Area string // store, SNS, machine, data
	Name string // what is done, in words

	Exit   int           // exit code
	Debug  string        // in sns.debug; or one of the debug constants
	Says   []string      // in message.tc, each, "Fix:" too unless Exit is 0; nil: "published", or noMessage
	Sent   int           // messages on the topic afterwards
	Within time.Duration // from start to end; 0: withinDefault
	Needs  string        // root, …: what the row skips without; "" nothing

	// do makes the world, does it to an App in it and returns both, for the
	// checks above; it checks whatever else the row is about.
	do func(t *testing.T) (*world, outcome)
}

// What sns.debug can hold besides words.
const (
	debugMessageID = "the MessageID" // that of the last message on the topic
	debugNone      = "not written"   // the store cannot be reached, or the parameters do not tell where it is
	debugAny       = "any"           // the row's own code checks it
)

// noMessage is what message.tc says in a row that takes the file away: there is
// none, and stderr says why.
var noMessage = []string{}

// published is what message.tc says in a row that says nothing else.
const published = "published"

// withinDefault is the bound of a row that does not wait for anything:
// hundreds of times what a run takes, so that it fails for a hang, not for a
// busy machine.
const withinDefault = 15 * time.Second

// faults are the rows of the table, in its order.
func faults() []fault {
	var rows []fault
	for _, area := range [][]fault{storeFaults(), snsFaults(), machineFaults(), dataFaults()} {
		rows = append(rows, area...)
	}
	return rows
}

// TestFaults runs every row of the table.
func TestFaults(t *testing.T) {
	t.Parallel()
	slots := make(chan struct{}, 3*runtime.GOMAXPROCS(0))
	seen := map[string]bool{}
	for _, row := range faults() {
		require.False(t, seen[row.ID], "two rows have the ID %s", row.ID)
		seen[row.ID] = true
		t.Run(row.ID, func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			row.run(t)
		})
	}
}

// run does what the row says to an App and checks what came of it.
func (f fault) run(t *testing.T) {
	t.Helper()
	if f.Needs == "root" && os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	w, out := f.do(t)
	shown := fmt.Sprintf("message.tc: %s\nstderr: %s\nsns.debug: %s", out.Message, out.Stderr, out.outputs["sns.debug"])
	require.Empty(t, out.Signal, "the App ends by itself\n%s", shown)
	require.Equal(t, f.Exit, out.ExitCode, shown)
	require.Less(t, out.Duration, f.within(), "the bound of the row")
	require.NotContains(t, out.Stderr, "goroutine ", "a stack trace is not for a person")

	require.Equal(t, f.Sent, w.sns.Accepted(), "messages on the topic\n%s", shown)
	switch debug := out.outputs["sns.debug"]; f.Debug {
	case debugAny:
	case debugNone:
		require.Empty(t, debug)
	case debugMessageID:
		messages := w.sns.Messages()
		require.NotEmpty(t, messages)
		require.Equal(t, messages[len(messages)-1].MessageID, debug, shown)
	default:
		require.NotEmpty(t, f.Debug, "a row says what sns.debug holds")
		require.Contains(t, debug, f.Debug, shown)
	}
	require.LessOrEqual(t, len([]rune(out.Message)), 254, "message.tc is cut by the platform")
	says := f.says()
	for _, words := range says {
		require.Contains(t, out.Message, words, shown)
	}
	switch {
	case len(says) == 0:
		require.Empty(t, out.Message, shown)
		require.Contains(t, out.Stderr, "write exit message: ", shown)
	case f.Exit != 0:
		require.Contains(t, out.Message, "Fix:", shown)
	}
}

// says are the words in message.tc, none where there is no such file.
func (f fault) says() []string {
	if f.Says == nil {
		return []string{published}
	}
	return f.Says
}

// update makes TestFaultTable write what it else compares.
var update = flag.Bool("update", false, "write README.md's table of faults")

// The table in README.md is that of the rows.
func TestFaultTable(t *testing.T) {
	t.Parallel()
	rows := table(faults())
	if *update {
		replaceBlock(t, "faults", rows)
		return
	}
	_, block, _ := readmeBlock(t, "faults")
	require.Equal(t, rows, block, "run go test ./internal/e2e -run TestFaultTable -update")
	top, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	n := len(faults())
	require.Contains(t, string(top), fmt.Sprintf("**Faults**: %d tried, %d survived", n, n))
}

// readmeBlock is what stands in README.md before a block, in it, and after it.
// The comments <!-- name --> and <!-- /name --> enclose it.
func readmeBlock(t *testing.T, name string) (before, block, after string) {
	t.Helper()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->\n"
	before, rest, ok := strings.Cut(string(readme), begin)
	require.True(t, ok, "README.md has no %s", begin)
	block, after, ok = strings.Cut(rest, end)
	require.True(t, ok, "README.md has no %s", end)
	return before + begin, block, end + after
}

func replaceBlock(t *testing.T, name, block string) {
	t.Helper()
	before, _, after := readmeBlock(t, name)
	require.NoError(t, os.WriteFile("README.md", []byte(before+block+after), 0o644))
}

// table writes rows down as Markdown, with their sum.
func table(rows []fault) string {
	var b strings.Builder
	area, skips := "", 0
	for i, row := range rows {
		if row.Needs != "" {
			skips++
		}
		if row.Area != area {
			area = row.Area
			fmt.Fprintf(&b, "\n### %s\n\n| # | fault | exit | `sns.debug` | `message.tc` | on the topic | within |\n|--:|---|--:|---|---|--:|--:|\n", area)
		}
		fmt.Fprintf(&b, "| %d | %s | %d | %s | %s | %d | %s |\n", i+1, row.words(), row.Exit, row.debug(), row.message(), row.Sent, row.within())
	}
	fmt.Fprintf(&b, "\n%d faults tried, %d survived: a row that is not fails the tests. Without root %d of them are skipped.\n", len(rows), len(rows), skips)
	return b.String()
}

// words is the row's name, and what it needs.
func (f fault) words() string {
	if f.Needs != "" {
		return f.Name + " (needs " + f.Needs + ")"
	}
	return f.Name
}

// debug is what sns.debug holds, for the table.
func (f fault) debug() string {
	switch f.Debug {
	case debugMessageID, debugNone:
		return f.Debug
	case debugAny:
		return "see the test"
	}
	return quoted(f.Debug)
}

// message is what message.tc says, for the table.
func (f fault) message() string {
	says := f.says()
	if len(says) == 0 {
		return "none, stderr says why"
	}
	words := make([]string, len(says))
	for i, text := range says {
		words[i] = quoted(text)
	}
	return strings.Join(words, " ")
}

func quoted(text string) string { return "“" + strings.ReplaceAll(text, "|", "\\|") + "”" }

func (f fault) within() time.Duration {
	if f.Within == 0 {
		return withinDefault
	}
	return f.Within
}
