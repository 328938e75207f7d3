-- Lists of offers: what finds them, counts them and gives their order.

-- The words of an offer's own texts, as store::search_text makes them.
ALTER TABLE offer ADD COLUMN words TEXT NOT NULL DEFAULT '';

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

-- The full-text index. The rows of the table `offer` have no number that would last, so they are given one.
CREATE TABLE offer_words_key (
    number    INTEGER PRIMARY KEY,
    offer_id  TEXT NOT NULL UNIQUE
);
CREATE VIRTUAL TABLE offer_words USING fts5 (
    words, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0'
);

CREATE TRIGGER offer_words_insert AFTER INSERT ON offer BEGIN
    INSERT INTO offer_words_key (offer_id) VALUES (new.id);
    INSERT INTO offer_words (rowid, words) SELECT number, new.words FROM offer_words_key WHERE offer_id = new.id;
END;
CREATE TRIGGER offer_words_update AFTER UPDATE OF words ON offer BEGIN
    DELETE FROM offer_words WHERE rowid = (SELECT number FROM offer_words_key WHERE offer_id = new.id);
    INSERT INTO offer_words (rowid, words) SELECT number, new.words FROM offer_words_key WHERE offer_id = new.id;
END;
CREATE TRIGGER offer_words_delete AFTER DELETE ON offer BEGIN
    DELETE FROM offer_words WHERE rowid = (SELECT number FROM offer_words_key WHERE offer_id = old.id);
    DELETE FROM offer_words_key WHERE offer_id = old.id;
END;

INSERT INTO offer_words_key (offer_id) SELECT id FROM offer;
INSERT INTO offer_words (rowid, words) SELECT number, '' FROM offer_words_key;
