//! Wallets lose answers and ask again.

use std::collections::BTreeSet;

use support::{Server, execute_sql, on_both};
use wallet::WalletKey;

use super::common::{
    begun, change, count, documents, fetched, jwt_vc, offer, progress, record, refused, scan, sd_jwt,
};

on_both!(the_same_keys_get_the_same_documents, async |server: Server| {
    let acme = server.environment("acme").await;
    let (id, access) = begun(&server, &acme).await;
    let (one, two) = (WalletKey::generate(), WalletKey::generate());
    let answer = server.ask_credential(&access, sd_jwt(&access), &[&one, &two]).await;
    let first = documents(&answer);
    let before = record(&server, &acme, &id).await;
    for keys in [[&one, &two], [&two, &one]] {
        server.clock.advance(60);
        let again = server.ask_credential(&access, sd_jwt(&access), &keys).await;
        let copies: BTreeSet<String> = documents(&again).into_iter().collect();
        assert_eq!(copies, first.iter().cloned().collect());
        assert_eq!(again.json()["notification_id"], answer.json()["notification_id"]);
    }
    assert_eq!(record(&server, &acme, &id).await, before);
    assert_eq!((count(&server, "delivery").await, count(&server, "ledger_entry").await), (1, 1));
});

on_both!(a_retry_may_be_repeated_without_end, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let key = WalletKey::generate();
    let first = fetched(&server, &access, &[&key]).await;
    for _ in 0..20 {
        assert_eq!(fetched(&server, &access, &[&key]).await, first);
    }
    assert_eq!(count(&server, "delivery").await, 1);
});

on_both!(other_keys_and_the_other_format_get_further_documents, async |server: Server| {
    let acme = server.environment("acme").await;
    let (id, access) = begun(&server, &acme).await;
    let keys: Vec<WalletKey> = (0..9).map(|_| WalletKey::generate()).collect();
    let first = fetched(&server, &access, &[&keys[0]]).await.remove(0);
    let before = record(&server, &acme, &id).await;
    let jwt = documents(&server.ask_credential(&access, jwt_vc(&access), &[&keys[0]]).await).remove(0);
    assert_eq!(server.verify_jwt_vc(&jwt).await["sub"], vc::did::did_jwk(keys[0].public_key()).as_str());
    let mut seen = BTreeSet::from([first]);
    // One token gets eight answers with new documents, and then no more.
    for key in &keys[1..7] {
        let copy = fetched(&server, &access, &[key]).await.remove(0);
        assert_eq!(server.verify_sd_jwt(&copy).await["cnf"]["jwk"], key.jwk());
        assert!(seen.insert(copy));
    }
    for key in &keys[7..] {
        let answer = server.ask_credential(&access, sd_jwt(&access), &[key]).await;
        refused(&answer, 400, "credential_request_denied");
    }
    // What was delivered can still be asked for again.
    assert!(seen.contains(&fetched(&server, &access, &[&keys[3]]).await[0]));
    assert_eq!(record(&server, &acme, &id).await, before, "the offer is that of the first answer");
    assert_eq!(count(&server, "credential").await, 1);
    assert_eq!(count(&server, "delivery").await, 8);
    assert_eq!(progress(&server, &acme, &id).await["status"], "CREDENTIAL_ISSUED");
});

on_both!(a_second_wallet_comes_too_late, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    // Each token used its code up, so that there is another one to scan.
    let first = server.access(scan(&server, &acme, &id).await).await;
    let second = server.access(scan(&server, &acme, &id).await).await;
    assert_ne!(first.offer.code, second.offer.code);
    let key = WalletKey::generate();
    let got = fetched(&server, &first, &[&key]).await;
    for configuration in [sd_jwt(&second), jwt_vc(&second)] {
        for key in [&key, &WalletKey::generate()] {
            let answer = server.ask_credential(&second, configuration, &[key]).await;
            refused(&answer, 400, "credential_request_denied");
        }
    }
    assert_eq!(fetched(&server, &first, &[&key]).await, got);
    // What the second wallet was refused is nothing that the page should show.
    assert_eq!(record(&server, &acme, &id).await["status"], "claimed");
    assert_eq!(progress(&server, &acme, &id).await["status"], "CREDENTIAL_ISSUED");
    assert_eq!(count(&server, "delivery").await, 1);
});

