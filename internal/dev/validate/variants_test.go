package validate_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/pbx"
	"tcsns/internal/dev/validate"
)

// variant breaks one of the project's files by replacing a text, which must be
// there, and wants exactly one problem, or more where one slip shows twice.
type variant struct {
	name     string
	old, new string
	want     []string // what one of the problems says, each
}

// read is a file of the project.
func read(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	require.NoError(t, err)
	return string(data)
}

func (v variant) broken(t *testing.T, text string) []byte {
	t.Helper()
	require.Contains(t, text, v.old, "the variant breaks nothing")
	return []byte(strings.Replace(text, v.old, v.new, 1))
}

func (v variant) check(t *testing.T, file string, problems []validate.Problem) {
	t.Helper()
	require.NotEmpty(t, problems)
	var all strings.Builder
	for _, p := range problems {
		require.Equal(t, file, p.File)
		require.NotEmpty(t, p.Text)
		require.NotEmpty(t, p.Fix)
		require.NotContains(t, p.String(), "\n")
		fmt.Fprintln(&all, p)
	}
	for _, want := range v.want {
		require.Contains(t, all.String(), want)
	}
	require.LessOrEqual(t, len(problems), len(v.want), "one slip, one complaint:\n%s", &all)
}

func TestBrokenInstall(t *testing.T) {
	t.Parallel()
	for _, v := range []variant{
		{"no JSON", `"allowOnDemand": true,`, `"allowOnDemand": true`, []string{"line 3: invalid character"}},
		{"a wrong kind", `"allowOnDemand": true`, `"allowOnDemand": "yes"`, []string{"allowOnDemand is a JSON string"}},
		{"a typing slip in a field", `"labels":`, `"lables":`, []string{"lables: no field of that name is known"}},
		{"a typing slip in an input", `"required": true`, `"requierd": true`, []string{"params[0].requierd"}},
		{"a key twice", `"category":`, `"displayName": "AWS SNS",` + "\n" + `  "category":`, []string{"displayName: the key occurs twice"}},
		{"a required field missing", `  "listDelimiter": "|",` + "\n", "", []string{"listDelimiter: it is missing"}},
		{"a name too short", `"displayName": "AWS SNS"`, `"displayName": "A"`, []string{"it has 1 characters"}},
		{"no version", `"programVersion": "1.0.0"`, `"programVersion": "1.0"`, []string{`"1.0" is no version`}},
		{"an old server", `"minServerVersion": "7.2.0"`, `"minServerVersion": "6.4.0"`, []string{"6.4.0 is before 7.2.0"}},
		{"no UUID", `"appId": "bb7101ec-2c14-48a3`, `"appId": "bb7101ec-2c14-18a3`, []string{"is no UUID"}},
		{"another language", `"programLanguage": "PYTHON"`, `"programLanguage": "GO"`, []string{`"GO" is none of`}},
		{"a Python that is no version", `"languageVersion": "3.11"`, `"languageVersion": "python3"`, []string{`"python3" is no version of Python`}},
		{"a main that is not packed", `"programMain": "run.py"`, `"programMain": "start.py"`, []string{`"start.py" is not in the package`}},
		{"App Builder", `"fileParams",`, `"fileParams", "appBuilderCompliant",`, []string{"appBuilderCompliant says"}},
		{"a feature that went", `"fileParams",`, `"fileParams", "aotExecutionEnabled",`, []string{"no longer supported"}},
		{"a feature misspelt", `"runtimeVariables"`, `"runtimeVariable"`, []string{`no feature "runtimeVariable"`, "runtimeVariables is missing"}},
		{"a feature twice", `"fileParams",`, `"fileParams", "fileParams",`, []string{"there twice"}},
		{"a layout that is not switched on", `    "layoutEnabledApp",` + "\n", "", []string{"ignores without layoutEnabledApp"}},
		{"another runtime", `"runtimeLevel": "Playbook"`, `"runtimeLevel": "Playbok"`, []string{`"Playbok" is none of`}},
		{"a type too long", `"type": "Notification"`, `"type": "` + strings.Repeat("n", 36) + `"`, []string{"it has 36 characters"}},
		{"no retry delay", `      "defaultDelayMinutes": 1,` + "\n", "", []string{"defaultDelayMinutes is missing"}},
		{"a retry of no action", `"actions": [` + "\n" + `        "Publish"`, `"actions": [` + "\n" + `        "Send"`, []string{`"Send" is no action`}},
		{"a duplicate input", `"name": "aws_region"`, `"name": "aws_role_arn"`, []string{"aws_role_arn: the name is there twice", "layout.json"}},
		{"an input in capitals", `"name": "subject"`, `"name": "Subject"`, []string{`would change the name "Subject"`, "layout.json"}},
		{"the platform's own input", `"name": "subject"`, `"name": "tc_token"`, []string{"of the platform's own", "layout.json"}},
		{"a duplicate sequence", `"sequence": 25`, `"sequence": 24`, []string{"message_group_id has the sequence 24 too"}},
		{"no sequence", `,` + "\n" + `      "sequence": 25`, "", []string{"it has no sequence"}},
		{"no label", `"label": "Topic ARN"`, `"label": " "`, []string{"topic_arn: it has no label"}},
		{"no note", `"note": "The external id that the role's trust policy asks for, if it asks for one.",`, "", []string{"aws_external_id: it has no note"}},
		{"no type of an input", `"type": "KeyValueList"`, `"type": "KeyValue"`, []string{`"KeyValue" is no type of an input`}},
		{"nothing to choose", `"validValues": [` + "\n" + `        "Publish",` + "\n" + `        "Check"` + "\n" + `      ],` + "\n", "", []string{"nothing to choose from", "retry.actions", "retry.actions", `default "Publish"`}},
		{"a default that is none", `"default": "Per Protocol"`, `"default": "All"`, []string{`default "All" is not to choose`}},
		{"a Boolean default in words", `"default": true`, `"default": "yes"`, []string{`the default is "yes"`}},
		{"a secret default", `"encrypt": true,`, `"encrypt": true, "default": "hunter2",`, []string{"everyone who has the package can read"}},
		{"a placeholder misspelt", `"${TEXT}"`, `"${TEXTS}"`, []string{`does not fill in "${TEXTS}"`}},
		{"a secret in a text variable", `"${KEYCHAIN}"` + "\n" + `      ],` + "\n" + `      "playbookDataType": [` + "\n" + `        "String"` + "\n" + `      ],` + "\n" + `      "sequence": 4`, `"${TEXT}"` + "\n" + `      ],` + "\n" + `      "playbookDataType": [` + "\n" + `        "String"` + "\n" + `      ],` + "\n" + `      "sequence": 4`, []string{"text variables are not encrypted"}},
		{"no type of a variable", `"TCEntityArray"`, `"TCEntities"`, []string{`"TCEntities" is no type of a variable`}},
		{"a duplicate output", `"name": "sns.message_id",`, `"name": "sns.debug",`, []string{"same name and type", "layout.json"}},
		{"no name of an output", `"name": "sns.result"`, `"name": "sns result"`, []string{"cannot be the name of a variable", "layout.json", "layout.json"}},
		{"a name that is no folder's", `"displayName": "AWS SNS"`, `"displayName": "AWS/SNS"`, []string{"cannot name the folder"}},
		{"a blank name", `"displayName": "AWS SNS"`, `"displayName": "   "`, []string{"cannot name the folder"}},
		{"a Python that run.py does not run on", `"languageVersion": "3.11"`, `"languageVersion": "3.6"`, []string{"3.6 is before 3.8"}},
		{"no runtime", `"runtimeLevel": "Playbook"`, `"runtimeLevel": []`, []string{"runtimeLevel: it is missing"}},
		{"the runtime of a job", `"runtimeLevel": "Playbook"`, `"runtimeLevel": "Organization"`, []string{"which only a Playbook App has"}},
		{"a blank type", `"type": "Notification"`, `"type": "  "`, []string{"playbook.type: it is missing"}},
		{"a sequence below one", `"sequence": 25`, `"sequence": -25`, []string{"no sequence, or one below 1"}},
		{"a choice twice", `"Text",` + "\n" + `        "JSON"`, `"JSON",` + "\n" + `        "JSON"`, []string{`"JSON" is there twice`}},
		{"a default of many that is none", `"type": "Choice",` + "\n" + `      "default": "Per Protocol"`, `"type": "MultiChoice",` + "\n" + `      "default": "Text|All"`, []string{`default "Text|All" is not to choose`}},
		{"a placeholder without braces", `"${TEXT}"`, `"$TEXT"`, []string{`"$TEXT" is no placeholder`}},
		{"no note of an output", `,` + "\n" + `        "note": "The first MessageID."`, "", []string{"sns.message_id: it has no note"}},
		{"no type of an output", `"type": "StringArray"`, `"type": "List"`, []string{`"List" is no type of a variable`}},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			problems := validate.Definition(validate.Source{
				Install: v.broken(t, read(t, "install.json")), Layout: []byte(read(t, "layout.json")), HasLayout: true, Exists: packaged, Strict: true,
			})
			var own []validate.Problem
			layout := 0
			for _, p := range problems {
				if p.File == "layout.json" {
					layout++
					continue
				}
				own = append(own, p)
			}
			var want []string
			for _, text := range v.want {
				if text == "layout.json" {
					layout--
					continue
				}
				want = append(want, text)
			}
			v.want = want
			v.check(t, "install.json", own)
			// What install.json no longer has, layout.json misses: at most twice.
			require.LessOrEqual(t, layout, 1)
		})
	}
}

