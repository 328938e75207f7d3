-- Credential offers: who may act (API keys), what is offered, to whom, and the work that follows from it.

-- The name under which the credential-offers dialect knows a tenant: 16 lower-case hexadecimal digits.
CREATE TABLE environment (
    id               TEXT NOT NULL PRIMARY KEY,
    tenant_id        TEXT NOT NULL UNIQUE REFERENCES tenant (id),
    own_offers_only  BOOLEAN NOT NULL
);
INSERT INTO environment (id, tenant_id, own_offers_only)
SELECT substr(md5(random()::text || id), 1, 16), id, FALSE FROM tenant;

CREATE TABLE api_key (
    id            TEXT NOT NULL PRIMARY KEY,
    tenant_id     TEXT NOT NULL REFERENCES tenant (id),
    user_id       TEXT NOT NULL,
    name          TEXT NOT NULL,
    -- Separated by commas.
    roles         TEXT NOT NULL,
    mask          TEXT NOT NULL,
    -- SHA-256 of the key: it has 256 random bits, so a slow hash would add nothing.
    key_hash      BYTEA NOT NULL UNIQUE,
    created_at    BIGINT NOT NULL,
    created_by    TEXT NOT NULL,
    expires_at    BIGINT,
    last_used_at  BIGINT,
    revoked_at    BIGINT
);
CREATE INDEX api_key_of_tenant ON api_key (tenant_id, created_at);

CREATE TABLE image (
    id          TEXT NOT NULL PRIMARY KEY,
    tenant_id   TEXT NOT NULL REFERENCES tenant (id),
    kind        TEXT NOT NULL,
    media_type  TEXT NOT NULL,
    filename    TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    created_by  TEXT NOT NULL
);

CREATE TABLE organisation_profile (
    id          TEXT NOT NULL PRIMARY KEY,
    tenant_id   TEXT NOT NULL REFERENCES tenant (id),
    name        TEXT NOT NULL,
    is_default  BOOLEAN NOT NULL,
    image_id    TEXT REFERENCES image (id),
    created_at  BIGINT NOT NULL,
    created_by  TEXT NOT NULL,
    updated_at  BIGINT NOT NULL,
    updated_by  TEXT NOT NULL
);
CREATE UNIQUE INDEX organisation_profile_default ON organisation_profile (tenant_id) WHERE is_default;
CREATE INDEX organisation_profile_of_tenant ON organisation_profile (tenant_id, created_at);

CREATE TABLE collection (
    id          TEXT NOT NULL PRIMARY KEY,
    tenant_id   TEXT NOT NULL REFERENCES tenant (id),
    name        TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    created_by  TEXT NOT NULL
);
CREATE INDEX collection_of_tenant ON collection (tenant_id, created_at);

CREATE TABLE offer (
    id                     TEXT NOT NULL PRIMARY KEY,
    tenant_id              TEXT NOT NULL,
    issuer_id              TEXT NOT NULL,
    program_id             TEXT NOT NULL,
    profile_id             TEXT NOT NULL,
    collection_id          TEXT,
    email                  TEXT,
    reference_id           TEXT,
    -- [{"id", "dataType", "claimName", "claimValue"}, ...]
    claims                 TEXT NOT NULL,
    status                 TEXT NOT NULL,
    -- From here to issued_at: set when it is claimed.
    credential_id          TEXT,
    subject                TEXT,
    revocation_id          BYTEA,
    issued_at              BIGINT,
    revoked_at             BIGINT,
    revoked_by             TEXT,
    revocation_reason      TEXT,
    expires_at             BIGINT,
    email_sent             BOOLEAN NOT NULL,
    revocation_email_sent  BOOLEAN NOT NULL,
    created_at             BIGINT NOT NULL,
    created_by             TEXT NOT NULL,
    updated_at             BIGINT NOT NULL,
    updated_by             TEXT NOT NULL,
    deleted_at             BIGINT,
    deleted_by             TEXT
);
CREATE INDEX offer_credential ON offer (credential_id) WHERE credential_id IS NOT NULL;

-- The issuance that an offer's claim code began. The code itself is derived from the row, and nowhere stored.
CREATE TABLE claim_code (
    offer_id    TEXT NOT NULL PRIMARY KEY REFERENCES offer (id),
    tenant_id   TEXT NOT NULL,
    salt        BYTEA NOT NULL,
    code_hash   BYTEA NOT NULL UNIQUE,
    state       TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
);

CREATE TABLE search_history (
    tenant_id      TEXT NOT NULL,
    id             TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    created_by     TEXT NOT NULL,
    search_query   TEXT NOT NULL,
    records_found  BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, created_at, id)
);
CREATE INDEX search_history_age ON search_history (created_at);

CREATE TABLE audit_event (
    tenant_id   TEXT NOT NULL,
    created_at  BIGINT NOT NULL,
    id          TEXT NOT NULL,
    actor_kind  TEXT NOT NULL,
    created_by  TEXT NOT NULL,
    actor_key   TEXT,
    action      TEXT NOT NULL,
    target      TEXT NOT NULL,
    result      TEXT NOT NULL,
    address     TEXT,
    request_id  TEXT,
    PRIMARY KEY (tenant_id, created_at, id)
);
CREATE INDEX audit_event_target ON audit_event (tenant_id, target);

-- Work that needs a network, written in the transaction that it follows from. Done, it is gone.
CREATE TABLE job (
    id            TEXT NOT NULL PRIMARY KEY,
    tenant_id     TEXT NOT NULL,
    kind          TEXT NOT NULL,
    -- What it is about: with the kind, it says all that there is to do.
    subject       TEXT NOT NULL,
    run_at        BIGINT NOT NULL,
    attempts      BIGINT NOT NULL,
    last_error    TEXT,
    -- Set when it will not be tried again until an operator says so.
    failed_at     BIGINT,
    created_at    BIGINT NOT NULL,
    UNIQUE (kind, subject)
);
CREATE INDEX job_due ON job (run_at) WHERE failed_at IS NULL;

-- At most two in a window that slides: the moments of the last two.
CREATE TABLE rate_window (
    bucket  TEXT NOT NULL PRIMARY KEY,
    older   BIGINT NOT NULL,
    newer   BIGINT NOT NULL
);
