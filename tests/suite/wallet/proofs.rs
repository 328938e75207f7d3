//! Proofs of keys: every one that must not be believed is refused with the specification's code, and uses
//! nothing up.

use aws_lc_rs::hmac;
use jose::{SigningKey, b64url_encode};
use serde_json::{Value, json};
use support::{Access, Environment, Server, on_both};
use wallet::{WalletKey, credential_request};

use super::common::{
    ask, asking, begun, count, documents, fetched, offer, refused, scan, sd_jwt, token_with,
};

/// Header and claims of a proof in the making.
async fn good(server: &Server, access: &Access, key: &WalletKey) -> (Value, Value) {
    let nonce = server.nonce(&access.offer).await;
    (
        json!({"typ": "openid4vci-proof+jwt", "jwk": key.jwk()}),
        json!({"aud": access.offer.issuer, "iat": server.clock_seconds(), "nonce": nonce}),
    )
}

/// A way to spoil a proof.
type Spoil = fn(&mut Value, &mut Value);

/// Each is refused with this code; afterwards, the same proof unspoiled is accepted.
async fn all_refused(server: &Server, acme: &Environment, code: &str, spoils: &[(&str, Spoil)]) {
    let (_, access) = begun(server, acme).await;
    let key = WalletKey::generate();
    for (what, spoil) in spoils {
        let (mut header, mut claims) = good(server, &access, &key).await;
        spoil(&mut header, &mut claims);
        let answer = ask(server, &access, &[key.sign(&header, &claims)]).await;
        assert_eq!(answer.status, 400, "{what}: {}", answer.text);
        let reason = refused(&answer, 400, code);
        assert!(reason.ends_with('.'), "{what}: {reason}");
    }
    assert_eq!(count(server, "credential").await, 0);
    let (header, claims) = good(server, &access, &key).await;
    documents(&ask(server, &access, &[key.sign(&header, &claims)]).await);
}

fn remove(value: &mut Value, name: &str) {
    value.as_object_mut().expect("an object").remove(name);
}

on_both!(a_header_that_is_not_as_it_must_be_is_refused, async |server: Server| {
    let acme = server.environment("acme").await;
    let spoils: [(&str, Spoil); 12] = [
        ("typ JWT", |header, _| header["typ"] = json!("JWT")),
        ("typ of another proof", |header, _| header["typ"] = json!("dpop+jwt")),
        ("typ in capitals", |header, _| header["typ"] = json!("OPENID4VCI-PROOF+JWT")),
        ("no typ", |header, _| remove(header, "typ")),
        ("no key", |header, _| remove(header, "jwk")),
        ("jwk and kid", |header, _| {
            header["kid"] = json!("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp");
        }),
        ("x5c beside", |header, _| header["x5c"] = json!(["MIIB"])),
        ("trust chain", |header, _| header["trust_chain"] = json!(["x"])),
        ("private key", |header, _| header["jwk"]["d"] = json!("AAAA")),
        ("an empty jwk", |header, _| header["jwk"] = json!({})),
        ("jwk is a text", |header, _| header["jwk"] = json!("{}")),
        ("an unknown critical extension", |header, _| header["crit"] = json!(["x"])),
    ];
    all_refused(&server, &acme, "invalid_proof", &spoils).await;
});

on_both!(claims_that_are_not_as_they_must_be_are_refused, async |server: Server| {
    let acme = server.environment("acme").await;
    let spoils: [(&str, Spoil); 17] = [
        ("another aud", |_, claims| claims["aud"] = json!("https://elsewhere.example")),
        ("aud with a slash", |_, claims| {
            claims["aud"] = json!(format!("{}/", claims["aud"].as_str().expect("a text")));
        }),
        ("aud of the endpoint", |_, claims| {
            claims["aud"] = json!(format!("{}/credential", claims["aud"].as_str().expect("a text")));
        }),
        ("aud with capitals", |_, claims| {
            claims["aud"] = json!(claims["aud"].as_str().expect("a text").to_uppercase());
        }),
        ("other audiences", |_, claims| claims["aud"] = json!(["https://elsewhere.example"])),
        ("aud is an object", |_, claims| claims["aud"] = json!({"aud": claims["aud"]})),
        ("no aud", |_, claims| remove(claims, "aud")),
        ("no iat", |_, claims| remove(claims, "iat")),
        ("iat is a text", |_, claims| claims["iat"] = json!(claims["iat"].to_string())),
        ("iat two hours ago", |_, claims| {
            claims["iat"] = json!(claims["iat"].as_i64().expect("a number") - 7_200);
        }),
        ("iat in milliseconds", |_, claims| {
            claims["iat"] = json!(claims["iat"].as_i64().expect("a number") * 1000);
        }),
        ("iat in ten minutes", |_, claims| {
            claims["iat"] = json!(claims["iat"].as_i64().expect("a number") + 600);
        }),
        ("iat is negative", |_, claims| claims["iat"] = json!(-1)),
        ("expired", |_, claims| claims["exp"] = json!(claims["iat"].as_i64().expect("a number") - 1)),
        ("not valid yet", |_, claims| claims["nbf"] = json!(claims["iat"].as_i64().expect("a number") + 600)),
        ("no nonce", |_, claims| remove(claims, "nonce")),
        ("a nonce that is a number", |_, claims| claims["nonce"] = json!(1)),
    ];
    all_refused(&server, &acme, "invalid_proof", &spoils).await;
});

