-- One tenant with {rows} offers and twenty with a thousand, as an issuer would have them after some months: statuses in thirds, two
-- issuers, five programs, eight users, fifty collections, a name of two words out of a thousand each, and words that all share.
-- The tenants' ids end in their number, 000 for the large one.
CREATE FUNCTION pg_temp.pseudo(seed text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT md5(seed)::uuid::text $$;
CREATE FUNCTION pg_temp.tenant(number int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT '00000000-0000-4000-8000-000000000' || lpad(number::text, 3, '0') $$;

INSERT INTO tenant (id, name, issue_on_behalf, ignore_is_conflict, created_at)
    SELECT pg_temp.tenant(t), 'Tenant ' || t, FALSE, FALSE, 0 FROM generate_series(0, 20) t;
INSERT INTO environment (id, tenant_id, own_offers_only)
    SELECT lpad(t::text, 16, '0'), pg_temp.tenant(t), FALSE FROM generate_series(0, 20) t;
INSERT INTO issuer (id, tenant_id, slug, did, name, created_at)
    SELECT pg_temp.pseudo('issuer' || t || '/' || i), pg_temp.tenant(t), 'slug-' || t || '-' || i, 'did:web:issuer' || i || '.tenant' || t || '.example',
        'Issuer ' || i, 0 FROM generate_series(0, 20) t, generate_series(1, 2) i;
INSERT INTO subject_schema (id, tenant_id, document, created_at)
    SELECT pg_temp.pseudo('schema' || t), pg_temp.tenant(t), '{}', 0 FROM generate_series(0, 20) t;
INSERT INTO program (id, tenant_id, issuer_id, schema_id, name, type_name, formats, published, duplicate_scope, created_at)
    SELECT 'program' || t || '-' || p, pg_temp.tenant(t), pg_temp.pseudo('issuer' || t || '/' || (p / 4 + 1)), pg_temp.pseudo('schema' || t),
        'Program' || p || ' Name', 'Type' || p || 'Credential', 'jwt_vc_json', TRUE, 'tenant', 0
    FROM generate_series(0, 20) t, generate_series(1, 5) p;
INSERT INTO organisation_profile (id, tenant_id, name, is_default, created_at, created_by, updated_at, updated_by)
    SELECT pg_temp.pseudo('profile' || t), pg_temp.tenant(t), 'Profile', TRUE, 0, 'x', 0, 'x' FROM generate_series(0, 20) t;
INSERT INTO collection (id, tenant_id, name, created_at, created_by)
    SELECT pg_temp.pseudo('collection' || t || '/' || c), pg_temp.tenant(t), 'Cohort ' || c, 0, 'x'
    FROM generate_series(0, 20) t, generate_series(0, 49) c;

WITH number AS (
    SELECT n, t, abs(hashint8(n)) AS h, abs(hashint8(n + 77777777)) % 5 + 1 AS program, abs(hashint8(n + 99999999)) % 3 AS status,
        1735689600000000 + n * 30000000::bigint AS made
    FROM generate_series(0, 20) t, LATERAL generate_series(1, CASE WHEN t = 0 THEN {rows} ELSE 1000 END) n
), text AS (
    SELECT *,
        CASE WHEN h % 10 > 0 THEN 'name' || h % 1000 || '.u' || t || 'x' || n || '@example.com' END AS email,
        CASE WHEN h % 3 > 0 THEN pg_temp.pseudo('reference' || t || '/' || n) END AS reference,
        CASE WHEN status > 0 THEN 'did:bsv:' || md5('a' || t || '/' || n) || md5('b' || t || '/' || n) END AS subject,
        'Name' || h % 1000 || ' Word' || h / 7 % 1000 AS name
    FROM number
)
INSERT INTO offer (id, tenant_id, issuer_id, program_id, profile_id, collection_id, email, reference_id, claims, status,
    credential_id, subject, revocation_id, issued_at, revoked_at, revoked_by, revocation_reason, expires_at, email_sent,
    revocation_email_sent, created_at, created_by, updated_at, updated_by, words)
SELECT pg_temp.pseudo('offer' || t || '/' || n), pg_temp.tenant(t), pg_temp.pseudo('issuer' || t || '/' || (program / 4 + 1)), 'program' || t || '-' || program,
    pg_temp.pseudo('profile' || t), CASE WHEN h % 2 = 0 THEN pg_temp.pseudo('collection' || t || '/' || h / 2 % 50) END, email, reference,
    json_build_array(
        json_build_object('id', pg_temp.pseudo('c' || n), 'dataType', 'string', 'claimName', 'fullName', 'claimValue', name),
        json_build_object('id', pg_temp.pseudo('d' || n), 'dataType', 'string', 'claimName', 'country', 'claimValue', 'Atlantis'))::text,
    (ARRAY['ready_to_claim', 'claimed', 'revoked'])[status + 1], CASE WHEN status > 0 THEN pg_temp.pseudo('credential' || t || '/' || n) END, subject,
    CASE WHEN status > 0 THEN decode(md5('r' || n) || md5('s' || n), 'hex') END,
    CASE WHEN status > 0 THEN made + 3600000000 END, CASE WHEN status = 2 THEN made + 7200000000 END,
    CASE WHEN status = 2 THEN pg_temp.pseudo('user' || h / 3 % 8) END, CASE WHEN status = 2 THEN 'Credential compromised' END,
    CASE WHEN h % 3 > 0 THEN made + 31536000000000 END, TRUE, status = 2, made, pg_temp.pseudo('user' || h % 8),
    made + status * (h % 100000)::bigint * 1000000, pg_temp.pseudo('user' || h / 3 % 8),
    array_to_tsvector(array_remove(regexp_split_to_array(lower(concat_ws(' ', 'tenant' || encode(pg_temp.tenant(t)::bytea, 'hex'), name, 'atlantis',
        email, reference, subject, CASE WHEN h % 2 = 0 THEN 'cohort ' || h / 2 % 50 END)), '[^a-z0-9]+'), ''))
FROM text;
