// Command kernel uses package statemachine only. It is only built, and its dependencies are listed.
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
