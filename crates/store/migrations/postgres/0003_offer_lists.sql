-- Lists of offers: what finds them, counts them and gives their order.

-- The bytes' order, whatever the database's own is: that of SQLite.
ALTER TABLE offer ALTER COLUMN email TYPE TEXT COLLATE "C", ALTER COLUMN subject TYPE TEXT COLLATE "C",
    ALTER COLUMN reference_id TYPE TEXT COLLATE "C";

-- The words of an offer's own texts, as store::search_text makes them.
ALTER TABLE offer ADD COLUMN words TSVECTOR NOT NULL DEFAULT ''::tsvector;

-- Days: an index of few different values is a tenth of the size of one of moments, and counts as much faster. SQLite, which has
-- no such indexes, does without.
ALTER TABLE offer
    ADD COLUMN created_day BIGINT GENERATED ALWAYS AS (created_at / 86400000000) STORED,
    ADD COLUMN updated_day BIGINT GENERATED ALWAYS AS (updated_at / 86400000000) STORED,
    ADD COLUMN issued_day BIGINT GENERATED ALWAYS AS (issued_at / 86400000000) STORED,
    ADD COLUMN revoked_day BIGINT GENERATED ALWAYS AS (revoked_at / 86400000000) STORED,
    ADD COLUMN expires_day BIGINT GENERATED ALWAYS AS (expires_at / 86400000000) STORED;
CREATE INDEX offer_created_day ON offer (tenant_id, created_day) WHERE deleted_at IS NULL;
CREATE INDEX offer_updated_day ON offer (tenant_id, updated_day) WHERE deleted_at IS NULL;
CREATE INDEX offer_issued_day ON offer (tenant_id, issued_day) WHERE deleted_at IS NULL;
CREATE INDEX offer_revoked_day ON offer (tenant_id, revoked_day) WHERE deleted_at IS NULL;
CREATE INDEX offer_expires_day ON offer (tenant_id, expires_day) WHERE deleted_at IS NULL;

-- For counting: small, since each value is kept once.
CREATE INDEX offer_live ON offer (tenant_id) WHERE deleted_at IS NULL;
CREATE INDEX offer_status_count ON offer (tenant_id, status) WHERE deleted_at IS NULL;
CREATE INDEX offer_program_count ON offer (tenant_id, program_id) WHERE deleted_at IS NULL;
CREATE INDEX offer_issuer_count ON offer (tenant_id, issuer_id) WHERE deleted_at IS NULL;
CREATE INDEX offer_issuer_issued ON offer (tenant_id, issuer_id) WHERE deleted_at IS NULL AND issued_at IS NOT NULL;
CREATE INDEX offer_creator_count ON offer (tenant_id, created_by) WHERE deleted_at IS NULL;
CREATE INDEX offer_updater_count ON offer (tenant_id, updated_by) WHERE deleted_at IS NULL;
CREATE INDEX offer_profile_count ON offer (tenant_id, profile_id) WHERE deleted_at IS NULL;

-- For pages: each serves one filter or sorting, with the order that the list has by default.
-- The moments behind created_at let the database pass over rows that it need not read.
CREATE INDEX offer_created ON offer (tenant_id, created_at, issued_at, revoked_at, expires_at, updated_at) WHERE deleted_at IS NULL;
CREATE INDEX offer_updated ON offer (tenant_id, updated_at) WHERE deleted_at IS NULL;
CREATE INDEX offer_issued ON offer (tenant_id, issued_at, created_at) WHERE deleted_at IS NULL;
CREATE INDEX offer_revoked ON offer (tenant_id, revoked_at, created_at) WHERE deleted_at IS NULL;
CREATE INDEX offer_expires ON offer (tenant_id, expires_at, created_at) WHERE deleted_at IS NULL;
CREATE INDEX offer_status ON offer (tenant_id, status, created_at) WHERE deleted_at IS NULL;
CREATE INDEX offer_program ON offer (tenant_id, program_id, created_at) WHERE deleted_at IS NULL;
CREATE INDEX offer_issuer ON offer (tenant_id, issuer_id, created_at, issued_at) WHERE deleted_at IS NULL;
CREATE INDEX offer_collection ON offer (tenant_id, collection_id, created_at) WHERE deleted_at IS NULL;
CREATE INDEX offer_creator ON offer (tenant_id, created_by, created_at) WHERE deleted_at IS NULL;
CREATE INDEX offer_updater ON offer (tenant_id, updated_by, created_at) WHERE deleted_at IS NULL;
CREATE INDEX offer_email ON offer (tenant_id, email, created_at) WHERE deleted_at IS NULL;
CREATE INDEX offer_subject ON offer (tenant_id, subject) WHERE deleted_at IS NULL;
CREATE INDEX offer_reference ON offer (tenant_id, reference_id) WHERE deleted_at IS NULL;
CREATE INDEX program_of_tenant ON program (tenant_id);
CREATE INDEX issuer_of_tenant ON issuer (tenant_id);

-- A short list of what is not yet sorted in keeps both writing and searching quick.
CREATE INDEX offer_words ON offer USING gin (words) WITH (gin_pending_list_limit = 1024) WHERE deleted_at IS NULL;

-- Fragments of texts are found by their trigrams. Where the extension is not installed, or not to be had by this role, every
-- address (subject, reference) is looked at instead, in the indexes above.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX offer_email_fragment ON offer USING gin (email gin_trgm_ops)
        WITH (gin_pending_list_limit = 1024) WHERE deleted_at IS NULL;
    CREATE INDEX offer_subject_fragment ON offer USING gin (subject gin_trgm_ops)
        WITH (gin_pending_list_limit = 1024) WHERE deleted_at IS NULL;
    CREATE INDEX offer_reference_fragment ON offer USING gin (reference_id gin_trgm_ops)
        WITH (gin_pending_list_limit = 1024) WHERE deleted_at IS NULL;
EXCEPTION
    WHEN insufficient_privilege OR feature_not_supported OR undefined_file OR undefined_object THEN
        RAISE NOTICE 'pg_trgm is not available: searching for fragments of texts will read whole indexes';
END
$$;
