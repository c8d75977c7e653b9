package tc

import (
	"context"
	"log/slog"
	"strings"
	"sync"

	"tcsns/internal/tc/api"
	"tcsns/internal/tc/applog"
	"tcsns/internal/tc/kvstore"
	"tcsns/internal/tc/param"
	"tcsns/internal/tc/secret"
	"tcsns/internal/tc/variable"
)

// services is what a run may need of the platform, each made at its first
// use: most runs need the store alone, and a run that fails early nothing.
type services struct {
	api   func() (*api.Client, error)
	store func() (kvstore.Store, error)

	system param.System
}

// newServices makes them. caFile holds certificates to trust for the API
// beside the system's, "" for none.
func newServices(app App, s param.System, caFile string, mask *secret.Mask, log func() *slog.Logger) *services {
	sv := &services{system: s}
	sv.api = sync.OnceValues(func() (*api.Client, error) {
		c := api.Config{
			BaseURL:      s.APIPath,
			Token:        s.Token,
			TokenExpires: s.TokenExpires,
			AccessID:     s.AccessID,
			SecretKey:    s.SecretKey,
			Verify:       s.Verify,
			CAFile:       caFile,
			UserAgent:    userAgent(app),
			Mask:         mask,
			Log:          log(),
		}
		if s.Proxy.TC {
			c.Proxy = api.ProxyURL(s.Proxy)
		}
		return api.New(c)
	})
	sv.store = sync.OnceValues(func() (kvstore.Store, error) { return sv.open(s.KVStore.Context) })
	return sv
}

// open opens the key-value store with a context; it does not touch the network.
func (sv *services) open(kvContext string) (kvstore.Store, error) {
	if sv.system.KVStore.Type == param.TCKeyValueAPI {
		client, err := sv.api()
		if err != nil {
			return nil, err
		}
		return kvstore.OpenAPI(client, kvContext), nil
	}
	kv := sv.system.KVStore
	kv.Context = kvContext
	return kvstore.OpenRedis(kv)
}

// userAgent names the App to the platform's access log.
func userAgent(app App) string {
	return strings.ReplaceAll(app.Name, " ", "-") + "/" + app.Version
}

// lazyStore is the run's store, opened at the first read or write.
type lazyStore struct{ services *services }

func (l lazyStore) Get(ctx context.Context, keys ...string) ([][]byte, error) {
	store, err := l.services.store()
	if err != nil {
		return nil, err
	}
	return store.Get(ctx, keys...)
}

func (l lazyStore) Put(ctx context.Context, entries ...kvstore.Entry) error {
	store, err := l.services.store()
	if err != nil {
		return err
	}
	return store.Put(ctx, entries...)
}

// Close does nothing: the process ends with the run, and the connection with it.
func (l lazyStore) Close() error { return nil }

// lazyVariables reads ThreatConnect variables over the lazily made client.
type lazyVariables struct{ services *services }

func (l lazyVariables) RuntimeVariable(ctx context.Context, v variable.TC) ([]byte, error) {
	client, err := l.services.api()
	if err != nil {
		return nil, err
	}
	return client.RuntimeVariable(ctx, v)
}

// lazySink sends log lines to the platform.
type lazySink struct{ services *services }

func (l lazySink) SendLog(ctx context.Context, events []applog.Event) error {
	client, err := l.services.api()
	if err != nil {
		return err
	}
	sent := make([]api.LogEvent, len(events))
	for i, e := range events {
		sent[i] = api.LogEvent{Time: e.Time, Level: e.Level, Message: e.Message}
	}
	return client.SendLog(ctx, sent)
}
