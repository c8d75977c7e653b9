#!/bin/sh
# Runs every fuzz target of the module, one after another, each for the time
# given (a Go duration, default 5m), and stops at the first that finds something.
set -eu
time=${1:-5m}
found=0
for package in $(go list ./...); do
	for target in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		found=$((found + 1))
		echo "fuzz: $package $target for $time"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 1s "$package"
	done
done
echo "fuzz: $found targets ran clean"
