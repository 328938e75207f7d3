//! What a verifier must refuse (the list of the OpenID Foundation's conformance plan for verifiers, and more): nothing is taken for
//! verified, the wallet is told, and the tenant is told why, without any claim.

use serde_json::{Value, json};
use support::{Answer, Binding, Held, Server, form_body, jwt_vp, on_both};
use wallet::WalletKey;

use super::check;
use super::check::{issuer_key, revoke, until};
use super::common::{Asked, Door, merged, refused, state};
use super::stranger::{Stranger, disclosure, signed};

/// Sends this as the answer for `m`.
async fn send(server: &Server, asked: &Asked, presentation: &str) -> Answer {
    server.respond(&asked.read, asked.read.form(&json!({"m": [presentation]}))).await
}

/// The answer was refused, the request is over, and no claim is to be seen anywhere.
async fn is_refused(server: &Server, door: &Door, asked: &Asked, answer: &Answer, what: &str) -> String {
    assert_eq!(answer.status, 400, "{what}: {}", answer.text);
    let told = refused(answer, 400);
    assert_eq!(state(server, &asked.id).await, "failed", "{what}");
    let (code, why) = door.failure(server, &asked.id).await;
    // OAuth allows no quotation marks in what a wallet is told.
    let why = why.replace('"', "'");
    assert_eq!((code.as_str(), why.as_str()), ("invalid_presentation", told.as_str()), "{what}");
    let result = door.result(server, &asked.id).await.to_string();
    assert!(!result.contains("Lovelace") && !told.contains("Lovelace"), "{what}: {result}");
    // What is refused is refused for good.
    refused(&server.present(&asked.read, &door.held, &["fullName"]).await, 409);
    told
}

/// The proof that a request wants.
fn good(server: &Server, asked: &Asked) -> Binding {
    Binding::to(&asked.read, server.clock_seconds())
}

/// Ways to spoil a proof of possession: what, and how.
type Spoil = fn(Binding, &Held, &str, i64) -> String;

fn spoilt() -> Vec<(&'static str, Spoil)> {
    const YEAR: i64 = 365 * 86_400;
    vec![
        ("no proof", |_, _, bare, _| bare.to_owned()),
        ("another key", |good, _, bare, _| good.sign(bare, &WalletKey::generate())),
        ("the signature", |good, held, bare, _| {
            let text = good.sign(bare, &held.key);
            let (head, signature) = text.rsplit_once('.').expect("a JWT");
            let other = if signature.starts_with('A') { "B" } else { "A" };
            format!("{head}.{other}{}", &signature[1..])
        }),
        ("sd_hash", |good, held, bare, _| {
            good.with("sd_hash", support::sha256_text(b"x")).sign(bare, &held.key)
        }),
        ("sd_hash of fewer claims", |good, held, bare, _| {
            let fewer = held.disclosing(&[]);
            good.sign(&fewer, &held.key).replacen(&fewer, bare, 1)
        }),
        ("nonce", |good, held, bare, _| good.with("nonce", "another").sign(bare, &held.key)),
        ("no nonce", |good, held, bare, _| good.without("nonce").sign(bare, &held.key)),
        ("aud", |good, held, bare, _| good.with("aud", "https://other.example").sign(bare, &held.key)),
        ("aud without its prefix", |good, held, bare, _| {
            let audience =
                good.claims["aud"].as_str().and_then(|aud| aud.split_once(':')).expect("a prefix").1;
            let audience = audience.to_owned();
            good.with("aud", audience).sign(bare, &held.key)
        }),
        ("no aud", |good, held, bare, _| good.without("aud").sign(bare, &held.key)),
        ("iat a year past", |good, held, bare, now| good.with("iat", now - YEAR).sign(bare, &held.key)),
        ("iat a year ahead", |good, held, bare, now| good.with("iat", now + YEAR).sign(bare, &held.key)),
        ("iat six minutes past", |good, held, bare, now| good.with("iat", now - 360).sign(bare, &held.key)),
        ("iat two minutes ahead", |good, held, bare, now| good.with("iat", now + 120).sign(bare, &held.key)),
        ("no iat", |good, held, bare, _| good.without("iat").sign(bare, &held.key)),
        ("typ", |mut good, held, bare, _| {
            good.header = json!({"typ": "JWT"});
            good.sign(bare, &held.key)
        }),
    ]
}

on_both!(a_proof_that_does_not_answer_this_request, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let bare = door.held.disclosing(&["fullName"]);
    for (what, spoil) in spoilt() {
        let asked = door.ask(&server).await;
        let presentation = spoil(good(&server, &asked), &door.held, &bare, server.clock_seconds());
        let answer = send(&server, &asked, &presentation).await;
        is_refused(&server, &door, &asked, &answer, what).await;
    }
    // Made for another request of the same verifier.
    let (one, other) = (door.ask(&server).await, door.ask(&server).await);
    let moved = good(&server, &other).sign(&bare, &door.held.key);
    let answer = send(&server, &one, &moved).await;
    is_refused(&server, &door, &one, &answer, "another request's").await;
    door.is_open(&server, &other).await;
});

