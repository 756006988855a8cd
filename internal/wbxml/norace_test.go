//go:build !race

package wbxml_test

const raceEnabled = false
