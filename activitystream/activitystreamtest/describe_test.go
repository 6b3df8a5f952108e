package activitystreamtest_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/rds"
	"github.com/aws/aws-sdk-go-v2/service/rds/types"
	"github.com/aws/smithy-go/middleware"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/activitystream/activitystreamtest"
	"github.com/streamwarden/streamwarden-go/internal/assert"
)

// cmpResult ignores the unexported parts of the SDK's types.
var cmpResult = cmp.Options{
	cmpopts.IgnoreTypes(middleware.Metadata{}),
	cmp.FilterPath(func(p cmp.Path) bool { return strings.HasPrefix(p.Last().String(), ".noSmithy") }, cmp.Ignore()),
}

func filter(name string, values ...string) types.Filter {
	return types.Filter{Name: &name, Values: values}
}

// scene returns a server with databases of every type.
func scene() *activitystreamtest.Server {
	s := activitystreamtest.NewServer()
	s.AddCluster(activitystreamtest.Cluster{Identifier: "pg", ResourceId: "cluster-PG", Members: 2})
	s.AddCluster(activitystreamtest.Cluster{Identifier: "my", Engine: "aurora-mysql", Class: "db.r5.large"})
	s.AddCluster(activitystreamtest.Cluster{Identifier: "graph", Engine: "neptune"})
	s.AddInstance(activitystreamtest.Instance{Identifier: "orcl", ResourceId: "db-ORCL"})
	s.AddInstance(activitystreamtest.Instance{Identifier: "mysql", Engine: "mysql"})
	return s
}

func TestDescribeFilters(t *testing.T) {
	const (
		clusterARN  = "arn:aws:rds:us-east-1:123456789012:cluster:"
		instanceARN = "arn:aws:rds:us-east-1:123456789012:db:"
	)
	tests := []struct {
		why       string
		instances bool
		id        string
		filters   []types.Filter
		want      []string
		code      string
	}{
		{why: "all", want: []string{"graph", "my", "pg"}},
		{
			why:       "all instances, including members of clusters",
			instances: true,
			want:      []string{"graph-instance-1", "my-instance-1", "mysql", "orcl", "pg-instance-1", "pg-instance-2"},
		},
		{why: "identifiers and ARNs", filters: []types.Filter{filter("db-cluster-id", "pg", clusterARN+"my")}, want: []string{"my", "pg"}},
		{why: "a duplicate", filters: []types.Filter{filter("db-cluster-id", "pg", clusterARN+"pg")}, want: []string{"pg"}},
		{why: "unknown identifiers are left out", filters: []types.Filter{filter("db-cluster-id", "pg", "x", clusterARN+"y")}, want: []string{"pg"}},
		{why: "only unknown identifiers", filters: []types.Filter{filter("db-cluster-id", "x")}, want: nil},
		{
			why:     "an ARN of another account",
			filters: []types.Filter{filter("db-cluster-id", "arn:aws:rds:us-east-1:999999999999:cluster:pg")},
			want:    nil,
		},
		{why: "filter values are case-sensitive", filters: []types.Filter{filter("db-cluster-id", "PG")}, want: nil},
		{why: "identifiers ignore case", id: "PG", want: []string{"pg"}},
		{why: "an ARN as identifier", id: clusterARN + "pg", want: []string{"pg"}},
		{why: "a resource ID is not an identifier", id: "cluster-PG", code: "DBClusterNotFoundFault"},
		{why: "an unknown identifier", id: "x", code: "DBClusterNotFoundFault"},
		{why: "an unknown identifier of an instance", instances: true, id: "x", code: "DBInstanceNotFound"},
		{why: "by engine", filters: []types.Filter{filter("engine", "neptune", "aurora-mysql")}, want: []string{"graph", "my"}},
		{
			why:     "several filters",
			filters: []types.Filter{filter("engine", "neptune"), filter("db-cluster-id", "pg", "graph")},
			want:    []string{"graph"},
		},
		{
			why:     "the same filter twice",
			filters: []types.Filter{filter("db-cluster-id", "my", "graph"), filter("db-cluster-id", "pg", "graph")},
			want:    []string{"graph"},
		},
		{why: "by resource ID", filters: []types.Filter{filter("db-cluster-resource-id", "cluster-PG")}, want: []string{"pg"}},
		{
			why:       "by resource ID of an instance",
			instances: true,
			filters:   []types.Filter{filter("dbi-resource-id", "db-ORCL")},
			want:      []string{"orcl"},
		},
		{
			why:       "members of a cluster",
			instances: true,
			filters:   []types.Filter{filter("db-cluster-id", clusterARN+"pg")},
			want:      []string{"pg-instance-1", "pg-instance-2"},
		},
		{
			why:       "instances by identifier",
			instances: true,
			filters:   []types.Filter{filter("db-instance-id", "orcl", instanceARN+"mysql")},
			want:      []string{"mysql", "orcl"},
		},
		{
			why:     "one invalid ARN fails the request",
			filters: []types.Filter{filter("db-cluster-id", "pg", "arn:aws:rds:us-east-1")},
			code:    "InvalidParameterValue",
		},
		{
			why:     "an ARN of the wrong type fails the request",
			filters: []types.Filter{filter("db-cluster-id", "pg", instanceARN+"orcl")},
			code:    "InvalidParameterValue",
		},
		{why: "the wrong type as identifier", id: instanceARN + "orcl", code: "InvalidParameterValue"},
		{why: "a filter that clusters do not have", filters: []types.Filter{filter("db-instance-id", "pg")}, code: "InvalidParameterValue"},
		{why: "no values", filters: []types.Filter{{Name: new("engine"), Values: []string{}}}, code: "InvalidParameterCombination"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			s := scene()
			var id *string
			if tt.id != "" {
				id = &tt.id
			}
			var got []string
			var err error
			if tt.instances {
				var out *rds.DescribeDBInstancesOutput
				if out, err = client(s).DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: id, Filters: tt.filters}); err == nil {
					for _, d := range out.DBInstances {
						got = append(got, *d.DBInstanceIdentifier)
					}
				}
			} else {
				var out *rds.DescribeDBClustersOutput
				if out, err = client(s).DescribeDBClusters(t.Context(), &rds.DescribeDBClustersInput{DBClusterIdentifier: id, Filters: tt.filters}); err == nil {
					for _, d := range out.DBClusters {
						got = append(got, *d.DBClusterIdentifier)
					}
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || code(t, err) != tt.code {
				t.Errorf("%v, want %q (-want +got)\n%s", err, tt.code, diff)
			}
		})
	}
}

