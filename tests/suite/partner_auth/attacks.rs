//! Known attacks on JWT verifiers (RFC 8725 and the CVEs behind it), through HTTP.

use aws_lc_rs::hmac;
use jose::{b64url_decode, b64url_encode};
use model::PartnerKeys;
use serde_json::{Value, json};
use support::{JwksHost, Partner, PartnerKey, Reply, Server, on_both};

use super::{assert_refused, is_accepted, refused};

const SIGNATURE: &str =
    "Invalid signature: the Partner JWT was not signed by the key that its kid names in your JWKS.";
/// The order of P-256 (FIPS 186-4, D.1.2.3), big-endian.
const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/// A good token's signing input and signature.
fn parts(partner: &Partner, server: &Server) -> (String, Vec<u8>) {
    let token = partner.token("ada@example.com", &server.clock);
    let (input, signature) = token.rsplit_once('.').expect("three parts");
    (input.to_owned(), b64url_decode(signature).expect("base64url"))
}

fn hs256(header: &Value, payload: &str, secret: &[u8]) -> String {
    let input =
        format!("{}.{}", b64url_encode(header.to_string().as_bytes()), b64url_encode(payload.as_bytes()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    format!("{input}.{}", b64url_encode(hmac::sign(&key, input.as_bytes()).as_ref()))
}

/// The SubjectPublicKeyInfo of a P-256 key in PEM (RFC 5480).
fn pem(key: &PartnerKey) -> String {
    use base64::Engine as _;
    let jwk = key.key.public_key().to_jwk();
    let coordinate = |name: &str| b64url_decode(jwk[name].as_str().expect("text")).expect("base64url");
    let mut der = vec![
        0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
        0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04,
    ];
    der.extend(coordinate("x"));
    der.extend(coordinate("y"));
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let (first, second) = text.split_at(64);
    format!("-----BEGIN PUBLIC KEY-----\n{first}\n{second}\n-----END PUBLIC KEY-----\n")
}

on_both!(a_public_key_is_no_hmac_secret, async |server: Server| {
    let acme = server.partner("acme").await;
    let claims = acme.claims("ada@example.com", &server.clock);
    let payload = Value::Object(claims.payload).to_string();
    let secrets = [pem(&acme.key), acme.key.jwk().to_string(), acme.key.jwks(), String::from("secret")];
    let unsupported = "Unsupported algorithm in the Partner JWT: HS256. Sign with RS256 or ES256.";
    let mut rows = Vec::new();
    for secret in &secrets {
        let header = json!({"alg": "HS256", "kid": acme.key.kid, "typ": "JWT"});
        rows.push(refused("HS256", hs256(&header, &payload, secret.as_bytes()), unsupported));
        // The same MAC under the name of the key's own algorithm.
        let header = json!({"alg": "ES256", "kid": acme.key.kid, "typ": "JWT"});
        rows.push(refused("a MAC as ES256", hs256(&header, &payload, secret.as_bytes()), SIGNATURE));
    }
    assert_refused(&server, &acme, &rows).await;
});

on_both!(a_key_that_the_token_brings_is_not_believed, async |server: Server| {
    let acme = server.partner("acme").await;
    let attacker = PartnerKey::es256(&acme.key.kid);
    let host = JwksHost::start(Reply::keys(&[&attacker])).await;
    let claims = acme.claims("ada@example.com", &server.clock);
    let mut rows = Vec::new();
    for (name, value) in [
        ("jwk", attacker.jwk()),
        ("jku", json!(host.url)),
        ("x5u", json!(host.url)),
        ("x5c", json!(["MIIB"])),
    ] {
        let token = claims.clone().with_header(name, value).sign(&attacker.key);
        rows.push(refused(name, token, SIGNATURE));
    }
    rows.push(refused("another key", claims.sign(&attacker.key), SIGNATURE));
    assert_refused(&server, &acme, &rows).await;
    assert_eq!(host.asked(), 0, "a URL in a token is never followed");
});

/// `n - s`, which makes another valid signature of the same message.
fn negated(s: &[u8]) -> Vec<u8> {
    let order: Vec<u8> =
        (0..32).map(|at| u8::from_str_radix(&ORDER[2 * at..2 * at + 2], 16).expect("hexadecimal")).collect();
    let mut difference = vec![0; 32];
    let mut borrow = 0;
    for at in (0..32).rev() {
        let digit = i32::from(order[at]) - i32::from(s[at]) - borrow;
        borrow = i32::from(digit < 0);
        difference[at] = digit.rem_euclid(256) as u8;
    }
    difference
}

/// A signature as DER (RFC 3279, section 2.2.3) instead of `r || s`.
fn der(signature: &[u8]) -> Vec<u8> {
    let integer = |number: &[u8]| {
        let mut digits: Vec<u8> = number.iter().copied().skip_while(|digit| *digit == 0).collect();
        if digits.first().is_none_or(|first| *first >= 0x80) {
            digits.insert(0, 0);
        }
        [vec![2, digits.len() as u8], digits].concat()
    };
    let body = [integer(&signature[..32]), integer(&signature[32..])].concat();
    [vec![0x30, body.len() as u8], body].concat()
}

on_both!(an_es256_signature_has_one_form, async |server: Server| {
    let acme = server.partner("acme").await;
    let (input, signature) = parts(&acme, &server);
    let (r, s) = signature.split_at(32);
    let order = negated(&[0; 32]);
    let mut rows = Vec::new();
    for (what, spoilt) in [
        ("r and s zero", vec![0; 64]),
        ("r zero", [&[0; 32], s].concat()),
        ("s zero", [r, &[0; 32]].concat()),
        ("r and s the order", [&order[..], &order[..]].concat()),
        ("truncated", signature[..63].to_vec()),
        ("longer", [&signature[..], &[0]].concat()),
        ("one byte", vec![1]),
        ("DER", der(&signature)),
        ("r and s exchanged", [s, r].concat()),
    ] {
        rows.push(refused(what, format!("{input}.{}", b64url_encode(&spoilt)), SIGNATURE));
    }
    let (header, payload) = input.split_once('.').expect("two parts");
    let other = acme.claims("eve@example.com", &server.clock).payload;
    let other = b64url_encode(Value::Object(other).to_string().as_bytes());
    let signature = b64url_encode(&signature);
    rows.push(refused("another payload", format!("{header}.{other}.{signature}"), SIGNATURE));
    let spaced = b64url_encode(
        json!({"alg": "ES256", "kid": acme.key.kid, "typ": "JWT", "x": 1}).to_string().as_bytes(),
    );
    rows.push(refused("another header", format!("{spaced}.{payload}.{signature}"), SIGNATURE));
    assert_refused(&server, &acme, &rows).await;
});

on_both!(a_high_s_is_a_valid_signature, async |server: Server| {
    let acme = server.partner("acme").await;
    let (input, signature) = parts(&acme, &server);
    let (r, s) = signature.split_at(32);
    for s in [s.to_vec(), negated(s)] {
        let token = format!("{input}.{}", b64url_encode(&[r, &s].concat()));
        assert!(is_accepted(&server, &token).await);
    }
});

on_both!(the_algorithm_must_fit_the_key, async |server: Server| {
    let (elliptic, rsa) = (PartnerKey::es256("shared"), PartnerKey::rs256("shared"));
    let misfit = |token: &str, key: &str| {
        format!(
            "The Partner JWT's algorithm does not fit the key: the token says {token}, the key is for {key}."
        )
    };
    for (name, key, other) in
        [("one", elliptic, &rsa), ("two", PartnerKey::rs256("shared"), &PartnerKey::es256("shared"))]
    {
        let keys = PartnerKeys::Pinned(key.jwks());
        let partner = server.partner_with(name, key, keys).await;
        let token = partner.claims("ada@example.com", &server.clock).sign(&other.key);
        let message = misfit(other.key.algorithm().as_str(), partner.key.key.algorithm().as_str());
        assert_refused(&server, &partner, &[refused("the other kind of key", token, message)]).await;
    }
    let both = PartnerKey::es256("shared");
    let keys = json!({"keys": [rsa.jwk(), both.jwk()]}).to_string();
    let partner = server.partner_with("three", both, PartnerKeys::Pinned(keys)).await;
    let claims = partner.claims("ada@example.com", &server.clock);
    for key in [&partner.key, &rsa] {
        assert!(is_accepted(&server, &claims.sign(&key.key)).await, "two keys may share a kid");
    }
});

on_both!(a_key_declared_for_something_else_verifies_nothing, async |server: Server| {
    for (name, member, value) in
        [("one", "use", json!("enc")), ("two", "key_ops", json!(["sign"])), ("three", "alg", json!("RS256"))]
    {
        let (key, spare) = (PartnerKey::es256("signing"), PartnerKey::es256("spare"));
        let mut jwk = key.jwk();
        jwk[member] = value;
        let keys = json!({"keys": [jwk, spare.jwk()]}).to_string();
        let partner = server.partner_with(name, key, PartnerKeys::Pinned(keys)).await;
        let token = partner.token("ada@example.com", &server.clock);
        let message = "kid not found: your JWKS has no usable signing key \"signing\". Publish the key before you sign with it.";
        assert_refused(&server, &partner, &[refused(member, token, message)]).await;
    }
});
