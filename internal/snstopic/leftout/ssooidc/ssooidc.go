// Package ssooidc stands in for the SDK's client that renews the tokens of
// IAM Identity Center, which is left out of the App (see the README beside it).
package ssooidc

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// ErrLeftOut is the error of every call.
var ErrLeftOut = errors.New("signing in with IAM Identity Center is left out of this program")

// Options are none.
type Options struct{}

// Client answers every call with [ErrLeftOut].
type Client struct{}

// NewFromConfig makes a client.
func NewFromConfig(aws.Config, ...func(*Options)) *Client { return &Client{} }

// CreateTokenInput is what the default chain asks with.
type CreateTokenInput struct{ ClientId, ClientSecret, GrantType, RefreshToken *string }

// CreateTokenOutput is the answer that never comes; ExpiresIn is in seconds.
type CreateTokenOutput struct {
	AccessToken, RefreshToken *string
	ExpiresIn                 int32
}

// CreateToken returns [ErrLeftOut].
func (*Client) CreateToken(context.Context, *CreateTokenInput, ...func(*Options)) (*CreateTokenOutput, error) {
	return nil, ErrLeftOut
}
