package validate

import (
	"encoding/json"
	"slices"
	"strings"

	"tcsns/internal/dev/pbx"
	"tcsns/internal/dev/tcx"
	"tcsns/internal/tc/variable"
)

// ours reports whether a job runs the App of install.json, in any version.
func (c *playbookCheck) ours(j *pbx.Job) bool {
	install := c.against.Install
	if install == nil {
		return false
	}
	name, _, _ := strings.Cut(install.ProgramName(), " v")
	got, _, _ := strings.Cut(j.App.ProgramName, " v")
	return strings.EqualFold(got, name) || j.App.ProgramName == install.Name && install.Name != "" || j.App.DisplayName == install.DisplayName && strings.HasPrefix(j.App.ProgramName, "TCPB")
}

// eachOurs calls rule for every job of our App.
func (c *playbookCheck) eachOurs(rule func(j *pbx.Job)) {
	for i := range c.p.Jobs {
		if j := &c.p.Jobs[i]; c.ours(j) {
			rule(j)
		}
	}
}

// eachValue calls rule for every param of a job of our App that has a value
// and that install.json knows.
func (c *playbookCheck) eachValue(rule func(place string, p *tcx.Param, value string)) {
	c.eachOurs(func(j *pbx.Job) {
		for _, param := range j.Params {
			if p, ok := c.against.Install.Param(param.Name); ok && param.Value != "" {
				rule(jobPlace(j)+", "+param.Name, p, param.Value)
			}
		}
	})
}

// ourName: the platform finds the App by its program's name, which is the
// package's folder.
func ourName(c *playbookCheck) {
	c.eachOurs(func(j *pbx.Job) {
		if want := c.against.Install.ProgramName(); j.App.ProgramName != want {
			c.add(jobPlace(j), "write "+want, "its programName is %q, the package is %q", j.App.ProgramName, want)
		}
	})
}

func ourVersion(c *playbookCheck) {
	c.eachOurs(func(j *pbx.Job) {
		if want := c.against.Install.Version; c.against.Publish && j.App.ProgramVersion != want {
			c.add(jobPlace(j), "write "+want, "its programVersion is %q, install.json's %q", j.App.ProgramVersion, want)
		}
	})
}

func ourParams(c *playbookCheck) {
	c.eachOurs(func(j *pbx.Job) {
		seen := map[string]bool{}
		for _, param := range j.Params {
			place := jobPlace(j) + ", " + param.Name
			if _, ok := c.against.Install.Param(param.Name); !ok {
				c.add(place, "correct its spelling or remove it", "install.json has no such input")
			}
			if seen[param.Name] {
				c.add(place, "remove one of the two", "the input is there twice")
			}
			seen[param.Name] = true
		}
	})
}

func ourRequired(c *playbookCheck) {
	c.eachOurs(func(j *pbx.Job) {
		for i := range c.against.Install.Params {
			p := &c.against.Install.Params[i]
			if p.Required && p.DefaultText() == "" && j.Value(p.Name) == "" {
				c.add(jobPlace(j)+", "+p.Name, "fill it in", "a required input is empty")
			}
		}
	})
}

func ourChoices(c *playbookCheck) {
	c.eachValue(func(place string, p *tcx.Param, value string) {
		if p.Type != "Choice" && p.Type != "MultiChoice" || magic(p.ValidValues) {
			return
		}
		for _, one := range strings.Split(value, "|") {
			if !slices.Contains(p.ValidValues, one) {
				c.add(place, "choose one of "+strings.Join(p.ValidValues, ", "), "%q is not to choose", shorten(one))
			}
		}
	})
}

func ourBooleans(c *playbookCheck) {
	c.eachValue(func(place string, p *tcx.Param, value string) {
		if p.Type == "Boolean" && value != "true" && value != "false" {
			c.add(place, "write true or false", "%q is neither true nor false", shorten(value))
		}
	})
}

// ourSecrets: an encrypted input holds a reference, never the secret itself,
// which this rule therefore does not show.
func ourSecrets(c *playbookCheck) {
	c.eachValue(func(place string, p *tcx.Param, value string) {
		if !p.Encrypt || isReference(value) {
			return
		}
		if _, ok := variable.Parse(value); !ok {
			c.add(place, "put it into the Keychain and write ${ORGANIZATION:KEYCHAIN:name}", "a secret stands there in clear")
		}
	})
}

// isReference reports whether a value is one ${…} and nothing else.
func isReference(value string) bool {
	inner, ok := strings.CutPrefix(strings.TrimSpace(value), "${")
	if !ok {
		return false
	}
	inner, ok = strings.CutSuffix(inner, "}")
	return ok && !strings.ContainsAny(inner, "${}")
}

