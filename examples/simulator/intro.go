package main

import (
	"fmt"
	"io"
	"strings"
)

const about = `Simulator serves simulations of Amazon RDS, AWS CloudTrail, Customer Profiles, and the Kinesis and
KMS of activity streams, on one port of this machine.
Any AWS client can use it. It needs no AWS account and forgets everything when it ends.

  go run ./examples/simulator
  go run ./examples/simulator -addr :0 -transition 30s
`

// contents describes the initial resources, and what to paste into a shell to use them.
const contents = `
It contains, in us-east-1 and the account 123456789012:
  cluster, activity stream stopped
    arn:aws:rds:us-east-1:123456789012:cluster:das-cluster
  instance, activity stream stopped
    arn:aws:rds:us-east-1:123456789012:db:my-orcl-db
  event data store of Management events, STOPPED_INGESTION
    4d2a1f0e-1111-4222-8333-123456789abc
  event data store of ActivityAuditLog events, ENABLED
    5e3b2a1f-2222-4333-8444-23456789abcd
  event stream, RUNNING, destination HEALTHY
    example-domain/example-stream

Paste into a shell:
  export AWS_ENDPOINT_URL=URL
  export AWS_DEFAULT_REGION=us-east-1
  export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
  alias awssim="aws --endpoint-url URL"

The AWS CLI ignores AWS_ENDPOINT_URL for RDS: use awssim.
  awssim rds describe-db-clusters

Ctrl-C ends it. Calls:
`

// introduce writes where the program listens, and what it contains.
func introduce(w io.Writer, url string) {
	fmt.Fprintf(w, "listening on %s\n%s", url, strings.NewReplacer("=URL", "="+url, " URL", " "+url).Replace(contents))
}
