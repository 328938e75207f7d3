//! A wallet that presents over HTTP, as wallets do (OpenID4VP 1.0), and the verifier's side of the API that asks it to.

use std::collections::BTreeMap;

use jose::jwe::{ContentEncryption, EncryptionKey, Message};
use jose::{Jws, PublicKey, b64url_encode};
use model::{Entropy, Role};
use reqwest::{Method, Url};
use serde_json::{Map, Value, json};
use vc::did::did_jwk;
use vc::sd_jwt::{PathStep, present};
use wallet::WalletKey;

use crate::{Access, Answer, Environment, FORM, Server, SystemEntropy};

/// One API key for each role of the verifying side.
#[derive(Clone, Debug)]
pub struct Verifiers {
    /// Of a `Verifier_Admin`.
    pub admin: String,
    /// Of a `Verifier_User`.
    pub user: String,
    /// Of a `Verifier_Auditor`.
    pub auditor: String,
}

/// A request for a presentation, as a wallet has read it.
#[derive(Clone, Debug)]
pub struct PresentationAsked {
    /// Header of the request object; null of a request that is all in its address.
    pub header: Value,
    /// Its claims.
    pub claims: Value,
}

/// A person's credential in both formats, bound to one key.
#[derive(Debug)]
pub struct Held {
    /// The key.
    pub key: WalletKey,
    /// The offer that was claimed.
    pub offer: String,
    /// `dc+sd-jwt`.
    pub sd_jwt: String,
    /// `jwt_vc_json`.
    pub jwt_vc: String,
}

/// A proof of possession in the making (RFC 9901, section 4.3); a test spoils what it wants to see refused.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The header, `alg` apart.
    pub header: Value,
    /// The claims, `sd_hash` apart unless a test sets it.
    pub claims: Value,
}

/// SHA-256 as base64url.
pub fn sha256_text(bytes: &[u8]) -> String {
    b64url_encode(&verify::sha256(bytes))
}

/// `a=b&c=d`, encoded.
///
/// # Panics
/// Never: the address is one.
pub fn form_body(parameters: &[(&str, &str)]) -> String {
    let url = Url::parse_with_params("http://form.example/", parameters).expect("a URL");
    url.query().unwrap_or_default().to_owned()
}

impl PresentationAsked {
    /// A text among its claims.
    ///
    /// # Panics
    /// If it is none.
    pub fn text(&self, name: &str) -> &str {
        self.claims[name].as_str().unwrap_or_else(|| panic!("no text {name}: {}", self.claims))
    }

    /// For whom a proof is made.
    pub fn client_id(&self) -> &str {
        self.text("client_id")
    }

    /// The form that carries this `vp_token`, in the way that was asked for.
    pub fn form(&self, vp_token: &Value) -> String {
        match self.text("response_mode") {
            "direct_post" => self.plain(vp_token),
            _ => form_body(&[("response", &self.encrypted(vp_token, ContentEncryption::A128Gcm))]),
        }
    }

    /// The form of an answer that is not encrypted.
    pub fn plain(&self, vp_token: &Value) -> String {
        form_body(&[("vp_token", &vp_token.to_string()), ("state", self.text("state"))])
    }

    /// An answer, encrypted to the key of the request.
    ///
    /// # Panics
    /// If there is none.
    pub fn encrypted(&self, vp_token: &Value, enc: ContentEncryption) -> String {
        self.encrypt(&json!({"vp_token": vp_token, "state": self.text("state")}), enc)
    }

    /// Anything, encrypted to the key of the request.
    ///
    /// # Panics
    /// If there is none.
    pub fn encrypt(&self, plaintext: &Value, enc: ContentEncryption) -> String {
        let key = EncryptionKey::from_jwk(&self.claims["client_metadata"]["jwks"]["keys"][0]).expect("a key");
        let message = Message { enc, compressed: false, typ: None, cty: None };
        let mut random = |bytes: &mut [u8]| SystemEntropy.fill(bytes);
        key.encrypt(&message, plaintext.to_string().as_bytes(), &mut random)
    }
}

