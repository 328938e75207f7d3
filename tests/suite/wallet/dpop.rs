//! Tokens that are bound to a key (RFC 9449).

use aws_lc_rs::digest::{SHA256, digest};
use jose::b64url_encode;
use serde_json::{Value, json};
use support::{Access, Answer, Environment, Server, on_both};
use wallet::{CredentialOffer, WalletKey, credential_request};

use super::common::{asking, begun, count, documents, offer, refused, scan, sd_jwt, state, unauthorized};

/// Header and claims of a proof in the making.
fn good(server: &Server, key: &WalletKey, url: &str, jti: &str, token: Option<&str>) -> (Value, Value) {
    let mut claims = json!({"jti": jti, "htm": "POST", "htu": url, "iat": server.clock_seconds()});
    if let Some(token) = token {
        claims["ath"] = json!(b64url_encode(digest(&SHA256, token.as_bytes()).as_ref()));
    }
    (json!({"typ": "dpop+jwt", "jwk": key.jwk()}), claims)
}

/// Asks for a token with these proofs.
async fn ask_token(server: &Server, offer: &CredentialOffer, proofs: &[&str]) -> Answer {
    let url = offer.endpoint("token");
    let send = |request: reqwest::RequestBuilder| {
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = request.body(offer.token_form(None));
        proofs.iter().fold(request, |request, proof| request.header("dpop", *proof))
    };
    server.post_to(&url, send).await
}

/// Asks for a credential with this `Authorization` and these proofs.
async fn ask(server: &Server, access: &Access, scheme: &str, proofs: &[&str]) -> Answer {
    let jwt = server.proofs(&access.offer, &[&WalletKey::generate()]).await;
    let body = credential_request(sd_jwt(access), &jwt);
    let send = |request: reqwest::RequestBuilder| {
        let request = request.header("authorization", format!("{scheme} {}", access.token)).json(&body);
        proofs.iter().fold(request, |request, proof| request.header("dpop", *proof))
    };
    server.post_to(&access.offer.endpoint("credential"), send).await
}

/// A token bound to this key.
async fn bound(server: &Server, acme: &Environment, key: &WalletKey) -> Access {
    let id = offer(server, acme).await;
    let offer = scan(server, acme, &id).await;
    let answer = server.ask_token(&offer, None, Some(key)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.json()["token_type"], "DPoP");
    Access::new(offer, &answer.json())
}

on_both!(a_wallet_binds_its_token_to_a_key, async |server: Server| {
    let acme = server.environment("acme").await;
    for key in [WalletKey::generate(), WalletKey::generate_es256k(), WalletKey::generate_eddsa()] {
        let access = bound(&server, &acme, &key).await;
        for endpoint in ["credential", "notification", "deferred-credential"] {
            let url = access.offer.endpoint(endpoint);
            let proof = key.dpop(&url, endpoint, server.clock_seconds(), Some(&access.token));
            let answer = if endpoint == "credential" {
                ask(&server, &access, "DPoP", &[&proof]).await
            } else {
                let authorization = format!("DPoP {}", access.token);
                let send = |request: reqwest::RequestBuilder| {
                    request.header("authorization", authorization).header("dpop", proof).json(&json!({}))
                };
                server.post_to(&url, send).await
            };
            // The token is accepted everywhere; the empty requests are not.
            assert_eq!(answer.status, if endpoint == "credential" { 200 } else { 400 }, "{}", answer.text);
        }
    }
});

on_both!(a_program_may_ask_for_it, async |server: Server| {
    let acme = asking(&server, "acme", |policy| policy.require_dpop = true).await;
    let id = offer(&server, &acme).await;
    let offer = scan(&server, &acme, &id).await;
    for _ in 0..2 {
        refused(&ask_token(&server, &offer, &[]).await, 400, "invalid_dpop_proof");
    }
    assert_eq!(state(&server, &acme, &id).await, "ACCESS_TOKEN_REQUESTED");
    let key = WalletKey::generate();
    let answer = server.ask_token(&offer, None, Some(&key)).await;
    assert_eq!(answer.status, 200, "the code was not used up: {}", answer.text);
    let access = Access::new(offer, &answer.json());
    let url = access.offer.endpoint("credential");
    let proof = key.dpop(&url, "1", server.clock_seconds(), Some(&access.token));
    documents(&ask(&server, &access, "DPoP", &[&proof]).await);
});

/// A way to spoil a proof.
type Spoil = fn(&mut Value, &mut Value);

