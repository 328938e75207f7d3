//! Who may call what: every operation of our own OpenAPI document is called by nobody, by a token without the scope, and by
//! another tenant. An operation that this file does not know fails the walk.

use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Partner, Server, on_both, payload};

const EMAIL: &str = "grace.hopper@example.com";
const PLACE: &str = "Zzyzx Springs";

/// The operations that anybody may call, and why.
const PUBLIC: [(&str, &str); 15] = [
    ("getBitstringStatusList", "verifiers ask it whether a credential was revoked"),
    ("getCheckpoint", "anybody may audit the log"),
    ("getCredentialType", "verifiers follow vct to it"),
    ("getDidWebDocument", "verifiers find the issuer's keys in it"),
    ("getHealth", "an orchestrator asks, and learns nothing but that the process lives"),
    ("getJwtVcIssuer", "verifiers find the issuer's keys in it"),
    ("getJwtVcIssuerAppended", "verifiers find the issuer's keys in it"),
    ("getLogKey", "anybody may audit the log"),
    ("getMetrics", "a scraper asks; counters alone, and a proxy can keep it inside"),
    ("getReadiness", "an orchestrator asks, and learns whether the database answers"),
    ("getSchema", "verifiers follow credentialSchema to it"),
    ("getSchemaContext", "verifiers follow @context to it"),
    ("getTile", "anybody may audit the log"),
    ("getTokenStatusList", "verifiers ask it whether a credential was revoked"),
    ("resolveDid", "verifiers resolve the issuer's DID with it"),
];

/// A credential of one tenant, and another tenant that would like to have it.
struct World {
    owner: Partner,
    token: String,
    issued: Value,
    stranger: Partner,
    stranger_token: String,
}

impl World {
    async fn new(server: &Server) -> Self {
        let (owner, stranger) = (server.partner("acme").await, server.partner("umbrella").await);
        let token = owner.token(EMAIL, &server.clock);
        let mut request = owner.request();
        request["credentialSubject"]["location"] = json!(PLACE);
        let issued = server.issue(&token, &request).await.json();
        let stranger_token = stranger.token(EMAIL, &server.clock);
        let world = Self { owner, token, issued, stranger, stranger_token };
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
        "getCredentialProof" => (Method::GET, format!("/v1/credentials/proof?coreClaimHash={hash}"), None),
        "getCredential" => (Method::GET, format!("/v1/credentials/{hash}"), None),
        _ => return None,
    })
}

/// The path of a public operation that shows what is published about the owner.
fn public_path(operation: &str, world: &World) -> Option<String> {
    let Partner { slug, schema_id, program_id, issuer_did, .. } = &world.owner;
    Some(match operation {
        "getBitstringStatusList" => format!("/issuers/{slug}/bitstring-status-lists/0"),
        "getCheckpoint" => "/log/checkpoint".to_owned(),
        "getCredentialType" => format!("/credential-types/{program_id}"),
        "getDidWebDocument" => format!("/issuers/{slug}/did.json"),
        "getHealth" => "/healthz".to_owned(),
        "getJwtVcIssuer" => format!("/.well-known/jwt-vc-issuer/issuers/{slug}"),
        "getJwtVcIssuerAppended" => format!("/issuers/{slug}/.well-known/jwt-vc-issuer"),
        "getLogKey" => "/log/key".to_owned(),
        "getMetrics" => "/metrics".to_owned(),
        "getReadiness" => "/readyz".to_owned(),
        "getSchema" => format!("/schemas/{schema_id}"),
        "getSchemaContext" => format!("/schemas/{schema_id}/context"),
        "getTile" => "/log/tile/entries/000.p/1".to_owned(),
        "getTokenStatusList" => format!("/issuers/{slug}/status-lists/0"),
        "resolveDid" => format!("/1.0/identifiers/{issuer_did}"),
        _ => return None,
    })
}

/// Every operation of the document: its id, and whether it demands a Partner JWT.
async fn operations(server: &Server) -> Vec<(String, bool)> {
    let document = server.published("/openapi.json").await;
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no id"));
            let security = &operation["security"];
            let secured = *security == json!([{"partnerJwt": []}]);
            assert!(secured || security.is_null(), "{method} {path}: this test does not know {security}");
            found.push((id.to_owned(), secured));
        }
    }
    found
}

async fn call(server: &Server, operation: &str, world: &World, header: Option<(&str, &str)>) -> Answer {
    let (method, path, body) = secured_call(operation, world).unwrap_or_else(|| {
        panic!("{operation} is new: say in secured_call how to call it, or in PUBLIC why anybody may")
    });
    let mut request = server.request(method, &path);
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    if let Some(body) = body {
        request = request.json(&body);
    }
    server.send(request).await
}

async fn secured_operations(server: &Server) -> Vec<String> {
    let all = operations(server).await;
    let secured: Vec<String> = all.into_iter().filter(|(_, secured)| *secured).map(|(id, _)| id).collect();
    assert!(!secured.is_empty());
    secured
}

on_both!(every_operation_is_either_public_for_a_reason_or_demands_a_token, async |server: Server| {
    let mut public: Vec<String> =
        operations(&server).await.into_iter().filter(|(_, secured)| !secured).map(|(id, _)| id).collect();
    public.sort();
    assert_eq!(public, PUBLIC.map(|(id, _)| id), "say in PUBLIC why anybody may call it");
});

on_both!(nobody_is_answered_without_a_token, async |server: Server| {
    let world = World::new(&server).await;
    for operation in secured_operations(&server).await {
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
        for operation in secured_operations(&server).await {
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
    for operation in secured_operations(&server).await {
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
    let (_, path, _) = secured_call(operation, world).expect("known");
    let path = path.replace(world.hash(), &"ab".repeat(32));
    let answer = server.get_as(&world.stranger_token, &path).await;
    assert_eq!(answer.status, 404, "{}", answer.text);
    answer.message()
}

on_both!(public_operations_reveal_nothing_personal, async |server: Server| {
    let world = World::new(&server).await;
    let credential = server.credential(&world.token, world.hash()).await;
    let jwt_vc = credential["documents"]["jwt_vc_json"].as_str().expect("a JWT VC");
    let claims: Value = serde_json::from_slice(&payload(jwt_vc)).expect("JSON");
    let holder_did = claims["sub"].as_str().expect("a subject");
    assert_eq!(claims["vc"]["credentialSubject"]["location"], PLACE);
    let vc_id = credential["vcId"].as_str().expect("an id");
    let person = world.issued["userUuid"].as_str().expect("a uuid");
    let personal = [EMAIL, "grace", "hopper", PLACE, "Zzyzx", holder_did, vc_id, person];

    for (operation, _) in PUBLIC {
        let path = public_path(operation, &world).unwrap_or_else(|| panic!("public_path lacks {operation}"));
        let answer = server.get(&path).await;
        assert_eq!(answer.status, 200, "{operation}: {path}: {}", answer.text);
        let mut shown = answer.text.clone();
        if answer.header("content-type").is_some_and(|media_type| media_type.ends_with("+jwt")) {
            shown.push_str(&String::from_utf8_lossy(&payload(&answer.text)));
        }
        let shown = shown.to_lowercase();
        for secret in personal {
            assert!(!shown.contains(&secret.to_lowercase()), "{operation} shows {secret:?}: {shown}");
        }
    }
});
