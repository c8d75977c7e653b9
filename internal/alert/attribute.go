package alert

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Attribute is one message attribute.
type Attribute struct {
	Name  string
	Type  string // String, Number or String.Array
	Value string
}

// The types of an attribute. Binary is not offered: filter policies do not see it.
const (
	typeString      = "String"
	typeNumber      = "Number"
	typeStringArray = "String.Array"
)

const (
	// maxAttributes is how many a message may have: SNS silently discards one
	// with more for a subscription with raw delivery
	// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html).
	maxAttributes = 10
	// maxName is the length of a name, in characters (same page).
	maxName = 256
	// maxValue is ours, in bytes: attributes are for filters, which compare
	// short values, and every byte is one less for the message.
	maxValue = 4096
	// maxNumber is the largest number that filter policies compare, on both
	// sides of zero
	// (https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html).
	maxNumber = 1e9
	// digits after the point that filter policies see (same page).
	maxDigits = 5
)

// OwnAttribute reads a row of message_attributes. The key may end in ":Number"
// or ":String.Array", else the attribute is a String. An empty value is no
// error: [Attributes] leaves it out. The error says what is wrong with the
// row, without its value.
func OwnAttribute(key, value string) (Attribute, error) {
	a := Attribute{Name: strings.TrimSpace(key), Type: typeString, Value: value}
	for _, kind := range []string{typeNumber, typeStringArray, typeString} {
		if name, ok := strings.CutSuffix(a.Name, ":"+kind); ok {
			a.Name, a.Type = name, kind
			break
		}
	}
	if err := checkName(a.Name); err != nil {
		return Attribute{}, err
	}
	if strings.TrimSpace(value) == "" {
		a.Value = ""
		return a, nil
	}
	switch a.Type {
	case typeNumber:
		text, err := normalNumber(value)
		if err != nil {
			return Attribute{}, fmt.Errorf("%s: %w", a.Name, err)
		}
		a.Value = text
	case typeStringArray:
		if err := checkArray(value); err != nil {
			return Attribute{}, fmt.Errorf("%s: %w", a.Name, err)
		}
	}
	if err := checkReserved(&a); err != nil {
		return Attribute{}, fmt.Errorf("%s: %w", a.Name, err)
	}
	return a, nil
}

// checkName holds a name against what SNS takes
// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html).
func checkName(name string) error {
	allowed := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' || r == '.'
	}
	switch {
	case name == "":
		return fmt.Errorf("has a row without a key")
	case len(name) > maxName:
		return fmt.Errorf("has a key of %d characters, more than %d", utf8.RuneCountInString(name), maxName)
	case strings.ContainsFunc(name, func(r rune) bool { return !allowed(r) }):
		return fmt.Errorf("has the key %q: a key has letters, digits, _ - and . only, and may end in :Number or :String.Array", name)
	case strings.HasPrefix(name, "."), strings.HasSuffix(name, "."), strings.Contains(name, ".."):
		return fmt.Errorf("has the key %q: no dot at either end, and no two in a row", name)
	}
	return nil
}

