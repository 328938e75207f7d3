//! The store's promises where HTTP does not reach, the same on both databases.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use keys::{MasterKey, new_key};
use model::{
    Actor, AuditAction, AuditEvent, AuditEventId, CoreClaimHash, CredentialId, Email, Entropy, Holder,
    HolderId, IssuerId, KeyPurpose, KeyState, LeafOp, StoredKey, TenantId, Timestamp,
};
use store::{
    CommitOutcome, HolderPlan, IdempotencyRecord, IssuancePlan, Lease, LogHead, LogTile, LogUpdate,
    NewCredential, Revocation, SnapshotQuery, StatusQuery, Store, StoreError,
};
use support::{Database, Partner, Server, Setup, SystemEntropy, on_both, query_texts};
use tempfile::TempDir;

const NOW: Timestamp = Timestamp(1_800_000_000_000_000);

/// A server whose log grows only when the test says so.
async fn quiet(server: &Server) -> Server {
    server.afresh(Setup { sequencer: false, ..Setup::default() }).await
}

async fn take(store: &Store, owner: &str, now: Timestamp) -> Option<Lease> {
    store.take_lease("test", owner, now, now.plus_seconds(10)).await.expect("answers")
}

on_both!(a_lease_has_one_owner_until_it_expires, async |server: Server| {
    let store = &server.store;
    let first = take(store, "a", NOW).await.expect("it is free");
    assert_eq!(take(store, "b", NOW.plus_seconds(9)).await, None, "it is taken");
    assert_eq!(
        take(store, "a", NOW.plus_seconds(9)).await.as_ref(),
        Some(&first),
        "renewing keeps the epoch"
    );
    assert_eq!(take(store, "b", NOW.plus_seconds(18)).await, None, "it was renewed until 19");
    let second = take(store, "b", NOW.plus_seconds(19)).await.expect("it has expired");
    assert!(second.epoch() > first.epoch());
    assert_eq!(take(store, "a", NOW.plus_seconds(20)).await, None, "it is another's now");

    store.release_lease(&first).await.expect("answers");
    assert_eq!(take(store, "a", NOW.plus_seconds(20)).await, None, "who lost it cannot give it back");
    store.release_lease(&second).await.expect("answers");
    let third = take(store, "a", NOW.plus_seconds(20)).await.expect("it was given back");
    assert!(third.epoch() > second.epoch());
    let other = store.take_lease("other", "b", NOW, NOW.plus_seconds(10)).await.expect("answers");
    assert_eq!(other.expect("leases of other names are their own").epoch(), 1);
});

on_both!(one_of_many_gets_a_lease, async |server: Server| {
    let owners: Vec<String> = (0..16).map(|number| format!("owner {number}")).collect();
    let taken = join_all(owners.iter().map(|owner| take(&server.store, owner, NOW))).await;
    assert_eq!(taken.iter().flatten().count(), 1);
});

/// A plan to issue by a partner's program to somebody new.
fn plan(partner: &Partner, issuer: &IssuerId, email: &str) -> IssuancePlan {
    let id = CredentialId::mint(NOW, &SystemEntropy);
    let holder = Holder {
        id: HolderId::mint(&SystemEntropy),
        email: Email::parse(email).expect("an address"),
        did: "did:example:holder".to_owned(),
    };
    IssuancePlan {
        tenant: partner.id.as_str().into(),
        holder: HolderPlan { holder, is_new: true },
        duplicate_key: format!("program:{}", partner.program_id),
        occupant: None,
        revocation: None,
        credential: NewCredential {
            leaf: format!("leaf of {id}"),
            id,
            issuer_id: issuer.clone(),
            program_id: partner.program_id.as_str().into(),
            schema_id: partner.schema_id.as_str().into(),
            core_claim_hash: CoreClaimHash((&SystemEntropy as &dyn Entropy).bytes()),
            core_claim: vec![1, 2, 3],
            documents: "{}".to_owned(),
            status_list: 0,
            status_index: 7,
            expires_at: None,
        },
        capped: false,
        idempotency: None,
        events: Vec::new(),
        now: NOW,
    }
}

async fn issuer_of(server: &Server, partner: &Partner) -> IssuerId {
    server.store.issuer_by_did(&partner.issuer_did).await.expect("answers").expect("is there").id
}

async fn commit(server: &Server, plan: &IssuancePlan) -> CommitOutcome {
    server.store.commit_issuance(plan.clone()).await.expect("answers")
}