on_both!(a_credential_whose_signature_or_disclosure_does_not_hold, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let bare = door.held.disclosing(&["fullName"]);
    let (jwt, rest) = bare.split_once('~').expect("an SD-JWT");
    let (head, signature) = jwt.rsplit_once('.').expect("a JWT");
    let other = if signature.starts_with('A') { "B" } else { "A" };
    let forged = format!("{head}.{other}{}~{rest}", &signature[1..]);
    let (_, text) = disclosure("fullName", &json!("Grace Hopper"));
    for (what, document) in [
        ("signature", forged),
        ("another disclosure", format!("{jwt}~{text}~")),
        ("one more disclosure", format!("{bare}{text}~")),
        ("no SD-JWT", "garbage".to_owned()),
        ("not what was asked for", door.held.jwt_vc.clone()),
    ] {
        let asked = door.ask(&server).await;
        let presentation = match document.ends_with('~') {
            true => good(&server, &asked).sign(&document, &door.held.key),
            false => document,
        };
        let answer = send(&server, &asked, &presentation).await;
        is_refused(&server, &door, &asked, &answer, what).await;
    }
});

on_both!(a_claim_that_is_missing_or_has_another_value, async |server: Server| {
    let door = Door::new(&server).await;
    let mut query = door.held.query(&["fullName", "level"]);
    query["credentials"][0]["claims"][1]["values"] = json!([40, 41]);
    door.template(&server, &json!({"dcqlQuery": query})).await;
    let asked = door.ask(&server).await;
    let answer = server.present(&asked.read, &door.held, &["fullName"]).await;
    let why = is_refused(&server, &door, &asked, &answer, "missing").await;
    assert!(why.contains("level"), "{why}");
    let asked = door.ask(&server).await;
    let answer = server.present(&asked.read, &door.held, &["fullName", "level"]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    query["credentials"][0]["claims"][1]["values"] = json!([40, 42]);
    door.template(&server, &json!({"definitionId": "e", "dcqlQuery": query})).await;
    let made = server.ask(&door.acme, &door.keys, "e", None).await;
    let read = server.read_asked(made["authRequestURI"].as_str().expect("an address")).await;
    let answer = server.present(&read, &door.held, &["fullName", "level"]).await;
    let why = refused(&answer, 400);
    assert!(why.contains("level") && !why.contains("41"), "{why}");
});

on_both!(a_credential_of_another_type, async |server: Server| {
    let door = Door::new(&server).await;
    let mut query = door.held.query(&["fullName"]);
    query["credentials"][0]["meta"]["vct_values"] = json!(["https://types.example/other"]);
    door.template(&server, &json!({"dcqlQuery": query})).await;
    let asked = door.ask(&server).await;
    let answer = server.present(&asked.read, &door.held, &["fullName"]).await;
    is_refused(&server, &door, &asked, &answer, "vct").await;
});

on_both!(a_credential_that_is_bound_to_nobody, async |server: Server| {
    let door = Door::new(&server).await;
    let issued = check::Behalf::of(&server, server.partner("umbrella").await, &json!({})).await;
    let vct = support::unverified(&issued.sd_jwt)["vct"].clone();
    let query = json!({"credentials": [{"id": "m", "format": "dc+sd-jwt", "meta": {"vct_values": [vct]}}]});
    door.template(&server, &json!({"dcqlQuery": query, "trustedIssuers": ["*"]})).await;
    let key = WalletKey::generate();
    for bound in [false, true] {
        let asked = door.ask(&server).await;
        let presentation =
            if bound { good(&server, &asked).sign(&issued.sd_jwt, &key) } else { issued.sd_jwt.clone() };
        let answer = send(&server, &asked, &presentation).await;
        is_refused(&server, &door, &asked, &answer, "not bound").await;
    }
});

on_both!(a_credential_that_was_revoked, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let asked = door.ask(&server).await;
    revoke(&server, &door).await;
    until(&server, &door.held.sd_jwt, "revoked").await;
    let answer = server.present(&asked.read, &door.held, &["fullName"]).await;
    let why = is_refused(&server, &door, &asked, &answer, "revoked").await;
    assert!(why.contains("revoked"), "{why}");
    let result = door.result(&server, &asked.id).await;
    assert_eq!(result["credentials"][0]["state"], "revoked");
});

