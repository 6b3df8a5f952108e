package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"

	"go.temporal.io/sdk/client"

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
	return query(ctx, c, *id)
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

// query prints the progress of a workflow as JSON.
func query(ctx context.Context, c client.Client, id string) error {
	value, err := c.QueryWorkflow(ctx, id, "", durable.QueryProgress)
	var p json.RawMessage
	if err == nil {
		err = value.Get(&p)
	}
	if err != nil {
		return fmt.Errorf("progress of %s: %w", id, err)
	}
	fmt.Println(string(p))
	return nil
}

// show prints a value as JSON.
func show(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("result: %w", err)
	}
	fmt.Println(string(text))
	return nil
}

// warnLogger drops what the SDK logs below the level Warn.
type warnLogger struct{}

func (warnLogger) Debug(string, ...any)             {}
func (warnLogger) Info(string, ...any)              {}
func (warnLogger) Warn(msg string, keyvals ...any)  { slog.Warn(msg, keyvals...) }
func (warnLogger) Error(msg string, keyvals ...any) { slog.Error(msg, keyvals...) }