/// How many rows there are of all that an issuance writes, and what capped programs have counted.
async fn traces(server: &Server) -> Vec<String> {
    let counts = ["credential", "holder", "live_credential", "ledger_entry", "idempotency"]
        .map(|table| format!("SELECT '{table} ' || COUNT(*) FROM {table}"));
    let sql = format!(
        "{} UNION ALL SELECT 'issued ' || issued FROM program \
         UNION ALL SELECT 'revoked ' || COUNT(*) FROM credential WHERE revoked_at IS NOT NULL ORDER BY 1",
        counts.join(" UNION ALL ")
    );
    query_texts(&server.database_url, &sql).await
}

on_both!(a_plan_that_lost_a_race_leaves_no_trace, async |server: Server| {
    let server = quiet(&server).await;
    let partner = server.partner("acme").await;
    let issuer = issuer_of(&server, &partner).await;
    let record = |answer: &str| {
        Some(IdempotencyRecord { key_hash: [1; 32], request_hash: [2; 32], answer: answer.to_owned() })
    };
    let mut first = plan(&partner, &issuer, "ada@example.com");
    first.idempotency = record("first");
    assert_eq!(commit(&server, &first).await, CommitOutcome::Committed);
    let before = traces(&server).await;

    // The person is there already.
    let same_person = plan(&partner, &issuer, "ADA@example.com");
    // Somebody else's key.
    let mut same_key = plan(&partner, &issuer, "grace@example.com");
    same_key.idempotency = record("second");
    // The place is taken.
    let mut taken = plan(&partner, &issuer, "ada@example.com");
    taken.holder = HolderPlan { is_new: false, ..first.holder.clone() };
    // The place is held by another credential than expected.
    let mut replaced = taken.clone();
    replaced.occupant = Some("another".into());
    // What is to be revoked is not there, or not this tenant's.
    let mut nothing_to_revoke = taken.clone();
    nothing_to_revoke.occupant = Some(first.credential.id.clone());
    nothing_to_revoke.revocation = Some(Revocation { credential_id: "another".into(), leaf: "x".into() });
    for (plan, what) in [
        (same_person, "a new person who is not new"),
        (same_key, "an idempotency key in use"),
        (taken, "a place that is taken"),
        (replaced, "a place that another took"),
        (nothing_to_revoke, "a revocation of nothing"),
    ] {
        assert_eq!(commit(&server, &plan).await, CommitOutcome::Raced, "{what}");
        assert_eq!(traces(&server).await, before, "{what}");
    }
    let kept = server.store.kept_answer(&partner.id.as_str().into(), [1; 32]).await.expect("answers");
    assert_eq!(kept, first.idempotency);
});

on_both!(a_plan_over_the_cap_leaves_no_trace, async |server: Server| {
    let server = quiet(&server).await;
    let partner = server.partner("acme").await;
    let issuer = issuer_of(&server, &partner).await;
    server.change_program(&partner, |program| program.cap = Some(1)).await;
    let capped = |email: &str| IssuancePlan { capped: true, ..plan(&partner, &issuer, email) };
    assert_eq!(commit(&server, &capped("ada@example.com")).await, CommitOutcome::Committed);
    let before = traces(&server).await;
    assert!(before.contains(&"issued 1".to_owned()), "{before:?}");
    let mut over = capped("grace@example.com");
    over.idempotency =
        Some(IdempotencyRecord { key_hash: [1; 32], request_hash: [2; 32], answer: String::new() });
    assert_eq!(commit(&server, &over).await, CommitOutcome::CapReached);
    assert_eq!(traces(&server).await, before);
});

