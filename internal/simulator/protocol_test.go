package simulator

import (
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/streamwarden/streamwarden-go/internal/assert"
)

// wire is the outcome of parsing a request: what was parsed, or the code of the error.
type wire struct {
	Operation string
	Params    url.Values
	Body      string
	ErrorCode string
}

func parse(p Protocol, method, target, body string, header ...string) wire {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	req, e := p.Parse(r, []byte(body))
	if e != nil {
		return wire{ErrorCode: e.Code}
	}
	return wire{Operation: string(req.Operation), Params: req.Params, Body: string(req.Body)}
}

func TestQueryParse(t *testing.T) {
	q := Query{Version: "2014-10-31"}
	form := []string{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}
	tests := []struct {
		why    string
		method string
		target string
		body   string
		header []string
		want   wire
	}{
		{"a form", "POST", "/", "Action=Do&Version=2014-10-31&Name=a%20b%2Bc", form,
			wire{Operation: "Do", Params: url.Values{"Action": {"Do"}, "Version": {"2014-10-31"}, "Name": {"a b+c"}}}},
		{"a query string", "GET", "/?Action=Do", "", nil, wire{Operation: "Do", Params: url.Values{"Action": {"Do"}}}},
		{"no action", "POST", "/", "Version=2014-10-31", form, wire{ErrorCode: "MissingAction"}},
		{"an empty body", "POST", "/", "", form, wire{ErrorCode: "MissingAction"}},
		{"another version", "POST", "/", "Action=Do&Version=2012-01-01", form, wire{ErrorCode: "InvalidAction"}},
		{"a bad escape", "POST", "/", "Action=%zz", form, wire{ErrorCode: "MalformedQueryString"}},
		{"JSON", "POST", "/", "{}", []string{"Content-Type", "application/json"}, wire{ErrorCode: "MalformedInput"}},
		{"no type", "POST", "/", "Action=Do", nil, wire{ErrorCode: "MalformedInput"}},
		{"another method", "PUT", "/", "Action=Do", form, wire{ErrorCode: "InvalidAction"}},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.why, tt.want, parse(q, tt.method, tt.target, tt.body, tt.header...))
	}
}

func TestQueryResponses(t *testing.T) {
	q := Query{Namespace: "http://example.com/doc/"}
	tests := []struct {
		why  string
		got  Response
		want Response
	}{
		{"a result", q.Result("Do", []byte("<A>1</A>"), "id"), Response{Status: 200, ContentType: "text/xml",
			Body: []byte(`<DoResponse xmlns="http://example.com/doc/"><DoResult><A>1</A></DoResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></DoResponse>`)}},
		{"an error", q.ErrorResponse(&Error{Code: "Bad", Message: "a < b"}, "id"), Response{Status: 400, ContentType: "text/xml",
			Body: []byte(`<ErrorResponse xmlns="http://example.com/doc/"><Error><Type>Sender</Type><Code>Bad</Code><Message>a &lt; b</Message></Error><RequestId>id</RequestId></ErrorResponse>`)}},
		{"an error of the service", q.ErrorResponse(&Error{Code: "Down", Status: 503}, "id"), Response{Status: 503, ContentType: "text/xml",
			Body: []byte(`<ErrorResponse xmlns="http://example.com/doc/"><Error><Type>Receiver</Type><Code>Down</Code><Message></Message></Error><RequestId>id</RequestId></ErrorResponse>`)}},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.why, tt.want, tt.got)
	}
}

