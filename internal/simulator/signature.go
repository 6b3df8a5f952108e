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

// SignedScope returns the Region and the service in the scope of a request's signature. Both are ""
// if there is no signature, and the Region is "" if the signature is for several.
func SignedScope(r *http.Request) (region, service string) {
	_, scope, ok := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	if !ok && r.URL.RawQuery != "" {
		scope = r.URL.Query().Get("X-Amz-Credential") // of a presigned URL
	}
	scope, _, _ = strings.Cut(scope, ",")
	switch parts := strings.Split(strings.TrimSpace(scope), "/"); len(parts) {
	case 5: // key/date/region/service/aws4_request
		return parts[2], parts[3]
	case 4: // key/date/service/aws4_request
		return "", parts[2]
	}
	return "", ""
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
