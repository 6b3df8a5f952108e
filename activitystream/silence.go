package activitystream

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"

	"github.com/streamwarden/streamwarden-go/internal/sdkcall"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

const describeEvents statemachine.Operation = "DescribeEvents"

// eventMargin is how long before a silence begins, and after it ends, RDS events are looked at. A
// shutdown is reported some time before or after the last record.
const eventMargin = 5 * time.Minute

// eventsAPI is what ExplainSilence calls. An rds.Client has it.
type eventsAPI interface {
	DescribeEvents(context.Context, *rds.DescribeEventsInput, ...func(*rds.Options)) (*rds.DescribeEventsOutput, error)
}

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
		if !ok {
			return "", nil
		}
		for _, m := range members {
			if !strings.EqualFold(m.ResourceId, instanceId) {
				continue
			}
			_, id, _ := strings.Cut(m.InstanceArn, ":db:")
			in := &rds.DescribeEventsInput{
				SourceIdentifier: &id, SourceType: types.SourceTypeDbInstance, StartTime: new(since.Add(-eventMargin)),
			}
			if !until.IsZero() {
				in.EndTime = new(until.Add(eventMargin))
			}
			out, err := sdkcall.Do(ctx, call.sdk, describeEvents, m.InstanceArn, api.DescribeEvents, in)
			if err != nil {
				return "", err
			}
			var texts []string
			for _, e := range out.Events {
				texts = append(texts, fmt.Sprintf("%s %s", aws.ToTime(e.Date).UTC().Format(time.RFC3339), aws.ToString(e.Message)))
			}
			return strings.Join(texts, "; "), nil
		}
		return "", nil
	}
}