impl Binding {
    /// The proof that a request wants, made `at` this many seconds since 1970.
    pub fn to(asked: &PresentationAsked, at: i64) -> Self {
        Self::of(asked.text("nonce"), asked.client_id(), at)
    }

    /// A proof over this nonce for this audience, made `at` this many seconds since 1970.
    pub fn of(nonce: &str, audience: &str, at: i64) -> Self {
        Self { header: json!({"typ": "kb+jwt"}), claims: json!({"iat": at, "aud": audience, "nonce": nonce}) }
    }

    /// The same with another claim.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims[name] = value.into();
        self
    }

    /// The same without a claim.
    ///
    /// # Panics
    /// Never: its claims are an object.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.claims.as_object_mut().expect("an object").remove(name);
        self
    }

    /// Puts it behind a presentation, signed with this key.
    pub fn sign(&self, presentation: &str, key: &WalletKey) -> String {
        let mut claims = self.claims.clone();
        if claims.get("sd_hash").is_none() {
            claims["sd_hash"] = sha256_text(presentation.as_bytes()).into();
        }
        format!("{presentation}{}", key.sign(&self.header, &claims))
    }
}

impl Held {
    /// The SD-JWT VC with these claims alone, without a proof.
    ///
    /// # Panics
    /// If it is none.
    pub fn disclosing(&self, claims: &[&str]) -> String {
        let mut keep = |path: &[PathStep]| match path {
            [PathStep::Name(name), ..] => claims.contains(&name.as_str()),
            _ => false,
        };
        present(&self.sd_jwt, &mut keep).expect("an SD-JWT")
    }

    /// The SD-JWT VC with these claims alone, and the proof that a request wants.
    pub fn present(&self, asked: &PresentationAsked, claims: &[&str], at: i64) -> String {
        Binding::to(asked, at).sign(&self.disclosing(claims), &self.key)
    }

    /// A presentation of the W3C credential, as did-jwt-vc makes it: without `iat` and `kid`, its audience a list.
    pub fn vp(&self, nonce: &str, audience: &str) -> String {
        jwt_vp(&self.key, &[&self.jwt_vc], &json!({"nonce": nonce, "aud": [audience]}))
    }

    /// The type of the SD-JWT VC.
    pub fn vct(&self) -> String {
        let claims: Value = serde_json::from_slice(&crate::payload(&self.sd_jwt)).expect("JSON");
        claims["vct"].as_str().expect("a type").to_owned()
    }

    /// The types of the W3C credential.
    pub fn types(&self) -> Value {
        let claims: Value = serde_json::from_slice(&crate::payload(&self.jwt_vc)).expect("JSON");
        claims["vc"]["type"].clone()
    }

    /// A query for these claims of the SD-JWT VC, by the name `m`.
    pub fn query(&self, claims: &[&str]) -> Value {
        let claims: Vec<Value> = claims.iter().map(|name| json!({"path": [name]})).collect();
        let meta = json!({"vct_values": [self.vct()]});
        json!({"credentials": [{"id": "m", "format": "dc+sd-jwt", "meta": meta, "claims": claims}]})
    }

    /// A query for these claims of the W3C credential, by the name `j`.
    pub fn w3c_query(&self, claims: &[&str]) -> Value {
        let claims: Vec<Value> =
            claims.iter().map(|name| json!({"path": ["credentialSubject", name]})).collect();
        let meta = json!({"type_values": [self.types()]});
        json!({"credentials": [{"id": "j", "format": "jwt_vc_json", "meta": meta, "claims": claims}]})
    }
}

/// A presentation (VCDM 1.1) of these credentials, with these claims beside `iss` and `vp`.
pub fn jwt_vp(key: &WalletKey, credentials: &[&str], claims: &Value) -> String {
    let mut claims = claims.clone();
    claims["iss"] = did_jwk(key.public_key()).into();
    claims["vp"] = json!({
        "@context": ["https://www.w3.org/2018/credentials/v1"],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": credentials,
    });
    key.sign(&json!({"typ": "JWT"}), &claims)
}

