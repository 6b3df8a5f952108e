// Command temporal brings the activity streams of many accounts and Regions to a wanted state, on Temporal: its workers may
// die, be replaced and be added at any moment. It shows an ensure that outlives every process, with the library's rules.
//
//	temporal worker      runs workflows and activities; start as many as you like
//	temporal estate      starts streams in all of -accounts and -regions, and shows the progress
//	temporal resource    starts one stream
//	temporal status      shows how far an estate is
//	temporal stop        has an estate run no more commands, and end
//	temporal simulator   is an RDS for any account and Region, on this machine
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
	return fmt.Errorf("the first argument is one of %v", names)
}
