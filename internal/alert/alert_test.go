package alert

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// example is an alert with everything known.
func example() Alert {
	return Alert{
		Address: "203.0.113.7", IndicatorType: "Address", Owner: "Example Org", ThreatAssessScore: "854", Confidence: "75",
		DetailsLink: "https://tc.example/auth/indicators/details/address.xhtml?address=203.0.113.7&owner=Example+Org", TriggerAction: "Created",
	}
}

// part is the text for a protocol.
func part(m Message, protocol string) string {
	for _, p := range m.Parts {
		if p.Protocol == protocol {
			return p.Text
		}
	}
	return ""
}

// golden compares text with a golden file, or writes it.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", "golden", name)
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "go test ./internal/alert -update writes it")
	require.Equal(t, string(want), text, name)
}

// The golden files are what each channel gets, for a person to read.
func TestGolden(t *testing.T) {
	t.Parallel()
	hash := strings.Repeat("d41d8cd98f00b204", 4)
	cases := map[string]Alert{
		"address":  example(),
		"bare":     {Address: "203.0.113.7", IndicatorType: "Address", TriggerAction: "Created"},
		"ipv6":     {Address: "2001:db8::7", IndicatorType: "Address", TriggerAction: "Created", Owner: "Example Org"},
		"url":      {Address: "https://evil.example:8443/a/b.html?q=1&r=<x>#f", IndicatorType: "URL", TriggerAction: "Created"},
		"idn":      {Address: "bücher.例え.テスト", IndicatorType: "Host", TriggerAction: "Tagged", Owner: "Beispiel GmbH"},
		"email":    {Address: "first.last@evil.example", IndicatorType: "EmailAddress", TriggerAction: "Deleted"},
		"file":     {Address: hash, IndicatorType: "File", TriggerAction: "Created", ThreatAssessScore: "n/a", Confidence: "75.5"},
		"emoji":    {Address: "evil💀.example", IndicatorType: "Host", TriggerAction: "Created", Owner: "Team 🚀"},
		"rtl":      {Address: "evil\u202Eelpmaxe.example", IndicatorType: "Host", TriggerAction: "Created", Owner: "שלום"},
		"injected": {Address: "evil.example\r\nOwner: trusted", IndicatorType: "Host", TriggerAction: "Created", Owner: "\"</script>\x00\t\\"},
		"owner300": {Address: "203.0.113.7", IndicatorType: "Address", TriggerAction: "Created", Owner: strings.Repeat("Example ", 37) + "Org!", DetailsLink: "https://tc.example/1"},
	}
	for name, a := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, err := Render(a, Options{Format: PerProtocol, Defang: true})
			require.NoError(t, err)
			wellFormed(t, a, m)
			golden(t, name+"/subject.txt", m.Subject+"\n")
			golden(t, name+"/email.txt", part(m, "email"))
			golden(t, name+"/sms.txt", part(m, "sms")+"\n")
			for _, protocol := range []string{"default", "APNS", "GCM", "ADM"} {
				var indented strings.Builder
				encoder := json.NewEncoder(&indented)
				encoder.SetEscapeHTML(false)
				encoder.SetIndent("", "  ")
				var value any
				require.NoError(t, json.Unmarshal([]byte(part(m, protocol)), &value))
				require.NoError(t, encoder.Encode(value))
				golden(t, name+"/"+protocol+".json", indented.String())
			}
			golden(t, name+"/notes.txt", strings.Join(append(m.Cut, m.Remarks...), "\n"))
		})
	}
}

