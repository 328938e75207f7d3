//! A claim from end to end, and what the wallet then holds.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use support::{Environment, Server, on_both};
use wallet::WalletKey;

use super::common::{
    asking, begun, claims, documents, fetched, is_revoked, jwt_vc, offer, record, scan, sd_jwt, status_entry,
};

/// Disclosures of an SD-JWT: name and salt.
fn disclosures(document: &str) -> Vec<(String, String)> {
    let parts = document.split('~').skip(1).filter(|part| !part.is_empty());
    let read = |part: &str| -> (String, String) {
        let decoded = jose::b64url_decode(part).expect("base64url");
        let (salt, name, _): (String, String, Value) = serde_json::from_slice(&decoded).expect("a claim");
        (name, salt)
    };
    parts.map(read).collect()
}

on_both!(a_wallet_claims_an_sd_jwt_vc, async |server: Server| {
    let acme = server.environment("acme").await;
    let (id, access) = begun(&server, &acme).await;
    assert_eq!(access.scheme, "Bearer");
    let key = WalletKey::generate();
    let answer = server.ask_credential(&access, sd_jwt(&access), &[&key]).await;
    let document = documents(&answer).remove(0);
    let members: BTreeSet<String> = answer.json().as_object().expect("an object").keys().cloned().collect();
    assert_eq!(members, BTreeSet::from(["credentials", "notification_id"].map(str::to_owned)));
    let credential = &answer.json()["credentials"][0];
    assert_eq!(credential.as_object().map(serde_json::Map::len), Some(1), "{credential}");

    let visible = claims(&document);
    let issuer = format!("{}/issuers/{}", server.url, acme.correlation_id);
    assert_eq!(visible["iss"], issuer.as_str());
    assert_eq!(visible.get("sub"), None, "a subject would link copies");
    assert_eq!(visible["cnf"], json!({"jwk": key.jwk()}));
    assert_eq!(visible["vct"], metadata_of(&server, &acme, sd_jwt(&access)).await["vct"]);
    assert_eq!(visible["_sd"].as_array().map(Vec::len), Some(8), "decoys hide how many claims there are");
    let iat = visible["iat"].as_i64().expect("a moment");
    assert_eq!(iat % 3600, 0, "a whole hour");
    assert!((0..3600).contains(&(server.clock_seconds() - iat)), "{iat}");
    assert!(visible.get("fullName").is_none(), "it is disclosed by the holder alone");
    let verified = server.verify_sd_jwt(&document).await;
    assert_eq!(verified["fullName"], "Ada Lovelace");
    assert!(!is_revoked(&server, &document).await);
    let record = record(&server, &acme, &id).await;
    assert_eq!(record["subject"], vc::did::did_jwk(key.public_key()).as_str());
});

/// The entry of a configuration in the issuer's metadata.
async fn metadata_of(server: &Server, acme: &Environment, configuration: &str) -> Value {
    let path = format!("/.well-known/openid-credential-issuer/issuers/{}", acme.correlation_id);
    server.published(&path).await["credential_configurations_supported"][configuration].clone()
}

on_both!(a_wallet_claims_a_w3c_jwt_vc, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let key = WalletKey::generate();
    let document = documents(&server.ask_credential(&access, jwt_vc(&access), &[&key]).await).remove(0);
    let verified = server.verify_jwt_vc(&document).await;
    let did = vc::did::did_jwk(key.public_key());
    assert_eq!((&verified["sub"], &verified["vc"]["credentialSubject"]["id"]), (&json!(did), &json!(did)));
    assert_eq!(verified["vc"]["credentialSubject"], json!({"id": did, "fullName": "Ada Lovelace"}));
    assert_eq!(verified["vc"]["@context"][0], "https://www.w3.org/2018/credentials/v1");
    let types = &metadata_of(&server, &acme, jwt_vc(&access)).await["credential_definition"]["type"];
    assert_eq!(verified["vc"]["type"], *types);
    assert_eq!(verified["iss"], verified["vc"]["issuer"]);
    assert!(verified["jti"].as_str().is_some_and(|id| verified["vc"]["id"] == id), "{verified:?}");
    assert!((0..60).contains(&(server.clock_seconds() - verified["iat"].as_i64().expect("a moment"))));
    assert!(!is_revoked(&server, &document).await);
});

