package activitystream_test

import (
	"fmt"
	"testing"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

func TestSameKey(t *testing.T) {
	const (
		elsewhere = "arn:aws:kms:eu-west-1:123456789012:key/" + keyID
		alias     = "alias/audit"
		aliasARN  = "arn:aws:kms:us-east-1:123456789012:alias/audit"
	)
	for _, test := range []struct {
		why, a, b   string
		same, known bool
	}{
		{"one ID", keyID, keyID, true, true},
		{"an ID in upper case", "1234ABCD-12AB-34CD-56EF-1234567890AB", keyID, true, true},
		{"an ID and the ARN", keyID, keyARN, true, true},
		{"two IDs", keyID, otherKeyID, false, true},
		{"two ARNs", keyARN, "arn:aws:kms:us-east-1:123456789012:key/" + otherKeyID, false, true},
		{"a multi-Region key has one ID in all Regions", keyARN, elsewhere, false, true},
		{"one alias", alias, alias, true, true},
		{"an alias and its ARN in some Region", alias, aliasARN, false, false},
		{"two aliases can name one key", alias, "alias/other", false, false},
		{"an alias and a key", alias, keyID, false, false},
		{"the ARN of an alias and a key", aliasARN, keyARN, false, false},
		{"no key", "", keyID, false, false},
		{"neither", "", "", false, false},
	} {
		for _, pair := range [][2]string{{test.a, test.b}, {test.b, test.a}} {
			same, known := activitystream.SameKey(pair[0], pair[1])
			assert.Equal(t, fmt.Sprintf("%s: %v", test.why, pair), [2]bool{test.same, test.known}, [2]bool{same, known})
		}
	}
}
