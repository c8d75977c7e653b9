package secret_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tcsns/internal/tc/secret"
)

const plain = "wJalrXUtnFEMI/K7MDENG+bPxRfiCY\"EXAMPLEKEY"

// holder has a secret in every place that reflection reaches.
type holder struct {
	Field    secret.String
	hidden   secret.String
	Pointer  *secret.String
	pointer  *secret.String
	List     []secret.String
	Map      map[string]secret.String
	Any      any
	embedded struct{ deep secret.String }
}

func newHolder() holder {
	s := secret.New(plain)
	h := holder{Field: s, hidden: s, Pointer: &s, pointer: &s, List: []secret.String{s}, Map: map[string]secret.String{"key": s}, Any: s}
	h.embedded.deep = s
	return h
}

func TestReveal(t *testing.T) {
	t.Parallel()
	require.Equal(t, plain, secret.New(plain).Reveal())
	require.False(t, secret.New(plain).Empty())
	for _, empty := range []secret.String{{}, secret.New("")} {
		require.True(t, empty.Empty())
		require.Empty(t, empty.Reveal())
		require.Empty(t, empty.String())
		require.Empty(t, fmt.Sprint(empty))
	}
}

func TestNoVerbPrints(t *testing.T) {
	t.Parallel()
	h := newHolder()
	values := []any{h.Field, &h.Field, h, &h, h.List, h.Map, []any{h.Field}, struct{ s secret.String }{h.Field}, [1]secret.String{h.Field}}
	for _, verb := range "vTtbcdoOqxXUeEfFgGspwz" {
		for _, flags := range []string{"", "+", "#", "-40", "040", " ", "+#", "60.60", "# "} {
			format := "%" + flags + string(verb)
			for _, value := range values {
				requireMasked(t, fmt.Sprintf(format, value), format)
			}
		}
	}
	require.Equal(t, "***", h.Field.String())
	require.Equal(t, "***", fmt.Sprintf("%s", h.Field))
	require.Equal(t, `secret.String("***")`, fmt.Sprintf("%#v", h.Field))
	require.Equal(t, `secret.String("***")`, h.Field.GoString())
	requireMasked(t, fmt.Sprint(values...), "Sprint")
	requireMasked(t, fmt.Errorf("sign in: %v", h.Field).Error(), "error")
	requireMasked(t, errors.Join(fmt.Errorf("%+v", h), fmt.Errorf("%#v", &h)).Error(), "joined")
	require.Panics(t, func() {
		defer func() {
			cause := recover()
			requireMasked(t, fmt.Sprint(cause), "panic")
			panic(cause)
		}()
		panic(h.Field)
	})
}

func TestNoEncoderPrints(t *testing.T) {
	t.Parallel()
	h := newHolder()
	document, err := json.Marshal(h)
	require.NoError(t, err)
	requireMasked(t, string(document), "JSON")
	require.Contains(t, string(document), `"Field":"***"`)

	document, err = json.Marshal(map[secret.String]int{h.Field: 1})
	require.NoError(t, err)
	require.JSONEq(t, `{"***":1}`, string(document))

	type element struct{ Field secret.String }
	document, err = xml.Marshal(element{h.Field})
	require.NoError(t, err)
	requireMasked(t, string(document), "XML")
}

func TestNoLogPrints(t *testing.T) {
	t.Parallel()
	h := newHolder()
	for _, handler := range []func(*bytes.Buffer) slog.Handler{
		func(b *bytes.Buffer) slog.Handler { return slog.NewTextHandler(b, nil) },
		func(b *bytes.Buffer) slog.Handler { return slog.NewJSONHandler(b, nil) },
	} {
		var b bytes.Buffer
		log := slog.New(handler(&b)).With("with", h.Field)
		log.Info("m", "field", h.Field, "holder", h, "pointer", &h, "list", h.List, slog.Group("g", "deep", h.Field))
		requireMasked(t, b.String(), "slog")
		require.Contains(t, b.String(), "***")
	}
}

// requireMasked fails when text holds the secret in any form, or a part of it.
func requireMasked(t *testing.T, text, what string) {
	t.Helper()
	require.NotContains(t, text, "wJalr", what)
	require.NotContains(t, text, "EXAMPLE", what)
	require.NotContains(t, strings.ToLower(text), fmt.Sprintf("%x", "wJalr"), what)
	require.NotContains(t, text, "[119 74 97", what) // its bytes, in decimal
}
