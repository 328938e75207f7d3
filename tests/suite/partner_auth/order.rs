//! What is said first when several things are wrong.

use serde_json::json;
use support::{Server, on_both};

on_both!(who_asks_comes_before_what_is_allowed_and_that_before_the_body, async |server: Server| {
    let acme = server.partner("acme").await;
    let good = acme.token("ada@example.com", &server.clock);
    let nobody = acme.claims("", &server.clock).without("email").sign(&acme.key.key);
    let bodies = [("application/json", "{"), ("application/json", "{}"), ("text/plain", "")];
    for feature in [false, true] {
        server.change_tenant(&acme, |tenant| tenant.issue_on_behalf = feature).await;
        for (media_type, body) in bodies {
            let headers = [("content-type", media_type)];
            for unauthenticated in ["", "a.b.c", &nobody] {
                assert_eq!(server.post(unauthenticated, &headers, body).await.status, 401);
            }
            let answer = server.post(&good, &headers, body).await;
            if feature {
                assert!([400, 415].contains(&answer.status), "{}", answer.text);
            } else {
                assert_eq!((answer.status, answer.message().as_str()), (403, "issueOnBehalf is not allowed"));
            }
        }
    }
});

on_both!(a_tenant_that_may_not_issue_may_still_poll, async |server: Server| {
    let acme = server.partner("acme").await;
    let token = acme.token("ada@example.com", &server.clock);
    let issued = server.issued(&token, &acme.request()).await;
    server.change_tenant(&acme, |tenant| tenant.issue_on_behalf = false).await;
    let answer = server.issue(&token, &acme.request()).await;
    assert_eq!(answer.json(), json!({"error": 403, "message": "issueOnBehalf is not allowed"}));
    let hash = issued["coreClaimHash"].as_str().expect("a hash");
    assert_eq!(server.status(&token, hash).await.status, 200);
});
