//! Credentials that are signed later, by a worker.

use model::Timestamp;
use serde_json::{Value, json};
use support::{Access, Answer, Environment, Server, Setup, eventually, on_both};
use wallet::WalletKey;

use super::common::{
    asking, begun, change, claims, count, delete, documents, progress, record, refused, sd_jwt, state,
    unauthorized,
};

/// A server on which jobs are done when the test says so, and an environment whose credentials are signed
/// later.
async fn by_hand(server: &Server) -> (Server, Environment) {
    let server = server.afresh(Setup { jobs: false, ..Setup::default() }).await;
    let acme = asking(&server, "acme", |policy| policy.deferred = true).await;
    (server, acme)
}

async fn do_jobs(server: &Server) {
    while server.engine.run_jobs().await.expect("the database answers") > 0 {}
}

/// The transaction of an answer that says "later".
#[track_caller]
fn later(answer: &Answer) -> String {
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let body = answer.json();
    assert!(body["interval"].as_u64().is_some_and(|seconds| seconds > 0), "{body}");
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(2), "{body}");
    body["transaction_id"].as_str().expect("an id").to_owned()
}

async fn ask(server: &Server, access: &Access, key: &WalletKey) -> Answer {
    server.ask_credential(access, sd_jwt(access), &[key]).await
}

async fn poll(server: &Server, access: &Access, id: &str) -> Answer {
    server.post_as(access, "deferred-credential", &json!({"transaction_id": id, "x-odd": 1})).await
}

on_both!(a_wallet_comes_back_for_its_credential, async |server: Server| {
    let (server, acme) = by_hand(&server).await;
    let (id, access) = begun(&server, &acme).await;
    let key = WalletKey::generate();
    let transaction = later(&ask(&server, &access, &key).await);
    assert_eq!(state(&server, &acme, &id).await, "CREDENTIAL_REQUEST_RECEIVED");
    for _ in 0..2 {
        assert_eq!(later(&poll(&server, &access, &transaction).await), transaction);
    }
    assert_eq!(record(&server, &acme, &id).await["status"], "ready_to_claim");
    assert_eq!(count(&server, "credential").await, 0, "nothing is issued yet");
    do_jobs(&server).await;
    assert_eq!(state(&server, &acme, &id).await, "CREDENTIAL_ISSUED");
    let answer = poll(&server, &access, &transaction).await;
    let document = documents(&answer).remove(0);
    assert_eq!(server.verify_sd_jwt(&document).await["cnf"]["jwk"], key.jwk());
    let record = record(&server, &acme, &id).await;
    assert_eq!(record["subject"], vc::did::did_jwk(key.public_key()).as_str());
    // What was fetched is fetched.
    for _ in 0..2 {
        refused(&poll(&server, &access, &transaction).await, 400, "invalid_transaction_id");
    }
    // Whoever lost the answer asks the credential endpoint again.
    let again = ask(&server, &access, &key).await;
    assert_eq!(documents(&again), [document]);
    assert_eq!(count(&server, "delivery").await, 1);
});

on_both!(the_worker_signs_without_being_asked, async |server: Server| {
    let acme = asking(&server, "acme", |policy| policy.deferred = true).await;
    let (_, access) = begun(&server, &acme).await;
    let transaction = later(&ask(&server, &access, &WalletKey::generate()).await);
    let mut answer = poll(&server, &access, &transaction).await;
    eventually("it is signed", async || {
        if answer.status == 202 {
            answer = poll(&server, &access, &transaction).await;
        }
        answer.status != 202
    })
    .await;
    assert_eq!(documents(&answer).len(), 1);
});

on_both!(a_transaction_is_of_one_token, async |server: Server| {
    let (server, acme) = by_hand(&server).await;
    let umbrella = asking(&server, "umbrella", |policy| policy.deferred = true).await;
    let (_, access) = begun(&server, &acme).await;
    let transaction = later(&ask(&server, &access, &WalletKey::generate()).await);
    let (_, other) = begun(&server, &acme).await;
    let (_, foreign) = begun(&server, &umbrella).await;
    for done in [false, true] {
        if done {
            do_jobs(&server).await;
        }
        for stranger in [&other, &foreign] {
            refused(&poll(&server, stranger, &transaction).await, 400, "invalid_transaction_id");
        }
        for unknown in ["", "x", "A".repeat(22).as_str(), &transaction[1..]] {
            refused(&poll(&server, &access, unknown).await, 400, "invalid_transaction_id");
        }
    }
    let mut nobody = access.clone();
    nobody.token = "x".to_owned();
    unauthorized(&poll(&server, &nobody, &transaction).await, "Bearer", "invalid_token");
    documents(&poll(&server, &access, &transaction).await);
});

