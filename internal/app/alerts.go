package app

import (
	"fmt"

	"tcsns/internal/alert"
	"tcsns/internal/tc/playbook"
)

// alerts is the list of indicators of a run, column by column as the inputs
// bring them. One alert is put together when its turn comes, so that 100,000
// of them cost no more memory than their values.
type alerts struct {
	addresses []*string         // one each, nil where the list has a null
	entities  []playbook.Entity // instead of addresses, when address is an entity or a list of them

	owner, score, confidence, link column
	indicatorType                  string // "" takes the entity's
	triggerAction                  string
}

// column is an input that holds one value for all addresses, or one each.
type column []*string

// at returns the value for address i, "" where there is none.
func (c column) at(i int) string {
	switch {
	case len(c) == 0:
		return ""
	case len(c) == 1:
		i = 0
	}
	if c[i] == nil {
		return ""
	}
	return *c[i]
}

// len is the number of addresses.
func (a *alerts) len() int { return max(len(a.addresses), len(a.entities)) }

// at puts alert i together. What the inputs leave empty the entity fills.
func (a *alerts) at(i int) alert.Alert {
	one := alert.Alert{
		Owner:             a.owner.at(i),
		ThreatAssessScore: a.score.at(i),
		Confidence:        a.confidence.at(i),
		DetailsLink:       a.link.at(i),
		IndicatorType:     a.indicatorType,
		TriggerAction:     a.triggerAction,
	}
	if a.entities != nil {
		entity := a.entities[i]
		one.Address = entity.Value
		fill(&one.Owner, entity.OwnerName)
		fill(&one.ThreatAssessScore, entity.ThreatAssessScore)
		fill(&one.Confidence, entity.Confidence)
		fill(&one.DetailsLink, entity.WebLink)
		fill(&one.IndicatorType, entity.Type)
	} else if a.addresses[i] != nil {
		one.Address = *a.addresses[i]
	}
	fill(&one.IndicatorType, defaultIndicatorType)
	return one
}

// fill sets an empty text.
func fill(text *string, with string) {
	if *text == "" {
		*text = with
	}
}

// alerts reads the indicator inputs and holds their lengths against each other.
func (rd *reader) alerts() alerts {
	list := alerts{
		owner:         rd.column(owner),
		score:         rd.column(threatassessScore),
		confidence:    rd.column(confidence),
		link:          rd.column(detailsLink),
		indicatorType: rd.text(indicatorType),
		triggerAction: rd.text(triggerAction),
	}
	fill(&list.triggerAction, defaultTriggerAction)

	if rd.failed(address) {
		return list
	}
	value := rd.values[address]
	if value.IsUnset() {
		rd.problem(address, "is empty: the variable that it refers to is not set", "map it from the trigger's entity or item variable")
		return list
	}
	var err error
	if value.IsEntity() {
		list.entities, err = value.Entities()
	} else {
		list.addresses, err = value.Strings()
	}
	if err != nil {
		rd.add(err)
		return list
	}
	n := list.len()
	noun := "addresses"
	if n == 1 {
		noun = "address"
	}
	for _, c := range []struct {
		name   string
		values *column
	}{{owner, &list.owner}, {threatassessScore, &list.score}, {confidence, &list.confidence}, {detailsLink, &list.link}} {
		if length := len(*c.values); n > 0 && length > 1 && length != n {
			rd.problem(c.name, fmt.Sprintf("has %d values for %d %s", length, n, noun), "give one value for all addresses, or one each")
			*c.values = nil
		}
	}
	if n == 0 || n == 1 && alert.Blank(list.at(0).Address) {
		rd.problem(address, "is empty", "map it from the trigger's entity or item variable")
		list.addresses, list.entities = nil, nil
	}
	return list
}

// column reads an input that is one value or a list.
func (rd *reader) column(name string) column {
	value, ok := rd.values[name]
	if !ok || value.IsUnset() {
		return nil
	}
	values, err := value.Strings()
	rd.add(err)
	return values
}
