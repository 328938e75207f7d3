-- Moments are BIGINT microseconds since 1970-01-01T00:00:00Z. Hashes and sealed keys are bytes; everything else is text.
-- The SQLite twin of this file differs in the word for bytes, and in that narrow tables there have no rowid; a test
-- compares the resulting tables.

CREATE TABLE deployment (
    name        TEXT NOT NULL PRIMARY KEY,
    value       TEXT NOT NULL
);

CREATE TABLE tenant (
    id                  TEXT NOT NULL PRIMARY KEY,
    name                TEXT NOT NULL,
    jwks_url            TEXT,
    jwks_document       TEXT,
    issue_on_behalf     BOOLEAN NOT NULL,
    ignore_is_conflict  BOOLEAN NOT NULL,
    created_at          BIGINT NOT NULL
);

CREATE TABLE issuer (
    id           TEXT NOT NULL PRIMARY KEY,
    tenant_id    TEXT NOT NULL REFERENCES tenant (id),
    slug         TEXT NOT NULL UNIQUE,
    did          TEXT NOT NULL UNIQUE,
    name         TEXT NOT NULL,
    -- The counter behind status list indexes: it only grows, and a keyed permutation hides it.
    status_next  BIGINT NOT NULL DEFAULT 0,
    created_at   BIGINT NOT NULL
);

CREATE TABLE signing_key (
    kid         TEXT NOT NULL PRIMARY KEY,
    -- An issuer's id, or the word `log`.
    owner       TEXT NOT NULL,
    -- credential, identity, status, log.
    purpose     TEXT NOT NULL,
    -- next, current, previous.
    state       TEXT NOT NULL,
    -- What the purpose publishes: a JWK, a point, a verifier key; empty for secrets that publish nothing.
    public      TEXT NOT NULL,
    sealed      BYTEA NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX signing_key_one_in_a_state ON signing_key (owner, purpose, state) WHERE state <> 'previous';

CREATE TABLE subject_schema (
    id          TEXT NOT NULL PRIMARY KEY,
    tenant_id   TEXT NOT NULL REFERENCES tenant (id),
    document    TEXT NOT NULL,
    created_at  BIGINT NOT NULL
);

CREATE TABLE program (
    id                TEXT NOT NULL PRIMARY KEY,
    tenant_id         TEXT NOT NULL REFERENCES tenant (id),
    issuer_id         TEXT NOT NULL REFERENCES issuer (id),
    schema_id         TEXT NOT NULL REFERENCES subject_schema (id),
    name              TEXT NOT NULL,
    type_name         TEXT NOT NULL,
    formats           TEXT NOT NULL,
    validity_seconds  BIGINT,
    cap               BIGINT,
    opens_at          BIGINT,
    closes_at         BIGINT,
    published         BOOLEAN NOT NULL,
    duplicate_scope   TEXT NOT NULL,
    -- Counted for programs with a cap, in the transaction that issues.
    issued            BIGINT NOT NULL DEFAULT 0,
    created_at        BIGINT NOT NULL
);

CREATE TABLE holder (
    id          TEXT NOT NULL PRIMARY KEY,
    email       TEXT NOT NULL,
    email_key   TEXT NOT NULL UNIQUE,
    did         TEXT NOT NULL,
    created_at  BIGINT NOT NULL
);

CREATE TABLE consent (
    tenant_id   TEXT NOT NULL REFERENCES tenant (id),
    holder_id   TEXT NOT NULL REFERENCES holder (id),
    state       TEXT NOT NULL,
    decided_at  BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, holder_id)
);

CREATE TABLE credential (
    id               TEXT NOT NULL PRIMARY KEY,
    tenant_id        TEXT NOT NULL,
    issuer_id        TEXT NOT NULL,
    program_id       TEXT NOT NULL,
    schema_id        TEXT NOT NULL,
    holder_id        TEXT NOT NULL,
    core_claim_hash  BYTEA NOT NULL UNIQUE,
    core_claim       BYTEA NOT NULL,
    -- {"<format>": "<signed document>", ...}, byte for byte as issued.
    documents        TEXT NOT NULL,
    status_list      BIGINT NOT NULL,
    status_index     BIGINT NOT NULL,
    holding          TEXT NOT NULL,
    issued_at        BIGINT NOT NULL,
    expires_at       BIGINT,
    revoked_at       BIGINT
);
CREATE INDEX credential_revoked ON credential (issuer_id, status_list, status_index) WHERE revoked_at IS NOT NULL;

-- The place that at most one live credential of a person takes, by tenant and duplicate key.
CREATE TABLE live_credential (
    tenant_id      TEXT NOT NULL,
    holder_id      TEXT NOT NULL,
    duplicate_key  TEXT NOT NULL,
    credential_id  TEXT NOT NULL,
    PRIMARY KEY (tenant_id, holder_id, duplicate_key)
);

CREATE TABLE ledger_entry (
    -- <credential id>/issue or <credential id>/revoke.
    id          TEXT NOT NULL PRIMARY KEY,
    leaf        TEXT NOT NULL,
    queued_at   BIGINT NOT NULL,
    -- Its place in the log once a checkpoint covers it.
    leaf_index  BIGINT
);
CREATE INDEX ledger_entry_pending ON ledger_entry (queued_at, id) WHERE leaf_index IS NULL;

CREATE TABLE idempotency (
    tenant_id     TEXT NOT NULL,
    key_hash      BYTEA NOT NULL,
    request_hash  BYTEA NOT NULL,
    answer        TEXT NOT NULL,
    created_at    BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, key_hash)
);
CREATE INDEX idempotency_age ON idempotency (created_at);

-- One row: the head of the log. Writers name the size they saw, so a log never forks.
CREATE TABLE log_head (
    origin      TEXT NOT NULL PRIMARY KEY,
    size        BIGINT NOT NULL,
    checkpoint  TEXT NOT NULL,
    updated_at  BIGINT NOT NULL
);

-- Tiles of C2SP tlog-tiles; level -1 holds entry bundles.
CREATE TABLE log_tile (
    level  BIGINT NOT NULL,
    place  BIGINT NOT NULL,
    data   BYTEA NOT NULL,
    PRIMARY KEY (level, place)
);

-- Who may do a thing that only one process may do; the epoch fences those that were.
CREATE TABLE lease (
    name        TEXT NOT NULL PRIMARY KEY,
    owner       TEXT NOT NULL,
    epoch       BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);
