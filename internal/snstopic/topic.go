// Package snstopic publishes to an Amazon SNS topic, and says in words what
// became of each message. It is the only importer of the AWS SDK.
//
// [Open] makes a [Topic] without any network. [Topic.Publish] sends one message
// or many within one deadline, that of [Config.Timeout]: it validates each
// first ([Validate]), packs many into batches, sends again what may be sent
// again, and returns one [Result] for each, in order. A result is Published,
// Failed, NotSent or Unknown; every one that is not Published has an [*Error]
// with AWS's code and words and one concrete fix.
//
// A request that was written but not answered may have been carried out. To a
// standard topic it is not sent again, its outcome is Unknown; to a FIFO topic
// it is, because SNS drops a second message with the same deduplication id for
// five minutes.
//
// No topic is ever created, and nothing but SNS, STS and what holds the
// credentials is spoken to.
package snstopic

import (
	"context"
	"log/slog"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"tcsns/internal/tc/secret"
)

// defaultTimeout bounds a publish whose [Config.Timeout] is zero.
const defaultTimeout = 30 * time.Second

// Config says which topic, and how to reach it. Its field names are those of
// the App's parameters, and errors name the parameters.
type Config struct {
	ARN         ARN
	Region      string // empty: the ARN's; anything else is an error
	EndpointURL string // empty: AWS's endpoint, or AWS_ENDPOINT_URL_SNS; else where SNS is reached, but not STS

	// Both keys, or none for the SDK's default chain: environment, profile, web
	// identity, container, instance.
	AccessKeyID     string
	SecretAccessKey secret.String
	SessionToken    secret.String

	// A role to assume with those credentials; empty: none.
	RoleARN     string
	ExternalID  string
	SessionName string // shows in CloudTrail; cut to what STS takes

	Timeout   time.Duration // of one Publish or Attributes, credentials and retries included; 0: 30 s
	MaxBytes  int           // the topic's MaximumMessageSize; 0: DefaultMaxBytes
	Proxy     *url.URL      // nil: HTTPS_PROXY, HTTP_PROXY and NO_PROXY
	UserAgent string        // goes before the SDK's own
	Log       *slog.Logger  // nil: no log
	Mask      *secret.Mask  // learns the credentials of the chain and of a role; may be nil
}

// Topic is a topic that can be published to. It is safe for concurrent use.
type Topic struct {
	arn       ARN
	region    string
	endpoint  string // the override, "" for AWS's
	timeout   time.Duration
	maxBytes  int
	fromChain bool // the credentials come from the default chain
	roleARN   string
	sns       *sns.Client
	retryer   *retry.Standard
	pause     func(attempt int, err error) (time.Duration, error) // before a batch's entries are sent again
	hangUp    func()                                              // closes the connections that nobody uses
	log       *slog.Logger
	redact    *secret.Mask
}

// Open checks c and makes its topic. It does not touch the network. Its error
// is an [*Error] that names the parameter.
func Open(c Config) (*Topic, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	env, err := config.NewEnvConfig()
	if err != nil {
		return nil, environmentError(err)
	}
	if err := c.checkEnvironment(env); err != nil {
		return nil, err
	}
	t := &Topic{
		arn:       c.ARN,
		region:    c.ARN.Region,
		endpoint:  c.EndpointURL,
		timeout:   c.Timeout,
		maxBytes:  c.MaxBytes,
		fromChain: c.AccessKeyID == "",
		roleARN:   c.RoleARN,
		log:       c.Log,
		redact:    redactor(c),
		pause:     pause,
	}
	if t.timeout <= 0 {
		t.timeout = defaultTimeout
	}
	if t.maxBytes <= 0 {
		t.maxBytes = DefaultMaxBytes
	}
	if t.log == nil {
		t.log = slog.New(slog.DiscardHandler)
	}
	awsConfig, err := c.load(env, t.redact)
	if err != nil {
		return nil, err
	}
	t.retryer = newRetryer(awsConfig.RetryMaxAttempts, retry.BackoffDelayerFunc(t.pause))
	awsConfig.RetryMaxAttempts = 0 // it is in the retryer
	client := awsConfig.HTTPClient.(plainClient)
	t.hangUp = client.transport.CloseIdleConnections
	tracked := awsConfig.Copy()
	tracked.HTTPClient = trackedClient{client}
	t.sns = sns.NewFromConfig(tracked, func(o *sns.Options) {
		o.Retryer = t.retryer
		if c.EndpointURL != "" {
			o.BaseEndpoint = aws.String(c.EndpointURL)
		}
	})
	return t, nil
}

