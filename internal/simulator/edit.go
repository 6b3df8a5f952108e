package simulator

import (
	"bytes"
	"encoding/json"
	"slices"

	"github.com/streamwarden/streamwarden-go/awstest"
)

// editBody returns the body of a response without omitted members, and truncated.
func editBody(r Response, e awstest.Edit) []byte {
	body := r.Body
	if len(e.Omit) > 0 {
		if r.ContentType == contentXML {
			body = omitXML(body, e.Omit)
		} else {
			body = omitJSON(body, e.Omit)
		}
	}
	if e.Truncate > 0 && e.Truncate < len(body) {
		body = body[:e.Truncate]
	}
	return body
}

// omitXML removes elements. An element must not contain another one of its name.
func omitXML(body []byte, names []string) []byte {
	for _, name := range names {
		start, end := []byte("<"+name+">"), []byte("</"+name+">")
		for {
			before, rest, ok := bytes.Cut(body, start)
			if !ok {
				break
			}
			_, after, _ := bytes.Cut(rest, end)
			body = slices.Concat(before, after)
		}
	}
	return body
}

// omitJSON removes members of objects. A body that is not JSON is returned unchanged.
func omitJSON(body []byte, names []string) []byte {
	v, err := decodeAny(body)
	if err != nil {
		return body
	}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			for name, member := range v {
				if slices.Contains(names, name) {
					delete(v, name)
				} else {
					walk(member)
				}
			}
		case []any:
			for _, element := range v {
				walk(element)
			}
		}
	}
	walk(v)
	return Encode(v)
}

// decodeAny decodes a JSON document and keeps its numbers exact.
func decodeAny(body []byte) (any, error) {
	var v any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	err := d.Decode(&v)
	return v, err
}
