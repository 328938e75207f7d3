//! What a person agrees to by presenting (`transaction_data`, OpenID4VP 1.0, section 5.1 and appendix B.3.3.1).

use serde_json::{Value, json};
use support::{Answer, Binding, Server, on_both, sha256_text};

use super::common::{Asked, Door, denied, refused};

fn payment(amount: &str) -> Value {
    json!({"type": "payment", "credential_ids": ["m"], "amount": amount})
}

/// Answers with a proof that has these claims besides.
async fn answer(server: &Server, door: &Door, asked: &Asked, more: &[(&str, Value)]) -> Answer {
    let binding = Binding::to(&asked.read, server.clock_seconds());
    let binding = more.iter().fold(binding, |binding, (name, value)| binding.with(name, value.clone()));
    let shown = binding.sign(&door.held.disclosing(&["fullName"]), &door.held.key);
    server.respond(&asked.read, asked.read.form(&json!({"m": [shown]}))).await
}

/// The hashes of what a request is about.
fn hashes(asked: &Asked) -> Vec<String> {
    let items = asked.read.claims["transaction_data"].as_array().expect("a list").iter();
    items.map(|item| sha256_text(item.as_str().expect("a text").as_bytes())).collect()
}

const HASHES: &str = "transaction_data_hashes";
const ALG: &str = "transaction_data_hashes_alg";

on_both!(the_wallet_is_told_what_it_is_about, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let asked = door.ask_with(&server, &json!({"transactionData": [payment("5"), payment("7")]})).await;
    let items = asked.read.claims["transaction_data"].as_array().expect("a list").iter();
    let items: Vec<Value> = items
        .map(|item| {
            let text = jose::b64url_decode(item.as_str().expect("a text")).expect("base64url");
            serde_json::from_slice(&text).expect("JSON")
        })
        .collect();
    assert_eq!(items, [payment("5"), payment("7")]);
    // And is not, if there is nothing.
    let asked = door.ask_with(&server, &json!({"transactionData": []})).await;
    assert_eq!(asked.read.claims.get("transaction_data"), None);
});

on_both!(who_presents_agrees, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let body = json!({"transactionData": [payment("5"), payment("7")]});
    for with_alg in [true, false] {
        let asked = door.ask_with(&server, &body).await;
        let mut more = vec![(HASHES, json!(hashes(&asked)))];
        if with_alg {
            more.push((ALG, json!("sha-256")));
        }
        let answer = answer(&server, &door, &asked, &more).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(door.result(&server, &asked.id).await["status"], "verified");
    }
});

on_both!(who_does_not_agree_to_all_of_it_has_not_presented, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let body = json!({"transactionData": [payment("5"), payment("7")]});
    let other = door.ask_with(&server, &json!({"transactionData": [payment("500")]})).await;
    let foreign = hashes(&other);
    for case in 0..6 {
        let asked = door.ask_with(&server, &body).await;
        let own = hashes(&asked);
        let more = match case {
            0 => vec![],
            1 => vec![(HASHES, json!([own[0]]))],
            2 => vec![(HASHES, json!([own[0], own[1], foreign[0]]))],
            3 => vec![(HASHES, json!([foreign[0], foreign[0]]))],
            4 => vec![(HASHES, json!(own)), (ALG, json!("sha-512"))],
            _ => vec![(HASHES, json!(own[0]))],
        };
        let answer = answer(&server, &door, &asked, &more).await;
        refused(&answer, 400);
        let (code, why) = door.failure(&server, &asked.id).await;
        assert_eq!(code, "invalid_presentation", "{case}: {why}");
    }
});

on_both!(who_agrees_to_what_was_not_asked_has_not_presented, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let asked = door.ask(&server).await;
    let more = [(HASHES, json!([sha256_text(b"a cheque")]))];
    refused(&answer(&server, &door, &asked, &more).await, 400);
    door.failure(&server, &asked.id).await;
});

on_both!(what_no_wallet_could_agree_to_is_refused_at_once, async |server: Server| {
    let door = Door::new(&server).await;
    let mut query = door.held.query(&["fullName"]);
    let w3c = door.held.w3c_query(&["level"])["credentials"][0].take();
    query["credentials"].as_array_mut().expect("a list").push(w3c);
    door.template(&server, &json!({"dcqlQuery": query})).await;
    let cases = [
        json!("payment"),
        json!(["payment"]),
        json!([{"credential_ids": ["m"]}]),
        json!([{"type": "payment"}]),
        json!([{"type": "payment", "credential_ids": []}]),
        json!([{"type": "payment", "credential_ids": ["x"]}]),
        json!([{"type": "payment", "credential_ids": ["j"]}]),
        json!([{"type": "payment", "credential_ids": ["m"], "transaction_data_hashes_alg": ["sha-512"]}]),
        json!([payment("5"), payment("5")]),
        Value::Array((0..17).map(|number| payment(&number.to_string())).collect()),
    ];
    for data in cases {
        let body = json!({ "transactionData": data });
        let call = server.call_verifier(
            &door.acme,
            &door.keys.user,
            reqwest::Method::POST,
            "/definition/d",
            Some(&body),
        );
        let text = denied(&call.await, 400, "invalid_request");
        assert!(text.to_lowercase().contains("transaction"), "{body}: {text}");
    }
});
