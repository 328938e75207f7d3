//! One person, one live credential of a program.

use futures_util::future::join_all;
use model::DuplicateScope;
use serde_json::{Value, json};
use support::{Answer, Partner, Server, Setup, on_both};

use super::{assert_error, hash_of, live};

const DUPLICATE: &str = "Duplicate conflict: this person holds a live credential of this program already.";

fn with_policy(partner: &Partner, on_duplicate: &str) -> Value {
    let mut request = partner.request();
    request["onDuplicate"] = on_duplicate.into();
    request
}

on_both!(revoke_is_the_default_and_replaces, async |server: Server| {
    let acme = server.partner("acme").await;
    let token = acme.token("ada@example.com", &server.clock);
    let mut hashes = Vec::new();
    for request in [acme.request(), acme.request(), with_policy(&acme, "revoke")] {
        hashes.push(hash_of(&server.issued(&token, &request).await));
        assert_eq!(live(&server, &token, &hashes).await, hashes[hashes.len() - 1..]);
    }
    hashes.sort_unstable();
    hashes.dedup();
    assert_eq!(hashes.len(), 3, "the same data have another hash each time");
});

on_both!(ignore_answers_with_the_existing_one, async |server: Server| {
    let acme = server.partner("acme").await;
    let bravo = server.partner("bravo").await;
    let token = acme.token("ada@example.com", &server.clock);
    let first = server.issued(&token, &with_policy(&acme, "ignore")).await;
    let mut other_data = with_policy(&acme, "ignore");
    other_data["credentialSubject"] = json!({"age": 99});
    for request in [with_policy(&acme, "ignore"), other_data] {
        assert_eq!(server.issued(&token, &request).await, first);
    }
    assert_eq!(server.store.credential_count().await.expect("a count"), 1);
    // Another person, another program and another tenant have nothing to do with it.
    let eve = acme.token("eve@example.com", &server.clock);
    let program = server.another_program(&acme, |_| ()).await;
    let mut other_program = with_policy(&acme, "ignore");
    other_program["credentialId"] = program.into();
    let mut hashes = vec![hash_of(&first)];
    hashes.push(hash_of(&server.issued(&eve, &with_policy(&acme, "ignore")).await));
    hashes.push(hash_of(&server.issued(&token, &other_program).await));
    assert_eq!(live(&server, &token, &hashes).await, hashes);
    let theirs = bravo.token("ada@example.com", &server.clock);
    let other_tenant = server.issued(&theirs, &with_policy(&bravo, "ignore")).await;
    assert!(!hashes.contains(&hash_of(&other_tenant)));
    assert_eq!(other_tenant["userUuid"], first["userUuid"]);
});

on_both!(a_tenant_may_want_409_instead, async |server: Server| {
    let acme = server.partner("acme").await;
    let token = acme.token("ada@example.com", &server.clock);
    server.change_tenant(&acme, |tenant| tenant.ignore_is_conflict = true).await;
    let first = server.issued(&token, &with_policy(&acme, "ignore")).await;
    assert_error(&server.issue(&token, &with_policy(&acme, "ignore")).await, 409, DUPLICATE);
    assert_eq!(live(&server, &token, &[hash_of(&first)]).await.len(), 1);
    let second = server.issued(&token, &with_policy(&acme, "revoke")).await;
    assert_eq!(live(&server, &token, &[hash_of(&first), hash_of(&second)]).await, [hash_of(&second)]);
});

on_both!(a_program_may_count_all_of_the_same_schema, async |server: Server| {
    let acme = server.partner("acme").await;
    let token = acme.token("ada@example.com", &server.clock);
    let by_schema = |program: &mut model::Program| program.duplicate_scope = DuplicateScope::Schema;
    server.change_program(&acme, by_schema).await;
    let sibling =
        server.another_program(&acme, |program| program.duplicate_scope = DuplicateScope::Schema).await;
    let loner = server.another_program(&acme, |_| ()).await;
    let of = |program: &str, on_duplicate: &str| {
        let mut request = with_policy(&acme, on_duplicate);
        request["credentialId"] = program.into();
        request
    };
    let first = server.issued(&token, &acme.request()).await;
    let same = server.issued(&token, &of(&sibling, "ignore")).await;
    assert_eq!(hash_of(&same), hash_of(&first));
    assert_eq!(same["credentialId"], sibling, "the id is echoed as it was sent");
    let alone = server.issued(&token, &of(&loner, "ignore")).await;
    let second = server.issued(&token, &of(&sibling, "revoke")).await;
    let hashes = [&first, &alone, &second].map(hash_of);
    assert_eq!(live(&server, &token, &hashes).await, hashes[1..]);
});

