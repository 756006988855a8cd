CREATE TABLE IF NOT EXISTS auth.tokens (
	name        VARCHAR(64) NOT NULL PRIMARY KEY,
	generation  BIGINT NOT NULL DEFAULT 0,
	record      BYTEA,
	lease_owner VARCHAR(64),
	lease_fence BIGINT NOT NULL DEFAULT 0,
	lease_until BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS auth.tokens_schema (version BIGINT NOT NULL PRIMARY KEY);

INSERT INTO auth.tokens_schema (version) VALUES (1) ON CONFLICT (version) DO NOTHING;

SELECT COUNT(*) FROM auth.tokens WHERE name = '';

UPDATE auth.tokens SET generation = generation WHERE name = '';

SELECT COALESCE(MAX(version), 0) FROM auth.tokens_schema;

SHOW synchronous_commit;

SELECT generation, record FROM auth.tokens WHERE name = $1;

INSERT INTO auth.tokens AS r (name, generation, record) VALUES ($1, 1, $2) ON CONFLICT (name) DO UPDATE SET generation = 1, record = excluded.record WHERE r.generation = 0 AND r.record IS NULL;

UPDATE auth.tokens SET record = $1, generation = $2 WHERE name = $3 AND generation = $4 AND (record IS NULL) = $5;

UPDATE auth.tokens SET record = $1, generation = $2, lease_until = CASE WHEN lease_owner = $3 AND lease_fence = $4 THEN 0 ELSE lease_until END, lease_owner = CASE WHEN lease_owner = $3 AND lease_fence = $4 THEN NULL ELSE lease_owner END WHERE name = $5 AND generation = $6 AND (record IS NULL) = $7;

UPDATE auth.tokens SET record = NULL WHERE name = $1 AND generation = $2 AND record IS NOT NULL;

INSERT INTO auth.tokens AS r (name, lease_owner, lease_fence, lease_until) VALUES ($1, $2, $3, CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) + $4) ON CONFLICT (name) DO UPDATE SET lease_owner = excluded.lease_owner, lease_fence = excluded.lease_fence, lease_until = excluded.lease_until WHERE r.lease_owner IS NULL OR r.lease_owner = excluded.lease_owner OR r.lease_until < CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) RETURNING generation, record;

SELECT COUNT(*) FROM auth.tokens WHERE name = $1 AND lease_owner IS NOT NULL AND lease_until >= CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT);

UPDATE auth.tokens SET lease_until = CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT) + $1 WHERE name = $2 AND lease_owner = $3 AND lease_fence = $4;

UPDATE auth.tokens SET lease_owner = NULL, lease_until = 0 WHERE name = $1 AND lease_owner = $2 AND lease_fence = $3;

DELETE FROM auth.tokens WHERE name = $1 AND lease_owner = $2 AND lease_fence = $3 AND generation = 0 AND record IS NULL;