func TestDescribeWrongARNType(t *testing.T) {
	arn := "arn:aws:rds:us-east-1:123456789012:db:orcl"
	_, err := client(scene()).DescribeDBClusters(t.Context(), &rds.DescribeDBClustersInput{DBClusterIdentifier: &arn})
	want := "The provided ARN (" + arn + ") is invalid for this parameter (DBClusterIdentifier). Expected type = cluster, actual type = db"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}

func TestDescribePages(t *testing.T) {
	s := activitystreamtest.NewServer()
	var want []string
	for i := range 250 {
		want = append(want, s.AddCluster(activitystreamtest.Cluster{Identifier: fmt.Sprintf("c-%03d", i)}))
	}
	s.Remove(want[249])
	want = want[:249]
	for _, size := range []int32{20, 83, 100} {
		var got []string
		pages := rds.NewDescribeDBClustersPaginator(client(s), &rds.DescribeDBClustersInput{MaxRecords: &size})
		n := 0
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			n++
			for _, d := range page.DBClusters {
				got = append(got, *d.DBClusterArn)
			}
		}
		assert.Equal(t, fmt.Sprintf("pages of %d", size), want, got)
		if most := (249 + int(size) - 1) / int(size); n != most {
			t.Errorf("%d pages of %d, want %d", n, size, most)
		}
	}
	for _, size := range []int32{-1, 0, 3, 19, 101} {
		_, err := client(s).DescribeDBClusters(t.Context(), &rds.DescribeDBClustersInput{MaxRecords: &size})
		if want := fmt.Sprintf("Invalid value %d for MaxRecords. Must be between 20 and 100", size); code(t, err) != "InvalidParameterValue" || !strings.Contains(err.Error(), want) {
			t.Errorf("%d records: %v", size, err)
		}
	}
	if _, err := client(s).DescribeDBClusters(t.Context(), &rds.DescribeDBClustersInput{Marker: new("!")}); code(t, err) != "InvalidParameterValue" {
		t.Errorf("a made-up marker: %v", err)
	}
}

