//! Claim values: the same bytes in the answer, in lists, and in the credential.

use serde_json::{Map, Value, json};
use support::{Environment, Server, on_both};

use crate::offers::common::{claim, create_with, get, id_of, list, picture, uploaded};

/// Texts that somebody along the way might change.
const TEXTS: [&str; 16] = [
    "007",
    "\"quoted\" 'twice'",
    "<b>Ada</b> &amp; &#x27;Co&#x27;",
    "{{fullName}} ${x} %s %41",
    "back\\slash \\n \\u0041",
    " two blanks before and behind  ",
    "tab\there, line\nthere, return\r\n",
    "\u{1f469}\u{200d}\u{1f4bb} \u{1f1e8}\u{1f1ed}",
    "\u{e9} is not e\u{301}",
    "\u{202e}right to left",
    "\u{2028}\u{2029}\u{85}\u{feff}",
    "\u{0}\u{1}\u{7f}",
    "1e3",
    "true",
    "null",
    "'; DROP TABLE offer; --",
];

/// Numbers as they can be written; each is kept so.
const NUMBERS: [&str; 10] = [
    "12.50",
    "1e3",
    "1E+3",
    "0.1",
    "0.10000000000000000555",
    "100",
    "1.0",
    "123456789012345678901234567890",
    "-1.5e-7",
    "9007199254740993",
];

/// The subject of a claimed offer's credential: in the SD-JWT VC, and in the W3C JWT VC.
async fn subjects(server: &Server, acme: &Environment, id: &str) -> [Map<String, Value>; 2] {
    let documents = server.claim_formats(acme, id, 2).await.expect("claims");
    let hash = get(server, acme, id).await["revocationId"].as_str().expect("claimed").to_owned();
    let token = acme.partner.token("ada@example.com", &server.clock);
    assert_eq!(server.credential(&token, &hash).await["documents"], json!({"dc+sd-jwt": documents[0]}));
    let sd_jwt = server.verify_sd_jwt(&documents[0]).await;
    let jwt_vc = server.verify_jwt_vc(&documents[1]).await;
    let subject = jwt_vc["vc"]["credentialSubject"].as_object().expect("an object").clone();
    [sd_jwt, subject]
}

on_both!(texts_are_kept_byte_for_byte, async |server: Server| {
    let acme = server.environment("acme").await;
    let items: Vec<Value> = TEXTS.iter().map(|text| acme.offer("ada@example.com", text)).collect();
    let made = server.offers(&acme, &items).await;
    for (offer, text) in made.iter().zip(TEXTS) {
        assert_eq!(offer["claims"][0]["claimValue"], text);
        assert_eq!(get(&server, &acme, id_of(offer)).await["claims"][0]["claimValue"], text);
        for subject in subjects(&server, &acme, id_of(offer)).await {
            assert_eq!(subject["fullName"], text);
        }
    }
});

/// Makes offers whose scores are these pieces of JSON.
async fn scored(server: &Server, acme: &Environment, scores: &[String]) -> Vec<Value> {
    let item = |score: &String| {
        let id = &acme.credential_id;
        format!(
            r#"{{"credentialId":"{id}","claims":[{{"claimName":"fullName","claimValue":"Ada"}},{{"claimName":"score","claimValue":{score}}}]}}"#
        )
    };
    let items: Vec<String> = scores.iter().map(item).collect();
    let body =
        format!(r#"{{"correlationId":"{}","credentialOffers":[{}]}}"#, acme.correlation_id, items.join(","));
    let answer = create_with(server, acme, &[("content-type", "application/json")], body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let answer = answer.json();
    assert_eq!(answer["failedCredentialOffers"], json!([]));
    list(&answer, "credentialOffers").to_vec()
}

on_both!(numbers_are_kept_as_they_were_written, async |server: Server| {
    let acme = server.environment("acme").await;
    let texts: Vec<String> = NUMBERS.iter().map(|number| format!("\"{number}\"")).collect();
    let numbers = NUMBERS.map(str::to_owned);
    // A number is the same number in a credential, in the form that our JSON library gives it: `1e3` is `1e+3`.
    let normal = |number: &str| number.parse::<serde_json::Number>().expect("a number").to_string();
    for (exactly, scores) in [(true, texts.as_slice()), (false, &numbers)] {
        for (offer, number) in scored(&server, &acme, scores).await.iter().zip(NUMBERS) {
            let score = &offer["claims"][1];
            let value = if exactly { number.to_owned() } else { normal(number) };
            assert_eq!((&score["claimValue"], &score["dataType"]), (&json!(value), &json!("number")));
            for subject in subjects(&server, &acme, id_of(offer)).await {
                assert!(subject["score"].is_number(), "{}", subject["score"]);
                assert_eq!(subject["score"].to_string(), normal(number));
            }
        }
    }
});

on_both!(a_number_without_end_is_no_failure_of_ours, async |server: Server| {
    let acme = server.environment("acme").await;
    let digits = "9".repeat(5_000);
    for number in ["1e400", "-1e99999", "1e-99999", digits.as_str()] {
        for name in ["score", "level"] {
            let mut item = acme.offer("ada@example.com", "Ada");
            item["claims"].as_array_mut().expect("a list").push(claim("number", name, number));
            let answer = crate::offers::common::create(&server, &acme, &acme.bulk(&[item])).await;
            assert_eq!(answer.status, 201, "{}", answer.text);
            // Taken or refused; but what is taken can be claimed.
            if let Some(offer) = list(&answer.json(), "credentialOffers").first() {
                subjects(&server, &acme, id_of(offer)).await;
            }
        }
    }
});

on_both!(booleans_dates_and_images_become_what_the_schema_says, async |server: Server| {
    let acme = server.environment("acme").await;
    let photo = uploaded(&server, &acme, &picture(image::ImageFormat::Jpeg)).await;
    let mut item = acme.offer("ada@example.com", "Ada");
    item["claims"].as_array_mut().expect("a list").extend([
        claim("boolean", "active", true),
        claim("date", "born", "1815-12-10"),
        claim("number", "level", 7),
        claim("image", "photo", id_of(&photo)),
    ]);
    let offer = &server.offers(&acme, &[item]).await[0];
    let values: Vec<&Value> = list(offer, "claims").iter().map(|claim| &claim["claimValue"]).collect();
    assert_eq!(values, ["Ada", "true", "1815-12-10", "7", id_of(&photo)]);
    for subject in subjects(&server, &acme, id_of(offer)).await {
        assert_eq!(subject["active"], true);
        assert_eq!(subject["born"], "1815-12-10");
        assert_eq!(subject["level"], 7);
        assert_eq!(subject["photo"], photo["keyUrl"]);
        let image = server.follow(subject["photo"].as_str().expect("a URL")).await;
        assert_eq!((image.status, image.header("content-type")), (200, Some("image/jpeg")));
    }
});

on_both!(the_credential_expires_when_the_offer_says_so, async |server: Server| {
    let acme = server.environment("acme").await;
    let mut item = acme.offer("ada@example.com", "Ada");
    item["expirationDate"] = json!("2035-06-20T08:44:22.629+02:00");
    let offer = &server.offers(&acme, &[item]).await[0];
    assert_eq!(offer["expirationDate"], "2035-06-20T06:44:22.629Z");
    let documents = server.claim_formats(&acme, id_of(offer), 2).await.expect("claims");
    assert_eq!(server.verify_sd_jwt(&documents[0]).await["exp"], 2_065_932_000, "the whole hour before");
    assert_eq!(server.verify_jwt_vc(&documents[1]).await["exp"], 2_065_934_662);
});
