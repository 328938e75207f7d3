//! Partners: organisations whose servers sign Partner JWTs.

use std::sync::OnceLock;

use jose::SigningKey;
use model::Clock;
use serde_json::{Map, Value, json};

use crate::TestClock;

/// An RSA key that all tests share, since making one takes a while.
fn rsa_pkcs8() -> &'static [u8] {
    static KEY: OnceLock<Vec<u8>> = OnceLock::new();
    KEY.get_or_init(SigningKey::generate_rs256_pkcs8)
}

/// A partner's key under its `kid`.
#[derive(Debug)]
pub struct PartnerKey {
    /// Its id.
    pub kid: String,
    /// The key.
    pub key: SigningKey,
}

impl PartnerKey {
    /// A new ES256 key.
    pub fn es256(kid: &str) -> Self {
        let key = SigningKey::from_pkcs8_der(&SigningKey::generate_es256_pkcs8()).expect("made a moment ago");
        Self { kid: kid.to_owned(), key }
    }

    /// The RS256 key that all tests share.
    pub fn rs256(kid: &str) -> Self {
        let key = SigningKey::from_pkcs8_der(rsa_pkcs8()).expect("a key of our own making");
        Self { kid: kid.to_owned(), key }
    }

    /// Its public JWK, as a JWKS lists it.
    pub fn jwk(&self) -> Value {
        let mut jwk = self.key.public_key().to_jwk();
        jwk["kid"] = json!(self.kid);
        jwk["alg"] = json!(self.key.algorithm().as_str());
        jwk["use"] = json!("sig");
        jwk
    }

    /// A JWKS of this key alone.
    pub fn jwks(&self) -> String {
        json!({"keys": [self.jwk()]}).to_string()
    }
}

/// The claims and header of a token in the making; a test spoils what it wants to see refused.
#[derive(Clone, Debug)]
pub struct Claims {
    /// The header, `alg` apart.
    pub header: Map<String, Value>,
    /// The payload.
    pub payload: Map<String, Value>,
}

impl Claims {
    /// Sets a claim.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.payload.insert(name.to_owned(), value.into());
        self
    }

    /// Removes a claim.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.payload.remove(name);
        self
    }

    /// Sets a header member.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Removes a header member.
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.remove(name);
        self
    }

    /// Signs them.
    pub fn sign(&self, key: &SigningKey) -> String {
        let payload = Value::Object(self.payload.clone()).to_string();
        key.sign_compact(&Value::Object(self.header.clone()), payload.as_bytes())
    }
}

/// A tenant with an issuer and a program for the seeds' example subject.
#[derive(Debug)]
pub struct Partner {
    /// `partnerId`.
    pub id: String,
    /// The key of its Partner JWTs.
    pub key: PartnerKey,
    /// `issuerDid`.
    pub issuer_did: String,
    /// The issuer's slug.
    pub slug: String,
    /// The schema's id.
    pub schema_id: String,
    /// `credentialId`.
    pub program_id: String,
}

impl Partner {
    /// Good claims for a person, good for five minutes.
    pub fn claims(&self, email: &str, clock: &TestClock) -> Claims {
        let object = |value: Value| value.as_object().cloned().expect("an object");
        Claims {
            header: object(json!({"kid": self.key.kid, "typ": "JWT"})),
            payload: object(json!({
                "partnerId": self.id,
                "email": email,
                "scope": "issue",
                "exp": clock.now().seconds() + 300,
            })),
        }
    }

    /// A good token for a person.
    pub fn token(&self, email: &str, clock: &TestClock) -> String {
        self.claims(email, clock).sign(&self.key.key)
    }

    /// The seeds' example request, for this partner's program.
    pub fn request(&self) -> Value {
        json!({
            "issuerDid": self.issuer_did,
            "credentialId": self.program_id,
            "credentialSubject": {"age": 25, "location": "United States", "isMember": true},
        })
    }
}
