package corrupttest_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/streamwarden/streamwarden-go/activitystream"
	"github.com/streamwarden/streamwarden-go/eventstream"
	"github.com/streamwarden/streamwarden-go/ingestion"
	"github.com/streamwarden/streamwarden-go/internal/corrupttest"
	"github.com/streamwarden/streamwarden-go/statemachine"
)

// service is one of the three services, with a read and a command of this module.
type service struct {
	name  string
	xml   bool
	codes string
	kinds map[string]statemachine.Kind
	calls map[string]func(ctx context.Context, cfg aws.Config) error
}

var services = []service{
	{
		name: "RDS", xml: true, codes: rdsCodes, kinds: rdsKinds,
		calls: map[string]func(ctx context.Context, cfg aws.Config) error{
			"Get": func(ctx context.Context, cfg aws.Config) error {
				_, err := activitystream.NewFromConfig(cfg).Get(ctx, "arn:aws:rds:us-east-1:123456789012:cluster:orders")
				return err
			},
			"Stop": func(ctx context.Context, cfg aws.Config) error {
				_, err := activitystream.NewFromConfig(cfg).Stop(ctx, &activitystream.StopInput{ResourceArn: "arn:aws:rds:us-east-1:123456789012:db:orders"})
				return err
			},
		},
	},
	{
		name: "CloudTrail", codes: cloudTrailCodes, kinds: cloudTrailKinds,
		calls: map[string]func(ctx context.Context, cfg aws.Config) error{
			"Get": func(ctx context.Context, cfg aws.Config) error {
				_, err := ingestion.NewFromConfig(cfg).Get(ctx, "4d2a1f0e-1111-4222-8333-123456789abc")
				return err
			},
			"Stop": func(ctx context.Context, cfg aws.Config) error {
				_, err := ingestion.NewFromConfig(cfg).Stop(ctx, &ingestion.StopInput{EventDataStore: "4d2a1f0e-1111-4222-8333-123456789abc"})
				return err
			},
		},
	},
	{
		name: "Customer Profiles", codes: customerProfilesCodes, kinds: customerProfilesKinds,
		calls: map[string]func(ctx context.Context, cfg aws.Config) error{
			"Get": func(ctx context.Context, cfg aws.Config) error {
				_, err := eventstream.NewFromConfig(cfg).Get(ctx, eventstream.Ref{DomainName: "customers", EventStreamName: "orders"})
				return err
			},
			"Delete": func(ctx context.Context, cfg aws.Config) error {
				_, err := eventstream.NewFromConfig(cfg).Delete(ctx, eventstream.Ref{DomainName: "customers", EventStreamName: "orders"})
				return err
			},
		},
	},
}

// fault returns the Fault of an error.
func fault(t *testing.T, err error) *statemachine.Fault {
	t.Helper()
	f, ok := errors.AsType[*statemachine.Fault](err)
	if !ok {
		t.Fatalf("not a Fault: %v", err)
	}
	return f
}

// kindOfStatus returns the kind of a response without an error code.
func kindOfStatus(status int) statemachine.Kind {
	switch status {
	case 400, 413:
		return statemachine.InvalidInput
	case 401, 407:
		return statemachine.Unauthenticated
	case 403:
		return statemachine.AccessDenied
	case 408:
		return statemachine.Unavailable
	case 429:
		return statemachine.Throttled
	case 501:
		return statemachine.Unsupported
	}
	if status >= 500 {
		return statemachine.Unavailable
	}
	return statemachine.Unknown
}

