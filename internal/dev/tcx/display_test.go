package tcx_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/dev/tcx"
)

func TestParseDisplay(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		want []tcx.Comparison
	}{
		{"1", nil},
		{" 1 ", nil},
		{"tc_action in ('Publish')", []tcx.Comparison{{Input: "tc_action", Values: []string{"Publish"}}}},
		{"tc_action in ('Get', 'Get, or set')", []tcx.Comparison{{Input: "tc_action", Values: []string{"Get", "Get, or set"}}}},
		{"a NOT IN ('x','y')", []tcx.Comparison{{Input: "a", Not: true, Values: []string{"x", "y"}}}},
		{"a = 'x'", []tcx.Comparison{{Input: "a", Values: []string{"x"}}}},
		{"a != ''", []tcx.Comparison{{Input: "a", Not: true, Values: []string{""}}}},
		{"a <> 'x'", []tcx.Comparison{{Input: "a", Not: true, Values: []string{"x"}}}},
		{"a='x'AND b = 'true' or c in ('1')", []tcx.Comparison{{Input: "a", Values: []string{"x"}}, {Input: "b", Values: []string{"true"}}, {Input: "c", Values: []string{"1"}}}},
		{"(a = 'x' or a = 'y') and b != 'z'", []tcx.Comparison{{Input: "a", Values: []string{"x"}}, {Input: "a", Values: []string{"y"}}, {Input: "b", Not: true, Values: []string{"z"}}}},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			t.Parallel()
			got, err := tcx.ParseDisplay(test.text)
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
}

func TestParseDisplayRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "0", "a", "a =", "a = x", "a = 'x", "= 'x'", "a in 'x'", "a in ()", "a in ('x'", "a in ('x',)", "a not = 'x'",
		"a = 'x' and", "a = 'x' b = 'y'", "(a = 'x'", "a = 'x')", "a > '1'", "a like '%x'", "'a' = 'a'", "a = 'x'; drop",
		strings.Repeat("(", 1e6),
	} {
		_, err := tcx.ParseDisplay(text)
		require.Error(t, err, text)
	}
}

func FuzzParseDisplay(f *testing.F) {
	for _, seed := range []string{"1", "a in ('x','y')", "(a = 'x' OR b != 'y') AND c not in ('z')", "((((", "a = '"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		comparisons, err := tcx.ParseDisplay(text)
		if err != nil {
			require.Empty(t, comparisons)
			return
		}
		for _, c := range comparisons {
			require.NotEmpty(t, c.Input)
			require.NotEmpty(t, c.Values)
		}
	})
}
