//go:build race

package wbxml_test

const raceEnabled = true // pools drop what they hold at random
