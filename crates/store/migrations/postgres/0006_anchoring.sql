-- Anchoring beyond the log: witnesses, an EVM chain, and leaves that show how status lists were.

-- When a credential of the issuer counts as anchored. The log is always part of it.
-- How many witnesses must have signed a checkpoint.
ALTER TABLE issuer ADD COLUMN anchor_witnesses BIGINT NOT NULL DEFAULT 0;
-- How many confirmations on the chain; 0: its block is final; NULL: no chain.
ALTER TABLE issuer ADD COLUMN anchor_confirmations BIGINT;

-- Being a witness: the newest checkpoint that was signed of each log. It only grows.
CREATE TABLE witness_log (
    origin      TEXT NOT NULL PRIMARY KEY,
    size        BIGINT NOT NULL,
    root        BYTEA NOT NULL,
    checkpoint  TEXT NOT NULL,
    updated_at  BIGINT NOT NULL
);

-- Having witnesses: for each number of them, the newest checkpoint of ours that at least so many have signed.
CREATE TABLE cosigned_head (
    level       BIGINT NOT NULL PRIMARY KEY,
    size        BIGINT NOT NULL,
    checkpoint  TEXT NOT NULL,
    updated_at  BIGINT NOT NULL
);

-- How far each witness of ours is, by the name of its key.
CREATE TABLE witness_state (
    name        TEXT NOT NULL PRIMARY KEY,
    size        BIGINT NOT NULL,
    failures    BIGINT NOT NULL,
    last_error  TEXT,
    tried_at    BIGINT NOT NULL
);

-- A nonce of our key on a chain: one anchoring transaction, however often it is signed anew.
CREATE TABLE evm_slot (
    id          BIGINT NOT NULL PRIMARY KEY,
    chain_id    BIGINT NOT NULL,
    contract    TEXT NOT NULL,
    publisher   TEXT NOT NULL,
    -- -1: found in the contract, and not known here.
    nonce       BIGINT NOT NULL,
    -- pending, mined, final, given_up.
    state       TEXT NOT NULL,
    -- How many leaves the log had: in the attempt that was mined, else in the newest.
    size        BIGINT NOT NULL,
    -- The attempt that was mined, and its block.
    transaction_hash  TEXT,
    block       BIGINT,
    -- What an operator ordered: retry, replace, skip.
    ordered     TEXT,
    -- The fees of a replacement that an operator ordered, in wei.
    ordered_fee BIGINT,
    last_error  TEXT,
    created_at  BIGINT NOT NULL,
    mined_at    BIGINT
);
CREATE UNIQUE INDEX evm_slot_nonce ON evm_slot (chain_id, publisher, nonce) WHERE state = 'pending';
CREATE INDEX evm_slot_size ON evm_slot (chain_id, contract, publisher, size);
CREATE INDEX evm_slot_open ON evm_slot (chain_id, publisher, nonce) WHERE state IN ('pending', 'mined');

-- A signed transaction. It is here before anybody else sees it.
CREATE TABLE evm_attempt (
    hash          TEXT NOT NULL PRIMARY KEY,
    slot_id       BIGINT NOT NULL REFERENCES evm_slot (id),
    place         BIGINT NOT NULL,
    size          BIGINT NOT NULL,
    root          BYTEA NOT NULL,
    raw           BYTEA NOT NULL,
    -- In wei a gas.
    max_fee       BIGINT NOT NULL,
    priority_fee  BIGINT NOT NULL,
    gas_limit     BIGINT NOT NULL,
    -- The chain's height when a node first took it; NULL: none has.
    sent_block    BIGINT,
    created_at    BIGINT NOT NULL
);
CREATE INDEX evm_attempt_of_slot ON evm_attempt (slot_id, place);

-- How the last look at the chain went. One row.
CREATE TABLE evm_state (
    id          BIGINT NOT NULL PRIMARY KEY,
    chain_id    BIGINT NOT NULL,
    contract    TEXT NOT NULL,
    publisher   TEXT NOT NULL,
    block       BIGINT NOT NULL,
    block_hash  TEXT NOT NULL,
    final_block BIGINT NOT NULL,
    -- In wei, as decimal text: it does not fit a number.
    balance     TEXT NOT NULL,
    failures    BIGINT NOT NULL,
    last_error  TEXT,
    looked_at   BIGINT NOT NULL
);

-- How much of the log is on the chain with so many confirmations (0: in a final block). It shrinks when the chain is reorganised.
CREATE TABLE evm_mark (
    level  BIGINT NOT NULL PRIMARY KEY,
    size   BIGINT NOT NULL
);

-- What the leaves about status lists were made of.
CREATE TABLE status_digest (
    issuer_id    TEXT NOT NULL,
    status_list  BIGINT NOT NULL,
    -- Counts the digests of a list.
    place        BIGINT NOT NULL,
    entry_id     TEXT NOT NULL,
    -- How many statuses were set in the tables that it was made of. None is ever unset, so with as many the list is the same.
    revoked      BIGINT NOT NULL,
    hash         BYTEA NOT NULL,
    -- The list as the member lst of a Token Status List.
    bits         TEXT NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (issuer_id, status_list, place)
);
CREATE INDEX delivery_status_revoked ON delivery_status (issuer_id, status_list) WHERE revoked;
