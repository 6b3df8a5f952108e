package provider

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// configuration is the configuration of the provider.
type configuration struct {
	Region                types.String  `tfsdk:"region"`
	Profile               types.String  `tfsdk:"profile"`
	AccessKey             types.String  `tfsdk:"access_key"`
	SecretKey             types.String  `tfsdk:"secret_key"`
	Token                 types.String  `tfsdk:"token"`
	SharedConfigFiles     types.List    `tfsdk:"shared_config_files"`
	SharedCredentialFiles types.List    `tfsdk:"shared_credentials_files"`
	RequestsPerSecond     types.Float64 `tfsdk:"requests_per_second"`
	AssumeRole            *assumeRole   `tfsdk:"assume_role"`
	Endpoints             *endpoints    `tfsdk:"endpoints"`
}

// assumeRole is the role that the provider assumes.
type assumeRole struct {
	RoleArn     types.String `tfsdk:"role_arn"`
	SessionName types.String `tfsdk:"session_name"`
	ExternalID  types.String `tfsdk:"external_id"`
	Duration    types.String `tfsdk:"duration"`
	Policy      types.String `tfsdk:"policy"`
}

// endpoints are the URLs of services in place of those of AWS.
type endpoints struct {
	RDS              types.String `tfsdk:"rds"`
	CloudTrail       types.String `tfsdk:"cloudtrail"`
	CustomerProfiles types.String `tfsdk:"customerprofiles"`
	KMS              types.String `tfsdk:"kms"`
	STS              types.String `tfsdk:"sts"`
}

// settings returns the configuration as Go values.
func (c *configuration) settings(ctx context.Context, diags *diag.Diagnostics) settings {
	s := settings{
		region: c.Region.ValueString(), profile: c.Profile.ValueString(),
		accessKey: c.AccessKey.ValueString(), secretKey: c.SecretKey.ValueString(), token: c.Token.ValueString(),
		perSecond: c.RequestsPerSecond.ValueFloat64(), endpoints: map[string]string{},
	}
	for list, into := range map[*types.List]*[]string{&c.SharedConfigFiles: &s.configFiles, &c.SharedCredentialFiles: &s.credentialFiles} {
		if !list.IsNull() {
			diags.Append(list.ElementsAs(ctx, into, false)...)
		}
	}
	if (s.accessKey == "") != (s.secretKey == "") {
		diags.AddAttributeError(path.Root("access_key"), "Incomplete credentials", "access_key and secret_key are required together.")
	}
	if s.perSecond < 0 {
		diags.AddAttributeError(path.Root("requests_per_second"), "Invalid rate", "requests_per_second must be positive.")
	}
	if r := c.AssumeRole; r != nil && r.RoleArn.ValueString() != "" {
		s.role = &role{
			arn: r.RoleArn.ValueString(), session: r.SessionName.ValueString(), externalID: r.ExternalID.ValueString(), policy: r.Policy.ValueString(),
		}
		if text := r.Duration.ValueString(); text != "" {
			d, err := time.ParseDuration(text)
			if err != nil {
				diags.AddAttributeError(path.Root("assume_role").AtName("duration"), "Invalid duration", err.Error())
			}
			s.role.duration = d
		}
	}
	if e := c.Endpoints; e != nil {
		urls := map[string]types.String{"rds": e.RDS, "cloudtrail": e.CloudTrail, "customerprofiles": e.CustomerProfiles, "kms": e.KMS, "sts": e.STS}
		for _, service := range slices.Sorted(maps.Keys(urls)) {
			switch url := urls[service].ValueString(); {
			case url == "":
			case !strings.HasPrefix(url, "http://") && !strings.HasPrefix(url, "https://"):
				diags.AddAttributeError(path.Root("endpoints").AtName(service), "Invalid endpoint", fmt.Sprintf("%q is not a URL.", url))
			default:
				s.endpoints[service] = url
			}
		}
	}
	return s
}
