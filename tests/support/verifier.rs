//! A verifier: it is handed a credential, and finds whatever else it needs by what the credential says.

use jose::{Jws, PublicKey};
use serde_json::{Map, Value};
use vc::sd_jwt::SdJwt;
use vc::status::{BitstringStatusList, StatusListToken};

use crate::{Answer, Server};

/// The least number of entries of a status list; ours have exactly as many.
pub const STATUS_ENTRIES: u32 = 131_072;

/// The payload of a compact JWS, alone or at the head of an SD-JWT; nothing is verified.
///
/// # Panics
/// If it is none.
pub fn payload(compact: &str) -> Vec<u8> {
    let jwt = compact.split('~').next().expect("a first part");
    jose::b64url_decode(jwt.split('.').nth(1).expect("a payload")).expect("base64url")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

fn jwk_with<'a>(keys: impl IntoIterator<Item = &'a Value>, kid: &str) -> PublicKey {
    let jwk = keys.into_iter().find(|jwk| jwk["kid"] == kid);
    PublicKey::from_jwk(jwk.unwrap_or_else(|| panic!("no key {kid}"))).expect("a public key")
}

impl Server {
    /// A public JSON document.
    ///
    /// # Panics
    /// If it is not there.
    pub async fn published(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    /// The path of a URL that a document of this server names.
    ///
    /// # Panics
    /// If it leads elsewhere.
    pub fn path_of<'a>(&self, url: &'a str) -> &'a str {
        let below = self.engine.public_url();
        url.strip_prefix(below).unwrap_or_else(|| panic!("{url} is not below {below}"))
    }

    /// Follows a URL that a document of this server names.
    pub async fn follow(&self, url: &str) -> Answer {
        self.get(self.path_of(url)).await
    }

    /// What `GET /v1/credentials/{hash}` answers.
    ///
    /// # Panics
    /// If it is not there.
    pub async fn credential(&self, token: &str, hash: &str) -> Value {
        let answer = self.get_as(token, &format!("/v1/credentials/{hash}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// The key of an issuer by its JWT VC issuer metadata.
    pub async fn metadata_key(&self, issuer: &str, kid: &str) -> PublicKey {
        let path = format!("/.well-known/jwt-vc-issuer{}", self.path_of(issuer));
        let metadata = self.published(&path).await;
        assert_eq!(metadata["issuer"], issuer);
        jwk_with(metadata["jwks"]["keys"].as_array().expect("keys"), kid)
    }

    /// A key by its DID URL, whose DID is a `did:web` of this server.
    pub async fn did_web_key(&self, did_url: &str) -> PublicKey {
        let (did, kid) = did_url.split_once('#').expect("a fragment");
        let host = self.engine.public_url().strip_prefix("http://").expect("http").replace(':', "%3A");
        let path = did.strip_prefix(&format!("did:web:{host}")).expect("a did:web of this server");
        let document = self.published(&format!("{}/did.json", path.replace(':', "/"))).await;
        assert_eq!(document["id"], did);
        let methods = document["verificationMethod"].as_array().expect("methods");
        let method = methods.iter().find(|method| method["id"] == did_url).expect("the method");
        assert!(document["assertionMethod"].as_array().expect("methods").contains(&method["id"]));
        jwk_with([&method["publicKeyJwk"]], kid)
    }

    /// Verifies an SD-JWT VC with the key that its issuer publishes; its claims.
    ///
    /// # Panics
    /// If it does not verify.
    pub async fn verify_sd_jwt(&self, document: &str) -> Map<String, Value> {
        let parsed = SdJwt::parse(document).expect("an SD-JWT");
        let unverified: Value = serde_json::from_slice(parsed.issuer_jwt().payload()).expect("JSON");
        let kid = parsed.issuer_jwt().header().kid.as_deref().expect("a kid");
        let key = self.metadata_key(text(&unverified["iss"]), kid).await;
        parsed.process_vc(&key).expect("verifies")
    }

    /// Verifies a W3C JWT VC with the key in its issuer's did:web document; the claims of the JWT.
    ///
    /// # Panics
    /// If it does not verify.
    pub async fn verify_jwt_vc(&self, document: &str) -> Map<String, Value> {
        let parsed = Jws::parse_within(document, 1 << 20).expect("a JWS");
        let kid = parsed.header().kid.as_deref().expect("a kid");
        let key = self.did_web_key(kid).await;
        let claims = vc::jwt_vc::verify(&parsed, &key).expect("verifies");
        assert_eq!(kid.split('#').next(), claims["iss"].as_str(), "the key is the issuer's");
        claims
    }

    /// Fetches and verifies a Token Status List by the URI that a credential names.
    ///
    /// # Panics
    /// If it does not verify.
    pub async fn token_status_list(&self, uri: &str) -> StatusListToken {
        let answer = self.follow(uri).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("content-type"), Some("application/statuslist+jwt"));
        let parsed = Jws::parse_within(&answer.text, 1 << 20).expect("a JWS");
        let (issuer, _) = uri.split_once("/status-lists/").expect("a status list of an issuer");
        let key = self.metadata_key(issuer, parsed.header().kid.as_deref().expect("a kid")).await;
        let list = StatusListToken::verify(&answer.text, &key, STATUS_ENTRIES).expect("verifies");
        assert_eq!((list.sub.as_str(), list.bits.size()), (uri, STATUS_ENTRIES));
        list
    }

    /// Fetches and verifies a Bitstring Status List by the URL that a credential names.
    ///
    /// # Panics
    /// If it does not verify.
    pub async fn bitstring_status_list(&self, url: &str) -> BitstringStatusList {
        let answer = self.follow(url).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("content-type"), Some("application/vc+jwt"));
        let parsed = Jws::parse_within(&answer.text, 1 << 20).expect("a JWS");
        let kid = parsed.header().kid.as_deref().expect("a kid");
        let key = self.did_web_key(kid).await;
        let list = BitstringStatusList::verify(&answer.text, &key, STATUS_ENTRIES).expect("verifies");
        assert_eq!((list.id.as_str(), list.bits.size()), (url, STATUS_ENTRIES));
        assert_eq!(kid.split('#').next(), Some(list.issuer.as_str()), "the key is the issuer's");
        list
    }
}
