// Package benchmarks measures this library beside what people would use instead. README.md has the results and the command; the module is nested
// so that no user inherits what it compares with.
package benchmarks
