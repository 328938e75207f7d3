//! Issuer and program: whether they exist, whose they are, and whether the program issues now.

use issuance::NewIssuer;
use model::{Clock, Timestamp};
use serde_json::{Value, json};
use support::{Partner, Server, on_both};

use super::assert_error;

const UNKNOWN_ISSUER: &str = "Unknown issuer DID: no issuer has this issuerDid. Check it in your settings.";
const UNKNOWN_PROGRAM: &str =
    "Unknown issuance program: you have no published program with this credentialId.";
const SCHEMA_ID: &str =
    "Unknown issuance program: this credentialId is a schema's id. Send the id of an issuance program.";
const FOREIGN_ISSUER: &str = "The issuer is not yours: use an issuerDid of your own.";
const OTHER_ISSUER: &str = "This issuerDid does not own the program: use the DID of the program's issuer.";
const FOREIGN_SCHEMA: &str =
    "Schema not allowed for this partner: the program's schema belongs to somebody else.";

fn with(partner: &Partner, name: &str, value: impl Into<Value>) -> Value {
    let mut request = partner.request();
    request[name] = value.into();
    request
}

on_both!(unknown_ids_are_404_and_say_which, async |server: Server| {
    let acme = server.partner("acme").await;
    let bravo = server.partner("bravo").await;
    let token = acme.token("ada@example.com", &server.clock);
    let seed = "did:air:id:test:5P44fsVUhPctDTWH2Nz26pZJFsg6CqyiAELTGeVQDB".to_owned();
    let did = &acme.issuer_did;
    let spoilt = [seed, String::new(), did.to_uppercase(), format!("{did} "), "\u{0}".into(), "' --".into()];
    for did in spoilt {
        assert_error(&server.issue(&token, &with(&acme, "issuerDid", did)).await, 404, UNKNOWN_ISSUER);
    }
    for program in ["c21s70g0i54sn0023172Cv", "", "\u{0}", "%00", "' OR 1=1 --", &"x".repeat(10_000)] {
        let answer = server.issue(&token, &with(&acme, "credentialId", program)).await;
        assert_error(&answer, 404, UNKNOWN_PROGRAM);
    }
    // Another tenant's program and schema do not exist.
    for foreign in [&bravo.program_id, &bravo.schema_id] {
        let answer = server.issue(&token, &with(&acme, "credentialId", foreign.as_str())).await;
        assert_error(&answer, 404, UNKNOWN_PROGRAM);
    }
    let own_schema = with(&acme, "credentialId", acme.schema_id.as_str());
    assert_error(&server.issue(&token, &own_schema).await, 404, SCHEMA_ID);
});

on_both!(a_draft_does_not_exist, async |server: Server| {
    let acme = server.partner("acme").await;
    let token = acme.token("ada@example.com", &server.clock);
    server.change_program(&acme, |program| program.published = false).await;
    assert_error(&server.issue(&token, &acme.request()).await, 404, UNKNOWN_PROGRAM);
    server.change_program(&acme, |program| program.published = true).await;
    server.issued(&token, &acme.request()).await;
});

on_both!(what_belongs_to_somebody_else_is_403, async |server: Server| {
    let acme = server.partner("acme").await;
    let bravo = server.partner("bravo").await;
    let token = acme.token("ada@example.com", &server.clock);
    let foreign = with(&acme, "issuerDid", bravo.issuer_did.as_str());
    assert_error(&server.issue(&token, &foreign).await, 403, FOREIGN_ISSUER);
    let new = NewIssuer {
        tenant: acme.id.as_str().into(),
        name: "second".to_owned(),
        slug: None,
        did: Some("did:example:second".to_owned()),
        anchor: None,
    };
    let second = server.engine.create_issuer(new).await.expect("an issuer");
    let other = with(&acme, "issuerDid", second.did.as_str());
    assert_error(&server.issue(&token, &other).await, 403, OTHER_ISSUER);
    // No command sets such a program up; whoever writes to the database may.
    let (tenant, program) = (acme.id.as_str().into(), acme.program_id.as_str().into());
    let mut program = server.store.program(&tenant, &program).await.expect("answers").expect("there");
    program.id = "borrowed".into();
    program.schema_id = bravo.schema_id.as_str().into();
    server.store.insert_program(&program, server.clock.now()).await.expect("stored");
    let borrowed = with(&acme, "credentialId", "borrowed");
    assert_error(&server.issue(&token, &borrowed).await, 403, FOREIGN_SCHEMA);
    assert_eq!(server.store.credential_count().await.expect("a count"), 0);
    // An issuer's DID is an opaque text: one that we did not mint issues as well.
    let program = server.another_program(&acme, |program| program.issuer_did = second.did.clone()).await;
    let mut request = other;
    request["credentialId"] = json!(program);
    server.issued(&token, &request).await;
});

on_both!(what_exists_comes_before_whose_it_is_and_that_before_the_subject, async |server: Server| {
    let acme = server.partner("acme").await;
    let bravo = server.partner("bravo").await;
    let token = acme.token("ada@example.com", &server.clock);
    let request = |issuer: &str, program: &str, age: Value| {
        let subject = json!({"age": age});
        json!({"issuerDid": issuer, "credentialId": program, "credentialSubject": subject})
    };
    let bad = json!("old");
    for (issuer, program, status, message) in [
        ("did:x:y", "unknown", 404, UNKNOWN_ISSUER),
        (bravo.issuer_did.as_str(), "unknown", 404, UNKNOWN_PROGRAM),
        (bravo.issuer_did.as_str(), acme.program_id.as_str(), 403, FOREIGN_ISSUER),
    ] {
        assert_error(&server.issue(&token, &request(issuer, program, bad.clone())).await, status, message);
    }
    let mut body = request("did:x:y", "unknown", bad.clone());
    body["onDuplicate"] = json!("other");
    assert_eq!(server.issue(&token, &body).await.status, 400, "the body comes first");
    server.change_program(&acme, |program| program.closes_at = Some(server.clock.now())).await;
    let answer = server.issue(&token, &request(&acme.issuer_did, &acme.program_id, bad.clone())).await;
    assert_eq!(answer.status, 403, "the window comes before the subject: {}", answer.text);
    server.change_program(&acme, |program| program.closes_at = None).await;
    let answer = server.issue(&token, &request(&acme.issuer_did, &acme.program_id, bad)).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
});

on_both!(a_program_issues_within_its_window, async |server: Server| {
    let acme = server.partner("acme").await;
    let now = server.clock.now().whole_second();
    let (opens, closes) = (now.plus_seconds(100), now.plus_seconds(200));
    let limit = |opens: Option<Timestamp>, closes: Option<Timestamp>| {
        server.change_program(&acme, move |program| {
            program.opens_at = opens;
            program.closes_at = closes;
        })
    };
    let issue = || async {
        let token = acme.token("ada@example.com", &server.clock);
        server.issue(&token, &acme.request()).await
    };
    let too_early = format!("The program's window has not opened yet: it issues from {}.", opens.rfc3339());
    let too_late = format!("The program's window has closed: it issued until {}.", closes.rfc3339());
    limit(Some(opens), Some(closes)).await;
    assert_error(&issue().await, 403, &too_early);
    server.clock.advance(110);
    assert_eq!(issue().await.status, 200);
    server.clock.advance(100);
    assert_error(&issue().await, 403, &too_late);
    limit(Some(opens), None).await;
    assert_eq!(issue().await.status, 200, "a window may be open for ever");
    server.clock.advance(-200);
    assert_error(&issue().await, 403, &too_early);
    limit(None, Some(closes)).await;
    assert_eq!(issue().await.status, 200, "or have no beginning");
});
