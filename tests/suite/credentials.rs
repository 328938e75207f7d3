//! What is issued: both formats by the keys that their issuer publishes, the documents that they name, and the core claim.

use std::collections::BTreeSet;

use aws_lc_rs::digest::{SHA256, digest};
use iden3::claim::Subject;
use iden3::{CoreClaim, DidMethod, Id};
use issuance::NewIssuer;
use jose::Jws;
use model::{Format, TenantId};
use serde_json::{Value, json};
use support::{Server, on_both, payload};

const EMAIL: &str = "ada@example.com";

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

async fn issued(server: &Server, token: &str, request: &Value) -> Value {
    let issued = server.issued(token, request).await;
    server.credential(token, text(&issued["coreClaimHash"])).await
}

fn document<'a>(credential: &'a Value, format: &str) -> &'a str {
    text(&credential["documents"][format])
}

fn kid(compact: &str) -> String {
    let jwt = compact.split('~').next().expect("a first part");
    Jws::parse_within(jwt, 1 << 20).expect("a JWS").header().kid.clone().expect("a kid")
}

/// Every character that is no letter or digit as `%XX`.
fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

on_both!(the_sd_jwt_vc_verifies_by_the_issuers_metadata, async |server: Server| {
    let partner = server.partner("acme").await;
    let token = partner.token(EMAIL, &server.clock);
    let before = server.clock_seconds();
    let credential = issued(&server, &token, &partner.request()).await;
    let claims = server.verify_sd_jwt(document(&credential, "dc+sd-jwt")).await;
    let issuer = format!("{}/issuers/{}", server.url, partner.slug);
    assert_eq!(claims["iss"], issuer);
    assert_eq!(claims["vct"], format!("{}/credential-types/{}", server.url, partner.program_id));
    assert!(text(&claims["sub"]).starts_with("did:air:id:test:"), "{claims:?}");
    let iat = claims["iat"].as_i64().expect("seconds");
    assert!((before..=server.clock_seconds()).contains(&iat), "{iat}");
    assert_eq!(claims.get("exp"), None);
    assert_eq!(claims["status"]["status_list"]["uri"], format!("{issuer}/status-lists/0"));
    assert_eq!((&claims["age"], &claims["isMember"]), (&json!(25), &json!(true)));
    assert_eq!(claims["location"], "United States");
    // Nothing else: no e-mail, no internal id.
    let names: BTreeSet<&str> = claims.keys().map(String::as_str).collect();
    let expected = ["iss", "vct", "sub", "iat", "status", "age", "location", "isMember"];
    assert_eq!(names, BTreeSet::from(expected));

    // Some verifiers look for the metadata behind the issuer's own path.
    let appended = server.published(&format!("/issuers/{}/.well-known/jwt-vc-issuer", partner.slug)).await;
    let inserted = format!("/.well-known/jwt-vc-issuer/issuers/{}", partner.slug);
    assert_eq!(appended, server.published(&inserted).await);
    for jwk in appended["jwks"]["keys"].as_array().expect("keys") {
        assert_eq!(jose::private_members(jwk), Vec::<&str>::new());
        assert_eq!((&jwk["alg"], &jwk["use"]), (&json!("ES256"), &json!("sig")));
    }
});

on_both!(the_jwt_vc_verifies_by_the_issuers_did_web, async |server: Server| {
    let partner = server.partner("acme").await;
    let token = partner.token(EMAIL, &server.clock);
    let credential = issued(&server, &token, &partner.request()).await;
    let claims = server.verify_jwt_vc(document(&credential, "jwt_vc_json")).await;
    let sd_jwt = server.verify_sd_jwt(document(&credential, "dc+sd-jwt")).await;
    let vc = &claims["vc"];
    assert_eq!(claims["sub"], sd_jwt["sub"], "one subject in both formats");
    assert_eq!(claims["iat"], sd_jwt["iat"]);
    assert_eq!(vc["credentialSubject"]["id"], claims["sub"]);
    assert_eq!(vc["issuer"], claims["iss"]);
    assert_eq!(vc["type"], json!(["VerifiableCredential", "AgeVerification"]));
    let subject = vc["credentialSubject"].as_object().expect("an object");
    assert_eq!(subject.len(), 4, "{subject:?}");
    assert_eq!((&subject["age"], &subject["location"]), (&json!(25), &json!("United States")));
    let id = text(&credential["vcId"]);
    assert_eq!(vc["id"], format!("{}/issuers/{}/credentials/{id}", server.url, partner.slug));
    // One entry of one list, whatever the format.
    let token_status = &sd_jwt["status"]["status_list"];
    assert_eq!(vc["credentialStatus"]["statusListIndex"], token_status["idx"].to_string());
    let list = text(&token_status["uri"]).replace("/status-lists/", "/bitstring-status-lists/");
    assert_eq!(vc["credentialStatus"]["statusListCredential"], list);
});

