//! Credential offers and the verifier: what the admin of another tenant finds in its own environment when it names what belongs to somebody
//! else.

use model::Role;
use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Environment, Server, on_both};

use super::calls::{Things, good_call, send};
use super::{Security, operations};

/// What a stranger is answered.
#[derive(Clone, Copy, Debug)]
pub(super) enum Outcome {
    /// 404 with this code.
    NotFound(&'static str),
    /// Partial success of nothing: the code is at this place.
    Failed(&'static str, &'static str),
    /// 200, and nothing at this place.
    Empty(&'static str),
    /// 201: the request names nothing, so the stranger makes something of its own.
    Own,
}

use Outcome::{Empty, Failed, NotFound, Own};

const NO_OFFER: &str = "credential_offer_not_found";
const NO_DEFINITION: &str = "presentation_definition_not_found";
const NO_PRESENTATION: &str = "presentation_not_found";

/// What a good request of somebody else's is answered with in a stranger's own environment.
pub(super) const ANSWERS: [(&str, Outcome); 29] = [
    ("createApiKey", Own),
    ("createCredentialOfferCollection", Own),
    ("createCredentialOffers", NotFound("organisation_profile_not_found")),
    ("createOrganisationProfile", Own),
    ("createPresentationDefinition", Own),
    ("deleteCredentialOffer", NotFound(NO_OFFER)),
    ("deletePresentationDefinition", NotFound(NO_DEFINITION)),
    ("erasePresentation", NotFound(NO_PRESENTATION)),
    ("getAuditTrail", Empty("/data")),
    ("getCredentialOffer", NotFound(NO_OFFER)),
    ("getCredentialTemplates", NotFound("correlation_id_not_supported")),
    ("getCredentialTypeUsage", Empty("")),
    ("getOrganisationProfile", NotFound("organisation_profile_not_found")),
    ("getPresentation", NotFound(NO_PRESENTATION)),
    ("getPresentationDefinition", NotFound(NO_DEFINITION)),
    ("getSearchHistory", Empty("/data")),
    ("listApiKeys", Empty("/data")),
    ("listCredentialOfferCollections", Empty("/data")),
    ("listCredentialOffers", Empty("/data")),
    ("listOrganisationProfiles", Empty("/data")),
    ("listPresentationDefinitions", Empty("/data")),
    ("listPresentations", Empty("/data")),
    ("requestPresentation", NotFound(NO_DEFINITION)),
    ("resendRevocationEmail", NotFound(NO_OFFER)),
    ("revokeApiKey", NotFound("api_key_not_found")),
    ("revokeCredentialOffers", Failed("/failed/0/code", NO_OFFER)),
    ("shareCredentialOffersWithEmail", Failed("/0/code", NO_OFFER)),
    ("updatePresentationDefinition", NotFound(NO_DEFINITION)),
    ("uploadImage", Own),
];

fn check(operation: &str, answer: &Answer, outcome: Outcome) {
    match outcome {
        NotFound(code) => {
            assert_eq!((answer.status, answer.code().as_str()), (404, code), "{operation}: {}", answer.text);
        }
        Failed(place, code) => {
            assert!((200..300).contains(&answer.status), "{operation}: {}", answer.text);
            let json = answer.json();
            assert_eq!(json.pointer(place).and_then(Value::as_str), Some(code), "{operation}: {json}");
            assert!(json.get("revocations").is_none_or(|done| *done == json!([])), "{operation}: {json}");
        }
        Empty(place) => {
            assert_eq!(answer.status, 200, "{operation}: {}", answer.text);
            assert_eq!(answer.json().pointer(place), Some(&json!([])), "{operation}: {}", answer.text);
        }
        Own => assert_eq!(answer.status, 201, "{operation}: {}", answer.text),
    }
}

/// All that an environment's admins see of it, search history apart; the key is that of a `Verifier_Admin`.
async fn seen(server: &Server, acme: &Environment, verifier: &str) -> Vec<Value> {
    let mut seen = Vec::new();
    for rest in ["", "/definitions"] {
        let answer = server.call_verifier(acme, verifier, Method::GET, rest, None).await;
        assert_eq!(answer.status, 200, "{rest}: {}", answer.text);
        seen.push(answer.json());
    }
    for rest in [
        "/credential-offers?limit=100",
        "/audit-trail?limit=100",
        "/organisation-profiles",
        "/credential-offer-collections",
        "/credential-offers/type-usage",
    ] {
        let answer = server.find(acme, rest).await;
        assert_eq!(answer.status, 200, "{rest}: {}", answer.text);
        seen.push(answer.json());
    }
    // Without the moment of last use, which looking changes.
    let keys = server.find(acme, "/api-keys").await.json();
    let keys = keys["data"].as_array().expect("a list").iter();
    seen.extend(keys.map(|key| json!([key["id"], key["revokedAt"], key["roles"]])));
    seen
}

on_both!(another_tenant_finds_nothing_and_changes_nothing, async |server: Server| {
    let (acme, stranger) = (server.environment("acme").await, server.environment("umbrella").await);
    let things = Things::new(&server, &acme).await;
    assert_eq!(server.find(&acme, "/credential-offers?filter.status=claimed").await.status, 200);
    let verifier = server.api_key(&acme.partner, &[Role::VerifierAdmin]).await;
    let admin = server.api_key(&stranger.partner, &[Role::Admin, Role::VerifierAdmin]).await;
    let before = seen(&server, &acme, &verifier).await;
    let own_before = server.find(&stranger, "/audit-trail").await.json()["meta"]["totalItems"].clone();
    let mut made = 0;
    for operation in operations(&server, Security::ApiKey).await {
        let known = ANSWERS.iter().find(|(known, _)| *known == operation);
        let (_, outcome) = known.unwrap_or_else(|| panic!("{operation} is new: say so in ANSWERS"));
        let call = good_call(&operation, &acme, &things);
        let answer = send(&server, &stranger, &[("x-api-key", &admin)], &call).await;
        check(&operation, &answer, *outcome);
        made += i64::from(matches!(outcome, Own));
        // Lists repeat the caller's filters, and partial success its ids; nothing else names what is not the caller's.
        if matches!(outcome, NotFound(_) | Own) {
            for id in things.ids(&acme) {
                assert!(!answer.text.contains(id), "{operation} tells {id}: {}", answer.text);
            }
        }
    }
    assert_eq!(seen(&server, &acme, &verifier).await, before, "the owner's things are as they were");
    // A profile with a logo is two things.
    let own = server.find(&stranger, "/audit-trail").await.json()["meta"]["totalItems"].clone();
    assert_eq!(
        own.as_i64(),
        own_before.as_i64().map(|before| before + made + 1),
        "what was refused left no event"
    );
});

/// What an item of a bulk request refers to, taken from another tenant: the change, and what is answered.
fn borrowed(
    acme: &Environment,
    things: &Things,
) -> [(&'static str, Value, Result<&'static str, &'static str>); 5] {
    let photo = json!({"claimName": "photo", "claimValue": things.image});
    [
        ("/correlationId", json!(acme.correlation_id), Err("correlation_id_not_supported")),
        ("/organisationProfileId", json!(things.profile), Err("organisation_profile_not_found")),
        (
            "/credentialOfferCollectionId",
            json!(things.collection),
            Err("credential_offer_collection_not_found"),
        ),
        ("/credentialOffers/0/credentialId", json!(acme.credential_id), Ok("credential_id_not_supported")),
        ("/credentialOffers/0/claims/0", photo, Ok("media_not_found")),
    ]
}

on_both!(an_offer_cannot_be_made_of_what_another_tenant_has, async |server: Server| {
    let (acme, stranger) = (server.environment("acme").await, server.environment("umbrella").await);
    let things = Things::new(&server, &acme).await;
    for (place, value, outcome) in borrowed(&acme, &things) {
        let mut offer = stranger.offer("eve@example.com", "Eve");
        let level = json!({"claimName": "level", "claimValue": "1"});
        offer["claims"].as_array_mut().expect("a list").insert(0, level);
        let mut body = stranger.bulk(&[offer]);
        body["credentialOfferCollectionId"] = Value::Null;
        *body.pointer_mut(place).expect("a place") = value;
        let admin = &stranger.keys.admin;
        let answer = server.call(&stranger, admin, Method::POST, "/credential-offers", Some(&body)).await;
        match outcome {
            Err(code) => assert_eq!((answer.status, answer.code().as_str()), (404, code), "{place}"),
            Ok(code) => {
                assert_eq!(answer.status, 201, "{place}: {}", answer.text);
                assert_eq!(answer.json()["failedCredentialOffers"][0]["errorCode"], code, "{place}");
            }
        }
    }
    let offers = server.find(&stranger, "/credential-offers").await.json();
    assert_eq!(offers["meta"]["totalItems"], 0);
});

on_both!(offers_are_not_claimed_through_another_environment, async |server: Server| {
    let (acme, stranger) = (server.environment("acme").await, server.environment("umbrella").await);
    let things = Things::new(&server, &acme).await;
    for id in [&things.ready, &things.claimed, &things.revoked] {
        for what in ["claim", "status"] {
            let answer = server.get(&stranger.path(&format!("/credential-offers/{id}/{what}"))).await;
            assert_eq!((answer.status, answer.code().as_str()), (404, NO_OFFER), "{what}");
        }
    }
    let events = format!("/audit-trail?filter.target={}", things.ready);
    let events = server.find(&acme, &events).await.json();
    assert_eq!(events["meta"]["totalItems"], 1, "it was made, and nothing else: {events}");
    // The same user id is another user in another environment.
    let keys = server.find(&acme, "/api-keys?limit=100").await.json();
    let user = keys["data"][0]["userId"].clone();
    let body = json!({"name": "namesake", "roles": ["Issuer_User"], "userId": user});
    let answer = server.call(&stranger, &stranger.keys.admin, Method::POST, "/api-keys", Some(&body)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let namesake = answer.json()["rawKey"].as_str().expect("a key").to_owned();
    let found = server.call(&stranger, &namesake, Method::GET, "/credential-offers", None).await;
    assert_eq!((found.status, &found.json()["data"]), (200, &json!([])));
    let foreign = server.call(&acme, &namesake, Method::GET, "/credential-offers", None).await;
    assert_eq!(foreign.status, 401, "{}", foreign.text);
});
