package sdkcall

import (
	"context"
	"fmt"
	"iter"

	"github.com/aws/smithy-go/middleware"

	"github.com/streamwarden/streamwarden-go/statemachine"
)

// Pages yields the items of a list, page after page. page reads one, with the token that the page before gave; nil for the first. member is what op
// calls the token, for messages. An error is yielded once and ends it.
func Pages[T any](ctx context.Context, op statemachine.Operation, tokenName string,
	page func(ctx context.Context, token *string) ([]T, *string, error),
) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var token *string
		for first := true; first || token != nil && *token != ""; first = false {
			items, next, err := page(ctx, token)
			if err == nil && next != nil && token != nil && *next == *token {
				err = UnexpectedResponse(op, "", middleware.Metadata{}, fmt.Sprintf("the answer's %s is the request's: the list would never end", tokenName))
			}
			if err != nil {
				var none T
				yield(none, err)
				return
			}
			token = next
			for _, item := range items {
				if !yield(item, nil) {
					return
				}
			}
		}
	}
}
