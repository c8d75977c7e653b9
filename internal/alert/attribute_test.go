package alert

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestDerivedAttributes(t *testing.T) {
	t.Parallel()
	attributes, remarks := Attributes(example(), nil)
	require.Empty(t, remarks)
	require.Equal(t, []Attribute{
		{"indicator_type", "String", "Address"},
		{"address", "String", "203.0.113.7"},
		{"owner", "String", "Example Org"},
		{"trigger_action", "String", "Created"},
		{"threatassess_score", "Number", "854"},
		{"confidence", "Number", "75"},
	}, attributes)

	attributes, remarks = Attributes(Alert{Address: "evil.example", Confidence: "high"}, nil)
	require.Empty(t, remarks)
	require.Equal(t, []Attribute{{"address", "String", "evil.example"}}, attributes, "empty ones and numbers that are none are left out")
}

func TestOwnAttributesComeFirst(t *testing.T) {
	t.Parallel()
	own := []Attribute{{"owner", "String", "mine"}, {"empty", "String", ""}, {"owner", "String", "again"}}
	attributes, remarks := Attributes(example(), own)
	require.Equal(t, Attribute{"owner", "String", "mine"}, attributes[0])
	require.Len(t, attributes, 6, "one's own takes the place of the derived one")
	require.Len(t, remarks, 2)

	own = nil
	for i := range 12 {
		own = append(own, Attribute{fmt.Sprint("a", i), "String", "x"})
	}
	attributes, remarks = Attributes(example(), own)
	require.Len(t, attributes, 10)
	require.Equal(t, own[:10], attributes)
	require.Len(t, remarks, 8, "each that has no place is named")
}

func TestAttributeText(t *testing.T) {
	t.Parallel()
	a := example()
	a.Owner = "Team 🚀"
	attributes, remarks := Attributes(a, nil)
	require.Contains(t, attributes, Attribute{"owner", "String", "Team"})
	require.Len(t, remarks, 1)
	require.NotContains(t, remarks[0], "Team")

	a.Owner = "Team \uffff\ufffe"
	attributes, _ = Attributes(a, nil)
	require.Contains(t, attributes, Attribute{"owner", "String", "Team"}, "what is no character")

	a.Owner = strings.Repeat("x", 4096)
	attributes, remarks = Attributes(a, nil)
	require.Len(t, attributes, 6)
	require.Empty(t, remarks)

	a.Owner = strings.Repeat("x", 4097)
	attributes, remarks = Attributes(a, nil)
	require.Len(t, attributes, 5)
	require.Contains(t, remarks[0], "owner")

	a = example()
	a.Confidence = "2000000000"
	_, remarks = Attributes(a, nil)
	require.Contains(t, remarks[0], "confidence")
}

// An address is whole or not there: without what SNS refuses it would be
// somebody else's.
func TestAddressAttributeIsWhole(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"good💩.example", "good\x00.example", "good\xff.example", "good\U000e0041.example", "💩"} {
		a := example()
		a.Address = address
		attributes, remarks := Attributes(a, nil)
		require.Len(t, attributes, 5, "%q", address)
		for _, attribute := range attributes {
			require.NotEqual(t, "address", attribute.Name, "%q", address)
		}
		require.Len(t, remarks, 1)
		require.Contains(t, remarks[0], "attribute address")
	}
	a := example()
	a.Address = "good💩.example"
	attributes, _ := Attributes(a, []Attribute{{"address", "String", a.Address}})
	require.Len(t, attributes, 5, "one's own of that name, too")
}

// What is changed or left out is said.
func TestAttributeRemarks(t *testing.T) {
	t.Parallel()
	a := example()
	a.Owner, a.Confidence = "🚀", "85.1234567"
	attributes, remarks := Attributes(a, nil)
	require.Contains(t, attributes, Attribute{"confidence", "Number", "85.12346"})
	require.Len(t, remarks, 2)
	require.Contains(t, remarks[0], "owner")
	require.Contains(t, remarks[1], "confidence is rounded")

	_, remarks = Attributes(a, []Attribute{{"confidence", "Number", "7"}})
	require.Len(t, remarks, 1, "one's own goes out as it is")

	for value, want := range map[string]bool{"0.1234567": true, "7.50": false, "1e3": false, "-0": false, "": false} {
		own, err := OwnAttribute("severity:Number", value)
		require.NoError(t, err)
		require.Equal(t, want, OwnRemark(value, own) != "", value)
	}
}