on_both!(the_last_one_that_a_program_may_issue_is_issued_once, async |server: Server| {
    let acme = server.environment("acme").await;
    change(&server, &acme, |program| program.cap = Some(1)).await;
    let (_, access) = begun(&server, &acme).await;
    let (late, refused_access) = begun(&server, &acme).await;
    let key = WalletKey::generate();
    let got = fetched(&server, &access, &[&key]).await;
    let answer = server.ask_credential(&refused_access, sd_jwt(&refused_access), &[&key]).await;
    refused(&answer, 400, "credential_request_denied");
    assert_eq!(record(&server, &acme, &late).await["status"], "ready_to_claim");
    // Retries and further copies are of the same credential: they do not count.
    assert_eq!(fetched(&server, &access, &[&key]).await, got);
    fetched(&server, &access, &[&WalletKey::generate()]).await;
    change(&server, &acme, |program| program.cap = Some(2)).await;
    fetched(&server, &refused_access, &[&key]).await;
});

/// Everything that a claim writes to.
const TABLES: [&str; 7] =
    ["delivery", "delivery_status", "used_once", "credential", "ledger_entry", "audit_event", "holder"];

/// How many rows there are of what a claim writes.
async fn written(server: &Server) -> Vec<usize> {
    let mut counts = Vec::new();
    for table in TABLES {
        counts.push(count(server, table).await);
    }
    counts
}

on_both!(a_failure_in_the_middle_leaves_the_offer_claimable, async |server: Server| {
    let acme = server.environment("acme").await;
    let (id, access) = begun(&server, &acme).await;
    let (key, second) = (WalletKey::generate(), WalletKey::generate());
    let (before, offered) = (written(&server).await, record(&server, &acme, &id).await);
    for table in TABLES {
        let away = format!("ALTER TABLE {table} RENAME TO {table}_away");
        let proofs = server.proofs(&access.offer, &[&key, &second]).await;
        let body = wallet::credential_request(sd_jwt(&access), &proofs);
        execute_sql(&server.database_url, &away).await;
        let answer = server.post_as(&access, "credential", &body).await;
        execute_sql(&server.database_url, &format!("ALTER TABLE {table}_away RENAME TO {table}")).await;
        assert_eq!(answer.status, 500, "{table}: {}", answer.text);
        refused(&answer, 500, "server_error");
        assert!(!answer.text.contains(table) || table == "credential", "{table}: {}", answer.text);
        assert_eq!(written(&server).await, before, "{table}");
        assert_eq!(record(&server, &acme, &id).await, offered, "{table}");
    }
    fetched(&server, &access, &[&key]).await;
    assert_eq!(record(&server, &acme, &id).await["status"], "claimed");
});

on_both!(a_failure_between_two_deliveries_harms_neither, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let (one, two) = (WalletKey::generate(), WalletKey::generate());
    let first = fetched(&server, &access, &[&one]).await;
    let before = written(&server).await;
    let proofs = server.proofs(&access.offer, &[&two]).await;
    let body = wallet::credential_request(sd_jwt(&access), &proofs);
    execute_sql(&server.database_url, "ALTER TABLE delivery_status RENAME TO delivery_status_away").await;
    let answer = server.post_as(&access, "credential", &body).await;
    execute_sql(&server.database_url, "ALTER TABLE delivery_status_away RENAME TO delivery_status").await;
    refused(&answer, 500, "server_error");
    assert_eq!(written(&server).await, before);
    // The very same request, as a wallet repeats it: its nonce was not used up.
    documents(&server.post_as(&access, "credential", &body).await);
    assert_eq!(fetched(&server, &access, &[&one]).await, first);
});

on_both!(a_program_that_changes_is_seen_at_once, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let key = WalletKey::generate_eddsa();
    change(&server, &acme, |program| {
        program.wallet.proof_algorithms = vec![model::ProofAlgorithm::Es256];
    })
    .await;
    refused(&server.ask_credential(&access, sd_jwt(&access), &[&key]).await, 400, "invalid_proof");
    change(&server, &acme, |program| {
        program.wallet.proof_algorithms = vec![model::ProofAlgorithm::EdDsa];
    })
    .await;
    fetched(&server, &access, &[&key]).await;
});