on_both!(a_validity_is_said_in_every_form, async |server: Server| {
    let partner = server.partner("acme").await;
    let token = partner.token(EMAIL, &server.clock);
    let mut request = partner.request();
    let program = server.another_program(&partner, |program| program.validity_seconds = Some(86_400)).await;
    request["credentialId"] = json!(program);
    let credential = issued(&server, &token, &request).await;
    let sd_jwt = server.verify_sd_jwt(document(&credential, "dc+sd-jwt")).await;
    let jwt_vc = server.verify_jwt_vc(document(&credential, "jwt_vc_json")).await;
    let expires = sd_jwt["iat"].as_i64().expect("seconds") + 86_400;
    assert_eq!((&sd_jwt["exp"], &jwt_vc["exp"]), (&json!(expires), &json!(expires)));
    let written = model::Timestamp::from_seconds(expires);
    assert_eq!(jwt_vc["vc"]["expirationDate"], written.rfc3339());
    let core_claim = CoreClaim::from_hex(text(&credential["coreClaim"])).expect("a core claim");
    assert_eq!(core_claim.expiration(), Some(expires.unsigned_abs()));
    let status = server.status(&token, text(&credential["coreClaimHash"])).await.json();
    assert_eq!(status["expirationDate"], written.datetime());
});

/// The disclosures of an SD-JWT, as JSON texts.
fn disclosures(sd_jwt: &str) -> Vec<String> {
    let parts = sd_jwt.trim_end_matches('~').split('~').skip(1);
    parts
        .map(|part| String::from_utf8(jose::b64url_decode(part).expect("base64url")).expect("a text"))
        .collect()
}

/// Claims as a caller may write them: none of them may change on the way into what is signed.
const DELICATE: &str = r#"{
    "big": 123456789012345678901234567890, "ratio": 1.10, "tiny": 1e-7, "negative": -0, "max": 18446744073709551616,
    "name": "Zo\u00eb \"Ada\" \\ \/ \u0007\t\u2028 日本 👩‍🚀 <script>&amp;</script>",
    "composed": "\u00e9", "decomposed": "e\u0301", "empty": "", "space": "  two  ",
    "list": [1.10, [], {}, null, [[0.10]]], "nothing": null,
    "nested": {"z": 1.0, "a": [{"deep": 0.30000000000000004}]},
    "straße \"x\"": "a name is data, too"
}"#;

