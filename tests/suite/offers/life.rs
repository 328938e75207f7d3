//! The life of an offer: found, claimed, revoked, deleted; and how far its issuance has come.

use reqwest::Method;
use serde_json::{Value, json};
use support::{Server, on_both};

use crate::offers::common::{NOTHING, claim_offer, delete, each, get, id_of, listed, offer, refused, revoke};

on_both!(an_offer_is_claimed_and_revoked, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = server.claimed_offer(&acme, "ada@example.com", "Ada Lovelace").await;
    let offer = get(&server, &acme, &id).await;
    assert_eq!(offer["status"], "claimed");
    assert_eq!(offer["issuer"], acme.partner.issuer_did.as_str());
    assert!(offer["revocationId"].as_str().is_some_and(|id| id.len() == 64), "{offer}");

    let body = json!({"revoke": [
        {"id": id, "revocationReason": "Left the company"},
        {"id": id, "revocationReason": "Twice"},
        {"id": NOTHING, "revocationReason": "None"},
    ]});
    let answer =
        server.call(&acme, &acme.keys.user, Method::PATCH, "/credential-offers/revoke", Some(&body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let answer = answer.json();
    assert_eq!(answer["revocations"][0]["status"], "revoked");
    assert_eq!(answer["revocations"][0]["organisationProfile"]["name"], "acme");
    let codes = each(&answer, "failed", "code");
    assert_eq!(codes, ["credential_offer_already_revoked", "credential_offer_not_found"]);
    let rest = format!("/audit-trail?filter.target={id}&sortBy=createdAt:ASC");
    let trail = listed(&server, &acme, &rest).await;
    let verbs = ["create", "claim_code", "claim", "revoke"].map(|verb| format!("credential_offer.{verb}"));
    assert_eq!(each(&trail, "data", "action"), verbs);
});

on_both!(one_offer_is_shown_with_all_that_is_known, async |server: Server| {
    let (acme, umbrella) = (server.environment("acme").await, server.environment("umbrella").await);
    let made = &server.offers(&acme, &[acme.offer("ada@example.com", "Ada")]).await[0];
    let id = id_of(made);
    let offer = get(&server, &acme, id).await;
    let profile = listed(&server, &acme, &format!("/organisation-profiles/{}", acme.profile_id)).await;
    assert_eq!(offer["organisationProfile"], profile);
    let mut short = offer.clone();
    short["organisationProfile"] = json!({"id": profile["id"], "name": profile["name"]});
    assert_eq!(short, *made, "the profile apart, what was answered when it was made");
    assert_eq!(get(&server, &acme, &id.to_uppercase()).await, offer);

    let not_found = "credential_offer_not_found";
    for id in [id, NOTHING] {
        refused(&server.find(&umbrella, &format!("/credential-offers/{id}")).await, 404, not_found);
        refused(&delete(&server, &umbrella, id).await, 404, not_found);
    }
    for id in ["1", "no-uuid", "439c355a9d794ab688cdd4a44edbb08c", "%00", "..%2F..", &format!("{id}0")] {
        refused(&server.find(&acme, &format!("/credential-offers/{id}")).await, 400, "invalid_request");
        refused(&delete(&server, &acme, id).await, 400, "invalid_request");
    }
});

on_both!(what_nobody_has_claimed_can_be_deleted_once, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme, "ada@example.com").await;
    let gone = delete(&server, &acme, &id).await;
    assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    let not_found = "credential_offer_not_found";
    refused(&delete(&server, &acme, &id).await, 404, not_found);
    refused(&server.find(&acme, &format!("/credential-offers/{id}")).await, 404, not_found);
    for public in ["claim", "status"] {
        let path = acme.path(&format!("/credential-offers/{id}/{public}"));
        refused(&server.get(&path).await, 404, not_found);
    }
    for query in ["", "?filter.email=ada@example.com", "?filter.search=$fulltext:ada", "?limit=0"] {
        let found = listed(&server, &acme, &format!("/credential-offers{query}")).await;
        assert_eq!(found["meta"]["totalItems"], 0, "{query}");
    }
    assert_eq!(revoke(&server, &acme, &[&id]).await["failed"][0]["code"], not_found);
    assert_eq!(claim_offer(&server, &acme, &id).await.expect_err("gone"), not_found);

    let claimed = server.claimed_offer(&acme, "ada@example.com", "Ada").await;
    refused(&delete(&server, &acme, &claimed).await, 409, "credential_offer_already_claimed");
    revoke(&server, &acme, &[&claimed]).await;
    refused(&delete(&server, &acme, &claimed).await, 409, "credential_offer_already_claimed");
    assert_eq!(get(&server, &acme, &claimed).await["status"], "revoked");
});

