//! What anybody may call, why, and that it says nothing about a person.

use reqwest::{Method, Url};
use serde_json::{Value, json};
use support::{
    Answer, Environment, FORM, Form, PIXEL, Partner, PresentationAsked, Server, SplitLog, eventually_some,
    on_both, payload,
};

const EMAIL: &str = "grace.hopper@example.com";
const PLACE: &str = "Zzyzx Springs";
const REFERENCE: &str = "employee-4711";

/// The operations that anybody may call, and why.
pub(super) const REASONS: [(&str, &str); 39] = [
    ("addCheckpoint", "the checkpoint that is to be cosigned is signed by its log, which the operator chose"),
    ("answerPresentationRequest", "wallets answer there: who knows a request's random id may, once"),
    ("askPublicly", "anybody may ask by a template that its tenant made public"),
    ("createNonce", "wallets fetch nonces before they have anything; one says nothing and opens nothing"),
    ("createToken", "the code of an offer is what it asks for"),
    ("getAuthorizationServer", "wallets find the token endpoint in it"),
    ("getAuthorizationServerAppended", "wallets find the token endpoint in it"),
    ("getBitstringStatusList", "verifiers ask it whether a credential was revoked"),
    ("getCheckpoint", "anybody may audit the log"),
    ("getClaimCode", "a person who was sent a link has no key: who knows an offer's random id may claim it"),
    ("getClaimPage", "the link in an invitation opens it: who knows an offer's random id may claim it"),
    ("getCredentialIssuer", "wallets read in it what an issuer issues"),
    ("getCredentialIssuerAppended", "wallets read in it what an issuer issues"),
    (
        "getCredentialOfferByReference",
        "a wallet has scanned its address: who knows an offer's random id may claim it",
    ),
    ("getCredentialType", "verifiers follow vct to it"),
    ("getDidWebDocument", "verifiers find the issuer's keys in it"),
    ("getHealth", "an orchestrator asks, and learns nothing but that the process lives"),
    ("getImage", "pages and wallets show it; its id is random"),
    ("getIssuanceStatus", "the page that shows the QR code asks how far the issuance has come"),
    ("getJwtVcIssuer", "verifiers find the issuer's keys in it"),
    ("getJwtVcIssuerAppended", "verifiers find the issuer's keys in it"),
    ("getLogAnchors", "anybody may audit the log: it says where its heads are published"),
    ("getLogKey", "anybody may audit the log"),
    ("getLogProof", "who has a credential may know that it is in the log"),
    ("getMetrics", "a scraper asks; counters alone, and a proxy can keep it inside"),
    ("getPresentPage", "it shows the QR code of a request to who has its link, and what became of it"),
    ("getPresentationState", "the page that shows the QR code asks how far the presentation has come"),
    ("getReadiness", "an orchestrator asks, and learns whether the database answers"),
    ("getRequestObject", "a wallet has scanned its address: what is asked is not about a person"),
    ("getSchema", "verifiers follow credentialSchema to it"),
    ("getSchemaContext", "verifiers follow @context to it"),
    ("getTile", "anybody may audit the log"),
    ("getTokenStatusList", "verifiers ask it whether a credential was revoked"),
    ("getVerifyPage", "who has a credential may check it"),
    ("getWitnessKey", "who trusts the witness checks its cosignatures with it"),
    ("postRequestObject", "a wallet has scanned its address: what is asked is not about a person"),
    ("postVerifyPage", "who has a credential may check it; the page says what the credential says"),
    ("resolveDid", "verifiers resolve the issuer's DID with it"),
    ("verifyCredential", "who has a credential may check it; the answer says what the credential says"),
];

/// What two dialects know about a person.
struct World {
    acme: Environment,
    token: String,
    issued: Value,
    /// An offer that nobody has claimed.
    ready: String,
    /// An offer that was claimed.
    claimed: String,
    image: String,
    /// A request for a presentation that waits, and one with an answer to it.
    asked: PresentationAsked,
    answered: (PresentationAsked, String),
    /// A credential, of which nothing is disclosed.
    document: String,
}