// The reserved names that AWS documents, at the edges of what they take.
func TestReservedNames(t *testing.T) {
	t.Parallel()
	rows := map[string]struct{ takes, refuses []string }{
		"AWS.SNS.SMS.SenderID":          {[]string{"abc", "abcdefghijk", "1-a"}, []string{"ab", "abcdefghijkl", "123", "a_b"}},
		"AWS.SNS.SMS.SMSType":           {[]string{"Promotional", "Transactional"}, []string{"transactional"}},
		"AWS.SNS.SMS.MaxPrice":          {[]string{"0.00001", "1000000000"}, []string{"0", "-1", "1000000001", "much"}},
		"AWS.MM.SMS.OriginationNumber":  {[]string{"12345", "+12345", "+12345678901234"}, []string{"1234", "+123456789012345", "1234 5"}},
		"AWS.MM.SMS.EntityId":           {[]string{"1", strings.Repeat("1", 50)}, []string{strings.Repeat("1", 51)}},
		"AWS.MM.SMS.TemplateId":         {[]string{"1", strings.Repeat("1", 50)}, []string{strings.Repeat("1", 51)}},
		"AWS.SNS.MOBILE.APNS.TOPIC":     {[]string{"com.example.app"}, nil},
		"AWS.SNS.MOBILE.APNS.PUSH_TYPE": {[]string{"alert"}, nil},
		"AWS.SNS.MOBILE.APNS.PRIORITY":  {[]string{"10"}, nil},
		"AWS.SNS.MOBILE.OTHER.TTL":      {nil, []string{"60"}},
		"AWS.SNS.SMS.Other":             {nil, []string{"x"}},
		"AMAZON.x":                      {nil, []string{"x"}},
	}
	for _, platform := range []string{"ADM", "APNS", "APNS_SANDBOX", "BAIDU", "FCM", "WNS"} {
		rows["AWS.SNS.MOBILE."+platform+".TTL"] = struct{ takes, refuses []string }{[]string{"0", "2419200"}, []string{"-1", "1.5", "an hour"}}
	}
	for name, row := range rows {
		for _, value := range row.takes {
			_, err := OwnAttribute(name, value)
			require.NoError(t, err, "%s %s", name, value)
		}
		for _, value := range row.refuses {
			_, err := OwnAttribute(name, value)
			require.Error(t, err, "%s %s", name, value)
			require.NotContains(t, err.Error(), "123", "an origination number is a phone number")
		}
	}
}

func TestOwnAttribute(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		key, value string
		want       Attribute
	}{
		{"team", "ir", Attribute{"team", "String", "ir"}},
		{" team ", "ir", Attribute{"team", "String", "ir"}},
		{"severity:Number", " 7.50 ", Attribute{"severity", "Number", "7.5"}},
		{"severity:Number", "0.1234567", Attribute{"severity", "Number", "0.12346"}},
		{"severity:Number", "-0", Attribute{"severity", "Number", "0"}},
		{"severity:Number", "1000000000", Attribute{"severity", "Number", "1000000000"}},
		{"tags:String.Array", `["a",1,true,null]`, Attribute{"tags", "String.Array", `["a",1,true,null]`}},
		{"empty:Number", "", Attribute{"empty", "Number", ""}},
		{"AWS.SNS.SMS.SMSType", "Transactional", Attribute{"AWS.SNS.SMS.SMSType", "String", "Transactional"}},
		{"AWS.SNS.SMS.MaxPrice", "0.5", Attribute{"AWS.SNS.SMS.MaxPrice", "Number", "0.5"}},
		{"AWS.SNS.SMS.SenderID", "SOC-1", Attribute{"AWS.SNS.SMS.SenderID", "String", "SOC-1"}},
		{"AWS.MM.SMS.OriginationNumber", "+12065550100", Attribute{"AWS.MM.SMS.OriginationNumber", "String", "+12065550100"}},
		{"AWS.SNS.MOBILE.FCM.TTL", "3600", Attribute{"AWS.SNS.MOBILE.FCM.TTL", "String", "3600"}},
	} {
		got, err := OwnAttribute(row.key, row.value)
		require.NoError(t, err, row.key)
		require.Equal(t, row.want, got)
	}
	for _, row := range []struct{ key, value, says string }{
		{"", "x", "without a key"},
		{"a b", "x", "letters, digits"},
		{"a:Text", "x", "letters, digits"},
		{".a", "x", "no dot"},
		{"a.", "x", "no dot"},
		{"a..b", "x", "no dot"},
		{strings.Repeat("a", 257), "x", "257 characters"},
		{"a:Number", "seven-of-nine", "Number"},
		{"a:Number", "1000000001", "outside"},
		{"a:String.Array", "a,b", "JSON list"},
		{"a:String.Array", `[["nested"]]`, "a list or an object"},
		{"AWS.other", "x", "reserved"},
		{"aws.sns.sms.smstype", "Transactional", "reserved"}, // case counts
		{"Amazon.x", "x", "reserved"},
		{"AWS.SNS.SMS.SMSType", "Urgent-value", "Promotional"},
		{"AWS.SNS.SMS.SenderID", "12345-678", "letter"},
		{"AWS.SNS.SMS.SenderID", "a-name-too-long", "3 to 11"},
		{"AWS.SNS.SMS.MaxPrice", "-1.25", "price"},
		{"AWS.SNS.SMS.MaxPrice", "0.000001", "price"},
		{"tags:String.Array", "null", "list"},
		{"AWS.MM.SMS.OriginationNumber", "+1-206-555-0100", "digits"},
		{"AWS.SNS.MOBILE.APNS.TTL", "3.5 hours", "seconds"},
	} {
		_, err := OwnAttribute(row.key, row.value)
		require.ErrorContains(t, err, row.says, row.key)
		if len(row.value) > 3 {
			require.NotContains(t, err.Error(), row.value, "an error never holds the value")
		}
	}
}