on_both!(the_number_of_digests_is_a_multiple_of_eight, async |server: Server| {
    let acme = server.environment("acme").await;
    let properties: serde_json::Map<String, Value> =
        (0..9).map(|place| (format!("claim{place}"), json!({"type": "string"}))).collect();
    let schema = json!({"type": "object", "properties": properties});
    let program = server.program_with_schema(&acme.partner, &schema).await;
    for (count, digests) in [(1, 8), (7, 8), (8, 8), (9, 16)] {
        let mut item = acme.offer("ada@example.com", "Ada");
        item["credentialId"] = json!(program);
        let claim = |place| json!({"claimName": format!("claim{place}"), "claimValue": "x"});
        item["claims"] = (0..count).map(claim).collect();
        let made = server.offers(&acme, &[item]).await;
        let access = server.access(scan(&server, &acme, made[0]["id"].as_str().expect("an id")).await).await;
        let document = fetched(&server, &access, &[&WalletKey::generate()]).await.remove(0);
        let list = claims(&document)["_sd"].as_array().expect("digests").clone();
        assert_eq!((list.len(), disclosures(&document).len()), (digests, count));
        let distinct: BTreeSet<&str> = list.iter().map(|digest| digest.as_str().expect("a text")).collect();
        assert_eq!(distinct.len(), digests);
        assert!(list.windows(2).all(|two| two[0].as_str() < two[1].as_str()), "sorted: places tell nothing");
        server.verify_sd_jwt(&document).await;
    }
});

on_both!(claim_values_arrive_byte_for_byte, async |server: Server| {
    let acme = server.environment("acme").await;
    for name in ["e\u{301} is not \u{e9}", "\u{0}\"\\/\u{2028}", "\u{1f469}\u{200d}\u{1f4bb}", " 007 "] {
        let made = server.offers(&acme, &[acme.offer("ada@example.com", name)]).await;
        let access = server.access(scan(&server, &acme, made[0]["id"].as_str().expect("an id")).await).await;
        let key = WalletKey::generate();
        let sd = fetched(&server, &access, &[&key]).await.remove(0);
        assert_eq!(server.verify_sd_jwt(&sd).await["fullName"], name);
        let jwt = documents(&server.ask_credential(&access, jwt_vc(&access), &[&key]).await).remove(0);
        assert_eq!(server.verify_jwt_vc(&jwt).await["vc"]["credentialSubject"]["fullName"], name);
    }
});

on_both!(three_keys_get_three_copies_that_nothing_links, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let keys = [WalletKey::generate(), WalletKey::generate(), WalletKey::generate()];
    let copies = fetched(&server, &access, &[&keys[0], &keys[1], &keys[2]]).await;
    assert_eq!(copies.len(), 3);
    let mut seen = BTreeSet::new();
    for (copy, key) in copies.iter().zip(&keys) {
        let verified = server.verify_sd_jwt(copy).await;
        assert_eq!(verified["cnf"]["jwk"], key.jwk(), "in the order of the proofs");
        assert_eq!(verified["fullName"], "Ada Lovelace");
        for (_, salt) in disclosures(copy) {
            assert!(seen.insert(salt), "a salt is there twice");
        }
        let (list, index) = status_entry(copy);
        assert!(seen.insert(format!("{list} {index}")), "an entry is there twice");
        for digest in claims(copy)["_sd"].as_array().expect("digests") {
            assert!(seen.insert(digest.to_string()), "a digest is there twice");
        }
    }
    let moments: BTreeSet<String> = copies.iter().map(|copy| claims(copy)["iat"].to_string()).collect();
    assert_eq!(moments.len(), 1);
    // In the other format, each has a name of its own.
    let answer = server.ask_credential(&access, jwt_vc(&access), &[&keys[0], &keys[1], &keys[2]]).await;
    let names: BTreeSet<String> =
        documents(&answer).iter().map(|copy| claims(copy)["jti"].to_string()).collect();
    assert_eq!(names.len(), 3);
});

