package activityrecord

import (
	"compress/gzip"
	"encoding/json"
	"os"
	"testing"
)

// Vector is a record that the official JavaScript Encryption SDK has sealed. Byte slices are base64
// in the file.
type Vector struct {
	Name  string
	Data  []byte // of the Kinesis record
	Blob  []byte // the encrypted data key in it
	Key   []byte // the data key to return for it
	Error string // the problem that Decode must report; empty if none
	Plain []byte // the JSON inside
}

// ReadVectors reads the vectors. It is exported for the tests in package activityrecord_test.
func ReadVectors(t testing.TB) []Vector {
	t.Helper()
	file, err := os.Open("testdata/vectors.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	var all []Vector
	if err := json.NewDecoder(text).Decode(&all); err != nil {
		t.Fatal(err)
	}
	if len(all) < 15 {
		t.Fatalf("got %d vectors, want at least 15", len(all))
	}
	return all
}
