// Package eastest is a fake Microsoft 365 tenant for tests: AutoDiscover, an authority and
// Exchange ActiveSync, as the whole internet of an [http.Client].
package eastest
