package validate

import (
	"math"
	"slices"
	"strings"

	"tcsns/internal/dev/pbx"
	"tcsns/internal/tc/variable"
)

// publishRules are for a playbook of our own that strangers import: it says
// what it is, is pleasant to look at, and gives nothing away.
func publishRules() []func(*playbookCheck) {
	return []func(*playbookCheck){titled, switchedOn, provenance, owners, accounts, catalogIDs, overlaps, texts}
}

func titled(c *playbookCheck) {
	if strings.TrimSpace(c.p.Name) == "" {
		c.add("name", "write it", "the playbook has no title")
	}
	if strings.TrimSpace(c.p.Description) == "" {
		c.add("description", "say what it does and what to fill in", "the playbook has no description")
	}
}

// switchedOn: what is imported runs as soon as the playbook is activated.
func switchedOn(c *playbookCheck) {
	if len(c.p.Jobs) == 0 {
		c.add("jobList", "add an App", "the playbook runs nothing")
	}
	for i := range c.p.Jobs {
		j := &c.p.Jobs[i]
		if strings.TrimSpace(j.Name) == "" {
			c.add(jobPlace(j), "name it", "the App has no name on the canvas")
		}
		if !j.IsActive() {
			c.add(jobPlace(j), "remove active", "it is switched off")
		}
	}
	for i := range c.p.Triggers {
		if t := &c.p.Triggers[i]; t.Active != nil && !*t.Active {
			c.add(triggerPlace(t), "remove active", "it is switched off")
		}
	}
}

// provenance is what an export says of where it comes from.
func provenance(c *playbookCheck) {
	for _, field := range []struct{ name, value string }{
		{"groupXid", c.p.GroupXID}, {"comment", c.p.Comment}, {"dateExported", c.p.DateExported}, {"notifyEmailList", c.p.NotifyEmailList},
	} {
		if field.value != "" {
			c.add(field.name, "remove it", "it belongs to the environment of the export")
		}
	}
	for _, v := range c.p.ScopeVariables {
		if v.Value != "" {
			c.add("playbookScopeVariables "+v.Name, "empty it", "its value belongs to the environment of the export")
		}
	}
}

func owners(c *playbookCheck) {
	for i := range c.p.Triggers {
		if t := &c.p.Triggers[i]; len(t.Organizations) > 0 {
			c.add(triggerPlace(t), "remove organizationNames", "it names owners of the environment of the export")
		}
	}
}

// accounts: the 2018 generation exports names and passwords in clear.
func accounts(c *playbookCheck) {
	for i := range c.p.Triggers {
		if t := &c.p.Triggers[i]; t.BasicAuthUsername != "" || t.BasicAuthPassword != "" {
			c.add(triggerPlace(t), "remove httpBasicAuthUsername and httpBasicAuthPassword", "it carries an account in clear")
		}
		if user := c.p.Triggers[i].RunAsUser; user != "" && user != "true" && user != "false" {
			c.add(triggerPlace(&c.p.Triggers[i]), "remove overrideRunAsUser", "it names a user of the environment of the export")
		}
	}
	for i := range c.p.Jobs {
		if j := &c.p.Jobs[i]; j.PublishUsername != "" || j.PublishPassword != "" {
			c.add(jobPlace(j), "remove publishUsername and publishPassword", "it carries an account in clear")
		}
	}
}

func catalogIDs(c *playbookCheck) {
	for i := range c.p.Jobs {
		if j := &c.p.Jobs[i]; slices.ContainsFunc(j.App.RunLevels, func(l pbx.RunLevel) bool { return l.ID != 0 }) || len(j.LanguageModel) > 0 {
			c.add(jobPlace(j), "remove runLevels and languageModelConfiguration", "it carries ids of the environment of the export")
		}
		if j := &c.p.Jobs[i]; j.App.ID != 0 {
			c.add(jobPlace(j), "remove appCatalogItem.id: programName and programVersion say which App it is", "its catalog id is the one of the environment of the export")
		}
	}
}

// The place that a card and its label take on the canvas, in its units: rows
// of tidy real exports are 90 to 110 apart, columns 210 to 230.
const (
	cardWidth  = 200
	cardHeight = 90
)

