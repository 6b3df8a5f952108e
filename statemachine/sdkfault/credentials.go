package sdkfault

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// processOutput begins the part of an error in which the SDK quotes all that a credential_process
// printed.
const processOutput = "parse failed of process output: "

// credentialsKind returns the kind of a failure to get credentials. err is what the SDK's
// credentials provider returned. The failure may pass on its own if the provider throttled, failed
// or could not be reached.
func credentialsKind(ctx context.Context, err error) statemachine.Kind {
	if ctx.Err() != nil {
		return statemachine.Interrupted
	}
	var r response
	r.find(err, "")
	if r.credentials != nil { // of a provider that needs credentials itself
		return credentialsKind(ctx, r.credentials)
	}
	switch {
	case isCertificateError(err), r.status == http.StatusNotImplemented:
		return statemachine.Unauthenticated
	case r.status == http.StatusTooManyRequests, isThrottle(err):
		return statemachine.Throttled
	case r.status >= http.StatusInternalServerError, r.status == http.StatusRequestTimeout,
		r.code == "IDPCommunicationError", // of STS: the identity provider could not be reached
		isNoSuchHost(err),
		strings.Contains(err.Error(), "credential process timed out"),
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded),
		isRetryable(err),
		r.status < http.StatusBadRequest && isUnreadable(err) && !strings.Contains(err.Error(), processOutput):
		return statemachine.Unavailable
	}
	return statemachine.Unauthenticated
}

// isUnreadable reports whether a provider's response could not be parsed.
func isUnreadable(err error) bool {
	return has[*smithy.DeserializationError](err) || has[*json.SyntaxError](err)
}

// credentialsText returns the provider's error on one line of bounded length. It leaves out what
// may contain credentials.
func credentialsText(err error) string {
	text := strings.TrimPrefix(err.Error(), "get credentials: ")
	if before, _, ok := strings.Cut(text, processOutput); ok {
		text = before + "the output of credential_process is not valid JSON"
	}
	return oneLine(redact(text), maxText)
}
