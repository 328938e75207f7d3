//! `POST /v1/verify` of what this deployment has issued.

use std::time::Duration;

use issuance::Revoked;
use keys::{CredentialKey, MasterKey};
use model::{Actor, KeyPurpose, KeyState};
use serde_json::{Value, json};
use support::{Partner, Server, Setup, disclosures, eventually, on_both, unverified};

use super::common::{Door, merged, outcome, outcomes, reason, says};
use super::stranger;

/// A credential that was issued on behalf.
pub(super) struct Behalf {
    pub(super) partner: Partner,
    pub(super) token: String,
    pub(super) hash: String,
    pub(super) sd_jwt: String,
    pub(super) jwt_vc: String,
}

impl Behalf {
    pub(super) async fn new(server: &Server) -> Self {
        let partner = server.partner("acme").await;
        Self::of(server, partner, &json!({})).await
    }

    /// One of this partner, with these members in the request.
    pub(super) async fn of(server: &Server, partner: Partner, more: &Value) -> Self {
        let token = partner.token("ada@example.com", &server.clock);
        let issued = server.issued(&token, &merged(partner.request(), more)).await;
        let hash = issued["coreClaimHash"].as_str().expect("a hash").to_owned();
        let credential = server.credential(&token, &hash).await;
        let document =
            |format: &str| credential["documents"][format].as_str().expect("a document").to_owned();
        let (sd_jwt, jwt_vc) = (document("dc+sd-jwt"), document("jwt_vc_json"));
        Self { partner, token, hash, sd_jwt, jwt_vc }
    }

    pub(super) async fn revoke(&self, server: &Server) {
        let tenant = self.partner.id.as_str().into();
        let hash = self.hash.parse().expect("a hash");
        let revoked = server.engine.revoke(&Actor::operator(), &tenant, hash).await.expect("revokes");
        assert_eq!(revoked, Revoked::Now);
    }

    /// Waits until its issuance is in the log.
    pub(super) async fn anchored(&self, server: &Server) {
        eventually("it is in the log", async || {
            let report = server.verify(&self.sd_jwt, &json!({})).await;
            outcome(&report, "log") == "passed"
        })
        .await;
    }
}

/// The key that an issuer signs with.
pub(super) async fn issuer_key(server: &Server, partner: &Partner) -> CredentialKey {
    let tenant = partner.id.as_str().into();
    let issuer =
        server.store.tenant_issuer(&tenant, &partner.slug).await.expect("answers").expect("an issuer");
    let master = MasterKey::from_bytes([42; 32]);
    let stored = server.store.keys(issuer.id.as_str()).await.expect("answers");
    let current = stored
        .iter()
        .find(|key| key.purpose == KeyPurpose::Credential && key.state == KeyState::Current)
        .expect("a current key");
    CredentialKey::open(&master, current).expect("opens")
}

/// Revokes what somebody has claimed.
pub(super) async fn revoke(server: &Server, door: &Door) {
    let body = json!({"revoke": [{"id": door.held.offer, "revocationReason": "Left"}]});
    let path = "/credential-offers/revoke";
    let key = &door.acme.keys.admin;
    let answer = server.call(&door.acme, key, reqwest::Method::PATCH, path, Some(&body)).await;
    assert_eq!(answer.json()["failed"], json!([]), "{}", answer.text);
}

