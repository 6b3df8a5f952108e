package activityreader

import "log/slog"

const (
	slogInfo = slog.LevelInfo
	slogWarn = slog.LevelWarn
)

func slogError(err error) slog.Attr { return slog.String("error", err.Error()) }

func (f *follower) attrs(s *shard) []slog.Attr {
	return []slog.Attr{slog.String("stream", f.r.streamName), slog.String("shard", s.id)}
}