on_both!(a_plan_that_fails_does_not_take_its_batch_along, async |server: Server| {
    let server = quiet(&server).await;
    let partner = server.partner("acme").await;
    let issuer = issuer_of(&server, &partner).await;
    server.change_program(&partner, |program| program.cap = Some(30)).await;
    assert_eq!(commit(&server, &plan(&partner, &issuer, "ada@example.com")).await, CommitOutcome::Committed);
    // One after another they would be 40 batches; sent at once they are a few.
    let plans: Vec<IssuancePlan> = (0..40)
        .map(|number| {
            let mut plan = plan(&partner, &issuer, &format!("person{number}@example.com"));
            plan.capped = true;
            if number % 10 == 3 {
                plan.occupant = Some("another".into());
            }
            plan
        })
        .collect();
    let outcomes = join_all(plans.iter().map(|plan| commit(&server, plan))).await;
    let count = |wanted| outcomes.iter().filter(|outcome| **outcome == wanted).count();
    for (number, outcome) in outcomes.iter().enumerate() {
        assert_eq!(*outcome == CommitOutcome::Raced, number % 10 == 3, "{number}: {outcome:?}");
    }
    assert_eq!((count(CommitOutcome::Committed), count(CommitOutcome::CapReached)), (30, 6));
    for (plan, outcome) in plans.iter().zip(outcomes) {
        let query = StatusQuery { tenant: plan.tenant.clone(), hash: plan.credential.core_claim_hash };
        let found = server.store.credential_status(query).await.expect("answers");
        assert_eq!(found.is_some(), outcome == CommitOutcome::Committed);
    }
    assert!(traces(&server).await.contains(&"issued 30".to_owned()), "{:?}", traces(&server).await);
});

/// What the audit trail says of a revocation.
fn revocation(tenant: &TenantId, id: &CredentialId) -> AuditEvent {
    AuditEvent {
        id: AuditEventId::mint(NOW, &SystemEntropy),
        tenant_id: tenant.clone(),
        at: NOW,
        actor: Actor::operator(),
        action: AuditAction::RevokeCredential,
        target: id.to_string(),
        result: "ok".to_owned(),
    }
}

on_both!(what_is_a_tenants_is_nobody_elses, async |server: Server| {
    let (acme, umbrella) = (server.partner("acme").await, server.partner("umbrella").await);
    let issuer = issuer_of(&server, &acme).await;
    let plan = plan(&acme, &issuer, "ada@example.com");
    assert_eq!(commit(&server, &plan).await, CommitOutcome::Committed);
    let (store, id) = (&server.store, &plan.credential.id);
    for (partner, is_owner) in [(&umbrella, false), (&acme, true)] {
        let tenant = TenantId::from(partner.id.as_str());
        let query = StatusQuery { tenant: tenant.clone(), hash: plan.credential.core_claim_hash };
        assert_eq!(store.credential_status(query).await.expect("answers").is_some(), is_owner);
        assert_eq!(store.issued_credential(&tenant, id).await.expect("answers").is_some(), is_owner);
        assert_eq!(store.leaf(&tenant, id, LeafOp::Issue).await.expect("answers").is_some(), is_owner);
        let program = acme.program_id.as_str().into();
        assert_eq!(store.program(&tenant, &program).await.expect("answers").is_some(), is_owner);
        let email = plan.holder.holder.email.clone();
        let query =
            SnapshotQuery { tenant: tenant.clone(), email, duplicate_key: plan.duplicate_key.clone() };
        let snapshot = store.issuance_snapshot(query).await.expect("answers");
        assert_eq!(snapshot.occupant.is_some(), is_owner);
        assert_eq!(
            store.revoke(&tenant, id, "revoked", &revocation(&tenant, id)).await.expect("answers"),
            is_owner
        );
        assert!(
            !store.revoke(&tenant, id, "again", &revocation(&tenant, id)).await.expect("answers"),
            "revoked once at most"
        );
    }
});

/// The log's state, as far as an update could change it.
async fn log_state(server: &Server) -> (Option<LogHead>, usize, Vec<LogTile>) {
    let store = &server.store;
    (
        store.log_head(server.log.origin()).await.expect("answers"),
        store.pending_leaves(100).await.expect("answers").len(),
        store.log_tiles(&[(0, 0), (-1, 0)]).await.expect("answers"),
    )
}

fn update<'a>(origin: &'a str, old_size: i64, entries: &[String]) -> LogUpdate<'a> {
    LogUpdate {
        origin,
        old_size,
        head: LogHead { size: old_size + entries.len() as i64, checkpoint: format!("from {old_size}") },
        entries: entries.to_vec(),
        tiles: vec![LogTile { level: 0, place: 0, data: vec![old_size as u8] }],
    }
}