on_both!(claims_are_signed_exactly_as_they_were_sent, async |server: Server| {
    let partner = server.partner("acme").await;
    let token = partner.token(EMAIL, &server.clock);
    let schema = json!({"type": "object", "properties": {}, "additionalProperties": true});
    let program = server.program_with_schema(&partner, &schema).await;
    let body = format!(
        r#"{{"issuerDid": "{}", "credentialId": "{program}", "credentialSubject": {DELICATE}}}"#,
        partner.issuer_did
    );
    let answer = server.post(&token, &[("content-type", "application/json")], body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let credential = server.credential(&token, text(&answer.json()["coreClaimHash"])).await;
    let sd_jwt = document(&credential, "dc+sd-jwt");
    let jwt_vc = document(&credential, "jwt_vc_json");
    let disclosed = server.verify_sd_jwt(sd_jwt).await;
    let verified = server.verify_jwt_vc(jwt_vc).await;
    let subject = verified["vc"]["credentialSubject"].as_object().expect("an object");
    let (disclosures, signed) = (disclosures(sd_jwt), String::from_utf8(payload(jwt_vc)).expect("a text"));
    // Numbers are compared digit by digit: serde_json keeps them as they were written.
    let sent: Value = serde_json::from_str(DELICATE).expect("JSON");
    let sent = sent.as_object().expect("an object");
    for (name, value) in sent {
        let (name_text, text) = (json!(name).to_string(), value.to_string());
        let end = format!(",{name_text},{text}]");
        assert!(disclosures.iter().any(|disclosure| disclosure.ends_with(&end)), "{end} in {disclosures:#?}");
        assert!(signed.contains(&format!("{name_text}:{text}")), "{name_text}:{text} in {signed}");
        assert!(disclosed.contains_key(name) && subject.contains_key(name), "{name}");
    }
    for (name, written) in [("big", "123456789012345678901234567890"), ("ratio", "1.10"), ("negative", "-0")]
    {
        assert_eq!(sent[name].to_string(), written);
    }
    assert_eq!((&disclosed["composed"], &disclosed["decomposed"]), (&json!("é"), &json!("e\u{301}")));
    assert_eq!(disclosures.len(), sent.len());
    assert_eq!(subject.len(), sent.len() + 1, "and the subject's id");
});

on_both!(dids_resolve_to_the_issuers_keys, async |server: Server| {
    let partner = server.partner("acme").await;
    let did_web_document = server.published(&format!("/issuers/{}/did.json", partner.slug)).await;
    let did_web = text(&did_web_document["id"]);
    for (did, other) in [(partner.issuer_did.as_str(), did_web), (did_web, partner.issuer_did.as_str())] {
        let answer = server.get(&format!("/1.0/identifiers/{}", percent_encoded(did))).await;
        assert_eq!(answer.status, 200, "{did}: {}", answer.text);
        assert_eq!(answer.header("content-type"), Some("application/did+json"));
        let resolved = answer.json();
        assert_eq!((&resolved["id"], &resolved["alsoKnownAs"]), (&json!(did), &json!([other])));
        let methods = resolved["verificationMethod"].as_array().expect("methods");
        assert_eq!(methods.len(), 2, "the current key and the next");
        for (method, in_did_web) in
            methods.iter().zip(did_web_document["verificationMethod"].as_array().expect("methods"))
        {
            assert_eq!(method["publicKeyJwk"], in_did_web["publicKeyJwk"]);
            assert_eq!(method["controller"], did);
            assert!(text(&method["id"]).starts_with(&format!("{did}#")), "{method}");
        }
    }
    // A DID may be written into the path as it is, where its characters allow it.
    assert_eq!(server.get(&format!("/1.0/identifiers/{}", partner.issuer_did)).await.status, 200);
    for unknown in
        ["did:air:id:test:nobody", "did:web:example.com", "did:web:example.com:issuers:acme", "acme", ":"]
    {
        let answer = server.get(&format!("/1.0/identifiers/{}", percent_encoded(unknown))).await;
        assert_eq!(
            (answer.status, answer.message().as_str()),
            (404, "Nothing is published here."),
            "{unknown}"
        );
    }
    assert_eq!(server.get("/issuers/nobody/did.json").await.status, 404);
});

on_both!(every_url_in_a_credential_leads_somewhere, async |server: Server| {
    let partner = server.partner("acme").await;
    let token = partner.token(EMAIL, &server.clock);
    let credential = issued(&server, &token, &partner.request()).await;
    let sd_jwt = server.verify_sd_jwt(document(&credential, "dc+sd-jwt")).await;
    let jwt_vc = server.verify_jwt_vc(document(&credential, "jwt_vc_json")).await;

    let schema_url = text(&jwt_vc["vc"]["credentialSchema"]["id"]);
    let schema = server.follow(schema_url).await;
    assert_eq!(schema.header("content-type"), Some("application/schema+json"));
    let schema = schema.json();
    assert_eq!(schema["$id"], schema_url);
    assert_eq!(schema["properties"]["age"], json!({"type": "integer", "minimum": 0}));

    let contexts = jwt_vc["vc"]["@context"].as_array().expect("contexts");
    let context_url = text(contexts.last().expect("our own"));
    let context = server.follow(context_url).await;
    assert_eq!(context.header("content-type"), Some("application/ld+json"));
    let terms = &context.json()["@context"];
    for (term, kind) in [("age", "integer"), ("location", "string"), ("isMember", "boolean")] {
        assert_eq!(terms[term]["@id"], format!("{context_url}#{term}"));
        assert_eq!(terms[term]["@type"], format!("http://www.w3.org/2001/XMLSchema#{kind}"));
    }

    let metadata = server.follow(text(&sd_jwt["vct"])).await;
    assert_eq!((metadata.status, metadata.header("content-type")), (200, Some("application/json")));
    assert_eq!(metadata.json(), json!({"vct": sd_jwt["vct"], "name": "Age verification"}));
    for missing in ["/schemas/x", "/schemas/x/context", "/credential-types/x"] {
        assert_eq!(server.get(missing).await.message(), "Nothing is published here.", "{missing}");
    }
});

/// The digest that a core claim of these documents must hold: over the payloads' digests, SD-JWT VC first.
fn digest_of(credential: &Value) -> Vec<u8> {
    let mut digests = Vec::new();
    for format in Format::ALL.map(Format::as_str) {
        if let Some(document) = credential["documents"][format].as_str() {
            let commitment = digest(&SHA256, &payload(document));
            let hex: String = commitment.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(credential["commitments"][format], hex, "{format}");
            digests.extend_from_slice(commitment.as_ref());
        }
    }
    digest(&SHA256, &digests).as_ref().to_vec()
}

fn assert_core_claim(credential: &Value, subject: &str, context_url: &str, type_name: &str) {
    let core_claim = CoreClaim::from_hex(text(&credential["coreClaim"])).expect("a core claim");
    let hash = model::CoreClaimHash(core_claim.core_claim_hash()).to_string();
    assert_eq!(credential["coreClaimHash"], hash);
    assert_eq!(core_claim.schema_hash(), iden3::claim::schema_hash(context_url, type_name));
    let subject = Id::from_did(subject, &[DidMethod::air_test()]).expect("an iden3 DID with a checksum");
    assert_eq!(core_claim.subject(), Subject::Index(subject));
    assert_eq!(core_claim.expiration(), None);
    assert_eq!(core_claim.value_digest().map(Vec::from), Some(digest_of(credential)));
    assert!((core_claim.version(), core_claim.is_updatable()) == (0, false));
}

on_both!(the_core_claim_commits_to_the_documents, async |server: Server| {
    let partner = server.partner("acme").await;
    let mut nonces = BTreeSet::new();
    for email in [EMAIL, "grace@example.com"] {
        let token = partner.token(email, &server.clock);
        let credential = issued(&server, &token, &partner.request()).await;
        let claims = server.verify_sd_jwt(document(&credential, "dc+sd-jwt")).await;
        let context = format!("{}/schemas/{}/context", server.url, partner.schema_id);
        assert_core_claim(&credential, text(&claims["sub"]), &context, "AgeVerification");
        let core_claim = CoreClaim::from_hex(text(&credential["coreClaim"])).expect("a core claim");
        nonces.insert(core_claim.revocation_nonce());
    }
    assert_eq!(nonces.len(), 2, "each credential has a nonce of its own");
});

on_both!(one_person_has_one_subject_whoever_issues, async |server: Server| {
    let mut subjects = BTreeSet::new();
    for name in ["acme", "umbrella"] {
        let partner = server.partner(name).await;
        let token = partner.token(EMAIL, &server.clock);
        let credential = issued(&server, &token, &partner.request()).await;
        let claims = server.verify_sd_jwt(document(&credential, "dc+sd-jwt")).await;
        subjects.insert(text(&claims["sub"]).to_owned());
    }
    assert_eq!(subjects.len(), 1, "{subjects:?}");
});

on_both!(a_registered_did_with_a_wrong_checksum_issues_like_any_other, async |server: Server| {
    // The DID of the vendor's own examples, whose checksum is wrong.
    const DID: &str = "did:air:id:test:5P44fsVUhPctDTWH2Nz26pZJFsg6CqyiAELTGeVQDB";
    assert!(Id::from_did(DID, &[DidMethod::air_test()]).is_err());
    let mut partner = server.partner("acme").await;
    let tenant = TenantId::from(partner.id.as_str());
    let new =
        NewIssuer { tenant, name: "Seed".to_owned(), slug: None, did: Some(DID.to_owned()), anchor: None };
    let issuer = server.engine.create_issuer(new).await.expect("an issuer");
    (partner.issuer_did, partner.slug) = (issuer.did, issuer.slug);
    partner.program_id = server.another_program(&partner, |_| {}).await;

    let token = partner.token(EMAIL, &server.clock);
    let credential = issued(&server, &token, &partner.request()).await;
    server.verify_sd_jwt(document(&credential, "dc+sd-jwt")).await;
    server.verify_jwt_vc(document(&credential, "jwt_vc_json")).await;
    let status = server.wait_for(&token, text(&credential["coreClaimHash"]), "ONCHAIN").await;
    assert_eq!(status["issuerDid"], DID);
    let resolved = server.published(&format!("/1.0/identifiers/{DID}")).await;
    assert_eq!(resolved["id"], DID);
});

on_both!(a_program_signs_its_formats_and_no_other, async |server: Server| {
    let partner = server.partner("acme").await;
    let token = partner.token(EMAIL, &server.clock);
    let context = format!("{}/schemas/{}/context", server.url, partner.schema_id);
    for format in Format::ALL {
        let mut request = partner.request();
        let program = server.another_program(&partner, |program| program.formats = vec![format]).await;
        request["credentialId"] = json!(program);
        let credential = issued(&server, &token, &request).await;
        let formats: Vec<&String> = credential["documents"].as_object().expect("an object").keys().collect();
        assert_eq!(formats, [format.as_str()]);
        let document = document(&credential, format.as_str());
        let claims = match format {
            Format::DcSdJwt => server.verify_sd_jwt(document).await,
            Format::JwtVcJson => server.verify_jwt_vc(document).await,
        };
        assert_core_claim(&credential, text(&claims["sub"]), &context, "AgeVerification");
    }
});

on_both!(what_an_old_key_signed_verifies_after_a_rotation, async |server: Server| {
    let partner = server.partner("acme").await;
    let metadata = format!("/.well-known/jwt-vc-issuer/issuers/{}", partner.slug);
    let mut documents: Vec<(String, String)> = Vec::new();
    for (round, email) in [EMAIL, "grace@example.com", "joan@example.com"].into_iter().enumerate() {
        if round > 0 {
            server.engine.rotate_issuer_key(&partner.issuer_did).await.expect("rotates");
        }
        let token = partner.token(email, &server.clock);
        let credential = issued(&server, &token, &partner.request()).await;
        let documents_of = |format| document(&credential, format).to_owned();
        documents.push((documents_of("dc+sd-jwt"), documents_of("jwt_vc_json")));
        let keys = server.published(&metadata).await["jwks"]["keys"].as_array().map_or(0, Vec::len);
        assert_eq!(keys, round + 2, "every key that signed, and the next one");
        for (sd_jwt, jwt_vc) in &documents {
            server.verify_sd_jwt(sd_jwt).await;
            let claims = server.verify_jwt_vc(jwt_vc).await;
            let list = text(&claims["vc"]["credentialStatus"]["statusListCredential"]);
            server.bitstring_status_list(list).await;
        }
    }
    let signers: BTreeSet<String> = documents.iter().map(|(sd_jwt, _)| kid(sd_jwt)).collect();
    assert_eq!(signers.len(), 3, "each round was signed by a key of its own");
});

on_both!(a_next_key_is_published_before_it_signs, async |server: Server| {
    let partner = server.partner("acme").await;
    let metadata = format!("/.well-known/jwt-vc-issuer/issuers/{}", partner.slug);
    let before = server.published(&metadata).await.to_string();
    server.engine.rotate_issuer_key(&partner.issuer_did).await.expect("rotates");
    let token = partner.token(EMAIL, &server.clock);
    let credential = issued(&server, &token, &partner.request()).await;
    let signer = kid(document(&credential, "dc+sd-jwt"));
    assert!(before.contains(&signer), "verifiers that cached the keys know {signer} already");
});

on_both!(a_changed_credential_is_refused, async |server: Server| {
    let partner = server.partner("acme").await;
    let token = partner.token(EMAIL, &server.clock);
    let credential = issued(&server, &token, &partner.request()).await;
    let jwt_vc = document(&credential, "jwt_vc_json");
    let key = server.did_web_key(&kid(jwt_vc)).await;
    let [header, claims, signature] = jwt_vc.split('.').collect::<Vec<_>>()[..] else {
        panic!("three parts")
    };
    let older = String::from_utf8(jose::b64url_decode(claims).expect("base64url")).expect("a text");
    let older = older.replacen("\"age\":25", "\"age\":52", 1);
    let changed = format!("{header}.{}.{signature}", jose::b64url_encode(older.as_bytes()));
    let verify = |text: &str| {
        let jws = Jws::parse_within(text, 1 << 20).expect("a JWS");
        vc::jwt_vc::verify(&jws, &key)
    };
    assert!(verify(&changed).is_err());
    assert!(verify(jwt_vc).is_ok());
});
