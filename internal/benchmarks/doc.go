// Package benchmarks measures this library next to its alternatives. README.md has the results and
// the command. The module is nested, so no user inherits what it compares with.
package benchmarks
