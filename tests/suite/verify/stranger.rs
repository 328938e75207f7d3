//! Strangers: issuers of whom this deployment knows nothing, on HTTP servers of their own that count who asks; and certificate
//! authorities.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jose::{SigningKey, b64url_encode};
use pem::Pem;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, SanType};
use serde_json::{Value, json};
use support::TestClock;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use vc::status::{StatusBits, StatusListToken};
use x509::{Chain, TrustAnchors};

use super::common::merged;

/// What a host answers at a path.
#[derive(Clone, Debug)]
pub(super) struct Page {
    status: u16,
    headers: String,
    body: Vec<u8>,
    delay: Duration,
}

impl Page {
    pub(super) fn new(body: impl Into<Vec<u8>>) -> Self {
        Self { status: 200, headers: String::new(), body: body.into(), delay: Duration::ZERO }
    }

    pub(super) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(super) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    pub(super) fn after(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }
}

#[derive(Debug, Default)]
struct Pages {
    pages: HashMap<String, Page>,
    asked: HashMap<String, usize>,
}

/// A host on this machine. Dropped, nobody listens there any more.
#[derive(Debug)]
pub(super) struct Host {
    /// Its address, without a slash at the end.
    pub(super) url: String,
    pages: Arc<Mutex<Pages>>,
    task: AbortHandle,
}

impl Host {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let pages = Arc::new(Mutex::new(Pages::default()));
        let serving = Arc::clone(&pages);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&serving)));
            }
        });
        Self { url, pages, task: task.abort_handle() }
    }

    /// Answers like this at a path from now on.
    pub(super) fn put(&self, path: &str, page: Page) {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).pages.insert(path.to_owned(), page);
    }

    /// How often it was asked for a path.
    pub(super) fn asked(&self, path: &str) -> usize {
        let pages = self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        pages.asked.get(path).copied().unwrap_or_default()
    }

    /// How often it was asked for anything.
    pub(super) fn asked_at_all(&self) -> usize {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).asked.values().sum()
    }

    /// Nobody listens there any more.
    pub(super) fn stop(&self) {
        self.task.abort();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn answer(mut stream: TcpStream, pages: Arc<Mutex<Pages>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_buf(&mut head).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let page = {
        let mut pages = pages.lock().unwrap_or_else(PoisonError::into_inner);
        *pages.asked.entry(path.clone()).or_default() += 1;
        pages.pages.get(&path).cloned().unwrap_or_else(|| Page::new("").status(404))
    };
    tokio::time::sleep(page.delay).await;
    let (status, length, headers) = (page.status, page.body.len(), page.headers);
    let head =
        format!("HTTP/1.1 {status} Status\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n");
    // The asker may have gone away: that is its business.
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(&page.body).await;
    let _ = stream.shutdown().await;
}

/// A new key on P-256.
pub(super) fn new_key() -> SigningKey {
    SigningKey::from_pkcs8_der(&SigningKey::generate_es256_pkcs8()).expect("made a moment ago")
}

/// Signs JSON.
pub(super) fn signed(key: &SigningKey, header: &Value, claims: &Value) -> String {
    key.sign_compact(header, claims.to_string().as_bytes())
}

/// The type of what strangers issue.
pub(super) const VCT: &str = "https://types.example/ticket";

/// An issuer that nobody here knows.
pub(super) struct Stranger {
    pub(super) host: Host,
    pub(super) key: SigningKey,
    pub(super) now: i64,
}

/// Where its metadata are.
pub(super) const METADATA: &str = "/.well-known/jwt-vc-issuer";
/// Where its DID document is.
pub(super) const DID: &str = "/.well-known/did.json";
/// Where its status list is.
pub(super) const LIST: &str = "/statuslists/1";

impl Stranger {
    /// One that publishes its key as metadata and as a DID document.
    pub(super) async fn start(clock: &TestClock) -> Self {
        let stranger =
            Self { host: Host::start().await, key: new_key(), now: model::Clock::now(clock).seconds() };
        stranger.host.put(METADATA, Page::new(stranger.metadata().to_string()));
        stranger.host.put(DID, Page::new(stranger.document().to_string()));
        stranger
    }

    /// Its public key.
    pub(super) fn jwk(&self) -> Value {
        merged(self.key.public_key().to_jwk(), &json!({"kid": "k1", "alg": "ES256", "use": "sig"}))
    }

    /// Its metadata, with the key in them.
    pub(super) fn metadata(&self) -> Value {
        json!({"issuer": self.host.url, "jwks": {"keys": [self.jwk()]}})
    }

    /// Its DID.
    pub(super) fn did(&self) -> String {
        format!("did:web:{}", self.host.url.trim_start_matches("http://").replace(':', "%3A"))
    }

    /// Its DID document.
    pub(super) fn document(&self) -> Value {
        let did = self.did();
        let id = format!("{did}#k1");
        let method = json!({
            "id": id, "type": "JsonWebKey2020", "controller": did, "publicKeyJwk": self.key.public_key().to_jwk(),
        });
        json!({
            "@context": ["https://www.w3.org/ns/did/v1"],
            "id": did,
            "verificationMethod": [method],
            "assertionMethod": [id],
            "authentication": [id],
        })
    }

    /// An SD-JWT VC by its URL that says this besides.
    pub(super) fn sd_jwt(&self, more: &Value) -> String {
        let base = json!({"iss": self.host.url, "vct": VCT, "iat": self.now, "seat": "12A"});
        self.signed_sd_jwt(&json!({"typ": "dc+sd-jwt", "kid": "k1"}), &merged(base, more))
    }

    /// An SD-JWT VC with this header and these claims.
    pub(super) fn signed_sd_jwt(&self, header: &Value, claims: &Value) -> String {
        format!("{}~", signed(&self.key, header, claims))
    }

    /// A W3C credential (VCDM 1.1) by its DID that has these members besides.
    pub(super) fn jwt_vc(&self, more: &Value) -> String {
        let credential = json!({
            "@context": ["https://www.w3.org/2018/credentials/v1"],
            "type": ["VerifiableCredential", "Ticket"],
            "credentialSubject": {"seat": "12A"},
        });
        let claims = json!({"iss": self.did(), "nbf": self.now - 60, "vc": merged(credential, more)});
        signed(&self.key, &json!({"typ": "JWT", "kid": format!("{}#k1", self.did())}), &claims)
    }

    /// Where its list is.
    pub(super) fn list_url(&self) -> String {
        format!("{}{LIST}", self.host.url)
    }

    /// The claim that refers to an entry of its list.
    pub(super) fn entry(&self, index: u32) -> Value {
        json!({"status": {"status_list": {"uri": self.list_url(), "idx": index}}})
    }

    /// A list of a thousand entries, of which these are set.
    pub(super) fn list(&self, set: &[u32]) -> StatusListToken {
        StatusListToken { sub: self.list_url(), iat: self.now, exp: None, ttl: None, bits: bits(1_024, set) }
    }

    /// Publishes a list, signed with its key.
    pub(super) fn publish(&self, list: &StatusListToken) {
        self.host.put(LIST, Page::new(list.sign(&self.key, "k1")));
    }

    /// Publishes a Bitstring Status List for a purpose, with these members besides.
    pub(super) fn publish_bitstring(&self, purpose: &str, set: &[u32], more: &Value) {
        let subject = json!({
            "id": format!("{}#list", self.list_url()),
            "type": "BitstringStatusList",
            "statusPurpose": purpose,
            "encodedList": bits(131_072, set).to_encoded_list(),
        });
        let credential = json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "id": self.list_url(),
            "type": ["VerifiableCredential", "BitstringStatusListCredential"],
            "issuer": self.did(),
            "credentialSubject": subject,
        });
        let header = json!({"typ": "vc+jwt", "kid": format!("{}#k1", self.did())});
        let list = signed(&self.key, &header, &merged(credential, more));
        self.host.put(LIST, Page::new(list));
    }

    /// The member that refers to an entry of that list.
    pub(super) fn bitstring_entry(&self, purpose: &str, index: u32) -> Value {
        let entry = json!({
            "type": "BitstringStatusListEntry",
            "statusPurpose": purpose,
            "statusListIndex": index.to_string(),
            "statusListCredential": self.list_url(),
        });
        json!({ "credentialStatus": entry })
    }
}

