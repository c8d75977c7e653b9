package snstopic

import (
	"strings"
)

// maxNameBytes is the longest name of a topic, with its ".fifo" (the model of
// SNS: CreateTopic, Name).
const maxNameBytes = 256

// fifoSuffix ends the name of every FIFO topic, and of no other.
const fifoSuffix = ".fifo"

// ARN names a topic. The zero value names none; [ParseARN] makes one.
type ARN struct {
	Partition string // aws, aws-cn, aws-us-gov, aws-iso, aws-iso-b …
	Region    string
	Account   string // twelve digits
	Name      string // with ".fifo" where it has one
}

// String returns the ARN as AWS writes it.
func (a ARN) String() string {
	return "arn:" + a.Partition + ":sns:" + a.Region + ":" + a.Account + ":" + a.Name
}

// FIFO reports whether the topic is a FIFO topic.
func (a ARN) FIFO() bool { return strings.HasSuffix(a.Name, fifoSuffix) }

// arnFix says how an ARN of a topic looks.
const arnFix = "set topic_arn to the ARN on the topic's page in the SNS console, such as arn:aws:sns:eu-west-1:123456789012:alerts"

// ParseARN reads the ARN of a topic in any partition. Its error is an [*Error]
// of class [ClassInput] that names topic_arn and says what the text is instead,
// where that shows.
func ParseARN(s string) (ARN, error) {
	text := strings.TrimSpace(s)
	if problem := mistaken(text); problem != "" {
		return ARN{}, inputError("read topic_arn", "topic_arn "+problem, arnFix)
	}
	parts := strings.SplitN(text, ":", 7)
	if len(parts) < 6 {
		return ARN{}, inputError("read topic_arn", "topic_arn has fewer than the six parts of an ARN", arnFix)
	}
	arn := ARN{Partition: parts[1], Region: parts[3], Account: parts[4], Name: parts[5]}
	problem := ""
	switch {
	case len(parts) > 6:
		problem = "is the ARN of a subscription, not of its topic: it has one part too many"
		if !isUUID(parts[6]) {
			problem = "has more than the six parts of a topic's ARN"
		}
	case !isPartition(arn.Partition):
		problem = "names a partition that is not one of AWS's (aws, aws-cn, aws-us-gov, aws-iso…)"
	case !isRegion(arn.Region):
		problem = "has no valid region as its fourth part"
	case !isAccount(arn.Account):
		problem = "has no account of twelve digits as its fifth part"
	case !isTopicName(arn.Name):
		problem = "has no valid topic name as its last part: letters, digits, - and _ only, at most 256, and .fifo at the end of a FIFO topic's"
	case !partitionOf(arn.Region, arn.Partition):
		problem = "names a region of another partition than its own"
	}
	if problem != "" {
		return ARN{}, inputError("read topic_arn", "topic_arn "+problem, arnFix)
	}
	return arn, nil
}

// mistaken says what a text is that is not the ARN of anything in SNS, or
// returns the empty text.
func mistaken(text string) string {
	lower := strings.ToLower(text)
	switch {
	case text == "":
		return "is empty"
	case strings.IndexAny(text, "\"'`“‘") == 0:
		return "stands in quotes, which are no part of an ARN"
	case strings.HasPrefix(text, "${"):
		return "is a reference that ThreatConnect has not replaced: no such variable, or typed instead of picked"
	case strings.HasPrefix(lower, "http://"), strings.HasPrefix(lower, "https://"):
		return "is a URL, not the ARN of a topic"
	case !strings.Contains(text, ":") && isTopicName(text):
		return "is the name of a topic, not its ARN: name, region and account make the ARN"
	case strings.HasPrefix(lower, "arn:") && !strings.HasPrefix(text, "arn:"):
		return "must begin with arn: in lower case"
	case !strings.HasPrefix(text, "arn:"):
		return "is not an ARN: it does not begin with arn:"
	}
	service := strings.SplitN(text, ":", 4)
	if len(service) > 3 && service[2] != "sns" {
		if isServiceName(service[2]) {
			return "is an ARN of " + strings.ToUpper(service[2]) + ", not of an SNS topic"
		}
		return "is an ARN of another service, not of an SNS topic"
	}
	resource := text[strings.LastIndexByte(text, ':')+1:]
	switch {
	case strings.HasPrefix(resource, "endpoint/"):
		return "is the ARN of a mobile endpoint, not of a topic"
	case strings.HasPrefix(resource, "app/"):
		return "is the ARN of a platform application, not of a topic"
	}
	return ""
}

// isServiceName reports whether text may stand in a message as the name of an
// AWS service.
func isServiceName(text string) bool {
	return text != "" && len(text) <= 20 && all(text, func(c byte) bool { return isLower(c) || isDigit(c) || c == '-' })
}

func isPartition(text string) bool {
	switch text {
	case "aws", "aws-cn", "aws-us-gov", "aws-eusc":
		return true
	}
	return text == "aws-iso" || strings.HasPrefix(text, "aws-iso-") && len(text) == len("aws-iso-b") && isLower(text[len(text)-1])
}

// isRegion holds a region to the shape of its name only: new regions come every
// year. It is also what keeps a region from becoming part of another host name.
func isRegion(text string) bool {
	parts := strings.Split(text, "-")
	if len(parts) < 3 || len(text) > 32 {
		return false
	}
	number := parts[len(parts)-1]
	if number == "" || !all(number, isDigit) {
		return false
	}
	for _, part := range parts[:len(parts)-1] {
		if part == "" || !all(part, isLower) {
			return false
		}
	}
	return true
}

// partitionOf reports whether a region is in a partition. An unknown prefix is
// left to AWS.
func partitionOf(region, partition string) bool {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return partition == "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return partition == "aws-us-gov"
	case strings.HasPrefix(region, "us-iso"), strings.HasPrefix(region, "eu-iso"):
		return strings.HasPrefix(partition, "aws-iso")
	case strings.HasPrefix(region, "eusc-"):
		return partition == "aws-eusc"
	}
	return partition == "aws"
}

func isAccount(text string) bool { return len(text) == 12 && all(text, isDigit) }

func isTopicName(text string) bool {
	base := strings.TrimSuffix(text, fifoSuffix)
	return base != "" && len(text) <= maxNameBytes && all(base, isNameByte)
}

// isUUID reports whether text ends a subscription's ARN.
func isUUID(text string) bool {
	return len(text) == 36 && all(text, func(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' || c == '-' })
}

func isNameByte(c byte) bool {
	return isLower(c) || 'A' <= c && c <= 'Z' || isDigit(c) || c == '-' || c == '_'
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func all(text string, is func(byte) bool) bool {
	for i := range len(text) {
		if !is(text[i]) {
			return false
		}
	}
	return true
}