on_both!(a_claim_says_what_became_of_the_offer, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme, "ada@example.com").await;
    let before = get(&server, &acme, &id).await;
    for unset in
        ["issuer", "subject", "issuedAt", "revocationId", "revokedAt", "revokedBy", "revocationReason"]
    {
        assert_eq!(before[unset], Value::Null, "{unset}");
    }
    let hash = claim_offer(&server, &acme, &id).await.expect("claims");
    let after = get(&server, &acme, &id).await;
    assert_eq!((&after["status"], &after["revocationId"]), (&json!("claimed"), &json!(hash)));
    assert!(after["subject"].as_str().is_some_and(|subject| subject.starts_with("did:")), "{after}");
    assert_eq!(after["issuedAt"], after["updatedAt"]);
    for same in ["id", "createdAt", "createdBy", "claims", "email", "credentialId", "referenceId"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    // The subject is the wallet's key; the person is the same, and one without an address is somebody else each time.
    let second = server.claimed_offer(&acme, "ADA@example.com", "Ada").await;
    assert_ne!(get(&server, &acme, &second).await["subject"], after["subject"]);
    assert_eq!(server.store.holders(100).await.expect("people").len(), 1);
    let mut nameless = acme.offer("", "Nobody");
    nameless["email"] = Value::Null;
    let nameless = server.offers(&acme, &[nameless.clone(), nameless]).await;
    let mut subjects = Vec::new();
    for offer in &nameless {
        claim_offer(&server, &acme, id_of(offer)).await.expect("claims");
        subjects.push(get(&server, &acme, id_of(offer)).await["subject"].to_string());
    }
    assert_ne!(subjects[0], subjects[1]);
    assert_eq!(
        claim_offer(&server, &acme, &id).await.expect_err("twice"),
        "credential_offer_already_claimed"
    );
});

on_both!(what_has_expired_cannot_be_claimed, async |server: Server| {
    let acme = server.environment("acme").await;
    let mut item = acme.offer("ada@example.com", "Ada");
    let expiry = model::Timestamp::from_seconds(server.clock_seconds() + 3_600);
    item["expirationDate"] = json!(expiry.rfc3339());
    let id = id_of(&server.offers(&acme, &[item]).await[0]).to_owned();
    let path = acme.path(&format!("/credential-offers/{id}/claim"));
    assert_eq!(server.get(&path).await.status, 200);
    server.clock.advance(3_601);
    refused(&server.get(&path).await, 410, "credential_offer_expired");
    assert_eq!(claim_offer(&server, &acme, &id).await.expect_err("late"), "credential_offer_expired");
    assert_eq!(get(&server, &acme, &id).await["status"], "ready_to_claim");
    assert_eq!(delete(&server, &acme, &id).await.status, 204);
});

on_both!(the_status_follows_the_issuance, async |server: Server| {
    let acme = server.environment("acme").await;
    let made = server.offers(&acme, &[acme.offer("ada@example.com", "Ada")]).await;
    let id = id_of(&made[0]);
    let status = async || {
        let answer = server.get(&acme.path(&format!("/credential-offers/{id}/status"))).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        for personal in ["ada", "Ada", "example.com"] {
            assert!(!answer.text.contains(personal), "{}", answer.text);
        }
        answer.json()
    };
    let millis = |text: &Value| {
        model::Timestamp::parse_rfc3339(text.as_str().expect("a moment")).expect("a moment").millis()
    };
    let created = millis(&made[0]["createdAt"]);
    let before = status().await;
    assert_eq!(before, json!({"createdAt": created, "lastUpdatedAt": created, "status": "OFFER_CREATED"}));
    server.clock.advance(30);
    server.get(&acme.path(&format!("/credential-offers/{id}/claim"))).await;
    let invited = status().await;
    assert_eq!(invited["status"], "OFFER_CREATED");
    let at = invited["createdAt"].as_i64().expect("a number");
    assert!(at >= created + 30_000, "{invited}");
    assert_eq!((&invited["lastUpdatedAt"], &invited["expiresAt"]), (&json!(at), &json!(at + 600_000)));
    claim_offer(&server, &acme, id).await.expect("claims");
    let issued = status().await;
    assert_eq!((&issued["status"], &issued["createdAt"]), (&json!("CREDENTIAL_ISSUED"), &json!(at)));
    assert_eq!(issued["lastUpdatedAt"], millis(&get(&server, &acme, id).await["issuedAt"]));

    let codeless = server.claimed_offer(&acme, "ada@example.com", "Ada").await;
    let answer = server.get(&acme.path(&format!("/credential-offers/{codeless}/status"))).await.json();
    assert_eq!(answer["status"], "CREDENTIAL_ISSUED");
});
