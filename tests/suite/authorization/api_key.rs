//! Credential offers and the verifier: who has no API key, one that does not hold here or any longer, or one without the role.

use model::Role;
use reqwest::Method;
use serde_json::{Value, json};
use support::{Environment, Server, on_both};

use super::calls::{Body, Call, Things, good_call, send};
use super::{Security, operations};

/// What a good request is answered with, by the roles of the key: Issuer_Admin, Issuer_User, Issuer_Auditor,
/// Issuer_User with Issuer_Auditor, Verifier_Admin, Verifier_User, Verifier_Auditor.
pub(super) const ANSWERS: [(&str, [u16; 7]); 29] = [
    ("createApiKey", [201, 403, 403, 403, 403, 403, 403]),
    ("createCredentialOfferCollection", [201, 201, 403, 201, 403, 403, 403]),
    ("createCredentialOffers", [201, 201, 403, 201, 403, 403, 403]),
    ("createOrganisationProfile", [201, 403, 403, 403, 403, 403, 403]),
    ("createPresentationDefinition", [403, 403, 403, 403, 201, 403, 403]),
    ("deleteCredentialOffer", [204, 204, 403, 204, 403, 403, 403]),
    ("deletePresentationDefinition", [403, 403, 403, 403, 204, 403, 403]),
    ("erasePresentation", [403, 403, 403, 403, 204, 204, 403]),
    ("getAuditTrail", [200, 403, 200, 200, 403, 403, 403]),
    ("getCredentialOffer", [200, 200, 200, 200, 403, 403, 403]),
    ("getCredentialTemplates", [200, 200, 200, 200, 403, 403, 403]),
    ("getCredentialTypeUsage", [200, 200, 200, 200, 403, 403, 403]),
    ("getOrganisationProfile", [200, 200, 200, 200, 403, 403, 403]),
    ("getPresentation", [403, 403, 403, 403, 200, 200, 200]),
    ("getPresentationDefinition", [403, 403, 403, 403, 200, 200, 200]),
    ("getSearchHistory", [200, 200, 200, 200, 403, 403, 403]),
    ("listApiKeys", [200, 403, 403, 403, 403, 403, 403]),
    ("listCredentialOfferCollections", [200, 200, 200, 200, 403, 403, 403]),
    ("listCredentialOffers", [200, 200, 200, 200, 403, 403, 403]),
    ("listOrganisationProfiles", [200, 200, 200, 200, 403, 403, 403]),
    ("listPresentationDefinitions", [403, 403, 403, 403, 200, 200, 200]),
    ("listPresentations", [403, 403, 403, 403, 200, 200, 200]),
    ("requestPresentation", [403, 403, 403, 403, 201, 201, 403]),
    ("resendRevocationEmail", [201, 201, 403, 201, 403, 403, 403]),
    ("revokeApiKey", [204, 403, 403, 403, 403, 403, 403]),
    ("revokeCredentialOffers", [200, 200, 403, 200, 403, 403, 403]),
    ("shareCredentialOffersWithEmail", [201, 201, 403, 201, 403, 403, 403]),
    ("updatePresentationDefinition", [403, 403, 403, 403, 200, 403, 403]),
    ("uploadImage", [201, 201, 403, 201, 403, 403, 403]),
];

/// The keys of an environment by the columns of [`ANSWERS`].
async fn keys(server: &Server, acme: &Environment) -> [String; 7] {
    // New users, who have not asked for mail: that is limited.
    let key = async |roles: &[Role]| server.api_key(&acme.partner, roles).await;
    [
        key(&[Role::Admin]).await,
        key(&[Role::User]).await,
        key(&[Role::Auditor]).await,
        key(&[Role::User, Role::Auditor]).await,
        key(&[Role::VerifierAdmin]).await,
        key(&[Role::VerifierUser]).await,
        key(&[Role::VerifierAuditor]).await,
    ]
}

