//go:build race

package safehttp_test

const raceEnabled = true