func TestJSONParse(t *testing.T) {
	j := JSON{Targets: []string{"Lamps_20000101"}}
	header := func(target string) []string {
		return []string{"X-Amz-Target", target, "Content-Type", "application/x-amz-json-1.1"}
	}
	tests := []struct {
		why    string
		method string
		path   string
		body   string
		header []string
		want   wire
	}{
		{"the short target", "POST", "/", `{"a":1}`, header("Lamps_20000101.Do"), wire{Operation: "Do", Body: `{"a":1}`}},
		{"the long target", "POST", "/", ` {} `, header("com.amazonaws.lamps.v20000101.Lamps_20000101.Do"), wire{Operation: "Do", Body: "{}"}},
		{"no document", "POST", "/", "", header("Lamps_20000101.Do"), wire{Operation: "Do"}},
		{"another service", "POST", "/", "{}", header("Clamps_20000101.Do"), wire{ErrorCode: "UnknownOperationException"}},
		{"a service whose name ends alike", "POST", "/", "{}", header("XLamps_20000101.Do"), wire{ErrorCode: "UnknownOperationException"}},
		{"no target", "POST", "/", "{}", nil, wire{ErrorCode: "UnknownOperationException"}},
		{"no operation", "POST", "/", "{}", header("Lamps_20000101."), wire{ErrorCode: "UnknownOperationException"}},
		{"another method", "GET", "/", "", header("Lamps_20000101.Do"), wire{ErrorCode: "UnknownOperationException"}},
		{"another path", "POST", "/x", "", header("Lamps_20000101.Do"), wire{ErrorCode: "UnknownOperationException"}},
		{"a list", "POST", "/", "[]", header("Lamps_20000101.Do"), wire{ErrorCode: "SerializationException"}},
		{"half a document", "POST", "/", `{"a":`, header("Lamps_20000101.Do"), wire{ErrorCode: "SerializationException"}},
		{"a form", "POST", "/", "{}", []string{"X-Amz-Target", "Lamps_20000101.Do", "Content-Type", "text/plain"}, wire{ErrorCode: "SerializationException"}},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.why, tt.want, parse(j, tt.method, tt.path, tt.body, tt.header...))
	}
}

func TestRESTParse(t *testing.T) {
	p := REST{Routes: []Route{
		{Operation: "List", Method: "GET", Path: "/rooms/{Room}/lamps"},
		{Operation: "Get", Method: "GET", Path: "/rooms/{Room}/lamps/{Lamp}"},
		{Operation: "Put", Method: "POST", Path: "/rooms/{Room}/lamps/{Lamp}"},
	}}
	document := []string{"Content-Type", "application/json"}
	tests := []struct {
		why    string
		method string
		target string
		body   string
		header []string
		want   wire
	}{
		{"labels and query", "GET", "/rooms/r1/lamps?max-results=5", "", nil,
			wire{Operation: "List", Params: url.Values{"Room": {"r1"}, "max-results": {"5"}}}},
		{"percent-encoding, a slash too", "GET", "/rooms/a%2Fb/lamps/c%20d", "", nil,
			wire{Operation: "Get", Params: url.Values{"Room": {"a/b"}, "Lamp": {"c d"}}}},
		{"a label precedes a query parameter", "GET", "/rooms/r1/lamps?Room=r2", "", nil,
			wire{Operation: "List", Params: url.Values{"Room": {"r1"}}}},
		{"a document", "POST", "/rooms/r1/lamps/l1", `{"a":1}`, document,
			wire{Operation: "Put", Params: url.Values{"Room": {"r1"}, "Lamp": {"l1"}}, Body: `{"a":1}`}},
		{"another method", "DELETE", "/rooms/r1/lamps/l1", "", nil, wire{ErrorCode: "UnknownOperationException"}},
		{"an empty label", "GET", "/rooms//lamps", "", nil, wire{ErrorCode: "UnknownOperationException"}},
		{"a longer path", "GET", "/rooms/r1/lamps/l1/x", "", nil, wire{ErrorCode: "UnknownOperationException"}},
		{"an invalid document", "POST", "/rooms/r1/lamps/l1", "x", document, wire{ErrorCode: "SerializationException"}},
		{"another type", "POST", "/rooms/r1/lamps/l1", "{}", []string{"Content-Type", "text/plain"}, wire{ErrorCode: "UnsupportedMediaTypeException"}},
		{"a bad escape", "GET", "/rooms/r1/lamps?x=%zz", "", nil, wire{ErrorCode: "BadRequestException"}},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.why, tt.want, parse(p, tt.method, tt.target, tt.body, tt.header...))
	}
	_, e := p.Parse(httptest.NewRequest(http.MethodGet, "/x", nil), nil)
	if e == nil || !strings.Contains(e.Message, "Put (POST /rooms/{Room}/lamps/{Lamp})") {
		t.Errorf("the error does not list the supported operations: %v", e)
	}
}

