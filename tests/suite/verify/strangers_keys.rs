//! From a stranger's name to its keys: metadata, did:web, did:jwk, did:key.

use serde_json::{Value, json};
use support::{Server, on_both};
use vc::did::{did_jwk, did_key};

use super::common::{merged, outcome, reason, says};
use super::stranger::{DID, METADATA, Page, Stranger, VCT, new_key, signed};
use super::strangers::trusting;

/// A page that is looked at each time.
fn fresh(json: &Value) -> Page {
    Page::new(json.to_string()).header("cache-control", "no-store")
}

on_both!(metadata_hold_keys_or_say_where_they_are, async |server: Server| {
    let stranger = Stranger::start(&server.clock).await;
    let document = stranger.sd_jwt(&json!({}));
    let url = &stranger.host.url;
    let keys = json!({"keys": [stranger.jwk()]});
    let other = merged(new_key().public_key().to_jwk(), &json!({"kid": "k0"}));
    stranger.host.put("/jwks.json", fresh(&json!({"keys": [other, stranger.jwk()]})));
    let by_uri = json!({"issuer": url, "jwks_uri": format!("{url}/jwks.json")});
    for metadata in [json!({"issuer": url, "jwks": keys}), by_uri] {
        stranger.host.put(METADATA, fresh(&metadata));
        says(&server.verify(&document, &trusting()).await, "valid", "key", "passed");
    }
    assert_eq!(stranger.host.asked("/jwks.json"), 1);
    // The issuer's path goes behind the well-known one.
    let tenant = format!("{url}/tenants/7");
    let place = "/.well-known/jwt-vc-issuer/tenants/7";
    stranger.host.put(place, fresh(&json!({"issuer": tenant, "jwks": keys})));
    let document = stranger.sd_jwt(&json!({ "iss": tenant }));
    says(&server.verify(&document, &trusting()).await, "valid", "key", "passed");
});

on_both!(metadata_of_others_or_without_the_key_are_wrong, async |server: Server| {
    let stranger = Stranger::start(&server.clock).await;
    let document = stranger.sd_jwt(&json!({}));
    let url = &stranger.host.url;
    let keys = json!({"keys": [stranger.jwk()]});
    let forged = merged(new_key().public_key().to_jwk(), &json!({"kid": "k1"}));
    let renamed = merged(stranger.jwk(), &json!({"kid": "k2"}));
    let cases = [
        (json!({"issuer": "https://issuer.example", "jwks": keys}), "key"),
        (json!({"issuer": format!("{url}/"), "jwks": keys}), "key"),
        (json!({"jwks": keys}), "key"),
        (json!({"issuer": url}), "key"),
        (json!({"issuer": url, "jwks": keys, "jwks_uri": format!("{url}/jwks.json")}), "key"),
        (json!({"issuer": url, "jwks": {"keys": []}}), "key"),
        (json!({"issuer": url, "jwks": {"keys": [renamed]}}), "key"),
        (json!({"issuer": url, "jwks": {"keys": [forged]}}), "signature"),
    ];
    for (metadata, check) in cases {
        stranger.host.put(METADATA, fresh(&metadata));
        let report = server.verify(&document, &trusting()).await;
        assert_eq!(outcome(&report, check), "failed", "{metadata}: {report}");
        says(&report, "invalid", check, "failed");
    }
    let by_uri = json!({"issuer": url, "jwks_uri": format!("{url}/none.json")});
    stranger.host.put(METADATA, fresh(&by_uri));
    says(&server.verify(&document, &trusting()).await, "indeterminate", "key", "indeterminate");
});

on_both!(a_did_document_says_which_keys_are_for_what, async |server: Server| {
    let stranger = Stranger::start(&server.clock).await;
    let did = stranger.did();
    let document = stranger.jwt_vc(&json!({}));
    says(&server.verify(&document, &trusting()).await, "valid", "key", "passed");
    let stranger = Stranger::start(&server.clock).await;
    let good = stranger.document();
    let document = stranger.jwt_vc(&json!({}));
    let without = |name: &str| {
        let mut document = good.clone();
        document.as_object_mut().expect("an object").remove(name);
        document
    };
    let mut other = good.clone();
    other["verificationMethod"][0]["publicKeyJwk"] = new_key().public_key().to_jwk();
    for (changed, check) in [
        (merged(good.clone(), &json!({ "id": did })), "key"),
        (without("assertionMethod"), "key"),
        (without("verificationMethod"), "key"),
        (other, "signature"),
    ] {
        stranger.host.put(DID, fresh(&changed));
        says(&server.verify(&document, &trusting()).await, "invalid", check, "failed");
    }
    stranger.host.put(DID, fresh(&without("authentication")));
    says(&server.verify(&document, &trusting()).await, "valid", "key", "passed");
    // An SD-JWT VC may name its issuer by a DID, too; and the key must be one of that DID.
    let claims = json!({"iss": stranger.did(), "vct": VCT});
    for (kid, state) in [(format!("{}#k1", stranger.did()), "valid"), (format!("{did}#k1"), "invalid")] {
        let document = stranger.signed_sd_jwt(&json!({"typ": "dc+sd-jwt", "kid": kid}), &claims);
        assert_eq!(server.verify(&document, &trusting()).await["state"], state, "{kid}");
    }
});

