//! `POST /v1/verify` of what a holder presents: the proof of possession, and presentations of W3C credentials.

use serde_json::{Value, json};
use support::{Binding, Server, jwt_vp, on_both};
use vc::did::did_jwk;
use wallet::WalletKey;

use super::check;
use super::common::{Door, outcome, outcomes, reason, says};

const AUDIENCE: &str = "https://verifier.example";

fn asked(nonce: &str) -> Value {
    json!({"nonce": nonce, "audience": AUDIENCE})
}

on_both!(a_proof_of_possession_is_checked_whether_asked_for_or_not, async |server: Server| {
    let door = Door::new(&server).await;
    let now = server.clock_seconds();
    let bare = door.held.disclosing(&["fullName"]);
    let bound = Binding::of("n", AUDIENCE, now).sign(&bare, &door.held.key);
    for more in [json!({}), asked("n"), json!({"nonce": "n"}), json!({"audience": AUDIENCE})] {
        let report = server.verify(&bound, &more).await;
        says(&report, "valid", "holder_binding", "passed");
        assert_eq!(report["holder"], did_jwk(door.held.key.public_key()).as_str());
        assert_eq!(report["claims"], json!({"fullName": "Ada Lovelace"}));
    }
    let report = server.verify(&bare, &json!({})).await;
    says(&report, "valid", "holder_binding", "not_applicable");
    for more in [asked("n"), json!({"nonce": "n"}), json!({"audience": AUDIENCE})] {
        let report = server.verify(&bare, &more).await;
        says(&report, "invalid", "holder_binding", "failed");
        assert!(reason(&report, "holder_binding").contains("there is none"), "{report}");
    }
});

on_both!(a_proof_that_is_not_what_was_asked_for_fails, async |server: Server| {
    let door = Door::new(&server).await;
    let (now, held) = (server.clock_seconds(), &door.held);
    let bare = held.disclosing(&["fullName"]);
    let good = || Binding::of("n", AUDIENCE, now);
    let other = held.disclosing(&["fullName", "level"]);
    let mut typ = good();
    typ.header = json!({"typ": "JWT"});
    let sign = |binding: Binding| binding.sign(&bare, &held.key);
    let moved = good().sign(&other, &held.key).replace(&other, &bare);
    let cases = [
        ("another nonce", sign(good().with("nonce", "m"))),
        ("no nonce", sign(good().without("nonce"))),
        ("another audience", sign(good().with("aud", "https://other.example"))),
        ("a list of audiences", sign(good().with("aud", json!([AUDIENCE])))),
        ("no audience", sign(good().without("aud"))),
        ("no time", sign(good().without("iat"))),
        ("too old", sign(good().with("iat", now - 301))),
        ("ahead", sign(good().with("iat", now + 120))),
        ("another type", sign(typ)),
        ("another key", good().sign(&bare, &WalletKey::generate())),
        ("other disclosures", moved),
        ("another hash", sign(good().with("sd_hash", "AAAA"))),
    ];
    for (what, document) in cases {
        let report = server.verify(&document, &asked("n")).await;
        says(&report, "invalid", "holder_binding", "failed");
        assert_eq!(outcome(&report, "signature"), "passed", "{what}: the credential is as it was");
        assert!(report.get("holder").is_none(), "{what}: {report}");
    }
    // A proof that nobody asked for need not be of now; but it has to hold.
    let old = sign(good().with("iat", now - 86_400));
    says(&server.verify(&old, &json!({})).await, "valid", "holder_binding", "passed");
    let forged = good().sign(&bare, &WalletKey::generate());
    says(&server.verify(&forged, &json!({})).await, "invalid", "holder_binding", "failed");
});

