package simulator

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// ARN returns the ARN of a resource, with the partition of its Region.
func ARN(service, region, account, resource string) string {
	return "arn:" + partition(region) + ":" + service + ":" + region + ":" + account + ":" + resource
}

// partition returns the partition of a Region as ARNs spell it.
func partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	default:
		return "aws"
	}
}

// UUID returns an identifier in the form of a UUID. The same seed always gives the same one.
func UUID(seed string) string {
	sum := sha256.Sum256([]byte(seed))
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// tokenSum is the number of bytes of a pagination token that authenticate it.
const tokenSum = 6

// newToken returns the pagination token for the page that begins after key.
func newToken(key string) string {
	sum := sha256.Sum256([]byte(key))
	return base64.RawURLEncoding.EncodeToString(append(sum[:tokenSum:tokenSum], key...))
}

// parseToken returns the key of a pagination token. An empty token has the empty key. It reports
// false for a token that newToken did not return.
func parseToken(token string) (key string, ok bool) {
	if token == "" {
		return "", true
	}
	b, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || len(b) < tokenSum {
		return "", false
	}
	key = string(b[tokenSum:])
	return key, token == newToken(key)
}