func TestBrokenLayout(t *testing.T) {
	t.Parallel()
	for _, v := range []variant{
		{"no JSON", `"inputs": [`, `"inputs": [,`, []string{"line 2"}},
		{"a typing slip in a field", `"display": "1"`, `"displays": "1"`, []string{"displays: no field", "without a display condition is dropped"}},
		{"no title", `"title": "Topic"`, `"title": ""`, []string{"its title has 0 characters"}},
		{"a duplicate sequence", `"sequence": 2`, `"sequence": 1`, []string{"the sequence 1 is there twice"}},
		{"no sequence", `"sequence": 1,`, "", []string{"it has no sequence"}},
		{"sections out of order", `"sequence": 2`, `"sequence": 9`, []string{"its sequence 3 stands after 9", "its sequence 4 stands after 9", "its sequence 5 stands after 9"}},
		{"an input that is not there", `"name": "subject"`, `"name": "subjects"`, []string{"no such input", "the input subject of install.json is in no section"}},
		{"an input twice", `"name": "subject"`, `"name": "defang"`, []string{"the input is there twice", "the input subject of install.json"}},
		{"a condition that cannot be read", `"name": "topic_arn"`, `"name": "topic_arn", "display": "tc_action in 'Publish'"`, []string{"cannot be read"}},
		{"a condition on what comes later", `"name": "topic_arn"`, `"name": "topic_arn", "display": "defang = 'true'"`, []string{`asks for "defang", which does not stand before it`}},
		{"a condition on itself", `"name": "topic_arn"`, `"name": "topic_arn", "display": "topic_arn != ''"`, []string{"does not stand before it"}},
		{"a condition that never holds", `"name": "topic_arn"`, `"name": "topic_arn", "display": "tc_action in ('Publish', 'Send')"`, []string{`asks whether tc_action is "Send"`}},
		{"a Boolean that is a word", `"name": "timeout_seconds"`, `"name": "timeout_seconds", "display": "fail_on_error = 'yes'"`, []string{`fail_on_error is "yes"`}},
		{"an output that is not there", `"name": "sns.result"`, `"name": "sns.results"`, []string{"no such output", "the output sns.result of install.json is not listed"}},
		{"an output twice", `"name": "sns.result"`, `"name": "sns.debug"`, []string{"the output is there twice", "sns.result"}},
		{"an output's condition on no input", `"display": "1"`, `"display": "action = 'Publish'"`, []string{`"action", which is no input`}},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			v.check(t, "layout.json", validate.Definition(validate.Source{
				Install: []byte(read(t, "install.json")), Layout: v.broken(t, read(t, "layout.json")), HasLayout: true, Exists: packaged, Strict: true,
			}))
		})
	}
}

