package safehttp

import (
	"runtime/debug"
	"sync"
)

const modulePath = "github.com/easoauth/easoauth"

// UserAgent returns the product by which the library names itself, with its version where
// the binary knows it: "easoauth/v0.1.0". Some firewalls refuse the name that net/http
// sends by itself.
var UserAgent = sync.OnceValue(func() string {
	version := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Path == modulePath {
			version = info.Main.Version
		}
		for _, d := range info.Deps {
			if d.Path == modulePath {
				version = d.Version
			}
		}
	}
	if version == "" || version == "(devel)" {
		return "easoauth"
	}
	return "easoauth/" + version
})
