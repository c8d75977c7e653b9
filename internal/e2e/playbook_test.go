package e2e

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/pbx"
	"tcsns/internal/dev/platform"
	"tcsns/internal/dev/snsserver"
)

// The sample playbook and the two of testdata, run as ThreatConnect would:
// trigger, App, Logger.
func TestPlaybooks(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		playbook, event string
		subject         string
		text            string // in the e-mail
		attribute       snsserver.Attribute
	}{
		{
			"playbook/AWS-SNS-Integration-PlayBook.pbx", "address-created.json", "Address Created: 203.0.113[.]7", "ThreatAssess:  712",
			snsserver.Attribute{Name: "confidence", Type: "Number", Value: "85"},
		}, {
			"testdata/playbooks/email-address-deleted.pbx", "email-address-deleted.json", "EmailAddress Deleted: billing[@]invoices[.]example[.]net",
			"billing[@]invoices[.]example[.]net", snsserver.Attribute{Name: "trigger_action", Type: "String", Value: "Deleted"},
		}, {
			"testdata/playbooks/host-tagged.pbx", "host-tagged.json", "Block c2.bücher.example.org", "Please block c2.bücher.example.org, see https://",
			snsserver.Attribute{Name: "priority", Type: "Number", Value: "1"},
		},
	} {
		t.Run(row.playbook, func(t *testing.T) {
			t.Parallel()
			sns := startSNS(t, snsserver.Options{Topics: []snsserver.Topic{{
				ARN: topicARN, Subscriptions: []snsserver.Subscription{{Protocol: "email", Endpoint: "soc@example.com"}},
			}}})
			playbook, err := pbx.ReadFile("../../" + row.playbook)
			require.NoError(t, err)
			event, err := platform.ReadEvent("../../testdata/events/" + row.event)
			require.NoError(t, err)
			report, err := platform.Run(t.Context(), platform.Options{
				Playbook: playbook, Event: event, Store: startStore(t), Dir: t.TempDir(),
				Apps: []platform.App{{Program: "TCPB - AWS SNS v1", Path: binary, Outputs: []string{"sns.debug!String"}, Secrets: []string{"aws_secret_access_key"}}},
				Set: map[string]string{
					"topic_arn": topicARN, "aws_access_key_id": accessKey, "aws_secret_access_key": secretKey, "aws_endpoint_url": sns.URL(),
				},
			})
			require.NoError(t, err)
			require.Equal(t, platform.Passed, report.Outcome, "%+v", report.Jobs[0])

			deliveries := sns.Deliveries()
			require.Len(t, deliveries, 1)
			require.Equal(t, row.subject, deliveries[0].Subject)
			require.Contains(t, deliveries[0].Text, row.text)
			require.Contains(t, sns.Messages()[0].Attributes, row.attribute)
			require.Equal(t, sns.Messages()[0].MessageID, report.Jobs[0].Output("sns.debug"))
			if len(report.Jobs) > 1 {
				require.Contains(t, report.Jobs[1].Message, sns.Messages()[0].MessageID, "the Logger has it")
			}
		})
	}
}