on_both!(the_end_of_a_credential_is_a_whole_hour_too, async |server: Server| {
    let acme = server.environment("acme").await;
    let mut item = acme.offer("ada@example.com", "Ada");
    let end = server.clock_seconds() + 40 * 86_400;
    item["expirationDate"] = json!(model::Timestamp::from_seconds(end).rfc3339());
    let made = server.offers(&acme, &[item]).await;
    let access = server.access(scan(&server, &acme, made[0]["id"].as_str().expect("an id")).await).await;
    let document = fetched(&server, &access, &[&WalletKey::generate()]).await.remove(0);
    assert_eq!(claims(&document)["exp"], end - end % 3600);
});

on_both!(claiming_is_written_into_the_offer, async |server: Server| {
    let acme = server.environment("acme").await;
    let (id, access) = begun(&server, &acme).await;
    let before = record(&server, &acme, &id).await;
    assert_eq!(before["status"], "ready_to_claim");
    for unset in ["issuer", "subject", "issuedAt", "revocationId"] {
        assert_eq!(before[unset], Value::Null, "{unset}");
    }
    server.clock.advance(7);
    let keys = [WalletKey::generate(), WalletKey::generate()];
    let copies = fetched(&server, &access, &[&keys[0], &keys[1]]).await;
    let after = record(&server, &acme, &id).await;
    assert_eq!((&after["status"], &after["issuer"]), (&json!("claimed"), &json!(acme.partner.issuer_did)));
    assert_eq!(after["subject"], vc::did::did_jwk(keys[0].public_key()).as_str(), "that of the first key");
    let issued = after["issuedAt"].as_str().and_then(model::Timestamp::parse_rfc3339).expect("a moment");
    assert!((0..30).contains(&(server.clock_seconds() - issued.seconds())), "{after}");
    for same in ["id", "createdAt", "claims", "email", "credentialId", "referenceId"] {
        assert_eq!(after[same], before[same], "{same}");
    }
    // `revocationId` is the hash of the core claim that commits to what the wallet holds.
    let hash = after["revocationId"].as_str().expect("a hash");
    let token = acme.partner.token("ada@example.com", &server.clock);
    let credential = server.credential(&token, hash).await;
    assert_eq!(credential["documents"], json!({"dc+sd-jwt": copies[0], "dc+sd-jwt/1": copies[1]}));
    server.wait_for(&token, hash, "ONCHAIN").await;
    // A second offer to the same person is found apart.
    let (second, access) = begun(&server, &acme).await;
    fetched(&server, &access, &[&keys[0]]).await;
    assert_ne!(record(&server, &acme, &second).await["revocationId"], *hash);
});

on_both!(what_a_person_without_an_address_is_offered_can_be_claimed, async |server: Server| {
    let acme = server.environment("acme").await;
    let mut nameless = acme.offer("", "Nobody");
    nameless["email"] = Value::Null;
    let made = server.offers(&acme, &[nameless]).await;
    let id = made[0]["id"].as_str().expect("an id");
    let access = server.access(scan(&server, &acme, id).await).await;
    let (first, second) = (WalletKey::generate(), WalletKey::generate());
    let document = fetched(&server, &access, &[&first]).await.remove(0);
    assert_eq!(server.verify_sd_jwt(&document).await["fullName"], "Nobody");
    // Other keys later, for a person who is known by the credential alone.
    let further = fetched(&server, &access, &[&second]).await.remove(0);
    assert_eq!(server.verify_sd_jwt(&further).await["cnf"]["jwk"], second.jwk());
});

on_both!(a_program_of_one_format_offers_that_alone, async |server: Server| {
    let acme = asking(&server, "acme", |_| {}).await;
    for format in model::Format::ALL {
        crate::wallet::common::change(&server, &acme, |program| program.formats = vec![format]).await;
        for draft in ["1.0", "15", "13", "11"] {
            let id = offer(&server, &acme).await;
            let offer = server.scanned(&acme, &id, draft, "value").await;
            assert_eq!(offer.configurations.len(), 1, "{draft}");
            let configuration = offer.configurations[0].clone();
            assert_eq!(configuration.ends_with(".dc+sd-jwt"), format == model::Format::DcSdJwt);
            let access = server.access(offer).await;
            let answer = server.ask_credential(&access, &configuration, &[&WalletKey::generate()]).await;
            assert_eq!(answer.status, 200, "{draft}: {}", answer.text);
        }
    }
});
