//! Mail about offers, sent to a real mail server.

mod contents;
mod delivery;
mod failures;
mod reasons;

use mail::{Security, TransportSettings};
use model::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use store::Job;
use support::{Environment, MailServer, Server, Setup, eventually};

use super::common::get as offer;

/// Mail goes to this server, in the clear.
fn mail_to(smtp: &MailServer) -> Setup {
    Setup { mail: Some(TransportSettings::Smtp(smtp.settings(Security::None))), ..Setup::default() }
}

/// The same, but jobs are done when the test says so.
fn mail_by_hand_to(smtp: &MailServer) -> Setup {
    Setup { jobs: false, ..mail_to(smtp) }
}

/// Offers something to each of these people; the offers' ids.
async fn offer_to(server: &Server, environment: &Environment, emails: &[&str]) -> Vec<String> {
    let offers: Vec<Value> = emails.iter().map(|email| environment.offer(email, "Ada")).collect();
    let made = server.offers(environment, &offers).await;
    made.iter().map(|offer| offer["id"].as_str().expect("an id").to_owned()).collect()
}

/// So many people, numbered.
fn people(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("p{number:03}@example.com")).collect()
}

/// Offers something to so many people; the offers' ids.
async fn offer_to_many(server: &Server, environment: &Environment, count: usize) -> Vec<String> {
    let people = people(count);
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    offer_to(server, environment, &people).await
}

/// Has these offers sent to their people.
async fn share(server: &Server, environment: &Environment, ids: &[String]) {
    let (key, body) = (&environment.keys.user, json!({"credentialOfferIds": ids}));
    let path = "/credential-offers/share-with-email";
    let answer = server.call(environment, key, Method::POST, path, Some(&body)).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let answer = answer.json();
    let answer = answer.as_array().expect("a list");
    assert_eq!(answer.len(), ids.len());
    assert!(answer.iter().all(|offer| offer["status"] == "ENQUEUED"), "{answer:?}");
}

/// Revokes a claimed offer.
async fn revoke(server: &Server, environment: &Environment, id: &str, reason: &str) {
    let body = json!({"revoke": [{"id": id, "revocationReason": reason}]});
    let (key, path) = (&environment.keys.user, "/credential-offers/revoke");
    let answer = server.call(environment, key, Method::PATCH, path, Some(&body)).await;
    assert_eq!(answer.json()["failed"], json!([]), "{}", answer.text);
}

/// How many offers are marked as sent.
async fn sent_offers(server: &Server, environment: &Environment) -> usize {
    let mut sent = 0;
    for page in 1.. {
        let page =
            server.find(environment, &format!("/credential-offers?limit=100&page={page}")).await.json();
        let offers = page["data"].as_array().expect("a list");
        if offers.is_empty() {
            break;
        }
        sent += offers.iter().filter(|offer| offer["emailSent"] == true).count();
    }
    sent
}

/// The jobs on the list.
async fn jobs(server: &Server) -> Vec<Job> {
    server.store.jobs(1000).await.expect("the database answers")
}

/// The one job on the list.
async fn the_job(server: &Server) -> Job {
    let mut jobs = jobs(server).await;
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    jobs.remove(0)
}

/// Waits until there is nothing left to do.
async fn until_all_is_done(server: &Server) {
    eventually("no job is left", async || jobs(server).await.is_empty()).await;
}

/// Does the jobs that are due, and counts them.
async fn do_jobs(server: &Server) -> usize {
    let mut done = 0;
    loop {
        match server.engine.run_jobs().await.expect("the database answers") {
            0 => return done,
            more => done += more,
        }
    }
}

/// The server's time.
fn now(server: &Server) -> Timestamp {
    model::Clock::now(&*server.clock)
}

/// The recipients of what was accepted, sorted.
fn recipients(smtp: &MailServer) -> Vec<String> {
    let mut recipients: Vec<String> = smtp.messages().iter().map(|message| message.header("To")).collect();
    recipients.sort();
    recipients
}
