//! Making offers in bulk: what is good is stored, what is not comes back; a fault of the envelope refuses all of it.

use issuance::NewIssuer;
use model::Clock;
use serde_json::{Value, json};
use support::{Environment, Partner, Server, on_both};

use crate::offers::common::{
    NOTHING, claim, create, create_with, each, id_of, list, listed, picture, refused, uploaded,
};

const JSON: (&str, &str) = ("content-type", "application/json");
/// The largest body, in bytes.
const LARGEST: usize = 5 * 1_024 * 1_024;

on_both!(good_items_are_stored_and_bad_ones_come_back, async |server: Server| {
    let acme = server.environment("acme").await;
    let good = acme.offer("ada@example.com", "Ada & <b>\u{1f642}");
    let mut unknown = good.clone();
    unknown["claims"][0]["claimName"] = json!("fulName");
    let body =
        acme.bulk(&[good.clone(), unknown.clone(), json!("text"), acme.offer("grace@example.com", "Grace")]);
    let answer = create(&server, &acme, &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let answer = answer.json();
    let made = list(&answer, "credentialOffers");
    assert_eq!(made.len(), 2);
    assert_eq!(made[0]["claims"][0]["claimValue"], "Ada & <b>\u{1f642}");
    assert_eq!(made[0]["credentialTypes"], json!(["ExampleCredential", "VerifiableCredential"]));
    assert_eq!(made[0]["status"], "ready_to_claim");
    let failed = list(&answer, "failedCredentialOffers");
    assert_eq!(failed.len(), 2);
    assert_eq!((&failed[0]["errorCode"], &failed[0]["index"]), (&json!("claim_not_supported"), &json!(1)));
    assert_eq!(failed[0]["claims"], unknown["claims"]);
    assert_eq!((&failed[1]["item"], &failed[1]["index"]), (&json!("text"), &json!(2)));

    let found = listed(&server, &acme, "/credential-offers").await;
    assert_eq!(found["meta"]["totalItems"], 2);
    assert_eq!(found["data"][0]["email"], "grace@example.com");
    assert_eq!(found["data"][1], made[0]);
});

/// An item, its error code, and what its error says.
type Fault = (Value, &'static str, &'static str);

fn with(acme: &Environment, change: impl FnOnce(&mut Value)) -> Value {
    let mut item = acme.offer("ada@example.com", "Ada Lovelace");
    change(&mut item);
    item
}

/// Faults of an item's form.
fn malformed(acme: &Environment) -> Vec<Fault> {
    let set = |name: &str, value: Value| with(acme, |item| item[name] = value);
    let claims = |claims: Value| set("claims", claims);
    let form = "invalid_request";
    vec![
        (json!("text"), form, "must be an object"),
        (json!(null), form, "must be an object"),
        (json!(42), form, "must be an object"),
        (json!([]), form, "must be an object"),
        (json!({}), form, "credentialId is required"),
        (set("credentialId", json!(7)), form, "credentialId must be a string"),
        (set("credentialId", json!("")), form, "credentialId is required"),
        (set("email", json!("nobody")), form, "email"),
        (set("email", json!("a@b@example.com")), form, "email"),
        (set("email", json!(["ada@example.com"])), form, "email must be a string"),
        (set("expirationDate", json!("soon")), form, "expirationDate must be a moment"),
        (set("expirationDate", json!("2035-06-20")), form, "expirationDate must be a moment"),
        (set("expirationDate", json!(2_000_000_000)), form, "expirationDate must be a string"),
        (set("referenceId", json!("r".repeat(256))), form, "referenceId is longer than 255"),
        (set("referenceId", json!(5)), form, "referenceId must be a string"),
        (set("referenceId", json!("a\u{0}b")), form, "referenceId"),
        (set("credentialId", json!("a\u{0}b")), form, "credentialId"),
        (claims(json!({"fullName": "Ada"})), form, "claims must be a list"),
        (claims(json!(["fullName"])), form, "A claim must be an object"),
        (claims(json!([{"claimValue": "Ada"}])), form, "claimName is required"),
        (claims(json!([{"claimName": "fullName"}])), form, "claimValue is required"),
        (claims(json!([{"claimName": "fullName", "claimValue": "Ada", "dataType": 1}])), form, "dataType"),
        (claims(json!(vec![claim("string", "fullName", "Ada"); 101])), form, "at most 100"),
    ]
}

/// Claims that do not fit, beside a good name.
fn unfit(acme: &Environment) -> Vec<Fault> {
    let claims = |claims: Vec<Value>| with(acme, |item| item["claims"] = claims.into());
    let beside = |more: Value| with(acme, |item| item["claims"].as_array_mut().expect("a list").push(more));
    let invalid = |kind: &str, name: &str, value: &str| beside(claim(kind, name, value));
    let code = "claim_invalid";
    let mut faults = vec![
        (claims(Vec::new()), "claim_missing", "fullName"),
        (with(acme, |item| item["claims"] = Value::Null), "claim_missing", "fullName"),
        (beside(claim("string", "surname", "L")), "claim_not_supported", "surname"),
        (beside(claim("string", "address", "Paris")), "claim_not_supported", "address"),
        (beside(claim("string", "fullName", "Ada")), "claim_duplicate", "fullName"),
        (beside(claim("text", "level", "1")), code, "none of string"),
        (beside(claim("string", "level", "1")), code, "dataType is string"),
        (beside(claim("number", "level", json!(null))), code, "string, a number or a boolean"),
        (beside(claim("number", "level", json!([1]))), code, "string, a number or a boolean"),
        (beside(claim("number", "level", json!({"a": 1}))), code, "string, a number or a boolean"),
        (claims(vec![claim("string", "fullName", "x".repeat(101))]), code, "fullName"),
        (claims(vec![claim("string", "fullName", "x".repeat(10_001))]), code, "10000 bytes"),
        (invalid("number", "level", "1.5"), code, "level"),
        (invalid("number", "level", "-1"), code, "level"),
        (invalid("date", "born", "2025-06-20T06:44:22Z"), code, "born"),
        (invalid("image", "photo", NOTHING), "media_not_found", "no image"),
        (invalid("image", "photo", "portrait.png"), "media_not_found", "no image"),
    ];
    for number in
        ["", " 1", "1 ", "1,5", "0x10", "NaN", "Infinity", "1_000", "+1", "01", ".5", "1.", "\u{663}"]
    {
        faults.push((invalid("number", "score", number), code, "no number"));
    }
    for boolean in ["TRUE", "True", "1", "yes", "", " true"] {
        faults.push((invalid("boolean", "active", boolean), code, "neither true nor false"));
    }
    for date in ["2025-02-29", "20.06.2025", "2025-6-1", "20250620", "", "2025-06-20 ", "today"] {
        faults.push((invalid("date", "born", date), code, "no date"));
    }
    faults
}

/// Programs that cannot be offered here.
async fn programs(server: &Server, acme: &Environment, other: &Environment) -> Vec<Fault> {
    let tenant = acme.partner.id.as_str().into();
    let second = NewIssuer { tenant, name: "Second".to_owned(), slug: None, did: None, anchor: None };
    let second = server.engine.create_issuer(second).await.expect("an issuer");
    let partner: &Partner = &acme.partner;
    let draft = server.another_program(partner, |program| program.published = false).await;
    let elsewhere = server.another_program(partner, |program| program.issuer_did = second.did).await;
    let yesterday = server.clock.now().plus_seconds(-86_400);
    let closed = server.another_program(partner, |program| program.closes_at = Some(yesterday)).await;
    let unknown = "credential_id_not_supported";
    let named = |id: &str| with(acme, |item| item["credentialId"] = json!(id));
    vec![
        (named("nothing"), unknown, "no published credential"),
        (named(&draft), unknown, "no published credential"),
        (named(&elsewhere), unknown, "no published credential"),
        (named(&other.credential_id), unknown, "no published credential"),
        (named(&closed), "credential_closed", "closed"),
        (
            with(acme, |item| item["expirationDate"] = json!("2020-01-01T00:00:00Z")),
            "expiration_date_in_past",
            "in the past",
        ),
    ]
}

on_both!(every_fault_of_an_item_has_its_code_and_its_place, async |server: Server| {
    let (acme, other) = (server.environment("acme").await, server.environment("umbrella").await);
    let foreign = uploaded(&server, &other, &picture(image::ImageFormat::Png)).await;
    let mut faults = malformed(&acme);
    faults.extend(unfit(&acme));
    faults.extend(programs(&server, &acme, &other).await);
    let photo = claim("image", "photo", id_of(&foreign));
    let stolen = with(&acme, |item| item["claims"].as_array_mut().expect("a list").push(photo));
    faults.push((stolen, "media_not_found", "no image"));

    // A good one before, between and behind them.
    let mut items = vec![acme.offer("good@example.com", "Good")];
    for (item, ..) in &faults {
        items.extend([item.clone(), acme.offer("good@example.com", "Good")]);
    }
    let answer = create(&server, &acme, &acme.bulk(&items)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let answer = answer.json();
    let failed = list(&answer, "failedCredentialOffers");
    assert_eq!(failed.len(), faults.len());
    for (place, (failed, (item, code, says))) in failed.iter().zip(&faults).enumerate() {
        assert_eq!(failed["errorCode"], *code, "{item}: {failed}");
        assert_eq!(failed["index"], 2 * place + 1, "{failed}");
        let error = failed["error"].as_str().expect("a text");
        assert!(error.contains(says), "{item}: {error}");
        assert_eq!(failed["correlationId"], acme.correlation_id.as_str());
        assert_eq!(failed["organisationProfileId"], acme.profile_id.as_str());
        match item {
            Value::Object(members) => members.iter().for_each(|(name, sent)| assert_eq!(failed[name], *sent)),
            other => assert_eq!(failed["item"], *other),
        }
    }
    assert_eq!(list(&answer, "credentialOffers").len(), faults.len() + 1);
    let found = listed(&server, &acme, "/credential-offers?limit=0").await;
    assert_eq!(found["meta"]["totalItems"], faults.len() + 1);
});

on_both!(what_is_wrong_is_said_without_the_value, async |server: Server| {
    let acme = server.environment("acme").await;
    let secret = "SecretSecretSecret".repeat(10);
    let mut items = vec![acme.offer("ada@example.com", &secret)];
    items.push(with(&acme, |item| item["claims"] = json!([claim("number", "level", secret.as_str())])));
    let answer = create(&server, &acme, &acme.bulk(&items)).await.json();
    for failed in list(&answer, "failedCredentialOffers") {
        assert!(!failed["error"].as_str().expect("a text").contains("Secret"), "{}", failed["error"]);
    }
});

on_both!(all_may_fail, async |server: Server| {
    let acme = server.environment("acme").await;
    let answer = create(&server, &acme, &acme.bulk(&[json!("a"), json!("b")])).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let answer = answer.json();
    assert_eq!(answer["credentialOffers"], json!([]));
    assert_eq!(list(&answer, "failedCredentialOffers").len(), 2);
    assert_eq!(answer["organisationProfile"]["id"], acme.profile_id.as_str());
});

on_both!(what_is_left_out_has_its_default, async |server: Server| {
    let acme = server.environment("acme").await;
    let body = json!({
        "correlationId": acme.correlation_id,
        "credentialOffers": [
            {"credentialId": acme.credential_id, "claims": [{"claimName": "fullName", "claimValue": "Ada"}]},
            {
                "credentialId": acme.credential_id, "email": null, "referenceId": null, "expirationDate": null,
                "claims": [claim("string", "fullName", "Ada")],
            },
            {"credentialId": acme.credential_id, "email": "", "claims": [claim("string", "fullName", "Ada")]},
        ],
    });
    let answer = create(&server, &acme, &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let answer = answer.json();
    assert_eq!(answer["organisationProfile"]["id"], acme.profile_id.as_str());
    assert_eq!(answer["organisationProfile"]["isDefault"], true);
    let offers = list(&answer, "credentialOffers");
    assert_eq!(offers.len(), 3, "{answer}");
    for offer in offers {
        assert_eq!(offer["organisationProfileId"], acme.profile_id.as_str());
        for absent in ["email", "referenceId", "expirationDate", "credentialOfferCollection", "issuer"] {
            assert_eq!(offer[absent], Value::Null, "{absent}");
        }
        assert_eq!(offer["claims"][0]["dataType"], "string");
    }
});

/// Bodies that are refused as a whole.
async fn envelopes(server: &Server, acme: &Environment) -> Vec<(Value, u16, &'static str)> {
    let other = server.environment("umbrella").await;
    let collection = json!({"name": "theirs"});
    let rest = "/credential-offer-collections";
    let theirs = server.call(&other, &other.keys.user, reqwest::Method::POST, rest, Some(&collection)).await;
    let theirs = theirs.json();
    let good = || acme.bulk(&[acme.offer("ada@example.com", "Ada")]);
    let set = |name: &str, value: Value| {
        let mut body = good();
        body[name] = value;
        body
    };
    let (issuer, profile, collection, form) = (
        "correlation_id_not_supported",
        "organisation_profile_not_found",
        "credential_offer_collection_not_found",
        "invalid_request",
    );
    vec![
        (set("correlationId", json!("nothing")), 404, issuer),
        (set("correlationId", json!(other.correlation_id)), 404, issuer),
        (set("correlationId", json!("")), 400, form),
        (set("correlationId", json!(5)), 400, form),
        (set("correlationId", json!("a\u{0}b")), 400, form),
        (set("organisationProfileId", json!(NOTHING)), 404, profile),
        (set("organisationProfileId", json!(other.profile_id)), 404, profile),
        (set("organisationProfileId", json!("mine")), 400, form),
        (set("credentialOfferCollectionId", json!(NOTHING)), 404, collection),
        (set("credentialOfferCollectionId", theirs["id"].clone()), 404, collection),
        (set("credentialOfferCollectionId", json!("mine")), 400, form),
        (set("credentialOffers", json!([])), 400, form),
        (set("credentialOffers", json!({"email": "ada@example.com"})), 400, form),
        (set("credentialOffers", Value::Null), 400, form),
        (json!({}), 400, form),
        (json!([good()]), 400, form),
    ]
}

on_both!(a_fault_of_the_envelope_refuses_all_of_it, async |server: Server| {
    let acme = server.environment("acme").await;
    for (body, status, code) in envelopes(&server, &acme).await {
        refused(&create(&server, &acme, &body).await, status, code);
    }
    for (bytes, says) in [
        ("", "Missing body"),
        ("{", "not valid JSON"),
        ("correlationId=acme", "not valid JSON"),
        (r#"{"correlationId":"a","correlationId":"b"}"#, "correlationId"),
        (&"[".repeat(100), "not valid JSON"),
        (&format!("{{\"credentialOffers\":{}{}}}", "[".repeat(60), "]".repeat(60)), "Invalid body"),
    ] {
        let message =
            refused(&create_with(&server, &acme, &[JSON], bytes.to_owned()).await, 400, "invalid_request");
        assert!(message.contains(says), "{bytes}: {message}");
    }
    let good = acme.bulk(&[acme.offer("ada@example.com", "Ada")]).to_string();
    let text = ("content-type", "text/plain");
    refused(&create_with(&server, &acme, &[text], good.clone()).await, 415, "invalid_request");
    refused(&create_with(&server, &acme, &[], good).await, 415, "invalid_request");
    assert_eq!(listed(&server, &acme, "/credential-offers").await["meta"]["totalItems"], 0);
});

on_both!(a_body_has_its_limits, async |server: Server| {
    let acme = server.environment("acme").await;
    let item = acme.offer("ada@example.com", "Ada");
    let many = acme.bulk(&vec![item.clone(); 1_001]);
    refused(&create(&server, &acme, &many).await, 413, "too_many_items");
    let mut body = acme.bulk(std::slice::from_ref(&item)).to_string();
    body.push_str(&" ".repeat(LARGEST - body.len()));
    assert_eq!(body.len(), LARGEST);
    let over = format!("{body} ");
    refused(&create_with(&server, &acme, &[JSON], over).await, 413, "body_too_large");
    assert_eq!(listed(&server, &acme, "/credential-offers").await["meta"]["totalItems"], 0);
    let answer = create_with(&server, &acme, &[JSON], body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
});

on_both!(a_thousand_offers_are_made_together_and_in_order, async |server: Server| {
    let acme = server.environment("acme").await;
    let email = |person: usize| format!("person{person:04}@example.com");
    let items: Vec<Value> = (0..1_000).map(|person| acme.offer(&email(person), "Ada")).collect();
    let answer = create(&server, &acme, &acme.bulk(&items)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let answer = answer.json();
    assert_eq!(answer["failedCredentialOffers"], json!([]));
    let people: Vec<String> = (0..1_000).map(email).collect();
    assert_eq!(each(&answer, "credentialOffers", "email"), people);
    let mut found = Vec::new();
    for page in (1..=10).rev() {
        let rest = format!("/credential-offers?limit=100&page={page}");
        let page = listed(&server, &acme, &rest).await;
        assert_eq!(page["meta"]["totalItems"], 1_000);
        found.extend(list(&page, "data").iter().rev().cloned());
    }
    assert_eq!(&found[..], list(&answer, "credentialOffers"));
});
