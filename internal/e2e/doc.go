// Package e2e tests the App from end to end: the real binary as a child
// process, a real key-value store, a real SNS endpoint, and nothing in between
// that the App's own code has written.
//
// It has tests only. README.md has the table of faults that they put the App
// through.
package e2e