func TestJSONResponses(t *testing.T) {
	bad := &Error{Code: "BadThing", Message: `say "no"`, Status: 404}
	tests := []struct {
		why  string
		got  Response
		want Response
	}{
		{"empty", JSON{}.Result("Do", nil, ""), Response{Status: 200, ContentType: contentJSON11}},
		{"the type in the document", JSON{}.ErrorResponse(bad, ""), Response{Status: 404, ContentType: contentJSON11, Body: []byte(`{"__type":"BadThing","Message":"say \"no\""}`)}},
		{"the type in the header", JSON{ErrorHeader: true}.ErrorResponse(bad, ""), Response{Status: 404, ContentType: contentJSON11, ErrorType: "BadThing", Body: []byte(`{"Message":"say \"no\""}`)}},
		{"REST: empty", REST{}.Result("Do", nil, ""), Response{Status: 200, ContentType: contentJSON, Body: []byte("{}")}},
		{"REST: a result", REST{}.Result("Do", []byte(`{"a":1}`), ""), Response{Status: 200, ContentType: contentJSON, Body: []byte(`{"a":1}`)}},
		{"REST: an error", REST{}.ErrorResponse(bad, ""), Response{Status: 404, ContentType: contentJSON, ErrorType: "BadThing", Body: []byte(`{"Message":"say \"no\""}`)}},
		{"no line breaks in a header", REST{}.ErrorResponse(&Error{Code: "a\r\nb"}, ""), Response{Status: 400, ContentType: contentJSON, ErrorType: "a??b", Body: []byte(`{"Message":""}`)}},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.why, tt.want, tt.got)
	}
}

func TestRequestDecode(t *testing.T) {
	var in struct{ Name string }
	if e := (&Request{Body: []byte(`{"Name":"x","Other":1}`)}).Decode(&in); e != nil || in.Name != "x" {
		t.Errorf("got %q, %v", in.Name, e)
	}
	if e := (&Request{}).Decode(&in); e != nil {
		t.Errorf("nothing to decode: %v", e)
	}
	if e := (&Request{Body: []byte(`{"Name":1}`)}).Decode(&in); e == nil || e.Code != "SerializationException" {
		t.Errorf("a number for a string: %v", e)
	}
}

func TestXMLRoundTrip(t *testing.T) {
	var x XML
	x.Open("A")
	x.Text("B", "a<b>&\"'\x00é\n")
	x.TextIfSet("C", "")
	x.Bool("D", true)
	x.Bool("E", false)
	x.Close("A")
	var got struct {
		B string  `xml:"B"`
		C *string `xml:"C"`
		D bool    `xml:"D"`
		E bool    `xml:"E"`
	}
	if err := xml.Unmarshal(x.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.B != "a<b>&\"'\uFFFDé\n" || got.C != nil || !got.D || got.E {
		t.Errorf("read back as %+v", got)
	}
}

func TestListParameters(t *testing.T) {
	got := List(url.Values{"V.1": {"a"}, "V.2": {""}, "V.4": {"d"}}, "V.")
	assert.Equal(t, "a list ends at the first absent number", []string{"a", ""}, got)
}

// FuzzParse looks for a request that makes a protocol panic.
func FuzzParse(f *testing.F) {
	f.Add("POST", "/", "Action=A&Filters.Filter.1.Name=x", "application/x-www-form-urlencoded", "")
	f.Add("POST", "/", `{"a":[1]}`, "application/x-amz-json-1.1", "Lamps_20000101.Do")
	f.Add("GET", "/rooms/%2F%/lamps?x=1", "", "", "")
	protocols := []Protocol{Query{}, JSON{Targets: []string{"Lamps_20000101"}}, REST{Routes: []Route{{"Get", "GET", "/rooms/{Room}"}}}}
	f.Fuzz(func(t *testing.T, method, path, body, contentType, target string) {
		r := &http.Request{Method: method, URL: &url.URL{Path: path, RawPath: path, RawQuery: body}, Header: http.Header{
			"Content-Type": {contentType}, "X-Amz-Target": {target},
		}}
		for _, p := range protocols {
			req, e := p.Parse(r, []byte(body))
			if (req == nil) == (e == nil) {
				t.Errorf("%T: request %v and error %v", p, req, e)
			}
		}
	})
}