/// An admin's key of this environment that was made with `body` besides: its id, and the key.
async fn admin_key(server: &Server, acme: &Environment, expires_at: Option<&str>) -> (String, String) {
    let body = json!({"name": "a passing one", "roles": ["Issuer_Admin"], "expiresAt": expires_at});
    let answer = server.call(acme, &acme.keys.admin, Method::POST, "/api-keys", Some(&body)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let text = |name: &str| answer.json()[name].as_str().expect("a text").to_owned();
    (text("id"), text("rawKey"))
}

/// What opens nothing: headers, and why.
async fn worthless(server: &Server, acme: &Environment) -> Vec<(&'static str, &'static str, String)> {
    let foreign = server.environment("umbrella").await;
    let (_, expired) = admin_key(server, acme, Some(&moment(server, 60))).await;
    let (id, revoked) = admin_key(server, acme, None).await;
    let works = server.call(acme, &revoked, Method::GET, "/api-keys", None).await.status;
    let ended = server.call(acme, &acme.keys.admin, Method::DELETE, &format!("/api-keys/{id}"), None).await;
    assert_eq!((works, ended.status), (200, 204), "{}", ended.text);
    server.clock.advance(61);
    let good = &acme.keys.admin;
    let token = acme.partner.token("ada@example.com", &server.clock);
    vec![
        ("an empty key", "x-api-key", String::new()),
        ("garbage", "x-api-key", "garbage".to_owned()),
        ("the visible part of a key", "x-api-key", good[..10].to_owned()),
        ("a key that was never made", "x-api-key", format!("bst_{}", "0".repeat(64))),
        ("a key in capitals", "x-api-key", good.to_uppercase()),
        ("a key of another environment", "x-api-key", foreign.keys.admin),
        ("an expired key", "x-api-key", expired),
        ("a revoked key", "x-api-key", revoked),
        ("a Partner JWT as a key", "x-api-key", token.clone()),
        ("a Partner JWT", "x-partner-auth", token),
        ("a key as a bearer token", "authorization", format!("Bearer {good}")),
    ]
}

/// This many seconds from now, as JSON has it.
fn moment(server: &Server, seconds: i64) -> String {
    model::Clock::now(&*server.clock).plus_seconds(seconds).rfc3339_millis()
}

on_both!(without_a_key_that_holds_here_nothing_is_answered, async |server: Server| {
    let acme = server.environment("acme").await;
    let things = Things::new(&server, &acme).await;
    let worthless = worthless(&server, &acme).await;
    let before = trail(&server, &acme).await;
    let unknown =
        "Invalid API key: it is not known, has expired or was revoked, or belongs to another environment.";
    for operation in operations(&server, Security::ApiKey).await {
        let call = good_call(&operation, &acme, &things);
        let answer = send(&server, &acme, &[], &call).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "unauthorized"), "{operation}");
        assert!(answer.json()["message"].as_str().is_some_and(|text| text.starts_with("Missing X-API-KEY")));
        for (what, name, value) in &worthless {
            let answer = send(&server, &acme, &[(name, value)], &call).await;
            assert_eq!(answer.status, 401, "{operation} with {what}: {}", answer.text);
            assert_eq!(answer.code(), "unauthorized", "{operation} with {what}");
            // Why a key does not hold is nobody's business.
            if *name == "x-api-key" {
                assert_eq!(answer.json()["message"], unknown, "{operation} with {what}");
            }
        }
        // A good key in an environment that there is not.
        let path = call.path(&acme).replace(&acme.id, "0000000000000000");
        let request = server.request(call.method, &path).header("x-api-key", &acme.keys.admin);
        let answer = server.send(request).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "unauthorized"), "{operation}");
    }
    assert_eq!(trail(&server, &acme).await, before, "what is refused does nothing");
});

async fn trail(server: &Server, acme: &Environment) -> Value {
    let answer = server.find(acme, "/audit-trail?limit=100").await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["data"].clone()
}

on_both!(each_role_may_what_the_seed_says, async |server: Server| {
    let acme = server.environment("acme").await;
    let keys = keys(&server, &acme).await;
    for (operation, answers) in ANSWERS {
        let mut things = Things::new(&server, &acme).await;
        for (key, status) in keys.iter().zip(answers) {
            let call = good_call(operation, &acme, &things);
            let answer = send(&server, &acme, &[("x-api-key", key)], &call).await;
            assert_eq!(answer.status, status, "{operation}: {}", answer.text);
            if status == 403 {
                assert_eq!(answer.code(), "forbidden");
                let message = "User does not have a required claim to perform this operation.";
                assert_eq!(answer.json()["message"], message);
            } else if call.method != Method::GET {
                assert_no_failure(operation, &answer.text);
                things = Things::new(&server, &acme).await;
            }
        }
    }
});

/// Operations with partial success say 2xx whatever happens.
fn assert_no_failure(operation: &str, text: &str) {
    let Ok(json) = serde_json::from_str::<Value>(text) else { return };
    for failed in ["/failed", "/failedCredentialOffers"] {
        assert!(json.pointer(failed).is_none_or(|list| *list == json!([])), "{operation}: {text}");
    }
    assert!(json.pointer("/0/status").is_none_or(|status| status == "ENQUEUED"), "{operation}: {text}");
}

on_both!(who_may_not_is_told_so_before_the_request_is_looked_at, async |server: Server| {
    let acme = server.environment("acme").await;
    let things = Things::new(&server, &acme).await;
    let keys = keys(&server, &acme).await;
    for (operation, answers) in ANSWERS {
        let good = good_call(operation, &acme, &things);
        let rest = things.misnamed(good.rest.split('?').next().unwrap_or_default()) + "?filter.nothing=x";
        let call = Call { rest, body: Body::Json(json!(["garbage"])), ..good };
        let answer = send(&server, &acme, &[], &call).await;
        assert_eq!((answer.status, answer.code().as_str()), (401, "unauthorized"), "{operation}");
        for (key, _) in keys.iter().zip(answers).filter(|(_, status)| *status == 403) {
            let answer = send(&server, &acme, &[("x-api-key", key)], &call).await;
            assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"), "{operation}");
        }
    }
});
