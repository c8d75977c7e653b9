package snsserver

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// session is an assumed role.
type session struct {
	secret  string
	token   string
	expires time.Time
}

// assumeRole answers AssumeRole with credentials that this endpoint accepts
// (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html).
func (s *Server) assumeRole(form url.Values) (string, *refusal) {
	arn, name := form.Get("RoleArn"), form.Get("RoleSessionName")
	if n := len(name); n < 2 || n > 64 || strings.Trim(name, wordCharacters+"_+=,.@-") != "" {
		return "", &refusal{http.StatusBadRequest, "ValidationError", "1 validation error detected: Value at 'roleSessionName' failed to satisfy constraint"}
	}
	allowed := false
	for _, role := range s.o.Roles {
		allowed = allowed || role.ARN == arn && (role.ExternalID == "" || role.ExternalID == form.Get("ExternalId"))
	}
	if !allowed {
		return "", &refusal{http.StatusForbidden, "AccessDenied", "User is not authorized to perform: sts:AssumeRole on resource: " + arn}
	}
	id := s.id()
	keyID := "ASIA" + strings.ToUpper(strings.ReplaceAll(id, "-", ""))[:16]
	issued := session{secret: hash([]byte("secret " + id))[:40], token: hex.EncodeToString([]byte("token " + id)), expires: s.o.Now().Add(time.Hour)}
	s.mu.Lock()
	s.sessions[keyID] = issued
	s.mu.Unlock()
	return result("AssumeRole", stsNamespace, fmt.Sprintf(
		"<AssumedRoleUser><AssumedRoleId>AROA:%[1]s</AssumedRoleId><Arn>%[2]s/%[1]s</Arn></AssumedRoleUser>"+
			"<Credentials><AccessKeyId>%[3]s</AccessKeyId><SecretAccessKey>%[4]s</SecretAccessKey><SessionToken>%[5]s</SessionToken><Expiration>%[6]s</Expiration></Credentials>",
		escape(name), escape(strings.Replace(arn, ":role/", ":assumed-role/", 1)), keyID, issued.secret, issued.token, issued.expires.UTC().Format(time.RFC3339))), nil
}

// callerIdentity answers GetCallerIdentity.
func callerIdentity(caller identity) string {
	return result("GetCallerIdentity", stsNamespace,
		"<Arn>arn:aws:iam::000000000000:user/"+escape(caller.keyID)+"</Arn><UserId>"+escape(caller.keyID)+"</UserId><Account>000000000000</Account>")
}
