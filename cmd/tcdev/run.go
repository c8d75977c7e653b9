package main

import (
	"context"
	"errors"
)

type runCommand struct{ env ambient }

func (c *runCommand) Run(ctx context.Context, args []string) error {
	return errors.New("run: not written yet")
}