on_both!(the_log_takes_a_whole_step_or_none, async |server: Server| {
    let server = quiet(&server).await;
    let partner = server.partner("acme").await;
    let issuer = issuer_of(&server, &partner).await;
    let mut ids = Vec::new();
    for email in ["ada@example.com", "grace@example.com", "joan@example.com"] {
        let plan = plan(&partner, &issuer, email);
        assert_eq!(commit(&server, &plan).await, CommitOutcome::Committed);
        ids.push(format!("{}/issue", plan.credential.id));
    }
    let (store, origin) = (&server.store, server.log.origin());
    let old = take(store, "a", NOW).await.expect("free");
    let current = take(store, "b", NOW.plus_seconds(10)).await.expect("expired");
    store.append_to_log(&current, update(origin, 0, &ids[..1]), NOW).await.expect("a good step");
    let before = log_state(&server).await;
    assert_eq!(before.0.as_ref().map(|head| head.size), Some(1));

    let unknown = ["nobody/issue".to_owned()];
    let mixed = [ids[1].clone(), ids[0].clone()];
    for (lease, update, what) in [
        (&old, update(origin, 1, &ids[1..2]), "a lease that was lost"),
        (&current, update(origin, 0, &ids[1..2]), "a size that the log has left"),
        (&current, update(origin, 2, &ids[1..2]), "a size that the log does not have yet"),
        (&current, update("another.example/log", 1, &ids[1..2]), "a log that is not there"),
        (&current, update(origin, 1, &mixed), "an entry that is a leaf already"),
        (&current, update(origin, 1, &unknown), "an entry that does not exist"),
    ] {
        let refused = store.append_to_log(lease, update, NOW).await.expect_err(what);
        assert!(matches!(refused, StoreError::Raced(_)), "{what}: {refused}");
        assert_eq!(log_state(&server).await, before, "{what}");
    }
    store.release_lease(&current).await.expect("answers");
    let third = take(store, "a", NOW).await.expect("free");
    let refused = store.append_to_log(&current, update(origin, 1, &ids[1..2]), NOW).await;
    assert!(matches!(refused, Err(StoreError::Raced(_))), "{refused:?}");
    store.append_to_log(&third, update(origin, 1, &ids[1..]), NOW).await.expect("a good step");
    let (head, pending, _) = log_state(&server).await;
    assert_eq!((head.map(|head| head.size), pending), (Some(3), 0));
});

fn key(owner: &str, state: KeyState) -> StoredKey {
    new_key(&MasterKey::from_bytes([1; 32]), owner, KeyPurpose::Credential, state, &SystemEntropy)
}

/// An owner's keys by kid, with their states.
async fn states(store: &Store, owner: &str) -> BTreeMap<String, KeyState> {
    let keys = store.keys(owner).await.expect("answers");
    keys.into_iter().map(|key| (key.kid.to_string(), key.state)).collect()
}

on_both!(a_rotation_moves_every_key_one_step, async |server: Server| {
    let store = &server.store;
    let keys = [KeyState::Current, KeyState::Next, KeyState::Next].map(|state| key("owner", state));
    let [current, next, newest] = &keys;
    store.insert_key(current, NOW).await.expect("inserts");
    let refused = store.rotate_key(next, NOW).await.expect_err("there is no next key");
    assert!(matches!(refused, StoreError::Raced(_)), "{refused}");
    let alone = BTreeMap::from([(current.kid.to_string(), KeyState::Current)]);
    assert_eq!(states(store, "owner").await, alone);

    store.insert_key(next, NOW).await.expect("inserts");
    for state in [KeyState::Current, KeyState::Next] {
        let refused = store.insert_key(&key("owner", state), NOW).await.expect_err("one in a state");
        assert!(matches!(refused, StoreError::Exists(_)), "{refused}");
    }
    store.rotate_key(newest, NOW).await.expect("rotates");
    let wanted = BTreeMap::from([
        (current.kid.to_string(), KeyState::Previous),
        (next.kid.to_string(), KeyState::Current),
        (newest.kid.to_string(), KeyState::Next),
    ]);
    assert_eq!(states(store, "owner").await, wanted);
    store.insert_key(&key("another", KeyState::Current), NOW).await.expect("owners are apart");

    let before = states(store, "owner").await;
    let refused = store.rotate_key(&keys[0], NOW).await;
    assert!(refused.is_err(), "a key that is there already");
    assert_eq!(states(store, "owner").await, before);
});