on_both!(nonces_that_are_not_ours_are_refused, async |server: Server| {
    let acme = server.environment("acme").await;
    let spoils: [(&str, Spoil); 6] = [
        ("empty", |_, claims| claims["nonce"] = json!("")),
        ("invented", |_, claims| claims["nonce"] = json!("3f2504e0-4f89-11d3-9a0c-0305e82c3301")),
        ("as long as ours", |_, claims| claims["nonce"] = json!("A".repeat(54))),
        ("cut", |_, claims| claims["nonce"] = json!(claims["nonce"].as_str().expect("a text")[1..])),
        ("longer", |_, claims| {
            claims["nonce"] = json!(format!("{}A", claims["nonce"].as_str().expect("a text")));
        }),
        ("a later end", |_, claims| {
            let mut bytes =
                jose::b64url_decode(claims["nonce"].as_str().expect("a text")).expect("base64url");
            bytes[5] ^= 1;
            claims["nonce"] = json!(b64url_encode(&bytes));
        }),
    ];
    all_refused(&server, &acme, "invalid_nonce", &spoils).await;
});

on_both!(a_nonce_is_of_one_issuer_and_of_five_minutes, async |server: Server| {
    let (acme, umbrella) = (server.environment("acme").await, server.environment("umbrella").await);
    let (_, access) = begun(&server, &acme).await;
    let (_, theirs) = begun(&server, &umbrella).await;
    let (key, issuer) = (WalletKey::generate(), access.offer.issuer.clone());
    let foreign = server.nonce(&theirs.offer).await;
    let proof = key.proof(&issuer, &foreign, server.clock_seconds());
    refused(&ask(&server, &access, &[proof]).await, 400, "invalid_nonce");
    let nonce = server.nonce(&access.offer).await;
    server.clock.advance(301);
    let proof = key.proof(&issuer, &nonce, server.clock_seconds());
    refused(&ask(&server, &access, &[proof]).await, 400, "invalid_nonce");
    let nonce = server.nonce(&access.offer).await;
    server.clock.advance(290);
    let access_again = begun(&server, &acme).await.1;
    let proof = key.proof(&issuer, &nonce, server.clock_seconds());
    documents(&ask(&server, &access_again, &[proof]).await);
});

on_both!(a_nonce_is_used_once, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let (_, other) = begun(&server, &acme).await;
    let (key, second) = (WalletKey::generate(), WalletKey::generate());
    let issuer = &access.offer.issuer;
    let nonce = server.nonce(&access.offer).await;
    let proof = key.proof(issuer, &nonce, server.clock_seconds());
    documents(&ask(&server, &access, std::slice::from_ref(&proof)).await);
    // The same request again; another key; another offer's token.
    refused(&ask(&server, &access, std::slice::from_ref(&proof)).await, 400, "invalid_nonce");
    refused(&ask(&server, &other, &[proof]).await, 400, "invalid_nonce");
    let again = second.proof(issuer, &nonce, server.clock_seconds());
    refused(&ask(&server, &access, &[again]).await, 400, "invalid_nonce");
    // One used nonce among two refuses the request, and does not use up the other.
    let fresh = server.nonce(&access.offer).await;
    let proofs = [
        key.proof(issuer, &nonce, server.clock_seconds()),
        second.proof(issuer, &fresh, server.clock_seconds()),
    ];
    refused(&ask(&server, &access, &proofs).await, 400, "invalid_nonce");
    documents(&ask(&server, &other, &proofs[1..]).await);
    assert_eq!(count(&server, "delivery").await, 2);
});

on_both!(each_nonce_of_several_is_used_up, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let (_, other) = begun(&server, &acme).await;
    let keys = [WalletKey::generate(), WalletKey::generate()];
    let mut proofs = Vec::new();
    for key in &keys {
        proofs.extend(server.proofs(&access.offer, &[key]).await);
    }
    assert_eq!(documents(&ask(&server, &access, &proofs).await).len(), 2);
    for proof in proofs {
        refused(&ask(&server, &other, &[proof]).await, 400, "invalid_nonce");
    }
});

