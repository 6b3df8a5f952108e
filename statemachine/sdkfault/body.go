package sdkfault

import (
	"context"
	"io"
	"net/http"
	"strings"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// maxBody is how much of a body is recorded, in bytes.
const maxBody = 16 << 10

// RecordErrorBody keeps the first 16 KiB of each response that is an error or an HTML page.
// [Table.Fault] finds the request ID there, and the title of a proxy's page. Add it to the
// APIOptions of the SDK's client, or of one request:
//
//	o.APIOptions = append(o.APIOptions, sdkfault.RecordErrorBody)
//
// The clients of this module do that for their own requests.
func RecordErrorBody(stack *middleware.Stack) error {
	if _, ok := stack.Deserialize.Get(bodyRecorder{}.ID()); ok {
		return nil
	}
	return stack.Deserialize.Add(bodyRecorder{}, middleware.After)
}

// bodyRecorder is a middleware that replaces the bodies of responses by recorded ones.
type bodyRecorder struct{}

// ID returns the name of the middleware.
func (bodyRecorder) ID() string { return "StreamwardenErrorBody" }

// HandleDeserialize makes the SDK's deserializer read a recorded body.
func (bodyRecorder) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (
	middleware.DeserializeOutput, middleware.Metadata, error,
) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if r, ok := out.RawResponse.(*smithyhttp.Response); ok && r.Response != nil && r.Body != nil &&
		(r.StatusCode >= http.StatusMultipleChoices || strings.Contains(r.Header.Get("Content-Type"), "html")) {
		r.Body = &recordedBody{ReadCloser: r.Body}
	}
	return out, metadata, err
}

// recordedBody is a body that keeps the beginning of what was read from it.
type recordedBody struct {
	io.ReadCloser

	head []byte
}

// Read reads from the body and records.
func (b *recordedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.head = append(b.head, p[:min(n, maxBody-len(b.head))]...)
	return n, err
}