on_both!(a_credential_that_has_expired, async |server: Server| {
    let acme = server.environment("acme").await;
    let mut offer = acme.offer("ada@example.com", "Ada Lovelace");
    let until = model::Timestamp::from_seconds(server.clock_seconds() + 7_200);
    offer["expirationDate"] = json!(until.rfc3339());
    let id = server.offers(&acme, &[offer]).await[0]["id"].as_str().expect("an id").to_owned();
    let access = server.access(server.scanned(&acme, &id, "1.0", "value").await).await;
    let held = server.fetch_held(&access, id).await;
    let keys = server.verifiers(&acme).await;
    let door = Door { acme, keys, held };
    door.template(&server, &json!({})).await;
    let asked = door.ask(&server).await;
    door.is_open(&server, &asked).await;
    server.clock.advance(7_200 + 61);
    let asked = door.ask(&server).await;
    let answer = server.present(&asked.read, &door.held, &["fullName"]).await;
    let why = is_refused(&server, &door, &asked, &answer, "expired").await;
    assert!(why.contains("expired"), "{why}");
});

on_both!(a_credential_of_who_is_not_trusted_or_cannot_be_asked, async |server: Server| {
    let door = Door::new(&server).await;
    let stranger = Stranger::start(&server.clock).await;
    let holder = WalletKey::generate();
    let vct = door.held.vct();
    // In the name of a type of ours: anybody can do that.
    let claims = json!({"vct": vct, "cnf": {"jwk": holder.jwk()}, "fullName": "Mallory"});
    let document = stranger.sd_jwt(&claims);
    door.template(&server, &json!({})).await;
    let asked = door.ask(&server).await;
    let answer = send(&server, &asked, &good(&server, &asked).sign(&document, &holder)).await;
    let why = is_refused(&server, &door, &asked, &answer, "untrusted").await;
    assert!(why.contains("unknown"), "{why}");
    // Trusted, but its list does not answer: what is not known is not taken for good.
    let document = stranger.sd_jwt(&merged(claims, &stranger.entry(7)));
    door.template(&server, &json!({"definitionId": "e", "trustedIssuers": ["*"]})).await;
    let made = server.ask(&door.acme, &door.keys, "e", None).await;
    let read = server.read_asked(made["authRequestURI"].as_str().expect("an address")).await;
    let shown = Binding::to(&read, server.clock_seconds()).sign(&document, &holder);
    let why = refused(&server.respond(&read, read.form(&json!({"m": [shown]}))).await, 400);
    assert!(why.contains("cannot be had"), "{why}");
});

on_both!(a_credential_that_a_stolen_key_has_signed, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let key = issuer_key(&server, &door.acme.partner).await;
    let thief = WalletKey::generate();
    let (digest, text) = disclosure("fullName", &json!("Mallory"));
    let claims = Value::Object(support::unverified(&door.held.sd_jwt));
    let claims = merged(claims, &json!({"_sd": [digest], "cnf": {"jwk": thief.jwk()}}));
    let header = json!({"typ": "dc+sd-jwt", "kid": key.kid.as_str()});
    let document = format!("{}~{text}~", signed(&key.key, &header, &claims));
    let asked = door.ask(&server).await;
    let answer = send(&server, &asked, &good(&server, &asked).sign(&document, &thief)).await;
    let why = is_refused(&server, &door, &asked, &answer, "stolen key").await;
    assert!(why.contains("records"), "{why}");
});

on_both!(an_answer_in_the_clear_where_it_was_to_be_encrypted_and_the_other_way, async |server: Server| {
    let door = Door::new(&server).await;
    for (id, mode) in [("plain", "direct_post"), ("jwt", "direct_post.jwt")] {
        door.template(&server, &json!({"definitionId": id, "responseMode": mode})).await;
    }
    let ask = async |id: &str| {
        let made = server.ask(&door.acme, &door.keys, id, None).await;
        let read = server.read_asked(made["authRequestURI"].as_str().expect("an address")).await;
        (made["correlationId"].as_str().expect("an id").to_owned(), read)
    };
    let (plain_id, plain) = ask("plain").await;
    let (jwt_id, jwt) = ask("jwt").await;
    let token = |read| json!({"m": [door.held.present(read, &["fullName"], server.clock_seconds())]});
    refused(&server.respond(&jwt, jwt.plain(&token(&jwt))).await, 400);
    // Encrypted to the key of another request, where none was asked for and where it was.
    let a128 = jose::jwe::ContentEncryption::A128Gcm;
    let borrowed = json!({"vp_token": token(&plain), "state": plain.text("state")});
    let jwe = jwt.encrypt(&borrowed, a128);
    refused(&server.respond(&plain, form_body(&[("response", &jwe)])).await, 400);
    let (_, other) = ask("jwt").await;
    let jwe = other.encrypt(&json!({"vp_token": token(&jwt), "state": jwt.text("state")}), a128);
    refused(&server.respond(&jwt, form_body(&[("response", &jwe)])).await, 400);
    for garbage in ["garbage", "a.b.c.d.e", "", "...."] {
        refused(&server.respond(&jwt, form_body(&[("response", garbage)])).await, 400);
    }
    let own = jwt.encrypted(&token(&jwt), a128);
    let both = form_body(&[("response", &own), ("vp_token", "{}"), ("state", jwt.text("state"))]);
    refused(&server.respond(&jwt, both).await, 400);
    // Inside, the state of another request; and none.
    for inside in [json!({"vp_token": token(&jwt), "state": "x"}), json!({"vp_token": token(&jwt)})] {
        let jwe = jwt.encrypt(&inside, a128);
        refused(&server.respond(&jwt, form_body(&[("response", &jwe)])).await, 400);
    }
    // None of this was an answer.
    for (id, read) in [(plain_id, plain), (jwt_id, jwt)] {
        assert_eq!(state(&server, &id).await, "sent");
        assert_eq!(server.present(&read, &door.held, &["fullName"]).await.status, 200);
    }
});

