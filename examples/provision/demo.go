package main

import (
	"context"
	"io"
)

func demonstrate(ctx context.Context, out io.Writer) error { return nil }