on_both!(revoked_and_expired_credentials_are_no_duplicates, async |server: Server| {
    let acme = server.partner("acme").await;
    server.change_tenant(&acme, |tenant| tenant.ignore_is_conflict = true).await;
    server.change_program(&acme, |program| program.validity_seconds = Some(60)).await;
    let issue = async || {
        let token = acme.token("ada@example.com", &server.clock);
        server.issue(&token, &with_policy(&acme, "ignore")).await
    };
    let first = hash_of(&issue().await.json());
    assert_error(&issue().await, 409, DUPLICATE);
    server.clock.advance(61);
    let second = hash_of(&issue().await.json());
    assert_error(&issue().await, 409, DUPLICATE);
    let parsed = second.parse().expect("a hash");
    server.engine.revoke(&model::Actor::operator(), &acme.id.as_str().into(), parsed).await.expect("revoked");
    let third = hash_of(&issue().await.json());
    let token = acme.token("ada@example.com", &server.clock);
    let status = async |hash: &str| server.status(&token, hash).await.json()["vcStatus"].clone();
    assert_eq!(status(&first).await, "EXPIRE", "it was not revoked: it had expired");
    assert_eq!(live(&server, &token, &[first.clone(), second, third.clone()]).await, [third]);
});

/// All answers are 200; the hashes they name.
fn hashes_of(answers: &[Answer]) -> Vec<String> {
    let mut hashes: Vec<String> = answers
        .iter()
        .map(|answer| {
            assert_eq!(answer.status, 200, "{}", answer.text);
            hash_of(&answer.json())
        })
        .collect();
    hashes.sort_unstable();
    hashes.dedup();
    hashes
}

on_both!(many_replacements_at_once_leave_one_live_credential, async |server: Server| {
    let acme = server.partner("acme").await;
    let token = acme.token("ada@example.com", &server.clock);
    let request = acme.request();
    let answers = join_all((0..24).map(|_| server.issue(&token, &request))).await;
    let hashes = hashes_of(&answers);
    assert_eq!(hashes.len(), 24, "each of them issued");
    assert_eq!(live(&server, &token, &hashes).await.len(), 1);
});

on_both!(many_ignoring_requests_at_once_issue_one_credential, async |server: Server| {
    let acme = server.partner("acme").await;
    let token = acme.token("ada@example.com", &server.clock);
    let request = with_policy(&acme, "ignore");
    let answers = join_all((0..24).map(|_| server.issue(&token, &request))).await;
    assert_eq!(hashes_of(&answers).len(), 1);
    assert_eq!(server.store.credential_count().await.expect("a count"), 1);
});

on_both!(replicas_leave_one_live_credential, async |server: Server| {
    let acme = server.partner("acme").await;
    let replica = server.replica(Setup::default()).await;
    let token = acme.token("ada@example.com", &server.clock);
    let servers = [&server, &replica];
    let revoke = acme.request();
    let answers = join_all((0..24).map(|place| servers[place % 2].issue(&token, &revoke))).await;
    let hashes = hashes_of(&answers);
    assert_eq!(hashes.len(), 24);
    for server in servers {
        assert_eq!(live(server, &token, &hashes).await.len(), 1);
    }
    let eve = acme.token("eve@example.com", &server.clock);
    let ignore = with_policy(&acme, "ignore");
    let answers = join_all((0..24).map(|place| servers[place % 2].issue(&eve, &ignore))).await;
    assert_eq!(hashes_of(&answers).len(), 1);
});
