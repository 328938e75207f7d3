//! Many at once: one wins, and what is left behind agrees.

use std::collections::BTreeSet;

use futures_util::future::{join, join_all};
use serde_json::{Value, json};
use support::{Access, Answer, Environment, Server, Setup, eventually, on_both, query_texts};
use wallet::WalletKey;

use super::common::{
    begun, change, claims, count, delete, documents, fetched, is_revoked, offer, record, refused, revoke,
    scan, sd_jwt, status_entry, token_with,
};

const AT_ONCE: usize = 16;

/// As many tokens for one offer: each uses its code up, so that there is another one to scan.
async fn tokens(server: &Server, acme: &Environment, id: &str, count: usize) -> Vec<Access> {
    let mut tokens = Vec::new();
    for _ in 0..count {
        tokens.push(server.access(scan(server, acme, id).await).await);
    }
    tokens
}

/// The answers that succeeded; the others were all refused with this code.
fn winners<'a>(answers: &'a [Answer], code: &str) -> Vec<&'a Answer> {
    let (won, lost): (Vec<&Answer>, Vec<&Answer>) = answers.iter().partition(|answer| answer.status == 200);
    for answer in lost {
        refused(answer, 400, code);
    }
    won
}

on_both!(of_many_exchanges_of_a_code_one_gets_a_token, async |server: Server| {
    let acme = server.environment("acme").await;
    let replica = server.replica(Setup::default()).await;
    let servers = [&server, &replica];
    for _ in 0..4 {
        let id = offer(&server, &acme).await;
        let newest = scan(&server, &acme, &id).await;
        let oldest = server.scanned(&acme, &id, "11", "value").await;
        let before = count(&server, "access_token").await;
        // The same code, as two editions write it.
        let read = |place: usize| if place.is_multiple_of(3) { &oldest } else { &newest };
        let ask = |place: usize| token_with(servers[place % 2], read(place), &[]);
        let answers = join_all((0..AT_ONCE).map(ask)).await;
        let won = winners(&answers, "invalid_grant");
        assert_eq!(won.len(), 1);
        assert_eq!(count(&server, "access_token").await, before + 1);
        let winner = answers.iter().position(|answer| answer.status == 200).expect("a winner");
        let access = Access::new(read(winner).clone(), &answers[winner].json());
        let id = &access.offer.configurations[0];
        let answer = server.ask_credential(&access, id, &[&WalletKey::generate()]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
});

on_both!(of_many_wallets_with_tokens_one_gets_the_credential, async |server: Server| {
    let acme = server.environment("acme").await;
    let replica = server.replica(Setup::default()).await;
    let servers = [&server, &replica];
    for round in 1..=3 {
        let id = offer(&server, &acme).await;
        let tokens = tokens(&server, &acme, &id, 8).await;
        let keys: Vec<WalletKey> = tokens.iter().map(|_| WalletKey::generate()).collect();
        let ask = async |place: usize| {
            let (access, key) = (&tokens[place], &keys[place]);
            servers[place % 2].ask_credential(access, sd_jwt(access), &[key]).await
        };
        let answers = join_all((0..tokens.len()).map(ask)).await;
        let won = winners(&answers, "credential_request_denied");
        assert_eq!(won.len(), 1);
        let document = documents(won[0]).remove(0);
        let holder =
            keys.iter().find(|key| key.jwk() == claims(&document)["cnf"]["jwk"]).expect("a key of ours");
        let record = record(&server, &acme, &id).await;
        assert_eq!(record["subject"], vc::did::did_jwk(holder.public_key()).as_str());
        for table in ["credential", "delivery", "ledger_entry"] {
            assert_eq!(count(&server, table).await, round, "{table}");
        }
    }
});

on_both!(many_retries_at_once_get_one_document, async |server: Server| {
    let acme = server.environment("acme").await;
    let replica = server.replica(Setup::default()).await;
    let servers = [&server, &replica];
    let (_, access) = begun(&server, &acme).await;
    let key = WalletKey::generate();
    let ask = async |place: usize| servers[place % 2].ask_credential(&access, sd_jwt(&access), &[&key]).await;
    let answers = join_all((0..AT_ONCE).map(ask)).await;
    let copies: BTreeSet<String> = answers.iter().flat_map(documents).collect();
    assert_eq!(copies.len(), 1, "the same keys get the same document");
    for table in ["credential", "delivery", "ledger_entry"] {
        assert_eq!(count(&server, table).await, 1, "{table}");
    }
});

on_both!(many_keys_of_one_token_get_a_copy_each_up_to_the_limit, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let keys: Vec<WalletKey> = (0..AT_ONCE).map(|_| WalletKey::generate()).collect();
    let ask = async |key: &WalletKey| server.ask_credential(&access, sd_jwt(&access), &[key]).await;
    let answers = join_all(keys.iter().map(ask)).await;
    let won = winners(&answers, "credential_request_denied");
    let entries: BTreeSet<u32> = won.iter().map(|answer| status_entry(&documents(answer)[0]).1).collect();
    assert_eq!(entries.len(), won.len(), "no entry is given twice");
    assert_eq!(count(&server, "delivery").await, won.len());
    assert_eq!(count(&server, "credential").await, 1);
    assert_eq!(won.len(), 8, "as many as if they had come one after the other");
});

on_both!(one_nonce_is_used_once_however_many_try, async |server: Server| {
    let acme = server.environment("acme").await;
    let replica = server.replica(Setup::default()).await;
    let servers = [&server, &replica];
    let mut tokens = Vec::new();
    for _ in 0..8 {
        tokens.push(begun(&server, &acme).await.1);
    }
    let nonce = server.nonce(&tokens[0].offer).await;
    let ask = async |place: usize| {
        let access = &tokens[place];
        let proof = WalletKey::generate().proof(&access.offer.issuer, &nonce, server.clock_seconds());
        crate::wallet::common::ask(servers[place % 2], access, &[proof]).await
    };
    let answers = join_all((0..tokens.len()).map(ask)).await;
    assert_eq!(winners(&answers, "invalid_nonce").len(), 1);
    assert_eq!(count(&server, "credential").await, 1);
    assert_eq!(count(&server, "offer WHERE status = 'claimed'").await, 1);
});

on_both!(a_claim_and_a_deletion_do_not_both_happen, async |server: Server| {
    let acme = server.environment("acme").await;
    let mut issued = 0;
    for _ in 0..8 {
        let id = offer(&server, &acme).await;
        let tokens = tokens(&server, &acme, &id, 3).await;
        let ask = async |access: &Access| {
            server.ask_credential(access, sd_jwt(access), &[&WalletKey::generate()]).await
        };
        let deletions = join_all((0..3).map(|_| delete(&server, &acme, &id)));
        let (answers, deletions) = join(join_all(tokens.iter().map(ask)), deletions).await;
        let won = winners(&answers, "credential_request_denied").len();
        let gone = deletions.iter().filter(|status| **status == 204).count();
        assert_eq!(won + gone, 1, "{deletions:?}");
        issued += won;
    }
    for table in ["credential", "delivery", "ledger_entry"] {
        assert_eq!(count(&server, table).await, issued, "{table}");
    }
});

on_both!(what_is_delivered_while_it_is_revoked_is_revoked, async |server: Server| {
    let acme = server.environment("acme").await;
    let mut delivered: Vec<String> = Vec::new();
    for _ in 0..6 {
        let (id, access) = begun(&server, &acme).await;
        delivered.extend(fetched(&server, &access, &[&WalletKey::generate()]).await);
        let ask =
            async |_: usize| server.ask_credential(&access, sd_jwt(&access), &[&WalletKey::generate()]).await;
        let (answers, revoked) = join(join_all((0..4).map(ask)), revoke(&server, &acme, &id)).await;
        assert!(revoked);
        let won = winners(&answers, "credential_request_denied");
        delivered.extend(won.into_iter().flat_map(documents));
    }
    for document in &delivered {
        eventually("it is revoked", async || is_revoked(&server, document).await).await;
    }
    let of = async |op: &str| count(&server, &format!("ledger_entry WHERE id LIKE '%/{op}'")).await;
    let all = count(&server, "delivery").await;
    assert_eq!((of("issue").await, of("revoke").await), (all, all));
});

on_both!(a_claim_and_an_expiry_do_not_both_happen, async |server: Server| {
    let acme = server.environment("acme").await;
    let mut claimed = 0;
    for _ in 0..6 {
        let mut item = acme.offer("ada@example.com", "Ada");
        let end = server.clock_seconds() + 60;
        item["expirationDate"] = json!(model::Timestamp::from_seconds(end).rfc3339());
        let made = server.offers(&acme, &[item]).await;
        let id = made[0]["id"].as_str().expect("an id").to_owned();
        let tokens = tokens(&server, &acme, &id, 4).await;
        let ask = async |access: &Access| {
            server.ask_credential(access, sd_jwt(access), &[&WalletKey::generate()]).await
        };
        let (answers, ()) = join(join_all(tokens.iter().map(ask)), async {
            tokio::task::yield_now().await;
            server.clock.advance(61);
        })
        .await;
        let won = winners(&answers, "credential_request_denied").len();
        assert!(won <= 1);
        let record: Value = record(&server, &acme, &id).await;
        assert_eq!(record["status"] == "claimed", won == 1, "{record}");
        claimed += won;
    }
    assert_eq!(count(&server, "credential").await, claimed);
});

on_both!(a_cap_holds_however_many_claim, async |server: Server| {
    let acme = server.environment("acme").await;
    change(&server, &acme, |program| program.cap = Some(3)).await;
    let replica = server.replica(Setup::default()).await;
    let servers = [&server, &replica];
    let mut tokens = Vec::new();
    for _ in 0..10 {
        tokens.push(begun(&server, &acme).await.1);
    }
    let ask = async |place: usize| {
        let access = &tokens[place];
        servers[place % 2].ask_credential(access, sd_jwt(access), &[&WalletKey::generate()]).await
    };
    let answers = join_all((0..tokens.len()).map(ask)).await;
    assert_eq!(winners(&answers, "credential_request_denied").len(), 3);
    assert_eq!(count(&server, "credential").await, 3);
    let spare =
        query_texts(&server.database_url, "SELECT id FROM offer WHERE status = 'ready_to_claim'").await;
    assert_eq!(spare.len(), 7);
});

/// Claims these offers all at once, alternately at two servers; every one must be given.
async fn all_claimed(servers: [&Server; 2], tokens: &[Access]) {
    let keys: Vec<WalletKey> = tokens.iter().map(|_| WalletKey::generate()).collect();
    let ask = async |place: usize| {
        let access = &tokens[place];
        servers[place % 2].ask_credential(access, sd_jwt(access), &[&keys[place]]).await
    };
    let answers = join_all((0..tokens.len()).map(ask)).await;
    let entries: BTreeSet<u32> = answers.iter().map(|answer| status_entry(&documents(answer)[0]).1).collect();
    assert_eq!(entries.len(), tokens.len(), "no entry is given twice");
    let server = servers[0];
    assert_eq!(count(server, "offer WHERE status = 'claimed'").await, tokens.len());
    assert_eq!(count(server, "ledger_entry").await, tokens.len());
}

on_both!(a_person_may_claim_many_offers_at_once, async |server: Server| {
    let acme = server.environment("acme").await;
    let replica = server.replica(Setup::default()).await;
    let mut tokens = Vec::new();
    for _ in 0..AT_ONCE {
        tokens.push(begun(&server, &acme).await.1);
    }
    all_claimed([&server, &replica], &tokens).await;
    assert_eq!(server.store.holders(100).await.expect("people").len(), 1);
});

on_both!(many_people_may_claim_at_once, async |server: Server| {
    let acme = server.environment("acme").await;
    let replica = server.replica(Setup::default()).await;
    let mut tokens = Vec::new();
    for person in 0..AT_ONCE {
        let email = format!("person{person}@example.com");
        let id = crate::wallet::common::offer_to(&server, &acme, &email).await;
        tokens.push(server.access(scan(&server, &acme, &id).await).await);
    }
    all_claimed([&server, &replica], &tokens).await;
    assert_eq!(server.store.holders(100).await.expect("people").len(), AT_ONCE);
});
