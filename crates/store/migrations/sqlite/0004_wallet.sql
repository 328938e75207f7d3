-- Claiming into wallets (OpenID4VCI): codes, tokens, what was delivered, and what is signed later.

-- What a program asks of wallets: model::WalletPolicy as JSON.
ALTER TABLE program ADD COLUMN wallet TEXT NOT NULL DEFAULT '{}';
CREATE INDEX program_of_issuer ON program (issuer_id);

-- The edition of OpenID4VCI in which claim codes' addresses are written.
ALTER TABLE environment ADD COLUMN claim_draft TEXT NOT NULL DEFAULT '11';

-- The issuance that a claim code began, of an offer or of a credential issued on behalf. The code itself is derived from the
-- row, and nowhere stored. The codes that were there live for minutes: whoever holds one asks for another.
DROP TABLE claim_code;
CREATE TABLE claim_code (
    -- offer, credential.
    kind          TEXT NOT NULL,
    -- Whose id this is.
    subject_id    TEXT NOT NULL,
    tenant_id     TEXT NOT NULL,
    issuer_id     TEXT NOT NULL,
    program_id    TEXT NOT NULL,
    salt          BLOB NOT NULL,
    code_hash     BLOB NOT NULL UNIQUE,
    -- numeric, text: whether a transaction code is asked for.
    tx_code       TEXT,
    wrong_tries   BIGINT NOT NULL,
    state         TEXT NOT NULL,
    -- Why the last request for the credential was refused.
    error         TEXT,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    -- When a wallet fetched the offer by reference.
    retrieved_at  BIGINT,
    -- When the code was exchanged for a token.
    used_at       BIGINT,
    PRIMARY KEY (kind, subject_id)
) WITHOUT ROWID;

CREATE TABLE access_token (
    token_hash  BLOB NOT NULL PRIMARY KEY,
    kind        TEXT NOT NULL,
    subject_id  TEXT NOT NULL,
    tenant_id   TEXT NOT NULL,
    issuer_id   TEXT NOT NULL,
    program_id  TEXT NOT NULL,
    -- The edition of OpenID4VCI in which the offer was written.
    draft       TEXT NOT NULL,
    -- The thumbprint of the key that it is bound to (RFC 9449).
    jkt         BLOB,
    client_id   TEXT,
    created_at  BIGINT NOT NULL,
    expires_at  BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX access_token_age ON access_token (expires_at);

-- What may be used once: nonces of key proofs, ids of DPoP proofs.
CREATE TABLE used_once (
    hash        BLOB NOT NULL PRIMARY KEY,
    expires_at  BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX used_once_age ON used_once (expires_at);

-- What a wallet was given: the documents of one answer, each bound to a key of the wallet. An offer's first delivery is its
-- credential and has its id; a further one has an entry of the log of its own, under its own id.
CREATE TABLE delivery (
    id               TEXT NOT NULL PRIMARY KEY,
    tenant_id        TEXT NOT NULL,
    credential_id    TEXT NOT NULL,
    token_hash       BLOB NOT NULL,
    -- SHA-256 of what was asked: the configuration and the keys.
    request_hash     BLOB NOT NULL,
    -- 64 lower-case hexadecimal digits.
    core_claim_hash  TEXT NOT NULL UNIQUE,
    core_claim       BLOB NOT NULL,
    format           TEXT NOT NULL,
    -- A JSON array of signed documents, one a key, byte for byte as issued.
    documents        TEXT NOT NULL,
    notification_id  TEXT NOT NULL UNIQUE,
    created_at       BIGINT NOT NULL,
    UNIQUE (token_hash, request_hash)
);

CREATE INDEX delivery_of_credential ON delivery (credential_id);

-- The entries of the status lists that the documents of deliveries have, beside those of credentials.
CREATE TABLE delivery_status (
    issuer_id      TEXT NOT NULL,
    status_list    BIGINT NOT NULL,
    status_index   BIGINT NOT NULL,
    credential_id  TEXT NOT NULL,
    revoked        BOOLEAN NOT NULL,
    PRIMARY KEY (issuer_id, status_list, status_index)
) WITHOUT ROWID;
CREATE INDEX delivery_status_of_credential ON delivery_status (credential_id);

-- A request for a credential that a worker signs.
CREATE TABLE deferred_issuance (
    -- transaction_id
    id            TEXT NOT NULL PRIMARY KEY,
    tenant_id     TEXT NOT NULL,
    token_hash    BLOB NOT NULL,
    request_hash  BLOB NOT NULL,
    -- What was asked, as JSON: the configuration, the keys.
    request       TEXT NOT NULL,
    -- Once it is signed.
    delivery_id   TEXT,
    -- Why it will not be.
    refusal       TEXT,
    created_at    BIGINT NOT NULL,
    -- When it was fetched: the id is dead from then on.
    fetched_at    BIGINT,
    UNIQUE (token_hash, request_hash)
);