/// Waits until a document is in this state: within two seconds of the real clock.
pub(super) async fn until(server: &Server, document: &str, state: &str) -> Value {
    for _ in 0..20 {
        let report = server.verify(document, &json!({})).await;
        if report["state"] == state {
            return report;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("not {state} within two seconds: {}", server.verify(document, &json!({})).await);
}

/// What each check of a credential of ours says, with those that differ.
fn ours(more: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let aspects =
        ["format", "key", "signature", "validity", "schema", "status", "holder_binding", "log", "issuer"];
    let changed = |name: &str| more.iter().find(|(changed, _)| *changed == name).map(|(_, outcome)| *outcome);
    aspects.into_iter().map(|name| (name, changed(name).unwrap_or("passed"))).collect()
}

on_both!(what_was_issued_on_behalf_is_valid_in_both_formats, async |server: Server| {
    let issued = Behalf::new(&server).await;
    issued.anchored(&server).await;
    let report = server.verify(&issued.sd_jwt, &json!({})).await;
    assert_eq!(outcomes(&report), ours(&[("holder_binding", "not_applicable")]));
    assert_eq!((&report["valid"], &report["state"]), (&json!(true), &json!("valid")));
    assert_eq!((&report["kind"], &report["format"]), (&json!("credential"), &json!("dc+sd-jwt")));
    let claims = json!({"age": 25, "location": "United States", "isMember": true});
    assert_eq!(report["claims"], claims);
    assert_eq!(report["types"], json!([unverified(&issued.sd_jwt)["vct"]]));
    let url = format!("{}/issuers/{}", server.engine.public_url(), issued.partner.slug);
    assert_eq!(report["issuer"], url.as_str());
    assert!(report["issuedAt"].is_string() && report.get("holder").is_none(), "{report}");

    let report = server.verify(&issued.jwt_vc, &json!({})).await;
    assert_eq!(outcomes(&report), ours(&[("holder_binding", "not_applicable")]));
    assert_eq!((&report["valid"], &report["format"]), (&json!(true), &json!("jwt_vc_json")));
    for (name, value) in claims.as_object().expect("an object") {
        assert_eq!(report["claims"][name], *value);
    }
    assert_eq!(report["types"][0], "VerifiableCredential");
    assert!(report["issuer"].as_str().is_some_and(|did| did.starts_with("did:web:")), "{report}");
});

on_both!(what_a_wallet_claimed_is_valid_in_both_formats, async |server: Server| {
    let door = Door::new(&server).await;
    for (document, claim) in [(&door.held.sd_jwt, "fullName"), (&door.held.jwt_vc, "fullName")] {
        eventually("it is in the log", async || {
            outcome(&server.verify(document, &json!({})).await, "log") == "passed"
        })
        .await;
        let report = server.verify(document, &json!({})).await;
        assert_eq!(outcomes(&report), ours(&[("holder_binding", "not_applicable")]));
        assert_eq!((&report["valid"], &report["claims"][claim]), (&json!(true), &json!("Ada Lovelace")));
    }
    // Withholding claims does no harm, and shows what is disclosed alone.
    let report = server.verify(&door.held.disclosing(&["level"]), &json!({})).await;
    assert_eq!((&report["valid"], &report["claims"]), (&json!(true), &json!({"level": 41})));
    let report = server.verify(&door.held.disclosing(&[]), &json!({})).await;
    assert_eq!((&report["valid"], &report["claims"]), (&json!(true), &json!({})));
});

on_both!(json_serializations_are_read, async |server: Server| {
    let issued = Behalf::new(&server).await;
    let (jwt, rest) = issued.sd_jwt.split_once('~').expect("an SD-JWT");
    let disclosures: Vec<&str> = rest.trim_end_matches('~').split('~').collect();
    let [header, payload, signature] = jwt.split('.').collect::<Vec<_>>()[..] else { panic!("no JWT") };
    let unprotected = json!({ "disclosures": disclosures });
    let flattened =
        json!({"payload": payload, "protected": header, "signature": signature, "header": unprotected});
    let one = json!({"protected": header, "signature": signature, "header": unprotected});
    let general = json!({"payload": payload, "signatures": [one]});
    for document in [&flattened, &general] {
        // As JSON, and as the text of it.
        for credential in [document.clone(), json!(document.to_string())] {
            let body = json!({ "credential": credential });
            let request = server.request(reqwest::Method::POST, "/v1/verify").json(&body);
            let report = server.send(request).await.json();
            assert_eq!((&report["valid"], &report["claims"]["age"]), (&json!(true), &json!(25)), "{report}");
            assert_eq!(report["format"], "dc+sd-jwt");
        }
    }
    let mut tampered = flattened.clone();
    tampered["header"]["disclosures"][0] = json!("WyJhIiwiYWdlIiw5OV0");
    let report = server.verify(&tampered.to_string(), &json!({})).await;
    says(&report, "invalid", "signature", "failed");
});

/// The document with another byte somewhere in this part of its JWT.
fn flipped(document: &str, part: usize) -> String {
    let (jwt, rest) =
        document.split_once('~').map_or((document, String::new()), |(jwt, rest)| (jwt, format!("~{rest}")));
    let mut parts: Vec<String> = jwt.split('.').map(str::to_owned).collect();
    let middle = parts[part].len() / 2;
    let other = if parts[part].as_bytes()[middle] == b'A' { "B" } else { "A" };
    parts[part].replace_range(middle..=middle, other);
    parts.join(".") + &rest
}

on_both!(what_was_tampered_with_is_invalid, async |server: Server| {
    let issued = Behalf::new(&server).await;
    for document in [&issued.sd_jwt, &issued.jwt_vc] {
        // In its payload a changed byte may leave no JSON.
        let report = server.verify(&flipped(document, 1), &json!({})).await;
        assert_eq!((&report["valid"], &report["state"]), (&json!(false), &json!("invalid")), "{report}");
        assert_eq!(report["claims"], json!({}));
        says(&server.verify(&flipped(document, 2), &json!({})).await, "invalid", "signature", "failed");
        // Another claim, otherwise well-formed.
        let jwt = document.split('~').next().expect("a JWT");
        let [header, _, signature] = jwt.split('.').collect::<Vec<_>>()[..] else { panic!("no JWT") };
        let claims = merged(Value::Object(unverified(document)), &json!({"iat": 1_600_000_000}));
        let payload = jose::b64url_encode(claims.to_string().as_bytes());
        let changed = document.replacen(jwt, &format!("{header}.{payload}.{signature}"), 1);
        says(&server.verify(&changed, &json!({})).await, "invalid", "signature", "failed");
    }
    // A disclosure that the issuer has not signed, instead of one and beside them; and one twice.
    let known = disclosures(&issued.sd_jwt);
    let (_, forged) = stranger::disclosure("age", &json!(9_999_999));
    let instead = issued.sd_jwt.replace(&known["age"], &forged);
    let beside = format!("{}{forged}~", issued.sd_jwt);
    let twice = format!("{}{}~", issued.sd_jwt, known["age"]);
    for document in [instead, beside, twice] {
        let report = server.verify(&document, &json!({})).await;
        says(&report, "invalid", "signature", "failed");
        assert!(!report.to_string().contains("9999999"), "{report}");
    }
});

on_both!(a_key_of_another_tenant_signs_nothing_of_ours, async |server: Server| {
    let issued = Behalf::new(&server).await;
    let umbrella = server.partner("umbrella").await;
    let (own, foreign) = (issuer_key(&server, &issued.partner).await, issuer_key(&server, &umbrella).await);
    let claims = Value::Object(unverified(&issued.sd_jwt));
    let sign = |kid: &str| {
        let header = json!({"typ": "dc+sd-jwt", "kid": kid});
        format!("{}~", stranger::signed(&foreign.key, &header, &claims))
    };
    // By the name of its own key, the issuer publishes none; by the name of the other, it did not sign.
    says(&server.verify(&sign(foreign.kid.as_str()), &json!({})).await, "invalid", "key", "failed");
    says(&server.verify(&sign(own.kid.as_str()), &json!({})).await, "invalid", "signature", "failed");
    let claims = Value::Object(unverified(&issued.jwt_vc));
    let did = claims["iss"].as_str().expect("a DID");
    let foreign_did = did.replace(&issued.partner.slug, &umbrella.slug);
    for (kid, check) in [
        (format!("{did}#{}", own.kid), "signature"),
        (format!("{did}#{}", foreign.kid), "key"),
        (format!("{foreign_did}#{}", foreign.kid), "key"),
    ] {
        let document = stranger::signed(&foreign.key, &json!({"typ": "JWT", "kid": kid}), &claims);
        says(&server.verify(&document, &json!({})).await, "invalid", check, "failed");
    }
});

on_both!(what_has_expired_or_has_not_begun_is_said_to, async |server: Server| {
    let partner = server.partner("acme").await;
    server.change_program(&partner, |program| program.validity_seconds = Some(3_600)).await;
    let issued = Behalf::of(&server, partner, &json!({})).await;
    issued.anchored(&server).await;
    for document in [&issued.sd_jwt, &issued.jwt_vc] {
        let report = server.verify(document, &json!({})).await;
        assert_eq!(report["state"], "valid", "{report}");
        assert!(report["expiresAt"].is_string(), "{report}");
    }
    server.clock.advance(3_600 + 61);
    for document in [&issued.sd_jwt, &issued.jwt_vc] {
        let report = server.verify(document, &json!({})).await;
        says(&report, "expired", "validity", "failed");
        // Its signature holds, so it is shown what it says.
        assert_eq!(outcome(&report, "signature"), "passed");
        assert_eq!(report["claims"]["age"], 25);
    }
    // An hour and a bit before it was issued.
    server.clock.advance(-(3_600 + 61) - 2 * 3_600);
    let report = server.verify(&issued.jwt_vc, &json!({})).await;
    says(&report, "not_yet_valid", "validity", "failed");
});

on_both!(a_revocation_shows_at_once, async |server: Server| {
    let issued = Behalf::new(&server).await;
    issued.anchored(&server).await;
    for document in [&issued.sd_jwt, &issued.jwt_vc] {
        assert_eq!(server.verify(document, &json!({})).await["state"], "valid");
    }
    issued.revoke(&server).await;
    for document in [&issued.sd_jwt, &issued.jwt_vc] {
        let report = until(&server, document, "revoked").await;
        says(&report, "revoked", "status", "failed");
        assert_eq!(outcomes(&report), ours(&[("status", "failed"), ("holder_binding", "not_applicable")]));
    }
    let door = Door::new(&server).await;
    assert_eq!(server.verify(&door.held.sd_jwt, &json!({})).await["state"], "valid");
    revoke(&server, &door).await;
    for document in [&door.held.sd_jwt, &door.held.jwt_vc] {
        says(&until(&server, document, "revoked").await, "revoked", "status", "failed");
    }
});

on_both!(claims_that_the_schema_forbids_fail, async |server: Server| {
    let issued = Behalf::new(&server).await;
    let key = issuer_key(&server, &issued.partner).await;
    // The issuer's own key, and claims that it would not have issued.
    let (digest, text) = stranger::disclosure("age", &json!("old"));
    let claims = merged(Value::Object(unverified(&issued.sd_jwt)), &json!({"_sd": [digest]}));
    let header = json!({"typ": "dc+sd-jwt", "kid": key.kid.as_str()});
    let document = format!("{}~{text}~", stranger::signed(&key.key, &header, &claims));
    let report = server.verify(&document, &json!({})).await;
    assert_eq!(outcome(&report, "signature"), "passed");
    says(&report, "invalid", "schema", "failed");
    assert!(!reason(&report, "schema").contains("old"), "reasons hold no claims: {report}");
});

on_both!(whom_to_trust_is_asked_for_or_decided_here, async |server: Server| {
    let issued = Behalf::new(&server).await;
    issued.anchored(&server).await;
    let url = format!("{}/issuers/{}", server.engine.public_url(), issued.partner.slug);
    let trust = |issuers: Value| json!({"policy": {"trustedIssuers": issuers}});
    for (issuers, trusted) in [
        (json!(["*"]), true),
        (json!([url]), true),
        (json!(["https://issuer.example", url]), true),
        (json!(["https://issuer.example"]), false),
        (json!([]), false),
        (json!([format!("{url}/")]), false),
    ] {
        let report = server.verify(&issued.sd_jwt, &trust(issuers)).await;
        let (state, result) = if trusted { ("valid", "passed") } else { ("unknown_issuer", "failed") };
        says(&report, state, "issuer", result);
    }
    for policy in [
        json!([]),
        json!({}),
        json!({"trustedIssuers": "*"}),
        json!({"trustedIssuers": [1]}),
        json!({"trustedIssuers": vec!["x"; 65]}),
    ] {
        let body = json!({"credential": issued.sd_jwt, "policy": policy});
        let request = server.request(reqwest::Method::POST, "/v1/verify").json(&body);
        let answer = server.send(request).await;
        assert_eq!(answer.status, 400, "{policy}: {}", answer.text);
        assert!(answer.message().contains("policy.trustedIssuers"), "{}", answer.text);
    }
});

on_both!(an_issuer_of_another_deployment_that_calls_itself_ours_is_not, async |server: Server| {
    let issued = Behalf::new(&server).await;
    let other = server.afresh(Setup::default()).await;
    let foreign = Behalf::new(&other).await;
    // Its keys are over there, reached as any stranger's; it is unknown here.
    let report = server.verify(&foreign.sd_jwt, &json!({})).await;
    says(&report, "unknown_issuer", "issuer", "failed");
    assert_eq!(outcome(&report, "log"), "not_applicable");
    let trusting = json!({"policy": {"trustedIssuers": ["*"]}});
    for document in [&foreign.sd_jwt, &foreign.jwt_vc] {
        assert_eq!(server.verify(document, &trusting).await["state"], "valid");
    }
    // A slug that is not there.
    let claims = Value::Object(unverified(&issued.sd_jwt));
    let claims = merged(claims, &json!({"iss": format!("{}/issuers/nobody", server.engine.public_url())}));
    let document = format!(
        "{}~",
        stranger::signed(&stranger::new_key(), &json!({"typ": "dc+sd-jwt", "kid": "k"}), &claims)
    );
    let report = server.verify(&document, &json!({})).await;
    assert_eq!(report["valid"], false, "{report}");
});
