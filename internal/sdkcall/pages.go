package sdkcall

import (
	"context"
	"iter"

	"github.com/aws/smithy-go/middleware"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Pages yields the items of a list, page after page. The function page reads one page: it gets the
// token that the previous page returned, or nil for the first page, and returns the next token.
// A page without a token, or with an empty one, is the last.
//
// Pages yields an error once and stops. A token that an earlier page of this list returned is an
// Unavailable [statemachine.Fault] of op and resource, because such a list would never end. The
// page that returned it is not yielded. tokenName is the API's name of the token, for that message.
func Pages[T any](ctx context.Context, op statemachine.Operation, resource, tokenName string,
	page func(ctx context.Context, token *string) ([]T, *string, error),
) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var token *string
		seen := map[string]bool{}
		for {
			items, next, err := page(ctx, token)
			if err == nil && next != nil && seen[*next] {
				err = UnexpectedResponse(op, resource, middleware.Metadata{},
					"response repeats an earlier "+tokenName+": the list would never end")
			}
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
			if next == nil || *next == "" {
				return
			}
			token = next
			seen[*next] = true
		}
	}
}