impl World {
    async fn new(server: &Server) -> Self {
        let acme = server.environment("acme").await;
        let token = acme.partner.token(EMAIL, &server.clock);
        let mut request = acme.partner.request();
        request["credentialSubject"]["location"] = json!(PLACE);
        let issued = server.issued(&token, &request).await;
        let hash = issued["coreClaimHash"].as_str().expect("a hash");
        server.wait_for(&token, hash, "ONCHAIN").await;
        let mut offer = acme.offer(EMAIL, PLACE);
        offer["referenceId"] = json!(REFERENCE);
        let ready = server.offers(&acme, &[offer]).await[0]["id"].as_str().expect("an id").to_owned();
        let claimed = server.claimed_offer(&acme, EMAIL, PLACE).await;
        let form = Form::default().file("image", "grace.hopper@example.com.png", PIXEL);
        let path = "/credential-offers/image-upload";
        let image = server.send_form(&acme, &acme.keys.user, path, &form).await;
        let image = image.json()["id"].as_str().expect("an id").to_owned();
        let held = server.held_by(&acme, EMAIL, PLACE).await;
        let verifiers = server.verifiers(&acme).await;
        let body = json!({"definitionId": "d", "name": "Doors", "public": true, "dcqlQuery": held.query(&["fullName"])});
        server.definition(&acme, &verifiers, &body).await;
        let ask = async || {
            let made = server.ask(&acme, &verifiers, "d", None).await;
            server.read_asked(made["authRequestURI"].as_str().expect("an address")).await
        };
        let (asked, answered) = (ask().await, ask().await);
        let shown = held.present(&answered, &["fullName"], server.clock_seconds());
        let form = answered.form(&json!({"m": [shown]}));
        let document = held.disclosing(&[]);
        Self { acme, token, issued, ready, claimed, image, asked, answered: (answered, form), document }
    }

    /// What no public answer may show.
    async fn personal(&self, server: &Server) -> Vec<String> {
        let hash = self.issued["coreClaimHash"].as_str().expect("a hash");
        let credential = server.credential(&self.token, hash).await;
        let jwt_vc = credential["documents"]["jwt_vc_json"].as_str().expect("a JWT VC");
        let claims: Value = serde_json::from_slice(&payload(jwt_vc)).expect("JSON");
        assert_eq!(claims["vc"]["credentialSubject"]["location"], PLACE);
        let claimed = server.find(&self.acme, &format!("/credential-offers/{}", self.claimed)).await.json();
        let texts = [
            &claims["sub"],
            &credential["vcId"],
            &self.issued["userUuid"],
            &claimed["subject"],
            &claimed["createdBy"],
        ];
        let texts = texts.map(|text| text.as_str().expect("a text"));
        let words = [EMAIL, "grace", "hopper", PLACE, "Zzyzx", REFERENCE, self.acme.keys.user.as_str()];
        words.into_iter().chain(texts).map(str::to_lowercase).collect()
    }
}

/// The path of a public operation that shows what is published about the owner.
fn public_path(operation: &str, world: &World) -> Option<String> {
    let Partner { slug, schema_id, program_id, issuer_did, .. } = &world.acme.partner;
    let offer = |rest: &str| world.acme.path(&format!("/credential-offers/{}/{rest}", world.ready));
    Some(match operation {
        "createNonce" => format!("/issuers/{slug}/nonce"),
        "createToken" => format!("/issuers/{slug}/token"),
        "getAuthorizationServer" => format!("/.well-known/oauth-authorization-server/issuers/{slug}"),
        "getAuthorizationServerAppended" => format!("/issuers/{slug}/.well-known/oauth-authorization-server"),
        "getCredentialIssuer" => format!("/.well-known/openid-credential-issuer/issuers/{slug}"),
        "getCredentialIssuerAppended" => format!("/issuers/{slug}/.well-known/openid-credential-issuer"),
        "getCredentialOfferByReference" => format!("/issuers/{slug}/credential-offers/{}/1.0", world.ready),
        "getBitstringStatusList" => format!("/issuers/{slug}/bitstring-status-lists/0"),
        "getCheckpoint" => "/log/checkpoint".to_owned(),
        "getClaimCode" => offer("claim"),
        "getClaimPage" => format!("/claim/{}", world.ready),
        "getCredentialType" => format!("/credential-types/{program_id}"),
        "getDidWebDocument" => format!("/issuers/{slug}/did.json"),
        "getHealth" => "/healthz".to_owned(),
        "getImage" => format!("/images/{}", world.image),
        "getIssuanceStatus" => offer("status"),
        "getJwtVcIssuer" => format!("/.well-known/jwt-vc-issuer/issuers/{slug}"),
        "getJwtVcIssuerAppended" => format!("/issuers/{slug}/.well-known/jwt-vc-issuer"),
        "addCheckpoint" => "/witness/add-checkpoint".to_owned(),
        "getWitnessKey" => "/witness/key".to_owned(),
        "getLogAnchors" => "/log/anchors".to_owned(),
        "getLogKey" => "/log/key".to_owned(),
        "getLogProof" => "/log/proof".to_owned(),
        "getMetrics" => "/metrics".to_owned(),
        "answerPresentationRequest" => world.answered.0.text("response_uri").to_owned(),
        "getPresentationState" => world.answered.0.text("response_uri").replace("/response", "/status"),
        "getRequestObject" | "postRequestObject" => {
            world.asked.text("response_uri").replace("/response", "/request")
        }
        "askPublicly" => format!("/verify/ask/{}/d", world.acme.id),
        "getPresentPage" => {
            let state = world.answered.0.text("response_uri");
            state.replace("/presentations/", "/present/").replace("/response", "")
        }
        "getVerifyPage" | "postVerifyPage" => "/verify".to_owned(),
        "verifyCredential" => "/v1/verify".to_owned(),
        "getReadiness" => "/readyz".to_owned(),
        "getSchema" => format!("/schemas/{schema_id}"),
        "getSchemaContext" => format!("/schemas/{schema_id}/context"),
        "getTile" => "/log/tile/entries/000.p/1".to_owned(),
        "getTokenStatusList" => format!("/issuers/{slug}/status-lists/0"),
        "resolveDid" => format!("/1.0/identifiers/{issuer_did}"),
        _ => return None,
    })
}

