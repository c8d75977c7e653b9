// Package types holds what the default chain needs of AWS Sign-In's types to
// compile; no value of them is ever made.
package types

// OAuth2ErrorCode is why a token is refused.
type OAuth2ErrorCode string

// The reasons that the default chain tells apart.
const (
	OAuth2ErrorCodeTokenExpired            OAuth2ErrorCode = "TOKEN_EXPIRED"
	OAuth2ErrorCodeUserCredentialsChanged  OAuth2ErrorCode = "USER_CREDENTIALS_CHANGED"
	OAuth2ErrorCodeInsufficientPermissions OAuth2ErrorCode = "INSUFFICIENT_PERMISSIONS"
)

// AccessDeniedException is a refusal.
type AccessDeniedException struct{ Error_ OAuth2ErrorCode }

// Error implements error.
func (e *AccessDeniedException) Error() string { return "AccessDeniedException: " + string(e.Error_) }

// AccessToken is credentials.
type AccessToken struct{ AccessKeyId, SecretAccessKey, SessionToken *string }

// CreateOAuth2TokenRequestBody asks for a token.
type CreateOAuth2TokenRequestBody struct{ ClientId, GrantType, RefreshToken *string }

// CreateOAuth2TokenResponseBody holds one; ExpiresIn is in seconds.
type CreateOAuth2TokenResponseBody struct {
	AccessToken  *AccessToken
	ExpiresIn    *int32
	RefreshToken *string
}
