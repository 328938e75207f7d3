//! Revoking in bulk: who is revoked, who is not, and who can see it.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Environment, Server, on_both};

use crate::offers::common::{
    NOTHING, claim_offer, each, eventually, get, id_of, listed, mails, offer, offers, refused, revoke,
};

async fn patch(server: &Server, acme: &Environment, body: &Value) -> Answer {
    server.call(acme, &acme.keys.user, Method::PATCH, "/credential-offers/revoke", Some(body)).await
}

fn item(id: &str, reason: &str) -> Value {
    json!({"id": id, "revocationReason": reason})
}

on_both!(a_revocation_is_seen_by_everybody_who_looks, async |server: Server| {
    let acme = server.environment("acme").await;
    let kept = server.claimed_offer(&acme, "grace@example.com", "Grace").await;
    let id = server.claimed_offer(&acme, "ada@example.com", "Ada").await;
    let hash = get(&server, &acme, &id).await["revocationId"].as_str().expect("a hash").to_owned();
    let token = acme.partner.token("ada@example.com", &server.clock);
    server.wait_for(&token, &hash, "ONCHAIN").await;
    let body = json!({"revoke": [item(&id, "  Left \u{1f642} <b>& gone</b>  ")]});
    let answer = patch(&server, &acme, &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = answer.json();
    let offer = get(&server, &acme, &id).await;
    assert_eq!(answer, json!({"revocations": [offer], "failed": []}));
    assert_eq!(offer["status"], "revoked");
    assert_eq!(offer["revocationReason"], "  Left \u{1f642} <b>& gone</b>  ");
    assert_eq!((&offer["revokedBy"], &offer["revokedAt"]), (&offer["updatedBy"], &offer["updatedAt"]));
    assert_eq!(offer["revokedBy"], offer["createdBy"], "the user");

    server.wait_for(&token, &hash, "REMOVE").await;
    let credential = server.credential(&token, &hash).await;
    let document = credential["documents"]["dc+sd-jwt"].as_str().expect("a document").to_owned();
    let status = server.verify_sd_jwt(&document).await["status"]["status_list"].clone();
    let index = u32::try_from(status["idx"].as_u64().expect("a number")).expect("an index");
    let uri = status["uri"].as_str().expect("a URI");
    let revoked = async || {
        let list = server.token_status_list(uri).await;
        let set = (0..list.bits.size()).filter(|entry| list.bits.get(*entry).expect("below the size"));
        let set: Vec<u32> = set.collect();
        (!set.is_empty()).then_some(set)
    };
    assert_eq!(eventually("the status list", revoked).await, [index], "this one and no other");
    let rest = format!("/v1/credentials/proof?coreClaimHash={hash}&op=revoke");
    let proof = server.get_as(&token, &rest).await;
    assert_eq!(proof.status, 200, "{}", proof.text);
    assert_eq!(get(&server, &acme, &kept).await["status"], "claimed");

    eventually("a mail", async || (mails(&server).len() == 1).then_some(())).await;
    eventually("its mark", async || {
        let offer = get(&server, &acme, &id).await;
        (offer["revocationEmailSent"] == true && offer["emailSent"] == false).then_some(())
    })
    .await;
    assert!(mails(&server)[0].contains("gone"), "{}", mails(&server)[0]);
});

on_both!(what_cannot_be_revoked_says_why, async |server: Server| {
    let (acme, umbrella) = (server.environment("acme").await, server.environment("umbrella").await);
    let theirs = server.claimed_offer(&umbrella, "ada@example.com", "Ada").await;
    let ready = offer(&server, &acme, "ada@example.com").await;
    let revoked = server.claimed_offer(&acme, "ada@example.com", "Ada").await;
    revoke(&server, &acme, &[&revoked]).await;
    let claimed = server.claimed_offer(&acme, "ada@example.com", "Ada").await;
    let upper = claimed.to_uppercase();
    let answer = revoke(&server, &acme, &[&ready, &revoked, &theirs, &claimed, NOTHING, &upper]).await;
    assert_eq!(each(&answer, "revocations", "id"), [claimed.as_str()]);
    assert_eq!(each(&answer, "failed", "id"), [ready.as_str(), &revoked, &theirs, NOTHING, &claimed]);
    assert_eq!(
        each(&answer, "failed", "code"),
        [
            "credential_offer_not_claimed",
            "credential_offer_already_revoked",
            "credential_offer_not_found",
            "credential_offer_not_found",
            "credential_offer_already_revoked",
        ]
    );
    assert!(each(&answer, "failed", "error").iter().all(|error| !error.is_empty()));
    assert_eq!(get(&server, &acme, &ready).await["status"], "ready_to_claim");
    assert_eq!(get(&server, &umbrella, &theirs).await["status"], "claimed");
});

on_both!(a_request_without_good_reasons_revokes_nobody, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = server.claimed_offer(&acme, "ada@example.com", "Ada").await;
    let good = item(&id, "Left");
    let long = "\u{e4}".repeat(501);
    for (items, says) in [
        (json!([good, item(&id, "")]), "revocationReason is required"),
        (json!([good, item(&id, "  \n ")]), "1 to 500"),
        (json!([good, item(&id, &long)]), "1 to 500"),
        (json!([good, item(&id, "a\u{0}b")]), "revocationReason"),
        (json!([good, {"id": id}]), "revocationReason is required"),
        (json!([good, {"id": id, "revocationReason": 5}]), "revocationReason must be a string"),
        (json!([good, {"revocationReason": "Left"}]), "id is required"),
        (json!([good, item("1", "Left")]), "id must be a UUID"),
        (json!([good, "text"]), "must be an object"),
        (json!([]), "1 to 1000"),
        (json!(vec![good.clone(); 1_001]), "1 to 1000"),
        (json!({"id": id}), "must be a list"),
        (Value::Null, "must be a list"),
    ] {
        let answer = patch(&server, &acme, &json!({"revoke": items})).await;
        let message = refused(&answer, 400, "invalid_request");
        assert!(message.contains(says), "{message}");
    }
    let padded = json!({"revoke": [good], "padding": "x".repeat(1_024 * 1_024)});
    refused(&patch(&server, &acme, &padded).await, 413, "body_too_large");
    assert_eq!(get(&server, &acme, &id).await["status"], "claimed");
    let answer = patch(&server, &acme, &json!({"revoke": [item(&id, &"\u{e4}".repeat(500))]})).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(each(&answer.json(), "revocations", "id"), [id]);
});

