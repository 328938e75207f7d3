//! Credentials that need no server: the issuer's key is in its DID or in its certificate.

use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jose::SigningKey;
use model::{Clock, Timestamp};
use pem::Pem;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, SanType};
use serde_json::{Value, json};
use support::{Ran, TestClock};
use tempfile::TempDir;
use vc::sd_jwt::{KeyBindingClaims, bind};

use super::common::verify;

const VALID: &str = "✓ valid: credential (dc+sd-jwt)";
const INVALID: &str = "✗ invalid: credential (dc+sd-jwt)";

fn key() -> SigningKey {
    SigningKey::from_pkcs8_der(&SigningKey::generate_es256_pkcs8()).expect("made a moment ago")
}

fn now() -> i64 {
    TestClock::default().now().seconds()
}

fn write(folder: &TempDir, name: &str, text: &str) {
    fs::write(folder.path().join(name), text).expect("written");
}

/// An SD-JWT VC of an issuer with a did:jwk, valid for an hour, bound to a holder's key; and the DID.
fn credential(holder: &SigningKey) -> (String, String) {
    let issuer = key();
    let did = vc::did::did_jwk(issuer.public_key());
    let payload = json!({
        "iss": did,
        "vct": "urn:example:card",
        "iat": now() - 60,
        "exp": now() + 3_600,
        "cnf": {"jwk": holder.public_key().to_jwk()},
        "name": "Ada \u{1b}[2J\u{202e}",
    });
    let header = json!({"typ": "dc+sd-jwt", "kid": format!("{did}#0")});
    (format!("{}~", issuer.sign_compact(&header, payload.to_string().as_bytes())), did)
}

async fn trusting(folder: &Path, arguments: &[&str]) -> Ran {
    verify(folder, &[arguments, &["--trust", "*"]].concat()).await
}

#[tokio::test]
async fn a_key_in_the_issuers_did_needs_no_network() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (card, did) = credential(&key());
    write(&folder, "card", &card);
    let run = verify(folder.path(), &["card", "--trust", &did]).await;
    run.ends(0, VALID).check("✓", "key").check("–", "status").check("–", "holder binding");
    run.says("name  Ada \u{fffd}[2J\u{fffd}\n");
    verify(folder.path(), &["card"]).await.ends(1, "✗ unknown issuer: credential (dc+sd-jwt)");
    let at = Timestamp::from_seconds(now() + 4_000).rfc3339();
    trusting(folder.path(), &["card", "--at", &at]).await.ends(1, "✗ expired: credential (dc+sd-jwt)");
    // The form of an EnvelopedVerifiableCredential.
    write(&folder, "enveloped", &json!({"id": format!("data:application/dc+sd-jwt,{card}")}).to_string());
    trusting(folder.path(), &["enveloped"]).await.ends(0, VALID);
}

#[tokio::test]
async fn a_presentation_answers_the_nonce_and_the_audience() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let holder = key();
    let (card, _) = credential(&holder);
    let claims = KeyBindingClaims {
        nonce: "-n-0S6_WzA2Mj",
        audience: "https://verifier.example",
        iat: now(),
        transaction_data_hashes: &[],
    };
    write(&folder, "card", &card);
    write(&folder, "shown", &bind(&card, &claims, &holder));
    write(&folder, "stolen", &bind(&card, &claims, &key()));
    write(&folder, "old", &bind(&card, &KeyBindingClaims { iat: now() - 3_000, ..claims }, &holder));
    let asked = ["--nonce", claims.nonce, "--audience", claims.audience];
    for (document, arguments, good) in [
        ("shown", &asked[..], true),
        ("shown", &asked[..2], true),
        ("shown", &[], true),
        ("old", &[], true),
        ("old", &asked, false),
        ("stolen", &[], false),
        ("card", &asked, false),
        ("shown", &["--nonce", "another"], false),
        ("shown", &["--audience", "https://other.example"], false),
    ] {
        let run = trusting(folder.path(), &[&[document], arguments].concat()).await;
        let (code, first, symbol) = if good { (0, VALID, "✓") } else { (1, INVALID, "✗") };
        run.ends(code, first).check(symbol, "holder binding");
    }
}

/// Those who certify, and a key with a certificate of theirs for a URL.
struct Certified {
    authority: String,
    key: SigningKey,
    x5c: Value,
}

fn certified(url: &str) -> Certified {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = KeyPair::generate().expect("a key");
    let authority = params.self_signed(&root).expect("a certificate");
    let issuer = Issuer::new(params, root);
    let pair = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::default();
    params.subject_alt_names = vec![SanType::URI(url.try_into().expect("a URL"))];
    let leaf = params.signed_by(&pair, &issuer).expect("a certificate");
    Certified {
        authority: pem::encode(&Pem::new("CERTIFICATE", authority.der().as_ref())),
        key: SigningKey::from_pkcs8_der(&pair.serialize_der()).expect("a key"),
        x5c: json!([STANDARD.encode(leaf.der())]),
    }
}

#[tokio::test]
async fn a_certificate_authority_vouches_for_an_issuer() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let issuer = "https://issuer.example";
    let (good, other) = (certified(issuer), certified(issuer));
    let header = json!({"typ": "dc+sd-jwt", "x5c": good.x5c});
    let payload = json!({"iss": issuer, "vct": "urn:example:card"}).to_string();
    write(&folder, "card", &format!("{}~", good.key.sign_compact(&header, payload.as_bytes())));
    write(&folder, "good.pem", &good.authority);
    write(&folder, "other.pem", &other.authority);
    let run = verify(folder.path(), &["card", "--trust-anchors", "good.pem"]).await;
    run.ends(0, VALID).check("✓", "issuer").says("by its certificate");
    let run = verify(folder.path(), &["card", "--trust-anchors", "other.pem"]).await;
    run.ends(1, INVALID).check("✗", "key");
    // Nobody vouches: the issuer's own metadata would have to.
    let run = verify(folder.path(), &["card"]).await;
    run.ends(2, "? indeterminate: credential (dc+sd-jwt)")
        .says("https://issuer.example/.well-known/jwt-vc-issuer");
    verify(folder.path(), &["card", "--trust-anchors", "card"]).await.refuses_to_work("--trust-anchors card");
}