const sample = "playbook/AWS-SNS-Integration-PlayBook.pbx"

func TestBrokenPlaybook(t *testing.T) {
	t.Parallel()
	const passToLogger = `"type" : "Pass",
    "isCircularOnTarget" : false,
    "sourceJobId" : 1001,
    "targetJobId" : 1002`
	for _, v := range []variant{
		{"an input that is not there", `"paramName" : "subject"`, `"paramName" : "subjects"`, []string{"subjects: install.json has no such input"}},
		{"an input twice", `"paramName" : "subject"`, `"paramName" : "message"`, []string{"message: the input is there twice"}},
		{"a required input empty", `"value" : "${ORGANIZATION:TEXT:aws_sns_topic_arn}"`, `"value" : ""`, []string{"topic_arn: a required input is empty"}},
		{"no choice", `"value" : "Per Protocol"`, `"value" : "Everything"`, []string{`message_format: "Everything" is not to choose`}},
		{"no Boolean", `"value" : "true"`, `"value" : "on"`, []string{`"on" is neither true nor false`}},
		{"no list of pairs", `"value" : "[]"`, `"value" : "a=b"`, []string{"message_attributes: it is no JSON list of pairs"}},
		{"a secret in clear", `"value" : "${ORGANIZATION:KEYCHAIN:aws_sns_secret_access_key}"`, `"value" : "correct-horse"`, []string{"aws_secret_access_key: a secret stands there in clear"}},
		{"the secret's reference in text", `"value" : "${ORGANIZATION:KEYCHAIN:aws_sns_secret_access_key}"`, `"value" : "${ORGANIZATION:TEXT:aws_sns_secret_access_key}"`, []string{"does not offer TEXT variables"}},
		{"an AWS key", `"value" : "${ORGANIZATION:KEYCHAIN:aws_sns_access_key_id}"`, `"value" : "AKIA` + `IOSFODNN7EXAMPLE"`, []string{"an AWS access key id"}},
		{"an account id", `"value" : "${ORGANIZATION:TEXT:aws_sns_topic_arn}"`, `"value" : "arn:aws:sns:us-east-1:123456789012:x"`, []string{"an AWS account id"}},
		{"an e-mail address", `"name" : "Log the failure"`, `"name" : "Tell ann@example.com"`, []string{"an e-mail address"}},
		{"a user", `"value" : "AWS SNS failed: `, `"value" : "${USERS:ann} `, []string{"a user of the platform"}},
		{"a host", `"value" : "AWS SNS failed: `, `"value" : "https://tc.example.com/ `, []string{"one environment's host"}},
		{"owners", `"playbookTriggerFilterList" : [ ]`, `"playbookTriggerFilterList" : [ ], "organizationNames" : [ "Acme" ]`, []string{"names owners"}},
		{"a saved comment", `"version" : "1.0"`, `"version" : "1.0", "comment" : "Auto-Saved on Tue"`, []string{"comment: it belongs to the environment"}},
		{"a password", `"name" : "Address created"`, `"name" : "Address created", "httpBasicAuthPassword" : "x"`, []string{"an account in clear"}},
		{"a catalog id", `"programName" : "Logger"`, `"id" : 27, "programName" : "Logger"`, []string{"catalog id"}},
		{"no description", `"description" : "When`, `"description" : "", "was" : "When`, []string{"no description"}},
		{"another version", `"programVersion" : "1.0.0"`, `"programVersion" : "1.0.1"`, []string{`"1.0.1", install.json's "1.0.0"`}},
		{"another package", `"TCPB - AWS SNS v1"`, `"TCPB - AWS SNS v2"`, []string{`"TCPB - AWS SNS v2", the package is "TCPB - AWS SNS v1"`}},
		{"an output that is not there", `"value" : "AWS SNS: #App:1001:sns.debug!String"`, `"value" : "AWS SNS: #App:1001:sns.debugs!String"`, []string{"sns.debugs!String is nothing that"}},
		{"an output of another type", `"value" : "AWS SNS: #App:1001:sns.debug!String"`, `"value" : "AWS SNS: #App:1001:sns.debug!Binary"`, []string{"is of the type String"}},
		{"a job that is not there", `"value" : "AWS SNS: #App:1001:`, `"value" : "AWS SNS: #App:1009:`, []string{"is of job 1009, which is not there"}},
		{"a variable of a job that has not run", `"value" : "#Trigger:1000:trg.tc.owner!String"`, `"value" : "#App:1002:logger.content!String"`, []string{"which does not lead here"}},
		{"half a variable", `"value" : "AWS SNS: #App:1001:sns.debug!String"`, `"value" : "AWS SNS: #App:sns.debug!String"`, []string{"begins like a variable and is none"}},
		{"a trigger's variable that it does not list", `"value" : "#Trigger:1000:trg.tc.owner!String"`, `"value" : "#Trigger:1000:trg.tc.org!String"`, []string{"trg.tc.org!String is nothing that trigger"}},
		{"a type that the input does not take", `"value" : "#Trigger:1000:trg.tc.owner!String"`, `"value" : "#Trigger:1000:trg.tc.entity!TCEntity"`, []string{"it takes String, StringArray, not TCEntity"}},
		{"a connection that leads nowhere", `"targetJobId" : 1003`, `"targetJobId" : 1004`, []string{"leads to job 1004", "it never runs", "which does not lead here"}},
		{"a loose end", `"sourceJobId" : 1001,` + "\n" + `    "targetJobId" : 1003`, `"targetJobId" : 1003`, []string{"one end of it is loose", "it never runs", "which does not lead here"}},
		{"a connection twice", passToLogger, passToLogger + "\n  }, {\n    " + passToLogger, []string{"the same connection is there twice"}},
		{"a circle", `"sourceJobId" : 1001,` + "\n" + `    "targetJobId" : 1003`, `"sourceJobId" : 1001, "targetJobId" : 1003 }, { "type" : "Pass", "sourceJobId" : 1003, "targetJobId" : 1001`, []string{`"Publish to SNS" → "Log the failure" → "Publish to SNS"`}},
		{"a Fail connection from the trigger", `"type" : "Pass"`, `"type" : "Fail"`, []string{"from App to App only", "it starts nothing"}},
		{"an id twice", `"id" : 1003`, `"id" : 1002`, []string{"its id is there twice", "leads to job 1003"}},
		{"a trigger that starts nothing", `"sourceTriggerId" : 1000`, `"sourceTriggerId" : 1009`, []string{"leads to trigger 1009", "it starts nothing", "it never runs", "it never runs", "it never runs", "address: ", "owner: ", "threatassess_score: ", "confidence: ", "details_link: "}},
		{"cards that cover each other", `"locationTop" : 280.0`, `"locationTop" : 180.0`, []string{`it covers App "Log the MessageID"`}},
		{"a list that is no JSON", `"outputVariables" : "[{`, `"outputVariables" : "[`, []string{"its outputVariables cannot be read"}},
		{"no App", `"programName" : "Logger",`, "", []string{"it names no App that it runs"}},
		{"another spelling of the App", `"TCPB - AWS SNS v1"`, `"tcpb - aws sns v1"`, []string{`the package is "TCPB - AWS SNS v1"`}},
		{"no name on the canvas", `"name" : "Log the failure"`, `"name" : " "`, []string{"no name on the canvas"}},
		{"an App that is off", `"name" : "Log the failure"`, `"name" : "Log the failure", "active" : false`, []string{"it is switched off"}},
		{"a trigger that is off", `"name" : "Address created"`, `"name" : "Address created", "active" : false`, []string{"it is switched off"}},
		{"a trigger of no type", `"type" : "Address"`, `"kind" : "Address"`, []string{"it has no type"}},
		{"an input without a name", `"paramName" : "subject"`, `"param" : "subject"`, []string{"one of its inputs has no name", "install.json has no such input"}},
		{"a user to run as", `"name" : "Address created"`, `"name" : "Address created", "overrideRunAsUser" : "ann"`, []string{"it names a user"}},
		{"an address in a label", `"playbookLabels" : [ ]`, `"playbookLabels" : [ { "playbookLabelType" : { "label" : "ann@example.com" } } ]`, []string{"playbookLabels: it holds an e-mail address"}},
		{"ids of a run level", `"programName" : "Logger"`, `"runLevels" : [ { "id" : 7 } ], "programName" : "Logger"`, []string{"ids of the environment"}},
		{"a connection of no type", passToLogger, strings.Replace(passToLogger, `"type" : "Pass",`, "", 1), []string{`"" is no type of a connection`}},
		{"a connection of two sources", passToLogger, passToLogger + `, "sourceTriggerId" : 1000`, []string{"both an App and a trigger"}},
		{"a way back to an App", passToLogger, passToLogger + ` }, { "type" : "Pass", "isCircularOnTarget" : true, "sourceJobId" : 1002, "targetJobId" : 1001`, []string{"it leads back to an App"}},
		{"a response that does not lead back", passToLogger, passToLogger + ` }, { "type" : "Pass", "sourceJobId" : 1002, "targetTriggerId" : 1000`, []string{"does not say so"}},
		{"a trigger that starts itself", passToLogger, passToLogger + ` }, { "type" : "Pass", "isCircularOnTarget" : true, "sourceTriggerId" : 1000, "targetTriggerId" : 1000`, []string{"from a trigger to a trigger"}},
		{"an output that is listed and not there", `"outputVariables" : "[{\"sourceInputList\":[],\"loopVariables\":false,\"name\":\"sns.debug\"`, `"outputVariables" : "[{\"name\":\"sns.debug\",\"type\":\"String\"},{\"name\":\"sns.debugs\"`, []string{"it lists the output sns.debugs!String"}},
		{"an output that is not asked for", `"outputVariables" : "[{\"sourceInputList\":[],\"loopVariables\":false,\"name\":\"sns.debug\"`, `"outputVariables" : "[{\"name\":\"sns.result\"`, []string{"sns.debug!String is read further on"}},
		{"an input that is listed and not there", `"layoutRequiredInputParams" : "[\"tc_action\"`, `"layoutRequiredInputParams" : "[\"action\"`, []string{`it lists the input "action"`}},
		{"a pair without a key", `"value" : "[]"`, `"value" : "[{\"value\":\"x\"}]"`, []string{"one of its pairs has no key"}},
		{"a secret's reference in the midst of a text", `"paramName" : "subject"` + "\n      }", `"paramName" : "subject"` + "\n      },\n" + `      "value" : "of ${ORGANIZATION:KEYCHAIN:aws_sns_secret_access_key}"`, []string{"does not offer KEYCHAIN variables"}},
		{"a retry without a number", `"playbookRetryMaxRetries" : 3`, `"playbookRetryMaxRetries" : 0`, []string{"with no number of retries"}},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			p, err := pbx.Parse(v.broken(t, read(t, sample)))
			require.NoError(t, err)
			v.check(t, sample, validate.Playbook(sample, p, validate.Against{Install: ours(t), Publish: true}))
		})
	}
}

// A playbook that cannot be read says where.
func TestUnreadablePlaybook(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "broken.pbx")
	require.NoError(t, os.WriteFile(name, []byte("{\n\"name\" : \"x\",\n}"), 0o600))
	problems := validate.PlaybookFile(name, validate.Against{})
	require.Len(t, problems, 1)
	require.Contains(t, problems[0].Text, "line 3")
}
