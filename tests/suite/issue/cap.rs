//! How many credentials a program may issue.

use futures_util::future::join_all;
use serde_json::Value;
use support::{Answer, Partner, Server, Setup, on_both};

use super::{assert_error, hash_of, live};

fn reached(cap: i64) -> String {
    format!("The program's cap is reached: it may issue {cap} credentials in all.")
}

async fn issue_to(server: &Server, acme: &Partner, person: usize) -> Answer {
    server.issue(&acme.token(&format!("person{person}@example.com"), &server.clock), &acme.request()).await
}

/// How many answers are 200; the others must name the cap.
fn successes(answers: &[Answer], cap: i64) -> i64 {
    let (good, bad): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
    bad.iter().for_each(|answer| assert_error(answer, 403, &reached(cap)));
    good.len() as i64
}

on_both!(a_cap_counts_replaced_credentials_and_can_be_raised, async |server: Server| {
    let acme = server.partner("acme").await;
    server.change_program(&acme, |program| program.cap = Some(2)).await;
    let first = issue_to(&server, &acme, 1).await.json();
    let second = issue_to(&server, &acme, 1).await.json();
    assert_error(&issue_to(&server, &acme, 1).await, 403, &reached(2));
    assert_error(&issue_to(&server, &acme, 2).await, 403, &reached(2));
    // What could not be replaced stays.
    let token = acme.token("person1@example.com", &server.clock);
    let hashes = [&first, &second].map(hash_of);
    assert_eq!(live(&server, &token, &hashes).await, [hashes[1].clone()]);
    let people = server.store.holders(10).await.expect("people");
    assert_eq!(people.len(), 1, "a person is not created in vain");
    let mut ignore = acme.request();
    ignore["onDuplicate"] = Value::from("ignore");
    let same = server.issued(&token, &ignore).await;
    assert_eq!(same["coreClaimHash"], second["coreClaimHash"], "an existing one costs nothing");
    server.change_program(&acme, |program| program.cap = Some(3)).await;
    assert_eq!(issue_to(&server, &acme, 2).await.status, 200);
    server.change_program(&acme, |program| program.cap = Some(0)).await;
    assert_error(&issue_to(&server, &acme, 3).await, 403, &reached(0));
    server.change_program(&acme, |program| program.cap = None).await;
    assert_eq!(issue_to(&server, &acme, 3).await.status, 200);
});

on_both!(a_cap_holds_when_many_people_are_issued_to_at_once, async |server: Server| {
    const CAP: i64 = 7;
    let acme = server.partner("acme").await;
    server.change_program(&acme, |program| program.cap = Some(CAP)).await;
    let answers = join_all((0..48).map(|person| issue_to(&server, &acme, person))).await;
    assert_eq!(successes(&answers, CAP), CAP);
    assert_eq!(server.store.credential_count().await.expect("a count"), CAP);
});

on_both!(a_cap_holds_across_replicas, async |server: Server| {
    const CAP: i64 = 9;
    let acme = server.partner("acme").await;
    server.change_program(&acme, |program| program.cap = Some(CAP)).await;
    let replica = server.replica(Setup::default()).await;
    let servers = [&server, &replica];
    let answers = join_all((0..48).map(|person| issue_to(servers[person % 2], &acme, person))).await;
    assert_eq!(successes(&answers, CAP), CAP);
    assert_eq!(server.store.credential_count().await.expect("a count"), CAP);
});
