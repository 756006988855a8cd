package sqlstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
)

// A trouble is what the error of a statement means for the next try.
type trouble int

const (
	fatal trouble = iota // another try fails as well
	busy                 // the statement was not carried out; another try may succeed
	away                 // the database cannot be reached; the statement may have been carried out
)

// The errors of PostgreSQL's drivers.
type (
	sqlState    interface{ SQLState() string }
	safeToRetry interface{ SafeToRetry() bool }
)

// trouble classifies an error, but for the end of the caller's context.
func (d Dialect) trouble(err error) trouble {
	var state sqlState
	if errors.As(err, &state) {
		return postgresTrouble(state.SQLState())
	}
	var retry safeToRetry
	if errors.As(err, &retry) && retry.SafeToRetry() {
		return away
	}
	if d == SQLite {
		// QUIRK: the drivers have no error in common. These are SQLite's own words.
		text := err.Error()
		if strings.Contains(text, "database is locked") || strings.Contains(text, "database table is locked") {
			return busy
		}
		return fatal
	}
	var network net.Error
	switch {
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, net.ErrClosed),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		errors.Is(err, syscall.ENOENT), // its socket
		errors.Is(err, context.DeadlineExceeded), errors.As(err, &network),
		strings.Contains(err.Error(), "conn closed"): // QUIRK: pgx has this as a text alone.
		return away
	}
	return fatal
}

// postgresTrouble classifies a code of PostgreSQL's appendix A.
func postgresTrouble(state string) trouble {
	switch state {
	case "40001", "40P01", "55P03": // serialization failure, deadlock, lock not available
		return busy
	case "57P01", "57P02", "57P03", "57P05", // shutdown, crash, not yet up, idle session ended
		"53300": // too many connections
		return away
	}
	if strings.HasPrefix(state, "08") { // connection exception
		return away
	}
	return fatal
}

// isMissing reports whether the table does not exist.
func (d Dialect) isMissing(err error) bool {
	var state sqlState
	if errors.As(err, &state) {
		return state.SQLState() == "42P01" || state.SQLState() == "3F000" // table, schema
	}
	return strings.Contains(err.Error(), "no such table")
}

// mayNot reports whether the role lacks a right.
func mayNot(err error) bool {
	var state sqlState
	return errors.As(err, &state) && state.SQLState() == "42501"
}
