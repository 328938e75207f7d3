//! The keys to which credentials are bound: by value and by DID, of every kind, several at once.

use std::collections::BTreeSet;

use serde_json::json;
use support::{Server, on_both};
use wallet::WalletKey;

use super::common::{ask, begun, claims, documents, fetched, jwt_vc, record, refused, sd_jwt, status_entry};

/// A key of each kind.
fn kinds() -> [WalletKey; 3] {
    [WalletKey::generate(), WalletKey::generate_es256k(), WalletKey::generate_eddsa()]
}

on_both!(a_key_of_each_kind_may_be_sent_by_value, async |server: Server| {
    let acme = server.environment("acme").await;
    for key in kinds() {
        let (id, access) = begun(&server, &acme).await;
        let document = fetched(&server, &access, &[&key]).await.remove(0);
        assert_eq!(server.verify_sd_jwt(&document).await["cnf"], json!({"jwk": key.jwk()}));
        let document = documents(&server.ask_credential(&access, jwt_vc(&access), &[&key]).await).remove(0);
        let did = vc::did::did_jwk(key.public_key());
        assert_eq!(server.verify_jwt_vc(&document).await["sub"], did.as_str());
        assert_eq!(record(&server, &acme, &id).await["subject"], did.as_str());
    }
});

/// A coordinate: 43 characters that nothing compresses.
fn x_of(key: &WalletKey) -> String {
    key.jwk()["x"].as_str().expect("a coordinate").to_owned()
}

/// The names by which a wallet may call its key: each with the DID that is meant.
fn names(key: &WalletKey) -> Vec<(String, String)> {
    let jwk = vc::did::did_jwk(key.public_key());
    let mut longer = key.jwk();
    longer["use"] = json!("sig");
    // The same key in other words: the DID stays the one that the wallet wrote.
    let wordy = format!("did:jwk:{}", jose::b64url_encode(longer.to_string().as_bytes()));
    longer["note"] = json!((0..30).map(|_| x_of(&WalletKey::generate())).collect::<String>());
    let long = format!("did:jwk:{}", jose::b64url_encode(longer.to_string().as_bytes()));
    let did_key = vc::did::did_key(key.public_key()).expect("a did:key");
    let fragment = did_key.strip_prefix("did:key:").expect("its prefix").to_owned();
    vec![
        (format!("{jwk}#0"), jwk.clone()),
        (jwk.clone(), jwk),
        (format!("{wordy}#0"), wordy),
        (format!("{long}#0"), long),
        (format!("{did_key}#{fragment}"), did_key.clone()),
        (did_key.clone(), did_key),
    ]
}

on_both!(a_key_of_each_kind_may_be_named_by_its_did, async |server: Server| {
    let acme = server.environment("acme").await;
    for key in kinds() {
        for (kid, did) in names(&key) {
            let (id, access) = begun(&server, &acme).await;
            let sign = async || {
                let nonce = server.nonce(&access.offer).await;
                let claims =
                    json!({"aud": access.offer.issuer, "iat": server.clock_seconds(), "nonce": nonce});
                [key.sign_proof(&json!({"kid": kid}), &claims)]
            };
            let document = documents(&ask(&server, &access, &sign().await).await).remove(0);
            assert_eq!(server.verify_sd_jwt(&document).await["cnf"], json!({"jwk": key.jwk()}), "{kid}");
            assert_eq!(record(&server, &acme, &id).await["subject"], did.as_str(), "{kid}");
            let request = wallet::credential_request(jwt_vc(&access), &sign().await);
            let answer = server.post_as(&access, "credential", &request).await;
            let verified = server.verify_jwt_vc(&documents(&answer)[0]).await;
            assert_eq!(verified["sub"], did.as_str(), "{kid}");
            assert_eq!(verified["vc"]["credentialSubject"]["id"], did.as_str(), "{kid}");
        }
    }
});

