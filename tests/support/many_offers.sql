-- One tenant with {rows} offers and twenty with a thousand, as an issuer would have them after some months: statuses in thirds, two
-- issuers, five programs, eight users, fifty collections, two domains, a name of two words out of a thousand each, claims that few,
-- many or all offers share. The tenants' ids end in their number, 000 for the large one.
CREATE FUNCTION pg_temp.pseudo(seed text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT md5(seed)::uuid::text $$;
CREATE FUNCTION pg_temp.tenant(number int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT '00000000-0000-4000-8000-000000000' || lpad(number::text, 3, '0') $$;

-- Indexes are made afterwards, which is several times as fast.
CREATE TEMPORARY TABLE later AS
    SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'offer' AND indexdef NOT LIKE 'CREATE UNIQUE%';
DO $$ DECLARE index record; BEGIN
    FOR index IN SELECT * FROM later LOOP EXECUTE 'DROP INDEX ' || index.indexname; END LOOP;
END $$;

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

-- The words that the store would have learned to be common by then (store::common_words), column by column.
CREATE TEMPORARY TABLE vocabulary AS
    SELECT place, row_number() OVER (PARTITION BY place) - 1 AS bit, word FROM (
        SELECT 0 AS place, unnest('{atlantis,2025,example,com,did,bsv,cohort,org}'::text[]) AS word
        UNION ALL SELECT 0, 'degree' || d FROM generate_series(0, 7) d
        UNION ALL SELECT 1, lpad(m::text, 2, '0') FROM generate_series(1, 12) m
        UNION ALL SELECT 2, d::text FROM generate_series(13, 28) d) learned;
INSERT INTO common_words (tenant_id, words) SELECT pg_temp.tenant(0), string_agg(words, E'\n' ORDER BY place)
    FROM (SELECT place, string_agg(word, ' ' ORDER BY bit) AS words FROM vocabulary GROUP BY place) columns;

WITH codes AS MATERIALIZED (
    SELECT jsonb_object_agg(word, 1::bigint << bit::int) FILTER (WHERE place = 0) AS bits_0,
        jsonb_object_agg(word, 1::bigint << bit::int) FILTER (WHERE place = 1) AS bits_1,
        jsonb_object_agg(word, 1::bigint << bit::int) FILTER (WHERE place = 2) AS bits_2, array_agg(word) AS words FROM vocabulary
), number AS (
    SELECT n, t, abs(hashint8(n)) AS h, abs(hashint8(n + 77777777)) % 5 + 1 AS program, abs(hashint8(n + 99999999)) % 3 AS status,
        abs(hashint8(n + 55555555)) AS g, 1735689600000000 + n * 30000000::bigint AS made
    FROM generate_series(0, 20) t, LATERAL generate_series(1, CASE WHEN t = 0 THEN {rows} ELSE 1000 END) n
), text AS (
    SELECT *,
        CASE WHEN h % 10 > 0 THEN 'name' || h % 1000 || '.u' || t || 'x' || n || '@example.' || (CASE WHEN h % 10 > 2 THEN 'com' ELSE 'org' END) END AS email,
        CASE WHEN h % 3 > 0 THEN pg_temp.pseudo('reference' || t || '/' || n) END AS reference,
        CASE WHEN status > 0 THEN 'did:bsv:' || md5('a' || t || '/' || n) || md5('b' || t || '/' || n) END AS subject,
        'Name' || h % 1000 || ' Word' || h / 7 % 1000 AS name, 'Degree' || g % 8 AS degree, 'Department' || g / 8 % 60 AS department,
        '2025-' || lpad((g / 480 % 12 + 1)::text, 2, '0') || '-' || lpad((g / 5760 % 28 + 1)::text, 2, '0') AS date
    FROM number
), worded AS (
    SELECT *, array_remove(regexp_split_to_array(lower(concat_ws(' ', name, 'atlantis', degree, department, date, email, reference, subject,
        CASE WHEN h % 2 = 0 THEN 'cohort ' || h / 2 % 50 END)), '[^a-z0-9]+'), '') AS words
    FROM text
)
INSERT INTO offer (id, tenant_id, issuer_id, program_id, profile_id, collection_id, email, reference_id, claims, status,
    credential_id, subject, revocation_id, issued_at, revoked_at, revoked_by, revocation_reason, expires_at, email_sent,
    revocation_email_sent, created_at, created_by, updated_at, updated_by, words, common_0, common_1, common_2)
SELECT pg_temp.pseudo('offer' || t || '/' || n), pg_temp.tenant(t), pg_temp.pseudo('issuer' || t || '/' || (program / 4 + 1)), 'program' || t || '-' || program,
    pg_temp.pseudo('profile' || t), CASE WHEN h % 2 = 0 THEN pg_temp.pseudo('collection' || t || '/' || h / 2 % 50) END, email, reference,
    json_build_array(
        json_build_object('id', pg_temp.pseudo('c' || n), 'dataType', 'string', 'claimName', 'fullName', 'claimValue', name),
        json_build_object('id', pg_temp.pseudo('d' || n), 'dataType', 'string', 'claimName', 'country', 'claimValue', 'Atlantis'),
        json_build_object('id', pg_temp.pseudo('e' || n), 'dataType', 'string', 'claimName', 'degree', 'claimValue', degree),
        json_build_object('id', pg_temp.pseudo('f' || n), 'dataType', 'string', 'claimName', 'department', 'claimValue', department),
        json_build_object('id', pg_temp.pseudo('g' || n), 'dataType', 'date', 'claimName', 'date', 'claimValue', date))::text,
    (ARRAY['ready_to_claim', 'claimed', 'revoked'])[status + 1], CASE WHEN status > 0 THEN pg_temp.pseudo('credential' || t || '/' || n) END, subject,
    CASE WHEN status > 0 THEN decode(md5('r' || n) || md5('s' || n), 'hex') END,
    CASE WHEN status > 0 THEN made + 3600000000 END, CASE WHEN status = 2 THEN made + 7200000000 END,
    CASE WHEN status = 2 THEN pg_temp.pseudo('user' || h / 3 % 8) END, CASE WHEN status = 2 THEN 'Credential compromised' END,
    CASE WHEN h % 3 > 0 THEN made + 31536000000000 END, TRUE, status = 2, made, pg_temp.pseudo('user' || h % 8),
    made + status * (h % 100000)::bigint * 1000000, pg_temp.pseudo('user' || h / 3 % 8),
    ts_delete(array_to_tsvector(worded.words || ('tenant' || encode(pg_temp.tenant(t)::bytea, 'hex'))),
        CASE WHEN t = 0 THEN codes.words ELSE '{}' END), shared.bits_0, shared.bits_1, shared.bits_2
FROM worded, codes, LATERAL (
    SELECT coalesce(bit_or((codes.bits_0 ->> word)::bigint), 0) AS bits_0,
        coalesce(bit_or((codes.bits_1 ->> word)::bigint), 0) AS bits_1,
        coalesce(bit_or((codes.bits_2 ->> word)::bigint), 0) AS bits_2
    FROM unnest(CASE WHEN t = 0 THEN worded.words ELSE '{}' END) AS word) shared;

DO $$ DECLARE index record; BEGIN
    FOR index IN SELECT * FROM later LOOP EXECUTE index.indexdef; END LOOP;
END $$;
