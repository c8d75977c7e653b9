package validate

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"tcsns/internal/dev/tcx"
)

// checkLayout checks layout.json; against install.json only where that could
// be read.
func checkLayout(s Source, install *tcx.Install, hasInstall bool) []Problem {
	f := &findings{file: tcx.LayoutFile}
	var layout tcx.Layout
	if !syntax(f, s.Layout, &layout) {
		return f.problems
	}
	var known any
	if s.Strict {
		known = layout
	}
	keys(f, s.Layout, known)
	c := &layoutCheck{findings: f, layout: &layout, install: install}
	sectionTitles(c)
	sectionSequences(c)
	layoutInputsOnce(c)
	layoutConditions(c)
	layoutOutputsOnce(c)
	if hasInstall {
		layoutInputsKnown(c)
		layoutInputsComplete(c)
		conditionValues(c)
		layoutOutputsKnown(c)
	}
	return f.problems
}

type layoutCheck struct {
	*findings
	layout  *tcx.Layout
	install *tcx.Install
}

// eachInput calls rule for every input, in the order of the form.
func (c *layoutCheck) eachInput(rule func(place string, input tcx.Shown)) {
	for i, section := range c.layout.Inputs {
		for j, input := range section.Parameters {
			rule(fmt.Sprintf("inputs[%d].parameters[%d] %s", i, j, input.Name), input)
		}
	}
}

func sectionTitles(c *layoutCheck) {
	for i, section := range c.layout.Inputs {
		place := fmt.Sprintf("inputs[%d]", i)
		if n := utf8.RuneCountInString(section.Title); n < 3 || n > 100 {
			c.add(place, "use 3 to 100 characters", "its title has %d characters", n)
		}
		if len(section.Parameters) == 0 {
			c.add(place, "move an input there or remove the section", "no input is in it")
		}
	}
}

// sectionSequences: the sections stand in the file as they follow in the form,
// which conditions count on.
func sectionSequences(c *layoutCheck) {
	seen := map[int]bool{}
	last := 0
	for i, section := range c.layout.Inputs {
		place := fmt.Sprintf("inputs[%d]", i)
		switch n := section.Sequence; {
		case n <= 0:
			c.add(place, "number the sections from 1", "it has no sequence, or one below 1")
		case seen[n]:
			c.add(place, "number the sections from 1", "the sequence %d is there twice", n)
		case n < last:
			c.add(place, "put the sections in the order of their sequence", "its sequence %d stands after %d", n, last)
		}
		seen[section.Sequence] = true
		last = max(last, section.Sequence)
	}
}

func layoutInputsOnce(c *layoutCheck) {
	seen := map[string]bool{}
	c.eachInput(func(place string, input tcx.Shown) {
		if seen[input.Name] {
			c.add(place, "remove one of the two", "the input is there twice")
		}
		seen[input.Name] = true
	})
}

// layoutConditions: a condition reads, and asks only for inputs that stand
// before it: the form is filled in from top to bottom.
func layoutConditions(c *layoutCheck) {
	before := map[string]bool{}
	c.eachInput(func(place string, input tcx.Shown) {
		for _, comparison := range c.condition(place, input) {
			if !before[comparison.Input] {
				c.add(place, "ask for an input above it", "its display condition asks for %q, which does not stand before it", comparison.Input)
			}
		}
		before[input.Name] = true
	})
	for i, output := range c.layout.Outputs {
		place := outputPlace(i, output)
		for _, comparison := range c.condition(place, output) {
			if !before[comparison.Input] {
				c.add(place, "ask for an input of the form", "its display condition asks for %q, which is no input", comparison.Input)
			}
		}
		if output.Display == nil {
			c.add(place, `write "display": "1"`, "an output without a display condition is dropped")
		}
	}
}

// condition reads a display condition; a broken one is a problem.
func (c *layoutCheck) condition(place string, shown tcx.Shown) []tcx.Comparison {
	if shown.Display == nil {
		return nil
	}
	comparisons, err := tcx.ParseDisplay(*shown.Display)
	if err != nil {
		c.add(place, `write it as: tc_action in ('Publish'), an_input = 'value', joined by AND or OR, or "1"`, "its display condition %q cannot be read: %v", *shown.Display, err)
	}
	return comparisons
}

// conditionValues: a condition on a choice asks for something that can be chosen.
func conditionValues(c *layoutCheck) {
	check := func(place string, shown tcx.Shown) {
		if shown.Display == nil {
			return
		}
		comparisons, err := tcx.ParseDisplay(*shown.Display)
		if err != nil {
			return // layoutConditions has said so
		}
		for _, comparison := range comparisons {
			c.comparison(place, comparison)
		}
	}
	c.eachInput(check)
	for i, output := range c.layout.Outputs {
		check(outputPlace(i, output), output)
	}
}

func (c *layoutCheck) comparison(place string, comparison tcx.Comparison) {
	p, ok := c.install.Param(comparison.Input)
	if !ok {
		return
	}
	possible := p.ValidValues
	switch {
	case p.Type == "Boolean":
		possible = []string{"true", "false", "1", "0"}
	case p.Type != "Choice" || magic(possible):
		return
	}
	for _, value := range comparison.Values {
		if !slices.Contains(possible, value) {
			c.add(place, "ask for one of "+strings.Join(possible, ", "), "its display condition asks whether %s is %q, which it never is", comparison.Input, value)
		}
	}
}

func layoutInputsKnown(c *layoutCheck) {
	c.eachInput(func(place string, input tcx.Shown) {
		switch p, ok := c.install.Param(input.Name); {
		case !ok:
			c.add(place, "correct its spelling or remove it", "install.json has no such input")
		case !p.Visible():
			c.add(place, "remove it", "install.json hides that input")
		}
	})
}

func layoutInputsComplete(c *layoutCheck) {
	laid := map[string]bool{}
	c.eachInput(func(_ string, input tcx.Shown) { laid[input.Name] = true })
	for i := range c.install.Params {
		if p := &c.install.Params[i]; p.Visible() && !laid[p.Name] {
			c.add("inputs", "put it into a section", "the input %s of install.json is in no section", p.Name)
		}
	}
}

func outputPlace(i int, output tcx.Shown) string {
	return fmt.Sprintf("outputs[%d] %s", i, output.Name)
}

func layoutOutputsOnce(c *layoutCheck) {
	seen := map[string]bool{}
	for i, output := range c.layout.Outputs {
		if seen[output.Name] {
			c.add(outputPlace(i, output), "remove one of the two", "the output is there twice")
		}
		seen[output.Name] = true
	}
}

func layoutOutputsKnown(c *layoutCheck) {
	laid := map[string]bool{}
	for i, output := range c.layout.Outputs {
		laid[output.Name] = true
		if !slices.ContainsFunc(c.install.Outputs(), func(o tcx.Output) bool { return o.Name == output.Name }) {
			c.add(outputPlace(i, output), "correct its spelling or remove it", "install.json has no such output")
		}
	}
	for _, output := range c.install.Outputs() {
		if !laid[output.Name] {
			c.add("outputs", "list it", "the output %s of install.json is not listed, so the designer does not offer it", output.Name)
		}
	}
}
