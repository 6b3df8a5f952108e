package provider

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// load returns the configuration of the SDK for a Region.
func (s *settings) load(ctx context.Context, region string) (aws.Config, error) {
	var o []func(*config.LoadOptions) error
	if r := region; r != "" || s.region != "" {
		if r == "" {
			r = s.region
		}
		o = append(o, config.WithRegion(r))
	}
	if s.profile != "" {
		o = append(o, config.WithSharedConfigProfile(s.profile))
	}
	if len(s.configFiles) > 0 {
		o = append(o, config.WithSharedConfigFiles(s.configFiles))
	}
	if len(s.credentialFiles) > 0 {
		o = append(o, config.WithSharedCredentialsFiles(s.credentialFiles))
	}
	if s.accessKey != "" {
		o = append(o, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(s.accessKey, s.secretKey, s.token)))
	}
	cfg, err := config.LoadDefaultConfig(ctx, o...)
	if s.hooks.httpClient != nil {
		cfg.HTTPClient = s.hooks.httpClient
	}
	if err != nil || s.role == nil {
		return cfg, err
	}
	client := sts.NewFromConfig(cfg, func(o *sts.Options) { o.BaseEndpoint = s.endpoint("sts", o.BaseEndpoint) })
	cfg.Credentials = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(client, s.role.arn, func(o *stscreds.AssumeRoleOptions) {
		o.RoleSessionName = s.role.session
		if s.role.externalID != "" {
			o.ExternalID = &s.role.externalID
		}
		if s.role.policy != "" {
			o.Policy = &s.role.policy
		}
		if s.role.duration > 0 {
			o.Duration = s.role.duration
		}
	}))
	return cfg, nil
}

// endpoint returns the URL of a service, or the one that the SDK chose.
func (s *settings) endpoint(service string, otherwise *string) *string {
	if url, ok := s.endpoints[service]; ok {
		return &url
	}
	return otherwise
}
