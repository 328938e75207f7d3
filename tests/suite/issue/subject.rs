//! The subject against the program's schema, and what of it is in the credential.

use serde_json::{Map, Value, json};
use support::{Partner, Server, on_both};

use super::{JSON, assert_error, hash_of};

const MISMATCH: &str = "The subject does not match the program's schema. ";

fn schema() -> Value {
    json!({
        "type": "object",
        "required": ["age"],
        "properties": {
            "age": {"type": "integer", "minimum": 0, "maximum": 150},
            "location": {"type": "string", "maxLength": 20},
            "isMember": {"type": "boolean"},
            "score": {"type": "number"},
            "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
            "note": {"type": ["string", "null"]},
            "tier": {"enum": ["gold", "silver"]},
            "born": {"type": "string", "format": "date"},
            "code": {"type": "string", "pattern": "^[A-Z]{2}$"},
            "address": {
                "type": "object",
                "required": ["city"],
                "properties": {"city": {"type": "string"}, "lines": {"type": "array", "items": {"type": "string"}}},
            },
        },
    })
}

fn request(acme: &Partner, program: &str, subject: &Value) -> Value {
    json!({"issuerDid": acme.issuer_did, "credentialId": program, "credentialSubject": subject})
}

/// Subjects with one fault, and what is said of it.
fn faults() -> Vec<(Value, &'static str)> {
    vec![
        (json!({}), "credentialSubject: \"age\" is a required property"),
        (json!({"age": "25"}), "credentialSubject/age: value is not of type \"integer\""),
        (json!({"age": 25.5}), "credentialSubject/age: value is not of type \"integer\""),
        (json!({"age": null}), "credentialSubject/age: value is not of type \"integer\""),
        (json!({"age": [25]}), "credentialSubject/age: value is not of type \"integer\""),
        (json!({"age": true}), "credentialSubject/age: value is not of type \"integer\""),
        (json!({"age": -1}), "credentialSubject/age: value is less than the minimum of 0"),
        (json!({"age": 151}), "credentialSubject/age: value is greater than the maximum of 150"),
        (json!({"age": 1, "location": null}), "credentialSubject/location: value is not of type \"string\""),
        (
            json!({"age": 1, "location": "x".repeat(21)}),
            "credentialSubject/location: value is longer than 20 characters",
        ),
        (json!({"age": 1, "isMember": 1}), "credentialSubject/isMember: value is not of type \"boolean\""),
        (json!({"age": 1, "score": "1.5"}), "credentialSubject/score: value is not of type \"number\""),
        (json!({"age": 1, "tags": "a"}), "credentialSubject/tags: value is not of type \"array\""),
        (json!({"age": 1, "tags": ["a", 2]}), "credentialSubject/tags/1: value is not of type \"string\""),
        (
            json!({"age": 1, "tags": ["a", "b", "c", "d"]}),
            "credentialSubject/tags: value has more than 3 items",
        ),
        (json!({"age": 1, "note": 7}), "credentialSubject/note: value is not of types \"null\", \"string\""),
        (
            json!({"age": 1, "tier": "lead"}),
            "credentialSubject/tier: value is not one of \"gold\" or \"silver\"",
        ),
        (json!({"age": 1, "born": "yesterday"}), "credentialSubject/born: value is not a \"date\""),
        (json!({"age": 1, "code": "xx"}), "credentialSubject/code: value does not match \"^[A-Z]{2}$\""),
        (json!({"age": 1, "address": {}}), "credentialSubject/address: \"city\" is a required property"),
        (
            json!({"age": 1, "address": {"city": 1}}),
            "credentialSubject/address/city: value is not of type \"string\"",
        ),
        (
            json!({"age": 1, "address": {"city": "x", "zip": "1"}}),
            "credentialSubject/address: Additional properties are not allowed ('zip' was unexpected)",
        ),
        (
            json!({"age": 1, "extra": 1}),
            "credentialSubject: Additional properties are not allowed ('extra' was unexpected)",
        ),
        (
            json!({"age": 1, "Age": 1}),
            "credentialSubject: Additional properties are not allowed ('Age' was unexpected)",
        ),
    ]
}