/// A list of this size, of which these are set.
pub(super) fn bits(size: u32, set: &[u32]) -> StatusBits {
    let mut bits = StatusBits::new(size).expect("a size");
    for index in set {
        bits.set(*index, true).expect("below the size");
    }
    bits
}

/// SD-JWT of a holder's claims: the digest of a disclosure, and the disclosure.
pub(super) fn disclosure(name: &str, value: &Value) -> (String, String) {
    let text = b64url_encode(json!(["c2FsdHNhbHRzYWx0c2FsdA", name, value]).to_string().as_bytes());
    (support::sha256_text(text.as_bytes()), text)
}

/// A certificate authority.
pub(super) struct Authority(CertifiedIssuer<'static, KeyPair>);

fn pem(ders: &[&[u8]]) -> String {
    ders.iter().map(|der| pem::encode(&Pem::new("CERTIFICATE", *der))).collect()
}

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("certified"))
    }

    /// It as the only one that is trusted.
    pub(super) fn anchors(&self) -> TrustAnchors {
        TrustAnchors::from_pem(&pem(&[self.0.der()])).expect("an anchor")
    }

    /// A certificate for a name, with its key; the chain ends with the authority.
    pub(super) fn certify(&self, name: SanType) -> (Chain, SigningKey) {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![name];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.0).expect("certified");
        let chain = Chain::from_pem(&pem(&[certificate.der(), self.0.der()])).expect("a chain");
        (chain, SigningKey::from_pkcs8_der(&key.serialize_der()).expect("a key on P-256"))
    }
}

/// A DNS name in a certificate.
pub(super) fn dns(name: &str) -> SanType {
    SanType::DnsName(name.try_into().expect("a name"))
}

/// A URI in a certificate.
pub(super) fn uri(name: &str) -> SanType {
    SanType::URI(name.try_into().expect("a URI"))
}

/// A certificate chain for a DNS name, and the key of its first certificate.
pub(super) fn certified(name: &str) -> (Chain, SigningKey) {
    Authority::new().certify(dns(name))
}