/// A `vp_token` with this presentation, or with what else somebody holds.
type Token = fn(String, &Held) -> Value;

on_both!(more_or_other_than_was_asked_for, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let cases: [(&str, Token); 6] = [
        ("an unknown id", |shown, _| json!({"x": [shown]})),
        ("one more id", |shown, held| json!({"m": [shown], "j": [held.jwt_vc]})),
        ("two where one was asked for", |shown, _| json!({"m": [shown, shown]})),
        ("none", |_, _| json!({})),
        ("another format", |_, held| json!({"m": [held.vp("n", "x")]})),
        ("as an object", |shown, _| json!({"m": [{"credential": shown}]})),
    ];
    for (what, token) in cases {
        let asked = door.ask(&server).await;
        let shown = good(&server, &asked).sign(&door.held.disclosing(&["fullName"]), &door.held.key);
        let answer = server.respond(&asked.read, asked.read.form(&token(shown, &door.held))).await;
        refused(&answer, 400);
        assert_ne!(state(&server, &asked.id).await, "verified", "{what}");
        let result = door.result(&server, &asked.id).await.to_string();
        assert!(!result.contains("Lovelace"), "{what}: {result}");
    }
});

on_both!(an_answer_that_is_too_large, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let asked = door.ask(&server).await;
    let form = form_body(&[("vp_token", &"a".repeat(1 << 20)), ("state", asked.read.text("state"))]);
    refused(&server.respond(&asked.read, form).await, 413);
    door.is_open(&server, &asked).await;
});

on_both!(a_w3c_presentation_that_does_not_answer_this_request, async |server: Server| {
    let door = Door::new(&server).await;
    door.template(&server, &json!({"dcqlQuery": door.held.w3c_query(&["level"])})).await;
    let umbrella = server.environment("umbrella").await;
    let foreign = server.held(&umbrella).await;
    let now = server.clock_seconds();
    for case in 0..11 {
        let asked = door.ask(&server).await;
        let (held, nonce, audience) = (&door.held, asked.read.text("nonce"), asked.read.client_id());
        let claims = json!({"nonce": nonce, "aud": audience});
        let mine: &[&str] = &[&held.jwt_vc];
        let vp = match case {
            0 => held.vp("another", audience),
            1 => held.vp(nonce, "https://other.example"),
            2 => jwt_vp(&held.key, mine, &json!({"aud": audience})),
            3 => jwt_vp(&held.key, mine, &json!({"nonce": nonce})),
            4 => jwt_vp(&held.key, mine, &merged(claims, &json!({"iat": now - 400}))),
            5 => jwt_vp(&held.key, mine, &merged(claims, &json!({"exp": now - 120}))),
            6 => jwt_vp(&WalletKey::generate(), mine, &claims),
            7 => jwt_vp(&held.key, &[], &claims),
            8 => jwt_vp(&held.key, &[&held.jwt_vc, &held.jwt_vc], &claims),
            9 => jwt_vp(&foreign.key, &[&foreign.jwt_vc], &claims),
            _ => held.jwt_vc.clone(),
        };
        let answer = server.respond(&asked.read, asked.read.form(&json!({"j": [vp]}))).await;
        assert_eq!(answer.status, 400, "{case}: {}", answer.text);
        is_refused_w3c(&server, &door, &asked, case).await;
    }
    let asked = door.ask(&server).await;
    let vp = door.held.vp(asked.read.text("nonce"), asked.read.client_id());
    let answer = server.respond(&asked.read, asked.read.form(&json!({"j": [vp]}))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
});

async fn is_refused_w3c(server: &Server, door: &Door, asked: &Asked, case: usize) {
    assert_eq!(door.failure(server, &asked.id).await.0, "invalid_presentation", "{case}");
    let result = door.result(server, &asked.id).await.to_string();
    assert!(!result.contains("\"value\""), "{case}: {result}");
}
