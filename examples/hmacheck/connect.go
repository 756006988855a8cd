package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// A place is where a host is, in place of what DNS says. Without a port it is that of the URL.
type place struct{ ip, port string }

// elsewhere has the places of hosts.
type elsewhere map[string]place

// places reads the values of -connect.
func places(values []string) (elsewhere, error) {
	out := elsewhere{}
	for _, v := range values {
		host, to, ok := strings.Cut(v, ":")
		at := place{ip: strings.Trim(to, "[]")}
		if ip, port, err := net.SplitHostPort(to); err == nil && net.ParseIP(at.ip) == nil {
			n, err := strconv.ParseUint(port, 10, 16)
			ok = ok && err == nil && n > 0
			at = place{ip, port}
		}
		if !ok || host == "" || net.ParseIP(at.ip) == nil {
			return nil, fmt.Errorf("-connect is host:ip or host:ip:port, not %q", v)
		}
		out[strings.ToLower(host)] = at
	}
	return out, nil
}

// apply has a transport connect to the places, past a proxy, which would look the name up by
// itself.
func (e elsewhere) apply(tr *http.Transport, dialer *net.Dialer) {
	tr.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(addr)
		if to, ok := e[strings.ToLower(host)]; ok && err == nil {
			if to.port != "" {
				port = to.port
			}
			addr = net.JoinHostPort(to.ip, port)
		}
		return dialer.DialContext(ctx, network, addr)
	}
	proxy := tr.Proxy
	tr.Proxy = func(req *http.Request) (*url.URL, error) {
		if _, ok := e[strings.ToLower(req.URL.Hostname())]; ok || proxy == nil {
			return nil, nil
		}
		return proxy(req)
	}
}