on_both!(a_request_that_names_no_transaction_is_refused, async |server: Server| {
    let (server, acme) = by_hand(&server).await;
    let (_, access) = begun(&server, &acme).await;
    for body in [json!({}), json!({"transaction_id": 7}), json!({"transaction_id": null}), json!([])] {
        let answer = server.post_as(&access, "deferred-credential", &body).await;
        refused(&answer, 400, "invalid_credential_request");
    }
});

on_both!(asked_twice_it_is_one_transaction, async |server: Server| {
    let (server, acme) = by_hand(&server).await;
    let (_, access) = begun(&server, &acme).await;
    let (one, two) = (WalletKey::generate(), WalletKey::generate());
    let first = later(&ask(&server, &access, &one).await);
    assert_eq!(later(&ask(&server, &access, &one).await), first);
    let second = later(&ask(&server, &access, &two).await);
    assert_ne!(second, first);
    do_jobs(&server).await;
    let copies = [poll(&server, &access, &first).await, poll(&server, &access, &second).await];
    let keys: Vec<Value> =
        copies.iter().map(|answer| claims(&documents(answer)[0])["cnf"]["jwk"].clone()).collect();
    assert_eq!(keys, [one.jwk(), two.jwk()]);
    assert_eq!((count(&server, "credential").await, count(&server, "delivery").await), (1, 2));
});

on_both!(a_nonce_is_used_up_when_the_request_is_taken, async |server: Server| {
    let (server, acme) = by_hand(&server).await;
    let (_, access) = begun(&server, &acme).await;
    let (_, other) = begun(&server, &acme).await;
    let proofs = server.proofs(&access.offer, &[&WalletKey::generate()]).await;
    later(&crate::wallet::common::ask(&server, &access, &proofs).await);
    refused(&crate::wallet::common::ask(&server, &access, &proofs).await, 400, "invalid_nonce");
    refused(&crate::wallet::common::ask(&server, &other, &proofs).await, 400, "invalid_nonce");
});

/// What becomes of a request that was taken when this happens before it is signed: it is denied, and
/// nothing is issued.
async fn denied_after(
    server: &Server,
    acme: &Environment,
    happens: impl AsyncFnOnce(&str),
) -> (String, String) {
    let (id, access) = begun(server, acme).await;
    let transaction = later(&ask(server, &access, &WalletKey::generate()).await);
    happens(&id).await;
    do_jobs(server).await;
    let answer = poll(server, &access, &transaction).await;
    let reason = refused(&answer, 400, "credential_request_denied");
    assert_eq!(count(server, "delivery").await, 0);
    assert!(server.store.jobs(10).await.expect("the database answers").is_empty(), "it is not tried again");
    (id, reason)
}

on_both!(an_offer_that_was_deleted_meanwhile_is_denied, async |server: Server| {
    let (server, acme) = by_hand(&server).await;
    denied_after(&server, &acme, async |id| assert_eq!(delete(&server, &acme, id).await, 204)).await;
});

on_both!(a_program_that_was_withdrawn_meanwhile_is_denied, async |server: Server| {
    let (server, acme) = by_hand(&server).await;
    let withdraw = async |_: &str| change(&server, &acme, |program| program.published = false).await;
    denied_after(&server, &acme, withdraw).await;
});

on_both!(a_program_that_closed_meanwhile_is_denied_and_the_page_says_so, async |server: Server| {
    let (server, acme) = by_hand(&server).await;
    let past = Timestamp::from_seconds(server.clock_seconds() - 1);
    let close = async |_: &str| change(&server, &acme, |program| program.closes_at = Some(past)).await;
    let (id, reason) = denied_after(&server, &acme, close).await;
    let seen = progress(&server, &acme, &id).await;
    assert_eq!((&seen["status"], &seen["error"]), (&json!("ERROR"), &json!(reason)));
    // The offer is as claimable as before.
    change(&server, &acme, |program| program.closes_at = None).await;
    assert_eq!(record(&server, &acme, &id).await["status"], "ready_to_claim");
});

on_both!(a_wallet_that_was_denied_may_ask_again, async |server: Server| {
    let (server, acme) = by_hand(&server).await;
    let (_, access) = begun(&server, &acme).await;
    let key = WalletKey::generate();
    let past = Timestamp::from_seconds(server.clock_seconds() - 1);
    let first = later(&ask(&server, &access, &key).await);
    change(&server, &acme, |program| program.closes_at = Some(past)).await;
    do_jobs(&server).await;
    refused(&poll(&server, &access, &first).await, 400, "credential_request_denied");
    change(&server, &acme, |program| program.closes_at = None).await;
    let second = later(&ask(&server, &access, &key).await);
    do_jobs(&server).await;
    assert_eq!(documents(&poll(&server, &access, &second).await).len(), 1);
});

