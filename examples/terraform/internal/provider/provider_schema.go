package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// Schema returns the configuration of the provider. Its names are those of the AWS provider.
func (p *streamwarden) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: description}
	}
	secret := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: description}
	}
	list := func(description string) schema.ListAttribute {
		return schema.ListAttribute{Optional: true, ElementType: types.StringType, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Keeps the audit and event streams of AWS started: database activity streams, the ingestion of CloudTrail Lake event data stores, and Customer Profiles event streams. " +
			"What is not configured here comes from the environment and the shared files, as in the AWS SDK.",
		Attributes: map[string]schema.Attribute{
			"region":                   text("The Region of resources whose arguments name none. A database and an event data store have the Region of their ARN."),
			"profile":                  text("A profile of the shared configuration and credentials files."),
			"access_key":               secret("An access key ID. It requires `secret_key`."),
			"secret_key":               secret("The secret access key of `access_key`."),
			"token":                    secret("The session token of `access_key`."),
			"shared_config_files":      list("Paths of shared configuration files. The default is `~/.aws/config`."),
			"shared_credentials_files": list("Paths of shared credentials files. The default is `~/.aws/credentials`."),
			"requests_per_second":      schema.Float64Attribute{Optional: true, MarkdownDescription: "The maximum of requests to Amazon RDS per second, for each Region. The default is 8. The quota of an account is 12."},
		},
		Blocks: map[string]schema.Block{
			"assume_role": schema.SingleNestedBlock{
				MarkdownDescription: "A role to assume with the credentials.",
				Attributes: map[string]schema.Attribute{
					"role_arn":     text("The ARN of the role."),
					"session_name": text("The name of the session."),
					"external_id":  text("The external ID that the role requires."),
					"duration":     text("The duration of the session, such as `1h`."),
					"policy":       text("A session policy, as JSON."),
				},
			},
			"endpoints": schema.SingleNestedBlock{
				MarkdownDescription: "URLs of services, in place of those of AWS.",
				Attributes: map[string]schema.Attribute{
					"rds":              text("The URL of Amazon RDS."),
					"cloudtrail":       text("The URL of AWS CloudTrail."),
					"customerprofiles": text("The URL of Amazon Connect Customer Profiles."),
					"kms":              text("The URL of AWS KMS, which resolves aliases."),
					"sts":              text("The URL of AWS STS, which assumes the role."),
				},
			},
		},
	}
}
