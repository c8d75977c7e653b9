package snsserver

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Vectors of AWS's Signature Version 4 test suite: get-vanilla,
// get-vanilla-query-order-key-case and post-x-www-form-urlencoded.
func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		method, target, contentType, body, signed, want string
	}{
		"get":   {"GET", "/", "", "", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		"query": {"GET", "/?Param2=value2&Param1=value1", "", "", "host;x-amz-date", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
		"form":  {"POST", "/", "application/x-www-form-urlencoded", "Param1=value1", "content-type;host;x-amz-date", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(tc.method, tc.target, strings.NewReader(tc.body))
			r.Host = "example.amazonaws.com"
			r.Header.Set("X-Amz-Date", "20150830T123600Z")
			if tc.contentType != "" {
				r.Header.Set("Content-Type", tc.contentType)
			}
			request := canonical(r, strings.Split(tc.signed, ";"), []byte(tc.body))
			got := signature("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "service", "20150830T123600Z", request)
			require.Equal(t, tc.want, got)
		})
	}
}

// The example of AWS's documentation (ListUsers of IAM), and the vectors of the
// test suite for headers and queries with several values: get-header-value-trim,
// get-header-key-duplicate, get-header-value-order, get-vanilla-query-order-value.
func TestSignatureVectorsOfValues(t *testing.T) {
	t.Parallel()
	mine := func(values ...string) http.Header { return http.Header{"My-Header1": values} }
	for name, tc := range map[string]struct {
		host, target, service string
		header                http.Header
		signed, want          string
	}{
		"ListUsers": {
			"iam.amazonaws.com", "/?Action=ListUsers&Version=2010-05-08", "iam", http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}},
			"content-type;host;x-amz-date", "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7",
		},
		"spaces": {
			"example.amazonaws.com", "/", "service", http.Header{"My-Header1": {" value1 "}, "My-Header2": {` "a   b   c" `}},
			"host;my-header1;my-header2;x-amz-date", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
		},
		"header thrice": {
			"example.amazonaws.com", "/", "service", mine("value2", "value2", "value1"),
			"host;my-header1;x-amz-date", "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea",
		},
		"header's order": {
			"example.amazonaws.com", "/", "service", mine("value4", "value1", "value3", "value2"),
			"host;my-header1;x-amz-date", "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c755c01",
		},
		"value's order": {
			"example.amazonaws.com", "/?Param1=value2&Param1=value1", "service", http.Header{},
			"host;x-amz-date", "5772eed61e12b33fae39ee5e7012498b51d56abc0abb7c60486157bd471c4694",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, tc.target, nil)
			r.Host, r.Header = tc.host, tc.header
			r.Header.Set("X-Amz-Date", "20150830T123600Z")
			request := canonical(r, strings.Split(tc.signed, ";"), nil)
			require.Equal(t, tc.want, signature("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", tc.service, "20150830T123600Z", request), request)
		})
	}
}

