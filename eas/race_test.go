//go:build race

package eas_test

const raceEnabled = true // pools drop what they hold at random
