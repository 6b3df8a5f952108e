//go:build !server

package main

import "log"

func main() { log.Fatal("build it with -tags server") }
