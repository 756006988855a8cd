// Package sqlstore keeps sign-ins in a database, for processes on many machines.
//
//	store := &sqlstore.Store{DB: db, Dialect: sqlstore.PostgreSQL}
//	if err := store.Migrate(ctx); err != nil { … }
//	source := &token.Source{Config: config, Key: "ada@contoso.com", Store: store}
//
// The package imports no driver. It was tested with github.com/jackc/pgx/v5/stdlib on
// PostgreSQL 15 and with modernc.org/sqlite. For SQLite, give connections a busy timeout of
// some seconds, and use a file on a local disk.
//
// # Rights
//
// Migrate needs the right to create tables only where they are missing or old. [DDL] returns
// its statements for an administrator who makes the tables beforehand.
//
// # Locks
//
// A lock is a lease: a row says who holds it and until when, by the clock of the database.
// The holder renews it while it works. Of a holder that died the lease runs out, after
// [Store.LeaseTime] at most, and another takes it over; a process that returns under the
// same [Store.Owner] does so at once. A process that was suspended for longer than that may
// wake and believe that it still has the lock. Two things keep it from doing harm: before a
// refresh token is spent, a lease that is not fresh is renewed, under its fencing number, or
// else the token is not spent; and whatever is written replaces one generation of the record
// and no other.
package sqlstore
