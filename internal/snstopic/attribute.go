package snstopic

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// maxAttributeName and maxAttributeType are in bytes
	// (https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html).
	maxAttributeName = 256
	maxAttributeType = 256

	// maxNumber and maxDecimals are what a Number may be for a filter policy to
	// match it
	// (https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html).
	maxNumber   = 1e9
	maxDecimals = 5
)

// baseType is the type of SNS's that t is, with or without a suffix of its
// own; "" for none.
func baseType(t string) string {
	if t == "String.Array" {
		return t
	}
	base, suffix, found := strings.Cut(t, ".")
	switch base {
	case "String", "Number":
		if !found || suffix != "" {
			return base
		}
	}
	return ""
}

func validateAttributes(found *problems, attributes []Attribute) {
	if n := len(attributes); n > maxAttributes {
		found.add(inputAttributes, "leave out the least useful ones", "are %d with the derived ones: SQS with raw delivery drops a message with more than %d", n, maxAttributes)
	}
	for i, a := range attributes {
		if problem := nameProblem(a.Name); problem != "" {
			found.add(inputAttributes, "name it with letters, digits, _, - and . only", "have %s that %s", quoted(a.Name), problem)
		}
		for _, before := range attributes[:i] {
			if before.Name == a.Name {
				found.add(inputAttributes, "name each once", "have %s twice", quoted(a.Name))
				break
			}
		}
		if problem := valueProblem(a); problem != "" {
			found.add(inputAttributes, "correct its value, or leave the attribute out", "have %s whose %s", quoted(a.Name), problem)
		}
	}
}

// quoted is a name as an error shows it: a literal of the playbook author's.
func quoted(name string) string {
	const most = 64
	if len(name) > most {
		name = clean(name[:most], nil) + "…"
	}
	return strconv.Quote(name)
}

func nameProblem(name string) string {
	lower := strings.ToLower(name)
	switch {
	case name == "":
		return "has no name"
	case len(name) > maxAttributeName:
		return "is longer than 256 characters"
	case !all(name, func(c byte) bool { return isNameByte(c) || c == '.' }):
		return "has characters that SNS does not take in a name"
	case name[0] == '.' || name[len(name)-1] == '.' || strings.Contains(name, ".."):
		return "begins or ends with a dot, or has two in a row"
	case (strings.HasPrefix(lower, "aws.") || strings.HasPrefix(lower, "amazon.")) && !isReservedName(name):
		return "is reserved by AWS"
	}
	return ""
}

// isReservedName knows the names that AWS documents for SMS and mobile push
// (https://docs.aws.amazon.com/sns/latest/dg/sms_publish-to-phone.html,
// https://docs.aws.amazon.com/sns/latest/dg/sns-ttl.html,
// https://docs.aws.amazon.com/sns/latest/dg/sns-message-attributes.html).
func isReservedName(name string) bool {
	switch name {
	case "AWS.SNS.SMS.SenderID", "AWS.SNS.SMS.SMSType", "AWS.SNS.SMS.MaxPrice",
		"AWS.MM.SMS.OriginationNumber", "AWS.MM.SMS.EntityId", "AWS.MM.SMS.TemplateId",
		"AWS.SNS.MOBILE.APNS.TOPIC", "AWS.SNS.MOBILE.APNS.PUSH_TYPE", "AWS.SNS.MOBILE.APNS.PRIORITY":
		return true
	}
	platform, ok := strings.CutPrefix(name, "AWS.SNS.MOBILE.")
	platform, isTTL := strings.CutSuffix(platform, ".TTL")
	if !ok || !isTTL {
		return false
	}
	switch platform {
	case "ADM", "APNS", "APNS_SANDBOX", "APNS_VOIP", "APNS_VOIP_SANDBOX", "BAIDU", "FCM", "GCM", "MACOS", "MACOS_SANDBOX", "MPNS", "WNS":
		return true
	}
	return false
}

func valueProblem(a Attribute) string {
	base := baseType(a.Type)
	switch {
	case a.Type == "":
		return "type is empty"
	case base == "" || len(a.Type) > maxAttributeType || !all(a.Type, func(c byte) bool { return isNameByte(c) || c == '.' }):
		return "type is none of String, Number and String.Array"
	case a.Value == "":
		return "value is empty"
	case !utf8.ValidString(a.Value):
		return "value is not valid UTF-8"
	case strings.ContainsFunc(a.Value, func(r rune) bool { return r > 0xFFFF }):
		return "value has a character beyond the Basic Multilingual Plane, such as an emoji, which SNS does not take in attributes"
	case base == "Number" && !isNumber(a.Value):
		return "value is not a number from -1000000000 to 1000000000 with at most 5 decimals"
	case base == "String.Array" && !isScalarArray(a.Value):
		return "value is not a JSON array of strings, numbers, true, false and null"
	}
	return reservedProblem(a)
}

// reservedProblem holds the documented names to their documented values.
func reservedProblem(a Attribute) string {
	if len(a.Name) < 4 || a.Name[:4] != "AWS." {
		return ""
	}
	switch {
	case a.Name == "AWS.SNS.SMS.SenderID" && !isSenderID(a.Value):
		return "value is not a sender id: 3 to 11 letters, digits and -, at least one a letter"
	case a.Name == "AWS.SNS.SMS.SMSType" && a.Value != "Promotional" && a.Value != "Transactional":
		return "value is neither Promotional nor Transactional"
	case a.Name == "AWS.SNS.SMS.MaxPrice" && (baseType(a.Type) != "Number" || a.Value[0] == '-'):
		return "value is not a price: a Number of US dollars"
	case a.Name == "AWS.MM.SMS.OriginationNumber" && !isOriginationNumber(a.Value):
		return "value is not a number of 5 to 14 digits"
	case strings.HasPrefix(a.Name, "AWS.MM.SMS.") && utf8.RuneCountInString(a.Value) > 50:
		return "value is longer than 50 characters"
	case strings.HasSuffix(a.Name, ".TTL") && (!all(a.Value, isDigit) || len(a.Value) > 10):
		return "value is not a whole number of seconds"
	}
	return ""
}

// isNumber: digits with an optional sign and decimals, no exponent.
func isNumber(text string) bool {
	digits := strings.TrimPrefix(strings.TrimPrefix(text, "-"), "+")
	if len(text)-len(digits) > 1 {
		return false
	}
	whole, decimals, point := strings.Cut(digits, ".")
	if whole == "" || !all(whole, isDigit) || point && decimals == "" || !all(decimals, isDigit) || len(strings.TrimRight(decimals, "0")) > maxDecimals {
		return false
	}
	value, err := strconv.ParseFloat(text, 64)
	return err == nil && -maxNumber <= value && value <= maxNumber
}

func isScalarArray(text string) bool {
	var values []any
	if json.Unmarshal([]byte(text), &values) != nil || values == nil {
		return false
	}
	for _, value := range values {
		switch value.(type) {
		case []any, map[string]any:
			return false
		}
	}
	return true
}

func isSenderID(text string) bool {
	isLetter := func(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }
	return len(text) >= 3 && len(text) <= 11 && all(text, func(c byte) bool { return isNameByte(c) && c != '_' }) && strings.ContainsFunc(text, isLetter)
}

func isOriginationNumber(text string) bool {
	digits := strings.TrimPrefix(text, "+")
	return len(digits) >= 5 && len(digits) <= 14 && all(digits, isDigit)
}
