package main

import (
	"context"
	"errors"
)

type packageCommand struct{ env ambient }

func (c *packageCommand) Run(ctx context.Context, args []string) error {
	return errors.New("package: not written yet")
}
