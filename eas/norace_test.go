//go:build !race

package eas_test

const raceEnabled = false
