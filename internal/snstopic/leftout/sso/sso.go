// Package sso stands in for the SDK's client of IAM Identity Center, which is
// left out of the App (see the README beside it).
package sso

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

// GetRoleCredentialsInput is what the default chain asks with.
type GetRoleCredentialsInput struct{ AccessToken, AccountId, RoleName *string }

// RoleCredentials is what it reads from an answer; Expiration is in
// milliseconds since 1970.
type RoleCredentials struct {
	AccessKeyId, SecretAccessKey, SessionToken *string
	Expiration                                 int64
}

// GetRoleCredentialsOutput is the answer that never comes.
type GetRoleCredentialsOutput struct{ RoleCredentials *RoleCredentials }

// GetRoleCredentials returns [ErrLeftOut].
func (*Client) GetRoleCredentials(context.Context, *GetRoleCredentialsInput, ...func(*Options)) (*GetRoleCredentialsOutput, error) {
	return nil, ErrLeftOut
}
