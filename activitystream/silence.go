package activitystream

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/validate"
)

// eventMargin is how long before a silence begins, and after it ends, RDS events are looked at. A
// shutdown is reported some time before or after the last record.
const eventMargin = 5 * time.Minute

// ExplainSilence returns a function for the option Explain of package activityreader. The function
// returns the RDS events of a member around its silence, such as a shutdown, a failover or the
// pause of a Serverless v2 instance, each with its time. It returns an empty text for an instance
// that is not among the members, and if the API value of c has no DescribeEvents method.
//
// For an RDS for Oracle or SQL Server instance, pass a Member with its ARN and its ResourceId. RDS
// emits events on a best-effort basis and keeps them for 14 days: an event explains a silence, but
// its absence proves nothing. The caller needs rds:DescribeEvents.
func (c *Client) ExplainSilence(members ...Member) func(ctx context.Context, instanceId string, since, until time.Time) (string, error) {
	return func(ctx context.Context, instanceId string, since, until time.Time) (string, error) {
		call := c.ready().New(nil)
		api, ok := call.api.(eventsAPI)
		i := slices.IndexFunc(members, func(m Member) bool { return strings.EqualFold(m.ResourceId, instanceId) })
		if !ok || i < 0 {
			return "", nil
		}
		res, reason := parseARN(members[i].InstanceArn, "")
		if err := validate.FieldError("InstanceArn", reason); err != nil {
			return "", err
		}
		var end *time.Time
		if !until.IsZero() {
			end = new(until.Add(eventMargin))
		}
		events, err := call.events(ctx, api, &res, since.Add(-eventMargin), end)
		texts := make([]string, len(events))
		for i, e := range events {
			texts[i] = e.Time.Format(time.RFC3339) + " " + e.Message
		}
		return strings.Join(texts, "; "), err
	}
}