fn remove(value: &mut Value, name: &str) {
    value.as_object_mut().expect("an object").remove(name);
}

/// What is wrong with a proof wherever it is sent.
fn spoils() -> Vec<(&'static str, Spoil)> {
    vec![
        ("typ", |header, _| header["typ"] = json!("JWT")),
        ("no typ", |header, _| remove(header, "typ")),
        ("no jwk", |header, _| remove(header, "jwk")),
        ("private jwk", |header, _| header["jwk"]["d"] = json!("AAAA")),
        ("another key", |header, _| header["jwk"] = WalletKey::generate().jwk()),
        ("no htm", |_, claims| remove(claims, "htm")),
        ("another method", |_, claims| claims["htm"] = json!("GET")),
        ("method in small letters", |_, claims| claims["htm"] = json!("post")),
        ("no htu", |_, claims| remove(claims, "htu")),
        ("another address", |_, claims| claims["htu"] = json!("https://elsewhere.example/token")),
        ("another endpoint", |_, claims| {
            let htu = claims["htu"].as_str().expect("a text");
            claims["htu"] = json!(format!("{htu}/x"));
        }),
        ("no iat", |_, claims| remove(claims, "iat")),
        ("iat is a text", |_, claims| claims["iat"] = json!(claims["iat"].to_string())),
        ("an hour old", |_, claims| claims["iat"] = json!(claims["iat"].as_i64().expect("a number") - 3600)),
        ("in an hour", |_, claims| claims["iat"] = json!(claims["iat"].as_i64().expect("a number") + 3600)),
        ("no jti", |_, claims| remove(claims, "jti")),
        ("jti is a number", |_, claims| claims["jti"] = json!(1)),
    ]
}

on_both!(a_proof_that_is_none_gives_no_token, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    let offer = scan(&server, &acme, &id).await;
    let (url, key) = (offer.endpoint("token"), WalletKey::generate());
    for (what, spoil) in spoils() {
        let (mut header, mut claims) = good(&server, &key, &url, what, None);
        spoil(&mut header, &mut claims);
        let answer = ask_token(&server, &offer, &[&key.sign(&header, &claims)]).await;
        assert_eq!(answer.status, 400, "{what}: {}", answer.text);
        refused(&answer, 400, "invalid_dpop_proof");
    }
    let (header, claims) = good(&server, &key, &url, "1", None);
    let proof = key.sign(&header, &claims);
    let (input, _) = proof.rsplit_once('.').expect("a signature");
    for broken in ["", "x", &format!("{input}."), &format!("{input}.{}", b64url_encode(&[0; 64]))] {
        refused(&ask_token(&server, &offer, &[broken]).await, 400, "invalid_dpop_proof");
    }
    refused(&ask_token(&server, &offer, &[&proof, &proof]).await, 400, "invalid_dpop_proof");
    let (header, claims) = good(&server, &key, &url, "2", None);
    let second = key.sign(&header, &claims);
    refused(&ask_token(&server, &offer, &[&proof, &second]).await, 400, "invalid_dpop_proof");
    assert_eq!(count(&server, "access_token").await, 0);
    assert_eq!(
        ask_token(&server, &offer, &[&proof]).await.json()["token_type"],
        "DPoP",
        "the code is still good"
    );
});

