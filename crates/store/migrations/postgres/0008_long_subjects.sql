-- A DID that holds its key may have 2,048 bytes, and an entry of an index no more than 2,704: not the whole DID and its own part.
DROP INDEX offer_subject;
CREATE INDEX offer_subject ON offer (tenant_id, subject) WHERE deleted_at IS NULL;
CREATE INDEX offer_subject_own ON offer (tenant_id, subject_own) INCLUDE (subject_shared) WHERE deleted_at IS NULL;
