package platform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"tcsns/internal/tc/variable"
)

// Event is what happened in ThreatConnect, for a playbook to run on.
type Event struct {
	// Action is what happened to the indicator, in the words of a trigger's
	// eventType: Create, Delete, AddTag, External …
	Action string `json:"action"`
	// Tag is the tag of an AddTag.
	Tag string `json:"tag,omitempty"`
	// Indicator is what it happened to, in the fields of the REST API (v3):
	// what `GET /v3/indicators` returns can stand here. Other fields are ignored.
	Indicator Indicator `json:"indicator"`
	// Variables sets further variables of the trigger, or replaces derived ones:
	// name and type, "trg.http.body!String", to a value of that type. Binary is
	// base64.
	Variables map[string]json.RawMessage `json:"variables,omitempty"`
}

// Indicator is an indicator as the REST API (v3) describes it. What a new
// indicator does not have yet is absent or null.
type Indicator struct {
	ID                     *int64   `json:"id,omitempty"`
	Type                   string   `json:"type"` // Address, EmailAddress, Host …
	Summary                string   `json:"summary"`
	OwnerName              *string  `json:"ownerName,omitempty"`
	Confidence             *int     `json:"confidence,omitempty"`
	Rating                 *float64 `json:"rating,omitempty"`
	ThreatAssessScore      *float64 `json:"threatAssessScore,omitempty"`
	ThreatAssessRating     *float64 `json:"threatAssessRating,omitempty"`
	ThreatAssessConfidence *float64 `json:"threatAssessConfidence,omitempty"`
	DateAdded              *string  `json:"dateAdded,omitempty"`
	LastModified           *string  `json:"lastModified,omitempty"`
	WebLink                *string  `json:"webLink,omitempty"`
}

// ReadEvent reads an event from a JSON file. A field of the event itself that
// is not known is an error, because it is a typo.
func ReadEvent(file string) (*Event, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read event: %w", err)
	}
	e, err := ParseEvent(data)
	if err != nil {
		return nil, fmt.Errorf("read event %s: %w", file, err)
	}
	return e, nil
}

// ParseEvent reads an event from JSON.
func ParseEvent(data []byte) (*Event, error) {
	var known struct {
		Action    string                     `json:"action"`
		Tag       string                     `json:"tag"`
		Indicator json.RawMessage            `json:"indicator"`
		Variables map[string]json.RawMessage `json:"variables"`
	}
	d := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(data, []byte("\ufeff")))) // of editors on Windows
	d.DisallowUnknownFields()
	if err := d.Decode(&known); err != nil {
		return nil, err
	}
	e := &Event{Action: known.Action, Tag: known.Tag, Variables: known.Variables}
	if known.Indicator != nil {
		if err := json.Unmarshal(known.Indicator, &e.Indicator); err != nil {
			return nil, fmt.Errorf("indicator: %w", err)
		}
	}
	switch {
	case e.Action == "":
		return nil, errors.New(`"action" is missing: Create, Delete, AddTag or External`)
	case e.Indicator.Summary == "" && len(e.Variables) == 0:
		return nil, errors.New(`neither an "indicator" with a "summary", nor "variables"`)
	case e.Indicator.Summary != "" && e.Indicator.Type == "":
		return nil, errors.New(`the "indicator" has no "type"`)
	}
	for name := range e.Variables {
		if _, ok := triggerVariable(0, name); !ok {
			return nil, fmt.Errorf("variables: %q is not a name and a type, like trg.http.body!String", name)
		}
	}
	return e, nil
}

// String says what happened: "Address created".
func (e *Event) String() string {
	what := e.Indicator.Type
	if what == "" {
		return e.Action
	}
	switch e.Action {
	case "Create":
		return what + " created"
	case "Delete":
		return what + " deleted"
	case "AddTag":
		return what + " tagged " + strconv.Quote(e.Tag)
	}
	return what + " " + e.Action
}

// Entity is the indicator as the trigger passes it on. A TCEntity has no
// field for the ThreatAssess score.
func (i Indicator) Entity() Entity {
	return Entity{
		ID: i.ID, Type: i.Type, Value: i.Summary, OwnerName: i.OwnerName,
		Confidence: i.Confidence, Rating: i.Rating,
		ThreatAssessConfidence: i.ThreatAssessConfidence, ThreatAssessRating: i.ThreatAssessRating,
		DateAdded: i.DateAdded, DateLastModified: i.LastModified, WebLink: i.WebLink,
	}
}

// values returns every variable that a trigger can set for the event, by name
// and type.
//
// The names entity, item, type, weblink, id, name, address, host, url,
// confidence under trg.tc, and those under trg.action, are attested by public
// exports. The others are guesses by analogy; which of them a trigger really
// offers, the designer shows.
func (e *Event) values() map[string]any {
	i := e.Indicator
	values := map[string]any{}
	if i.Summary != "" {
		for _, prefix := range []string{"trg.tc.", "trg.action."} {
			values[prefix+"entity!TCEntity"] = i.Entity()
			values[prefix+"item!String"] = i.Summary
			values[prefix+"type!String"] = i.Type
			values[prefix+"owner!String"] = text(i.OwnerName)
			values[prefix+"weblink!String"] = text(i.WebLink)
		}
		values["trg.tc.name!String"] = i.Summary
		values["trg.tc."+normal(i.Type)+"!String"] = i.Summary
		values["trg.tc.id!String"] = number(i.ID)
		values["trg.tc.confidence!String"] = number(i.Confidence)
		values["trg.tc.rating!String"] = number(i.Rating)
		values["trg.tc.threatassess.score!String"] = number(i.ThreatAssessScore)
		values["trg.tc.threatassess.rating!String"] = number(i.ThreatAssessRating)
		values["trg.tc.threatassess.confidence!String"] = number(i.ThreatAssessConfidence)
		values["trg.tc.dateadded!String"] = text(i.DateAdded)
		values["trg.tc.lastmodified!String"] = text(i.LastModified)
	}
	if e.Tag != "" {
		values["trg.tc.tag!String"] = e.Tag
	}
	for name, value := range e.Variables {
		values[name] = nil
		if string(value) != "null" {
			values[name] = value
		}
	}
	return values
}

// triggerVariable reads a name and a type as a variable of a trigger.
func triggerVariable(trigger int64, name string) (variable.Variable, bool) {
	return variable.Parse("#Trigger:" + strconv.FormatInt(trigger, 10) + ":" + name)
}

// normal is a type's name as the names of variables have it: "Email Address"
// and "EmailAddress" are emailaddress.
func normal(typeName string) string {
	return strings.ToLower(strings.ReplaceAll(typeName, " ", ""))
}

// text is a text that may be absent.
func text(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}

// number is a number that may be absent, as a String variable holds it: 85,
// not 85.0.
func number[N int | int64 | float64](n *N) any {
	if n == nil {
		return nil
	}
	if f, ok := any(*n).(float64); ok {
		return strconv.FormatFloat(f, 'f', -1, 64)
	}
	return fmt.Sprint(*n)
}
