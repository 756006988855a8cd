package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/easoauth/easoauth/eas/diagnose"
)

// atOnce is how many addresses are checked side by side.
const atOnce = 8

// A checked is an address with its report, or why there is none.
type checked struct {
	address string
	report  *diagnose.Report
	err     error
}

// checkAll checks addresses side by side, one after the other if a user signs in. It returns
// them in their order; told is called as each ends.
func checkAll(ctx context.Context, addresses []string, o *diagnose.Options, told func(n int, c checked)) []checked {
	workers := min(atOnce, len(addresses))
	if o.SignIn != nil {
		workers = 1
	}
	out := make([]checked, len(addresses))
	next := make(chan int)
	var mu sync.Mutex
	n := 0
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for i := range next {
				r, err := diagnose.Run(ctx, addresses[i], o)
				mu.Lock()
				out[i] = checked{addresses[i], r, err}
				if n++; told != nil {
					told(n, out[i])
				}
				mu.Unlock()
			}
		})
	}
	for i := range addresses {
		next <- i
	}
	close(next)
	all.Wait()
	return out
}

// many checks several addresses and sums up by domain.
func (p *program) many(ctx context.Context, addresses []string, o *diagnose.Options) int {
	list := checkAll(ctx, addresses, o, func(n int, c checked) {
		if !p.quiet && ctx.Err() == nil {
			fmt.Fprintf(p.log, "%d of %d: %s\n", n, len(addresses), c.root())
		}
	})
	if ctx.Err() != nil {
		return p.fail(errors.New("interrupted"))
	}
	code := healthy
	var reports []*diagnose.Report
	for _, c := range list {
		if c.err != nil {
			code = unchecked
			continue
		}
		code = max(code, status(c.report))
		reports = append(reports, c.report)
	}
	switch {
	case p.prometheus:
		if err := diagnose.Prometheus(p.out, reports...); err != nil {
			return p.fail(err)
		}
	case p.json:
		for _, r := range reports {
			if err := r.JSON(p.out); err != nil {
				return p.fail(err)
			}
		}
	default:
		p.summary(list)
	}
	return code
}

const notChecked = "not checked"

func (c checked) root() string {
	if c.err != nil {
		return notChecked
	}
	return c.report.Root
}

// summary prints, for each domain, what is to be mended first and for how many addresses; with
// -unmask, for which.
func (p *program) summary(list []checked) {
	domains := map[string]map[string][]checked{}
	for _, c := range list {
		_, domain, ok := strings.Cut(strings.ToLower(c.address), "@")
		if !ok {
			domain = "no mail address"
		}
		if domains[domain] == nil {
			domains[domain] = map[string][]checked{}
		}
		domains[domain][c.root()] = append(domains[domain][c.root()], c)
	}
	for _, d := range slices.Sorted(maps.Keys(domains)) {
		fmt.Fprintln(p.out, d)
		roots := domains[d]
		// What most addresses have first.
		for _, root := range slices.SortedFunc(maps.Keys(roots), func(a, b string) int {
			return cmp.Or(len(roots[b])-len(roots[a]), strings.Compare(a, b))
		}) {
			fmt.Fprintf(p.out, "  %5d  %s\n", len(roots[root]), root)
			if r := roots[root][0].report; r != nil && !r.Healthy() {
				fmt.Fprintf(p.out, "         %s\n", r.Findings[0].Cause)
			}
			if p.unmask {
				for _, c := range roots[root] {
					fmt.Fprintf(p.out, "         %s\n", c.address)
				}
			}
		}
	}
}
