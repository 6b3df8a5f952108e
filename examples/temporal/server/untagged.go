//go:build !server

package main

import "log"

func main() { log.Fatal("build with -tags server") }