// configProblems are what [Config.Problems] looks for, beside the region.
var configProblems = [...]Problem{
	{"aws_secret_access_key", "is empty, but aws_access_key_id is not", "set aws_secret_access_key too, or leave both empty for the credentials of the Playbook Server"},
	{"aws_access_key_id", "is empty, but aws_secret_access_key is not", "set aws_access_key_id too, or leave both empty for the credentials of the Playbook Server"},
	{"aws_session_token", "is set without the keys that it belongs to", "set aws_access_key_id and aws_secret_access_key too, or leave aws_session_token empty"},
	{"aws_access_key_id", "has characters that no access key id has", "copy aws_access_key_id again, without spaces or quotes"},
	{"aws_external_id", "is set without aws_role_arn", "set aws_role_arn, or leave aws_external_id empty"},
	{"aws_role_arn", "is not the ARN of a role", "set aws_role_arn to an ARN such as arn:aws:iam::123456789012:role/publisher"},
	{"aws_endpoint_url", "is not the URL of an endpoint", "set aws_endpoint_url to https:// and a host name, or leave it empty for AWS's own"},
}

// Problems returns every problem with the parameters of c, each of which
// [Open] refuses; of an ARN that is not set [ParseARN] has told.
func (c *Config) Problems() []Problem {
	var found problems
	if c.Region != "" && c.Region != c.ARN.Region && c.ARN != (ARN{}) {
		found.add("aws_region", "set aws_region to "+c.ARN.Region+" or leave it empty, or correct the topic_arn", "is %q, but topic_arn is in %q", c.Region, c.ARN.Region)
	}
	id, key, token := c.AccessKeyID != "", !c.SecretAccessKey.Empty(), !c.SessionToken.Empty()
	for i, has := range [len(configProblems)]bool{
		id && !key,
		key && !id,
		token && !id && !key,
		!isKeyID(c.AccessKeyID),
		c.RoleARN == "" && c.ExternalID != "",
		c.RoleARN != "" && !isRoleARN(c.RoleARN),
		c.EndpointURL != "" && !isEndpoint(c.EndpointURL),
	} {
		if has {
			found = append(found, configProblems[i])
		}
	}
	return found
}

// check refuses parameters with problems.
func (c *Config) check() *Error {
	const op = "open the topic"
	if c.ARN == (ARN{}) {
		return inputError(op, "topic_arn is empty", arnFix)
	}
	found := c.Problems()
	if len(found) == 0 {
		return nil
	}
	return inputError(op, joined(found), found[0].Fix)
}

// checkEnvironment refuses what the SDK cannot combine.
func (c *Config) checkEnvironment(env config.EnvConfig) *Error {
	if c.EndpointURL == "" {
		return nil
	}
	name := ""
	switch {
	case env.UseFIPSEndpoint == aws.FIPSEndpointStateEnabled:
		name = "AWS_USE_FIPS_ENDPOINT"
	case env.UseDualStackEndpoint == aws.DualStackEndpointStateEnabled:
		name = "AWS_USE_DUALSTACK_ENDPOINT"
	default:
		return nil
	}
	return inputError("open the topic", "aws_endpoint_url is set, and so is "+name+" in the environment: an endpoint of one's own has no such variant",
		"leave aws_endpoint_url empty, or unset "+name)
}

// environmentError is a variable of the environment that the SDK cannot read.
// The SDK's text names the variable, and its value, which is none of a secret.
func environmentError(err error) *Error {
	e := inputError("open the topic", "the AWS settings in the environment are not usable: "+clean(err.Error(), nil),
		"correct or unset that AWS_ variable, or correct the profile that it is about, on the Playbook Server")
	e.Err = err
	return e
}

// isKeyID keeps what would break a signature's header out of it.
func isKeyID(text string) bool { return len(text) <= 128 && all(text, isNameByte) }

func isEndpoint(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" && u.User == nil && u.RawQuery == "" && u.Fragment == ""
}

func isRoleARN(text string) bool {
	parts := strings.SplitN(text, ":", 6)
	return len(parts) == 6 && parts[0] == "arn" && isPartition(parts[1]) && parts[2] == "iam" && parts[3] == "" &&
		isAccount(parts[4]) && strings.HasPrefix(parts[5], "role/") && len(parts[5]) > len("role/") && len(text) <= 2048
}

// name is how the topic is called in errors.
func (t *Topic) name() string { return t.arn.Name }

// deadline starts the one deadline of what a caller asked for.
func (t *Topic) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, t.timeout)
}
