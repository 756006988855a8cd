//go:build race

package eas_test

// raced says that the race detector is on: it takes memory of its own, and pools drop what
// they hold at random.
const raced = true
