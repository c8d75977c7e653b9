package app

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns"
)

// A run knows its name and version without reading install.json.
func TestDefinitionIsThatOfInstallJSON(t *testing.T) {
	t.Parallel()
	require.Equal(t, install().DisplayName, tcsns.DisplayName)
	require.Equal(t, install().ProgramVersion, tcsns.ProgramVersion)
}

// install.json, layout.json, the code and the author's README name the same
// inputs and outputs.
func TestNamesAgree(t *testing.T) {
	t.Parallel()
	definition := install()
	var inputs, outputNames []string
	for _, p := range definition.Params {
		inputs = append(inputs, p.Name)
	}
	for _, o := range definition.Playbook.OutputVariables {
		outputNames = append(outputNames, o.Name)
	}
	require.ElementsMatch(t, append(fixed(), resolved()...), inputs, "install.json's params")
	require.ElementsMatch(t, outputs(), outputNames, "install.json's outputVariables")

	var layout struct {
		Inputs []struct {
			Parameters []struct{ Name string }
		}
		Outputs []struct{ Name string }
	}
	text, err := os.ReadFile("../../layout.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &layout))
	var shown []string
	for _, section := range layout.Inputs {
		for _, p := range section.Parameters {
			shown = append(shown, p.Name)
		}
	}
	require.ElementsMatch(t, inputs, shown, "layout.json's inputs")
	require.Len(t, layout.Outputs, len(outputNames), "layout.json's outputs")

	readme, err := os.ReadFile("../../playbook/README.md")
	require.NoError(t, err)
	for _, name := range slices.Concat(inputs, outputNames) {
		require.Contains(t, string(readme), "`"+name+"`", "playbook/README.md")
	}
}

// The defaults of the code are those that install.json shows.
func TestDefaultsAgree(t *testing.T) {
	t.Parallel()
	want := map[string]any{
		tcAction: actionPublish, messageFormat: "Per Protocol", defang: true, failOnError: true, timeoutSeconds: "30", triggerAction: defaultTriggerAction,
	}
	for _, p := range install().Params {
		switch value, ok := want[p.Name]; {
		case ok:
			require.EqualValues(t, value, normal(p.Default), p.Name)
		default:
			require.Contains(t, []any{nil, ""}, p.Default, p.Name)
		}
	}
}

// normal reads a default as install.json may write a Boolean: true or "true".
func normal(value any) any {
	switch value {
	case "true":
		return true
	case "false":
		return false
	}
	return value
}

func TestHelpNamesEveryInputAndOutput(t *testing.T) {
	t.Parallel()
	text, ok := help([]string{"--help"})
	require.True(t, ok)
	for _, name := range slices.Concat(fixed(), resolved(), outputs()) {
		require.Contains(t, text, name)
	}
	for _, line := range strings.Split(text, "\n") {
		require.LessOrEqual(t, len(line), 90, line)
	}
	for _, args := range [][]string{{"run", "--help"}, {"--topic_arn", "x", "--help"}, {"--topic_arn=x", "--help"}, {"--help", "--topic_arn", "x"}} {
		_, ok = help(args)
		require.True(t, ok, args)
	}
	for _, args := range [][]string{{"--topic_arn", "x"}, {"--subject", "--help"}, {"--topic_arn", "--help", "x"}} {
		_, ok = help(args)
		require.False(t, ok, args)
	}
}