// wellFormed holds a message against what every message keeps.
func wellFormed(t *testing.T, a Alert, m Message) {
	t.Helper()
	require.NotEmpty(t, m.Subject)
	require.LessOrEqual(t, utf8.RuneCountInString(m.Subject), 100)
	require.False(t, strings.ContainsFunc(m.Subject, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u2028' || r == '\u202e' }))
	require.False(t, strings.HasPrefix(m.Subject, " "))
	require.True(t, utf8.ValidString(m.Body))

	var parts map[string]string
	require.NoError(t, json.Unmarshal([]byte(m.Body), &parts), "values are texts")
	require.Len(t, parts, len(m.Parts))
	for _, p := range m.Parts {
		require.Equal(t, p.Text, parts[p.Protocol])
	}
	for _, protocol := range []string{"default", "APNS", "APNS_SANDBOX", "GCM", "ADM"} {
		require.True(t, json.Valid([]byte(parts[protocol])), protocol)
	}
	require.LessOrEqual(t, len(parts["APNS"]), appleBytes)
	require.LessOrEqual(t, len(parts["GCM"]), firebaseBytes)
	require.LessOrEqual(t, len(parts["ADM"]), amazonBytes)
	require.Equal(t, smsParts(parts["sms"]), m.SMSParts)
	require.LessOrEqual(t, m.SMSParts, 2)

	var document map[string]any
	require.NoError(t, json.Unmarshal([]byte(parts["default"]), &document))
	require.Equal(t, strings.ToValidUTF8(a.Address, "\uFFFD"), document["address"], "the indicator is whole and raw")
	for _, name := range []string{"indicator_type", "owner", "threatassess_score", "confidence", "details_link", "trigger_action"} {
		require.Contains(t, document, name)
	}
}

// Nothing that is empty leaves a line, a label or a gap.
func TestMissingValuesLeaveNoTrace(t *testing.T) {
	t.Parallel()
	m, err := Render(Alert{Address: "203.0.113.7", IndicatorType: "Address", TriggerAction: "Created"}, Options{Format: PerProtocol, Defang: true})
	require.NoError(t, err)
	email := part(m, "email")
	for _, label := range []string{"Owner", "ThreatAssess:", "Confidence", "Details"} {
		require.NotContains(t, email, label)
	}
	require.Equal(t, "Address Created: 203.0.113[.]7", part(m, "sms"))
	require.Contains(t, part(m, "default"), `"owner":null,"threatassess_score":null,"confidence":null,"details_link":null`)
}

func TestFormats(t *testing.T) {
	t.Parallel()
	text, err := Render(example(), Options{Format: Text, Defang: true})
	require.NoError(t, err)
	require.False(t, text.JSONStructure)
	require.Contains(t, text.Body, "203.0.113[.]7")

	document, err := Render(example(), Options{Format: JSON, Defang: true, Message: "own"})
	require.NoError(t, err)
	require.False(t, document.JSONStructure)
	require.Contains(t, document.Body, `"address":"203.0.113.7"`)
	require.Contains(t, document.Body, `"message":"own"`)

	raw, err := Render(example(), Options{Format: Text})
	require.NoError(t, err)
	require.NotContains(t, raw.Body, "[.]")
	require.NotContains(t, raw.Body, "defanged")
}

// One's own words are sent as written: people get them, machines beside the rest.
func TestOwnWords(t *testing.T) {
	t.Parallel()
	own := "Block http://evil.example now.\nThanks."
	m, err := Render(example(), Options{Format: PerProtocol, Defang: true, Message: own, Subject: "  Look:\n203.0.113.7  "})
	require.NoError(t, err)
	require.Equal(t, "Look: 203.0.113.7", m.Subject)
	require.Equal(t, own, part(m, "email"))
	require.Equal(t, own, part(m, "sms"))
	require.Contains(t, part(m, "APNS"), `"body":"Block http://evil.example now.\nThanks."`)
	var document map[string]any
	require.NoError(t, json.Unmarshal([]byte(part(m, "default")), &document))
	require.Equal(t, own, document["message"])
	require.Equal(t, "203.0.113.7", document["address"])

	text, err := Render(example(), Options{Format: Text, Defang: true, Message: own})
	require.NoError(t, err)
	require.Equal(t, own, text.Body)
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"85": "85", " 85 ": "85", "85.50": "85.5", "1e3": "1000", "-0": "0", "0": "0", "1000000000000000000000000": "1e+24", "0.1": "0.1",
		"": "null", "NaN": "null", "Inf": "null", "0x10": "null", "1_000": "null", "85%": "null", "high": "null", "1e999": "null", ".": "null",
	} {
		n, _ := parseNumber(text)
		require.Equal(t, want, string(n.append(nil)), "%q", text)
	}
	a := example()
	a.ThreatAssessScore = "high"
	m, err := Render(a, Options{Format: PerProtocol})
	require.NoError(t, err)
	require.Contains(t, part(m, "email"), "high")
	require.Contains(t, part(m, "default"), `"threatassess_score":null`)
	require.Len(t, m.Remarks, 1)
	require.NotContains(t, m.Remarks[0], "high", "a remark names the input, not its value")
}

// A subject that is cut says so, like everything else that is.
func TestSubjectIsCutAloud(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{
		"own":      {Format: Text, Subject: strings.Repeat("word ", 30) + "203.0.113.7"},
		"rendered": {Format: Text},
	} {
		a := example()
		if name == "rendered" {
			a.TriggerAction = strings.Repeat("x", 100)
		}
		m, err := Render(a, o)
		require.NoError(t, err)
		require.LessOrEqual(t, utf8.RuneCountInString(m.Subject), 100)
		require.True(t, strings.HasSuffix(m.Subject, "…"))
		require.Contains(t, strings.Join(m.Cut, "; "), "subject (it has 1", name)
	}
	m, err := Render(example(), Options{Format: Text, Subject: strings.Repeat("x", 100)})
	require.NoError(t, err)
	require.Empty(t, m.Cut)
}

func TestBlank(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", " ", "\t\r\n", "\u00a0", "\u200b\u202e", "\x00", "\u200d", "\u3164", "\u00ad\ufe0f", "\U000e0041"} {
		require.True(t, Blank(text), "%q", text)
	}
	require.False(t, Blank(" 203.0.113.7 "))
}

