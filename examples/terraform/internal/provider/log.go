package provider

import (
	"context"
	"log/slog"
	"maps"

	"github.com/hashicorp/terraform-plugin-log/tflog"
)

// logger returns a Logger that writes to the log of the provider, which TF_LOG controls. The
// context is that of a request of the core, and decides what the lines belong to.
func logger(ctx context.Context) *slog.Logger { return slog.New(&logHandler{ctx: ctx}) }

// logHandler writes records with package tflog.
type logHandler struct {
	ctx    context.Context //nolint:containedctx // tflog finds its sink in it; that of a record may be another one
	fields map[string]any
}

// Enabled returns true: tflog discards what TF_LOG leaves out.
func (h *logHandler) Enabled(context.Context, slog.Level) bool { return true }

// Handle writes a record.
func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	fields := make(map[string]any, len(h.fields)+r.NumAttrs())
	maps.Copy(fields, h.fields)
	r.Attrs(func(a slog.Attr) bool {
		fields[a.Key] = a.Value.String()
		return true
	})
	write := tflog.Debug
	switch {
	case r.Level >= slog.LevelError:
		write = tflog.Error
	case r.Level >= slog.LevelWarn:
		write = tflog.Warn
	case r.Level >= slog.LevelInfo:
		write = tflog.Info
	}
	write(h.ctx, r.Message, fields) //nolint:contextcheck // that of the record may have no sink
	return nil
}

// WithAttrs returns a handler that adds attributes.
func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := &logHandler{ctx: h.ctx, fields: make(map[string]any, len(h.fields)+len(attrs))}
	maps.Copy(next.fields, h.fields)
	for _, a := range attrs {
		next.fields[a.Key] = a.Value.String()
	}
	return next
}

// WithGroup returns the handler: the library uses no groups.
func (h *logHandler) WithGroup(string) slog.Handler { return h }
