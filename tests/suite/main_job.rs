//! The main job from end to end: issue on behalf, poll until anchored, and check the result as a stranger.

use serde_json::json;
use support::{Server, on_both};

on_both!(the_seeds_example_is_issued_and_anchored, async |server: Server| {
    let partner = server.partner("acme").await;
    let token = partner.token("ada@example.com", &server.clock);
    let answer = server.issue(&token, &partner.request()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let issued = answer.json();
    assert_eq!(issued["credentialId"], partner.program_id);
    assert_eq!(issued.as_object().map(serde_json::Map::len), Some(3), "{issued}");
    let hash = issued["coreClaimHash"].as_str().expect("a hash");

    let status = server.wait_for(&token, hash, "ONCHAIN").await;
    assert_eq!(status["coreClaimHash"], *hash);
    assert_eq!(status["issuerDid"], partner.issuer_did);
    assert_eq!(status["schemeId"], partner.schema_id);
    assert_eq!(status.get("expirationDate"), None);

    // A second one replaces the first, whose revocation is anchored, too.
    let again = server.issue(&token, &partner.request()).await.json();
    assert_ne!(again["coreClaimHash"], *hash);
    assert_eq!(again["userUuid"], issued["userUuid"]);
    server.wait_for(&token, hash, "REMOVE").await;
    let ignored = json!({"onDuplicate": "ignore"});
    let mut request = partner.request();
    request["onDuplicate"] = ignored["onDuplicate"].clone();
    let same = server.issue(&token, &request).await.json();
    assert_eq!(same["coreClaimHash"], again["coreClaimHash"]);
});
