package activitystreamtest

import (
	"slices"
	"strconv"
	"strings"
)

// engine is a database engine.
type engine struct {
	name      string
	version   string // default of a resource
	class     string // default of a resource
	clustered bool   // clusters have streams, instances have none
	modes     []string
	families  []string // the families of instance classes that support streams
	supports  func(version string) bool
	sold      string // a regular expression: the versions that exist
}

// The families that the user guides list. A class of another family, such as db.t3 or
// db.serverless, does not support streams.
var (
	auroraMySQL    = []string{"r8g", "r7g", "r7i", "r6g", "r6i", "r5", "x2g"}
	auroraPostgres = []string{"r8g", "r7i", "r7g", "r6g", "r6i", "r6id", "r5", "r4", "x2g"}
	oracle         = []string{"m4", "m5", "m5d", "m6i", "r4", "r5", "r5b", "r5d", "r6i", "x2idn", "x2iedn", "x2iezn", "z1d"}
	sqlServer      = []string{"m4", "m5", "m5d", "m6i", "r4", "r5", "r5b", "r5d", "r6i", "x1e", "z1d"}
)

// Defaults of the engines.
const (
	oracle19      = "19.0.0.0.ru-2024-07.rur-2024-07.r1"
	sqlServer2019 = "15.00.4385.2.v1"
	classR6g      = "db.r6g.large"
	classR5       = "db.r5.large"
	serverless    = "db.serverless"
)

// The versions that exist, as regular expressions. They follow the numbering of each engine, and
// include versions that AWS does not offer anymore.
const (
	auroraMySQLVersions = `(5\.7\.mysql_aurora\.2|8\.0\.mysql_aurora\.3)\.\d\d?\.\d`
	postgresVersions    = `1[0-7]\.[12]?\d`
	oracleVersions      = `(19|21)\.0\.0\.0\.ru-20\d\d-\d\d\.rur-20\d\d-\d\d\.r\d+`
	sqlServerVersions   = `1[1-6]\.00\.\d{4}\.\d+\.v\d+`
)

var (
	async       = []string{"async"}
	syncOrAsync = []string{"sync", "async"}
)

// engines are the engines that the simulator knows. That every edition of SQL Server supports
// streams is unconfirmed.
var engines = []engine{
	{"aurora-mysql", "8.0.mysql_aurora.3.08.0", classR6g, true, async, auroraMySQL, auroraMySQLVersion, auroraMySQLVersions},
	{"aurora-postgresql", "16.4", classR6g, true, syncOrAsync, auroraPostgres, auroraPostgresVersion, postgresVersions},
	{"oracle-ee", oracle19, classR5, false, async, oracle, oracleVersion, oracleVersions},
	{"oracle-se2", oracle19, classR5, false, async, oracle, oracleVersion, oracleVersions},
	{"sqlserver-ee", sqlServer2019, classR5, false, async, sqlServer, sqlServerVersion, sqlServerVersions},
	{"sqlserver-se", sqlServer2019, classR5, false, async, sqlServer, sqlServerVersion, sqlServerVersions},
	{"sqlserver-web", sqlServer2019, classR5, false, async, sqlServer, sqlServerVersion, sqlServerVersions},
	{"sqlserver-ex", sqlServer2019, classR5, false, async, sqlServer, sqlServerVersion, sqlServerVersions},
	{name: "oracle-ee-cdb", version: oracle19, class: classR5, sold: oracleVersions},
	{name: "oracle-se2-cdb", version: oracle19, class: classR5, sold: oracleVersions},
	{name: "mysql", version: "8.0.39", class: "db.m6g.large", sold: `(5\.7|8\.[04])\.\d\d?`},
	{name: "mariadb", version: "10.11.9", class: "db.m6g.large", sold: `1[01]\.\d\d?\.\d\d?`},
	{name: "postgres", version: "16.4", class: "db.m6g.large", sold: postgresVersions},
	{name: "db2-se", version: "11.5.9.0.sb00000000.r1", class: "db.m6i.large", sold: `11\.5\..+`},
	{name: "db2-ae", version: "11.5.9.0.sb00000000.r1", class: "db.m6i.large", sold: `11\.5\..+`},
	{name: "neptune", version: "1.3.2.1", class: classR6g, clustered: true, sold: `1\.[0-4]\.\d\.\d`},
	{name: "docdb", version: "5.0.0", class: classR6g, clustered: true, sold: `[345]\.[06]\.0`},
}

// findEngine returns the engine of a name. It reports false for an unknown engine, which does not
// support streams.
func findEngine(name string) (engine, bool) {
	i := slices.IndexFunc(engines, func(e engine) bool { return e.name == name })
	if i < 0 {
		return engine{name: name}, false
	}
	return engines[i], true
}

// streamModes returns the modes that an engine version and class support, nil if none.
func (e engine) streamModes(version, class string) []string {
	if e.supports == nil || !e.supports(version) || !slices.Contains(e.families, family(class)) {
		return nil
	}
	return e.modes
}

// hasPolicy reports whether the streams of the engine have an audit policy.
func (e engine) hasPolicy() bool { return !e.clustered && len(e.modes) > 0 }

// family returns the family of a class: "r5" for "db.r5.large".
func family(class string) string {
	parts := strings.Split(class, ".")
	if len(parts) < 3 || parts[0] != "db" {
		return ""
	}
	return parts[1]
}

// sizes and burstable make the classes that DescribeOrderableDBInstanceOptions lists, together with
// the families that support streams. AWS offers more.
var (
	sizes     = []string{"large", "xlarge", "2xlarge", "4xlarge"}
	moreSizes = []string{"micro", "small", "medium", "8xlarge", "12xlarge", "16xlarge", "24xlarge", "32xlarge", "48xlarge"}
	burstable = []string{"db.t3.medium", "db.t3.large", "db.t4g.medium", "db.t4g.large"}
)

// classes returns the classes that are orderable for an engine.
func (e engine) classes() []string {
	list := slices.Clone(burstable)
	if e.clustered {
		list = append(list, serverless)
	}
	families := e.families
	if len(families) == 0 {
		families = []string{family(e.class)}
	}
	for _, f := range families {
		for _, s := range sizes {
			list = append(list, "db."+f+"."+s)
		}
	}
	return list
}

// The supported versions follow the lists of 2023. Later versions count as supported.

func auroraMySQLVersion(v string) bool {
	_, v, ok := strings.Cut(v, "mysql_aurora.")
	return ok && atLeast(v, 2, 11)
}

func auroraPostgresVersion(v string) bool {
	n := versionNumbers(v)
	return atLeast(v, 12) || n[0] == 11 && (n[1] == 9 || n[1] >= 13)
}

func oracleVersion(v string) bool { return versionNumbers(v)[0] == 19 }

func sqlServerVersion(v string) bool { return atLeast(v, 13) }

// versionNumbers returns the first two numbers of a version.
func versionNumbers(v string) (n [2]int) {
	for i, s := range strings.SplitN(v, ".", 3) {
		if i < len(n) {
			n[i], _ = strconv.Atoi(s) // an invalid number counts as zero, which is too old for a stream
		}
	}
	return n
}

// atLeast reports whether the first numbers of a version are want or more.
func atLeast(v string, want ...int) bool {
	n := versionNumbers(v)
	return slices.Compare(n[:len(want)], want) >= 0
}
