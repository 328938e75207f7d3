//! What an issuer says about itself.

use std::collections::BTreeSet;

use jose::Jws;
use model::{CardDisplay, ProgramDisplay, ProofAlgorithm};
use reqwest::Method;
use serde_json::{Map, Value, json};
use support::{Answer, Environment, Server, on_both};

use super::common::{asking, change, refused};

const NAMES: [&str; 3] = ["openid-credential-issuer", "oauth-authorization-server", "jwt-vc-issuer"];

/// Both places of a well-known document.
fn places(name: &str, slug: &str) -> [String; 2] {
    [format!("/.well-known/{name}/issuers/{slug}"), format!("/issuers/{slug}/.well-known/{name}")]
}

async fn metadata(server: &Server, acme: &Environment) -> Value {
    server.published(&places(NAMES[0], &acme.correlation_id)[0]).await
}

/// Asks for issuer metadata with this `Accept`.
async fn accepting(server: &Server, acme: &Environment, accept: &str) -> Answer {
    let request = server.request(Method::GET, &places(NAMES[0], &acme.correlation_id)[0]);
    server.send(request.header("accept", accept)).await
}

on_both!(each_document_is_at_both_places, async |server: Server| {
    let acme = server.environment("acme").await;
    for name in NAMES {
        let [inserted, appended] = places(name, &acme.correlation_id);
        let (inserted, appended) = (server.get(&inserted).await, server.get(&appended).await);
        assert_eq!(
            (inserted.status, inserted.header("content-type")),
            (200, Some("application/json")),
            "{name}"
        );
        assert_eq!(inserted.text, appended.text, "{name}");
        assert_eq!(appended.header("content-type"), Some("application/json"), "{name}");
        assert!(inserted.header("cache-control").is_some_and(|value| value.contains("max-age=")), "{name}");
        assert!(!inserted.text.contains("null"), "{}", inserted.text);
    }
});

on_both!(who_is_no_issuer_has_none, async |server: Server| {
    let acme = server.environment("acme").await;
    for name in NAMES {
        for slug in ["nobody", "-", "ACME", "%00", "..", "acme%2F.."] {
            for path in places(name, slug) {
                assert_eq!(server.get(&path).await.status, 404, "{path}");
            }
        }
        for path in [format!("/.well-known/{name}"), format!("/.well-known/{name}/{}", acme.correlation_id)] {
            assert_eq!(server.get(&path).await.status, 404, "{path}");
        }
    }
    for name in &NAMES[..2] {
        for path in places(name, "nobody") {
            refused(&server.get(&path).await, 404, "invalid_request");
        }
    }
});

on_both!(issuer_metadata_has_what_the_specification_wants, async |server: Server| {
    let acme = server.environment("acme").await;
    let document = metadata(&server, &acme).await;
    let issuer = format!("{}/issuers/{}", server.url, acme.correlation_id);
    assert_eq!(document["credential_issuer"], issuer.as_str());
    for (name, path) in [
        ("credential_endpoint", "credential"),
        ("nonce_endpoint", "nonce"),
        ("deferred_credential_endpoint", "deferred-credential"),
        ("notification_endpoint", "notification"),
    ] {
        assert_eq!(document[name], format!("{issuer}/{path}"), "{name}");
    }
    assert_eq!(document.get("authorization_servers"), None, "the issuer is its own");
    assert!(document["batch_credential_issuance"]["batch_size"].as_u64().is_some_and(|size| size >= 2));
    assert_eq!(document["display"][0]["name"], "acme");
    let request = &document["credential_request_encryption"];
    let keys = request["jwks"]["keys"].as_array().expect("keys");
    assert!(keys.iter().all(|key| key["kid"].is_string() && key.get("d").is_none()), "{keys:?}");
    let response = &document["credential_response_encryption"];
    assert_eq!(response["alg_values_supported"], json!(["ECDH-ES"]));
    for encryption in [request, response] {
        assert_eq!(encryption["enc_values_supported"], json!(["A128GCM", "A256GCM"]));
        assert_eq!(encryption["zip_values_supported"], json!(["DEF"]));
        assert_eq!(encryption["encryption_required"], false);
    }
});

