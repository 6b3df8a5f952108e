package activitystreamtest

import "time"

// Recorded returns the resource ID of a database, and the DbiResourceIds of the instances that its
// activity stream records: the members of a cluster, or the instance itself. They are empty if
// there is no such database. Package activityreadertest uses it.
func (s *Server) Recorded(arn string) (resourceId string, instanceIDs []string) {
	s.resources.Update(arn, func(_ *resource, d database, now time.Time) {
		resourceId = d.resourceID
		if !d.cluster {
			instanceIDs = []string{d.resourceID}
			return
		}
		for _, x := range d.members {
			if m, ok := s.databases.Get(s.arn("db", x.id)).Now(now); ok {
				instanceIDs = append(instanceIDs, m.resourceID)
			}
		}
	})
	return resourceId, instanceIDs
}