// TestStatusesWithoutCode sends every status of an error with every kind of body that has no error
// code. The status decides, the message has it, and for an HTML page the title.
func TestStatusesWithoutCode(t *testing.T) {
	for _, s := range services {
		truncated := `{"__type":"com.amazonaws#AccessDeniedException","Mess`
		if s.xml {
			truncated = `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Mess`
		}
		for _, body := range []struct{ name, contentType, text, title string }{
			{"empty", "", "", ""},
			{"HTML", "text/html; charset=utf-8", "<!DOCTYPE html>\n<html><head><title>Access\n Blocked</title></head><body><br>This site is blocked</body></html>", `"Access Blocked"`},
			{"plain text", "text/plain", "upstream connect error or disconnect/reset before headers", ""},
			{"JSON", "application/json", `{"detail":{"reason":"blocked"},"status":"no"}`, ""},
			{"XML", "text/xml", `<?xml version="1.0"?><problem><title/><detail>blocked</detail></problem>`, ""},
			{"truncated", "", truncated, ""},
			{"a number as code", "application/json", `{"code":403,"message":"blocked"}`, ""},
			{"an object as message", "application/json", `{"message":{"text":"blocked"},"Code":null}`, ""},
			{"an array", "application/json", `[{"code":"AccessDenied"}]`, ""},
			{"null", "application/json", `null`, ""},
			{"a string", "application/json", `"blocked"`, ""},
			{"a byte order mark", "text/html", "\ufeff<html><title>Blocked</title></html>", `"Blocked"`},
			{"a long page", "text/html", "<html><head><title>" + strings.Repeat("Blocked ", 1000) + "</title></head>" + strings.Repeat("x", 20_000), `"Blocked Blocked`},
			{"an empty code", "text/xml", "<ErrorResponse><Error><Type>Sender</Type><Code></Code><Message>m</Message></Error></ErrorResponse>", ""},
			{"bytes", "application/octet-stream", "\x00\xff\x1f\x8b<\x01{", ""},
		} {
			for name, call := range s.calls {
				t.Run(s.name+"/"+body.name+"/"+name, func(t *testing.T) {
					for status := 400; status < 600; status++ {
						f := fault(t, call(t.Context(), corrupttest.StaticResponse(status, body.contentType, body.text)))
						if want := kindOfStatus(status); f.Kind != want || f.Code != "" || f.NotSent {
							t.Errorf("%d: %q, code %q, not sent %v; want %q", status, f.Kind, f.Code, f.NotSent, want)
						}
						text := f.Error()
						if !strings.Contains(text, fmt.Sprintf("HTTP %d", status)) || !strings.Contains(text, body.title) || strings.Contains(text, "UnknownError") {
							t.Errorf("%d: text %q", status, text)
						}
						if strings.Contains(text, "\n") || len(text) > 400 {
							t.Errorf("%d: not one short line: %q", status, text)
						}
					}
				})
			}
		}
	}
}

// TestUnreadableResponsesOfSuccess sends bodies with status 200 that are not the operation's. What
// happened to the command is unknown, and a wait continues.
func TestUnreadableResponsesOfSuccess(t *testing.T) {
	for _, s := range services {
		for name, body := range map[string]string{
			"HTML": "<html><head><title>Log in</title></head><body><br>Please log in</body></html>", "plain text": "OK", "half a tag": "<Descr", "half an object": `{"EventDataSt`,
		} {
			t.Run(s.name+"/"+name, func(t *testing.T) {
				f := fault(t, s.calls["Get"](t.Context(), corrupttest.StaticResponse(200, "text/html", body)))
				if f.Kind != statemachine.Unavailable || f.Code != "" || f.NotSent {
					t.Errorf("%+v", *f)
				}
			})
		}
	}
}