on_both!(each_format_of_a_program_is_a_configuration, async |server: Server| {
    let acme = server.environment("acme").await;
    let document = metadata(&server, &acme).await;
    let supported = document["credential_configurations_supported"].as_object().expect("an object");
    let ids: BTreeSet<&str> = supported.keys().map(String::as_str).collect();
    let both = |id: &str| [id.to_owned(), format!("{id}.dc+sd-jwt")];
    let wanted = [both(&acme.credential_id), both(&acme.partner.program_id)].concat();
    assert_eq!(ids, wanted.iter().map(String::as_str).collect());
    for (id, configuration) in supported {
        let sd_jwt = id.ends_with(".dc+sd-jwt");
        assert_eq!(configuration["format"], if sd_jwt { "dc+sd-jwt" } else { "jwt_vc_json" });
        assert_eq!(configuration["vct"].is_string(), sd_jwt);
        assert_eq!(configuration["credential_definition"]["type"].is_array(), !sd_jwt);
        // The two stand or fall together (section 12.2.4).
        let binding = configuration["cryptographic_binding_methods_supported"].as_array().expect("a list");
        assert_eq!(json!(binding), json!(["jwk", "did:jwk", "did:key"]));
        let algorithms = &configuration["proof_types_supported"]["jwt"]["proof_signing_alg_values_supported"];
        assert_eq!(*algorithms, json!(["ES256", "ES256K", "EdDSA"]));
        let signing = configuration["credential_signing_alg_values_supported"].as_array().expect("a list");
        assert_eq!(json!(signing), json!(["ES256"]));
        assert!(configuration["credential_metadata"]["display"][0]["name"].is_string(), "{configuration}");
    }
    let definition = &supported[&acme.credential_id]["credential_definition"]["type"];
    assert_eq!(*definition, json!(["VerifiableCredential", "ExampleCredential"]));
});

on_both!(claims_are_described_where_the_format_keeps_them, async |server: Server| {
    let acme = server.environment("acme").await;
    let document = metadata(&server, &acme).await;
    for (id, before) in [
        (acme.credential_id.clone(), vec!["credentialSubject"]),
        (format!("{}.dc+sd-jwt", acme.credential_id), vec![]),
    ] {
        let claims = &document["credential_configurations_supported"][&id]["credential_metadata"]["claims"];
        let claims = claims.as_array().expect("a list");
        let full_name =
            claims.iter().find(|claim| claim["path"] == json!([before.clone(), vec!["fullName"]].concat()));
        let full_name = full_name.unwrap_or_else(|| panic!("{claims:?}"));
        assert_eq!(
            (&full_name["mandatory"], &full_name["display"][0]["name"]),
            (&json!(true), &json!("Full name"))
        );
        let level = claims
            .iter()
            .find(|claim| claim["path"].as_array().is_some_and(|path| path.ends_with(&[json!("level")])));
        assert_eq!(level.expect("it may be there")["mandatory"], false);
        let paths: BTreeSet<String> = claims.iter().map(|claim| claim["path"].to_string()).collect();
        assert_eq!(paths.len(), claims.len(), "each once");
    }
});

/// A look in three languages.
fn look() -> ProgramDisplay {
    let card = |locale: &str, name: &str| CardDisplay {
        name: name.to_owned(),
        locale: Some(locale.to_owned()),
        description: Some(format!("{name}.")),
        logo: Some(model::Logo {
            uri: "https://acme.example/logo.png".to_owned(),
            alt_text: Some("A logo".to_owned()),
        }),
        background_color: Some("#12107c".to_owned()),
        text_color: Some("#FFFFFF".to_owned()),
    };
    let names = [("en", "Full name"), ("de-CH", "Vor- und Nachname")]
        .map(|(locale, name)| (locale.to_owned(), name.to_owned()));
    ProgramDisplay {
        display: vec![
            card("en", "Membership"),
            card("de-CH", "Mitgliedschaft"),
            card("zh-Hans", "\u{4f1a}\u{5458}"),
        ],
        claims: [("fullName".to_owned(), names.into_iter().collect())].into_iter().collect(),
    }
}

