package snstopic

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

// remedy is what the table says of a code: its class, whether running again
// may mend it, and one concrete step.
type remedy struct {
	class     Class
	retryable bool
	fix       string
}

// Steps that several codes share.
const (
	fixAgain      = "run it again later; if it stays, see the AWS Health Dashboard for the region"
	fixRate       = "run it again later, send less at once, or have the account's quota raised"
	fixKMSState   = "enable the KMS key of the topic, or choose another key for it"
	fixClock      = "set the clock of the Playbook Server (NTP): AWS refuses signatures that are more than a few minutes off"
	fixReport     = "report this: the App checks it before it sends"
	fixAttributes = "correct message_attributes: names, types and values as the message of SNS says"
)

// ofServer is where keys stand that are none of the App's inputs.
const ofServer = " in the environment or the profile of the Playbook Server"

// fixKeys chooses between the keys of the inputs and those of the default chain.
func (t *Topic) fixKeys(given, chain string) string {
	if t.fromChain {
		return chain
	}
	return given
}

// unknownFix is the step for what may have been published.
const unknownFix = "look behind the topic before running it again: a second run may deliver a second time"

// remedyFor is the one table from code to remedy. Codes that the SDK has a type
// for are taken from it; the others are AWS's common ones
// (https://docs.aws.amazon.com/sns/latest/api/CommonErrors.html).
func (t *Topic) remedyFor(code, message string) remedy {
	switch code {
	case (&types.InvalidParameterException{}).ErrorCode():
		return t.remedyForParameter(message)
	case (&types.InvalidParameterValueException{}).ErrorCode():
		return remedy{ClassInput, false, fixAttributes}
	case (&types.ValidationException{}).ErrorCode(), "ValidationError":
		return remedy{ClassInput, false, "correct the input that the message of SNS names"}
	case (&types.NotFoundException{}).ErrorCode(), (&types.ResourceNotFoundException{}).ErrorCode():
		return remedy{ClassNotFound, false, "check topic_arn: account " + t.arn.Account + " has no topic " + t.arn.Name + " in " + t.region + "; create it, or correct the ARN"}
	case (&types.AuthorizationErrorException{}).ErrorCode(), "AccessDenied", "AccessDeniedException":
		return remedy{ClassAuth, false, "allow sns:Publish on " + t.arn.String() + " in the policy of these credentials, and, from another account, in the topic's policy too"}
	case (&types.InvalidSecurityException{}).ErrorCode():
		return remedy{ClassAuth, false, "use https in aws_endpoint_url, and no proxy that changes requests"}
	case (&types.EndpointDisabledException{}).ErrorCode():
		return remedy{ClassTarget, false, "enable the mobile endpoint again, with a current device token"}
	case (&types.PlatformApplicationDisabledException{}).ErrorCode():
		return remedy{ClassTarget, false, "renew the credentials of the platform application in SNS, and enable it again"}
	case (&types.KMSAccessDeniedException{}).ErrorCode():
		return remedy{ClassKMS, false, "allow kms:GenerateDataKey* and kms:Decrypt on the topic's KMS key, in the policy of these credentials and in the key's"}
	case (&types.KMSDisabledException{}).ErrorCode(), (&types.KMSInvalidStateException{}).ErrorCode():
		return remedy{ClassKMS, false, fixKMSState}
	case (&types.KMSNotFoundException{}).ErrorCode():
		return remedy{ClassKMS, false, "choose a KMS key for the topic that exists in " + t.region}
	case (&types.KMSOptInRequired{}).ErrorCode():
		return remedy{ClassKMS, false, "sign the account up for KMS, or choose a key that these credentials may use"}
	case (&types.KMSThrottlingException{}).ErrorCode(), (&types.ThrottledException{}).ErrorCode(),
		"Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestThrottled",
		"RequestThrottledException", "RequestLimitExceeded", "SlowDown", "LimitExceededException", "BandwidthLimitExceeded":
		return remedy{ClassThrottle, true, fixRate}
	case (&types.InternalErrorException{}).ErrorCode(), "InternalFailure", "ServiceUnavailable", "RequestTimeout", "RequestTimeoutException":
		return remedy{ClassServer, true, fixAgain}
	case (&types.BatchEntryIdsNotDistinctException{}).ErrorCode(), (&types.BatchRequestTooLongException{}).ErrorCode(),
		(&types.EmptyBatchRequestException{}).ErrorCode(), (&types.InvalidBatchEntryIdException{}).ErrorCode(),
		(&types.TooManyEntriesInBatchRequestException{}).ErrorCode():
		return remedy{ClassInput, false, fixReport}
	case "ExpiredToken", "ExpiredTokenException":
		return remedy{ClassAuth, false, t.fixKeys("get a new aws_session_token with its keys: the temporary credentials ran out",
			"renew the temporary credentials"+ofServer+": they ran out")}
	case "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId":
		return remedy{ClassAuth, false, t.fixKeys("check that aws_access_key_id exists and is active in the topic's partition; temporary keys also need aws_session_token",
			"check that the access key"+ofServer+" exists and is active in the topic's partition; temporary keys also need their session token")}
	case "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature":
		if strings.Contains(message, "Signature expired") || strings.Contains(message, "Signature not yet current") {
			return remedy{ClassClock, false, fixClock}
		}
		return remedy{ClassAuth, false, t.fixKeys("copy aws_access_key_id and aws_secret_access_key again: the secret does not belong to the key id",
			"copy the access key and its secret again"+ofServer+": the secret does not belong to the key id")}
	case "MissingAuthenticationToken", "MissingAuthenticationTokenException":
		return remedy{ClassAuth, false, "set aws_access_key_id and aws_secret_access_key, and no proxy that drops headers"}
	case "RequestExpired", "RequestTimeTooSkewed":
		return remedy{ClassClock, false, fixClock}
	case "OptInRequired", "SubscriptionRequiredException":
		return remedy{ClassAuth, false, "enable the region " + t.region + " or SNS in it for account " + t.arn.Account}
	}
	return remedy{}
}