on_both!(a_presentation_of_w3c_credentials_is_checked_as_a_whole, async |server: Server| {
    let door = Door::new(&server).await;
    let held = &door.held;
    let vp = held.vp("n", AUDIENCE);
    let report = server.verify(&vp, &asked("n")).await;
    assert_eq!((&report["kind"], &report["format"]), (&json!("presentation"), &json!("jwt_vp_json")));
    says(&report, "valid", "holder_binding", "passed");
    let wanted = ["format", "key", "signature", "holder_binding", "credentials"].map(|name| (name, "passed"));
    assert_eq!(outcomes(&report), wanted);
    let holder = did_jwk(held.key.public_key());
    assert_eq!(report["holder"], holder.as_str());
    let inner = &report["credentials"][0];
    says(inner, "valid", "holder_binding", "passed");
    assert_eq!(
        (&inner["format"], &inner["claims"]["fullName"]),
        (&json!("jwt_vc_json"), &json!("Ada Lovelace"))
    );
    // Nothing was asked: it is a presentation all the same.
    says(&server.verify(&vp, &json!({})).await, "valid", "holder_binding", "not_applicable");
    for more in [asked("m"), json!({"nonce": "n", "audience": "https://other.example"})] {
        let report = server.verify(&vp, &more).await;
        says(&report, "invalid", "holder_binding", "failed");
        assert_eq!(outcome(&report, "signature"), "passed");
    }
    // With a time it has to be of now.
    let now = server.clock_seconds();
    for (iat, state) in [(now, "valid"), (now - 290, "valid"), (now - 400, "invalid"), (now + 120, "invalid")]
    {
        let claims = json!({"nonce": "n", "aud": AUDIENCE, "iat": iat});
        let vp = jwt_vp(&held.key, &[&held.jwt_vc], &claims);
        assert_eq!(server.verify(&vp, &asked("n")).await["state"], state, "{iat} at {now}");
    }
});

on_both!(a_presentation_by_somebody_else_fails, async |server: Server| {
    let door = Door::new(&server).await;
    let claims = json!({"nonce": "n", "aud": AUDIENCE});
    // A thief signs with a key of their own.
    let vp = jwt_vp(&WalletKey::generate(), &[&door.held.jwt_vc], &claims);
    let report = server.verify(&vp, &asked("n")).await;
    says(&report, "invalid", "credentials", "failed");
    says(&report["credentials"][0], "invalid", "holder_binding", "failed");
    // Or in the holder's name.
    let thief = WalletKey::generate();
    let payload = support::unverified(&door.held.vp("n", AUDIENCE));
    let vp = thief.sign(&json!({"typ": "JWT"}), &Value::Object(payload));
    let report = server.verify(&vp, &asked("n")).await;
    says(&report, "invalid", "signature", "failed");
    assert_eq!(report.get("credentials"), None, "{report}");
});

on_both!(one_credential_that_does_not_hold_spoils_a_presentation, async |server: Server| {
    let door = Door::new(&server).await;
    let access = {
        let made = server.offers(&door.acme, &[door.acme.offer("grace@example.com", "Grace Hopper")]).await;
        let id = made[0]["id"].as_str().expect("an id").to_owned();
        (server.access(server.scanned(&door.acme, &id, "1.0", "value").await).await, id)
    };
    let configurations = &access.0.offer.configurations;
    let jwt = configurations.iter().find(|id| !id.ends_with("+sd-jwt")).expect("offered");
    let answer = server.ask_credential(&access.0, jwt, &[&door.held.key]).await.json();
    let other = answer["credentials"][0]["credential"].as_str().expect("a document").to_owned();
    let claims = json!({"nonce": "n", "aud": AUDIENCE});
    let both = jwt_vp(&door.held.key, &[&door.held.jwt_vc, &other], &claims);
    let report = server.verify(&both, &asked("n")).await;
    says(&report, "valid", "credentials", "passed");
    assert_eq!(report["credentials"].as_array().map(Vec::len), Some(2));
    check::revoke(&server, &door).await;
    check::until(&server, &door.held.jwt_vc, "revoked").await;
    let report = server.verify(&both, &asked("n")).await;
    says(&report, "revoked", "credentials", "failed");
    assert!(reason(&report, "credentials").starts_with("1 of 2 "), "{report}");
    assert_eq!(report["credentials"][0]["state"], "revoked");
    assert_eq!(report["credentials"][1]["state"], "valid");
});

on_both!(a_presentation_of_nothing_or_of_what_is_none_fails, async |server: Server| {
    let door = Door::new(&server).await;
    let claims = json!({"nonce": "n", "aud": AUDIENCE});
    let inside = door.held.vp("n", AUDIENCE);
    for (credentials, why) in
        [(vec![], "It holds no credential"), (vec!["garbage"], "0 of 1"), (vec![inside.as_str()], "0 of 1")]
    {
        let report = server.verify(&jwt_vp(&door.held.key, &credentials, &claims), &asked("n")).await;
        says(&report, "invalid", "credentials", "failed");
        assert!(reason(&report, "credentials").starts_with(why), "{report}");
    }
});
