CREATE TABLE IF NOT EXISTS auth.tokens (
	name        VARCHAR(64) NOT NULL PRIMARY KEY,
	generation  BIGINT NOT NULL DEFAULT 0,
	record      BLOB,
	lease_owner VARCHAR(64),
	lease_fence BIGINT NOT NULL DEFAULT 0,
	lease_until BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS auth.tokens_schema (version BIGINT NOT NULL PRIMARY KEY);

SELECT COALESCE(MAX(version), 0) FROM auth.tokens_schema;

INSERT INTO auth.tokens_schema (version) VALUES ($1) ON CONFLICT (version) DO NOTHING;

PRAGMA synchronous;

INSERT INTO auth.tokens (name) VALUES ($1) ON CONFLICT (name) DO NOTHING;

SELECT generation, record FROM auth.tokens WHERE name = $1;

UPDATE auth.tokens SET record = $1, generation = $2 WHERE name = $3 AND generation = $4 AND record IS NULL;

UPDATE auth.tokens SET record = $1, generation = $2 WHERE name = $3 AND generation = $4 AND record IS NOT NULL;

UPDATE auth.tokens SET record = NULL WHERE name = $1 AND generation = $2 AND record IS NOT NULL;

UPDATE auth.tokens SET lease_owner = $1, lease_fence = lease_fence + 1, lease_until = CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) + $2 WHERE name = $3 AND (lease_owner IS NULL OR lease_until < CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER));

SELECT lease_fence FROM auth.tokens WHERE name = $1 AND lease_owner = $2;

UPDATE auth.tokens SET lease_until = CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) + $1 WHERE name = $2 AND lease_owner = $3 AND lease_fence = $4;

UPDATE auth.tokens SET lease_owner = NULL, lease_until = 0 WHERE name = $1 AND lease_owner = $2;

