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
	CloneGroupId   string // of the clone group; defaults to none
	Domain         string // ID of the Active Directory domain; defaults to none

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

	ResourceStatus    string // of the database itself; defaults to "available"
	Domain            string // ID of the Active Directory domain; defaults to none
	ReadReplicaSource string // identifier of the source of a read replica, which cannot have a stream; defaults to none

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
			status:     cmp.Or(c.ResourceStatus, statusAvailable),
			cloneGroup: c.CloneGroupId, domain: c.Domain,
			stream: stream{mode: c.Mode, key: c.KmsKeyId},
		}
		d.arn = s.arn("cluster", d.id)
		d.resourceID = cmp.Or(c.ResourceId, resourceID("cluster-", d.arn))
		if r := s.databases.Get(d.arn); r != nil {
			s.remove(r, now)
		}
		for range max(cmp.Or(c.Members, 1), 0) {
			d = s.putMember(d, Member{}, now)
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
			status: cmp.Or(i.ResourceStatus, statusAvailable), domain: i.Domain, replicaOf: i.ReadReplicaSource,
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

// Member is a member instance of a cluster to add. Each field's zero value means its default.
type Member struct {
	Identifier     string // defaults to "<cluster>-instance-1", "<cluster>-instance-2", …
	Class          string // defaults to that of the cluster
	ResourceId     string // defaults to one derived from the ARN, "db-…"
	ResourceStatus string // defaults to that of the cluster
}

// AddMember adds an instance to a cluster and returns its ARN. It returns "" if there is no such
// cluster. [Server.Remove] removes a member.
func (s *Server) AddMember(clusterArn string, m Member) (arn string) {
	s.resources.Update(clusterArn, func(r *resource, d database, now time.Time) {
		if !d.cluster {
			return
		}
		d = s.putMember(d, m, now)
		r.Set(now, "members", d)
		arn = s.arn("db", d.members[len(d.members)-1].id)
	})
	return arn
}

// putMember stores a member and returns the cluster with it.
func (s *Server) putMember(d database, in Member, now time.Time) database {
	id := strings.ToLower(in.Identifier)
	for n := len(d.members) + 1; id == "" || in.Identifier == "" && d.hasMember(id); n++ {
		id = fmt.Sprintf("%s-instance-%d", d.id, n)
	}
	m := database{
		id: id, arn: s.arn("db", id), engine: d.engine, version: d.version, class: cmp.Or(in.Class, d.class),
		memberOf: d.id, status: cmp.Or(in.ResourceStatus, d.status),
	}
	m.resourceID = cmp.Or(in.ResourceId, resourceID("db-", m.arn))
	s.put(m, activitystream.StatusStopped, now)
	d.members = append(slices.Clip(d.members), member{m.id, m.class})
	return d
}

// hasMember reports whether a cluster has a member.
func (d database) hasMember(id string) bool {
	return slices.ContainsFunc(d.members, func(m member) bool { return m.id == id })
}

// Switchover makes an ARN name another database, as the switchover of a blue/green deployment
// does: the green database takes over the ARN and the identifier. It has another resource ID,
// derived if resourceId is empty, and a stream of its own in the status, on another Kinesis
// stream. The members of a cluster are replaced as well. The blue database continues with the
// suffix "-old1".
func (s *Server) Switchover(arn, resourceId string, status activitystream.Status) {
	s.resources.Update(arn, func(r *resource, blue database, now time.Time) {
		old := func(id string) string { return id + "-old1" }
		prefix := map[bool]string{true: "cluster-", false: "db-"}
		green := blue
		green.resourceID = cmp.Or(resourceId, resourceID(prefix[blue.cluster], "green of "+blue.resourceID))
		green.stream = stream{policy: blue.stream.policy}
		blueMembers := blue.members
		blue.members = nil
		for _, m := range blueMembers {
			blue.members = append(blue.members, member{old(m.id), m.class})
			res := s.databases.Get(s.arn("db", m.id))
			v, _ := res.Now(now)
			greenMember := v
			greenMember.resourceID = resourceID("db-", "green of "+v.resourceID)
			v.id, v.arn, v.memberOf = old(v.id), s.arn("db", old(v.id)), old(blue.id)
			s.put(v, v.stream.status, now)
			res.Set(now, &s.streams, greenMember)
		}
		arnType := map[bool]string{true: "cluster", false: "db"}[blue.cluster]
		blue.id, blue.arn = old(blue.id), s.arn(arnType, old(blue.id))
		s.put(blue, blue.stream.status, now)
		s.streams.Enter(r, now, green.withStatus(status))
	})
}

// put stores a database and plans what RDS does with its stream and its policy on its own.
func (s *Server) put(d database, status activitystream.Status, now time.Time) {
	d = d.withStatus(status)
	r := s.databases.Put(now, d, d.arn)
	s.streams.Follow(r, now, d)
	s.policies.Follow(r, now, d)
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