on_both!(a_kid_that_names_another_key_or_none_is_refused, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let (key, other) = (WalletKey::generate(), WalletKey::generate());
    let own = vc::did::did_jwk(key.public_key());
    let theirs = vc::did::did_jwk(other.public_key());
    let mut private = key.jwk();
    private["d"] = json!("AAAA");
    let private = format!("did:jwk:{}", jose::b64url_encode(private.to_string().as_bytes()));
    let did_key = vc::did::did_key(key.public_key()).expect("a did:key");
    for kid in [
        format!("{theirs}#0"),
        vc::did::did_key(other.public_key()).expect("a did:key"),
        format!("{own}#1"),
        format!("{did_key}#{}", "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp"),
        format!("{private}#0"),
        format!("{did_key}1"),
        "did:jwk:".to_owned(),
        "did:jwk:e30".to_owned(),
        "did:key:z".to_owned(),
        "did:web:127.0.0.1#0".to_owned(),
        "did:example:123#0".to_owned(),
        "my-key".to_owned(),
        String::new(),
        "../../etc/passwd".to_owned(),
        format!("did:jwk:{}", "A".repeat(4_000)),
    ] {
        let nonce = server.nonce(&access.offer).await;
        let claims = json!({"aud": access.offer.issuer, "iat": server.clock_seconds(), "nonce": nonce});
        let answer = ask(&server, &access, &[key.sign_proof(&json!({"kid": kid}), &claims)]).await;
        assert_eq!(answer.status, 400, "{kid}: {}", answer.text);
        refused(&answer, 400, "invalid_proof");
    }
    fetched(&server, &access, &[&key]).await;
});

on_both!(ten_keys_get_ten_copies, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let keys: Vec<WalletKey> = (0..10)
        .map(|place| match place % 3 {
            0 => WalletKey::generate(),
            1 => WalletKey::generate_es256k(),
            _ => WalletKey::generate_eddsa(),
        })
        .collect();
    let copies = fetched(&server, &access, &keys.iter().collect::<Vec<_>>()).await;
    assert_eq!(copies.len(), 10);
    let (mut indexes, mut salts, mut lists) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
    for (copy, key) in copies.iter().zip(&keys) {
        assert_eq!(server.verify_sd_jwt(copy).await["cnf"]["jwk"], key.jwk());
        let (list, index) = status_entry(copy);
        lists.insert(list);
        indexes.push(index);
        salts.insert(copy.split('~').nth(1).expect("a disclosure").to_owned());
    }
    assert_eq!((salts.len(), lists.len()), (10, 1));
    let distinct: BTreeSet<u32> = indexes.iter().copied().collect();
    assert_eq!(distinct.len(), 10);
    // Nobody can tell by the places which belong together.
    let near = indexes.windows(2).filter(|two| two[0].abs_diff(two[1]) < 100).count();
    assert!(near < 3, "{indexes:?}");
});

on_both!(a_copy_says_nothing_about_the_moment_of_another, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let keys = [WalletKey::generate(), WalletKey::generate()];
    let first = fetched(&server, &access, &[&keys[0]]).await.remove(0);
    let (now, into) = (server.clock_seconds(), server.clock_seconds() % 3600);
    // Still within the hour, unless that is about to end.
    server.clock.advance(if into < 3_000 { 500 } else { 0 });
    let second = fetched(&server, &access, &[&keys[1]]).await.remove(0);
    assert_eq!(claims(&first)["iat"], claims(&second)["iat"], "{now}");
    let shared: Vec<String> = claims(&first)
        .into_iter()
        .filter(|(name, value)| claims(&second).get(name) == Some(value))
        .map(|(name, _)| name)
        .collect();
    let known = ["iss", "iat", "vct", "_sd_alg", "exp"];
    assert!(shared.iter().all(|name| known.contains(&name.as_str())), "{shared:?}");
    assert_eq!(sd_jwt(&access), access.offer.configurations[0], "the newer format is offered first");
});
