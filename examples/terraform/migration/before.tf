resource "aws_rds_cluster_activity_stream" "audit" {
  resource_arn = "arn:aws:rds:us-east-1:123456789012:cluster:das-cluster"
  mode         = "async"
  kms_key_id   = "1234abcd-12ab-34cd-56ef-1234567890ab"
}