on_both!(a_credential_looks_as_its_program_says, async |server: Server| {
    let acme = asking(&server, "acme", |policy| policy.look = look()).await;
    let document = metadata(&server, &acme).await;
    let wanted = json!(look().display);
    let mut seen = 0;
    for id in [acme.credential_id.clone(), format!("{}.dc+sd-jwt", acme.credential_id)] {
        let configuration = &document["credential_configurations_supported"][&id];
        let metadata = &configuration["credential_metadata"];
        assert_eq!((&metadata["display"], &configuration["display"]), (&wanted, &wanted));
        let claims = metadata["claims"].as_array().expect("a list");
        let name = claims.iter().find(|claim| claim["path"].to_string().contains("fullName")).expect("there");
        let names = name["display"].as_array().expect("a list");
        for wanted in [
            json!({"name": "Full name", "locale": "en"}),
            json!({"name": "Vor- und Nachname", "locale": "de-CH"}),
        ] {
            assert!(names.contains(&wanted), "{names:?}");
        }
        let locales: BTreeSet<String> = names.iter().map(|name| name["locale"].to_string()).collect();
        assert_eq!(locales.len(), names.len(), "one object for each language: {names:?}");
        seen += 1;
    }
    assert_eq!(seen, 2);
    let old = document["credentials_supported"].as_array().expect("a list");
    let old = old.iter().find(|entry| entry["id"] == acme.credential_id.as_str()).expect("the program");
    assert_eq!(old["display"][1]["name"], "Mitgliedschaft");
});

on_both!(older_wallets_find_a_list, async |server: Server| {
    let acme = server.environment("acme").await;
    let document = metadata(&server, &acme).await;
    let old = document["credentials_supported"].as_array().expect("draft 11 has a list");
    assert_eq!(old.len(), 4);
    let of = |id: &str| old.iter().find(|entry| entry["id"] == id).unwrap_or_else(|| panic!("{id}: {old:?}"));
    let jwt = of(&acme.credential_id);
    assert_eq!(jwt["format"], "jwt_vc_json");
    assert_eq!(jwt["types"], json!(["VerifiableCredential", "ExampleCredential"]));
    assert_eq!(jwt["cryptographic_suites_supported"], json!(["ES256", "ES256K", "EdDSA"]));
    assert_eq!(jwt["display"][0]["name"], "Example Credential");
    assert_eq!(jwt["credentialSubject"]["fullName"]["mandatory"], true);
    let sd = of(&format!("{}.dc+sd-jwt", acme.credential_id));
    assert_eq!(sd["format"], "vc+sd-jwt");
    let new = &document["credential_configurations_supported"][format!("{}.dc+sd-jwt", acme.credential_id)];
    assert_eq!(sd["vct"], new["vct"]);
});

on_both!(the_algorithms_are_those_that_the_program_takes, async |server: Server| {
    let acme = asking(&server, "acme", |policy| policy.proof_algorithms = vec![ProofAlgorithm::Es256]).await;
    let document = metadata(&server, &acme).await;
    let configuration = &document["credential_configurations_supported"][&acme.credential_id];
    let algorithms = &configuration["proof_types_supported"]["jwt"]["proof_signing_alg_values_supported"];
    assert_eq!(*algorithms, json!(["ES256"]));
    let old = document["credentials_supported"].as_array().expect("a list");
    let old = old.iter().find(|entry| entry["id"] == acme.credential_id.as_str()).expect("there");
    assert_eq!(old["cryptographic_suites_supported"], json!(["ES256"]));
});

on_both!(drafts_of_programs_are_not_shown, async |server: Server| {
    let (acme, umbrella) = (server.environment("acme").await, server.environment("umbrella").await);
    let draft = server.another_program(&acme.partner, |program| program.published = false).await;
    assert!(!metadata(&server, &acme).await.to_string().contains(&draft));
    change(&server, &acme, |program| program.published = false).await;
    let text = metadata(&server, &acme).await.to_string();
    assert!(!text.contains(&acme.credential_id), "{text}");
    assert!(text.contains(&acme.partner.program_id));
    for others in [&umbrella.credential_id, &umbrella.partner.program_id] {
        assert!(!text.contains(others), "another issuer's");
    }
});