on_both!(a_thousand_are_revoked_together, async |server: Server| {
    let acme = server.environment("acme").await;
    let ids = offers(&server, &acme, 1_000).await;
    // Every tenth is left unclaimed.
    let claimed: Vec<&String> =
        ids.iter().enumerate().filter(|(place, _)| place % 10 > 0).map(|(_, id)| id).collect();
    for some in claimed.chunks(30) {
        for outcome in join_all(some.iter().map(|id| claim_offer(&server, &acme, id))).await {
            outcome.expect("claims");
        }
    }
    let all: Vec<&str> = ids.iter().map(String::as_str).rev().collect();
    let answer = revoke(&server, &acme, &all).await;
    let wanted: Vec<&str> = claimed.iter().rev().map(|id| id.as_str()).collect();
    assert_eq!(each(&answer, "revocations", "id"), wanted);
    assert_eq!(each(&answer, "failed", "code"), ["credential_offer_not_claimed"; 100]);
    let found = listed(&server, &acme, "/credential-offers?limit=0&filter.status=revoked").await;
    assert_eq!(found["meta"]["totalItems"], 900);
});

on_both!(an_operator_s_revocation_is_the_offer_s_too, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = server.claimed_offer(&acme, "ada@example.com", "Ada").await;
    let hash = get(&server, &acme, &id).await["revocationId"].as_str().expect("a hash").to_owned();
    let tenant = acme.partner.id.as_str().into();
    let hash = hash.parse().expect("a hash");
    server.engine.revoke(&model::Actor::operator(), &tenant, hash).await.expect("revokes");
    let offer = get(&server, &acme, &id).await;
    assert_eq!(offer["status"], "revoked");
    let answer = revoke(&server, &acme, &[id_of(&offer)]).await;
    assert_eq!(each(&answer, "failed", "code"), ["credential_offer_already_revoked"]);
});

on_both!(issuing_on_behalf_leaves_claimed_offers_alone, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = server.claimed_offer(&acme, "ada@example.com", "Ada").await;
    let token = acme.partner.token("ada@example.com", &server.clock);
    let mut request = acme.partner.request();
    request["credentialId"] = json!(acme.credential_id);
    request["credentialSubject"] = json!({"fullName": "Ada"});
    request["onDuplicate"] = json!("revoke");
    server.issued(&token, &request).await;
    let offer = get(&server, &acme, &id).await;
    let status = server.status(&token, offer["revocationId"].as_str().expect("a hash")).await.json();
    assert_eq!(offer["status"], "claimed");
    assert!(
        ["WAIT_ONCHAIN", "ONCHAIN"].contains(&status["vcStatus"].as_str().expect("a status")),
        "{status}"
    );
});