// checkReserved holds the names that SNS reserves against the documented ones,
// and their values against what those take
// (https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html,
// https://docs.aws.amazon.com/sns/latest/dg/sns-ttl.html). Errors never hold
// the value: an origination number is a phone number.
func checkReserved(a *Attribute) error {
	upper := strings.ToUpper(a.Name)
	if !strings.HasPrefix(upper, "AWS.") && !strings.HasPrefix(upper, "AMAZON.") {
		return nil
	}
	switch a.Name {
	case "AWS.SNS.SMS.SenderID":
		letter := strings.ContainsFunc(a.Value, isLetter)
		if n := len(a.Value); n < 3 || n > 11 || !letter || strings.ContainsFunc(a.Value, func(r rune) bool { return !isLetter(r) && !isDigit(r) && r != '-' }) {
			return fmt.Errorf("is 3 to 11 letters, digits or hyphens, at least one of them a letter")
		}
	case "AWS.SNS.SMS.SMSType":
		if a.Value != "Promotional" && a.Value != "Transactional" {
			return fmt.Errorf("is Promotional or Transactional")
		}
	case "AWS.SNS.SMS.MaxPrice":
		price, ok := parseNumber(a.Value)
		if !ok || price.value <= 0 {
			return fmt.Errorf("is a price in US dollars above 0")
		}
		text, err := price.attribute()
		if err != nil || text == "0" {
			return fmt.Errorf("is a price in US dollars, from 0.00001 to 1,000,000,000")
		}
		a.Type, a.Value = typeNumber, text
	case "AWS.MM.SMS.OriginationNumber":
		digits := strings.TrimPrefix(a.Value, "+")
		if n := len(digits); n < 5 || n > 14 || strings.ContainsFunc(digits, func(r rune) bool { return !isDigit(r) }) {
			return fmt.Errorf("is 5 to 14 digits, with or without a plus sign before them")
		}
	case "AWS.MM.SMS.EntityId", "AWS.MM.SMS.TemplateId":
		if n := utf8.RuneCountInString(a.Value); n > 50 {
			return fmt.Errorf("is 1 to 50 characters")
		}
	case "AWS.SNS.MOBILE.APNS.TOPIC", "AWS.SNS.MOBILE.APNS.PUSH_TYPE", "AWS.SNS.MOBILE.APNS.PRIORITY":
	case "AWS.SNS.MOBILE.ADM.TTL", "AWS.SNS.MOBILE.APNS.TTL", "AWS.SNS.MOBILE.APNS_SANDBOX.TTL", "AWS.SNS.MOBILE.BAIDU.TTL",
		"AWS.SNS.MOBILE.FCM.TTL", "AWS.SNS.MOBILE.WNS.TTL":
		if _, err := strconv.ParseUint(a.Value, 10, 31); err != nil {
			return fmt.Errorf("is a whole number of seconds")
		}
	default:
		return fmt.Errorf("begins with AWS. or Amazon., which is reserved for the documented SMS and MOBILE names")
	}
	return nil
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
func isDigit(r rune) bool  { return r >= '0' && r <= '9' }

// normalNumber writes a number as filter policies compare it: plain decimal,
// at most five digits after the point.
func normalNumber(text string) (string, error) {
	n, ok := parseNumber(text)
	if !ok {
		return "", fmt.Errorf("is typed Number, but its value is none")
	}
	return n.attribute()
}

// attribute writes a number as an attribute.
func (n number) attribute() (string, error) {
	if math.Abs(n.value) > maxNumber {
		return "", fmt.Errorf("is outside of what SNS compares, -1,000,000,000 to 1,000,000,000")
	}
	text := strconv.FormatFloat(n.value, 'f', maxDigits, 64)
	text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	if text == "-0" {
		text = "0"
	}
	return text, nil
}

// rounding says that text is another number than n, "" where it is none.
func rounding(name string, n number, text string) string {
	if sent, _ := parseNumber(text); sent.value == n.value {
		return ""
	}
	return "attribute " + name + " is rounded to 5 decimals, which is what SNS compares"
}

// OwnRemark says what [OwnAttribute] changed in a value, "" for nothing that
// matters.
func OwnRemark(value string, a Attribute) string {
	if a.Type != typeNumber || a.Value == "" {
		return ""
	}
	n, _ := parseNumber(value)
	return rounding(a.Name, n, a.Value)
}

// checkArray holds a text against what SNS takes as a String.Array: a JSON
// list of strings, numbers, booleans and nulls.
func checkArray(text string) error {
	var list []any
	if err := json.Unmarshal([]byte(text), &list); err != nil || list == nil {
		return fmt.Errorf(`is typed String.Array, but its value is no JSON list, as ["a","b"]`)
	}
	for _, element := range list {
		switch element.(type) {
		case map[string]any, []any:
			return fmt.Errorf("is typed String.Array, but its list holds a list or an object")
		}
	}
	return nil
}

// Attributes returns the attributes of a message: one's own, then the derived
// ones in a fixed order, without the empty ones, at most ten. The
// remarks say what was dropped or changed.
func Attributes(a Alert, own []Attribute) (attributes []Attribute, remarks []string) {
	score, _ := parseNumber(a.ThreatAssessScore)
	conf, _ := parseNumber(a.Confidence)
	c := collector{attributes: make([]Attribute, 0, maxAttributes)}
	for _, attribute := range own {
		c.add(attribute, true)
	}
	for _, attribute := range [...]Attribute{
		{"indicator_type", typeString, a.IndicatorType},
		{"address", typeString, a.Address},
		{"owner", typeString, a.Owner},
		{"trigger_action", typeString, a.TriggerAction},
	} {
		c.add(attribute, false)
	}
	c.addNumber("threatassess_score", score)
	c.addNumber("confidence", conf)
	return c.attributes, c.remarks
}

// collector gathers attributes and what was done to them.
type collector struct {
	attributes []Attribute
	remarks    []string
}

func (c *collector) remark(format string, args ...any) {
	c.remarks = append(c.remarks, fmt.Sprintf(format, args...))
}

func (c *collector) addNumber(name string, n number) {
	if !n.known {
		return
	}
	text, err := n.attribute()
	if err != nil {
		c.remark("attribute %s %v: left out", name, err)
		return
	}
	if remark := rounding(name, n, text); c.add(Attribute{name, typeNumber, text}, false) && remark != "" {
		c.remarks = append(c.remarks, remark)
	}
}

// add adds an attribute if it can be sent and there is room for it, and reports
// whether it did.
func (c *collector) add(a Attribute, own bool) bool {
	for _, other := range c.attributes {
		if other.Name == a.Name {
			if own {
				c.remark("attribute %s is given twice: the first counts", a.Name)
			}
			return false // a derived one gives way to one's own
		}
	}
	text, why := attributeText(a.Value), ""
	switch {
	case a.Value == "":
		if !own {
			return false
		}
		why = "is empty"
	case text == "":
		why = "holds nothing but characters that SNS refuses there"
	case text != a.Value && a.Name == "address": // evil.example with an emoji in its name is not evil.example
		why = "holds characters that SNS refuses there, and would be another indicator without them"
	case len(text) > maxValue:
		why = "is longer than " + strconv.Itoa(maxValue) + " bytes"
	case len(c.attributes) == maxAttributes:
		why = "is one more than " + strconv.Itoa(maxAttributes) + ", which SNS would not deliver to a raw subscription"
	}
	if why != "" {
		c.remark("attribute %s %s: left out", a.Name, why)
		return false
	}
	if text != a.Value {
		c.remark("attribute %s holds characters that SNS refuses there: they are left out", a.Name)
	}
	a.Value = text
	c.attributes = append(c.attributes, a)
	return true
}

// attributeText leaves out what SNS refuses in an attribute: characters beyond
// the Basic Multilingual Plane
// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html),
// control characters, and bytes that are no UTF-8.
func attributeText(text string) string {
	refused := func(r rune) bool {
		return r > 0xFFFF || r == utf8.RuneError || r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
	}
	if !strings.ContainsFunc(text, refused) {
		return text
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if refused(r) {
			return -1
		}
		return r
	}, text))
}
