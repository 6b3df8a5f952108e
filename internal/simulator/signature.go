package simulator

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// maxSkew is how far the time of a signature may be from the service's clock.
const maxSkew = 5 * time.Minute

const signatureTime = "20060102T150405Z"

// signedRegion returns the Region in the scope of a request's signature. It returns "" if there is
// no signature, or if the signature is for several Regions.
func signedRegion(r *http.Request) string {
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	scope, _, _ = strings.Cut(scope, ",")
	parts := strings.Split(strings.TrimSpace(scope), "/") // key/date/region/service/aws4_request
	if len(parts) != 5 {
		return ""
	}
	return parts[2]
}

// checkClock returns an error if the service's clock is skewed and the request was signed too long
// before or after it. The server holds its lock.
func (s *Server) checkClock(signedAt string, now time.Time) *Error {
	at, err := time.Parse(signatureTime, signedAt)
	if s.skew == 0 || err != nil || at.Sub(now).Abs() <= maxSkew {
		return nil
	}
	now = now.UTC()
	e := s.config.Skewed
	if at.Before(now) {
		e.Message = fmt.Sprintf("Signature expired: %s is now earlier than %s (%s - 5 min.)",
			signedAt, now.Add(-maxSkew).Format(signatureTime), now.Format(signatureTime))
	} else {
		e.Message = fmt.Sprintf("Signature not yet current: %s is still later than %s (%s + 5 min.)",
			signedAt, now.Add(maxSkew).Format(signatureTime), now.Format(signatureTime))
	}
	return &e
}
