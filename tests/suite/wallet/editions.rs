//! The same claim in every edition that wallets in use speak, by value and by reference.

use serde_json::{Value, json};
use support::{Access, Answer, Environment, Server, on_both};
use wallet::WalletKey;

use super::common::{claims, documents, jwt_vc, offer, refused, sd_jwt, token_with};

const EDITIONS: [&str; 4] = ["1.0", "15", "13", "11"];

/// A token for a new offer that was read in this edition and way; what the token endpoint answered.
async fn read(server: &Server, acme: &Environment, draft: &str, by: &str) -> (Access, Answer) {
    let id = offer(server, acme).await;
    let offer = server.scanned(acme, &id, draft, by).await;
    let answer = server.ask_token(&offer, None, None).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    (Access::new(offer, &answer.json()), answer)
}

/// A request as drafts 13 to 15 write it.
fn singular(configuration: &str, jwt: &str) -> Value {
    json!({"credential_configuration_id": configuration, "proof": {"proof_type": "jwt", "jwt": jwt}})
}

/// Verifies a document of either format, and that it is for this key.
async fn check(server: &Server, document: &str, key: &WalletKey) {
    if document.contains('~') {
        let verified = server.verify_sd_jwt(document).await;
        assert_eq!(verified["cnf"]["jwk"], key.jwk());
        assert_eq!(verified["fullName"], "Ada Lovelace");
    } else {
        let verified = server.verify_jwt_vc(document).await;
        assert_eq!(verified["sub"], vc::did::did_jwk(key.public_key()).as_str());
        assert_eq!(verified["vc"]["credentialSubject"]["fullName"], "Ada Lovelace");
    }
}

on_both!(every_edition_is_claimed_by_value_and_by_reference, async |server: Server| {
    let acme = server.environment("acme").await;
    for draft in EDITIONS {
        for by in ["value", "reference"] {
            let (access, _) = read(&server, &acme, draft, by).await;
            assert_eq!(access.offer.issuer, format!("{}/issuers/{}", server.url, acme.correlation_id));
            let wanted = if draft == "11" { 1 } else { 2 };
            assert_eq!(access.offer.configurations.len(), wanted, "{draft} {by}");
            for configuration in access.offer.configurations.clone() {
                let key = WalletKey::generate();
                let answer = server.ask_credential(&access, &configuration, &[&key]).await;
                assert_eq!(answer.status, 200, "{draft} {by}: {}", answer.text);
                let answer = answer.json();
                let one = answer.get("credential").unwrap_or_else(|| &answer["credentials"][0]["credential"]);
                check(&server, one.as_str().expect("a document"), &key).await;
            }
        }
    }
});

