package streamwarden_test

import (
	"context"
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/kmskeys"
)

// Records: see contract_test.go.
var (
	_ func(string) (map[string]string, error)                                                = activityrecord.EncryptionContext
	_ func(activityrecord.Keys, ...func(*activityrecord.Options)) *activityrecord.Decoder    = activityrecord.NewDecoder
	_ func(*activityrecord.Decoder, context.Context, []byte) (*activityrecord.Record, error) = (*activityrecord.Decoder).Decode
	_ func(kmskeys.API, string, ...func(*kmskeys.Options)) (*kmskeys.Keys, error)            = kmskeys.New
	_ interface {
		DataKey(context.Context, []byte) ([]byte, error)
	} = activityrecord.Keys(nil)
	_ interface {
		Decrypt(context.Context, *kms.DecryptInput, ...func(*kms.Options)) (*kms.DecryptOutput, error)
	} = kmskeys.API(nil)

	_ activityrecord.Keys = activityrecord.KeysFunc(nil)
	_ activityrecord.Keys = (*kmskeys.Keys)(nil)

	_ func(*activityrecord.Event) bool                   = (*activityrecord.Event).Heartbeat
	_ func(*activityrecord.Event) activityrecord.Outcome = (*activityrecord.Event).Outcome

	_ error = (*activityrecord.DecodeError)(nil)
	_ error = activityrecord.Problem("")
)

const (
	_ = activityrecord.NotARecord + activityrecord.KeyRefused + activityrecord.Damaged + activityrecord.Unsupported +
		activityrecord.TooLarge + activityrecord.Malformed
	_ = activityrecord.Succeeded + activityrecord.Failed + activityrecord.OutcomeUnknown
)

// recordsHaveFields uses the fields, and is not called.
func recordsHaveFields(r *activityrecord.Record, e *activityrecord.Event, o *activityrecord.Options, d *activityrecord.DecodeError) {
	is[string](&r.Version, &r.ClusterId, &r.InstanceId)
	is[[]activityrecord.Event](&r.Events)
	is[string](&e.Type, &e.Class, &e.Command, &e.CommandText, &e.DatabaseName, &e.DBUserName, &e.SessionId,
		&e.StatementId, &e.ExitCode, &e.ErrorMessage, &e.ServerType)
	is[*int64](&e.Pid, &e.RowCount, &e.SubstatementId)
	is[json.RawMessage](&e.Raw)
	is[int](&o.MaxInflated)
	is[activityrecord.Problem](&d.Problem)
	is[error](&d.Err)
}

var _ = recordsHaveFields