impl Environment {
    /// The path of the verifier's API: `rest` is empty or begins with a slash.
    pub fn verifier_path(&self, rest: &str) -> String {
        format!("/products/web/{}/verifier/api/private/verifiable-presentations{rest}", self.id)
    }
}

impl Server {
    /// New keys of an environment for the verifying side.
    pub async fn verifiers(&self, environment: &Environment) -> Verifiers {
        let partner = &environment.partner;
        Verifiers {
            admin: self.api_key(partner, &[Role::VerifierAdmin]).await,
            user: self.api_key(partner, &[Role::VerifierUser]).await,
            auditor: self.api_key(partner, &[Role::VerifierAuditor]).await,
        }
    }

    /// Makes a template, as the admin; what was answered.
    ///
    /// # Panics
    /// If it cannot be made.
    pub async fn definition(&self, environment: &Environment, keys: &Verifiers, body: &Value) -> Value {
        let call = self.call_verifier(environment, &keys.admin, Method::POST, "/definitions", Some(body));
        let answer = call.await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()
    }

    /// Asks by a template, as the user; what was answered.
    ///
    /// # Panics
    /// If it is refused.
    pub async fn ask(
        &self,
        environment: &Environment,
        keys: &Verifiers,
        definition: &str,
        body: Option<&Value>,
    ) -> Value {
        let rest = format!("/definition/{definition}");
        let answer = self.call_verifier(environment, &keys.user, Method::POST, &rest, body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()
    }

    /// Calls the verifier's API with a key and, if there is one, a JSON body.
    pub async fn call_verifier(
        &self,
        environment: &Environment,
        key: &str,
        method: Method,
        rest: &str,
        body: Option<&Value>,
    ) -> Answer {
        self.call_path(&environment.verifier_path(rest), key, method, body).await
    }

    /// Makes an offer for a person of some age, and claims it in both formats with one key.
    ///
    /// # Panics
    /// If it cannot be claimed.
    pub async fn held(&self, environment: &Environment) -> Held {
        self.held_by(environment, "ada@example.com", "Ada Lovelace").await
    }

    /// The same for a person of this address and name.
    ///
    /// # Panics
    /// If it cannot be claimed.
    pub async fn held_by(&self, environment: &Environment, email: &str, name: &str) -> Held {
        let mut offer = environment.offer(email, name);
        let more = [("level", "41"), ("born", "1990-12-10"), ("active", "true")];
        let claims = offer["claims"].as_array_mut().expect("a list");
        claims.extend(more.map(|(name, value)| json!({"claimName": name, "claimValue": value})));
        let made = self.offers(environment, &[offer]).await;
        let id = made[0]["id"].as_str().expect("an id").to_owned();
        let access = self.access(self.scanned(environment, &id, "1.0", "value").await).await;
        self.fetch_held(&access, id).await
    }

    /// The documents of a token in both formats, bound to one key.
    ///
    /// # Panics
    /// If there are none.
    pub async fn fetch_held(&self, access: &Access, offer: String) -> Held {
        let key = WalletKey::generate();
        let mut documents = BTreeMap::new();
        for configuration in &access.offer.configurations {
            let answer = self.ask_credential(access, configuration, &[&key]).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            let document = answer.json()["credentials"][0]["credential"].take();
            let document = document.as_str().expect("a document").to_owned();
            documents.insert(document.contains('~'), document);
        }
        let mut take = |sd_jwt| documents.remove(&sd_jwt).expect("offered in both formats");
        Held { key, offer, sd_jwt: take(true), jwt_vc: take(false) }
    }

    /// What a wallet reads that opens `authRequestURI`: by reference its object, whose signature is checked, or the address
    /// itself.
    ///
    /// # Panics
    /// If there is none, or it is not signed by whom the address names.
    pub async fn read_asked(&self, uri: &str) -> PresentationAsked {
        let parameters = parameters(uri);
        let Some(request_uri) = parameters.get("request_uri") else { return by_value(&parameters) };
        let answer = self.follow(request_uri).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!(answer.header("content-type"), Some("application/oauth-authz-req+jwt"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        let asked = self.verified_object(&answer.text).await;
        assert_eq!(asked.client_id(), parameters["client_id"], "the address and the object agree");
        asked
    }

    /// A request object, its signature checked by what its `client_id` says.
    ///
    /// # Panics
    /// If it does not hold.
    pub async fn verified_object(&self, object: &str) -> PresentationAsked {
        let jws = Jws::parse_within(object, 1 << 20).expect("a JWS");
        let claims: Value = serde_json::from_slice(jws.payload()).expect("JSON");
        let header = object.split('.').next().map(jose::b64url_decode).expect("a header").expect("base64url");
        let header: Value = serde_json::from_slice(&header).expect("JSON");
        let key = match claims["client_id"].as_str().expect("a text").split_once(':') {
            Some(("decentralized_identifier", did)) => {
                let kid = header["kid"].as_str().expect("a kid");
                assert_eq!(kid.split('#').next(), Some(did), "the key is that of the client_id");
                self.did_web_key(kid).await
            }
            Some(("x509_san_dns" | "x509_hash", _)) => leaf_key(&header),
            other => panic!("not signed by {other:?}"),
        };
        jws.verify(&key).expect("signed by whom it says");
        PresentationAsked { header, claims }
    }

    /// Sends a form to where a request wants its answer.
    pub async fn respond(&self, asked: &PresentationAsked, form: String) -> Answer {
        let url = asked.text("response_uri");
        self.post_to(url, |request| request.header("content-type", FORM).body(form)).await
    }

    /// Presents the SD-JWT VC with these claims, as a good wallet does.
    pub async fn present(&self, asked: &PresentationAsked, held: &Held, claims: &[&str]) -> Answer {
        let presentation = held.present(asked, claims, self.clock_seconds());
        self.respond(asked, asked.form(&json!({"m": [presentation]}))).await
    }

    /// What `POST /v1/verify` says of a document, with these members besides.
    ///
    /// # Panics
    /// If it says nothing.
    pub async fn verify(&self, document: &str, more: &Value) -> Value {
        let mut body = json!({ "credential": document });
        for (name, value) in more.as_object().unwrap_or(&Map::new()) {
            body[name] = value.clone();
        }
        let answer = self.send(self.request(Method::POST, "/v1/verify").json(&body)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }
}

/// The parameters of an address that a wallet opens.
///
/// # Panics
/// If it is none.
pub fn parameters(uri: &str) -> BTreeMap<String, String> {
    let url = Url::parse(uri).expect("an address");
    assert_eq!((url.scheme(), url.fragment()), ("openid4vp", None), "{uri}");
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

/// A request whose address says all: those parameters that are JSON are read.
fn by_value(parameters: &BTreeMap<String, String>) -> PresentationAsked {
    let claims = parameters.iter().map(|(name, value)| {
        let structured = ["dcql_query", "client_metadata", "transaction_data"].contains(&name.as_str());
        let read = if structured { serde_json::from_str(value).expect("JSON") } else { json!(value) };
        (name.clone(), read)
    });
    PresentationAsked { header: Value::Null, claims: claims.collect() }
}

/// The key of the first certificate of `x5c`.
fn leaf_key(header: &Value) -> PublicKey {
    let chain = x509::Chain::from_x5c(header["x5c"].as_array().expect("a chain")).expect("certificates");
    chain.leaf_key().expect("a key")
}

/// The claims of an SD-JWT's or a JWT's payload; nothing is verified.
///
/// # Panics
/// If there are none.
pub fn unverified(document: &str) -> Map<String, Value> {
    serde_json::from_slice(&crate::payload(document)).expect("an object")
}

/// The disclosures of an SD-JWT by the names of their claims.
///
/// # Panics
/// If it is none.
pub fn disclosures(document: &str) -> BTreeMap<String, String> {
    let parts: Vec<&str> = document.split('~').collect();
    let [_, disclosures @ .., _] = parts.as_slice() else { panic!("no SD-JWT: {document}") };
    let named = disclosures.iter().map(|text| {
        let array = jose::b64url_decode(text).expect("base64url");
        let array: Value = serde_json::from_slice(&array).expect("JSON");
        (array[1].as_str().expect("a name").to_owned(), (*text).to_owned())
    });
    named.collect()
}
