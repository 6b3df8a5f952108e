package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws/arn"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/examples/internal/cli"
)

// entry is an entry of the file: a database, and how to start its stream.
type entry struct {
	activitystream.StartInput

	Profile string
}

// parse parses a file. Its error has one line per problem, with the file and the entry.
func parse(file string, data []byte) (groups []*group, err error) {
	first := map[*group]int{} // the first entry of a group; entries are counted from 1
	seen := map[string]int{}  // the entry of each database, by its ARN in lower case
	add := func(n int, raw json.RawMessage) error {
		var e entry
		if err := cli.Decode(raw, &e); err != nil {
			return err
		}
		a, err := arn.Parse(e.ResourceArn)
		if err != nil {
			return fmt.Errorf("resource_arn: %w", err)
		}
		key := strings.ToLower(e.ResourceArn) // as RDS compares ARNs
		if other, ok := seen[key]; ok {
			return fmt.Errorf("duplicates the database of entry %d", other)
		}
		seen[key] = n
		i := slices.IndexFunc(groups, func(g *group) bool { return g.account == a.AccountID && g.region == a.Region })
		if i < 0 {
			i = len(groups)
			groups = append(groups, &group{account: a.AccountID, region: a.Region, profile: e.Profile})
			first[groups[i]] = n
		}
		g := groups[i]
		if g.profile != e.Profile {
			return fmt.Errorf("profile is %q, but entry %d of the same account and Region has %q", e.Profile, first[g], g.profile)
		}
		g.ins = append(g.ins, &e.StartInput)
		return nil
	}
	err = cli.ParseList(file, data, add)
	return groups, err
}
