package snsserver

import (
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

func TestAuthentication(t *testing.T) {
	t.Parallel()
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
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

	require.Contains(t, sts.do(t, s, form("Action", "GetCallerIdentity")).doc.CallerARN, testKey)
	require.Equal(t, "InvalidAction", sts.do(t, s, form()).doc.Code, "STS publishes nothing")

	<-clock
	clock <- now.Add(2 * time.Hour)
	temporary.at = now.Add(2 * time.Hour)
	require.Equal(t, "ExpiredToken", temporary.do(t, s, form()).doc.Code)
}
