package snstopic

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/credentials/endpointcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/processcreds"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

	"tcsns/internal/tc/secret"
)

// load makes what both clients, SNS and STS, have in common. Its HTTPClient is
// a plainClient.
//
// Static keys do without LoadDefaultConfig, which reads files and builds a
// chain: it costs three times what the rest of Open does. The environment's
// switches (FIPS, dual-stack, endpoints) come in as a ConfigSource, the CA
// bundle in the transport.
//
// redact and c.Mask learn what credentials are fetched.
func (c Config) load(env config.EnvConfig, redact *secret.Mask) (aws.Config, error) {
	var awsConfig aws.Config
	if c.AccessKeyID == "" {
		loaded, err := c.loadDefault(redact)
		if err != nil {
			return awsConfig, err
		}
		awsConfig = loaded
	} else {
		transport, err := newTransport(c.Proxy, env.CustomCABundle)
		if err != nil {
			return awsConfig, err
		}
		awsConfig = aws.Config{
			Region:           c.ARN.Region,
			Credentials:      credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.SecretAccessKey.Reveal(), c.SessionToken.Reveal()),
			HTTPClient:       plainClient{transport},
			ConfigSources:    []any{env},
			RetryMaxAttempts: env.RetryMaxAttempts,
		}
		if env.DisableClockSkewCorrection != nil {
			awsConfig.DisableClockSkewCorrection = *env.DisableClockSkewCorrection
		}
	}
	awsConfig.APIOptions = append(awsConfig.APIOptions, identify(c.UserAgent))
	if c.RoleARN != "" {
		awsConfig.Credentials = c.assume(awsConfig, redact)
	}
	return awsConfig, nil
}

// loadDefault resolves the SDK's default chain.
func (c Config) loadDefault(redact *secret.Mask) (aws.Config, error) {
	var awsConfig aws.Config
	transport, err := newTransport(c.Proxy, "")
	if err != nil {
		return awsConfig, err
	}
	// The SDK adds its CA bundle, be it from the environment or a profile, to a
	// client of its own type only.
	local := awshttp.NewBuildableClient().WithTransportOptions(withTransport(transport, direct(transport.Proxy)))
	awsConfig, err = config.LoadDefaultConfig(context.Background(),
		config.WithRegion(c.ARN.Region),
		config.WithHTTPClient(local),
		config.WithEndpointCredentialOptions(func(o *endpointcreds.Options) { o.HTTPClient = containerClient(transport) }),
		config.WithEC2RoleCredentialOptions(func(o *ec2rolecreds.Options) { o.Client = instanceClient(transport) }),
		// Retries and timeouts are ours. AWS_DEFAULTS_MODE=auto would ask the
		// instance metadata service for them here, past the deadline.
		config.WithDefaultsMode(aws.DefaultsModeLegacy),
		config.WithLogger(logging.Nop{}), // the SDK's own writes to stderr
	)
	if err != nil {
		e := environmentError(err)
		var path *fs.PathError
		if errors.As(err, &path) {
			e.Message = "a file that the AWS settings name cannot be read: " + path.Path
			e.Fix = "make that file readable to the user that runs Apps on the Playbook Server, or unset the setting"
		}
		return awsConfig, e
	}
	built := awsConfig.HTTPClient.(*awshttp.BuildableClient).GetTransport()
	built.Proxy = transport.Proxy
	awsConfig.HTTPClient = plainClient{built}
	awsConfig.Credentials = labelled{awsConfig.Credentials, redact, c.Mask}
	return awsConfig, nil
}

// containerClient asks a container's endpoint, which gets a token: no redirect
// is followed with it. (The SDK's own client follows 307 and 308, and knows no
// way past a proxy but NO_PROXY.)
func containerClient(transport *http.Transport) endpointcreds.HTTPClient {
	own := transport.Clone()
	own.Proxy = direct(transport.Proxy)
	return plainClient{own}
}

const (
	// instanceDial and instanceAnswer bound how long the instance metadata
	// service may take, as the SDK does for a client of its own type
	// (feature/ec2/imds, api_client.go).
	instanceDial   = 250 * time.Millisecond
	instanceAnswer = 500 * time.Millisecond
)

