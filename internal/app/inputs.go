package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tcsns/internal/alert"
	"tcsns/internal/snstopic"
	"tcsns/internal/tc"
	"tcsns/internal/tc/param"
	"tcsns/internal/tc/playbook"
	"tcsns/internal/tc/secret"
)

// The inputs of the App, as install.json names them; a test compares the two.
const (
	tcAction               = "tc_action"
	topicARN               = "topic_arn"
	awsAccessKeyID         = "aws_access_key_id"
	awsSecretAccessKey     = "aws_secret_access_key"
	awsSessionToken        = "aws_session_token"
	awsRoleARN             = "aws_role_arn"
	awsExternalID          = "aws_external_id"
	awsRegion              = "aws_region"
	awsEndpointURL         = "aws_endpoint_url"
	messageGroupID         = "message_group_id"
	messageDeduplicationID = "message_deduplication_id"
	address                = "address"
	owner                  = "owner"
	threatassessScore      = "threatassess_score"
	confidence             = "confidence"
	detailsLink            = "details_link"
	indicatorType          = "indicator_type"
	triggerAction          = "trigger_action"
	messageFormat          = "message_format"
	subject                = "subject"
	message                = "message"
	messageAttributes      = "message_attributes"
	defang                 = "defang"
	failOnError            = "fail_on_error"
	timeoutSeconds         = "timeout_seconds"
)

// resolved are the inputs that may hold variables. All of them are resolved
// together, so that a run reads the key-value store once.
func resolved() []string {
	return []string{
		topicARN, awsAccessKeyID, awsSecretAccessKey, awsSessionToken, awsRoleARN, awsExternalID, awsRegion, awsEndpointURL,
		messageGroupID, messageDeduplicationID,
		address, owner, threatassessScore, confidence, detailsLink, indicatorType, triggerAction,
		messageFormat, subject, message, messageAttributes, timeoutSeconds,
	}
}

// fixed are the inputs that are what they are: a choice or a switch, never a variable.
func fixed() []string { return []string{tcAction, defang, failOnError} }

// The two actions of tc_action.
const (
	actionPublish = "Publish"
	actionCheck   = "Check"
)

// The defaults live here, not only in install.json: an absent parameter means
// its default.
const (
	defaultIndicatorType = "Address"
	defaultTriggerAction = "Created"
	defaultTimeout       = 30 * time.Second
	// maxTimeout keeps a typing slip (3000000) from holding a playbook
	// server's slot for days. ThreatConnect documents no limit of its own.
	maxTimeout = time.Hour
)

// inputs is what a run was asked to do, read and checked.
type inputs struct {
	action      string
	format      alert.Format
	defang      bool
	failOnError bool
	timeout     time.Duration

	arn                           snstopic.ARN
	region, endpointURL           string
	accessKeyID                   string
	secretAccessKey, sessionToken secret.String
	roleARN, externalID           string

	groupID, deduplicationID string

	alerts           alerts
	subject, message string
	attributes       []alert.Attribute
	remarks          []string

	problems  []error // with any of them
	read      bool    // to the end: what is there can be looked at, whatever the problems
	reachable bool    // they tell which topic, and in whose name
}

// reader gathers the inputs and every problem with them, not only the first:
// a playbook author mends them in one go.
type reader struct {
	params   *param.Set
	values   playbook.Values
	problems []error
	notes    []string // what was changed
}

