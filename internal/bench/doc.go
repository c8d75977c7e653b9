// Package bench measures the App as the platform sees it: whole processes,
// the release build, from start to exit, in pairs with a floor.
//
// The floor (folder floor) is a minimal program that does the same exchange
// by hand. It is started in turn with the App, floor App App floor, so that a
// machine whose speed drifts does not favour either; figures are medians. A
// third program (folder stopwatch) starts both and reads the operating
// system's account of them.
//
// The package has tests only. They assert sizes and counts, which do not
// depend on the machine; times are measured by the benchmarks, and README.md
// has them.
package bench
