//! Issue on behalf: who has no Partner JWT, one without the scope, or one of another tenant.

use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Partner, Server, on_both};

use super::{Security, operations};

const EMAIL: &str = "grace.hopper@example.com";

/// A credential of one tenant, and another tenant that would like to have it.
struct World {
    owner: Partner,
    api_key: String,
    token: String,
    issued: Value,
    stranger: Partner,
    stranger_token: String,
}

impl World {
    async fn new(server: &Server) -> Self {
        let environment = server.environment("acme").await;
        let (owner, api_key) = (environment.partner, environment.keys.admin);
        let stranger = server.partner("umbrella").await;
        let token = owner.token(EMAIL, &server.clock);
        let issued = server.issue(&token, &owner.request()).await.json();
        let stranger_token = stranger.token(EMAIL, &server.clock);
        let world = Self { owner, api_key, token, issued, stranger, stranger_token };
        server.wait_for(&world.token, world.hash(), "ONCHAIN").await;
        world
    }

    fn hash(&self) -> &str {
        self.issued["coreClaimHash"].as_str().expect("a hash")
    }
}

/// How an operation that needs a token is called with what the owner owns; `None` if this file does not know it.
fn secured_call(operation: &str, world: &World) -> Option<(Method, String, Option<Value>)> {
    let hash = world.hash();
    Some(match operation {
        "issueCredentialOnBehalf" => {
            let mut body = world.owner.request();
            body["onDuplicate"] = json!("ignore");
            (Method::POST, "/v1/credentials/issue-on-behalf".to_owned(), Some(body))
        }
        "getCredentialStatus" => (Method::GET, format!("/v1/credentials/status?coreClaimHash={hash}"), None),
        "getCredentialAnchor" => (Method::GET, format!("/v1/credentials/anchor?coreClaimHash={hash}"), None),
        "getCredentialProof" => (Method::GET, format!("/v1/credentials/proof?coreClaimHash={hash}"), None),
        "getCredential" => (Method::GET, format!("/v1/credentials/{hash}"), None),
        "shareCredentialWithEmail" => {
            (Method::POST, format!("/v1/credentials/{hash}/share-with-email"), None)
        }
        _ => return None,
    })
}

async fn call(server: &Server, operation: &str, world: &World, header: Option<(&str, &str)>) -> Answer {
    let (method, path, body) = secured_call(operation, world)
        .unwrap_or_else(|| panic!("{operation} is new: say in secured_call how to call it"));
    let mut request = server.request(method, &path);
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    server.send(request).await
}

on_both!(nobody_is_answered_without_a_token, async |server: Server| {
    let world = World::new(&server).await;
    for operation in operations(&server, Security::PartnerJwt).await {
        let answer = call(&server, &operation, &world, None).await;
        assert_eq!(answer.status, 401, "{operation}: {}", answer.text);
        assert_eq!(
            answer.message(),
            "Missing x-partner-auth header: send a signed Partner JWT in it, without \"Bearer\"."
        );
        // A good token in the wrong place is none.
        let bearer = format!("Bearer {}", world.token);
        let answer = call(&server, &operation, &world, Some(("authorization", &bearer))).await;
        assert_eq!(answer.status, 401, "{operation}: {}", answer.text);
        // And with it in its place, the call is a good one: what is refused above is refused for the token alone.
        let answer = call(&server, &operation, &world, Some(("x-partner-auth", &world.token))).await;
        assert_eq!(answer.status, 200, "{operation}: {}", answer.text);
    }
});

on_both!(a_token_of_another_scope_opens_nothing, async |server: Server| {
    let world = World::new(&server).await;
    for scope in ["verify", "", "issuer", "ISSUE", "on-behalf"] {
        let claims = world.owner.claims(EMAIL, &server.clock).with("scope", scope);
        let token = claims.sign(&world.owner.key.key);
        for operation in operations(&server, Security::PartnerJwt).await {
            let answer = call(&server, &operation, &world, Some(("x-partner-auth", &token))).await;
            assert_eq!(answer.status, 401, "{operation} with scope {scope:?}: {}", answer.text);
            assert_eq!(
                answer.message(),
                "The Partner JWT's scope claim must hold \"issue\" (a space-separated list, for example \"issue on-behalf\")."
            );
        }
    }
});

on_both!(another_tenant_finds_nothing, async |server: Server| {
    let world = World::new(&server).await;
    for operation in operations(&server, Security::PartnerJwt).await {
        let header = Some(("x-partner-auth", world.stranger_token.as_str()));
        let answer = call(&server, &operation, &world, header).await;
        assert!(matches!(answer.status, 403 | 404), "{operation}: {} {}", answer.status, answer.text);
        let message = answer.message();
        for secret in [&world.owner.id, &world.owner.slug, &world.owner.schema_id] {
            assert!(!message.contains(secret.as_str()), "{operation} tells {message}");
        }
        // What belongs to somebody else and what does not exist are the same to a stranger.
        if operation != "issueCredentialOnBehalf" {
            let unknown = message_for_unknown_hash(&server, &operation, &world).await;
            assert_eq!(message, unknown, "{operation}");
        }
    }
    // One's own program does not open another's issuer either.
    let mut request = world.stranger.request();
    request["issuerDid"] = json!(world.owner.issuer_did);
    let answer = server.issue(&world.stranger_token, &request).await;
    assert_eq!((answer.status, answer.message().contains("not yours")), (403, true), "{}", answer.text);

    // And nothing of all that changed anything for the owner.
    let status = server.status(&world.token, world.hash()).await.json();
    assert_eq!(status["vcStatus"], "ONCHAIN");
    assert_eq!(server.store.credential_count().await.expect("a count"), 1);
});

async fn message_for_unknown_hash(server: &Server, operation: &str, world: &World) -> String {
    let (method, path, _) = secured_call(operation, world).expect("known");
    let path = path.replace(world.hash(), &"ab".repeat(32));
    let request = server.request(method, &path).header("x-partner-auth", &world.stranger_token);
    let answer = server.send(request).await;
    assert_eq!(answer.status, 404, "{}", answer.text);
    answer.message()
}

on_both!(an_api_key_opens_nothing, async |server: Server| {
    let world = World::new(&server).await;
    for operation in operations(&server, Security::PartnerJwt).await {
        for header in ["x-partner-auth", "x-api-key"] {
            let answer = call(&server, &operation, &world, Some((header, &world.api_key))).await;
            assert_eq!(answer.status, 401, "{operation} with an API key in {header}: {}", answer.text);
        }
    }
    assert_eq!(server.store.credential_count().await.expect("a count"), 1);
});