on_both!(a_proof_that_is_none_gives_no_credential, async |server: Server| {
    let acme = server.environment("acme").await;
    let key = WalletKey::generate();
    let access = bound(&server, &acme, &key).await;
    let url = access.offer.endpoint("credential");
    let mut spoils = spoils();
    spoils.extend([
        ("no ath", (|_, claims| remove(claims, "ath")) as Spoil),
        ("ath of another token", |_, claims| {
            claims["ath"] = json!("fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
        }),
        ("ath is empty", |_, claims| claims["ath"] = json!("")),
    ]);
    for (what, spoil) in spoils {
        let (mut header, mut claims) = good(&server, &key, &url, what, Some(&access.token));
        spoil(&mut header, &mut claims);
        let answer = ask(&server, &access, "DPoP", &[&key.sign(&header, &claims)]).await;
        assert_eq!(answer.status, 401, "{what}: {}", answer.text);
        unauthorized(&answer, "DPoP", "invalid_dpop_proof");
    }
    let (header, claims) = good(&server, &key, &url, "good", Some(&access.token));
    let proof = key.sign(&header, &claims);
    unauthorized(&ask(&server, &access, "DPoP", &[&proof, &proof]).await, "DPoP", "invalid_dpop_proof");
    // Another key's proof is good in itself, but the token is not its.
    let other = WalletKey::generate();
    let foreign = other.dpop(&url, "other", server.clock_seconds(), Some(&access.token));
    let answer = ask(&server, &access, "DPoP", &[&foreign]).await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert!(answer.header("www-authenticate").is_some_and(|challenge| challenge.starts_with("DPoP ")));
    documents(&ask(&server, &access, "DPoP", &[&proof]).await);
});

on_both!(a_bound_token_is_worth_nothing_without_its_key, async |server: Server| {
    let acme = server.environment("acme").await;
    let key = WalletKey::generate();
    let access = bound(&server, &acme, &key).await;
    let url = access.offer.endpoint("credential");
    for scheme in ["Bearer", "DPoP"] {
        let answer = ask(&server, &access, scheme, &[]).await;
        assert_eq!(answer.status, 401, "{scheme}: {}", answer.text);
        refused(&answer, 401, "invalid_token");
        // RFC 9449, section 7.1: the wallet is told which scheme to use.
        let challenge = answer.header("www-authenticate").expect("a challenge");
        assert!(challenge.contains("DPoP"), "{challenge}");
    }
    let proof = key.dpop(&url, "1", server.clock_seconds(), Some(&access.token));
    refused(&ask(&server, &access, "Bearer", &[&proof]).await, 401, "invalid_token");
    assert_eq!(count(&server, "delivery").await, 0);
});

on_both!(a_challenge_for_a_bound_token_is_of_its_scheme, async |server: Server| {
    let acme = server.environment("acme").await;
    let access = bound(&server, &acme, &WalletKey::generate()).await;
    for scheme in ["Bearer", "DPoP"] {
        unauthorized(&ask(&server, &access, scheme, &[]).await, "DPoP", "invalid_token");
    }
});

on_both!(a_proof_is_used_once, async |server: Server| {
    let acme = server.environment("acme").await;
    let key = WalletKey::generate();
    let access = bound(&server, &acme, &key).await;
    let url = access.offer.endpoint("credential");
    let proof = key.dpop(&url, "once", server.clock_seconds(), Some(&access.token));
    documents(&ask(&server, &access, "DPoP", &[&proof]).await);
    unauthorized(&ask(&server, &access, "DPoP", &[&proof]).await, "DPoP", "invalid_dpop_proof");
    // The same `jti` in another proof of the key; as long as the first might pass.
    for seconds in [0, 250, 300] {
        server.clock.advance(seconds);
        let again = key.dpop(&url, "once", server.clock_seconds(), Some(&access.token));
        if seconds < 300 {
            unauthorized(&ask(&server, &access, "DPoP", &[&again]).await, "DPoP", "invalid_dpop_proof");
        }
        let stale = ask(&server, &access, "DPoP", &[&proof]).await;
        unauthorized(&stale, "DPoP", "invalid_dpop_proof");
    }
    // What another key calls by the same name is another proof.
    let other = WalletKey::generate();
    let access = bound(&server, &acme, &other).await;
    let proof = other.dpop(&url, "once", server.clock_seconds(), Some(&access.token));
    documents(&ask(&server, &access, "DPoP", &[&proof]).await);
});

on_both!(of_many_uses_of_one_proof_one_passes, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    let offer = scan(&server, &acme, &id).await;
    let key = WalletKey::generate();
    let proof = key.dpop(&offer.endpoint("token"), "once", server.clock_seconds(), None);
    let proofs = [proof.as_str()];
    let answers = futures_util::future::join_all((0..8).map(|_| ask_token(&server, &offer, &proofs))).await;
    let given = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(given, 1);
    for answer in answers.iter().filter(|answer| answer.status != 200) {
        let code = answer.json()["error"].as_str().expect("a code").to_owned();
        assert!(["invalid_dpop_proof", "invalid_grant"].contains(&code.as_str()), "{code}");
        refused(answer, 400, &code);
    }
});

on_both!(the_query_of_an_address_does_not_count, async |server: Server| {
    let acme = server.environment("acme").await;
    let key = WalletKey::generate();
    let access = bound(&server, &acme, &key).await;
    let url = format!("{}?x=1#y", access.offer.endpoint("credential"));
    let proof = key.dpop(&url, "1", server.clock_seconds(), Some(&access.token));
    documents(&ask(&server, &access, "DPoP", &[&proof]).await);
});

on_both!(a_proof_beside_an_unbound_token_is_ignored, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    documents(&ask(&server, &access, "Bearer", &["not even a JWT"]).await);
});
