package activityrecord_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord"
	"github.com/streamwarden/streamwarden-go/activitystream/activityrecord/activityrecordtest"
)

// A record can hold several events and heartbeats. In production, the keys come from package
// kmskeys and the data from Kinesis.
func ExampleDecoder_Decode() {
	sealer := activityrecordtest.NewSealer()
	failed := activityrecordtest.Oracle()
	failed.ExitCode = "942"
	data := sealer.Seal(activityrecord.Record{
		InstanceId: "db-ABC",
		Events:     []activityrecord.Event{activityrecordtest.Heartbeat(), activityrecordtest.Oracle(), failed},
	})

	decoder := activityrecord.NewDecoder(sealer)
	record, err := decoder.Decode(context.Background(), data)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, event := range record.Events {
		if event.Heartbeat() {
			continue
		}
		fmt.Println(record.InstanceId, event.DBUserName, event.Command, event.ObjectName, event.Outcome())
	}
	// Output:
	// db-ABC ADMIN SELECT DUAL succeeded
	// db-ABC ADMIN SELECT DUAL failed
}

// Firehose writes records to files one after another. A json.Decoder splits them.
func ExampleDecoder_Decode_file() {
	sealer := activityrecordtest.NewSealer()
	var file bytes.Buffer
	for _, id := range []string{"db-ABC", "db-DEF"} {
		file.Write(sealer.Seal(activityrecord.Record{InstanceId: id, Events: []activityrecord.Event{activityrecordtest.MySQL()}}))
	}

	decoder := activityrecord.NewDecoder(sealer)
	for documents := json.NewDecoder(&file); ; {
		var data json.RawMessage
		if err := documents.Decode(&data); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			fmt.Println(err)
			return
		}
		record, err := decoder.Decode(context.Background(), data)
		if err != nil {
			fmt.Println(err)
			continue // with the next record
		}
		fmt.Println(record.InstanceId, len(record.Events), record.Events[0].CommandText)
	}
	// Output:
	// db-ABC 1 UPDATE orders SET paid = 1
	// db-DEF 1 UPDATE orders SET paid = 1
}

// The Problem of an error says what to do.
func ExampleDecodeError() {
	sealer := activityrecordtest.NewSealer()
	decoder := activityrecord.NewDecoder(sealer)

	_, err := decoder.Decode(context.Background(), sealer.SealBroken(activityrecord.Damaged))
	switch {
	case errors.Is(err, activityrecord.KeyRefused):
		fmt.Println("check the resource ID and the permissions")
	case errors.Is(err, activityrecord.Damaged):
		fmt.Println("read the record again, and count it as lost if it stays damaged")
	}
	// Output: read the record again, and count it as lost if it stays damaged
}

// What this package does not know of an event is in Raw.
func ExampleEvent_raw() {
	sealer := activityrecordtest.NewSealer()
	data := sealer.SealJSON("2.0", []byte(`{"databaseActivityEventList":[{"type":"record","class":"NEW","risk":7}]}`))

	record, err := activityrecord.NewDecoder(sealer).Decode(context.Background(), data)
	if err != nil {
		fmt.Println(err)
		return
	}
	var more struct{ Risk int }
	if err := json.Unmarshal(record.Events[0].Raw, &more); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(record.Version, record.Events[0].Class, more.Risk)
	// Output: 2.0 NEW 7
}

func ExampleEvent_Times() {
	event := activityrecordtest.MySQL()
	times := event.Times()
	took, ok := times.Duration()
	fmt.Println(times.Start, took, ok)
	// Output: 2026-11-27 10:11:12.999999 +0000 UTC 2µs true
}

func ExampleEncryptionContext() {
	fmt.Println(activityrecord.EncryptionContext("cluster-ABC"))
	fmt.Println(activityrecord.EncryptionContext("db-DEF"))
	// Output:
	// map[aws:rds:dbc-id:cluster-ABC] <nil>
	// map[aws:rds:db-id:db-DEF] <nil>
}