// What hides in a text does not reach people; what scripts and emoji need does.
func TestInvisibleCharacters(t *testing.T) {
	t.Parallel()
	for _, hidden := range []string{"\u200b", "\u2060", "\u2064", "\u00ad", "\u180e", "\ufeff", "\u061c", "\u202e", "\u2066", "\U000e0041"} {
		a := example()
		a.Address = "pay" + hidden + "pal.example"
		m, err := Render(a, Options{})
		require.NoError(t, err)
		for _, protocol := range []string{"email", "sms", "APNS", "GCM", "ADM"} {
			require.NotContains(t, part(m, protocol), hidden, "%s %q", protocol, hidden)
		}
		require.Contains(t, part(m, "email"), "paypal.example")
		require.Contains(t, part(m, "default"), a.Address, "machines get it as it is")
	}
	require.Equal(t, "می\u200cخواهم 👩\u200d💻", oneLine("می\u200cخواهم 👩\u200d💻"))
}

func TestSMSParts(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		text string
		want int
	}{
		{strings.Repeat("a", 160), 1}, {strings.Repeat("a", 161), 2}, {strings.Repeat("a", 306), 2}, {strings.Repeat("a", 307), 3},
		{strings.Repeat("[", 80), 1}, {strings.Repeat("[", 81), 2}, // two septets each
		{strings.Repeat("é", 160), 1}, {strings.Repeat("ê", 70), 1}, {strings.Repeat("ê", 71), 2}, // ê is not in the alphabet
		{strings.Repeat("💀", 35), 1}, {strings.Repeat("💀", 36), 2}, // two units each
		{strings.Repeat("ê", 134), 2}, {strings.Repeat("ê", 135), 3}, // 67 of each of several
		{"a\u0000", 1},
		// A part ends between two words, and after 153 septets.
		{strings.Repeat("a", 60) + " " + strings.Repeat("b", 236), 3}, {strings.Repeat("word ", 61), 3}, {strings.Repeat("word ", 60), 2},
		{strings.Repeat("a", 152) + "[" + strings.Repeat("b", 152), 3}, // two septets are not torn
		{"a" + strings.Repeat(" ", 306), 3},
	} {
		require.Equal(t, row.want, smsParts(row.text), "%d of %q", utf8.RuneCountInString(row.text), firstRunes(row.text, 1))
	}
}

// Every character of the default alphabet takes one septet, every one of its
// extension two (3GPP TS 23.038 §6.2.1, in the order of its tables).
func TestGSMAlphabet(t *testing.T) {
	t.Parallel()
	const (
		alphabet = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
			"¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
		extension = "\f^{}\\[~]|€"
	)
	require.Equal(t, 127, utf8.RuneCountInString(alphabet), "128 and the escape")
	for _, r := range alphabet {
		require.Equal(t, 1, septets(r), "%q", r)
	}
	for _, r := range extension {
		require.Equal(t, 2, septets(r), "%q", r)
	}
	known := 0
	for r := rune(0); r < 0x3000; r++ {
		if septets(r) > 0 {
			known++
		}
	}
	require.Equal(t, 127+10, known, "and nothing else is in it")
}

