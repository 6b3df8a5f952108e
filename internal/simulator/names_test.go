package simulator

import (
	"regexp"
	"testing"
)

func TestNames(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1":     "arn:aws:x:us-east-1:123456789012:y/z",
		"cn-north-1":    "arn:aws-cn:x:cn-north-1:123456789012:y/z",
		"us-gov-east-1": "arn:aws-us-gov:x:us-gov-east-1:123456789012:y/z",
	} {
		if got := ARN("x", region, "123456789012", "y/z"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	a, again, b := UUID("a"), UUID("a"), UUID("b")
	if a != again || a == b || !regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(a) {
		t.Errorf("%s, %s, %s", a, again, b)
	}
}

func TestParseTokenRejectsMadeUpTokens(t *testing.T) {
	for _, key := range []string{"a", "arn:aws:rds:us-east-1:123456789012:cluster:das-cluster"} {
		if got, ok := parseToken(newToken(key)); got != key || !ok {
			t.Errorf("parseToken(newToken(%q)) = %q, %t", key, got, ok)
		}
	}
	if got, ok := parseToken(""); got != "" || !ok {
		t.Errorf("an empty token: %q, %t", got, ok)
	}
	for _, token := range []string{"x", "garbage", "YQ", newToken("a") + "A", newToken("a")[1:], "?"} {
		if got, ok := parseToken(token); ok {
			t.Errorf("parseToken(%q) accepts the token, key %q", token, got)
		}
	}
}
