//! Access tokens: for one offer, at one issuer, for a while, in the `Authorization` header.

use reqwest::Method;
use serde_json::json;
use support::{Access, Answer, Server, on_both};
use wallet::{WalletKey, credential_request};

use super::common::{begun, challenged, count, fetched, form, post_form, sd_jwt, unauthorized};

/// Asks for a credential with these headers instead of the token's own, and this behind the address.
async fn ask_with(server: &Server, access: &Access, query: &str, headers: &[(&str, &str)]) -> Answer {
    let proofs = server.proofs(&access.offer, &[&WalletKey::generate()]).await;
    let path = format!("{}{query}", server.path_of(&access.offer.endpoint("credential")));
    let request = server.request(Method::POST, &path).json(&credential_request(sd_jwt(access), &proofs));
    server.send(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
}

on_both!(a_request_without_a_token_is_refused, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let token = access.token.as_str();
    let bearer = format!("Bearer {token}");
    let invalid = [
        "".to_owned(),
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        format!("Bearer {token}x"),
        format!("Bearer {}", &token[1..]),
        format!("Basic {token}"),
        format!("Token {token}"),
        token.to_owned(),
        format!("{bearer}, {bearer}"),
        "Bearer ' OR 1=1 --".to_owned(),
    ];
    for authorization in &invalid {
        let answer = ask_with(&server, &access, "", &[("authorization", authorization)]).await;
        assert_eq!(answer.status, 401, "{authorization}: {}", answer.text);
        unauthorized(&answer, "Bearer", "invalid_token");
    }
    challenged(&ask_with(&server, &access, "", &[]).await);
    // In the address it would be in everybody's logs (RFC 9700, section 4.3.2).
    let query = format!("?access_token={token}");
    challenged(&ask_with(&server, &access, &query, &[]).await);
    let body = [("access_token", token), ("credential_configuration_id", sd_jwt(&access))];
    let answer = post_form(&server, &access.offer.endpoint("credential"), form(&body)).await;
    challenged(&answer);
    assert_eq!(count(&server, "delivery").await, 0);
    let lower = format!("bearer {token}");
    assert_eq!(ask_with(&server, &access, "", &[("authorization", &lower)]).await.status, 200, "of any case");
});

on_both!(a_token_ends, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    server.clock.advance(590);
    fetched(&server, &access, &[&WalletKey::generate()]).await;
    server.clock.advance(11);
    for endpoint in ["credential", "deferred-credential", "notification"] {
        let answer = server.post_as(&access, endpoint, &json!({})).await;
        unauthorized(&answer, "Bearer", "invalid_token");
    }
});

on_both!(a_token_is_for_one_issuer, async |server: Server| {
    let (acme, umbrella) = (server.environment("acme").await, server.environment("umbrella").await);
    let (_, access) = begun(&server, &acme).await;
    let (_, theirs) = begun(&server, &umbrella).await;
    let stolen = Access { token: access.token.clone(), ..theirs };
    let answer = server.ask_credential(&stolen, sd_jwt(&stolen), &[&WalletKey::generate()]).await;
    unauthorized(&answer, "Bearer", "invalid_token");
    for endpoint in ["deferred-credential", "notification"] {
        unauthorized(&server.post_as(&stolen, endpoint, &json!({})).await, "Bearer", "invalid_token");
    }
    let mut nobody = access.clone();
    nobody.offer.issuer = format!("{}/issuers/nobody", server.url);
    let answer = server.post_as(&nobody, "credential", &json!({})).await;
    crate::wallet::common::refused(&answer, 404, "invalid_request");
    fetched(&server, &access, &[&WalletKey::generate()]).await;
});

on_both!(a_token_is_for_one_offer, async |server: Server| {
    let acme = server.environment("acme").await;
    let (one, access) = begun(&server, &acme).await;
    let (two, _) = begun(&server, &acme).await;
    fetched(&server, &access, &[&WalletKey::generate()]).await;
    let status = async |id: &str| crate::wallet::common::record(&server, &acme, id).await["status"].clone();
    assert_eq!((status(&one).await, status(&two).await), (json!("claimed"), json!("ready_to_claim")));
});

on_both!(a_token_of_no_key_is_no_dpop_token, async |server: Server| {
    let acme = server.environment("acme").await;
    let (_, access) = begun(&server, &acme).await;
    let (url, key) = (access.offer.endpoint("credential"), WalletKey::generate());
    let dpop = format!("DPoP {}", access.token);
    unauthorized(
        &ask_with(&server, &access, "", &[("authorization", &dpop)]).await,
        "Bearer",
        "invalid_token",
    );
    let proof = key.dpop(&url, "once", server.clock_seconds(), Some(&access.token));
    let headers = [("authorization", dpop.as_str()), ("dpop", &proof)];
    let answer = ask_with(&server, &access, "", &headers).await;
    assert_eq!(answer.status, 401, "{}", answer.text);
    assert_eq!(answer.json()["error"], "invalid_token");
});
