// Failed-logins counts failed logins by engine, user and client in a file of activity records: one
// after another, as Amazon Data Firehose writes them to Amazon S3.
//
// It needs no AWS account: without flags it counts in records that it has sealed itself.
//
//	go run ./examples/failed-logins
//
// With a file and the resource ID of the database, it gets the data keys from AWS KMS through the
// default credential chain.
//
//	go run ./examples/failed-logins -file records.json -resource-id cluster-ABC
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/activityrecordtest"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/kmskeys"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

const about = `Failed-logins counts the failed logins in a file of activity records.
Without flags it counts in sample records and needs no AWS account.

  go run ./examples/failed-logins
  go run ./examples/failed-logins -file records.json -resource-id cluster-ABC
`

func main() { cli.Main(run) }

func run(ctx context.Context, args []string) error {
	flags := cli.Flags("failed-logins", about)
	name := flags.String("file", "", "count in this `file` of records, in place of sample records")
	resourceId := flags.String("resource-id", "", "with -file: the resource `ID` of the database, a DbClusterResourceId or a DbiResourceId")
	if err := cli.Parse(flags, args); err != nil {
		return err
	}
	if *name == "" {
		sealer := activityrecordtest.NewSealer()
		return report(ctx, os.Stdout, sealer, bytes.NewReader(sample(sealer)))
	}
	if *resourceId == "" {
		return &cli.UsageError{Message: "-file needs -resource-id"}
	}
	if _, err := activityrecord.EncryptionContext(*resourceId); err != nil {
		return &cli.UsageError{Message: fmt.Sprintf("-resource-id must be a DbClusterResourceId (cluster-…) or a DbiResourceId (db-…), got %q", *resourceId)}
	}
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return err
	}
	keys, err := kmskeys.New(kms.NewFromConfig(cfg), *resourceId)
	if err != nil {
		return err
	}
	file, err := os.Open(*name)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // it was only read
	return report(ctx, os.Stdout, keys, file)
}

// login is the engine, the user and the client of a login.
type login [3]string

// report writes the failed logins in the records of r, and why records could not be decoded.
func report(ctx context.Context, w io.Writer, keys activityrecord.Keys, r io.Reader) error {
	decoder := activityrecord.NewDecoder(keys)
	failed, lost, records := map[login]int{}, map[string]int{}, 0
	for documents := json.NewDecoder(r); ; {
		var data json.RawMessage
		err := documents.Decode(&data)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("after %d records: %w", records, err)
		}
		records++
		record, err := decoder.Decode(ctx, data)
		if err != nil {
			lost[err.Error()]++ // the texts name no content
			continue
		}
		for _, event := range record.Events {
			if isLogin(&event) && event.Outcome() == activityrecord.Failed {
				failed[login{event.ServerType, event.DBUserName, event.RemoteHost}]++
			}
		}
	}
	table := cli.Table{Keys: len(login{}), Rows: [][]string{{"engine", "user", "client", "failed"}}}
	for who, n := range failed {
		table.Rows = append(table.Rows, append(who[:], strconv.Itoa(n)))
	}
	slices.SortFunc(table.Rows[1:], slices.Compare)
	screen := cli.NewScreen(w)
	table.Write(screen)
	fmt.Fprintf(screen, "\n%d records\n", records)
	for _, problem := range slices.Sorted(maps.Keys(lost)) {
		screen.Println(fmt.Sprintf("%d could not be decoded: %s", lost[problem], problem), 2)
	}
	return nil
}

// isLogin reports whether an event is a login. Each engine has its own command for it; those of
// Aurora PostgreSQL and SQL Server are taken from samples in the user guides.
func isLogin(e *activityrecord.Event) bool {
	switch e.Command {
	case "CONNECT", "FAILED_CONNECT", "LOGON":
		return true
	}
	return strings.HasPrefix(e.Command, "LOGIN")
}

// sample returns records with logins of several engines, and one that is damaged.
func sample(sealer *activityrecordtest.Sealer) []byte {
	wrongPassword := func(e activityrecord.Event, command, exitCode string) activityrecord.Event {
		e.Command, e.CommandText, e.ExitCode = command, "", exitCode
		return e
	}
	mysql := wrongPassword(activityrecordtest.MySQL(), "FAILED_CONNECT", "1045")
	mysql.DBUserName, mysql.RemoteHost = "root", "203.0.113.9"
	var file []byte
	for _, events := range [][]activityrecord.Event{
		{activityrecordtest.Heartbeat()},
		{activityrecordtest.MySQL(), mysql, mysql, mysql},
		{wrongPassword(activityrecordtest.Oracle(), "LOGON", "1017"), activityrecordtest.Heartbeat()},
		{activityrecordtest.SQLServer(), wrongPassword(activityrecordtest.SQLServer(), "LOGIN FAILED", "0")},
	} {
		file = append(file, sealer.Seal(activityrecord.Record{Events: events})...)
	}
	return append(file, sealer.SealBroken(activityrecord.Damaged)...)
}
