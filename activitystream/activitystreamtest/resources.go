package activitystreamtest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

// Cluster is a DB cluster to add. Each field's zero value means its default.
type Cluster struct {
	Identifier    string // stored in lower case, as RDS does; defaults to "cluster-1", "cluster-2", …
	Engine        string // defaults to "aurora-postgresql"; "aurora-mysql", "neptune", "docdb" or any other
	EngineVersion string // defaults to one that supports streams, if the engine has one
	ResourceId    string // defaults to one derived from the ARN, "cluster-…"

	// Members is the number of instances of the cluster, "<identifier>-instance-1", …, which
	// DescribeDBInstances returns as well. Zero means 1. A negative number means none. Class is
	// their class, "db.r6g.large" by default.
	Members int
	Class   string

	ResourceStatus string // of the database itself; defaults to "available"

	// Status is the status of the stream, stopped by default. A stream that is not stopped has the
	// Mode, async by default, and the KmsKeyId, a made-up key by default.
	Status   activitystream.Status
	Mode     activitystream.Mode
	KmsKeyId string
}

// Instance is a DB instance to add. Each field's zero value means its default.
type Instance struct {
	Identifier    string // stored in lower case, as RDS does; defaults to "instance-1", "instance-2", …
	Engine        string // defaults to "oracle-ee"; "sqlserver-se", "mysql" or any other
	EngineVersion string // defaults to one that supports streams, if the engine has one
	Class         string // defaults to one that supports streams, if the engine has one
	ResourceId    string // defaults to one derived from the ARN, "db-…"

	ResourceStatus string // of the database itself; defaults to "available"

	// Status is the status of the stream, stopped by default. A stream that is not stopped has the
	// Mode, async by default, the KmsKeyId, a made-up key by default, and the native audit fields.
	Status                          activitystream.Status
	Mode                            activitystream.Mode
	KmsKeyId                        string
	EngineNativeAuditFieldsIncluded bool

	// PolicyStatus defaults to locked for Oracle and SQL Server. Other engines have none.
	PolicyStatus activitystream.PolicyStatus
}

// AddCluster adds a cluster with its members and returns its ARN. It replaces a cluster of the same
// identifier, whose history continues. RDS completes a start or a stop on its own.
func (s *Server) AddCluster(c Cluster) (arn string) {
	s.engine.Update(func(now time.Time) {
		e, version, class := withDefaults(cmp.Or(c.Engine, "aurora-postgresql"), c.EngineVersion, c.Class)
		d := database{
			cluster: true, id: s.identifier(c.Identifier, "cluster"), engine: e, version: version, class: class,
			status: cmp.Or(c.ResourceStatus, statusAvailable),
			stream: stream{mode: c.Mode, key: c.KmsKeyId},
		}
		d.arn = s.arn("cluster", d.id)
		d.resourceID = cmp.Or(c.ResourceId, resourceID("cluster-", d.arn))
		if r := s.clusters.Get(d.arn); r != nil {
			s.remove(r, now)
		}
		n := max(cmp.Or(c.Members, 1), 0)
		d.classes = slices.Repeat([]string{class}, n)
		for i := range n {
			id := fmt.Sprintf("%s-instance-%d", d.id, i+1)
			d.members = append(d.members, id)
			m := database{id: id, arn: s.arn("db", id), engine: e, version: version, class: class, memberOf: d.id, status: d.status}
			m.resourceID = resourceID("db-", m.arn)
			s.put(m, activitystream.StatusStopped, now)
		}
		s.put(d, cmp.Or(c.Status, activitystream.StatusStopped), now)
		arn = d.arn
	})
	return arn
}

// AddInstance adds an instance that is in no cluster and returns its ARN. It replaces an instance
// of the same identifier, whose history continues. RDS completes a start, a stop or a change of
// the policy on its own.
func (s *Server) AddInstance(i Instance) (arn string) {
	s.engine.Update(func(now time.Time) {
		e, version, class := withDefaults(cmp.Or(i.Engine, "oracle-ee"), i.EngineVersion, i.Class)
		d := database{
			id: s.identifier(i.Identifier, "instance"), engine: e, version: version, class: class,
			status: cmp.Or(i.ResourceStatus, statusAvailable),
			stream: stream{mode: i.Mode, key: i.KmsKeyId, nativeAuditFields: i.EngineNativeAuditFieldsIncluded, policy: i.PolicyStatus},
		}
		if d.stream.policy == "" && e.hasPolicy() {
			d.stream.policy = activitystream.PolicyLocked
		}
		d.arn = s.arn("db", d.id)
		d.resourceID = cmp.Or(i.ResourceId, resourceID("db-", d.arn))
		if activitystream.PolicyMachine().Transient(d.stream.policy) {
			d.status = statusConfiguring
		}
		s.put(d, cmp.Or(i.Status, activitystream.StatusStopped), now)
		arn = d.arn
	})
	return arn
}

// put stores a database and plans what RDS does with its stream and its policy on its own.
func (s *Server) put(d database, status activitystream.Status, now time.Time) {
	store := &s.instances
	if d.cluster {
		store = &s.clusters
	}
	r := store.Put(now, d.withStatus(status), d.arn, d.id)
	s.streams.ScheduleSettling(r, now)
	s.policies.ScheduleSettling(r, now)
}

// identifier returns the stored form of an identifier.
func (s *Server) identifier(given, arnType string) string {
	if given != "" {
		return strings.ToLower(given)
	}
	s.unnamedCount++
	return fmt.Sprintf("%s-%d", arnType, s.unnamedCount)
}

func (s *Server) arn(arnType, id string) string {
	return simulator.ARN("rds", s.opts.Region, s.opts.Account, arnType+":"+id)
}

// withDefaults returns an engine, and the defaults for a version and a class that are empty.
func withDefaults(name, version, class string) (engine, string, string) {
	e, _ := findEngine(name)
	return e, cmp.Or(version, e.version, "1.0"), cmp.Or(class, e.class, "db.r6g.large")
}
