//! What these tests share.

use model::{Program, ProgramId, TenantId, WalletPolicy};
use reqwest::Method;
use serde_json::{Map, Value, json};
use support::{Access, Answer, Environment, Server};
use wallet::{CredentialOffer, WalletKey, credential_request};

/// The grant of all offers.
pub(super) const GRANT: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

/// The answer is a refusal of this status and code, written as RFC 6749 (section 5.2) wants it; what it says.
#[track_caller]
pub(super) fn refused(answer: &Answer, status: u16, code: &str) -> String {
    let text = &answer.text;
    assert_eq!(answer.header("content-type"), Some("application/json"), "{} {text}", answer.status);
    let body = answer.json();
    assert_eq!((answer.status, body["error"].as_str()), (status, Some(code)), "{text}");
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{text}");
    let description = body["error_description"].as_str().expect("a description");
    let allowed = |byte: u8| (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
    assert!(!description.is_empty() && description.bytes().all(allowed), "{text}");
    let known = ["error", "error_description", "c_nonce", "c_nonce_expires_in"];
    let mut members = body.as_object().expect("an object").keys();
    assert!(members.all(|name| known.contains(&name.as_str())), "{text}");
    description.to_owned()
}

/// The answer refuses an access token, or its proof, with a challenge of this scheme (RFC 6750,
/// section 3; RFC 9449, section 7.1).
#[track_caller]
pub(super) fn unauthorized(answer: &Answer, scheme: &str, code: &str) {
    refused(answer, 401, code);
    let challenge = answer.header("www-authenticate").expect("a challenge");
    assert!(challenge.starts_with(&format!("{scheme} ")), "{challenge}");
    assert!(challenge.contains(&format!("error=\"{code}\"")), "{challenge}");
}

/// The answer says no more than that a token is needed (RFC 6750, section 3.1).
#[track_caller]
pub(super) fn challenged(answer: &Answer) {
    refused(answer, 401, "invalid_token");
    assert_eq!(answer.header("www-authenticate"), Some("Bearer"));
}

/// Changes the program that the environment's offers are of.
pub(super) async fn change(server: &Server, acme: &Environment, change: impl FnOnce(&mut Program)) {
    let tenant = TenantId::from(acme.partner.id.as_str());
    let id = ProgramId::from(acme.credential_id.as_str());
    let program = server.store.program(&tenant, &id).await.expect("the database answers");
    let mut program = program.expect("the program is there");
    change(&mut program);
    server.engine.update_program(&program).await.expect("the program is acceptable");
}

/// An environment whose program asks this of wallets.
pub(super) async fn asking(
    server: &Server,
    name: &str,
    policy: impl FnOnce(&mut WalletPolicy),
) -> Environment {
    let environment = server.environment(name).await;
    change(server, &environment, |program| policy(&mut program.wallet)).await;
    environment
}

/// Makes an offer; its id.
pub(super) async fn offer(server: &Server, acme: &Environment) -> String {
    offer_to(server, acme, "ada@example.com").await
}

/// Makes an offer to a person; its id.
pub(super) async fn offer_to(server: &Server, acme: &Environment, email: &str) -> String {
    let made = server.offers(acme, &[acme.offer(email, "Ada Lovelace")]).await;
    made[0]["id"].as_str().expect("an id").to_owned()
}

/// What a wallet reads that scans an offer's code.
pub(super) async fn scan(server: &Server, acme: &Environment, id: &str) -> CredentialOffer {
    server.scanned(acme, id, "1.0", "value").await
}

/// A new offer, and a token for it.
pub(super) async fn begun(server: &Server, acme: &Environment) -> (String, Access) {
    let id = offer(server, acme).await;
    let access = server.access(scan(server, acme, &id).await).await;
    (id, access)
}

/// The configuration of SD-JWT VCs.
pub(super) fn sd_jwt(access: &Access) -> &str {
    let found = access.offer.configurations.iter().find(|id| id.ends_with(".dc+sd-jwt"));
    found.expect("SD-JWT VCs are on offer")
}

/// The configuration of W3C JWT VCs.
pub(super) fn jwt_vc(access: &Access) -> &str {
    let found = access.offer.configurations.iter().find(|id| !id.ends_with("+sd-jwt"));
    found.expect("W3C JWT VCs are on offer")
}

/// The documents of an answer, in the order of the answer.
#[track_caller]
pub(super) fn documents(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    let credentials = answer.json()["credentials"].take();
    let credentials = credentials.as_array().expect("a list").iter();
    credentials.map(|one| one["credential"].as_str().expect("a document").to_owned()).collect()
}

/// Asks for SD-JWT VCs that must be given.
pub(super) async fn fetched(server: &Server, access: &Access, keys: &[&WalletKey]) -> Vec<String> {
    documents(&server.ask_credential(access, sd_jwt(access), keys).await)
}

/// Asks for SD-JWT VCs with these proofs.
pub(super) async fn ask(server: &Server, access: &Access, proofs: &[String]) -> Answer {
    server.post_as(access, "credential", &credential_request(sd_jwt(access), proofs)).await
}

/// The body of a form.
pub(super) fn form(parameters: &[(&str, &str)]) -> String {
    let url = reqwest::Url::parse_with_params("http://form.example/", parameters).expect("a URL");
    url.query().unwrap_or_default().to_owned()
}

/// Posts a form.
pub(super) async fn post_form(server: &Server, url: &str, body: String) -> Answer {
    let content_type = "application/x-www-form-urlencoded";
    server.post_to(url, |request| request.header("content-type", content_type).body(body)).await
}

/// A token request with these parameters, as they are.
pub(super) async fn ask_token(server: &Server, url: &str, parameters: &[(&str, &str)]) -> Answer {
    post_form(server, url, form(parameters)).await
}

/// A good token request and these parameters.
pub(super) async fn token_with(server: &Server, offer: &CredentialOffer, more: &[(&str, &str)]) -> Answer {
    let form = [&[("grant_type", GRANT), ("pre-authorized_code", offer.code.as_str())], more].concat();
    ask_token(server, &offer.endpoint("token"), &form).await
}

/// Posts a body of this type to one of the issuer's endpoints, with the access token.
pub(super) async fn post_text(
    server: &Server,
    access: &Access,
    endpoint: &str,
    content_type: &str,
    body: impl Into<String>,
) -> Answer {
    let authorization = format!("{} {}", access.scheme, access.token);
    let url = access.offer.endpoint(endpoint);
    let body = body.into();
    let send = |request: reqwest::RequestBuilder| {
        request.header("authorization", authorization).header("content-type", content_type).body(body)
    };
    server.post_to(&url, send).await
}

/// An offer as the admin sees it.
pub(super) async fn record(server: &Server, acme: &Environment, id: &str) -> Value {
    let answer = server.find(acme, &format!("/credential-offers/{id}")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// What `GET {id}/status` answers.
pub(super) async fn progress(server: &Server, acme: &Environment, id: &str) -> Value {
    let answer = server.get(&acme.path(&format!("/credential-offers/{id}/status"))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// How far the issuance has come, in one word.
pub(super) async fn state(server: &Server, acme: &Environment, id: &str) -> String {
    progress(server, acme, id).await["status"].as_str().expect("a word").to_owned()
}

/// Deletes an offer; the status of the answer.
pub(super) async fn delete(server: &Server, acme: &Environment, id: &str) -> u16 {
    let rest = format!("/credential-offers/{id}");
    server.call(acme, &acme.keys.user, Method::DELETE, &rest, None).await.status
}

/// Revokes an offer; whether that was done.
pub(super) async fn revoke(server: &Server, acme: &Environment, id: &str) -> bool {
    let body = json!({"revoke": [{"id": id, "revocationReason": "Left the company"}]});
    let path = "/credential-offers/revoke";
    let answer = server.call(acme, &acme.keys.user, Method::PATCH, path, Some(&body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["failed"] == json!([])
}

/// The claims of a JWT, alone or at the head of an SD-JWT; nothing is verified.
pub(super) fn claims(document: &str) -> Map<String, Value> {
    serde_json::from_slice(&support::payload(document)).expect("JSON")
}

/// Where a document's status is: the list, and the place in it.
pub(super) fn status_entry(document: &str) -> (String, u32) {
    let claims = claims(document);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let index = |value: &Value| value.as_u64().and_then(|index| u32::try_from(index).ok()).expect("an index");
    if document.contains('~') {
        let entry = &claims["status"]["status_list"];
        return (text(&entry["uri"]), index(&entry["idx"]));
    }
    let entry = &claims["vc"]["credentialStatus"];
    (text(&entry["statusListCredential"]), text(&entry["statusListIndex"]).parse().expect("an index"))
}

/// Whether a document is revoked, by the list that it names.
pub(super) async fn is_revoked(server: &Server, document: &str) -> bool {
    let (list, index) = status_entry(document);
    let bits = if document.contains('~') {
        server.token_status_list(&list).await.bits
    } else {
        server.bitstring_status_list(&list).await.bits
    };
    bits.get(index).expect("below the size")
}

/// How many rows there are.
pub(super) async fn count(server: &Server, rows: &str) -> usize {
    let sql = format!("SELECT CAST(COUNT(*) AS TEXT) FROM {rows}");
    support::query_texts(&server.database_url, &sql).await[0].parse().expect("a number")
}
