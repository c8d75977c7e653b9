package snsserver

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxSkew is how far apart the clocks may be
// (https://docs.aws.amazon.com/general/latest/gr/sigv4-troubleshooting.html).
const maxSkew = 15 * time.Minute

// identity is who signed a request.
type identity struct {
	keyID   string
	region  string // that was signed for
	service string
}

// namespace is that of the service that was signed for.
func (i identity) namespace() string {
	if i.service == "sts" {
		return stsNamespace
	}
	return snsNamespace
}

const algorithm = "AWS4-HMAC-SHA256"

// authenticate recomputes a request's signature (Signature Version 4,
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
func (s *Server) authenticate(r *http.Request, body []byte) (identity, *refusal) {
	authorization := r.Header.Get("Authorization")
	if authorization == "" {
		return identity{}, &refusal{403, "MissingAuthenticationToken", "Request is missing Authentication Token"}
	}
	fields, ok := authorizationFields(authorization)
	scope := strings.Split(fields["Credential"], "/")
	if !ok || len(scope) != 5 || scope[4] != "aws4_request" || fields["Signature"] == "" || fields["SignedHeaders"] == "" {
		return identity{}, &refusal{400, "IncompleteSignature", "Authorization header is not a Signature Version 4 header"}
	}
	caller := identity{keyID: scope[0], region: scope[2], service: scope[3]}
	secret, refused := s.secretOf(caller.keyID, r.Header.Get("X-Amz-Security-Token"))
	if refused != nil {
		return caller, refused
	}
	stamp := r.Header.Get("X-Amz-Date")
	signed, err := time.Parse("20060102T150405Z", stamp)
	if err != nil || stamp[:8] != scope[1] {
		return caller, &refusal{403, "SignatureDoesNotMatch", "Credential should be scoped to the date of the request"}
	}
	if skew := s.o.Now().Sub(signed); skew > maxSkew || skew < -maxSkew {
		now := s.o.Now().UTC().Format("20060102T150405Z")
		return caller, &refusal{403, "SignatureDoesNotMatch", "Signature expired or not yet current: " + stamp + " is not within 15 minutes of " + now}
	}
	if caller.service != "sns" && caller.service != "sts" {
		return caller, &refusal{403, "SignatureDoesNotMatch", "Credential should be scoped to correct service: 'sns'."}
	}
	names := strings.Split(fields["SignedHeaders"], ";")
	if sum := r.Header.Get("X-Amz-Content-Sha256"); sum != "" && sum != hash(body) {
		return caller, &refusal{400, "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed."}
	}
	if name := unsigned(r.Header, names); name != "" {
		return caller, &refusal{403, "SignatureDoesNotMatch", "'" + name + "' must be a 'SignedHeader' in the AWS Authorization."}
	}
	want := signature(secret, scope[1], caller.region, caller.service, stamp, canonical(r, names, body))
	if !hmac.Equal([]byte(want), []byte(fields["Signature"])) {
		return caller, &refusal{403, "SignatureDoesNotMatch",
			"The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method."}
	}
	return caller, nil
}

// authorizationFields reads Credential, SignedHeaders and Signature.
func authorizationFields(header string) (map[string]string, bool) {
	rest, ok := strings.CutPrefix(header, algorithm+" ")
	fields := map[string]string{}
	for _, field := range strings.Split(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		fields[name] = value
	}
	return fields, ok
}

// secretOf returns the secret of an access key, and checks the token of a
// temporary one.
func (s *Server) secretOf(keyID, token string) (string, *refusal) {
	s.mu.Lock()
	issued, temporary := s.sessions[keyID]
	s.mu.Unlock()
	switch {
	case temporary && token != issued.token:
		return "", &refusal{403, "InvalidClientTokenId", "The security token included in the request is invalid."}
	case temporary && s.o.Now().After(issued.expires):
		return "", &refusal{403, "ExpiredToken", "The security token included in the request is expired"}
	case temporary:
		return issued.secret, nil
	}
	secret, ok := s.o.Keys[keyID]
	if !ok {
		return "", &refusal{403, "InvalidClientTokenId", "The security token included in the request is invalid."}
	}
	return secret, nil
}

// unsigned is a header that has to be signed and is not, "" when there is none:
// the host, and whatever begins with x-amz-.
func unsigned(header http.Header, signed []string) string {
	if !slices.Contains(signed, "host") {
		return "Host"
	}
	for name := range header {
		if strings.HasPrefix(name, "X-Amz-") && !slices.Contains(signed, strings.ToLower(name)) {
			return name
		}
	}
	return ""
}

// canonical is the canonical request.
func canonical(r *http.Request, names []string, body []byte) string {
	var b strings.Builder
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	// The path is escaped once more than it is on the wire, for all services but S3.
	path = strings.ReplaceAll(encodeQuery(path), "%2F", "/")
	b.WriteString(r.Method + "\n" + path + "\n" + canonicalQuery(r.URL.Query()) + "\n")
	for _, name := range names {
		values := r.Header.Values(name)
		switch {
		case name == "host":
			values = []string{r.Host}
		case name == "content-length" && len(values) == 0: // net/http keeps it apart
			values = []string{strconv.FormatInt(r.ContentLength, 10)}
		}
		b.WriteString(name + ":")
		for i, value := range values {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(singleSpaced(value))
		}
		b.WriteByte('\n')
	}
	b.WriteString("\n" + strings.Join(names, ";") + "\n" + hash(body))
	return b.String()
}

// singleSpaced trims a header's value and makes one space of several.
func singleSpaced(value string) string {
	value = strings.TrimSpace(value)
	for strings.Contains(value, "  ") {
		value = strings.ReplaceAll(value, "  ", " ")
	}
	return value
}

// canonicalQuery is the query in order of its escaped names, and of the values
// where a name occurs twice.
func canonicalQuery(query url.Values) string {
	var pairs []string
	for name, values := range query {
		for _, value := range values {
			pairs = append(pairs, encodeQuery(name)+"="+encodeQuery(value))
		}
	}
	slices.SortFunc(pairs, func(a, b string) int { // as pairs: "a=" comes before "a-="
		nameA, valueA, _ := strings.Cut(a, "=")
		nameB, valueB, _ := strings.Cut(b, "=")
		return cmp.Or(strings.Compare(nameA, nameB), strings.Compare(valueA, valueB))
	})
	return strings.Join(pairs, "&")
}

// encodeQuery escapes all but letters, digits and -_.~ (RFC 3986).
func encodeQuery(text string) string {
	return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
}

// signature derives the key and signs.
func signature(secret, day, region, service, stamp, request string) string {
	key := []byte("AWS4" + secret)
	for _, part := range []string{day, region, service, "aws4_request"} {
		key = mac(key, part)
	}
	scope := strings.Join([]string{day, region, service, "aws4_request"}, "/")
	return hex.EncodeToString(mac(key, strings.Join([]string{algorithm, stamp, scope, hash([]byte(request))}, "\n")))
}

func hash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