func TestCallsNameResources(t *testing.T) {
	s := scene()
	c := client(s)
	_, _ = c.DescribeDBClusters(t.Context(), &rds.DescribeDBClustersInput{DBClusterIdentifier: new("pg")})
	_, _ = c.DescribeDBClusters(t.Context(), &rds.DescribeDBClustersInput{Filters: []types.Filter{filter("db-cluster-id", "pg", "my")}})
	_, _ = c.DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{DBInstanceIdentifier: new("unknown")})
	calls := s.Calls()
	got := make([]string, 0, len(calls))
	for _, call := range calls {
		got = append(got, fmt.Sprint(call.Operation, " ", call.Resource, " ", call.ResourceCount, " ", call.Records, " ", call.Code))
	}
	want := []string{
		"DescribeDBClusters arn:aws:rds:us-east-1:123456789012:cluster:pg 1 1 ",
		"DescribeDBClusters  2 2 ",
		"DescribeDBInstances unknown 1 0 DBInstanceNotFound",
	}
	assert.Equal(t, "result", want, got)
}

func TestMembersMirrorCluster(t *testing.T) {
	for _, mirror := range []bool{false, true} {
		s := activitystreamtest.NewServer(func(o *activitystreamtest.Options) { o.MembersMirrorCluster = mirror })
		s.AddCluster(activitystreamtest.Cluster{Identifier: "c", Status: activitystream.StatusStarted})
		got := instance(t, s, "c-instance-1")
		if (got.ActivityStreamStatus == activitystream.StatusStarted) != mirror || aws.ToString(got.DBClusterIdentifier) != "c" {
			t.Errorf("mirror %v: the member shows %s, cluster %s", mirror, got.ActivityStreamStatus, aws.ToString(got.DBClusterIdentifier))
		}
	}
}

func TestDescribeOrderable(t *testing.T) {
	c := client(activitystreamtest.NewServer())
	tests := []struct {
		why                    string
		engine, version, class string
		want                   string
	}{
		{"both modes", "aurora-postgresql", "", "db.r6g.large", "[sync async]"},
		{"async only", "aurora-mysql", "", "db.r8g.xlarge", "[async]"},
		{"an instance", "oracle-ee", "", "db.r5.large.tpc1.mem2x", "[async]"},
		{"an instance", "sqlserver-se", "", "db.x1e.xlarge", "[async]"},
		{"a burstable class", "aurora-postgresql", "", "db.t4g.medium", "[]"},
		{"serverless", "aurora-postgresql", "", "db.serverless", "[]"},
		{"another engine's class", "aurora-mysql", "", "db.r4.large", "[]"},
		{"no streams", "mysql", "", "db.r5.large", "[]"},
		{"a container database", "oracle-ee-cdb", "", "db.r5.large", "[]"},
		{"too old", "aurora-postgresql", "11.10", "db.r5.large", "[]"},
		{"old enough", "aurora-postgresql", "11.13", "db.r5.large", "[sync async]"},
		{"too old", "aurora-mysql", "5.7.mysql_aurora.2.10.3", "db.r5.large", "[]"},
		{"old enough", "aurora-mysql", "5.7.mysql_aurora.2.11.0", "db.r5.large", "[async]"},
		{"too new", "oracle-se2", "21.0.0.0.ru-2022-01.rur-2022-01.r1", "db.r5.large", "[]"},
		{"too old", "sqlserver-ee", "12.00.6293.0.v1", "db.r5.large", "[]"},
	}
	for _, tt := range tests {
		in := &rds.DescribeOrderableDBInstanceOptionsInput{Engine: &tt.engine, DBInstanceClass: &tt.class}
		if tt.version != "" {
			in.EngineVersion = &tt.version
		}
		out, err := c.DescribeOrderableDBInstanceOptions(t.Context(), in)
		if err != nil {
			t.Errorf("%s: %v", tt.why, err)
			continue
		}
		if len(out.OrderableDBInstanceOptions) != 1 || fmt.Sprint(out.OrderableDBInstanceOptions[0].SupportedActivityStreamModes) != tt.want {
			t.Errorf("%s: %s %s %s: %+v, want %s", tt.why, tt.engine, tt.version, tt.class, out.OrderableDBInstanceOptions, tt.want)
		}
	}

	pages := rds.NewDescribeOrderableDBInstanceOptionsPaginator(c, &rds.DescribeOrderableDBInstanceOptionsInput{Engine: new("oracle-ee"), MaxRecords: new(int32(20))})
	var classes []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.OrderableDBInstanceOptions {
			classes = append(classes, *o.DBInstanceClass)
		}
	}
	if len(classes) < 40 || !slices.IsSorted(classes) || len(slices.Compact(classes)) != len(classes) {
		t.Errorf("the pages have %v", classes)
	}
	for _, in := range []*rds.DescribeOrderableDBInstanceOptionsInput{
		{Engine: new("access")}, {Engine: new("")}, {Engine: new("mysql"), MaxRecords: new(int32(19))}, {Engine: new("mysql"), Marker: new("!")},
	} {
		if _, err := c.DescribeOrderableDBInstanceOptions(t.Context(), in); code(t, err) == "" {
			t.Errorf("%s is accepted", aws.ToString(in.Engine))
		}
	}
}

