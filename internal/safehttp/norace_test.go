//go:build !race

package safehttp_test

const raceEnabled = false