on_both!(the_token_lives_until_the_wallet_comes_back, async |server: Server| {
    let (server, acme) = by_hand(&server).await;
    let (_, access) = begun(&server, &acme).await;
    let transaction = later(&ask(&server, &access, &WalletKey::generate()).await);
    server.clock.advance(3 * 3600);
    assert_eq!(later(&poll(&server, &access, &transaction).await), transaction);
    do_jobs(&server).await;
    assert_eq!(documents(&poll(&server, &access, &transaction).await).len(), 1);
});

on_both!(of_many_who_fetch_at_once_one_gets_it, async |server: Server| {
    let (server, acme) = by_hand(&server).await;
    let (_, access) = begun(&server, &acme).await;
    let transaction = later(&ask(&server, &access, &WalletKey::generate()).await);
    do_jobs(&server).await;
    let answers = futures_util::future::join_all((0..8).map(|_| poll(&server, &access, &transaction))).await;
    let (won, lost): (Vec<&Answer>, Vec<&Answer>) = answers.iter().partition(|answer| answer.status == 200);
    assert_eq!(won.len(), 1);
    lost.into_iter().for_each(|answer| drop(refused(answer, 400, "invalid_transaction_id")));
});

on_both!(asked_many_times_at_once_it_is_one_transaction, async |server: Server| {
    let (server, acme) = by_hand(&server).await;
    let (_, access) = begun(&server, &acme).await;
    let key = WalletKey::generate();
    let answers = futures_util::future::join_all((0..8).map(|_| ask(&server, &access, &key))).await;
    let transactions: std::collections::BTreeSet<String> = answers.iter().map(later).collect();
    assert_eq!(transactions.len(), 1, "{transactions:?}");
    do_jobs(&server).await;
    let id = transactions.first().expect("one");
    assert_eq!(documents(&poll(&server, &access, id).await).len(), 1);
    assert_eq!(count(&server, "delivery").await, 1);
});

on_both!(of_two_wallets_that_wait_one_gets_it, async |server: Server| {
    let (server, acme) = by_hand(&server).await;
    let (id, one) = begun(&server, &acme).await;
    let two = server.access(crate::wallet::common::scan(&server, &acme, &id).await).await;
    let mut waiting = Vec::new();
    for access in [&one, &two] {
        waiting.push((access, later(&ask(&server, access, &WalletKey::generate()).await)));
    }
    do_jobs(&server).await;
    let mut given = 0;
    for (access, transaction) in waiting {
        let answer = poll(&server, access, &transaction).await;
        if answer.status == 200 {
            given += 1;
        } else {
            refused(&answer, 400, "credential_request_denied");
        }
    }
    assert_eq!(given, 1);
    assert_eq!((count(&server, "credential").await, count(&server, "delivery").await), (1, 1));
    assert_eq!(state(&server, &acme, &id).await, "CREDENTIAL_ISSUED");
});

on_both!(what_was_revoked_before_it_was_fetched_is_denied, async |server: Server| {
    let (server, acme) = by_hand(&server).await;
    let (id, access) = begun(&server, &acme).await;
    let transaction = later(&ask(&server, &access, &WalletKey::generate()).await);
    do_jobs(&server).await;
    assert!(crate::wallet::common::revoke(&server, &acme, &id).await);
    let answer = poll(&server, &access, &transaction).await;
    refused(&answer, 400, "credential_request_denied");
});

on_both!(what_is_signed_later_is_bound_to_its_key_as_well, async |server: Server| {
    let (server, acme) = by_hand(&server).await;
    let (_, access) = begun(&server, &acme).await;
    let keys = [WalletKey::generate(), WalletKey::generate_eddsa(), WalletKey::generate_es256k()];
    let id = crate::wallet::common::jwt_vc(&access);
    let transaction = later(&server.ask_credential(&access, id, &[&keys[0], &keys[1], &keys[2]]).await);
    do_jobs(&server).await;
    let copies = documents(&poll(&server, &access, &transaction).await);
    for (copy, key) in copies.iter().zip(&keys) {
        assert_eq!(server.verify_jwt_vc(copy).await["sub"], vc::did::did_jwk(key.public_key()).as_str());
    }
    assert_eq!(copies.len(), 3);
});
