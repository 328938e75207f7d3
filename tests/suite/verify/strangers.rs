//! `POST /v1/verify` of what strangers have issued: who is known, schemas, and what happens when nobody answers.

use serde_json::{Value, json};
use support::{Binding, Server, Setup, jwt_vp, on_both};
use wallet::WalletKey;

use super::common::{merged, outcome, outcomes, reason, says};
use super::stranger::{DID, METADATA, Page, Stranger, disclosure};

/// Whoever issued it is trusted.
pub(super) fn trusting() -> Value {
    json!({"policy": {"trustedIssuers": ["*"]}})
}

on_both!(a_stranger_s_credential_is_valid_for_who_trusts_them, async |server: Server| {
    let stranger = Stranger::start(&server.clock).await;
    for (document, format) in
        [(stranger.sd_jwt(&json!({})), "dc+sd-jwt"), (stranger.jwt_vc(&json!({})), "jwt_vc_json")]
    {
        let report = server.verify(&document, &trusting()).await;
        let wanted = [
            ("format", "passed"),
            ("key", "passed"),
            ("signature", "passed"),
            ("validity", "passed"),
            ("schema", "not_applicable"),
            ("status", "not_applicable"),
            ("holder_binding", "not_applicable"),
            ("log", "not_applicable"),
            ("issuer", "passed"),
        ];
        assert_eq!(outcomes(&report), wanted);
        assert_eq!((&report["valid"], &report["format"]), (&json!(true), &json!(format)));
        assert_eq!(report["claims"], json!({"seat": "12A"}));
        // Nobody has said so: the claims are shown, and that nobody knows the issuer.
        let report = server.verify(&document, &json!({})).await;
        says(&report, "unknown_issuer", "issuer", "failed");
        assert_eq!(report["claims"], json!({"seat": "12A"}));
    }
});

on_both!(a_stranger_s_holder_presents, async |server: Server| {
    let stranger = Stranger::start(&server.clock).await;
    let holder = WalletKey::generate();
    let (digest, text) = disclosure("row", &json!(12));
    let more = json!({"cnf": {"jwk": holder.jwk()}, "_sd": [digest], "_sd_alg": "sha-256"});
    let document = format!("{}{text}~", stranger.sd_jwt(&more));
    let bound = Binding::of("n", "us", stranger.now).sign(&document, &holder);
    let asked = merged(trusting(), &json!({"nonce": "n", "audience": "us"}));
    let report = server.verify(&bound, &asked).await;
    says(&report, "valid", "holder_binding", "passed");
    assert_eq!(report["claims"], json!({"seat": "12A", "row": 12}));
    let subject = json!({"credentialSubject": {"id": vc::did::did_jwk(holder.public_key()), "seat": "12A"}});
    let credential = stranger.jwt_vc(&subject);
    let vp = jwt_vp(&holder, &[&credential], &json!({"nonce": "n", "aud": "us"}));
    says(&server.verify(&vp, &asked).await, "valid", "credentials", "passed");
});

on_both!(who_does_not_answer_is_no_proof_of_anything, async |server: Server| {
    let stranger = Stranger::start(&server.clock).await;
    stranger.host.stop();
    for document in [stranger.sd_jwt(&json!({})), stranger.jwt_vc(&json!({}))] {
        let report = server.verify(&document, &trusting()).await;
        says(&report, "indeterminate", "key", "indeterminate");
        assert_eq!(outcome(&report, "signature"), "indeterminate");
        assert!(reason(&report, "key").contains("no connection could be made"), "{report}");
    }
});

on_both!(only_a_plain_answer_of_reasonable_size_is_read, async |server: Server| {
    let stranger = Stranger::start(&server.clock).await;
    let (sd_jwt, jwt_vc) = (stranger.sd_jwt(&json!({})), stranger.jwt_vc(&json!({})));
    let metadata = stranger.metadata().to_string();
    let document = stranger.document().to_string();
    stranger.host.put("/moved", Page::new(metadata.clone()));
    let huge = |text: &str| Page::new(format!("{}{text}", " ".repeat(70_000)));
    let moved = || Page::new("").status(302).header("location", &format!("{}/moved", stranger.host.url));
    let cases: Vec<(Page, Page, &str)> = vec![
        (moved(), moved(), "redirects are not followed"),
        (Page::new(metadata.clone()).status(404), Page::new(document.clone()).status(500), "200 is wanted"),
        (huge(&metadata), huge(&document), "larger than 65536 bytes"),
        (Page::new(vec![0xff; 64]), Page::new(vec![0xff; 64]), "no text"),
    ];
    for (of_url, of_did, why) in cases {
        stranger.host.put(METADATA, of_url);
        stranger.host.put(DID, of_did);
        for credential in [&sd_jwt, &jwt_vc] {
            let report = server.verify(credential, &trusting()).await;
            says(&report, "indeterminate", "key", "indeterminate");
            assert!(reason(&report, "key").contains(why), "{why}: {report}");
        }
    }
    assert_eq!(stranger.host.asked("/moved"), 0);
    for garbage in ["", "garbage", "[]", "{\"issuer\":1,\"issuer\":2}"] {
        stranger.host.put(METADATA, Page::new(garbage).header("cache-control", "no-store"));
        stranger.host.put(DID, Page::new(garbage).header("cache-control", "no-store"));
        for credential in [&sd_jwt, &jwt_vc] {
            let report = server.verify(credential, &trusting()).await;
            assert_eq!(
                (&report["valid"], &report["claims"]),
                (&json!(false), &json!({})),
                "{garbage}: {report}"
            );
            assert_ne!(outcome(&report, "key"), "passed");
        }
    }
});