// readInputs reads, resolves and checks the inputs of a run. The error joins
// every problem; each names its parameter.
func readInputs(ctx context.Context, r *tc.Run) (*inputs, error) {
	rd := &reader{params: r.Params}
	in := &inputs{
		action:      rd.choice(tcAction, r.Params.String(tcAction), actionPublish, actionCheck),
		defang:      rd.boolean(defang, true),
		failOnError: rd.boolean(failOnError, true),
	}
	for _, name := range []string{topicARN, address} {
		if !r.Params.Has(name) {
			rd.problem(name, "is missing", rd.fillIn(name))
		}
	}

	var asked []playbook.Input
	for _, name := range resolved() {
		if err := r.Params.NoValue(name); err != nil {
			rd.add(err)
			continue
		}
		if raw := r.Params.Raw(name); raw != nil && raw != "" {
			asked = append(asked, playbook.Input{Param: name, Raw: raw})
		}
	}
	values, err := r.Playbook.Resolve(ctx, asked...)
	if err != nil {
		return in, errors.Join(append(rd.problems, err)...)
	}
	rd.values = values

	in.format = alert.Format(rd.choice(messageFormat, rd.text(messageFormat), string(alert.PerProtocol), string(alert.Text), string(alert.JSON)))
	in.timeout = rd.seconds(timeoutSeconds, defaultTimeout)
	in.topic(rd)
	in.subject = rd.words(subject)
	in.message = rd.words(message)
	in.attributes = rd.attributes()
	in.alerts = rd.alerts()
	in.ids(rd)
	in.remarks = append(rd.remarks(), rd.notes...)
	in.read, in.problems = true, rd.problems
	return in, errors.Join(rd.problems...)
}

// topic reads where to publish, and in whose name.
func (in *inputs) topic(rd *reader) {
	in.region = rd.text(awsRegion)
	in.endpointURL = rd.text(awsEndpointURL)
	in.accessKeyID = rd.text(awsAccessKeyID)
	in.secretAccessKey = rd.secret(awsSecretAccessKey)
	in.sessionToken = rd.secret(awsSessionToken)
	in.roleARN = rd.text(awsRoleARN)
	in.externalID = rd.text(awsExternalID)
	switch text := rd.text(topicARN); {
	case rd.failed(topicARN): // said already
	case text == "":
		rd.problem(topicARN, "is empty: the variable that it refers to is not set", "check the variable, or write the topic's ARN itself")
	default:
		var err error
		in.arn, err = snstopic.ParseARN(text)
		rd.add(err)
	}
	config := in.config()
	rd.found(config.Problems())
	in.reachable = in.arn != (snstopic.ARN{}) && !rd.failed(topicARN, awsRegion, awsEndpointURL, awsAccessKeyID, awsSecretAccessKey, awsSessionToken, awsRoleARN, awsExternalID)
}

// config is how the topic is reached, as far as the inputs say it.
func (in *inputs) config() snstopic.Config {
	return snstopic.Config{
		ARN:             in.arn,
		Region:          in.region,
		EndpointURL:     in.endpointURL,
		AccessKeyID:     in.accessKeyID,
		SecretAccessKey: in.secretAccessKey,
		SessionToken:    in.sessionToken,
		RoleARN:         in.roleARN,
		ExternalID:      in.externalID,
		Timeout:         in.timeout,
	}
}

// ids reads the message group and the deduplication id. The last address has
// the longest id: each gets its position appended where there are several.
func (in *inputs) ids(rd *reader) {
	in.groupID = rd.text(messageGroupID)
	in.deduplicationID = rd.text(messageDeduplicationID)
	if problems := snstopic.ValidateIDs(in.arn, in.groupID, in.deduplicationIDOf(in.alerts.len()-1)); len(problems) > 0 {
		rd.found(problems)
		in.groupID, in.deduplicationID = "", "" // said once, and not of each address again
	}
}

// deduplicationIDOf is the author's own deduplication id for address i.
func (in *inputs) deduplicationIDOf(i int) string {
	if in.deduplicationID == "" || in.alerts.len() < 2 {
		return in.deduplicationID
	}
	return in.deduplicationID + "-" + strconv.Itoa(i+1)
}

// add records a problem.
func (rd *reader) add(err error) {
	if err != nil {
		rd.problems = append(rd.problems, err)
	}
}

// failed reports whether a problem with one of the parameters is recorded.
func (rd *reader) failed(names ...string) bool {
	for _, err := range rd.problems {
		var input *param.Error
		if errors.As(err, &input) && slices.Contains(names, input.Name) {
			return true
		}
	}
	return false
}

