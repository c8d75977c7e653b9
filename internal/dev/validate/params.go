package validate

import (
	"fmt"
	"slices"
	"strings"

	"tcsns/internal/dev/tcx"
)

// paramPlace is where an input stands.
func paramPlace(i int, p *tcx.Param) string { return fmt.Sprintf("params[%d] %s", i, p.Name) }

// eachParam calls rule for every input.
func (c *installCheck) eachParam(rule func(place string, p *tcx.Param)) {
	for i := range c.install.Params {
		rule(paramPlace(i, &c.install.Params[i]), &c.install.Params[i])
	}
}

// paramNames: the platform lower-cases names and strips what is no letter,
// digit or "_", and passes parameters of its own beside ours.
func paramNames(c *installCheck) {
	seen := map[string]bool{}
	c.eachParam(func(place string, p *tcx.Param) {
		switch {
		case p.Name == "":
			c.add(place, "name it", "it has no name")
		case p.Name != strings.ToLower(p.Name) || strings.ContainsFunc(p.Name, func(r rune) bool { return !isWord(r) }):
			c.add(place, "use lower-case letters, digits and _", "the platform would change the name %q", p.Name)
		case seen[p.Name]:
			c.add(place, "rename or remove one of the two", "the name is there twice")
		case p.Name != "tc_action" && (strings.HasPrefix(p.Name, "tc_") || p.Name == "api_default_org"):
			c.add(place, "choose a name that does not begin with tc_", "%q is a parameter of the platform's own", p.Name)
		}
		seen[p.Name] = true
	})
}

func paramSequences(c *installCheck) {
	seen := map[int]string{}
	c.eachParam(func(place string, p *tcx.Param) {
		if p.Sequence <= 0 {
			c.add(place, "number the inputs from 1", "it has no sequence, or one below 1")
			return
		}
		if other, ok := seen[p.Sequence]; ok {
			c.add(place, "give each input a number of its own", "%s has the sequence %d too", other, p.Sequence)
		}
		seen[p.Sequence] = p.Name
	})
}

func paramLabels(c *installCheck) {
	c.eachParam(func(place string, p *tcx.Param) {
		if strings.TrimSpace(p.Label) == "" {
			c.add(place, "write what the form calls it", "it has no label")
		}
		if c.source.Strict && strings.TrimSpace(p.Note) == "" && p.Visible() {
			c.add(place, "write one sentence on what to fill in", "it has no note")
		}
	})
}

func paramTypes(c *installCheck) {
	known := []string{"Boolean", "Choice", "EditChoice", "KeyValueList", "MultiChoice", "String", "StringMixed"}
	c.eachParam(func(place string, p *tcx.Param) {
		if !slices.Contains(known, p.Type) {
			c.add(place, "write one of "+strings.Join(known, ", "), "%q is no type of an input", p.Type)
		}
	})
}

// paramChoices: a choice needs something to choose from.
func paramChoices(c *installCheck) {
	c.eachParam(func(place string, p *tcx.Param) {
		if (p.Type == "Choice" || p.Type == "MultiChoice") && len(p.ValidValues) == 0 {
			c.add(place, "list its validValues", "a %s has nothing to choose from", p.Type)
		}
		for i, value := range p.ValidValues {
			if slices.Contains(p.ValidValues[:i], value) {
				c.add(place, "remove one of the two", "the validValue %q is there twice", value)
			}
		}
	})
}

func paramDefaults(c *installCheck) {
	c.eachParam(func(place string, p *tcx.Param) {
		switch value := p.Default.(type) {
		case nil:
		case bool:
			if p.Type != "Boolean" {
				c.add(place, "write the default as text", "the default is %v, the type %s", value, p.Type)
			}
		case string:
			c.textDefault(place, p, value)
		default:
			c.add(place, "write true, false or a text", "the default is neither")
		}
	})
}

func (c *installCheck) textDefault(place string, p *tcx.Param, value string) {
	switch {
	case value == "":
	case p.Encrypt && !strings.HasPrefix(value, "${"):
		c.add(place, "remove the default", "an encrypted input has a default, which everyone who has the package can read")
	case p.Type == "Boolean" && value != "true" && value != "false":
		c.add(place, "write true or false", "the default is %q", value)
	case p.Type == "Choice" && !magic(p.ValidValues) && !slices.Contains(p.ValidValues, value),
		p.Type == "MultiChoice" && !magic(p.ValidValues) && slices.ContainsFunc(strings.Split(value, "|"), func(one string) bool { return !slices.Contains(p.ValidValues, one) }):
		c.add(place, "choose one of "+strings.Join(p.ValidValues, ", "), "the default %q is not to choose", value)
	}
}

// magic reports whether the platform fills in values of its own.
func magic(values []string) bool {
	return slices.ContainsFunc(values, func(v string) bool { return strings.HasPrefix(v, "${") })
}

// paramValidValues: which variables of the platform an input offers. A value
// that is no placeholder is a choice.
func paramValidValues(c *installCheck) {
	known := []string{
		"TEXT", "KEYCHAIN", "FILE", "OWNERS", "ATTRIBUTES", "INDICATOR_TYPES", "GROUP_TYPES", "USERS", "USER_GROUPS", "ARTIFACT_TYPES",
		"USER", "ORGANIZATION", "SYSTEM",
	}
	c.eachParam(func(place string, p *tcx.Param) {
		for _, value := range p.ValidValues {
			name, isMagic := strings.CutPrefix(value, "${")
			if !isMagic {
				if c.source.Strict && p.Type == "String" {
					c.add(place, "write ${"+strings.Trim(value, "${}")+"}", "%q is no placeholder, and a String offers nothing to choose", value)
				}
				continue
			}
			name, closed := strings.CutSuffix(name, "}")
			name, _, _ = strings.Cut(name, ":")
			if c.source.Strict && (!closed || !slices.Contains(known, name)) {
				c.add(place, "write ${TEXT}, ${KEYCHAIN}, ${FILE} or another that is documented", "the platform does not fill in %q", value)
			}
			if p.Encrypt && name == "TEXT" {
				c.add(place, "offer ${KEYCHAIN} alone", "an encrypted input offers ${TEXT}, and text variables are not encrypted")
			}
		}
	})
}

func paramDataTypes(c *installCheck) {
	c.eachParam(func(place string, p *tcx.Param) {
		for _, name := range p.DataTypes {
			if !slices.Contains(dataTypes(), name) {
				c.add(place, "write one of "+strings.Join(dataTypes(), ", "), "%q is no type of a variable", name)
			}
		}
		if c.source.Strict && len(p.DataTypes) == 0 && (p.Type == "String" || p.Type == "KeyValueList" || p.Type == "EditChoice") {
			c.add(place, "write the types of variables that it takes", "it has no playbookDataType, so it takes no variable")
		}
	})
}

func paramKeys(c *installCheck) {
	c.eachParam(func(place string, p *tcx.Param) {
		if p.ExposeKeyAs != "" && p.Type != "KeyValueList" {
			c.add(place, "remove it", "exposePlaybookKeyAs belongs to a KeyValueList")
		}
	})
}