on_both!(a_deployment_value_is_decided_once, async |server: Server| {
    let store = &server.store;
    let values: Vec<String> = (0..8).map(|number| number.to_string()).collect();
    let kept = join_all(values.iter().map(|value| store.deployment_value("name", value))).await;
    let kept: Vec<String> = kept.into_iter().map(|kept| kept.expect("answers")).collect();
    assert!(kept.iter().all(|value| *value == kept[0]), "{kept:?}");
    assert_eq!(store.deployment_value("name", "late").await.expect("answers"), kept[0]);
    assert_eq!(store.deployment_value("other", "late").await.expect("answers"), "late");
});

on_both!(positions_are_given_out_once, async |server: Server| {
    let partner = server.partner("acme").await;
    let issuer = issuer_of(&server, &partner).await;
    let reserve = || server.store.reserve_status_positions(&issuer, 5);
    let mut firsts: Vec<i64> =
        join_all((0..8).map(|_| reserve())).await.into_iter().map(|first| first.expect("answers")).collect();
    firsts.sort_unstable();
    assert_eq!(firsts, (0..8).map(|number| number * 5).collect::<Vec<i64>>());
    assert_eq!(server.store.status_positions(&issuer).await.expect("answers"), 40);
    let refused = server.store.reserve_status_positions(&"nobody".into(), 1).await;
    assert!(matches!(refused, Err(StoreError::Raced(_))), "{refused:?}");
});

on_both!(names_that_must_differ_do, async |server: Server| {
    let (acme, umbrella) = (server.partner("acme").await, server.partner("umbrella").await);
    let store = &server.store;
    let issuer = store.issuer_by_did(&acme.issuer_did).await.expect("answers").expect("is there");
    let tenant = TenantId::from(umbrella.id.as_str());
    let fresh = || IssuerId::mint(NOW, &SystemEntropy);
    let mut same_did = issuer.clone();
    (same_did.id, same_did.tenant_id, same_did.slug) = (fresh(), tenant.clone(), "other".to_owned());
    let mut same_slug = issuer.clone();
    (same_slug.id, same_slug.tenant_id, same_slug.did) = (fresh(), tenant, "did:example:other".to_owned());
    for issuer in [same_did, same_slug] {
        let refused = store.insert_issuer(&issuer, &[], NOW).await.expect_err("taken");
        assert_eq!(refused.to_string(), "an issuer with this DID or slug exists already");
    }
    let tenant = store.tenant(&acme.id.as_str().into()).await.expect("answers").expect("is there");
    let refused = store.insert_tenant(&tenant, NOW).await.expect_err("taken");
    assert_eq!(refused.to_string(), "a tenant with this id exists already");
});

on_both!(migrating_again_changes_nothing, async |server: Server| {
    let partner = server.partner("acme").await;
    let before = traces(&server).await;
    let migrations = join_all((0..4).map(|_| server.store.migrate())).await;
    assert!(migrations.iter().all(Result::is_ok), "{migrations:?}");
    assert_eq!(server.store.pending_migrations().await.expect("answers"), 0);
    assert_eq!(traces(&server).await, before);
    assert!(server.store.tenant(&partner.id.as_str().into()).await.expect("answers").is_some());
});

/// A migrated database and its URL.
async fn migrated(database: Database, folder: &TempDir) -> (Store, String) {
    let url = database.create(folder).await;
    let store = Store::connect(&url, 4).await.expect("opens");
    assert!(store.pending_migrations().await.expect("answers") > 0, "it is empty");
    // Replicas that start at the same time migrate at the same time.
    let second = Store::connect(&url, 4).await.expect("opens");
    let (first, second) = tokio::join!(store.migrate(), second.migrate());
    first.and(second).expect("migrates");
    assert_eq!(store.pending_migrations().await.expect("answers"), 0);
    (store, url)
}

const SQLITE_COLUMNS: &str = "SELECT m.name || '.' || p.name || ' ' || replace(p.type, 'BLOB', 'BYTEA') || ' ' || \
     CASE WHEN p.\"notnull\" THEN 'NOT NULL' ELSE 'NULL' END || ' ' || COALESCE(p.dflt_value, '') \
     FROM sqlite_schema m, pragma_table_info(m.name) p \
     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> '_sqlx_migrations' AND m.name NOT LIKE 'offer_words%'";
// PostgreSQL keeps words as a vector, the days of moments, and the parts of addresses and DIDs; SQLite has a table for words.
const POSTGRES_COLUMNS: &str = "SELECT (table_name || '.' || column_name || ' ' || replace(upper(data_type), 'TSVECTOR', 'TEXT') \
     || ' ' || CASE is_nullable WHEN 'NO' THEN 'NOT NULL' ELSE 'NULL' END || ' ' || \
     replace(replace(COALESCE(column_default, ''), '::tsvector', ''), '::text', ''))::text FROM information_schema.columns \
     WHERE table_schema = 'public' AND table_name NOT IN ('_sqlx_migrations', 'offer_email_shared') \
     AND is_generated = 'NEVER'";