on_both!(a_request_without_a_proof_is_refused, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let id = sd_jwt(&access);
    let jwt = server.proofs(&access.offer, &[&WalletKey::generate()]).await.remove(0);
    let vp = json!({"type": ["VerifiablePresentation"], "proof": {"proofPurpose": "authentication"}});
    for (proofs, code) in [
        (json!({}), "invalid_proof"),
        (json!({"proofs": {}}), "invalid_proof"),
        (json!({"proofs": {"jwt": []}}), "invalid_proof"),
        (json!({"proofs": {"jwt": jwt}}), "invalid_proof"),
        (json!({"proofs": {"jwt": [1]}}), "invalid_proof"),
        (json!({"proofs": {"jwt": [""]}}), "invalid_proof"),
        (json!({"proofs": {"jwt": ["a.b.c"]}}), "invalid_proof"),
        (json!({"proofs": [jwt]}), "invalid_proof"),
        (json!({"proofs": {"di_vp": [vp]}}), "invalid_proof"),
        (json!({"proofs": {"attestation": [jwt]}}), "invalid_proof"),
        (json!({"proofs": {"jwt": [jwt], "di_vp": [vp]}}), "invalid_proof"),
        (json!({"proof": {"proof_type": "ldp_vp", "ldp_vp": vp}}), "invalid_proof"),
        (json!({"proof": {"proof_type": "cwt", "cwt": jwt}}), "invalid_proof"),
        (json!({"proof": {"proof_type": "jwt"}}), "invalid_proof"),
        (json!({"proof": jwt}), "invalid_proof"),
        (
            json!({"proof": {"proof_type": "jwt", "jwt": jwt}, "proofs": {"jwt": [jwt]}}),
            "invalid_credential_request",
        ),
    ] {
        let mut body = proofs;
        body["credential_configuration_id"] = json!(id);
        let answer = server.post_as(&access, "credential", &body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.text);
        refused(&answer, 400, code);
    }
    documents(&ask(&server, &access, &[jwt]).await);
});

/// A JWT whose `alg` is this, with this signature.
fn forged(header: &Value, alg: &str, claims: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let mut header = header.clone();
    header["alg"] = json!(alg);
    let part = |value: &Value| b64url_encode(value.to_string().as_bytes());
    let input = format!("{}.{}", part(&header), part(claims));
    let signature = b64url_encode(&sign(input.as_bytes()));
    format!("{input}.{signature}")
}

on_both!(what_is_not_signed_by_the_key_is_refused, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let (key, other) = (WalletKey::generate(), WalletKey::generate());
    let (header, claims) = good(&server, &access, &key).await;
    let signed = key.sign(&header, &claims);
    let (input, signature) = signed.rsplit_once('.').expect("a signature");
    let bytes = jose::b64url_decode(signature).expect("base64url");
    let mut proofs = vec![
        other.sign(&header, &claims),
        format!("{input}.{}", b64url_encode(&[0; 64])),
        format!("{input}.{}", b64url_encode(&bytes[..63])),
        format!("{input}."),
        input.to_owned(),
        format!("{signed}.x"),
        format!("{signed}~"),
    ];
    let mut changed = claims.clone();
    changed["iat"] = json!(server.clock_seconds() + 1);
    let payload = b64url_encode(changed.to_string().as_bytes());
    let head = input.split('.').next().expect("a header");
    proofs.push(format!("{head}.{payload}.{signature}"));
    for alg in ["none", "None", "NONE", ""] {
        proofs.push(forged(&header, alg, &claims, |_| Vec::new()));
        proofs.push(forged(&header, alg, &claims, |_| bytes.clone()));
    }
    let jwk = key.jwk().to_string();
    let secret = hmac::Key::new(hmac::HMAC_SHA256, jwk.as_bytes());
    proofs.push(forged(&header, "HS256", &claims, |input| hmac::sign(&secret, input).as_ref().to_vec()));
    proofs.push(forged(&header, "ES384", &claims, |_| bytes.clone()));
    proofs.push(forged(&header, "ES256K", &claims, |_| bytes.clone()));
    proofs.push(forged(&header, "EdDSA", &claims, |_| bytes.clone()));
    for proof in proofs {
        let answer = ask(&server, &access, std::slice::from_ref(&proof)).await;
        assert_eq!(answer.status, 400, "{proof}: {}", answer.text);
        refused(&answer, 400, "invalid_proof");
    }
    documents(&ask(&server, &access, &[signed]).await);
});

