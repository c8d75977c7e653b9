package tcx

import (
	"fmt"
	"strings"
)

// InputTable is the App's inputs as a Markdown table.
func (i *Install) InputTable() string {
	var b strings.Builder
	b.WriteString("| input | label | type | default | what to fill in |\n|---|---|---|---|---|\n")
	for n := range i.Params {
		p := &i.Params[n]
		name := "`" + p.Name + "`"
		if p.Required {
			name += " *"
		}
		def := ""
		if text := p.DefaultText(); text != "" {
			def = "`" + text + "`"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", name, cell(p.Label), cell(p.kind()), def, cell(p.Note))
	}
	return b.String()
}

// kind is what the input takes, in words.
func (p *Param) kind() string {
	switch {
	case p.Type == "Choice":
		return strings.Join(p.ValidValues, ", ")
	case p.Type != "String":
		return p.Type
	}
	kind := strings.Join(p.DataTypes, ", ")
	if p.Encrypt {
		kind += ", encrypted"
	}
	return kind
}

// OutputTable is the App's outputs as a Markdown table.
func (i *Install) OutputTable() string {
	var b strings.Builder
	b.WriteString("| output | type | holds |\n|---|---|---|\n")
	for _, o := range i.Outputs() {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", o.Name, o.Type, cell(o.Note))
	}
	return b.String()
}

// cell is text that stays in its cell.
func cell(text string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ").Replace(text)
}

// Generate fills the marked parts of a document with the App's tables. A part
// is what stands between <!-- inputs --> and <!-- end --> (the same with
// outputs); the marks stay.
func (i *Install) Generate(document string) (string, error) {
	for _, part := range []struct{ mark, text string }{
		{"<!-- inputs -->", i.InputTable()},
		{"<!-- outputs -->", i.OutputTable()},
	} {
		const end = "<!-- end -->"
		before, rest, ok := strings.Cut(document, part.mark)
		_, after, closed := strings.Cut(rest, end)
		if !ok || !closed {
			return "", fmt.Errorf("generate tables: %q … %q is not in the document", part.mark, end)
		}
		document = before + part.mark + "\n" + part.text + end + after
	}
	return document, nil
}
