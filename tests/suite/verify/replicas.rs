//! Two servers over one database serve one presentation alternately.

use reqwest::Method;
use serde_json::json;
use support::{Server, Setup, form_body, on_both};
use tokio::join;

use super::check;
use super::common::{Asked, Door, place, refused, state};

on_both!(one_asks_and_the_other_is_answered, async |server: Server| {
    let door = Door::new(&server).await;
    let other = server.replica(Setup::default()).await;
    for (number, mode) in ["direct_post", "direct_post.jwt"].into_iter().enumerate() {
        let definition = format!("d{number}");
        door.template(&server, &json!({"definitionId": definition, "responseMode": mode})).await;
        for (a, b) in [(&server, &other), (&other, &server)] {
            let made = a.ask(&door.acme, &door.keys, &definition, None).await;
            let id = made["correlationId"].as_str().expect("an id");
            let read = b.read_asked(made["authRequestURI"].as_str().expect("an address")).await;
            let same = a.read_asked(made["authRequestURI"].as_str().expect("an address")).await;
            assert_eq!(read.claims, same.claims, "both make the same object");
            assert_eq!(state(a, id).await, "sent");
            let answer = b.present(&read, &door.held, &["fullName"]).await;
            assert_eq!((answer.status, answer.text.as_str()), (200, "{}"));
            refused(&a.present(&read, &door.held, &["fullName"]).await, 409);
            for server in [a, b] {
                let rest = format!("/definition/{definition}/correlation/{id}");
                let result = door.call(server, Method::GET, &rest).await.json();
                assert_eq!(result["credentials"][0]["claims"][0]["value"], "Ada Lovelace", "{result}");
            }
        }
    }
});

on_both!(of_two_answers_to_two_servers_one_is_taken, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let other = server.replica(Setup::default()).await;
    for _ in 0..10 {
        let Asked { id, read, .. } = door.ask(&server).await;
        let refusal = form_body(&[("error", "access_denied"), ("state", read.text("state"))]);
        let (good, bad) =
            join!(server.present(&read, &door.held, &["fullName"]), other.respond(&read, refusal));
        let mut statuses = [good.status, bad.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "{} {}", good.text, bad.text);
        let wanted = if good.status == 200 { "verified" } else { "failed" };
        assert_eq!((state(&server, &id).await, state(&other, &id).await), (wanted.into(), wanted.into()));
    }
});

on_both!(a_code_of_one_is_good_at_the_other, async |server: Server| {
    let door = Door::asking(&server, &json!({})).await;
    let other = server.replica(Setup::default()).await;
    let asked = door.ask_with(&server, &json!({"redirectUri": "https://shop.example/back"})).await;
    let answer = server.present(&asked.read, &door.held, &["fullName"]).await.json();
    let code =
        answer["redirect_uri"].as_str().and_then(|uri| uri.split_once("response_code=")).expect("a code").1;
    let result = door.call(&other, Method::GET, &format!("{}?responseCode={code}", place(&asked.id))).await;
    assert_eq!(result.json()["credentials"][0]["claims"][0]["value"], "Ada Lovelace");
});

on_both!(what_one_issued_or_revoked_the_other_knows, async |server: Server| {
    let door = Door::new(&server).await;
    let other = server.replica(Setup::default()).await;
    for document in [&door.held.sd_jwt, &door.held.jwt_vc] {
        assert_eq!(other.verify(document, &json!({})).await["state"], "valid");
    }
    check::revoke(&server, &door).await;
    for document in [&door.held.sd_jwt, &door.held.jwt_vc] {
        check::until(&other, document, "revoked").await;
    }
});
