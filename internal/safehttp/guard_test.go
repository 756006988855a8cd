package safehttp_test

import (
	"net/netip"
	"testing"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// Each block that is not public ends where the registries say: its first and its last address are
// refused, as they are and mapped into IPv6, and the addresses beside it are not.
func TestIsPublic(t *testing.T) {
	for _, tt := range []struct {
		first, last   string // not public
		before, after string // public; "" where another block follows
	}{
		{"0.0.0.0", "0.255.255.255", "", "1.0.0.0"},
		{"10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"},
		{"100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0"},
		{"127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0"},
		{"169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0"},
		{"172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"},
		{"192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0"},
		{"192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0"},
		{"192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0"},
		{"198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0"},
		{"198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0"},
		{"203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0"},
		{"224.0.0.0", "239.255.255.255", "223.255.255.255", ""},
		{"240.0.0.0", "255.255.255.255", "", ""},
		{"::", "::1", "", ""},
		{"64:ff9b::", "64:ff9b::ffff:ffff", "64:ff9a:ffff::1", ""},
		{"64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "", "64:ff9b:2::"},
		{"100::", "100::ffff:ffff:ffff:ffff", "ff:ffff::1", "100:0:0:1::"},
		{"2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db7:ffff::1", "2001:db9::"},
		{"2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:ffff::1", "2003::"},
		{"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""},
		{"fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""},
		{"ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "", ""},
	} {
		for s, want := range map[string]bool{tt.first: false, tt.last: false, tt.before: true, tt.after: true} {
			if s == "" {
				continue
			}
			a := netip.MustParseAddr(s)
			forms := []netip.Addr{a}
			if a.Is4() {
				forms = append(forms, netip.AddrFrom16(a.As16()))
			} else if a.IsLinkLocalUnicast() || s == "2001:db8::" {
				forms = append(forms, a.WithZone("eth0"))
			}
			for _, a := range forms {
				if got := safehttp.IsPublic(a); got != want {
					t.Errorf("IsPublic(%s) = %v, want %v", a, got, want)
				}
				if err := safehttp.PublicOnly("tcp", netip.AddrPortFrom(a, 443).String(), nil); (err == nil) != want {
					t.Errorf("PublicOnly(%s) = %v, want nil: %v", a, err, want)
				}
			}
		}
	}
}