// The SMS gives up the owner, then the link, then the scores; the indicator never.
func TestSMSCutsInOrder(t *testing.T) {
	t.Parallel()
	render := func(a Alert) Message {
		m, err := Render(a, Options{Format: PerProtocol, Defang: true})
		require.NoError(t, err)
		require.LessOrEqual(t, m.SMSParts, 2)
		return m
	}
	a := example()
	a.Owner = strings.Repeat("o", 400)
	m := render(a)
	require.Contains(t, part(m, "sms"), "203.0.113[.]7")
	require.Contains(t, part(m, "sms"), a.DetailsLink)
	require.Contains(t, part(m, "sms"), "ooo...")
	require.Contains(t, m.Cut, "owner in the SMS")

	a.DetailsLink = "https://tc.example/" + strings.Repeat("l", 400)
	m = render(a)
	require.NotContains(t, part(m, "sms"), "lll")
	require.Contains(t, part(m, "sms"), "TA 854")
	require.Contains(t, m.Cut, "details_link in the SMS")

	a.Address = strings.Repeat("a", 250) + ".example"
	require.Contains(t, part(render(a), "sms"), strings.Repeat("a", 250)+"[.]example")

	// A score is whatever the author maps to it.
	a.Address, a.ThreatAssessScore = "203.0.113.7", strings.Repeat("s", 400)
	m = render(a)
	require.Equal(t, "Address Created: 203.0.113[.]7", part(m, "sms"))
	require.Contains(t, m.Cut, "threatassess_score and confidence in the SMS")
	a.IndicatorType = strings.Repeat("t", 400)
	m = render(a)
	require.Equal(t, "203.0.113[.]7", part(m, "sms"))
	require.Contains(t, m.Cut, "indicator_type and trigger_action in the SMS")
	a.ThreatAssessScore, a.IndicatorType = "854", "Address"

	a.Address, a.DetailsLink = "https://evil.example/"+strings.Repeat("a", 2000), "https://tc.example/1"
	m = render(a)
	require.Equal(t, "Address Created: 2023 characters, too long for an SMS https://tc.example/1", part(m, "sms"))
	require.Contains(t, strings.Join(m.Cut, " "), "address in the SMS")
	require.Contains(t, part(m, "email"), strings.Repeat("a", 2000), "whole where there is room")

	m, err := Render(example(), Options{Format: PerProtocol, Message: strings.Repeat("b", 1000)})
	require.NoError(t, err)
	require.Equal(t, 2, m.SMSParts)
	require.True(t, strings.HasSuffix(part(m, "sms"), "..."))
	require.Contains(t, m.Cut, "message in the SMS")
}

func TestPushStaysWithinItsSize(t *testing.T) {
	t.Parallel()
	a := example()
	a.Owner, a.DetailsLink = strings.Repeat("\"", 3000), "https://tc.example/"+strings.Repeat("l", 3000)
	m, err := Render(a, Options{Format: PerProtocol, Defang: true})
	require.NoError(t, err)
	wellFormed(t, a, m)
	require.Contains(t, part(m, "APNS"), "203.0.113[.]7")
	require.Contains(t, m.Cut, "owner in APNS")

	long := example()
	long.IndicatorType = strings.Repeat("t", 5000)
	m, err = Render(long, Options{Format: PerProtocol, Message: "own"})
	require.NoError(t, err)
	wellFormed(t, long, m)
	long.ThreatAssessScore = strings.Repeat("s", 5000)
	m, err = Render(long, Options{Format: PerProtocol, Defang: true})
	require.NoError(t, err)
	wellFormed(t, long, m)
	require.Contains(t, part(m, "APNS"), "203.0.113[.]7", "what is too long is not the indicator")
	require.NotContains(t, part(m, "APNS"), "too long")
	require.Subset(t, m.Cut, []string{"threatassess_score and confidence in APNS", "indicator_type in APNS"})

	a.Address = strings.Repeat("a", 5000)
	m, err = Render(a, Options{Format: PerProtocol, Defang: true})
	require.NoError(t, err)
	wellFormed(t, a, m)
	require.Contains(t, part(m, "GCM"), "5000 characters, too long for a push notification")
	require.Contains(t, part(m, "ADM"), strings.Repeat("a", 5000), "whole where there is room")

	m, err = Render(example(), Options{Format: PerProtocol, Message: strings.Repeat("é", 9000)})
	require.NoError(t, err)
	require.Contains(t, m.Cut, "message in APNS")
	for protocol, most := range map[string]int{"APNS": 4096, "APNS_SANDBOX": 4096, "GCM": 4096, "ADM": 6144} {
		require.LessOrEqual(t, len(part(m, protocol)), most, protocol)
		require.Greater(t, len(part(m, protocol)), most-8, "as much as fits: %s", protocol)
	}
}