// remedyForParameter reads which parameter an InvalidParameter is about from
// its tail: SNS has one code for all of them.
func (t *Topic) remedyForParameter(message string) remedy {
	fix := "correct the input that the message of SNS names"
	switch {
	case strings.Contains(message, "TopicArn"):
		fix = "check topic_arn: its region (" + t.region + ") is where the request went"
		if t.endpoint != "" {
			fix += " by aws_endpoint_url, which may be another region's"
		}
	case strings.Contains(message, "Subject"):
		fix = "give subject one line of at most 100 characters, without control characters"
	case strings.Contains(message, "too long"):
		fix = "shorten message and message_attributes: together they may have 262144 bytes, or the topic's MaximumMessageSize"
	case strings.Contains(message, "Empty message"):
		fix = "give message a text, or leave it unset for the rendered one"
	case strings.Contains(message, "Message Structure"), strings.Contains(message, "MessageStructure"):
		fix = "choose message_format Text, or make message a plain text"
	case strings.Contains(message, "MessageGroupId"):
		fix = "set message_group_id to 1 to 128 letters, digits and punctuation, without spaces"
	case strings.Contains(message, "MessageDeduplicationId"), strings.Contains(message, "ContentBasedDeduplication"):
		fix = "leave message_deduplication_id empty on a standard topic; on a FIFO topic give it 1 to 128 letters, digits and punctuation"
	case strings.Contains(message, "PhoneNumber"):
		fix = "correct the phone number of the subscription in SNS: + and up to 15 digits"
	case strings.Contains(message, "message attribute"), strings.Contains(message, "MessageAttributes"):
		fix = fixAttributes
	}
	return remedy{ClassInput, false, fix}
}

// remedyForStatus is for an answer without a code that the table knows.
func remedyForStatus(status int) remedy {
	switch {
	case status == 429:
		return remedy{ClassThrottle, true, fixRate}
	case status >= 500:
		return remedy{ClassServer, true, fixAgain}
	case status == 401, status == 403:
		return remedy{ClassAuth, false, "check the credentials and what they are allowed, and that aws_endpoint_url and the proxy lead to SNS"}
	case status == 407:
		return remedy{ClassNetwork, false, fixProxy}
	case status >= 300 && status < 400:
		return remedy{ClassNetwork, false, "set aws_endpoint_url to the address that answers itself, or let the Playbook Server reach SNS past the portal or proxy that redirects it"}
	}
	return remedy{ClassInput, false, "check aws_endpoint_url and the proxy: what answered does not seem to be SNS"}
}

// fatal reports whether e would fail every other message of the topic as well,
// so that there is no use in sending them now.
func (e *Error) fatal() bool {
	switch e.Code {
	case CodeCredentials, CodeDNS, CodeTLS, CodeProxy, CodeRedirect:
		return true
	}
	switch e.Class {
	case ClassAuth, ClassNotFound, ClassClock:
		return true
	case ClassKMS:
		return !e.Retryable
	case ClassInput:
		return e.Service == serviceSNS && strings.Contains(e.Message, "TopicArn")
	}
	return e.Service == serviceSTS && !e.Retryable
}

// blamesEntry reports whether e is SNS's refusal of something that one entry
// of a batch holds, and not of the topic.
func blamesEntry(e *Error) bool {
	return e.Service == serviceSNS && e.Class == ClassInput && e.Status == 400 && !strings.Contains(e.Message, "TopicArn")
}
