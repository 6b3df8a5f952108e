package activitystreamtest

import (
	"encoding/base64"
	"slices"
	"strconv"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

// resourceType is one of the two sorts of databases, with what its describe operation calls things.
type resourceType struct {
	server       *Server
	store        *simulator.Store[database]
	arnType      string            // in ARNs
	identifier   string            // the parameter
	list, item   string            // the elements of the answer
	filters      map[string]filter // by name
	notFoundCode string            // the code for one that is not there
	displayName  string            // what messages call it
	render       func(s *Server, x *simulator.XML, d database, at time.Time)
}

// filter is one of the filters of a describe operation.
type filter struct {
	// ids tells that the values are identifiers or ARNs of the kind itself, so that the store finds what they name.
	ids bool

	// arnType is the type of the ARNs that the values may be; empty: they are no ARNs.
	arnType string

	// value is what a database has to have among the values; an ARN is compared by its identifier.
	value func(d database) string
}

func newClusterKind(s *Server) *resourceType {
	return &resourceType{
		server: s, store: &s.clusters, arnType: "cluster", identifier: "DBClusterIdentifier", list: "DBClusters", item: "DBCluster",
		notFoundCode: "DBClusterNotFoundFault", displayName: "DBCluster", render: renderCluster,
		filters: map[string]filter{
			"db-cluster-id":          {ids: true, arnType: "cluster", value: identifierOf},
			"db-cluster-resource-id": {value: resourceIDOf},
			"engine":                 {value: engineOf},
		},
	}
}

func newInstanceKind(s *Server) *resourceType {
	return &resourceType{
		server: s, store: &s.instances, arnType: "db", identifier: "DBInstanceIdentifier", list: "DBInstances", item: "DBInstance",
		notFoundCode: "DBInstanceNotFound", displayName: "DBInstance", render: renderInstance,
		filters: map[string]filter{
			"db-instance-id":  {ids: true, arnType: "db", value: identifierOf},
			"db-cluster-id":   {arnType: "cluster", value: clusterOf},
			"dbi-resource-id": {value: resourceIDOf},
			"engine":          {value: engineOf},
		},
	}
}

func identifierOf(d database) string { return d.id }
func resourceIDOf(d database) string { return d.resourceID }
func engineOf(d database) string     { return d.engine.name }
func clusterOf(d database) string    { return d.memberOf }

func (k *resourceType) notFound(id string) *simulator.Error {
	return notFound(k.notFoundCode, k.displayName, id)
}

// names lists the resources that a request names.
func (k *resourceType) names(r *simulator.Request) []string {
	var names []string
	if id := r.Get(k.identifier); id != "" {
		names = k.server.canonical(k.store, nil, id)
	}
	for _, w := range requestFilters(r) {
		if k.filters[w.name].ids {
			for _, v := range w.values {
				names = append(names, k.server.canonical(k.store, nil, v)...)
			}
		}
	}
	return names
}

// canonical is the ARN of what an identifier or ARN names, or what was given where it names nothing.
func (s *Server) canonical(store, other *simulator.Store[database], given string) []string {
	if given == "" {
		return nil
	}
	if r := store.Get(given); r != nil {
		return []string{r.Key()}
	}
	if other != nil {
		if r := other.Get(given); r != nil {
			return []string{r.Key()}
		}
	}
	return []string{given}
}

// requestFilter is a filter as a request gives it.
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

// describe is DescribeDBClusters or DescribeDBInstances.
func (k *resourceType) describe(r *simulator.Request) (simulator.Result, *simulator.Error) {
	limit, e := maxRecords(r, 100)
	if e != nil {
		return simulator.Result{}, e
	}
	after, e := marker(r)
	if e != nil {
		return simulator.Result{}, e
	}
	candidates, matches, e := k.candidates(r)
	if e != nil {
		return simulator.Result{}, e
	}
	candidates = simulator.After(candidates, after)

	var x simulator.XML
	x.Grow(1024 * min(len(candidates), limit))
	x.Open(k.list)
	n, last, more := 0, "", false
	for _, res := range candidates {
		current, exists := res.Now(r.At)
		if !matches(current) { // what filters look at does not change
			continue
		}
		if n == limit {
			if more = exists; more {
				break
			}
			continue
		}
		d, ok := res.Read(r.At)
		if !ok {
			continue
		}
		x.Open(k.item)
		k.render(k.server, &x, d, r.At)
		x.Close(k.item)
		n, last = n+1, res.Key()
	}
	x.Close(k.list)
	if id := r.Get(k.identifier); id != "" && n == 0 && len(requestFilters(r)) == 0 {
		if a, ok := parseARN(id); ok {
			id = a.id
		}
		return simulator.Result{}, k.notFound(id)
	}
	if more {
		x.Text("Marker", base64.RawURLEncoding.EncodeToString([]byte(last)))
	}
	return simulator.Result{Body: x.Bytes(), Records: n}, nil
}

// candidates are the resources that a request may mean, in order, and what else decides.
func (k *resourceType) candidates(r *simulator.Request) ([]*resource, func(database) bool, *simulator.Error) {
	var lists [][]string // each restricts the candidates
	var checks []func(database) bool
	if id := r.Get(k.identifier); id != "" {
		if e := k.checkARN(id, k.identifier, k.arnType); e != nil {
			return nil, nil, e
		}
		lists = append(lists, []string{id})
	}
	for _, w := range requestFilters(r) {
		f, ok := k.filters[w.name]
		switch {
		case !ok:
			return nil, nil, invalidValue("Unrecognized filter name: %s", w.name)
		case len(w.values) == 0:
			return nil, nil, invalidValue("The filter %s has no values", w.name)
		}
		ids := slices.Clone(w.values)
		for i, v := range ids {
			if f.arnType == "" || !isARN(v) {
				continue
			}
			if e := k.checkARN(v, w.name, f.arnType); e != nil {
				return nil, nil, e
			}
			ids[i] = k.server.localID(v)
		}
		if f.ids {
			lists = append(lists, w.values)
		}
		// Filter values are compared as they are, unlike the identifier parameter.
		set := make(map[string]bool, len(ids))
		for _, id := range ids {
			set[id] = true
		}
		checks = append(checks, func(d database) bool { return set[f.value(d)] })
	}
	fits := func(d database) bool {
		return !slices.ContainsFunc(checks, func(check func(database) bool) bool { return !check(d) })
	}
	if len(lists) == 0 {
		return k.store.All(), fits, nil
	}
	found := k.store.Select(lists[0])
	for _, l := range lists[1:] {
		allowed := make(map[*resource]bool, len(l))
		for _, id := range l {
			allowed[k.store.Get(id)] = true
		}
		found = slices.DeleteFunc(found, func(res *resource) bool { return !allowed[res] })
	}
	return found, fits, nil
}

// checkARN refuses a value that looks like an ARN and is none of the type.
func (k *resourceType) checkARN(s, parameter, want string) *simulator.Error {
	if !isARN(s) {
		return nil
	}
	a, ok := parseARN(s)
	if !ok {
		return notAnARN(s)
	}
	if a.kind != want {
		return wrongType(s, parameter, want, a.kind)
	}
	return nil
}

// localID is the identifier in an ARN, or the ARN itself where it is of another account or Region, so that
// nothing has it.
func (s *Server) localID(arn string) string {
	a, _ := parseARN(arn)
	if s.arn(a.kind, a.id) != arn {
		return arn
	}
	return a.id
}

// maxRecords is the length of a page.
func maxRecords(r *simulator.Request, most int) (int, *simulator.Error) {
	const minRecords, defaultRecords = 20, 100
	text := r.Get("MaxRecords")
	if text == "" {
		return defaultRecords, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < minRecords || n > most {
		return 0, invalidValue("Invalid value %s for MaxRecords. Must be between %d and %d", text, minRecords, most)
	}
	return n, nil
}

// marker is the key that the last page ended with.
func marker(r *simulator.Request) (string, *simulator.Error) {
	key, err := base64.RawURLEncoding.DecodeString(r.Get("Marker"))
	if err != nil {
		return "", invalidValue("Invalid value %s for Marker", r.Get("Marker"))
	}
	return string(key), nil
}

func renderCluster(_ *Server, x *simulator.XML, d database, _ time.Time) {
	x.Text("DBClusterIdentifier", d.id)
	x.Text("DBClusterArn", d.arn)
	x.Text("DbClusterResourceId", d.resourceID)
	x.Text("Status", d.status)
	x.Text("Engine", d.engine.name)
	x.Text("EngineVersion", d.version)
	x.Text("EngineMode", "provisioned")
	x.Open("DBClusterMembers")
	for i, id := range d.members {
		x.Open("DBClusterMember")
		x.Text("DBInstanceIdentifier", id)
		x.Bool("IsClusterWriter", i == 0)
		x.Close("DBClusterMember")
	}
	x.Close("DBClusterMembers")
	renderStream(x, d.stream)
}

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
	renderStream(x, d.stream)
	if d.stream.mode != "" {
		x.Bool("ActivityStreamEngineNativeAuditFieldsIncluded", d.stream.nativeAuditFields)
	}
	x.TextIfSet("ActivityStreamPolicyStatus", string(d.stream.policy))
}

// visibleStream is the stream that an instance shows.
func (s *Server) visibleStream(d database, at time.Time) stream {
	r := s.clusters.Get(d.memberOf)
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

// describeOrderable is DescribeOrderableDBInstanceOptions: of each class the default version, or the one that
// is asked for.
func describeOrderable(r *simulator.Request) (simulator.Result, *simulator.Error) {
	name := r.Get("Engine")
	if name == "" {
		return simulator.Result{}, missingParameter("Engine")
	}
	limit, e := maxRecords(r, 10000)
	if e != nil {
		return simulator.Result{}, e
	}
	after, e := marker(r)
	if e != nil {
		return simulator.Result{}, e
	}
	eng, ok := findEngine(name)
	if !ok {
		return simulator.Result{}, invalidValue("Unrecognized engine name: %s", name)
	}
	version := r.Get("EngineVersion")
	if version == "" {
		version = eng.version
	}
	classes := eng.classes()
	if class := r.Get("DBInstanceClass"); class != "" {
		classes = []string{class}
	}
	slices.Sort(classes)
	i, found := slices.BinarySearch(classes, after)
	if found {
		i++
	}
	page := classes[i:]

	var x simulator.XML
	x.Open("OrderableDBInstanceOptions")
	for _, class := range page[:min(limit, len(page))] {
		x.Open("OrderableDBInstanceOption")
		x.Text("Engine", eng.name)
		x.Text("EngineVersion", version)
		x.Text("DBInstanceClass", class)
		x.Bool("SupportsClusters", eng.clustered)
		x.Open("SupportedActivityStreamModes")
		for _, m := range eng.streamModes(version, class) {
			x.Text("member", m)
		}
		x.Close("SupportedActivityStreamModes")
		x.Close("OrderableDBInstanceOption")
	}
	x.Close("OrderableDBInstanceOptions")
	if len(page) > limit {
		x.Text("Marker", base64.RawURLEncoding.EncodeToString([]byte(page[limit-1])))
	}
	return simulator.Result{Body: x.Bytes(), Records: min(limit, len(page))}, nil
}
