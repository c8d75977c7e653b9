package main

import (
	"context"
	"errors"
)

type validateCommand struct{ env ambient }

func (c *validateCommand) Run(ctx context.Context, args []string) error {
	return errors.New("validate: not written yet")
}