on_both!(each_violation_is_named_with_its_path, async |server: Server| {
    let acme = server.partner("acme").await;
    let program = server.program_with_schema(&acme, &schema()).await;
    let token = acme.token("ada@example.com", &server.clock);
    for (subject, fault) in faults() {
        let answer = server.issue(&token, &request(&acme, &program, &subject)).await;
        assert_error(&answer, 400, &format!("{MISMATCH}{fault}"));
    }
    assert_eq!(server.store.credential_count().await.expect("a count"), 0);
});

on_both!(every_violation_is_listed_and_no_value_repeated, async |server: Server| {
    let acme = server.partner("acme").await;
    let program = server.program_with_schema(&acme, &schema()).await;
    let token = acme.token("ada@example.com", &server.clock);
    let subject = json!({
        "id": "not a URI", "age": "sesame", "isMember": "sesame", "address": {"town": "sesame"}, "extra": "sesame",
    });
    let answer = server.issue(&token, &request(&acme, &program, &subject)).await;
    let message = [
        "credentialSubject: Additional properties are not allowed ('extra' was unexpected)",
        "credentialSubject/address: Additional properties are not allowed ('town' was unexpected)",
        "credentialSubject/address: \"city\" is a required property",
        "credentialSubject/age: value is not of type \"integer\"",
        "credentialSubject/id: must be a URI; leave it out, and the holder's DID is filled in",
        "credentialSubject/isMember: value is not of type \"boolean\"",
    ];
    assert_error(&answer, 400, &format!("{MISMATCH}{}", message.join("; ")));
});

on_both!(a_flood_of_violations_is_cut_and_counted, async |server: Server| {
    let acme = server.partner("acme").await;
    let program = server
        .program_with_schema(
            &acme,
            &json!({
                "type": "object", "properties": {"numbers": {"type": "array", "items": {"type": "integer"}}},
            }),
        )
        .await;
    let token = acme.token("ada@example.com", &server.clock);
    let subject = json!({"numbers": vec!["x"; 5_000]});
    let answer = server.issue(&token, &request(&acme, &program, &subject)).await;
    assert_eq!(answer.status, 400);
    let message = answer.message();
    assert!(message.len() < 10_000, "{} bytes", message.len());
    assert!(message.ends_with("; credentialSubject: 4900 more violations are not listed"), "{message}");
});

/// The subject of a credential in each of its formats, `id` and all.
async fn subjects(server: &Server, token: &str, hash: &str) -> [Map<String, Value>; 2] {
    let documents = server.credential(token, hash).await["documents"].clone();
    let text = |format: &str| documents[format].as_str().expect("a document").to_owned();
    let mut sd_jwt = server.verify_sd_jwt(&text("dc+sd-jwt")).await;
    for ours in ["iss", "vct", "iat", "status"] {
        sd_jwt.remove(ours).unwrap_or_else(|| panic!("no {ours}"));
    }
    let subject = sd_jwt.remove("sub").expect("sub");
    sd_jwt.insert("id".to_owned(), subject);
    let jwt_vc = server.verify_jwt_vc(&text("jwt_vc_json")).await;
    let subject = jwt_vc["vc"]["credentialSubject"].as_object().expect("an object").clone();
    [sd_jwt, subject]
}

on_both!(what_the_schema_allows_is_in_the_credential_as_it_was_sent, async |server: Server| {
    let acme = server.partner("acme").await;
    let program = server.program_with_schema(&acme, &schema()).await;
    let token = acme.token("ada@example.com", &server.clock);
    for subject in [
        json!({"age": 0}),
        json!({"age": 25, "score": 1.5, "tags": [], "note": null, "tier": "gold", "born": "1815-12-10"}),
        json!({"age": 25, "score": -0.25, "tags": ["a", "b"], "note": "x", "code": "CH"}),
        json!({"age": 1, "location": "Zürich 😀", "address": {"city": "\"\\\n", "lines": ["", "2"]}}),
    ] {
        let issued = server.issued(&token, &request(&acme, &program, &subject)).await;
        for mut found in subjects(&server, &token, &hash_of(&issued)).await {
            found.remove("id").expect("an id");
            assert_eq!(Value::Object(found), subject);
        }
    }
});