on_both!(dids_that_are_keys_need_no_network, async |server: Server| {
    let stranger = Stranger::start(&server.clock).await;
    let dids = [did_jwk(stranger.key.public_key()), did_key(stranger.key.public_key()).expect("on a curve")];
    for did in &dids {
        for header in [json!({"typ": "dc+sd-jwt"}), json!({"typ": "dc+sd-jwt", "kid": format!("{did}#0")})] {
            if did.starts_with("did:key") && header.get("kid").is_some() {
                continue;
            }
            let document = stranger.signed_sd_jwt(&header, &json!({"iss": did, "vct": VCT}));
            let report = server.verify(&document, &trusting()).await;
            says(&report, "valid", "key", "passed");
            assert_eq!(report["issuer"], did.as_str());
            says(&server.verify(&document, &json!({})).await, "unknown_issuer", "issuer", "failed");
        }
        let document =
            signed(&new_key(), &json!({"typ": "dc+sd-jwt"}), &json!({"iss": did, "vct": VCT})) + "~";
        says(&server.verify(&document, &trusting()).await, "invalid", "signature", "failed");
        // Not in the name of another.
        let header = json!({"typ": "dc+sd-jwt", "kid": did});
        let claims = json!({"iss": dids[usize::from(*did == dids[0])], "vct": VCT});
        let document = stranger.signed_sd_jwt(&header, &claims);
        says(&server.verify(&document, &trusting()).await, "invalid", "key", "failed");
    }
    assert_eq!(stranger.host.asked_at_all(), 0);
});

on_both!(who_cannot_be_found_by_name_is_not_valid, async |server: Server| {
    let stranger = Stranger::start(&server.clock).await;
    let header = json!({"typ": "dc+sd-jwt", "kid": "k1"});
    for (iss, result) in [
        (json!("did:ion:abc"), "indeterminate"),
        (json!("did:jwk:garbage"), "failed"),
        (json!("did:key:zgarbage"), "failed"),
        (json!("did:web:"), "failed"),
        (json!("urn:issuer"), "failed"),
        (json!("issuer"), "failed"),
        (json!(""), "failed"),
        (Value::Null, "failed"),
        (json!(7), "failed"),
        (json!("file:///etc/passwd"), "failed"),
        (json!(format!("{}/?x=1", stranger.host.url)), "failed"),
    ] {
        let document = stranger.signed_sd_jwt(&header, &json!({"iss": iss, "vct": VCT}));
        let report = server.verify(&document, &trusting()).await;
        assert_eq!(outcome(&report, "key"), result, "{iss}: {report}");
        assert!(!reason(&report, "key").is_empty());
        assert_eq!((&report["valid"], &report["claims"]), (&json!(false), &json!({})));
    }
    assert_eq!(stranger.host.asked_at_all(), 0);
});

on_both!(keys_are_remembered_as_long_as_their_publisher_says, async |server: Server| {
    let stranger = Stranger::start(&server.clock).await;
    let document = stranger.sd_jwt(&json!({}));
    for _ in 0..5 {
        says(&server.verify(&document, &trusting()).await, "valid", "key", "passed");
    }
    assert_eq!(stranger.host.asked(METADATA), 1, "once for many");
    let hasty = Stranger::start(&server.clock).await;
    let page = Page::new(hasty.metadata().to_string()).header("cache-control", "max-age=1");
    hasty.host.put(METADATA, page);
    let document = hasty.sd_jwt(&json!({}));
    for _ in 0..2 {
        says(&server.verify(&document, &trusting()).await, "valid", "key", "passed");
    }
    assert!(hasty.host.asked(METADATA) <= 2);
    // A key that was withdrawn does not count when that is over.
    let page = fresh(&json!({"issuer": hasty.host.url, "jwks": {"keys": [new_key().public_key().to_jwk()]}}));
    hasty.host.put(METADATA, page);
    support::eventually("it is withdrawn", async || {
        server.verify(&document, &trusting()).await["state"] == "invalid"
    })
    .await;
});
