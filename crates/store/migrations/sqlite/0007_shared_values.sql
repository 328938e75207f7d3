-- Lists that stay quick also for what very many offers share.

-- The words that many of a tenant's offers share: a line for each column of bits below, in the order of the bits.
CREATE TABLE common_words (
    tenant_id  TEXT NOT NULL PRIMARY KEY REFERENCES tenant (id),
    words      TEXT NOT NULL
);

-- Which of them an offer has; they are not among its `words`. Each column has few different values, so that indexes that keep a
-- value once are small. The most frequent words are in the first.
ALTER TABLE offer ADD COLUMN common_0 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE offer ADD COLUMN common_1 BIGINT NOT NULL DEFAULT 0;
ALTER TABLE offer ADD COLUMN common_2 BIGINT NOT NULL DEFAULT 0;
CREATE INDEX offer_common_0 ON offer (tenant_id, common_0, program_id) WHERE deleted_at IS NULL;
CREATE INDEX offer_common_1 ON offer (tenant_id, common_1, common_0) WHERE deleted_at IS NULL;
CREATE INDEX offer_common_2 ON offer (tenant_id, common_2, common_1, common_0) WHERE deleted_at IS NULL;