on_both!(a_number_keeps_every_digit, async |server: Server| {
    let acme = server.partner("acme").await;
    let program = server.program_with_schema(&acme, &schema()).await;
    let token = acme.token("ada@example.com", &server.clock);
    let body = request(&acme, &program, &json!({"age": 1, "score": "SCORE"})).to_string();
    for digits in ["0.1", "1.10", "123456789012345678901234567890.5", "9007199254740993"] {
        let answer = server.post(&token, &[JSON], body.replace("\"SCORE\"", digits)).await;
        assert_eq!(answer.status, 200, "{digits}: {}", answer.text);
        for found in subjects(&server, &token, &hash_of(&answer.json())).await {
            assert_eq!(found["score"].to_string(), digits);
        }
    }
});

on_both!(an_id_is_a_uri_and_becomes_the_holders_did, async |server: Server| {
    let acme = server.partner("acme").await;
    let token = acme.token("ada@example.com", &server.clock);
    let mut holders = Vec::new();
    for id in [Some("did:example:mallory"), Some("https://example.com/me"), Some("urn:uuid:1"), None] {
        let mut subject = json!({"age": 25});
        if let Some(id) = id {
            subject["id"] = json!(id);
        }
        let issued = server.issued(&token, &request(&acme, &acme.program_id, &subject)).await;
        for found in subjects(&server, &token, &hash_of(&issued)).await {
            holders.push(found["id"].as_str().expect("text").to_owned());
        }
    }
    holders.dedup();
    assert_eq!(holders.len(), 1, "one person, one DID: {holders:?}");
    assert!(holders[0].starts_with("did:air:id:test:"), "{holders:?}");
    let people = server.store.holders(10).await.expect("people");
    assert_eq!(people[0].did, holders[0]);
    for id in [
        json!("ada"),
        json!(""),
        json!("//example.com"),
        json!(7),
        json!(["did:x:y"]),
        json!({}),
        Value::Null,
    ] {
        let subject = json!({"age": 25, "id": id});
        let answer = server.issue(&token, &request(&acme, &acme.program_id, &subject)).await;
        let fault = "credentialSubject/id: must be a URI; leave it out, and the holder's DID is filled in";
        assert_error(&answer, 400, &format!("{MISMATCH}{fault}"));
    }
});

on_both!(a_schema_may_allow_unknown_members_but_no_reserved_ones, async |server: Server| {
    let acme = server.partner("acme").await;
    let open =
        json!({"type": "object", "properties": {"age": {"type": "integer"}}, "additionalProperties": true});
    let program = server.program_with_schema(&acme, &open).await;
    let token = acme.token("ada@example.com", &server.clock);
    let subject = json!({"age": 1, "anything": {"nested": [1, null, {"x": 1.5}]}, "@context": "x", "": 0});
    let issued = server.issued(&token, &request(&acme, &program, &subject)).await;
    for mut found in subjects(&server, &token, &hash_of(&issued)).await {
        found.remove("id");
        assert_eq!(Value::Object(found), subject);
    }
    let reserved = |name: &str| {
        format!(
            "{MISMATCH}credentialSubject: a claim cannot be named \"{name}\": SD-JWT VC reserves the name"
        )
    };
    for name in ["iss", "sub", "iat", "nbf", "exp", "jti", "vct", "cnf", "status", "_sd", "_sd_alg", "..."] {
        let mut subject = json!({"age": 1});
        subject[name] = json!("x");
        assert_error(&server.issue(&token, &request(&acme, &program, &subject)).await, 400, &reserved(name));
    }
    let nested = request(&acme, &program, &json!({"x": [{"_sd": []}]}));
    let answer = server.issue(&token, &nested).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    let many: Map<String, Value> = (0..1_025).map(|place| (format!("m{place}"), json!(1))).collect();
    let answer = server.issue(&token, &request(&acme, &program, &Value::Object(many))).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    for levels in 25..31 {
        let deep = format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        let body = request(&acme, &program, &json!({"x": "DEEP"})).to_string().replace("\"DEEP\"", &deep);
        let answer = server.post(&token, &[JSON], body).await;
        assert!([200, 400].contains(&answer.status), "{levels}: {}", answer.text);
    }
});