/// All that an answer says, headers and what is encoded in it included, in lower case.
fn shown(answer: &Answer) -> String {
    let mut shown = format!("{} {:?}", answer.text, answer.headers);
    if answer.header("content-type").is_some_and(|media_type| media_type.ends_with("+jwt")) {
        shown.push_str(&String::from_utf8_lossy(&payload(&answer.text)));
    }
    let json: Value = serde_json::from_str(&answer.text).unwrap_or_default();
    if let Some(uri) = json["uri"].as_str() {
        let uri = Url::parse(uri).expect("a URI");
        let decoded: Vec<String> = uri.query_pairs().map(|(_, value)| value.into_owned()).collect();
        assert!(decoded[0].contains("pre-authorized_code"), "{decoded:?}");
        shown.push_str(&decoded.concat());
    }
    shown.to_lowercase()
}

/// Calls a public operation.
async fn call(server: &Server, operation: &str, path: &str, world: &World) -> Answer {
    let form = |body: String| server.request(Method::POST, path).header("content-type", FORM).body(body);
    match operation {
        "createNonce" => server.send(server.request(Method::POST, path)).await,
        "createToken" => {
            let offer = server.scanned(&world.acme, &world.ready, "1.0", "value").await;
            server.ask_token(&offer, None, None).await
        }
        // It leads to the page of the request.
        "askPublicly" => server.send(server.request(Method::POST, path)).await,
        "postVerifyPage" => {
            let form = Form::default().text("text", &world.document);
            let request = server.request(Method::POST, path).header("content-type", form.content_type());
            server.send(request.body(form.body())).await
        }
        "answerPresentationRequest" => server.send(form(world.answered.1.clone())).await,
        "postRequestObject" => server.send(form("wallet_nonce=n".to_owned())).await,
        "getLogProof" => {
            let body = json!({"credential": world.document});
            // Once it is anchored.
            eventually_some("the proof", async || {
                let answer = server.send(server.request(Method::POST, path).json(&body)).await;
                (answer.status != 409).then_some(answer)
            })
            .await
        }
        "addCheckpoint" => {
            let body = SplitLog::witnessed().request(0, 0, 9).to_string();
            server.send(server.request(Method::POST, path).body(body)).await
        }
        "verifyCredential" => {
            let body = json!({"credential": world.document});
            server.send(server.request(Method::POST, path).json(&body)).await
        }
        _ => server.get(path).await,
    }
}

on_both!(public_operations_reveal_nothing_personal, async |server: Server| {
    let world = World::new(&server).await;
    let personal = world.personal(&server).await;
    let claimed = world.acme.path(&format!("/credential-offers/{}/status", world.claimed));
    let operations = REASONS
        .iter()
        .map(|(id, _)| (*id, public_path(id, &world).unwrap_or_else(|| panic!("public_path lacks {id}"))));
    for (operation, path) in operations.chain([("getIssuanceStatus", claimed)]) {
        let path = path.trim_start_matches(server.engine.public_url());
        let answer = call(&server, operation, path, &world).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let shown = shown(&answer);
        for secret in &personal {
            assert!(!shown.contains(secret), "{path} shows {secret:?}: {shown}");
        }
    }
    let state = world.answered.0.text("response_uri").replace("/response", "/status");
    let state = server.follow(&state).await;
    assert_eq!(state.json()["status"], "verified", "there was something to reveal");
    // Nor does a refusal.
    let answer = server.get(&world.acme.path(&format!("/credential-offers/{}/claim", world.claimed))).await;
    assert_eq!((answer.status, answer.code().as_str()), (409, "credential_offer_already_claimed"));
    for secret in &personal {
        assert!(!shown(&answer).contains(secret), "a refusal shows {secret:?}: {}", answer.text);
    }
});