// instanceClient asks the instance metadata service once: where there is none,
// the connection runs into limits of a fraction of a second, and trying again
// would take seconds to say the same. It never goes through a proxy, and never
// where an answer points: it sends a token.
func instanceClient(transport *http.Transport) *imds.Client {
	own := transport.Clone()
	own.Proxy = nil
	own.DialContext = (&net.Dialer{Timeout: instanceDial}).DialContext
	own.ResponseHeaderTimeout = instanceAnswer
	return imds.New(imds.Options{HTTPClient: plainClient{own}, Retryer: aws.NopRetryer{}})
}

// assume returns the credentials of the role. STS is reached in the topic's
// region, never at the endpoint given for SNS (AWS_ENDPOINT_URL_STS holds).
func (c Config) assume(base aws.Config, redact *secret.Mask) aws.CredentialsProvider {
	client := sts.NewFromConfig(base, func(o *sts.Options) { o.Retryer = newRetryer(base.RetryMaxAttempts, retry.BackoffDelayerFunc(pause)) })
	role := stscreds.NewAssumeRoleProvider(client, c.RoleARN, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = sessionName(c.SessionName)
		if c.ExternalID != "" {
			o.ExternalID = aws.String(c.ExternalID)
		}
	})
	return labelled{aws.NewCredentialsCache(role), redact, c.Mask}
}

// sessionName cuts a name to what STS takes (its model: [\w+=,.@-]{2,64}).
func sessionName(name string) string {
	const most, fallback = 64, "tcsns"
	cut := strings.Map(func(r rune) rune {
		if r < 0x80 && (isNameByte(byte(r)) || strings.ContainsRune("+=,.@", r)) {
			return r
		}
		return '-'
	}, name)
	if len(cut) < 2 {
		return fallback
	}
	return cut[:min(len(cut), most)]
}

// credentialsError is a failure to get credentials, to tell it from a failure
// to publish.
type credentialsError struct{ err error }

func (e *credentialsError) Error() string { return "get credentials: " + e.err.Error() }

func (e *credentialsError) Unwrap() error { return e.err }

// labelled makes the failures of a provider credentialsErrors, and what it
// gives known to two masks.
type labelled struct {
	provider aws.CredentialsProvider
	redact   *secret.Mask
	mask     *secret.Mask // may be nil
}

// Retrieve implements aws.CredentialsProvider.
func (l labelled) Retrieve(ctx context.Context) (aws.Credentials, error) {
	c, err := l.provider.Retrieve(ctx)
	if err != nil {
		var known *credentialsError
		if errors.As(err, &known) {
			return c, err // of the credentials below a role
		}
		var process *processcreds.ProviderError
		switch {
		case errors.As(err, &process):
			err = errProcess
		case signsIn(l.provider):
			err = errPerson
		}
		return c, &credentialsError{err}
	}
	for _, m := range []*secret.Mask{l.redact, l.mask} {
		if m != nil {
			m.Add(secret.New(c.SecretAccessKey), secret.New(c.SessionToken))
		}
	}
	return c, nil
}

// errProcess is a credential_process that gives no credentials. It stands for the
// SDK's words, which recite what the process printed, secrets and all.
var errProcess = errors.New("credential_process gives no credentials")

// errPerson is a profile whose credentials come of a person who signs in, and
// none are there. It stands for the SDK's words, which differ with what is
// missing and have no type, and for those of leftout.
var errPerson = errors.New("the profile asks for a person to sign in")

// signsIn reports whether what a provider gives comes of a person who signs in,
// or of a role that an SSO session would assume (on a session of aws login the
// SDK loads none).
func signsIn(provider aws.CredentialsProvider) bool {
	chain, ok := provider.(aws.CredentialProviderSource)
	return ok && slices.ContainsFunc(chain.ProviderSources(), func(s aws.CredentialSource) bool {
		return s == aws.CredentialSourceSSO || s == aws.CredentialSourceSSOLegacy || s == aws.CredentialSourceLogin
	})
}
