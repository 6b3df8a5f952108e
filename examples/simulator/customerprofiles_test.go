package main

import (
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/customerprofiles"

	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

func (p *program) customerProfiles() {
	ctx, api := p.Context(), customerprofiles.NewFromConfig(p.config())
	client := eventstream.New(api, func(o *eventstream.Options) {
		quick(&o.Wait)
		o.ReadPacer, o.CommandPacer = statemachine.NewPacer(1e6, 1e6), statemachine.NewPacer(1e6, 1e6)
	})
	var found []string
	for s, err := range client.List(ctx, "example-domain") {
		p.must("List", err)
		found = append(found, s.EventStreamName+" "+string(s.State)+" "+string(s.Status)+" "+s.Uri)
	}
	if want := []string{"example-stream RUNNING HEALTHY " + kinesis}; !slices.Equal(found, want) {
		p.Errorf("it starts with %q, want %q", found, want)
	}
	ref := eventstream.Ref{DomainName: "example-domain", EventStreamName: "example-stream"}
	_, err := client.EnsureDeleted(ctx, ref, patience)
	p.must("EnsureDeleted", err)
	ref.EventStreamName = "another"
	_, err = client.EnsureCreated(ctx, &eventstream.CreateInput{Ref: ref, Uri: kinesis, Tags: map[string]string{"team": "audit"}}, patience)
	p.must("EnsureCreated", err)
	s, err := client.WaitHealthy(ctx, ref, patience)
	p.must("WaitHealthy", err)
	if s.Tags["team"] != "audit" {
		p.Errorf("the tags are %v", s.Tags)
	}
	_, err = api.ListDomains(ctx, &customerprofiles.ListDomainsInput{})
	p.checkError("ListDomains", err, "UnknownOperationException")
}
