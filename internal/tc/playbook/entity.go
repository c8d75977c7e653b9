package playbook

import (
	"encoding/json"
	"strconv"
)

// Entity is a TCEntity: an indicator or a group as triggers and other Apps
// hand it on. Every field is text, as the platform wrote it, and "" where it
// is absent or null: frameworks disagree on which ones are numbers.
type Entity struct {
	ID                     string
	Type                   string
	Value                  string
	OwnerName              string
	Confidence             string
	Rating                 string
	ThreatAssessRating     string
	ThreatAssessConfidence string
	ThreatAssessScore      string // not among the attested fields; read where there is one
	DateAdded              string // ISO 8601
	DateLastModified       string // ISO 8601
	WebLink                string
}

// entityOf reads an entity from its decoded JSON, and never fails: what is
// absent, null or no scalar is empty, and unknown fields are passed over.
func entityOf(fields map[string]any) Entity {
	text := func(name string) string {
		switch v := fields[name].(type) {
		case map[string]any, []any:
			return ""
		default:
			return textOf(v)
		}
	}
	return Entity{
		ID:                     text("id"),
		Type:                   text("type"),
		Value:                  text("value"),
		OwnerName:              text("ownerName"),
		Confidence:             text("confidence"),
		Rating:                 text("rating"),
		ThreatAssessRating:     text("threatAssessRating"),
		ThreatAssessConfidence: text("threatAssessConfidence"),
		ThreatAssessScore:      text("threatAssessScore"),
		DateAdded:              text("dateAdded"),
		DateLastModified:       text("dateLastModified"),
		WebLink:                text("webLink"),
	}
}

// MarshalJSON writes the entity with the fields, in the order and with the
// nulls of the Java SDK; numbers as numbers.
func (e Entity) MarshalJSON() ([]byte, error) {
	type wire struct {
		ID                     any `json:"id"`
		Type                   any `json:"type"`
		Value                  any `json:"value"`
		OwnerName              any `json:"ownerName"`
		Confidence             any `json:"confidence"`
		Rating                 any `json:"rating"`
		ThreatAssessConfidence any `json:"threatAssessConfidence"`
		ThreatAssessRating     any `json:"threatAssessRating"`
		ThreatAssessScore      any `json:"threatAssessScore,omitempty"`
		DateAdded              any `json:"dateAdded"`
		DateLastModified       any `json:"dateLastModified"`
		WebLink                any `json:"webLink"`
	}
	return encode(wire{
		ID:                     numberOr(e.ID),
		Type:                   textOrNil(e.Type),
		Value:                  textOrNil(e.Value),
		OwnerName:              textOrNil(e.OwnerName),
		Confidence:             numberOr(e.Confidence),
		Rating:                 numberOr(e.Rating),
		ThreatAssessConfidence: numberOr(e.ThreatAssessConfidence),
		ThreatAssessRating:     numberOr(e.ThreatAssessRating),
		ThreatAssessScore:      numberOr(e.ThreatAssessScore),
		DateAdded:              textOrNil(e.DateAdded),
		DateLastModified:       textOrNil(e.DateLastModified),
		WebLink:                textOrNil(e.WebLink),
	}), nil
}

func textOrNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// numberOr is text as a JSON number where it is one.
func numberOr(text string) any {
	if _, err := strconv.ParseFloat(text, 64); err == nil && json.Valid([]byte(text)) {
		return json.Number(text)
	}
	return textOrNil(text)
}
