// Package wbxml reads and writes the binary XML of Exchange ActiveSync.
package wbxml
