package main

import (
	"context"
	"errors"
)

type drawCommand struct{ env ambient }

func (c *drawCommand) Run(ctx context.Context, args []string) error {
	return errors.New("draw: not written yet")
}
