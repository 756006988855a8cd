package token

import (
	"context"
	"errors"
	"fmt"
)

// contextError returns why ctx has ended: an error that matches ctx.Err(), so that callers
// who look for [context.Canceled] or [context.DeadlineExceeded] find it, and the cause of
// the cancellation if there is one.
func contextError(ctx context.Context) error {
	err, cause := ctx.Err(), context.Cause(ctx)
	if err == nil || errors.Is(cause, err) {
		return cause
	}
	return fmt.Errorf("%w: %w", err, cause)
}