// TestRequestSnapshots sends the requests that the SDK's own tests have recorded.
func TestRequestSnapshots(t *testing.T) {
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/rds").Output()
	if err != nil {
		t.Fatal(err)
	}
	// Their values are placeholders, so an error is right, but it must be one of the operation.
	want := map[string]string{
		"StartActivityStream": "InvalidParameterValue", "StopActivityStream": "InvalidParameterValue", "ModifyActivityStream": "InvalidParameterValue",
		"DescribeDBClusters": "InvalidParameterValue", "DescribeDBInstances": "InvalidParameterValue",
		"DescribeOrderableDBInstanceOptions": "InvalidParameterValue", "DescribeEvents": "InvalidParameterValue",
	}
	for op, code := range want {
		snapshot, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "request_snapshot", op+".request.snap"))
		if err != nil {
			t.Fatal(err)
		}
		head, body, _ := bytes.Cut(snapshot, []byte("\n\nContent-Type: application/x-www-form-urlencoded\n\n"))
		if string(head) != "POST /" {
			t.Fatalf("%s: the snapshot begins with %q", op, head)
		}
		s := activitystreamtest.NewServer()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://rds.us-east-1.amazonaws.com/", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := s.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if calls := s.Calls(); len(calls) != 1 || string(calls[0].Operation) != op || calls[0].Code != code {
			t.Errorf("%s: %+v", op, calls)
		}
	}
}

func TestAddClusterReplaces(t *testing.T) {
	s := scene()
	arn := s.AddCluster(activitystreamtest.Cluster{Identifier: "pg", Members: 1, Status: activitystream.StatusStarted})
	out, err := client(s).DescribeDBInstances(t.Context(), &rds.DescribeDBInstancesInput{Filters: []types.Filter{filter("db-cluster-id", "pg")}})
	if err != nil || len(out.DBInstances) != 1 || s.Status(arn) != activitystream.StatusStarted {
		t.Errorf("%d members, the stream is %s, %v", len(out.DBInstances), s.Status(arn), err)
	}
}

// FuzzForm looks for a request that makes the server panic or respond with a malformed document.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{
		"", "Action=StartActivityStream&ResourceArn=arn:aws:rds:us-east-1:123456789012:cluster:pg&Mode=sync&KmsKeyId=k",
		"Action=ModifyActivityStream&ResourceArn=arn:aws:rds:::db:", "Action=DescribeDBClusters&Filters.Filter.1.Name=db-cluster-id",
		"Action=DescribeDBInstances&Marker=AA&MaxRecords=20&Filters.Filter.1.Name=engine&Filters.Filter.1.Values.Value.1=mysql",
		"Action=DescribeOrderableDBInstanceOptions&Engine=oracle-ee&DBInstanceClass=..&EngineVersion=.",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, form string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://rds.us-east-1.amazonaws.com/", strings.NewReader(form))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		s := scene()
		resp, err := s.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if call := s.Calls()[0]; call.Accepted != (resp.StatusCode == http.StatusOK) || call.Accepted != (call.Code == "") {
			t.Errorf("status %d for %+v", resp.StatusCode, call)
		}
	})
}

func BenchmarkDescribe100(b *testing.B) {
	s := activitystreamtest.NewServer()
	arns := make([]string, 0, 10_000)
	for range 10_000 {
		arns = append(arns, s.AddCluster(activitystreamtest.Cluster{Members: -1, Status: activitystream.StatusStarted}))
	}
	var form strings.Builder
	form.WriteString("Action=DescribeDBClusters&Filters.Filter.1.Name=db-cluster-id")
	for i, arn := range arns[:100] {
		fmt.Fprintf(&form, "&Filters.Filter.1.Values.Value.%d=%s", i+1, arn)
	}
	for b.Loop() {
		r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, "https://rds.us-east-1.amazonaws.com/", strings.NewReader(form.String()))
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		resp, err := s.Do(r)
		if err != nil || resp.StatusCode != http.StatusOK {
			b.Fatal(resp, err)
		}
		_ = resp.Body.Close()
	}
}