on_both!(a_program_of_one_format_is_one_configuration, async |server: Server| {
    let acme = server.environment("acme").await;
    change(&server, &acme, |program| program.formats = vec![model::Format::DcSdJwt]).await;
    let document = metadata(&server, &acme).await;
    let supported = &document["credential_configurations_supported"];
    assert!(supported.get(&acme.credential_id).is_none());
    assert!(supported.get(format!("{}.dc+sd-jwt", acme.credential_id)).is_some());
});

on_both!(the_signed_form_says_the_same, async |server: Server| {
    let acme = server.environment("acme").await;
    let plain = metadata(&server, &acme).await;
    let issuer = plain["credential_issuer"].as_str().expect("a text").to_owned();
    for path in places(NAMES[0], &acme.correlation_id) {
        let request = server.request(Method::GET, &path).header("accept", "application/jwt");
        let answer = server.send(request).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/jwt")),
            "{}",
            answer.text
        );
        let jws = Jws::parse_within(&answer.text, 1 << 20).expect("a JWS");
        assert_eq!(jws.header().typ.as_deref(), Some("openidvci-issuer-metadata+jwt"));
        let key = server.metadata_key(&issuer, jws.header().kid.as_deref().expect("a kid")).await;
        jws.verify(&key).expect("signed by the issuer");
        let mut claims: Map<String, Value> = serde_json::from_slice(jws.payload()).expect("JSON");
        assert_eq!(claims.remove("sub"), Some(json!(issuer)));
        let iat = claims.remove("iat").and_then(|iat| iat.as_i64()).expect("a moment");
        assert!((0..60).contains(&(server.clock_seconds() - iat)), "{iat}");
        assert!(claims.remove("iss").is_none_or(|iss| iss == issuer.as_str()));
        assert_eq!(Value::Object(claims), plain, "all metadata are claims");
    }
});

on_both!(json_is_for_all_who_do_not_ask_otherwise, async |server: Server| {
    let acme = server.environment("acme").await;
    let plain = server.get(&places(NAMES[0], &acme.correlation_id)[0]).await;
    for accept in
        ["application/json", "*/*", "text/html", "application/json, application/jwt", "", ";;,", "a/b;q=x"]
    {
        let answer = accepting(&server, &acme, accept).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/json")),
            "{accept}"
        );
        assert_eq!(answer.text, plain.text, "{accept}");
        assert!(
            answer.header("vary").is_some_and(|vary| vary.contains("accept")),
            "caches keep both forms apart"
        );
    }
    for accept in [
        "application/jwt",
        "Application/JWT",
        "application/jwt, application/json;q=0.5",
        "application/jwt;q=1",
    ] {
        let answer = accepting(&server, &acme, accept).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/jwt")),
            "{accept}"
        );
    }
    let post = server.send(server.request(Method::POST, &places(NAMES[0], &acme.correlation_id)[0])).await;
    assert_eq!(post.status, 405);
});

on_both!(the_authorisation_server_says_what_it_takes, async |server: Server| {
    let acme = server.environment("acme").await;
    let document = server.published(&places(NAMES[1], &acme.correlation_id)[0]).await;
    let issuer = format!("{}/issuers/{}", server.url, acme.correlation_id);
    assert_eq!(document["issuer"], issuer.as_str());
    assert_eq!(document["token_endpoint"], format!("{issuer}/token"));
    assert_eq!(document["grant_types_supported"], json!([crate::wallet::common::GRANT]));
    assert_eq!(document["pre-authorized_grant_anonymous_access_supported"], true);
    assert_eq!(document["token_endpoint_auth_methods_supported"], json!(["none"]));
    assert!(document["response_types_supported"].is_array(), "RFC 8414 requires it");
    // No configuration has a scope, so wallets have to know about this (section 12.2.4).
    assert_eq!(document["authorization_details_types_supported"], json!(["openid_credential"]));
    assert_eq!(document["dpop_signing_alg_values_supported"], json!(["ES256", "ES256K", "EdDSA"]));
    let key = server.published(&places(NAMES[2], &acme.correlation_id)[0]).await;
    assert_eq!(key["issuer"], issuer.as_str());
    let keys = key["jwks"]["keys"].as_array().expect("keys");
    assert!(keys.iter().all(|key| key.get("d").is_none() && key["kid"].is_string()), "{keys:?}");
});