// TestErrorDocuments sends one error in every form that the protocols allow. All have the same
// verdict, code and message.
func TestErrorDocuments(t *testing.T) {
	const message = "User: arn:aws:iam::123456789012:user/x is not authorized"
	for _, s := range services {
		type form struct {
			name string
			body string
			head http.Header
		}
		forms := []form{
			{"header", `{"Message":"` + message + `"}`, http.Header{"X-Amzn-Errortype": {"AccessDeniedException"}}},
			{"header with a URL", `{"message":"` + message + `"}`, http.Header{"X-Amzn-Errortype": {"AccessDeniedException:http://internal.amazon.com/coral/com.amazonaws.cloudtrail/"}}},
			{"header with a namespace", `{"message":"` + message + `"}`, http.Header{"X-Amzn-Errortype": {"aws.protocoltests#AccessDeniedException"}}},
			{"header with both", `{"message":"` + message + `"}`, http.Header{"X-Amzn-Errortype": {"aws.protocoltests#AccessDeniedException:http://internal.amazon.com/coral/"}}},
			{"__type", `{"__type":"AccessDeniedException","message":"` + message + `"}`, nil},
			{"__type with a namespace", `{"__type":"com.amazonaws.cloudtrail#AccessDeniedException","Message":"` + message + `"}`, nil},
			{"__type with a URL", `{"__type":"AccessDeniedException:http://internal.amazon.com/coral/","message":"` + message + `"}`, nil},
			{"__type with both", `{"__type":"aws.protocoltests#AccessDeniedException:http://internal.amazon.com/coral/","message":"` + message + `"}`, nil},
			{"code", `{"code":"AccessDeniedException","message":"` + message + `"}`, nil},
			{"code with a namespace", `{"code":"aws.protocoltests#AccessDeniedException:http://internal.amazon.com/","message":"` + message + `"}`, nil},
			{"the code of the query protocol as well", `{"__type":"AccessDeniedException","message":"` + message + `"}`, http.Header{"X-Amzn-Query-Error": {"AccessDeniedException;Sender"}}},
			{"unknown members", `{"__type":"AccessDeniedException","message":"` + message + `","details":[{"a":1}]}`, nil},
		}
		if s.xml {
			const inner = "<Error><Type>Sender</Type><Code>AccessDenied</Code><Message>" + message + "</Message></Error>"
			forms = []form{
				{"with a namespace", `<ErrorResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/">` + inner + "<RequestId>request-1</RequestId></ErrorResponse>", nil},
				{"without a namespace", "<ErrorResponse>" + inner + "<RequestId>request-1</RequestId></ErrorResponse>", nil},
				{"with a declaration and white space", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ErrorResponse>\n  " + inner + "\n  <RequestId>request-1</RequestId>\n</ErrorResponse>\n", nil},
				{"without a type", "<ErrorResponse>" + strings.Replace(inner, "<Type>Sender</Type>", "", 1) + "<RequestId>request-1</RequestId></ErrorResponse>", nil},
				{"with unknown elements", "<ErrorResponse><Other><Code>x</Code></Other>" + strings.Replace(inner, "<Type>", "<Detail/><Type>", 1) + "<RequestId>request-1</RequestId></ErrorResponse>", nil},
				{"of the protocol ec2Query", "<Response><Errors><Error><Code>AccessDenied</Code><Message>" + message + "</Message></Error></Errors><RequestId>request-1</RequestId></Response>", nil},
			}
		}
		for _, form := range forms {
			for _, status := range []int{400, 403, 500} {
				t.Run(fmt.Sprintf("%s/%s/%d", s.name, form.name, status), func(t *testing.T) {
					cfg := corrupttest.StaticResponse(status, "", form.body)
					if form.head != nil {
						cfg = corrupttest.StaticHeader(cfg, form.head)
					}
					f := fault(t, s.calls["Get"](t.Context(), cfg))
					if f.Kind != statemachine.AccessDenied || !strings.HasPrefix(f.Code, "AccessDenied") || f.Message != message {
						t.Errorf("%+v", *f)
					}
					if s.xml && f.RequestID != "request-1" {
						t.Errorf("request ID %q", f.RequestID)
					}
				})
			}
		}
	}
}

// TestCodesOfModels sends every error code of the services' models.
func TestCodesOfModels(t *testing.T) {
	for _, s := range services {
		codes := strings.Fields(s.codes)
		for code := range s.kinds {
			if !strings.Contains(s.codes, code) {
				t.Errorf("%s has no code %s", s.name, code)
			}
		}
		for _, code := range codes {
			body := `{"__type":"` + code + `","Message":"m"}`
			if s.xml {
				body = "<ErrorResponse><Error><Code>" + code + "</Code><Message>m</Message></Error><RequestId>r</RequestId></ErrorResponse>"
			}
			want, ok := s.kinds[code]
			if !ok {
				want = statemachine.Unknown
			}
			for name, call := range s.calls {
				f := fault(t, call(t.Context(), corrupttest.StaticResponse(400, "", body)))
				if f.Kind != want || f.Code != code {
					t.Errorf("%s %s %s: %q, code %q, want %q", s.name, name, code, f.Kind, f.Code, want)
				}
			}
		}
	}
}
