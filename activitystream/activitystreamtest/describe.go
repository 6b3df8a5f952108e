package activitystreamtest

import (
	"slices"
	"strconv"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

// resourceType is clusters or instances, with the names that the API gives them.
type resourceType struct {
	server       *Server
	arnType      string            // in ARNs
	identifier   string            // the parameter that names one
	element      string            // of the response, in a list of the same name with an s
	filters      map[string]filter // by name
	notFoundCode string
	render       func(s *Server, x *simulator.XML, d database, at time.Time)
}

// filter is a filter that a Describe operation supports.
type filter struct {
	// arnType is the type of the ARNs that the values may be. Empty means that they are not ARNs. If
	// it is that of the resources themselves, the store can look them up.
	arnType string

	// value returns what a database must have among the filter's values. ARNs are compared by their
	// identifiers.
	value func(d database) string
}

// newClusterType returns the type of clusters, as DescribeDBClusters serves it.
func newClusterType(s *Server) *resourceType {
	return &resourceType{
		server: s, arnType: "cluster", identifier: "DBClusterIdentifier", element: "DBCluster",
		notFoundCode: "DBClusterNotFoundFault", render: renderCluster,
		filters: map[string]filter{
			"db-cluster-id":          {arnType: "cluster", value: identifierOf},
			"db-cluster-resource-id": {value: resourceIDOf},
			"clone-group-id":         {value: func(d database) string { return d.cloneGroup }},
			"domain":                 {value: domainOf},
			"engine":                 {value: engineOf},
		},
	}
}

// newInstanceType returns the type of instances, as DescribeDBInstances serves it.
func newInstanceType(s *Server) *resourceType {
	return &resourceType{
		server: s, arnType: "db", identifier: "DBInstanceIdentifier", element: "DBInstance",
		notFoundCode: "DBInstanceNotFound", render: renderInstance,
		filters: map[string]filter{
			"db-instance-id":  {arnType: "db", value: identifierOf},
			"db-cluster-id":   {arnType: "cluster", value: clusterOf},
			"dbi-resource-id": {value: resourceIDOf},
			"domain":          {value: domainOf},
			"engine":          {value: engineOf},
		},
	}
}

func identifierOf(d database) string { return d.id }
func resourceIDOf(d database) string { return d.resourceID }
func engineOf(d database) string     { return d.engine.name }
func clusterOf(d database) string    { return d.memberOf }
func domainOf(d database) string     { return d.domain }

// resources returns the resources that a request names.
func (t *resourceType) resources(r *simulator.Request) []string {
	names := t.canonical(r.Get(t.identifier))
	for _, f := range requestFilters(r) {
		if t.filters[f.name].arnType == t.arnType {
			for _, v := range f.values {
				names = append(names, t.canonical(v)...)
			}
		}
	}
	return names
}

// canonical returns the ARN of the resource that an identifier or ARN names. If it names none,
// canonical returns it unchanged.
func (t *resourceType) canonical(given string) []string {
	if given == "" {
		return nil
	}
	if r := t.server.databases.Get(t.arnOf(given)); r != nil {
		return []string{r.Key()}
	}
	return []string{given}
}

// arnOf returns the ARN of an identifier. It returns an ARN unchanged.
func (t *resourceType) arnOf(given string) string {
	if isARN(given) {
		return given
	}
	return t.server.arn(t.arnType, given)
}

// requestFilter is a filter in a request.
type requestFilter struct {
	name   string
	values []string
}

func requestFilters(r *simulator.Request) []requestFilter {
	var list []requestFilter
	for i := 1; ; i++ {
		prefix := "Filters.Filter." + strconv.Itoa(i) + "."
		values := simulator.List(r.Params, prefix+"Values.Value.")
		if _, ok := r.Params[prefix+"Name"]; !ok && values == nil {
			return list
		}
		list = append(list, requestFilter{name: r.Get(prefix + "Name"), values: values})
	}
}

// describe executes DescribeDBClusters or DescribeDBInstances.
func (t *resourceType) describe(r *simulator.Request) (simulator.Result, *simulator.Error) {
	f := form{Request: r}
	p := f.page(100)
	if f.err != nil {
		return simulator.Result{}, f.err
	}
	candidates, e := t.candidates(r)
	if e != nil {
		return simulator.Result{}, e
	}

	var x simulator.XML
	x.Grow(1024 * min(len(candidates), p.limit))
	x.Open(t.element + "s")
	n, marker := simulator.Page(r, candidates, p.after, p.limit, func(res *resource) bool {
		d, ok := res.Read(r.At)
		if ok {
			x.Open(t.element)
			t.render(t.server, &x, d, r.At)
			x.Close(t.element)
		}
		return ok
	})
	x.Close(t.element + "s")
	if id := r.Get(t.identifier); id != "" && n == 0 && len(requestFilters(r)) == 0 {
		if a, ok := parseARN(id); ok {
			id = a.id
		}
		return simulator.Result{}, t.notFound(id)
	}
	x.TextIfSet("Marker", marker)
	return simulator.Result{Body: x.Bytes(), Records: n}, nil
}

// candidates returns the resources that a request means, in order, including removed ones.
func (t *resourceType) candidates(r *simulator.Request) ([]*resource, *simulator.Error) {
	var lists [][]string // a candidate is in each
	var checks []func(database) bool
	if id := r.Get(t.identifier); id != "" {
		if e := checkARN(id, t.identifier, t.arnType); e != nil {
			return nil, e
		}
		lists = append(lists, []string{t.arnOf(id)})
	}
	for _, given := range requestFilters(r) {
		arns, check, e := t.parseFilter(given)
		if e != nil {
			return nil, e
		}
		if arns != nil {
			lists = append(lists, arns)
		}
		checks = append(checks, check)
	}
	found := t.server.databases.WithPrefix(t.server.arn(t.arnType, ""))
	for i, l := range lists {
		selected := t.server.databases.Select(l)
		if i > 0 {
			selected = slices.DeleteFunc(selected, func(res *resource) bool { return !slices.Contains(found, res) })
		}
		found = selected
	}
	if len(checks) == 0 {
		return found, nil
	}
	return slices.DeleteFunc(slices.Clone(found), func(res *resource) bool {
		d, _ := res.Now(r.At) // filters compare only what never changes
		return slices.ContainsFunc(checks, func(check func(database) bool) bool { return !check(d) })
	}), nil
}

// parseFilter returns which databases a filter of a request selects, and the ARNs of all candidates
// if its values identify them. Otherwise the ARNs are nil.
func (t *resourceType) parseFilter(given requestFilter) (arns []string, check func(database) bool, e *simulator.Error) {
	f, ok := t.filters[given.name]
	switch {
	case !ok:
		return nil, nil, invalidValue("Unrecognized filter name: %s", given.name)
	case len(given.values) == 0:
		return nil, nil, invalidCombination("The values of the filter " + given.name + " must not be empty.")
	}
	// Unlike identifier parameters, filter values are case-sensitive.
	wanted := make(map[string]bool, len(given.values))
	for _, v := range given.values {
		if f.arnType != "" && isARN(v) {
			if e := checkARN(v, given.name, f.arnType); e != nil {
				return nil, nil, e
			}
			v = t.server.localID(v)
		}
		if f.arnType == t.arnType {
			arns = append(arns, t.arnOf(v))
		}
		wanted[v] = true
	}
	return arns, func(d database) bool { return wanted[f.value(d)] }, nil
}

// checkARN returns an error if a value is an ARN, but not one of the type.
func checkARN(s, parameter, want string) *simulator.Error {
	if !isARN(s) {
		return nil
	}
	a, ok := parseARN(s)
	if !ok {
		return notAnARN(s)
	}
	if a.arnType != want {
		return wrongType(s, parameter, want, a.arnType)
	}
	return nil
}

// localID returns the identifier in an ARN. For an ARN of another account or Region it returns the
// ARN, which no resource has as its identifier.
func (s *Server) localID(arn string) string {
	a, _ := parseARN(arn)
	if s.arn(a.arnType, a.id) != arn {
		return arn
	}
	return a.id
}

// cutPage returns a page of items, which are sorted by their keys, and the marker of the next one.
func cutPage[T any](r *simulator.Request, p page, items []T, key func(T) string) (listed []T, marker string) {
	items = slices.DeleteFunc(items, func(item T) bool { return key(item) <= p.after })
	if len(items) <= p.limit {
		return items, r.NextToken("")
	}
	return items[:p.limit], r.NextToken(key(items[p.limit-1]))
}

// renderCluster writes a DBCluster.
func renderCluster(_ *Server, x *simulator.XML, d database, _ time.Time) {
	x.Text("DBClusterIdentifier", d.id)
	x.Text("DBClusterArn", d.arn)
	x.Text("DbClusterResourceId", d.resourceID)
	x.Text("Status", d.status)
	x.Text("Engine", d.engine.name)
	x.Text("EngineVersion", d.version)
	x.Text("EngineMode", "provisioned")
	x.TextIfSet("CloneGroupId", d.cloneGroup)
	renderDomain(x, d)
	x.Open("DBClusterMembers")
	for i, m := range d.members {
		x.Open("DBClusterMember")
		x.Text("DBInstanceIdentifier", m.id)
		x.Bool("IsClusterWriter", i == 0)
		x.Close("DBClusterMember")
	}
	x.Close("DBClusterMembers")
	renderStream(x, d.stream)
}

// renderInstance writes a DBInstance.
func renderInstance(s *Server, x *simulator.XML, d database, at time.Time) {
	d.stream = s.visibleStream(d, at)
	x.Text("DBInstanceIdentifier", d.id)
	x.Text("DBInstanceArn", d.arn)
	x.Text("DbiResourceId", d.resourceID)
	x.Text("DBInstanceStatus", d.status)
	x.Text("DBInstanceClass", d.class)
	x.Text("Engine", d.engine.name)
	x.Text("EngineVersion", d.version)
	x.TextIfSet("DBClusterIdentifier", d.memberOf)
	x.TextIfSet("ReadReplicaSourceDBInstanceIdentifier", d.replicaOf)
	renderDomain(x, d)
	renderStream(x, d.stream)
	if d.stream.mode != "" {
		x.Bool("ActivityStreamEngineNativeAuditFieldsIncluded", d.stream.nativeAuditFields)
	}
	x.TextIfSet("ActivityStreamPolicyStatus", string(d.stream.policy))
}

func renderDomain(x *simulator.XML, d database) {
	if d.domain == "" {
		return
	}
	x.Open("DomainMemberships")
	x.Open("DomainMembership")
	x.Text("Domain", d.domain)
	x.Text("Status", "joined")
	x.Close("DomainMembership")
	x.Close("DomainMemberships")
}

// visibleStream returns the stream that Describe shows of an instance.
func (s *Server) visibleStream(d database, at time.Time) stream {
	r := s.databases.Get(s.arn("cluster", d.memberOf))
	if !s.opts.MembersMirrorCluster || r == nil {
		return d.stream
	}
	cluster, _ := r.Now(at)
	return cluster.stream
}

func renderStream(x *simulator.XML, s stream) {
	x.Text("ActivityStreamStatus", string(s.status))
	x.TextIfSet("ActivityStreamMode", string(s.mode))
	x.TextIfSet("ActivityStreamKmsKeyId", bareKey(s.key))
	x.TextIfSet("ActivityStreamKinesisStreamName", s.kinesis)
}
