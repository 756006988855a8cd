package token

import (
	"maps"
	"math"
	"net/url"
	"slices"
	"testing"
	"time"
)

// How long a stored access token is good, on both sides of each limit.
func TestUsable(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name             string
		token            string
		obtained, expiry time.Duration // from now
		want             time.Duration
	}{
		{"fresh", "at", 0, time.Hour, time.Hour - 10*time.Second},
		{"half", "at", -30 * time.Minute, 30 * time.Minute, 30*time.Minute - 10*time.Second},
		{"short", "at", 0, 50 * time.Second, 45 * time.Second},
		{"as short as that", "at", 0, 100 * time.Second, 90 * time.Second},
		{"over", "at", -2 * time.Hour, -time.Hour, -time.Hour - 10*time.Second},
		{"of a clock a little ahead", "at", clockSkew, clockSkew + time.Hour, time.Hour - 10*time.Second},
		{"of a clock too far ahead", "at", clockSkew + 1, clockSkew + time.Hour, 0},
		{"as long as any", "at", 0, maxLifetime, maxLifetime - 10*time.Second},
		{"longer than any", "at", 0, maxLifetime + 1, 0},
		{"no lifetime", "at", time.Minute, time.Minute, 0},
		{"a negative one", "at", time.Minute, 0, 0},
		{"no token", "", 0, time.Hour, 0},
	} {
		x := Access{Token: tt.token, Obtained: now.Add(tt.obtained), Expiry: now.Add(tt.expiry)}
		if got := x.usable(now); got != tt.want {
			t.Errorf("%s: usable for %v, want %v", tt.name, got, tt.want)
		}
	}
}

// A handout is good until its time by either clock.
func TestGood(t *testing.T) {
	at := time.Now()
	h := &handout{until: at, wall: at.UnixNano()}
	if !h.good(at.Add(-1)) || h.good(at) || (*handout)(nil).good(at) {
		t.Error("a handout is good at its end, or not before it, or there is none")
	}
	if (&handout{until: at.Add(time.Hour), wall: at.UnixNano()}).good(at) || (&handout{until: at, wall: at.Add(time.Hour).UnixNano()}).good(at) {
		t.Error("a handout is good though one of the clocks says otherwise")
	}
}

// When a token is renewed in the background: the bounds of many draws.
func TestSoft(t *testing.T) {
	const minute = time.Minute
	for _, tt := range []struct {
		name          string
		early, spread time.Duration
		lifetime, age time.Duration
		refreshAt     time.Duration // from when it was obtained; 0: not said
		running       bool          // the process has renewed before
		event         EventKind
		flowed        bool
		from, to      time.Duration // from when it was obtained
	}{
		{name: "the first of a process", lifetime: time.Hour, from: 15 * minute, to: 54 * minute},
		{name: "the first, later", lifetime: time.Hour, age: 30 * minute, from: 30 * minute, to: 54 * minute},
		{name: "the first, late", lifetime: time.Hour, age: 53 * minute, from: 52*minute + 30*time.Second, to: 54 * minute},
		{name: "the next", lifetime: time.Hour, running: true, from: 52*minute + 30*time.Second, to: 54 * minute},
		{name: "a sign-in", lifetime: time.Hour, event: EventSignedIn, from: 52*minute + 30*time.Second, to: 54 * minute},
		{name: "a Flow", lifetime: time.Hour, flowed: true, from: 52*minute + 30*time.Second, to: 54 * minute},
		{name: "the authority says", lifetime: time.Hour, refreshAt: 40 * minute, from: 38*minute + 30*time.Second, to: 40 * minute},
		{name: "a short one", lifetime: 8 * minute, running: true, from: 3 * minute, to: 4 * minute},
		{name: "a long one", lifetime: 20 * time.Hour, running: true, from: 17*time.Hour + 30*minute, to: 18 * time.Hour},
		{name: "five minutes at least", lifetime: 20 * minute, running: true, from: 13*minute + 45*time.Second, to: 15 * minute},
		{name: "as asked", early: 20 * minute, spread: 10 * minute, lifetime: time.Hour, running: true, from: 30 * minute, to: 40 * minute},
		{name: "as asked, the first", early: 20 * minute, spread: 30 * minute, lifetime: time.Hour, from: 10 * minute, to: 40 * minute},
		{name: "without spread", spread: -1, lifetime: time.Hour, from: 54 * minute, to: 54 * minute},
		{name: "more spread than there is", spread: 3 * time.Hour, lifetime: time.Hour, running: true, from: 0, to: 54 * minute},
		{name: "wanted before it came", lifetime: time.Hour, refreshAt: -minute, from: -minute, to: -minute},
		{name: "never", early: -1, lifetime: time.Hour, from: math.MaxInt64, to: math.MaxInt64},
	} {
		now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
		x := Access{Token: "at", Obtained: now.Add(-tt.age), Expiry: now.Add(tt.lifetime - tt.age)}
		if tt.refreshAt != 0 {
			x.RefreshAt = x.Obtained.Add(tt.refreshAt)
		}
		a := &renewal{k: &keeper{spread: tt.running}, s: &Source{Early: tt.early, Spread: tt.spread}, event: tt.event, flowed: tt.flowed}
		least, most := int64(math.MaxInt64), int64(math.MinInt64)
		for range 2000 {
			at := a.soft(x, now)
			least, most = min(least, at), max(most, at)
		}
		if tt.from == math.MaxInt64 {
			if least != math.MaxInt64 {
				t.Errorf("%s: %v", tt.name, time.Duration(least))
			}
			continue
		}
		from, to := time.Duration(least-x.Obtained.UnixNano()), time.Duration(most-x.Obtained.UnixNano())
		slack := (tt.to - tt.from) / 50
		if from < tt.from || from > tt.from+slack || to > tt.to || to < tt.to-slack {
			t.Errorf("%s: from %v to %v after it was obtained, want %v to %v", tt.name, from, to, tt.from, tt.to)
		}
	}
}

