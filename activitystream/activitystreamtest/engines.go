package activitystreamtest

import (
	"slices"
	"strconv"
	"strings"
)

// engine is what one database engine can do.
type engine struct {
	name      string
	version   string // of a resource that is added without one
	class     string // likewise
	clustered bool   // its streams are those of clusters
	modes     []string
	families  []string // the instance classes that can have a stream
	supports  func(version string) bool
}

// The families of the user guides. A class of another family, such as db.t3 or db.serverless, can have no stream.
var (
	auroraMySQL    = []string{"r8g", "r7g", "r7i", "r6g", "r6i", "r5", "x2g"}
	auroraPostgres = []string{"r8g", "r7i", "r7g", "r6g", "r6i", "r6id", "r5", "r4", "x2g"}
	oracle         = []string{"m4", "m5", "m5d", "m6i", "r4", "r5", "r5b", "r5d", "r6i", "x2idn", "x2iedn", "x2iezn", "z1d"}
	sqlServer      = []string{"m4", "m5", "m5d", "m6i", "r4", "r5", "r5b", "r5d", "r6i", "x1e", "z1d"}
)

// engines are the ones that the simulator knows. That every edition of SQL Server can have a stream is unconfirmed.
var engines = []engine{
	{name: "aurora-mysql", version: "8.0.mysql_aurora.3.08.0", class: "db.r6g.large", clustered: true, modes: []string{"async"}, families: auroraMySQL, supports: auroraMySQLVersion},
	{name: "aurora-postgresql", version: "16.4", class: "db.r6g.large", clustered: true, modes: []string{"sync", "async"}, families: auroraPostgres, supports: auroraPostgresVersion},
	{name: "oracle-ee", version: "19.0.0.0.ru-2024-07.rur-2024-07.r1", class: "db.r5.large", modes: []string{"async"}, families: oracle, supports: oracleVersion},
	{name: "oracle-se2", version: "19.0.0.0.ru-2024-07.rur-2024-07.r1", class: "db.r5.large", modes: []string{"async"}, families: oracle, supports: oracleVersion},
	{name: "oracle-ee-cdb", version: "19.0.0.0.ru-2024-07.rur-2024-07.r1", class: "db.r5.large"},
	{name: "oracle-se2-cdb", version: "19.0.0.0.ru-2024-07.rur-2024-07.r1", class: "db.r5.large"},
	{name: "sqlserver-ee", version: "15.00.4385.2.v1", class: "db.r5.large", modes: []string{"async"}, families: sqlServer, supports: sqlServerVersion},
	{name: "sqlserver-se", version: "15.00.4385.2.v1", class: "db.r5.large", modes: []string{"async"}, families: sqlServer, supports: sqlServerVersion},
	{name: "sqlserver-web", version: "15.00.4385.2.v1", class: "db.r5.large", modes: []string{"async"}, families: sqlServer, supports: sqlServerVersion},
	{name: "sqlserver-ex", version: "15.00.4385.2.v1", class: "db.r5.large", modes: []string{"async"}, families: sqlServer, supports: sqlServerVersion},
	{name: "mysql", version: "8.0.39", class: "db.m6g.large"},
	{name: "mariadb", version: "10.11.9", class: "db.m6g.large"},
	{name: "postgres", version: "16.4", class: "db.m6g.large"},
	{name: "db2-se", version: "11.5.9.0.sb00000000.r1", class: "db.m6i.large"},
	{name: "db2-ae", version: "11.5.9.0.sb00000000.r1", class: "db.m6i.large"},
	{name: "neptune", version: "1.3.2.1", class: "db.r6g.large", clustered: true},
	{name: "docdb", version: "5.0.0", class: "db.r6g.large", clustered: true},
}

// findEngine is the engine of a name; one that the simulator does not know can have no stream.
func findEngine(name string) (engine, bool) {
	i := slices.IndexFunc(engines, func(e engine) bool { return e.name == name })
	if i < 0 {
		return engine{name: name}, false
	}
	return engines[i], true
}

// streamModes are the modes that an engine, version and class can have: none where they cannot have a stream.
func (e engine) streamModes(version, class string) []string {
	if e.supports == nil || !e.supports(version) || !slices.Contains(e.families, family(class)) {
		return nil
	}
	return e.modes
}

// policy reports whether the streams of the engine have an audit policy.
func (e engine) policy() bool { return !e.clustered && len(e.modes) > 0 }

// family is the "r5" of "db.r5.large".
func family(class string) string {
	parts := strings.Split(class, ".")
	if len(parts) < 3 || parts[0] != "db" {
		return ""
	}
	return parts[1]
}

// sizes and burstable are the classes of DescribeOrderableDBInstanceOptions, beside the families that can have
// a stream: a choice of what AWS offers.
var (
	sizes     = []string{"large", "xlarge", "2xlarge", "4xlarge"}
	burstable = []string{"db.t3.medium", "db.t3.large", "db.t4g.medium", "db.t4g.large"}
)

// classes are those that are on offer for an engine.
func (e engine) classes() []string {
	list := slices.Clone(burstable)
	if e.clustered {
		list = append(list, "db.serverless")
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

// The versions follow the lists of 2023; later versions of the same engines are taken to be supported as well.

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

// versionNumbers are the first two numbers of a version.
func versionNumbers(v string) (n [2]int) {
	for i, s := range strings.SplitN(v, ".", 3) {
		if i < len(n) {
			n[i], _ = strconv.Atoi(s) // what is no number counts as zero: too old for a stream
		}
	}
	return n
}

func atLeast(v string, want ...int) bool {
	n := versionNumbers(v)
	return slices.Compare(n[:len(want)], want) >= 0
}
