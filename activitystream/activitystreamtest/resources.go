package activitystreamtest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/activitystream"
)

// Cluster is a DB cluster to add. Every member has a default.
type Cluster struct {
	Identifier    string // stored in lower case, as RDS does; "cluster-1", "cluster-2", …
	Engine        string // "aurora-postgresql"; also "aurora-mysql", "neptune", "docdb" or any other
	EngineVersion string // one that supports streams, where the engine does
	ResourceId    string // derived from the ARN, "cluster-…"

	// Members is how many instances the cluster has, "<identifier>-instance-1", …: one; negative: none. Class
	// is their class, "db.r6g.large". DescribeDBInstances returns them as well.
	Members int
	Class   string

	ResourceStatus string // of the database itself: "available"

	// The stream: stopped. Mode and KmsKeyId count where it is not: async, and a key that stands for one of the
	// customer's.
	Status   activitystream.Status
	Mode     activitystream.Mode
	KmsKeyId string
}

// Instance is a DB instance to add. Every member has a default.
type Instance struct {
	Identifier    string // stored in lower case, as RDS does; "instance-1", "instance-2", …
	Engine        string // "oracle-ee"; also "sqlserver-se", "mysql" or any other
	EngineVersion string // one that supports streams, where the engine does
	Class         string // one that supports streams, where the engine does
	ResourceId    string // derived from the ARN, "db-…"

	ResourceStatus string // of the database itself: "available"

	// The stream: stopped. The others count where it is not: async, and a key that stands for one of the customer's.
	Status                          activitystream.Status
	Mode                            activitystream.Mode
	KmsKeyId                        string
	EngineNativeAuditFieldsIncluded bool

	// PolicyStatus is locked for Oracle and SQL Server; other engines have none.
	PolicyStatus activitystream.PolicyStatus
}

// AddCluster adds a cluster with its members and returns its ARN. One of the same identifier is replaced, and
// its history goes on. A stream that is added as starting or stopping moves on by itself.
func (s *Server) AddCluster(c Cluster) (arn string) {
	s.engine.Update(func(now time.Time) {
		e, version, class := defaults(cmp.Or(c.Engine, "aurora-postgresql"), c.EngineVersion, c.Class)
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

// AddInstance adds an instance that is in no cluster and returns its ARN. One of the same identifier is
// replaced, and its history goes on. A stream or a policy that is added on its way moves on by itself.
func (s *Server) AddInstance(i Instance) (arn string) {
	s.engine.Update(func(now time.Time) {
		e, version, class := defaults(cmp.Or(i.Engine, "oracle-ee"), i.EngineVersion, i.Class)
		d := database{
			id: s.identifier(i.Identifier, "instance"), engine: e, version: version, class: class,
			status: cmp.Or(i.ResourceStatus, statusAvailable),
			stream: stream{mode: i.Mode, key: i.KmsKeyId, nativeAuditFields: i.EngineNativeAuditFieldsIncluded, policy: i.PolicyStatus},
		}
		if d.stream.policy == "" && e.policy() {
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

// put stores a database and starts what its stream and its policy do by themselves.
func (s *Server) put(d database, status activitystream.Status, now time.Time) {
	store := &s.instances
	if d.cluster {
		store = &s.clusters
	}
	r := store.Put(now, d.withStatus(status), d.arn, d.id)
	s.streams.ScheduleSettling(r, now)
	s.policies.ScheduleSettling(r, now)
}

// identifier is the stored form of an identifier.
func (s *Server) identifier(given, kind string) string {
	if given != "" {
		return strings.ToLower(given)
	}
	s.unnamedCount++
	return fmt.Sprintf("%s-%d", kind, s.unnamedCount)
}

func (s *Server) arn(kind, id string) string {
	return "arn:" + partition(s.opts.Region) + ":rds:" + s.opts.Region + ":" + s.opts.Account + ":" + kind + ":" + id
}

// partition is the partition of a Region.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	default:
		return "aws"
	}
}

// defaults fills in what an engine has where nothing was given.
func defaults(name, version, class string) (engine, string, string) {
	e, _ := findEngine(name)
	return e, cmp.Or(version, e.version, "1.0"), cmp.Or(class, e.class, "db.r6g.large")
}
