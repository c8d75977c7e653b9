// Package platform plays ThreatConnect towards a Playbook App, by the public
// contract and across a process boundary: what the App under test is written
// in, and whose it is, makes no difference.
//
// It works on two levels.
//
// [Run] runs a playbook for an event: it stages the trigger's variables,
// starts each App as a process in the order of the connections, follows the
// Pass and Fail paths and returns a [Report]. The developer's tool shows it.
//
// The parts below it stand alone, for end-to-end and fault tests:
//
//   - [NewSession] makes the folders of one execution: in, out, log, tmp.
//   - [StartApp] writes the encrypted parameter file, starts one App, passes
//     signals on and collects everything that it left behind: a [Result].
//   - [Redis] and [API] are the two kinds of key-value store, as the platform
//     sees them; [StartRedis] embeds the first, [StartAPI] is a stand-in for
//     the platform's REST API, which holds the second, the runtime variables,
//     the token and the log sink.
//   - [Encode] and [Decode] are the bytes of a variable in the store.
//
// A fault test in full:
//
//	session, err := platform.NewSession(t.TempDir())
//	store, err := platform.StartRedis()
//	err = store.Stage(ctx, session.Context, map[string][]byte{
//		"#Trigger:1:trg.tc.address!String": []byte(`"203.0.113.7"`),
//	})
//	params := platform.Merge(session.Params(), store.Params(), map[string]any{
//		"address":                   "#Trigger:1:trg.tc.address!String",
//		"tc_playbook_out_variables": "#App:2:sns.debug!String",
//	})
//	app, err := platform.StartApp(ctx, platform.AppOptions{Path: "bin/tcsns", Session: session, Params: params})
//	err = app.Signal(syscall.SIGTERM)
//	result := app.Wait() // exit code, message.tc, app.log, stderr, time, memory
//	outputs, err := store.Read(ctx, session.Context)
package platform

import "maps"

// Merge joins parameters; where a name occurs twice, the later one wins.
func Merge(params ...map[string]any) map[string]any {
	all := map[string]any{}
	for _, p := range params {
		maps.Copy(all, p)
	}
	return all
}
