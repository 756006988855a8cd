package sqlstore_test

import (
	"context"
	"database/sql"

	"github.com/easoauth/easoauth/token"
	"github.com/easoauth/easoauth/token/sqlstore"
)

// Many processes share one database and refresh each sign-in once. The program imports the
// driver.
func Example() {
	open := func(ctx context.Context, dsn string, key []byte, config *token.Config) (*token.Source, error) {
		db, err := sql.Open("pgx", dsn)
		if err != nil {
			return nil, err
		}
		store := &sqlstore.Store{DB: db, Dialect: sqlstore.PostgreSQL, EncryptionKey: key}
		if err := store.Migrate(ctx); err != nil {
			return nil, err
		}
		return &token.Source{Config: config, Key: "ada@contoso.com", Store: store}, nil
	}
	_ = open
}
