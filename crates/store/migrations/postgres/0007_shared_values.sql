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

-- Addresses share domains, and DIDs methods. A fragment is looked for in the few different ones first, and in what is left of each
-- address by its trigrams: counting those that a domain or a method answers for needs nothing but the small indexes below. What
-- does not fall apart like that is all its own.
ALTER TABLE offer
    ADD COLUMN email_shared TEXT COLLATE "C" GENERATED ALWAYS AS (CASE
        WHEN email IS NULL THEN NULL
        WHEN email LIKE '%@%' AND email NOT LIKE '%@%@%' THEN '@' || split_part(email, '@', 2)
        ELSE '' END) STORED,
    ADD COLUMN email_own TEXT COLLATE "C" GENERATED ALWAYS AS (CASE
        WHEN email LIKE '%@%' AND email NOT LIKE '%@%@%' THEN split_part(email, '@', 1)
        ELSE email END) STORED,
    ADD COLUMN subject_shared TEXT COLLATE "C" GENERATED ALWAYS AS (CASE
        WHEN subject IS NULL THEN NULL
        WHEN subject LIKE 'did:%:%' THEN 'did:' || split_part(subject, ':', 2) || ':'
        ELSE '' END) STORED,
    ADD COLUMN subject_own TEXT COLLATE "C" GENERATED ALWAYS AS (CASE
        WHEN subject LIKE 'did:%:%' THEN substr(subject, length(split_part(subject, ':', 2)) + 6)
        ELSE subject END) STORED;
CREATE INDEX offer_email_domain ON offer (tenant_id, email_shared) WHERE deleted_at IS NULL;
CREATE INDEX offer_subject_method ON offer (tenant_id, subject_shared) WHERE deleted_at IS NULL;

-- What many addresses have in their own part, trigrams do not tell quickly either: the indexes of whole texts hold the parts, too.
DROP INDEX offer_email;
DROP INDEX offer_subject;
CREATE INDEX offer_email ON offer (tenant_id, email, created_at) INCLUDE (email_own, email_shared) WHERE deleted_at IS NULL;
CREATE INDEX offer_subject ON offer (tenant_id, subject) INCLUDE (subject_own, subject_shared) WHERE deleted_at IS NULL;

-- The different domains of a tenant's addresses.
CREATE TABLE offer_email_shared (
    tenant_id  TEXT NOT NULL,
    part       TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (tenant_id, part)
);
INSERT INTO offer_email_shared (tenant_id, part)
    SELECT DISTINCT tenant_id, email_shared FROM offer WHERE email_shared IS NOT NULL;
CREATE FUNCTION note_email_shared() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- In one order, so that no two transactions wait for each other.
    INSERT INTO offer_email_shared (tenant_id, part)
        SELECT DISTINCT tenant_id, email_shared FROM made WHERE email_shared IS NOT NULL ORDER BY tenant_id, email_shared
        ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER offer_email_shared AFTER INSERT ON offer REFERENCING NEW TABLE AS made
    FOR EACH STATEMENT EXECUTE FUNCTION note_email_shared();

DROP INDEX IF EXISTS offer_email_fragment;
DROP INDEX IF EXISTS offer_subject_fragment;
DO $$
BEGIN
    CREATE INDEX offer_email_fragment ON offer USING gin (email_own gin_trgm_ops)
        WITH (gin_pending_list_limit = 1024) WHERE deleted_at IS NULL;
    CREATE INDEX offer_subject_fragment ON offer USING gin (subject_own gin_trgm_ops)
        WITH (gin_pending_list_limit = 1024) WHERE deleted_at IS NULL;
EXCEPTION
    -- Without pg_trgm, as in 0003.
    WHEN undefined_object THEN NULL;
END
$$;
