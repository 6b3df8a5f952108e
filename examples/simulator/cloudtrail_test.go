package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

func (p *program) cloudTrail() {
	ctx, api := p.Context(), cloudtrail.NewFromConfig(p.config())
	client := ingestion.New(api, func(o *ingestion.Options) {
		quick(&o.Wait)
		o.ReadPacer, o.CommandPacer = statemachine.NewPacer(1e6, 1e6), statemachine.NewPacer(1e6, 1e6)
	})
	var found []string
	for s, err := range client.List(ctx) {
		p.must("List", err)
		found = append(found, s.EventDataStoreArn+" "+strings.Join(s.Categories, ",")+" "+string(s.Status))
	}
	if want := []string{management + " Management STOPPED_INGESTION", partner + " ActivityAuditLog ENABLED"}; !slices.Equal(found, want) {
		p.Errorf("it starts with %q, want %q", found, want)
	}
	_, err := client.Start(ctx, &ingestion.StartInput{EventDataStore: management})
	p.must("Start", err)
	_, err = client.Wait(ctx, management, ingestion.StatusEnabled, patience)
	p.must("Wait", err)
	_, err = client.EnsureStopped(ctx, &ingestion.StopInput{EventDataStore: management}, patience)
	p.must("EnsureStopped", err)
	_, err = api.StopEventDataStoreIngestion(ctx, &cloudtrail.StopEventDataStoreIngestionInput{EventDataStore: aws.String(partner)})
	if _, ok := errors.AsType[*types.InvalidEventDataStoreCategoryException](err); !ok {
		p.Errorf("Stop of a partner's store: %v", err)
	}

	made, err := api.CreateEventDataStore(ctx, &cloudtrail.CreateEventDataStoreInput{Name: new("made"), TerminationProtectionEnabled: new(true)})
	p.must("CreateEventDataStore", err)
	arn := aws.ToString(made.EventDataStoreArn)
	_, err = client.Wait(ctx, arn, ingestion.StatusEnabled, patience)
	p.must("Wait of the new store", err)
	tags, err := api.ListTags(ctx, &cloudtrail.ListTagsInput{ResourceIdList: []string{arn}})
	if err != nil || len(tags.ResourceTagList) != 1 {
		p.Errorf("ListTags: %+v, %v", tags, err)
	}
	_, err = api.UpdateEventDataStore(ctx, &cloudtrail.UpdateEventDataStoreInput{EventDataStore: &arn, TerminationProtectionEnabled: new(false)})
	p.must("UpdateEventDataStore", err)
	_, err = api.DeleteEventDataStore(ctx, &cloudtrail.DeleteEventDataStoreInput{EventDataStore: &arn})
	p.must("DeleteEventDataStore", err)
	_, err = client.Wait(ctx, arn, ingestion.StatusPendingDeletion, patience)
	p.must("Wait of the deleted store", err)
	_, err = api.RestoreEventDataStore(ctx, &cloudtrail.RestoreEventDataStoreInput{EventDataStore: &arn})
	p.must("RestoreEventDataStore", err)
	_, err = client.Wait(ctx, arn, ingestion.StatusEnabled, patience)
	p.must("Wait of the restored store", err)
	_, err = api.DescribeTrails(ctx, &cloudtrail.DescribeTrailsInput{})
	p.checkError("DescribeTrails", err, "UnknownOperationException")
}

// throttled makes more calls in a row than CloudTrail's quota has.
func (p *program) throttled() {
	api := cloudtrail.NewFromConfig(p.config(), func(o *cloudtrail.Options) { o.Retryer = aws.NopRetryer{} })
	for range 1000 {
		if _, err := api.ListEventDataStores(p.Context(), &cloudtrail.ListEventDataStoresInput{}); err != nil {
			p.checkError("ListEventDataStores", err, "ThrottlingException")
			return
		}
	}
	p.Error("a thousand calls in a row were not throttled")
}
