// Command kernel uses the package statemachine alone. It is built, and its dependencies are listed; it is never run.
package main

import (
	"context"
	"time"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

func main() {
	waiter := statemachine.Waiter[string, string]{}
	_, err := waiter.Wait(context.Background(), "", time.Hour)
	println(err)
}
