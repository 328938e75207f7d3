//! Two servers over one database serve the requests of one claim alternately.

use model::TxCodeMode;
use serde_json::json;
use support::{Access, Server, Setup, on_both};
use wallet::{WalletKey, credential_request};

use super::common::{
    asking, documents, fetched, offer, progress, refused, scan, sd_jwt, state, token_with, unauthorized,
};

on_both!(one_claim_may_be_served_by_two, async |server: Server| {
    let acme = server.environment("acme").await;
    let other = server.replica(Setup::default()).await;
    for (a, b) in [(&server, &other), (&other, &server)] {
        let id = offer(a, &acme).await;
        // The invitation of one, fetched from the other.
        let answer = a.claim_code(&acme, &id).await.json();
        let offer = b.read_invitation(answer["offers"][0]["uri"].as_str().expect("an address")).await;
        assert_eq!(offer.code, scan(a, &acme, &id).await.code, "both make the same code");
        let access = b.access(offer).await;
        assert_eq!(state(a, &acme, &id).await, "ACCESS_TOKEN_CREATED");
        let key = WalletKey::generate();
        let nonce = a.nonce(&access.offer).await;
        let proof = key.proof(&access.offer.issuer, &nonce, a.clock_seconds());
        let request = credential_request(sd_jwt(&access), std::slice::from_ref(&proof));
        let answer = b.post_as(&access, "credential", &request).await;
        let document = documents(&answer).remove(0);
        assert_eq!(a.verify_sd_jwt(&document).await["cnf"]["jwk"], key.jwk());
        let again = a.post_as(&access, "credential", &request).await;
        refused(&again, 400, "invalid_nonce");
        assert_eq!(fetched(a, &access, &[&key]).await, [document]);
        let body =
            json!({"notification_id": answer.json()["notification_id"], "event": "credential_accepted"});
        assert_eq!(a.post_as(&access, "notification", &body).await.status, 204);
        assert_eq!(progress(b, &acme, &id).await["status"], "NOTIFICATION_CREDENTIAL_ACCEPTED");
        refused(&token_with(a, &access.offer, &[]).await, 400, "invalid_grant");
    }
});

on_both!(a_bound_token_of_one_is_good_at_the_other, async |server: Server| {
    let acme = server.environment("acme").await;
    let other = server.replica(Setup::default()).await;
    let id = offer(&server, &acme).await;
    let offer = scan(&server, &acme, &id).await;
    let key = WalletKey::generate();
    let answer = server.ask_token(&offer, None, Some(&key)).await;
    let access = Access::new(offer, &answer.json());
    let url = access.offer.endpoint("credential");
    let proof = key.dpop(&url, "once", server.clock_seconds(), Some(&access.token));
    let request = credential_request(sd_jwt(&access), &other.proofs(&access.offer, &[&key]).await);
    let ask = async |server: &Server| {
        let authorization = format!("DPoP {}", access.token);
        let proof = proof.clone();
        let send = |post: reqwest::RequestBuilder| {
            post.header("authorization", authorization).header("dpop", proof).json(&request)
        };
        server.post_to(&url, send).await
    };
    assert_eq!(documents(&ask(&other).await).len(), 1);
    unauthorized(&ask(&server).await, "DPoP", "invalid_dpop_proof");
});

on_both!(what_one_counts_the_other_counts_too, async |server: Server| {
    let acme = asking(&server, "acme", |policy| policy.tx_code = Some(TxCodeMode::Numeric)).await;
    let other = server.replica(Setup { jobs: false, ..Setup::default() }).await;
    let id = offer(&server, &acme).await;
    let offer = scan(&server, &acme, &id).await;
    let code = crate::wallet::tx_code::mailed(&server, 1).await;
    let wrong = if code == "111111" { "222222" } else { "111111" };
    for server in [&server, &other, &server] {
        refused(&token_with(server, &offer, &[("tx_code", wrong)]).await, 400, "invalid_grant");
    }
    refused(&token_with(&other, &offer, &[("tx_code", &code)]).await, 400, "invalid_grant");
});

on_both!(what_one_deletes_the_other_does_not_deliver, async |server: Server| {
    let acme = server.environment("acme").await;
    let other = server.replica(Setup::default()).await;
    let (id, access) = crate::wallet::common::begun(&server, &acme).await;
    assert_eq!(crate::wallet::common::delete(&other, &acme, &id).await, 204);
    let answer = server.ask_credential(&access, sd_jwt(&access), &[&WalletKey::generate()]).await;
    refused(&answer, 400, "credential_request_denied");
});

on_both!(an_encrypted_request_may_go_to_either, async |server: Server| {
    let acme = server.environment("acme").await;
    let other = server.replica(Setup::default()).await;
    let path = format!("/.well-known/openid-credential-issuer/issuers/{}", acme.correlation_id);
    let (one, two) = (server.published(&path).await, other.published(&path).await);
    assert_eq!(one, two, "both publish the same keys");
    let (_, access) = crate::wallet::common::begun(&server, &acme).await;
    let proofs = server.proofs(&access.offer, &[&WalletKey::generate()]).await;
    let key = &one["credential_request_encryption"]["jwks"]["keys"][0];
    let jwe = crate::wallet::encryption::encrypted(key, &credential_request(sd_jwt(&access), &proofs), false);
    let answer =
        crate::wallet::common::post_text(&other, &access, "credential", "application/jwt", jwe).await;
    assert_eq!(documents(&answer).len(), 1);
});

on_both!(what_is_asked_of_one_may_be_signed_by_the_other, async |server: Server| {
    let server = server.afresh(Setup { jobs: false, ..Setup::default() }).await;
    let acme = asking(&server, "acme", |policy| policy.deferred = true).await;
    let (_, access) = crate::wallet::common::begun(&server, &acme).await;
    let key = WalletKey::generate();
    let asked = server.ask_credential(&access, sd_jwt(&access), &[&key]).await;
    assert_eq!(asked.status, 202, "{}", asked.text);
    let worker = server.replica(Setup::default()).await;
    let body = json!({"transaction_id": asked.json()["transaction_id"]});
    let mut answer = server.post_as(&access, "deferred-credential", &body).await;
    support::eventually("it is signed", async || {
        if answer.status == 202 {
            answer = server.post_as(&access, "deferred-credential", &body).await;
        }
        answer.status != 202
    })
    .await;
    let document = documents(&answer).remove(0);
    assert_eq!(worker.verify_sd_jwt(&document).await["cnf"]["jwk"], key.jwk());
    let again = worker.post_as(&access, "deferred-credential", &body).await;
    refused(&again, 400, "invalid_transaction_id");
});
