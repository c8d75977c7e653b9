package main

import "errors"

func startTopic() (topic, error) { return nil, errors.New("not yet") }