// The name of an access token: what it was requested for, in one spelling.
func TestAccessName(t *testing.T) {
	u := &url.URL{Scheme: "https", Host: "MAIL.contoso.com", Path: "/x"}
	for _, tt := range []struct {
		scopes, capabilities []string
		want                 string
	}{
		{[]string{"b", "a", "openid", "a"}, nil, "https://mail.contoso.com:443 a b"},
		{[]string{"b a", "profile email offline_access"}, nil, "https://mail.contoso.com:443 a b"},
		{nil, nil, "https://mail.contoso.com:443"},
		{[]string{"a"}, []string{"cp2", "cp1", "cp2"}, "https://mail.contoso.com:443 a xms_cc=cp1,cp2"},
		{[]string{"a"}, []string{"c,p", "c p"}, "https://mail.contoso.com:443 a xms_cc=c%2Cp,c+p"},
	} {
		if got := (&Config{Endpoint: u, Scopes: tt.scopes, Capabilities: tt.capabilities}).accessName(); got != tt.want {
			t.Errorf("accessName of %q, %q = %q, want %q", tt.scopes, tt.capabilities, got, tt.want)
		}
	}
}

// What a new access token drops of a record: what has run out, and what is of a clock ahead.
func TestAddAccess(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	var r Record
	r.addAccess("first", Access{Token: "a"})
	if len(r.Access) != 1 {
		t.Fatalf("%v", r.Access)
	}
	r.Access = map[string]Access{
		"good":            {Obtained: now.Add(-time.Hour), Expiry: now.Add(time.Hour)},
		"over":            {Obtained: now.Add(-time.Hour), Expiry: now.Add(-1)},
		"over now":        {Obtained: now.Add(-time.Hour), Expiry: now},
		"a little ahead":  {Obtained: now.Add(clockSkew), Expiry: now.Add(time.Hour)},
		"ahead":           {Obtained: now.Add(clockSkew + 1), Expiry: now.Add(time.Hour)},
		"the one before":  {Token: "old", Obtained: now.Add(-time.Hour), Expiry: now.Add(time.Hour)},
		"never said more": {},
	}
	r.addAccess("the one before", Access{Token: "new", Obtained: now, Expiry: now.Add(time.Hour)})
	if got, want := slices.Sorted(maps.Keys(r.Access)), []string{"a little ahead", "good", "over now", "the one before"}; !slices.Equal(got, want) || r.Access["the one before"].Token != "new" {
		t.Errorf("left %q, want %q", got, want)
	}
}

func TestMissingScopes(t *testing.T) {
	readable := jwt(map[string]any{"scp": "IMAP.AccessAsUser.All Mail.Read"})
	for _, tt := range []struct {
		requested []string
		scope     string
		token     string
		want      []string
	}{
		{[]string{"https://h/EAS.AccessAsUser.All", "openid"}, "", "opaque", nil},
		{[]string{"https://h/EAS.AccessAsUser.All", "openid"}, "https://other/eas.accessasuser.ALL", "opaque", nil},
		{[]string{"https://h/EAS.AccessAsUser.All", "openid", "offline_access"}, "profile", "opaque", []string{"https://h/EAS.AccessAsUser.All"}},
		{[]string{"https://h/.default"}, "profile", "opaque", nil},
		{[]string{"https://h/IMAP.AccessAsUser.All", "Mail.Read", "Mail.Send"}, "profile", readable, []string{"Mail.Send"}},
		{[]string{"a", "b", "c"}, "b", "opaque", []string{"a", "c"}},
	} {
		if got := missingScopes(tt.requested, Access{Token: tt.token, Scope: tt.scope}); !slices.Equal(got, tt.want) {
			t.Errorf("of %q granted are %q: missing %q, want %q", tt.requested, tt.scope, got, tt.want)
		}
	}
	for scope, want := range map[string]string{"https://h/EAS.X": "eas.x", "A": "a", "a/": "", "": ""} {
		if got := permissionOf(scope); got != want {
			t.Errorf("permissionOf(%q) = %q, want %q", scope, got, want)
		}
	}
}

// What a handout holds of what is stored.
func TestPresent(t *testing.T) {
	now := time.Now()
	x := Access{Token: "at", Type: "Bearer", Obtained: now.Add(-time.Minute), Expiry: now.Add(time.Hour)}
	a := &renewal{k: &keeper{}, s: &Source{Config: &Config{Authority: &Authority{Kind: Entra}, Endpoint: &url.URL{Scheme: "https", Host: "mail.contoso.com"}}}}
	for _, scope := range []string{"", "a b"} {
		x.Scope = scope
		h, err := a.present(x, now)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := h.token.Extra("scope").(string); got != scope || (h.token.Extra("scope") == nil) != (scope == "") {
			t.Errorf("scope %q, want %q", got, scope)
		}
		if h.token.AccessToken != "at" || h.token.TokenType != "Bearer" || !h.token.Expiry.Equal(x.Expiry) || !h.obtained.Equal(x.Obtained) || !h.until.Equal(x.Expiry.Add(-10*time.Second)) ||
			h.wall != h.until.UnixNano() || h.soft.Load() == 0 {
			t.Errorf("%+v", h)
		}
	}
}