on_both!(outside_development_no_inner_address_is_asked, async |server: Server| {
    let server = server.afresh(Setup { development: false, ..Setup::default() }).await;
    let stranger = Stranger::start(&server.clock).await;
    let secret = |url: &str| {
        let claims = json!({"iss": url, "vct": "x", "iat": stranger.now});
        stranger.signed_sd_jwt(&json!({"typ": "dc+sd-jwt", "kid": "k1"}), &claims)
    };
    let own = stranger.host.url.replace("http://", "https://");
    let cases = [
        (stranger.sd_jwt(&json!({})), "https"),
        (secret(&own), "public Internet"),
        (secret("https://localhost:1"), "public Internet"),
        (secret("https://169.254.169.254"), "public Internet"),
        (secret("https://[::1]"), "public Internet"),
        (secret("https://10.0.0.1"), "public Internet"),
    ];
    for (document, why) in cases {
        let report = server.verify(&document, &trusting()).await;
        assert_eq!(report["valid"], false);
        assert_ne!(outcome(&report, "key"), "passed", "{report}");
        assert!(reason(&report, "key").contains(why), "{why}: {report}");
    }
    let report = server.verify(&stranger.jwt_vc(&json!({})), &trusting()).await;
    says(&report, "indeterminate", "key", "indeterminate");
    assert!(reason(&report, "key").contains("public Internet"), "{report}");
    // Nor for what a credential of a DID that is a key names.
    let did = vc::did::did_jwk(stranger.key.public_key());
    let claims =
        json!({"iss": did, "vct": "x", "status": {"status_list": {"uri": stranger.list_url(), "idx": 1}}});
    let document = stranger.signed_sd_jwt(&json!({"typ": "dc+sd-jwt"}), &claims);
    let report = server.verify(&document, &trusting()).await;
    says(&report, "indeterminate", "status", "indeterminate");
    assert_eq!(stranger.host.asked_at_all(), 0);
});

/// The member that names a schema.
fn schema(stranger: &Stranger, kind: &str) -> Value {
    json!({"credentialSchema": {"id": format!("{}/schema.json", stranger.host.url), "type": kind}})
}

on_both!(a_stranger_s_schema_is_looked_at, async |server: Server| {
    let stranger = Stranger::start(&server.clock).await;
    let put = |schema: Value| {
        let page = Page::new(schema.to_string()).header("cache-control", "no-store");
        stranger.host.put("/schema.json", page);
    };
    let document = stranger.jwt_vc(&schema(&stranger, "JsonSchema"));
    let seat = |kind: &str| json!({"seat": {"type": kind}});
    let subject = |kind: &str| json!({"type": "object", "properties": seat(kind), "required": ["seat"]});
    let whole = |kind: &str| json!({"type": "object", "properties": {"credentialSubject": subject(kind)}});
    for (good, bad) in [(subject("string"), subject("integer")), (whole("string"), whole("integer"))] {
        put(good);
        says(&server.verify(&document, &trusting()).await, "valid", "schema", "passed");
        put(bad);
        let report = server.verify(&document, &trusting()).await;
        says(&report, "invalid", "schema", "failed");
        assert!(!reason(&report, "schema").contains("12A"), "reasons hold no claims: {report}");
    }
    // What cannot be used or had says nothing.
    for page in [Page::new("garbage"), Page::new("{\"type\":7}"), Page::new("").status(404)] {
        stranger.host.put("/schema.json", page.header("cache-control", "no-store"));
        says(&server.verify(&document, &trusting()).await, "indeterminate", "schema", "indeterminate");
    }
    put(json!({"$ref": format!("{}/other.json", stranger.host.url)}));
    let report = server.verify(&document, &trusting()).await;
    assert_ne!(outcome(&report, "schema"), "passed", "{report}");
    assert_eq!(stranger.host.asked("/other.json"), 0, "nothing else is fetched for a schema");
    let document = stranger.jwt_vc(&schema(&stranger, "OtherSchema"));
    says(&server.verify(&document, &trusting()).await, "valid", "schema", "not_applicable");
});

on_both!(a_pattern_of_a_stranger_costs_no_more_than_its_length, async |server: Server| {
    let stranger = Stranger::start(&server.clock).await;
    let schema_of_it = json!({"properties": {"seat": {"pattern": "^(a+)+$"}}});
    stranger.host.put("/schema.json", Page::new(schema_of_it.to_string()));
    let subject = json!({"credentialSubject": {"seat": format!("{}!", "a".repeat(50_000))}});
    let document = stranger.jwt_vc(&merged(schema(&stranger, "JsonSchema"), &subject));
    says(&server.verify(&document, &trusting()).await, "invalid", "schema", "failed");
});