on_both!(a_key_of_a_kind_that_is_not_taken_is_refused, async |server: Server| {
    let acme = asking(&server, "acme", |policy| {
        policy.proof_algorithms = vec![model::ProofAlgorithm::Es256];
    })
    .await;
    let (_, access) = begun(&server, &acme).await;
    let rsa = SigningKey::from_pkcs8_der(&SigningKey::generate_rs256_pkcs8()).expect("a key");
    for key in [WalletKey::generate_es256k(), WalletKey::generate_eddsa(), WalletKey::new(rsa)] {
        let answer = server.ask_credential(&access, sd_jwt(&access), &[&key]).await;
        refused(&answer, 400, "invalid_proof");
    }
    // By `kid` too, and beside a good one.
    let key = WalletKey::generate_eddsa();
    let (_, claims) = good(&server, &access, &key).await;
    let did = vc::did::did_jwk(key.public_key());
    let proof = key.sign_proof(&json!({"kid": format!("{did}#0")}), &claims);
    refused(&ask(&server, &access, std::slice::from_ref(&proof)).await, 400, "invalid_proof");
    let known = WalletKey::generate();
    let nonce = claims["nonce"].as_str().expect("a nonce");
    let good = known.proof(&access.offer.issuer, nonce, server.clock_seconds());
    refused(&ask(&server, &access, &[good.clone(), proof]).await, 400, "invalid_proof");
    documents(&ask(&server, &access, &[good]).await);
});

on_both!(a_wallet_names_itself_as_it_did_at_the_token_endpoint, async |server: Server| {
    let acme = server.environment("acme").await;
    let key = WalletKey::generate();
    for (client_id, iss, accepted) in [
        (None, None, true),
        (None, Some("wallet.example"), false),
        (Some("wallet.example"), Some("wallet.example"), true),
        (Some("wallet.example"), None, true),
        (Some("wallet.example"), Some("another.example"), false),
    ] {
        let id = offer(&server, &acme).await;
        let offer = scan(&server, &acme, &id).await;
        let more: Vec<(&str, &str)> = client_id.map(|id| ("client_id", id)).into_iter().collect();
        let token = token_with(&server, &offer, &more).await;
        let access = Access::new(offer, &token.json());
        let (header, mut claims) = good(&server, &access, &key).await;
        if let Some(iss) = iss {
            claims["iss"] = json!(iss);
        }
        let answer = ask(&server, &access, &[key.sign(&header, &claims)]).await;
        if accepted {
            assert_eq!(documents(&answer).len(), 1, "{client_id:?} {iss:?}");
        } else {
            refused(&answer, 400, "invalid_proof");
        }
    }
});

on_both!(unknown_claims_and_header_members_are_ignored, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let key = WalletKey::generate();
    let (mut header, mut claims) = good(&server, &access, &key).await;
    header["x-odd"] = json!([1, {"a": null}]);
    header["jwk"]["use"] = json!("sig");
    header["jwk"]["kid"] = json!("my key");
    claims["aud"] = json!(["https://elsewhere.example", claims["aud"]]);
    claims["exp"] = json!(server.clock_seconds() + 60);
    claims["x-odd"] = json!("x");
    let document = documents(&ask(&server, &access, &[key.sign(&header, &claims)]).await).remove(0);
    let verified = server.verify_sd_jwt(&document).await;
    assert_eq!(verified["cnf"]["jwk"], key.jwk(), "without the odd members");
});

on_both!(proofs_are_of_distinct_keys_and_at_most_ten, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let keys: Vec<WalletKey> = (0..11).map(|_| WalletKey::generate()).collect();
    let of = |count: usize| keys.iter().take(count).collect::<Vec<&WalletKey>>();
    let eleven = server.ask_credential(&access, sd_jwt(&access), &of(11)).await;
    refused(&eleven, 400, "invalid_proof");
    let twice = server.ask_credential(&access, sd_jwt(&access), &[&keys[0], &keys[1], &keys[0]]).await;
    refused(&twice, 400, "invalid_proof");
    // One key by two names is one key.
    let nonce = server.nonce(&access.offer).await;
    let claims = json!({"aud": access.offer.issuer, "iat": server.clock_seconds(), "nonce": nonce});
    let did = vc::did::did_key(keys[0].public_key()).expect("a did:key");
    let named = keys[0].sign_proof(&json!({"kid": did}), &claims);
    let plain = keys[0].sign_proof(&json!({"jwk": keys[0].jwk()}), &claims);
    let body = credential_request(sd_jwt(&access), &[plain, named]);
    refused(&server.post_as(&access, "credential", &body).await, 400, "invalid_proof");
    assert_eq!(fetched(&server, &access, &of(10)).await.len(), 10);
});
