//! What the page is told while it is open.

use reqwest::Method;
use support::{Server, Setup, eventually, on_both};
use wallet::WalletKey;

use super::common::{NOTHING, Stream, claim, delete, offer, offer_until, revoke};

on_both!(a_page_sees_its_offer_being_claimed, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    let mut stream = Stream::open(&server, &id).await;
    assert_eq!(stream.status(), 200);
    assert_eq!(stream.header("content-type"), Some("text/event-stream"));
    assert_eq!(stream.header("cache-control"), Some("no-store"));
    assert_eq!(stream.header("x-accel-buffering"), Some("no"));
    assert_eq!(stream.next().await.as_deref(), Some("waiting"), "at once");
    let access = server.access(server.scanned(&acme, &id, "1.0", "reference").await).await;
    assert_eq!(stream.next().await.as_deref(), Some("scanned"));
    let key = WalletKey::generate();
    let answer = server.ask_credential(&access, &access.offer.configurations[0], &[&key]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(stream.rest().await, ["claimed"], "and that is all");
});

on_both!(a_page_sees_what_another_replica_did, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    let replica = server.replica(Setup::default()).await;
    let mut stream = Stream::open(&replica, &id).await;
    assert_eq!(stream.next().await.as_deref(), Some("waiting"));
    claim(&server, &acme, &id).await;
    assert_eq!(stream.rest().await.last().map(String::as_str), Some("claimed"));
});

on_both!(a_page_sees_its_offer_end, async |server: Server| {
    let acme = server.environment("acme").await;
    let (deleted, expiring) = (offer(&server, &acme).await, offer_until(&server, &acme, Some(300)).await);
    let mut streams = [Stream::open(&server, &deleted).await, Stream::open(&server, &expiring).await];
    for stream in &mut streams {
        assert_eq!(stream.next().await.as_deref(), Some("waiting"));
    }
    delete(&server, &acme, &deleted).await;
    server.clock.advance(301);
    let [first, second] = streams;
    assert_eq!(first.rest().await, ["withdrawn"]);
    assert_eq!(second.rest().await, ["expired"]);
});

on_both!(what_is_over_is_said_at_once, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    claim(&server, &acme, &id).await;
    assert_eq!(Stream::open(&server, &id).await.rest().await, ["claimed"]);
    revoke(&server, &acme, &id).await;
    assert_eq!(Stream::open(&server, &id).await.rest().await, ["revoked"]);
    for nothing in [NOTHING, "no-uuid", "%ff"] {
        let answer = server.get(&format!("/claim/{nothing}/events")).await;
        assert_eq!(answer.status, 404, "{nothing}: {}", answer.text);
    }
});

on_both!(an_address_has_few_streams, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    let mut streams = Vec::new();
    for _ in 0..16 {
        let mut stream = Stream::open(&server, &id).await;
        assert_eq!(stream.next().await.as_deref(), Some("waiting"));
        streams.push(stream);
    }
    let refused = server.get(&format!("/claim/{id}/events")).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("30")), "{}", refused.text);
    assert_eq!(server.get(&format!("/claim/{id}")).await.status, 200, "the page itself is there");
    streams.truncate(15);
    eventually("the place of a page that was closed is free", async || {
        Stream::open(&server, &id).await.status() == 200
    })
    .await;
    claim(&server, &acme, &id).await;
    for stream in streams {
        assert_eq!(stream.rest().await, ["claimed"]);
    }
});

on_both!(a_head_takes_no_place, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    for _ in 0..40 {
        let request = || server.request(Method::HEAD, &format!("/claim/{id}/events"));
        eventually("there is a place", async || {
            let answer = server.send(request()).await;
            assert_eq!(answer.header("content-type") == Some("text/event-stream"), answer.status == 200);
            answer.status == 200
        })
        .await;
    }
});

on_both!(a_server_that_stops_ends_its_streams, async |server: Server| {
    let acme = server.environment("acme").await;
    let id = offer(&server, &acme).await;
    let replica = server.replica(Setup::default()).await;
    let mut stream = Stream::open(&replica, &id).await;
    assert_eq!(stream.next().await.as_deref(), Some("waiting"));
    drop(replica);
    let ended = tokio::time::timeout(std::time::Duration::from_secs(10), stream.next()).await;
    assert_eq!(ended.expect("soon"), None);
});