func TestCanonicalPathAndQuery(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/a%20b/%C3%BC?b=1&a-=2&a=3&a&c=x+y*~", nil)
	lines := strings.Split(canonical(r, []string{"host"}, nil), "\n")
	require.Equal(t, "/a%2520b/%25C3%25BC", lines[1], "escaped twice")
	require.Equal(t, "a=&a=3&a-=2&b=1&c=x%20y%2A~", lines[2])
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	alter := func(old, to string) func(*http.Request) {
		return func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, to, 1))
		}
	}
	for name, tc := range map[string]struct {
		client client
		status int
		code   string
	}{
		"signed":          {me(), 200, ""},
		"14 minutes late": {client{keyID: testKey, secret: testSecret, at: time.Now().Add(-14 * time.Minute)}, 200, ""},
		"16 minutes late": {client{keyID: testKey, secret: testSecret, at: time.Now().Add(-16 * time.Minute)}, 403, "SignatureDoesNotMatch"},
		"16 minutes soon": {client{keyID: testKey, secret: testSecret, at: time.Now().Add(16 * time.Minute)}, 403, "SignatureDoesNotMatch"},
		"unknown key":     {client{keyID: "AKIDUNKNOWN", secret: testSecret}, 403, "InvalidClientTokenId"},
		"wrong secret":    {client{keyID: testKey, secret: "another"}, 403, "SignatureDoesNotMatch"},
		"other service":   {client{keyID: testKey, secret: testSecret, service: "sqs"}, 403, "SignatureDoesNotMatch"},
		"other region":    {client{keyID: testKey, secret: testSecret, region: "us-east-1"}, 400, "InvalidParameter"},
		"unsigned":        {client{keyID: testKey, secret: testSecret, spoil: func(r *http.Request) { r.Header.Del("Authorization") }}, 403, "MissingAuthenticationToken"},
		"no SigV4":        {client{keyID: testKey, secret: testSecret, spoil: header("Authorization", "Bearer x")}, 400, "IncompleteSignature"},
		"no key":          {client{keyID: testKey, secret: testSecret, spoil: header("Authorization", "AWS4-HMAC-SHA256 Signature=x")}, 400, "IncompleteSignature"},
		"no signature":    {client{keyID: testKey, secret: testSecret, spoil: alter("Signature=", "Other=")}, 400, "IncompleteSignature"},
		"host unsigned":   {client{keyID: testKey, secret: testSecret, spoil: alter(";host", "")}, 403, "SignatureDoesNotMatch"},
		"date unsigned":   {client{keyID: testKey, secret: testSecret, spoil: alter(";x-amz-date", "")}, 403, "SignatureDoesNotMatch"},
		"another day":     {client{keyID: testKey, secret: testSecret, spoil: alter(testKey+"/2", testKey+"/1")}, 403, "SignatureDoesNotMatch"},
		"a day too short": {client{keyID: testKey, secret: testSecret, spoil: header("X-Amz-Date", "2")}, 403, "SignatureDoesNotMatch"},
		"changed body": {client{keyID: testKey, secret: testSecret, spoil: func(r *http.Request) {
			body := form("Message", "another").Encode()
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
		}}, 403, "SignatureDoesNotMatch"},
		"changed header":  {client{keyID: testKey, secret: testSecret, spoil: header("Content-Type", "text/plain")}, 403, "SignatureDoesNotMatch"},
		"unsigned token":  {client{keyID: testKey, secret: testSecret, spoil: header("X-Amz-Security-Token", "x")}, 403, "SignatureDoesNotMatch"},
		"other body hash": {client{keyID: testKey, secret: testSecret, spoil: header("X-Amz-Content-Sha256", hash(nil))}, 400, "XAmzContentSHA256Mismatch"},
		"changed query":   {client{keyID: testKey, secret: testSecret, spoil: func(r *http.Request) { r.URL.RawQuery = "a=b" }}, 403, "SignatureDoesNotMatch"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{})
			got := tc.client.do(t, s, form())
			require.Equal(t, tc.status, got.status, got.body)
			require.Equal(t, tc.code, got.doc.Code)
			require.Equal(t, tc.status == 200, s.Accepted() == 1)
		})
	}
}

func TestAssumeRole(t *testing.T) {
	t.Parallel()
	now := time.Now()
	role := "arn:aws:iam::123456789012:role/publisher"
	clock := make(chan time.Time, 1)
	clock <- now
	read := func() time.Time { at := <-clock; clock <- at; return at }
	s := start(t, Options{Roles: []Role{{ARN: role, ExternalID: "tc"}}, Now: read})
	sts := me()
	sts.service = "sts"
	ask := form("Action", "AssumeRole", "Version", "2011-06-15", "RoleArn", role, "RoleSessionName", "tcsns", "ExternalId", "tc")

	got := sts.do(t, s, ask)
	require.Equal(t, 200, got.status, got.body)
	require.Equal(t, stsNamespace, got.doc.XMLName.Space)
	require.True(t, strings.HasPrefix(got.doc.AccessKeyID, "ASIA"))
	temporary := client{keyID: got.doc.AccessKeyID, secret: got.doc.Secret, token: got.doc.Token}
	require.Equal(t, 200, temporary.do(t, s, form()).status)

	asked := temporary
	asked.service = "sts"
	require.Equal(t, "arn:aws:sts::123456789012:assumed-role/publisher/tcsns", asked.do(t, s, form("Action", "GetCallerIdentity")).doc.CallerARN)

	wrong := temporary
	wrong.token = "another"
	require.Equal(t, "InvalidClientTokenId", wrong.do(t, s, form()).doc.Code)
	wrong.token = ""
	require.Equal(t, "InvalidClientTokenId", wrong.do(t, s, form()).doc.Code)

	ask.Set("ExternalId", "another")
	denied := sts.do(t, s, ask)
	require.Equal(t, 403, denied.status)
	require.Equal(t, "AccessDenied", denied.doc.Code)
	require.Equal(t, stsNamespace, denied.doc.XMLName.Space, "an error of STS")
	ask.Set("RoleSessionName", "a b")
	require.Equal(t, "ValidationError", sts.do(t, s, ask).doc.Code)

	for seconds, code := range map[string]string{"899": "ValidationError", "900": "", "43200": "", "43201": "ValidationError", "x": "ValidationError"} {
		lasting := form("Action", "AssumeRole", "RoleArn", role, "RoleSessionName", "tcsns", "ExternalId", "tc", "DurationSeconds", seconds)
		require.Equal(t, code, sts.do(t, s, lasting).doc.Code, seconds)
	}

	require.Contains(t, sts.do(t, s, form("Action", "GetCallerIdentity")).doc.CallerARN, testKey)
	require.Equal(t, "InvalidAction", sts.do(t, s, form()).doc.Code, "STS publishes nothing")

	<-clock
	clock <- now.Add(2 * time.Hour)
	temporary.at = now.Add(2 * time.Hour)
	require.Equal(t, "ExpiredToken", temporary.do(t, s, form()).doc.Code)
}
