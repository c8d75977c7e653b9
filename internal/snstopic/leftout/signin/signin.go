// Package signin stands in for the SDK's client of AWS Sign-In (aws login),
// which is left out of the App (see the README beside it).
package signin

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/signin/types"
	"github.com/aws/smithy-go/middleware"
)

// ErrLeftOut is the error of every call.
var ErrLeftOut = errors.New("signing in with aws login is left out of this program")

// Options are none.
type Options struct{}

// WithAPIOptions changes nothing.
func WithAPIOptions(...func(*middleware.Stack) error) func(*Options) { return func(*Options) {} }

// Client answers every call with [ErrLeftOut].
type Client struct{}

// NewFromConfig makes a client.
func NewFromConfig(aws.Config, ...func(*Options)) *Client { return &Client{} }

// CreateOAuth2TokenInput is what the default chain asks with.
type CreateOAuth2TokenInput struct {
	TokenInput *types.CreateOAuth2TokenRequestBody
}

// CreateOAuth2TokenOutput is the answer that never comes.
type CreateOAuth2TokenOutput struct {
	TokenOutput *types.CreateOAuth2TokenResponseBody
}

// CreateOAuth2Token returns [ErrLeftOut].
func (*Client) CreateOAuth2Token(context.Context, *CreateOAuth2TokenInput, ...func(*Options)) (*CreateOAuth2TokenOutput, error) {
	return nil, ErrLeftOut
}
