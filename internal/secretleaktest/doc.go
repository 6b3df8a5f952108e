// Package secretleaktest checks that the clients do not leak credentials. Its tests run each method
// with known credentials, and search everything that is logged, recorded in spans or returned as
// an error. They also search the errors about activity records for what is in those. The package
// has no code outside its tests.
package secretleaktest