// fillIn says how to give a required parameter: the sources stand alone.
func (rd *reader) fillIn(name string) string {
	const settings = "fill it in in the App's settings"
	switch rd.params.Source() {
	case param.SourceArguments:
		return settings + ", or by hand pass --" + name
	case param.SourceEnvironment:
		return "set TC_" + strings.ToUpper(name)
	}
	return settings
}

// problem records that a parameter cannot be used.
func (rd *reader) problem(name, what, fix string) {
	rd.problems = append(rd.problems, &param.Error{Name: name, Problem: what, Fix: fix})
}

// found records the problems that SNS would have with parameters, unless a
// worse one of the same parameter is recorded.
func (rd *reader) found(problems []snstopic.Problem) {
	for _, p := range problems {
		if !rd.failed(p.Input) {
			rd.problem(p.Input, p.Text, p.Fix)
		}
	}
}

// choice reads one of a few words, in any case; empty is the first.
func (rd *reader) choice(name, text string, choices ...string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return choices[0]
	}
	for _, choice := range choices {
		if strings.EqualFold(text, choice) {
			return choice
		}
	}
	rd.problem(name, "is none of its choices", "choose "+strings.Join(choices[:len(choices)-1], ", ")+" or "+choices[len(choices)-1])
	return choices[0]
}

func (rd *reader) boolean(name string, def bool) bool {
	value, err := rd.params.Bool(name, def)
	rd.add(err)
	return value
}

// seconds reads a time span; fractions are allowed.
func (rd *reader) seconds(name string, def time.Duration) time.Duration {
	text := rd.text(name)
	if text == "" {
		return def
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(seconds > 0) || seconds > maxTimeout.Seconds() {
		rd.problem(name, "is no number of seconds", fmt.Sprintf("write a number above 0 and at most %d", int(maxTimeout.Seconds())))
		return def
	}
	return time.Duration(seconds * float64(time.Second))
}

// text reads a one-line value: white space around it is a slip of the mouse.
func (rd *reader) text(name string) string { return strings.TrimSpace(rd.words(name)) }

// words reads a value as written.
func (rd *reader) words(name string) string {
	value, ok := rd.values[name]
	if !ok {
		return ""
	}
	text, err := value.Text()
	rd.add(err)
	return text
}

func (rd *reader) secret(name string) secret.String {
	if rd.words(name) == "" {
		return secret.String{}
	}
	return secret.New(strings.TrimSpace(rd.values[name].Secret().Reveal()))
}

// attributes reads message_attributes: one's own, before the derived ones.
func (rd *reader) attributes() []alert.Attribute {
	value, ok := rd.values[messageAttributes]
	if !ok || value.IsUnset() {
		return nil
	}
	pairs, err := value.KeyValues()
	if err != nil {
		rd.add(err)
		return nil
	}
	attributes := make([]alert.Attribute, 0, len(pairs))
	for _, pair := range pairs {
		if pair.Key == "" && pair.Text() == "" { // a row that was opened and left
			continue
		}
		attribute, err := alert.OwnAttribute(pair.Key, pair.Text())
		if err != nil {
			rd.problem(messageAttributes, err.Error(), "mend that row, or remove it")
			continue
		}
		if remark := alert.OwnRemark(pair.Text(), attribute); remark != "" {
			rd.notes = append(rd.notes, remark)
		}
		attributes = append(attributes, attribute)
	}
	return attributes
}

// remarks says which inputs refer to a variable that is not set: no mistake
// (a new indicator has no ThreatAssess score), but worth a line.
func (rd *reader) remarks() []string {
	var remarks []string
	for _, name := range resolved() {
		if value, ok := rd.values[name]; ok && value.IsUnset() {
			remarks = append(remarks, name+": the variable that it refers to is not set")
		}
	}
	return remarks
}
