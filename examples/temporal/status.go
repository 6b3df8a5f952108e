package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"

	"go.temporal.io/sdk/client"

	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
	"github.com/streamwarden/streamwarden-go/examples/temporal/durable"
)

// showStatus prints the progress of an estate, or of one of its parts.
func showStatus(ctx context.Context, flags *flag.FlagSet, args []string) error {
	id := flags.String("id", "estate", "name of the estate, or activitystreams/ACCOUNT/REGION")
	c, err := dial(ctx, flags, args)
	if err != nil {
		return err
	}
	defer c.Close()
	p, err := progress(ctx, c, *id)
	if err != nil {
		return err
	}
	return show(cli.NewScreen(os.Stdout), p)
}

// stopEstate ends an estate.
func stopEstate(ctx context.Context, flags *flag.FlagSet, args []string) error {
	id := flags.String("id", "estate", "name of the estate")
	c, err := dial(ctx, flags, args)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SignalWorkflow(ctx, *id, "", durable.SignalStop, nil); err != nil {
		return fmt.Errorf("stop %s: %w", *id, err)
	}
	return nil
}

// progress returns the progress of an estate, or of one of its parts.
func progress(ctx context.Context, c client.Client, id string) (p durable.Progress, err error) {
	value, err := c.QueryWorkflow(ctx, id, "", durable.QueryProgress)
	if err == nil {
		err = value.Get(&p)
	}
	if err != nil {
		return p, fmt.Errorf("progress of %s: %w", id, err)
	}
	return p, nil
}

// show prints a value: progress as text for people on a terminal, anything else as JSON.
func show(screen *cli.Screen, v any) error {
	if p, ok := v.(durable.Progress); ok && screen.Columns() > 0 {
		screen.Printf("%s", describe(p))
		for _, f := range p.Failures {
			screen.Println("  "+f.Resource+": "+f.Message, 4)
		}
		return nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("result: %w", err)
	}
	fmt.Fprintf(screen, "%s\n", text)
	return nil
}

// warnLogger drops what the SDK logs below the level Warn.
type warnLogger struct{}

func (warnLogger) Debug(string, ...any)             {}
func (warnLogger) Info(string, ...any)              {}
func (warnLogger) Warn(msg string, keyvals ...any)  { slog.Warn(msg, keyvals...) }
func (warnLogger) Error(msg string, keyvals ...any) { slog.Error(msg, keyvals...) }