// What is too large is cut, by rune, and says so; the indicator is whole.
func TestBudget(t *testing.T) {
	t.Parallel()
	a := example()
	for _, format := range []Format{PerProtocol, Text, JSON} {
		m, err := Render(a, Options{Format: format, Defang: true, Message: strings.Repeat("é", 300_000), AttributeBytes: 500})
		require.NoError(t, err)
		size := len(m.Body) + len(m.Subject) + 500
		require.LessOrEqual(t, size, defaultMaxBytes)
		require.Greater(t, size, defaultMaxBytes-20, "as much as fits, %s", format)
		require.True(t, utf8.ValidString(m.Body))
		require.Contains(t, strings.Join(m.Cut, " "), "message")
		if format == JSON {
			require.True(t, json.Valid([]byte(m.Body)))
			require.Contains(t, m.Body, `"truncated":true`)
			require.Contains(t, m.Body, `"address":"203.0.113.7"`)
		}
	}

	a.Owner = strings.Repeat("Example ", 10)
	exact, err := Render(a, Options{Format: JSON})
	require.NoError(t, err)
	size := len(exact.Body) + len(exact.Subject)
	fits, err := Render(a, Options{Format: JSON, MaxBytes: size})
	require.NoError(t, err)
	require.Empty(t, fits.Cut)
	cut, err := Render(a, Options{Format: JSON, MaxBytes: size - 1})
	require.NoError(t, err)
	require.Contains(t, cut.Cut[0], "owner", "the owner goes first")
	require.Contains(t, cut.Body, a.DetailsLink)

	_, err = Render(Alert{Address: strings.Repeat("a", 300_000), IndicatorType: "URL"}, Options{Format: JSON})
	var problem *Error
	require.ErrorAs(t, err, &problem)
	require.Equal(t, "address", problem.Input)
	require.NotContains(t, err.Error(), "aaa")
}

func TestDefang(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"203.0.113.7":                                      "203.0.113[.]7",
		"203.0.113.7:8080":                                 "203.0.113[.]7:8080",
		"203.0.113.0/24":                                   "203.0.113[.]0/24",
		"2001:db8::1":                                      "2001:db8:[:]1",
		"::ffff:203.0.113.7":                               "::ffff:203.0.113[.]7",
		"evil.example":                                     "evil[.]example",
		"evil.example:8080":                                "evil[.]example:8080",
		"http://evil.example/a.html":                       "hxxp://evil[.]example/a.html",
		"http://203.0.113.7/a.html":                        "hxxp://203.0.113[.]7/a.html",
		"HTTPS://user@evil.example?q=a":                    "hxxps://user[@]evil[.]example?q=a",
		"ftp://[2001:db8::1]/x":                            "fxp://[2001:db8:[:]1]/x",
		"ftp://[2001:db8::1]:21/x":                         "fxp://[2001:db8:[:]1]:21/x",
		"first.last@evil.example":                          "first[.]last[@]evil[.]example",
		"evil.example/path.html":                           "evil[.]example/path.html",
		"d41d8cd98f00b204e9800998ecf842":                   "d41d8cd98f00b204e9800998ecf842",
		"hxxp://evil[.]example/a.html":                     "hxxp://evil[.]example/a.html",
		"bücher.example":                                   "bücher[.]example",
		"AS64500":                                          "AS64500",
		"see http://evil.example/x.html":                   "see hxxp://evil[.]example/x.html",
		"<HTTP://evil.example>":                            "<hxxp://evil[.]example>",
		"feed:http://evil.example/":                        "feed:hxxp://evil[.]example/",
		"https://good.example/?u=http://evil.example/x.y":  "hxxps://good[.]example/?u=hxxp://evil[.]example/x.y",
		`\\evil.example\share\a.exe`:                       `\\evil[.]example\share\a.exe`, // mail programs make a link of it
		"//evil.example/a.html":                            "//evil[.]example/a.html",
		"///203.0.113.7":                                   "///203.0.113[.]7",
		"/rc.d/init":                                       "/rc.d/init",
		`C:\a.d\b.exe`:                                     `C:\a.d\b.exe`,
		"Invoice/Order: see evil.example, or 203.0.113.7":  "Invoice/Order: see evil[.]example, or 203.0.113[.]7",
		"Mozilla/5.0 (Windows NT 10.0; +http://a.example)": "Mozilla/5.0 (Windows NT 10.0; +hxxp://a[.]example)",
		"": "",
	} {
		require.Equal(t, want, Defang(text), text)
		require.Equal(t, want, Defang(want), "twice is once: %s", text)
	}
}
