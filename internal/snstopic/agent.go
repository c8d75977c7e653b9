package snstopic

import (
	"context"
	"runtime"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// agent is the User-Agent of every request, in place of the SDK's, which is
// put together anew for each from the machine's environment.
type agent struct{ text string }

// identify puts name before the SDK's and Go's versions.
func identify(name string) func(*middleware.Stack) error {
	text := aws.SDKName + "/" + aws.SDKVersion + " lang/go#" + runtime.Version()
	if name != "" {
		text = name + " " + text
	}
	return func(stack *middleware.Stack) error {
		const sdks = "UserAgent"
		if _, ok := stack.Build.Get(sdks); ok {
			if _, err := stack.Build.Remove(sdks); err != nil {
				return err
			}
		}
		return stack.Build.Add(agent{text}, middleware.After)
	}
}

// ID implements middleware.BuildMiddleware.
func (agent) ID() string { return "tcsns.UserAgent" }

// HandleBuild implements middleware.BuildMiddleware.
func (a agent) HandleBuild(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
	if r, ok := in.Request.(*smithyhttp.Request); ok {
		r.Header.Set("User-Agent", a.text)
	}
	return next.HandleBuild(ctx, in)
}
