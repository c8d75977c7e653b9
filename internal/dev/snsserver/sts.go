package snsserver

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// session is an assumed role.
type session struct {
	arn     string // of who has it
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
	lifetime := time.Hour
	if form.Has("DurationSeconds") {
		seconds, err := strconv.Atoi(form.Get("DurationSeconds"))
		if err != nil || seconds < 900 || seconds > 43_200 {
			return "", &refusal{http.StatusBadRequest, "ValidationError", "1 validation error detected: Value at 'durationSeconds' failed to satisfy constraint"}
		}
		lifetime = time.Duration(seconds) * time.Second
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
	issued := session{
		arn:    strings.Replace(strings.Replace(arn, ":iam:", ":sts:", 1), ":role/", ":assumed-role/", 1) + "/" + name,
		secret: hash([]byte("secret " + id))[:40], token: hex.EncodeToString([]byte("token " + id)), expires: s.o.Now().Add(lifetime),
	}
	s.mu.Lock()
	s.sessions[keyID] = issued
	s.mu.Unlock()
	return result("AssumeRole", stsNamespace, fmt.Sprintf(
		"<AssumedRoleUser><AssumedRoleId>AROA00000000000000000:%[1]s</AssumedRoleId><Arn>%[2]s</Arn></AssumedRoleUser>"+
			"<Credentials><AccessKeyId>%[3]s</AccessKeyId><SecretAccessKey>%[4]s</SecretAccessKey><SessionToken>%[5]s</SessionToken><Expiration>%[6]s</Expiration></Credentials>",
		escape(name), escape(issued.arn), keyID, issued.secret, issued.token, issued.expires.UTC().Format(time.RFC3339))), nil
}

// callerIdentity answers GetCallerIdentity.
func (s *Server) callerIdentity(caller identity) string {
	s.mu.Lock()
	arn := s.sessions[caller.keyID].arn
	s.mu.Unlock()
	account := "000000000000"
	if arn == "" {
		arn = "arn:aws:iam::" + account + ":user/" + caller.keyID
	} else if parts := strings.Split(arn, ":"); len(parts) > 4 {
		account = parts[4]
	}
	return result("GetCallerIdentity", stsNamespace,
		"<Arn>"+escape(arn)+"</Arn><UserId>"+escape(caller.keyID)+"</UserId><Account>"+escape(account)+"</Account>")
}
