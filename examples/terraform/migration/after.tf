# The AWS provider forgets the stream and leaves it started.
removed {
  from = aws_rds_cluster_activity_stream.audit

  lifecycle {
    destroy = false
  }
}

import {
  to = streamwarden_activity_stream.audit
  id = "arn:aws:rds:us-east-1:123456789012:cluster:das-cluster"
}

resource "streamwarden_activity_stream" "audit" {
  resource_arn = "arn:aws:rds:us-east-1:123456789012:cluster:das-cluster"
  mode         = "async"
  kms_key_id   = "alias/audit" # any name of the same key
}
