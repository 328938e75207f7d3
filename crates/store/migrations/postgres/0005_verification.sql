-- Verification: templates of presentations, and the requests made from them.

CREATE TABLE presentation_definition (
    tenant_id      TEXT NOT NULL,
    -- What its tenant calls it.
    definition_id  TEXT NOT NULL,
    name           TEXT NOT NULL,
    purpose        TEXT,
    -- Whether anybody may ask by it, on the verifier's page.
    public         BOOLEAN NOT NULL,
    -- What is asked and how, as JSON.
    terms          TEXT NOT NULL,
    created_at     BIGINT NOT NULL,
    created_by     TEXT NOT NULL,
    updated_at     BIGINT NOT NULL,
    updated_by     TEXT NOT NULL,
    PRIMARY KEY (tenant_id, definition_id)
);
CREATE INDEX presentation_definition_age ON presentation_definition (tenant_id, created_at, definition_id);

-- A request keeps the terms under which it was made. Its nonce, state and keys are derived from its id, and nowhere stored.
CREATE TABLE presentation (
    id                 TEXT NOT NULL PRIMARY KEY,
    tenant_id          TEXT NOT NULL,
    definition_id      TEXT NOT NULL,
    name               TEXT NOT NULL,
    purpose            TEXT,
    terms              TEXT NOT NULL,
    transaction_data   TEXT,
    redirect_uri       TEXT,
    -- created, sent, verified, failed, expired.
    state              TEXT NOT NULL,
    verdict            BOOLEAN,
    error_code         TEXT,
    error_description  TEXT,
    -- What was shown, encrypted under the master key.
    result             BYTEA,
    result_until       BIGINT,
    created_at         BIGINT NOT NULL,
    created_by         TEXT NOT NULL,
    updated_at         BIGINT NOT NULL,
    expires_at         BIGINT NOT NULL
);
CREATE INDEX presentation_of_tenant ON presentation (tenant_id, created_at, id);
CREATE INDEX presentation_result_age ON presentation (result_until) WHERE result_until IS NOT NULL;
CREATE INDEX presentation_age ON presentation (expires_at);
CREATE INDEX presentation_open ON presentation (tenant_id, expires_at) WHERE state IN ('created', 'sent');

-- Every document that a wallet holds is found by its entry; that of an offer's first one was with its credential alone.
INSERT INTO delivery_status (issuer_id, status_list, status_index, credential_id, revoked)
SELECT c.issuer_id, c.status_list, c.status_index, c.id, c.revoked_at IS NOT NULL
FROM credential c JOIN delivery d ON d.id = c.id AND d.credential_id = c.id
WHERE true ON CONFLICT DO NOTHING;
