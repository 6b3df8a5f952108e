// Command temporal brings the activity streams of many accounts and Regions to a target state, on
// Temporal. It shows Ensure calls that do not depend on a process: workers may crash, be replaced
// and be added at any time.
//
//	temporal worker      runs workflows and activities; start as many as you like
//	temporal estate      starts streams in all of -accounts and -regions, and prints the progress
//	temporal resource    starts one stream
//	temporal status      prints the progress of an estate
//	temporal stop        ends an estate without a further command
//	temporal simulator   simulates RDS for any account and Region
//
// See README.md for a run on one machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	cancel()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		log.Fatal(err)
	}
}

// run runs the command that the first argument names.
func run(ctx context.Context, args []string) error {
	commands := map[string]func(context.Context, *flag.FlagSet, []string) error{
		"worker": runWorker, "simulator": runSimulator, "estate": startEstate, "resource": startResource, "status": showStatus, "stop": stopEstate,
	}
	if len(args) > 0 && commands[args[0]] != nil {
		return commands[args[0]](ctx, flag.NewFlagSet(args[0], flag.ContinueOnError), args[1:])
	}
	names := make([]string, 0, len(commands))
	for name := range commands {
		names = append(names, name)
	}
	slices.Sort(names)
	return fmt.Errorf("the first argument must be one of %v; with -h, each prints its flags", names)
}