// Indexes that a constraint made have names of the database's own.
const SQLITE_INDEXES: &str = "SELECT m.name || ' ' || CASE WHEN l.origin = 'c' THEN l.name ELSE l.origin END || ' ' || \
     CASE WHEN l.\"unique\" THEN 'unique' ELSE 'plain' END || ' (' || \
     (SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info(l.name) ORDER BY seqno)) || ') ' || \
     CASE WHEN l.partial THEN (SELECT substr(i.sql, instr(i.sql, 'WHERE ') + 6) FROM sqlite_schema i \
     WHERE i.name = l.name) ELSE '' END \
     FROM sqlite_schema m, pragma_index_list(m.name) l \
     WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> '_sqlx_migrations' \
     AND m.name NOT LIKE 'offer_words%'";
const POSTGRES_INDEXES: &str = "SELECT (t.relname || ' ' || \
     CASE WHEN i.indisprimary THEN 'pk' WHEN k.oid IS NOT NULL THEN 'u' ELSE c.relname END || ' ' || \
     CASE WHEN i.indisunique THEN 'unique' ELSE 'plain' END || ' (' || \
     (SELECT string_agg(a.attname, ',' ORDER BY o.place) FROM unnest(i.indkey) WITH ORDINALITY AS o(number, place) \
      JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = o.number WHERE o.place <= i.indnkeyatts) || ') ' || \
     replace(translate(COALESCE(pg_get_expr(i.indpred, i.indrelid), ''), '()', ''), '::text', ''))::text \
     FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam AND m.amname = 'btree' JOIN pg_class t ON t.oid = i.indrelid \
     JOIN pg_namespace n ON n.oid = t.relnamespace LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype = 'u' \
     WHERE n.nspname = 'public' AND t.relname NOT IN ('_sqlx_migrations', 'offer_email_shared') AND NOT EXISTS \
     (SELECT FROM unnest(i.indkey) WITH ORDINALITY AS o(number, place) JOIN pg_attribute a ON a.attrelid = t.oid \
      AND a.attnum = o.number WHERE o.place <= i.indnkeyatts AND a.attgenerated <> '')";

const SQLITE_REFERENCES: &str = "SELECT m.name || '.' || f.\"from\" || ' -> ' || f.\"table\" || '.' || f.\"to\" \
     FROM sqlite_schema m, pragma_foreign_key_list(m.name) f WHERE m.type = 'table'";
const POSTGRES_REFERENCES: &str = "SELECT (t.relname || '.' || a.attname || ' -> ' || r.relname || '.' || b.attname)::text \
     FROM pg_constraint k JOIN pg_class t ON t.oid = k.conrelid JOIN pg_class r ON r.oid = k.confrelid \
     JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.conkey[1] \
     JOIN pg_attribute b ON b.attrelid = r.oid AND b.attnum = k.confkey[1] WHERE k.contype = 'f'";

#[tokio::test]
async fn both_databases_have_the_same_schema() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (sqlite, sqlite_url) = migrated(Database::Sqlite, &folder).await;
    let (postgres, postgres_url) = migrated(Database::Postgres, &folder).await;
    assert_eq!((sqlite.database_name(), postgres.database_name()), ("SQLite", "PostgreSQL"));
    for (in_sqlite, in_postgres, at_least) in [
        (SQLITE_COLUMNS, POSTGRES_COLUMNS, 80),
        (SQLITE_INDEXES, POSTGRES_INDEXES, 15),
        (SQLITE_REFERENCES, POSTGRES_REFERENCES, 6),
    ] {
        let mut sqlite = query_texts(&sqlite_url, in_sqlite).await;
        let mut postgres = query_texts(&postgres_url, in_postgres).await;
        for text in &mut postgres {
            // How PostgreSQL writes a list of values.
            *text = text.replace("= ANY ARRAY[", "IN (").replace(']', ")");
        }
        sqlite.sort();
        postgres.sort();
        assert_eq!(sqlite, postgres);
        assert!(sqlite.len() >= at_least, "{sqlite:#?}");
    }
}
