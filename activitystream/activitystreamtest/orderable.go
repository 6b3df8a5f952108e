package activitystreamtest

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/streamwarden/streamwarden-go/internal/simulator"
)

// orderable is an offer of AWS. An empty version or class stands for all.
type orderable struct{ engine, version, class string }

// SetOrderable sets whether DescribeOrderableDBInstanceOptions lists an engine version and class.
// An empty version or class means all. At first the versions and classes that exist are listed, and
// those of the databases of the server. What RDS does not offer anymore still runs.
func (s *Server) SetOrderable(engine, version, class string, listed bool) {
	s.engine.Update(func(time.Time) { s.notOrderable[orderable{engine, version, class}] = !listed })
}

// isListed reports whether an engine version and class are orderable.
func (s *Server) isListed(o orderable) bool {
	return !s.notOrderable[o] && !s.notOrderable[orderable{o.engine, o.version, ""}] &&
		!s.notOrderable[orderable{o.engine, "", o.class}] && !s.notOrderable[orderable{o.engine, "", ""}]
}

// isUsed reports whether a database of the server has the property.
func (s *Server) isUsed(r *simulator.Request, property func(database) bool) bool {
	return slices.ContainsFunc(s.databases.All(), func(res *resource) bool {
		d, ok := res.Now(r.At)
		return ok && property(d)
	})
}

// versionExists reports whether an engine has a version.
func (s *Server) versionExists(r *simulator.Request, eng engine, version string) bool {
	known, err := regexp.MatchString("^(?:"+eng.sold+")$", version)
	return err == nil && known || version == eng.version ||
		s.isUsed(r, func(d database) bool { return d.engine.name == eng.name && d.version == version })
}

// classExists reports whether AWS has an instance class. Which engine offers it does not count: an
// engine without streams in that class lists it without modes.
func (s *Server) classExists(r *simulator.Request, class string) bool {
	_, size, _ := strings.Cut(strings.TrimPrefix(class, "db."), ".")
	size, _, _ = strings.Cut(size, ".") // a class of Oracle can end with threads and memory
	known := slices.ContainsFunc(engines, func(e engine) bool {
		return slices.ContainsFunc(e.classes(), func(c string) bool { return family(c) == family(class) })
	})
	return class == serverless || known && (slices.Contains(sizes, size) || slices.Contains(moreSizes, size)) ||
		s.isUsed(r, func(d database) bool { return d.class == class })
}

// describeOrderable executes DescribeOrderableDBInstanceOptions. For each class it lists the
// requested version, or the default one.
func (s *Server) describeOrderable(r *simulator.Request) (simulator.Result, *simulator.Error) {
	f := form{Request: r}
	name, p := f.required("Engine"), f.page(10000)
	if f.err != nil {
		return simulator.Result{}, f.err
	}
	eng, ok := findEngine(name)
	if !ok {
		return simulator.Result{}, invalidValue("Unrecognized engine name: %s", name)
	}
	version := cmp.Or(r.Get("EngineVersion"), eng.version)
	classes := eng.classes()
	if class := r.Get("DBInstanceClass"); class != "" {
		classes = []string{class}
	}
	classes = slices.DeleteFunc(classes, func(class string) bool {
		return !s.classExists(r, class) || !s.isListed(orderable{eng.name, version, class})
	})
	if !s.versionExists(r, eng, version) || s.notOrderable[orderable{eng.name, version, ""}] {
		if s.opts.RejectUnknownVersions {
			return simulator.Result{}, invalidCombination("Cannot find version " + version + " for " + eng.name)
		}
		classes = nil
	}
	slices.Sort(classes)
	listed, marker := cutPage(r, p, classes, func(class string) string { return class })

	var x simulator.XML
	x.Open("OrderableDBInstanceOptions")
	for _, class := range listed {
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
	x.TextIfSet("Marker", marker)
	return simulator.Result{Body: x.Bytes(), Records: len(listed)}, nil
}