// ourDataTypes: a whole variable is of a type that the input takes. Embedded
// in text, any type is.
func ourDataTypes(c *playbookCheck) {
	c.eachValue(func(place string, p *tcx.Param, value string) {
		v, ok := variable.Parse(value)
		if !ok || slices.Contains(p.DataTypes, "Any") {
			return
		}
		if !slices.ContainsFunc(p.DataTypes, func(t string) bool { return v.Type.Is(variable.Type(t)) }) {
			c.add(place, "map a variable of a type that it takes", "it takes %s, not %s", orNothing(p.DataTypes), v.Type)
		}
	})
}

func orNothing(types []string) string {
	if len(types) == 0 {
		return "no variable"
	}
	return strings.Join(types, ", ")
}

// ourPlaceholders: a reference to a text or keychain variable of the platform
// stands in an input that offers it; in the midst of a text, too, where a
// secret would be read by everyone.
func ourPlaceholders(c *playbookCheck) {
	c.eachValue(func(place string, p *tcx.Param, value string) {
		for _, kind := range []string{"TEXT", "KEYCHAIN", "FILE"} {
			if refers(value, kind) && !slices.Contains(p.ValidValues, "${"+kind+"}") {
				c.add(place, "use "+strings.Join(p.ValidValues, " or "), "the input does not offer %s variables", kind)
			}
		}
	})
}

// refers reports whether a text holds a ${…:KIND:…}.
func refers(text, kind string) bool {
	for {
		_, rest, ok := strings.Cut(text, "${")
		if !ok {
			return false
		}
		inner, after, ok := strings.Cut(rest, "}")
		if ok && strings.Contains(":"+inner+":", ":"+kind+":") {
			return true
		}
		text = after
	}
}

func ourPairs(c *playbookCheck) {
	c.eachValue(func(place string, p *tcx.Param, value string) {
		var pairs []struct{ Key string }
		if p.Type != "KeyValueList" {
			return
		}
		if json.Unmarshal([]byte(value), &pairs) != nil {
			c.add(place, `write it as [{"key":"name","value":"text"}]`, "it is no JSON list of pairs")
		} else if slices.Contains(pairs, struct{ Key string }{}) {
			c.add(place, `write it as [{"key":"name","value":"text"}]`, "one of its pairs has no key")
		}
	})
}

// ourLists: what the export lists of the App is the App's, and an output that
// is read further on is asked for.
func ourLists(c *playbookCheck) {
	install := c.against.Install
	c.eachOurs(func(j *pbx.Job) {
		requested, _ := j.OutputVariables.Outputs() // embeddedJSON has said what cannot be read
		shown, _ := j.AllOutputs.Outputs()
		for _, o := range slices.Concat(requested, shown) {
			if !slices.ContainsFunc(install.Outputs(), func(known tcx.Output) bool {
				return known.Name == o.Name && strings.EqualFold(known.Type, o.Type)
			}) {
				c.add(jobPlace(j), "list outputs of install.json", "it lists the output %s!%s, which install.json does not have", o.Name, o.Type)
			}
		}
		required, _ := j.RequiredInputs.Names()
		displayed, _ := j.DisplayedInputs.Names()
		for _, name := range slices.Concat(required, displayed) {
			if _, ok := install.Param(name); !ok {
				c.add(jobPlace(j), "list inputs of install.json", "it lists the input %q, which install.json does not have", name)
			}
		}
		if _, err := j.OutputVariables.Outputs(); err != nil || !c.against.Publish {
			return
		}
		for _, v := range c.p.Requested(j.ID) {
			_, isOutput := outputNamed(install, v.Name)
			if isOutput && !slices.ContainsFunc(requested, func(o pbx.Output) bool { return o.Name == v.Name }) {
				c.add(jobPlace(j), "add it to outputVariables", "%s is read further on and not in its outputVariables", v)
			}
		}
	})
}

func outputNamed(install *tcx.Install, name string) (tcx.Output, bool) {
	for _, o := range install.Outputs() {
		if o.Name == name {
			return o, true
		}
	}
	return tcx.Output{}, false
}

func ourRetry(c *playbookCheck) {
	c.eachOurs(func(j *pbx.Job) {
		block := c.against.Install.Playbook
		if j.Retry && (block == nil || block.Retry == nil || !block.Retry.Allowed) {
			c.add(jobPlace(j), "switch the retry off", "install.json does not allow a retry")
		}
		if j.Retry && j.RetryMax <= 0 {
			c.add(jobPlace(j), "write playbookRetryMaxRetries", "its retry is on, with no number of retries")
		}
	})
}
