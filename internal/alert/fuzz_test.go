package alert

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// Whatever the values are, every channel gets something well formed, within
// its limits, and machines the whole indicator.
func FuzzRender(f *testing.F) {
	f.Add("203.0.113.7", "Example Org", "85", "https://tc.example/1", "", true)
	f.Add("https://evil.example/\r\n\x00\u202e", "\"</script>", "NaN", "", "own\nwords", true)
	f.Add("evil\xff.example", "💀", "1e999", "javascript:alert(1)", "\u2028", false)
	f.Add(strings.Repeat("a.", 3000), strings.Repeat("ê", 300), "-0", strings.Repeat("l", 5000), strings.Repeat("é", 3000), true)
	f.Fuzz(func(t *testing.T, address, owner, score, link, own string, defang bool) {
		a := Alert{Address: address, IndicatorType: "Address", Owner: owner, ThreatAssessScore: score, Confidence: score, DetailsLink: link, TriggerAction: "Created"}
		attributes, _ := Attributes(a, nil)
		size := 0
		for _, attribute := range attributes {
			require.NotEmpty(t, attribute.Value)
			require.True(t, utf8.ValidString(attribute.Value))
			size += len(attribute.Name) + len(attribute.Type) + len(attribute.Value)
		}
		m, err := Render(a, Options{Format: PerProtocol, Defang: defang, Message: own, AttributeBytes: size, MaxBytes: 30_000})
		if err != nil {
			require.Greater(t, len(address), 3_000, "only a long indicator does not fit")
			return
		}
		require.LessOrEqual(t, len(m.Body)+len(m.Subject)+size, 30_000)
		wellFormed(t, a, m)
		if own == "" {
			lines := strings.Count(part(m, "email"), "\n")
			require.LessOrEqual(t, lines, 14, "no value starts a line of its own")
		}
	})
}

// Defanging twice is defanging once, and nothing but brackets and the scheme changes.
func FuzzDefang(f *testing.F) {
	for _, text := range []string{"203.0.113.7", "http://evil.example/a", "a@b.example", "[::1]:80", "::ffff:1.2.3.4", "[.]", "x[[.]]y", "http://[::1%25a]/", "https://good.example/?u=http://evil.example/x", "see (HTTP://evil.example)"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Defang(text)
		require.Equal(t, utf8.ValidString(text), utf8.ValidString(got))
		require.Equal(t, got, Defang(got))
		require.NotRegexp(t, `(?i)(^|[^a-z0-9])(https?|ftp):`, got)
	})
}

// What is accepted is what SNS takes.
func FuzzOwnAttribute(f *testing.F) {
	f.Add("team", "ir")
	f.Add("severity:Number", "7.5")
	f.Add("tags:String.Array", `["a"]`)
	f.Add("AWS.SNS.SMS.SenderID", "SOC")
	f.Fuzz(func(t *testing.T, key, value string) {
		a, err := OwnAttribute(key, value)
		if err != nil {
			return
		}
		require.NotEmpty(t, a.Name)
		require.LessOrEqual(t, len(a.Name), maxName)
		require.NotContains(t, a.Name, ":")
		if a.Value != "" && a.Type == typeStringArray {
			require.True(t, json.Valid([]byte(a.Value)))
		}
	})
}

// One alert, every channel: it is done 100,000 times in a large run.
func BenchmarkRender(b *testing.B) {
	a, o := example(), Options{Format: PerProtocol, Defang: true}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Render(a, o); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAttributes(b *testing.B) {
	a := example()
	b.ReportAllocs()
	for b.Loop() {
		Attributes(a, nil)
	}
}
