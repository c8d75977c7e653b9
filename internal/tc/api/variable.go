package api

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"

	"tcsns/internal/tc/secret"
	"tcsns/internal/tc/variable"
)

// RuntimeVariable returns the value of a ThreatConnect variable (CONTRACT
// §7); the bytes of a file for a FILE. The values that are secret (KEYCHAIN,
// and all of a vault's) are made known to the mask. An [*Error] names the
// variable.
func (c *Client) RuntimeVariable(ctx context.Context, v variable.TC) ([]byte, error) {
	op := "read the ThreatConnect variable " + v.String()
	resp, err := c.do(ctx, op, Request{
		Method: http.MethodGet,
		Path:   "internal/variable/runtime/" + url.PathEscape(v.Provider) + "/" + url.PathEscape(v.Name),
	})
	if err != nil {
		return nil, err
	}
	var answer struct {
		Data *string `json:"data"`
	}
	if err := json.Unmarshal(resp.Body, &answer); err != nil || answer.Data == nil {
		return nil, &Error{
			Op: op, Status: resp.Status, Reason: "the answer holds no value",
			Fix: "check in ThreatConnect that the variable has a value that the playbook's user may read",
		}
	}
	data := []byte(*answer.Data)
	if v.Kind == "FILE" {
		if data, err = base64.StdEncoding.DecodeString(*answer.Data); err != nil {
			return nil, &Error{
				Op: op, Status: resp.Status, Reason: "the file is not in base64",
				Fix: "upload the file of the variable again",
			}
		}
	}
	if v.Secret() {
		c.mask.Add(secret.New(string(data)))
	}
	return data, nil
}