func overlaps(c *playbookCheck) {
	type card struct {
		place string
		x, y  float64
	}
	var cards []card
	for i := range c.p.Triggers {
		t := &c.p.Triggers[i]
		cards = append(cards, card{triggerPlace(t), t.X, t.Y})
	}
	for i := range c.p.Jobs {
		j := &c.p.Jobs[i]
		cards = append(cards, card{jobPlace(j), j.X, j.Y})
	}
	for i, a := range cards {
		for _, b := range cards[:i] {
			if math.Abs(a.x-b.x) < cardWidth && math.Abs(a.y-b.y) < cardHeight {
				c.add(a.place, "change locationLeft or locationTop", "it covers %s on the canvas", b.place)
			}
		}
	}
}

// texts looks for what gives an environment away in everything a person wrote.
func texts(c *playbookCheck) {
	check := func(place, text string) {
		if what := reveals(text); what != "" {
			c.add(place, "use a reference such as ${ORGANIZATION:TEXT:name}, or remove it", "it holds %s", what)
		}
	}
	check("name", c.p.Name)
	check("description", c.p.Description)
	for _, label := range c.p.Labels {
		check("playbookLabels", label.Type.Label)
	}
	for i := range c.p.Triggers {
		t := &c.p.Triggers[i]
		check(triggerPlace(t), t.Name)
		check(triggerPlace(t)+", response", string(t.ResponseHeader)+" "+string(t.ResponseBody))
		for _, filter := range t.Filters {
			check(triggerPlace(t)+", filter", string(filter.Value))
		}
	}
	for i := range c.p.Jobs {
		j := &c.p.Jobs[i]
		check(jobPlace(j), j.Name)
		for _, param := range j.Params {
			check(jobPlace(j)+", "+param.Name, literals(param.Value))
			if strings.Contains(param.Value, "://") && hasHost(literals(param.Value)) {
				c.add(jobPlace(j)+", "+param.Name, "use a reference such as ${ORGANIZATION:TEXT:name}", "it holds the address of one environment's host")
			}
		}
	}
}

// literals is a text without its variables.
func literals(text string) string {
	var b strings.Builder
	for _, segment := range variable.Split(text) {
		b.WriteString(segment.Literal)
		b.WriteByte(' ')
	}
	return b.String()
}

func hasHost(text string) bool {
	_, rest, ok := strings.Cut(text, "://")
	return ok && rest != "" && (isWord(rune(rest[0])) || rest[0] == '[')
}

// reveals says what of an environment a text holds: "" for nothing. It never
// repeats it.
func reveals(text string) string {
	if strings.Contains(text, "${USERS:") || strings.Contains(text, "${USER_GROUPS:") {
		return "a user of the platform"
	}
	words := strings.FieldsFunc(text, func(r rune) bool { return !isWord(r) && !strings.ContainsRune("@.+-/=", r) })
	for _, word := range words {
		switch word := strings.Trim(word, ".-/="); {
		case isAccessKeyID(word):
			return "an AWS access key id"
		case isSecretKey(word):
			return "what looks like an AWS secret access key"
		case isEmail(word):
			return "an e-mail address"
		case isAccountID(word):
			return "an AWS account id"
		}
	}
	return ""
}

// isAccessKeyID: AKIA is a user's, ASIA a temporary one
// (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html).
func isAccessKeyID(word string) bool {
	return len(word) >= 16 && len(word) <= 128 && (strings.HasPrefix(word, "AKIA") || strings.HasPrefix(word, "ASIA")) &&
		!strings.ContainsFunc(word, func(r rune) bool { return !(r >= '0' && r <= '9' || r >= 'A' && r <= 'Z') })
}

// isSecretKey: 40 characters of base64, of all three kinds; a hexadecimal
// digest of that length has no upper case beside lower case.
func isSecretKey(word string) bool {
	return len(word) == 40 && strings.ContainsAny(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") && strings.ContainsAny(word, "abcdefghijklmnopqrstuvwxyz") &&
		strings.ContainsAny(word, "0123456789") && !strings.ContainsAny(word, "@._-")
}

func isEmail(word string) bool {
	name, domain, ok := strings.Cut(word, "@")
	return ok && name != "" && strings.Contains(strings.Trim(domain, "."), ".")
}

// isAccountID: twelve digits.
func isAccountID(word string) bool {
	return len(word) == 12 && !strings.ContainsFunc(word, func(r rune) bool { return r < '0' || r > '9' })
}