on_both!(an_offer_has_the_members_of_its_edition, async |server: Server| {
    let acme = crate::wallet::common::asking(&server, "acme", |policy| {
        policy.tx_code = Some(model::TxCodeMode::Numeric);
    })
    .await;
    let id = offer(&server, &acme).await;
    for draft in EDITIONS {
        let path = format!("/issuers/{}/credential-offers/{id}/{draft}", acme.correlation_id);
        let answer = server.get(&path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
        assert_eq!(answer.header("cache-control"), Some("no-store"), "it holds a code");
        let mut offer = answer.json();
        let grants = offer["grants"].as_object().expect("an object");
        assert_eq!(grants.len(), 1);
        let mut grant = offer["grants"][crate::wallet::common::GRANT].take();
        assert!(grant["pre-authorized_code"].take().as_str().is_some_and(|code| code.len() >= 22));
        offer["grants"] = json!({});
        let (program, issuer) =
            (&acme.credential_id, format!("{}/issuers/{}", server.url, acme.correlation_id));
        if draft == "11" {
            assert_eq!(grant, json!({"pre-authorized_code": null, "user_pin_required": true}));
            assert_eq!(offer, json!({"credential_issuer": issuer, "credentials": [program], "grants": {}}));
            continue;
        }
        assert_eq!(grant["tx_code"]["input_mode"], "numeric");
        assert_eq!(grant["tx_code"]["length"], 6);
        assert!(grant["tx_code"]["description"].as_str().is_some_and(|text| (1..=300).contains(&text.len())));
        assert_eq!(grant.as_object().map(serde_json::Map::len), Some(2));
        let ids = [format!("{program}.dc+sd-jwt"), program.clone()];
        assert_eq!(
            offer,
            json!({"credential_issuer": issuer, "credential_configuration_ids": ids, "grants": {}})
        );
    }
    for unknown in ["", "1.1", "14", "2", "value"] {
        let path = format!("/issuers/{}/credential-offers/{id}/{unknown}", acme.correlation_id);
        assert_eq!(server.get(&path).await.status, 404, "{unknown}");
    }
});

on_both!(an_offer_is_at_its_own_issuer_alone, async |server: Server| {
    let (acme, umbrella) = (server.environment("acme").await, server.environment("umbrella").await);
    let id = offer(&server, &acme).await;
    let at = |slug: &str, id: &str| format!("/issuers/{slug}/credential-offers/{id}/1.0");
    assert_eq!(server.get(&at(&acme.correlation_id, &id)).await.status, 200);
    for (slug, id) in [
        (umbrella.correlation_id.as_str(), id.as_str()),
        ("nobody", &id),
        (&acme.correlation_id, "00000000-0000-4000-8000-000000000000"),
        (&acme.correlation_id, "x"),
        (&acme.correlation_id, &format!("{id}.AAAA")),
    ] {
        let answer = server.get(&at(slug, id)).await;
        assert_eq!(answer.status, 404, "{slug} {id}: {}", answer.text);
        assert!(!answer.text.contains("pre-authorized"), "{}", answer.text);
    }
});

on_both!(older_editions_find_nonces_in_answers, async |server: Server| {
    let acme = server.environment("acme").await;
    for draft in ["1.0", "15"] {
        let (access, answer) = read(&server, &acme, draft, "value").await;
        assert_eq!(answer.json().get("c_nonce"), None, "{draft}");
        let answer = server.ask_credential(&access, sd_jwt(&access), &[&WalletKey::generate()]).await;
        documents(&answer);
        assert_eq!(answer.json().get("c_nonce"), None, "{draft}");
    }
    for draft in ["13", "11"] {
        let (access, answer) = read(&server, &acme, draft, "value").await;
        let token = answer.json();
        assert_eq!(token["c_nonce_expires_in"], 300, "{draft}");
        let nonce = token["c_nonce"].as_str().expect("a nonce");
        let key = WalletKey::generate();
        let jwt = key.proof(&access.offer.issuer, nonce, server.clock_seconds());
        let body = singular(jwt_vc(&access), &jwt);
        let answer = server.post_as(&access, "credential", &body).await;
        assert_eq!(answer.status, 200, "{draft}: {}", answer.text);
        let answer = answer.json();
        check(&server, answer["credential"].as_str().expect("a document"), &key).await;
        assert_eq!(answer["c_nonce_expires_in"], 300, "{draft}");
        // The next nonce is good for the next proof.
        let nonce = answer["c_nonce"].as_str().expect("a nonce");
        let jwt = WalletKey::generate().proof(&access.offer.issuer, nonce, server.clock_seconds());
        let body = singular(jwt_vc(&access), &jwt);
        assert_eq!(server.post_as(&access, "credential", &body).await.status, 200, "{draft}");
    }
});

on_both!(older_editions_get_a_nonce_with_a_refusal, async |server: Server| {
    let acme = server.environment("acme").await;
    for draft in ["13", "11"] {
        let (access, _) = read(&server, &acme, draft, "value").await;
        let key = WalletKey::generate();
        let stale = key.proof(&access.offer.issuer, "of another server", server.clock_seconds());
        let id = jwt_vc(&access);
        let without = json!({"credential_configuration_id": id});
        // A wallet that has no nonce asks without a proof, or with what it has, to be told one.
        for body in [singular(id, &stale), without] {
            let answer = server.post_as(&access, "credential", &body).await;
            refused(&answer, 400, "invalid_proof");
            let nonce = answer.json()["c_nonce"].as_str().map(str::to_owned);
            let nonce = nonce.unwrap_or_else(|| panic!("{draft}: no nonce: {body} {}", answer.text));
            assert_eq!(answer.json()["c_nonce_expires_in"], 300);
            let jwt = WalletKey::generate().proof(&access.offer.issuer, &nonce, server.clock_seconds());
            assert_eq!(
                server.post_as(&access, "credential", &singular(id, &jwt)).await.status,
                200,
                "{draft}"
            );
        }
    }
});

/// The requests by format of drafts 11 to 14.
fn by_format(vct: &Value) -> [Value; 5] {
    let types = ["VerifiableCredential", "ExampleCredential"];
    [
        json!({"format": "jwt_vc_json", "types": types}),
        json!({"format": "jwt_vc_json", "credential_definition": {"type": types}}),
        json!({"format": "jwt_vc_json", "credential_definition": {"types": types}}),
        json!({"format": "vc+sd-jwt", "vct": vct}),
        json!({"format": "vc+sd-jwt", "credential_definition": {"vct": vct}}),
    ]
}

on_both!(older_editions_ask_by_format, async |server: Server| {
    let acme = server.environment("acme").await;
    let path = format!("/.well-known/openid-credential-issuer/issuers/{}", acme.correlation_id);
    let metadata = server.published(&path).await;
    let sd = &metadata["credential_configurations_supported"][format!("{}.dc+sd-jwt", acme.credential_id)];
    for draft in ["13", "11"] {
        for mut body in by_format(&sd["vct"]) {
            let (access, _) = read(&server, &acme, draft, "reference").await;
            let key = WalletKey::generate();
            let jwt = server.proofs(&access.offer, &[&key]).await.remove(0);
            body["proof"] = json!({"proof_type": "jwt", "jwt": jwt});
            let answer = server.post_as(&access, "credential", &body).await;
            assert_eq!(answer.status, 200, "{draft} {body}: {}", answer.text);
            let answer = answer.json();
            assert_eq!(answer["format"], body["format"], "{draft}: in the wallet's own words");
            assert!(answer["c_nonce"].is_string(), "{draft}");
            let document = answer["credential"].as_str().expect("a document");
            assert_eq!(document.contains('~'), body["format"] == "vc+sd-jwt");
            check(&server, document, &key).await;
        }
    }
});

on_both!(what_is_not_offered_cannot_be_asked_for_by_format, async |server: Server| {
    let acme = server.environment("acme").await;
    let (access, _) = read(&server, &acme, "11", "value").await;
    for (mut body, code) in [
        (
            json!({"format": "ldp_vc", "types": ["VerifiableCredential", "ExampleCredential"]}),
            "unsupported_credential_format",
        ),
        (json!({"format": "jwt_vc_json", "types": ["VerifiableCredential"]}), "unsupported_credential_type"),
        (
            json!({"format": "jwt_vc_json", "types": ["VerifiableCredential", "Other"]}),
            "unsupported_credential_type",
        ),
        (json!({"format": "jwt_vc_json"}), "unsupported_credential_type"),
        (json!({"format": "vc+sd-jwt", "vct": "https://example.com/other"}), "unsupported_credential_type"),
        (json!({"format": 7}), "invalid_credential_request"),
    ] {
        let jwt = server.proofs(&access.offer, &[&WalletKey::generate()]).await.remove(0);
        body["proof"] = json!({"proof_type": "jwt", "jwt": jwt});
        refused(&server.post_as(&access, "credential", &body).await, 400, code);
    }
    let [body, ..] = by_format(&Value::Null);
    let jwt = server.proofs(&access.offer, &[&WalletKey::generate()]).await.remove(0);
    let body =
        json!({"format": body["format"], "types": body["types"], "proof": {"proof_type": "jwt", "jwt": jwt}});
    assert_eq!(
        server.post_as(&access, "credential", &body).await.status,
        200,
        "the refusals used nothing up"
    );
});

on_both!(a_singular_proof_is_taken_in_every_edition, async |server: Server| {
    let acme = server.environment("acme").await;
    for draft in EDITIONS {
        let (access, _) = read(&server, &acme, draft, "value").await;
        let key = WalletKey::generate();
        let jwt = server.proofs(&access.offer, &[&key]).await.remove(0);
        let body = singular(jwt_vc(&access), &jwt);
        let answer = server.post_as(&access, "credential", &body).await;
        assert_eq!(answer.status, 200, "{draft}: {}", answer.text);
        let answer = answer.json();
        let one = answer.get("credential").unwrap_or_else(|| &answer["credentials"][0]["credential"]);
        assert_eq!(claims(one.as_str().expect("a document"))["sub"], vc::did::did_jwk(key.public_key()));
    }
});

on_both!(a_wallet_of_draft_11_types_its_pin_as_user_pin, async |server: Server| {
    let acme = crate::wallet::common::asking(&server, "acme", |policy| {
        policy.tx_code = Some(model::TxCodeMode::Numeric);
    })
    .await;
    let id = offer(&server, &acme).await;
    let offer = server.scanned(&acme, &id, "11", "value").await;
    assert!(offer.wants_tx_code);
    let code = crate::wallet::tx_code::mailed(&server, 1).await;
    refused(&token_with(&server, &offer, &[]).await, 400, "invalid_request");
    let answer = token_with(&server, &offer, &[("user_pin", &code)]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
});

on_both!(a_tenant_chooses_the_edition_of_the_address, async |server: Server| {
    let acme = server.environment("acme").await;
    for (draft, place) in [("1.0", 1), ("15", 3), ("13", 5), ("11", 7)] {
        let wanted = draft.parse().expect("an edition");
        server.change_tenant(&acme.partner, |tenant| tenant.claim_draft = wanted).await;
        let id = offer(&server, &acme).await;
        let answer = server.claim_code(&acme, &id).await.json();
        let uri = answer["uri"].as_str().expect("an address");
        assert_eq!(answer["offers"][place], json!({"draft": draft, "by": "value", "uri": uri}));
        let access = server.access(server.read_invitation(uri).await).await;
        let id = access.offer.configurations[0].clone();
        assert_eq!(
            server.ask_credential(&access, &id, &[&WalletKey::generate()]).await.status,
            200,
            "{draft}"
        );
    }
});
