//! The partner's side: its tokens, signed ahead, and its requests, built ahead.

use std::fs;
use std::num::NonZero;
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::ValueEnum;
use hyper::Uri;
use hyper::body::Bytes;
use hyper::header::HeaderValue;
use jose::{Algorithm, SigningKey};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::clock::{run_id, since_1970};
use crate::environment::Environment;
use crate::load::Request;
use crate::server::Server;

/// How long a token lives: longer than any run.
const TOKEN_LIFE: Duration = Duration::from_secs(3600);

/// The header that carries a Partner JWT.
const PARTNER_TOKEN: &str = "x-partner-auth";

/// The algorithm of the signatures that the generator makes: Partner JWTs, or proofs of wallets.
#[derive(Clone, Copy, ValueEnum, Serialize, Deserialize)]
pub(crate) enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256
    #[serde(rename = "RS256")]
    Rs256,
    /// ECDSA on P-256 with SHA-256
    #[serde(rename = "ES256")]
    Es256,
}

impl SignatureAlgorithm {
    /// Its name in a JOSE header.
    pub(crate) const fn as_str(self) -> &'static str {
        self.jose().as_str()
    }

    const fn jose(self) -> Algorithm {
        match self {
            Self::Rs256 => Algorithm::Rs256,
            Self::Es256 => Algorithm::Es256,
        }
    }

    /// The variables that hold the path of the demo tenant's key, and the key's id.
    const fn variables(self) -> (&'static str, &'static str) {
        match self {
            Self::Rs256 => ("BESTOW_PARTNER_KEY", "BESTOW_PARTNER_KID"),
            Self::Es256 => ("BESTOW_PARTNER_EC_KEY", "BESTOW_PARTNER_EC_KID"),
        }
    }
}

/// Whose tokens a run uses.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum People {
    /// Each request has a token and a person of its own.
    Distinct,
    /// Each request has a token of its own, all of them for one person.
    One,
    /// One token serves all requests.
    OneToken,
}

impl People {
    /// Its words in reports.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Distinct => "distinct people",
            Self::One => "one person",
            Self::OneToken => "one token",
        }
    }
}

/// The demo tenant, as a client of the server.
pub(crate) struct Partner {
    id: String,
    kid: String,
    key: SigningKey,
    server: Server,
    issuance: Bytes,
    run_id: String,
    expires_at: u64,
}

impl Partner {
    /// Reads the tenant's ids and its key.
    ///
    /// # Errors
    ///
    /// If a variable is missing, or the key cannot be read or is of another algorithm.
    pub(crate) fn new(
        environment: &Environment,
        server: &Server,
        algorithm: SignatureAlgorithm,
    ) -> anyhow::Result<Self> {
        let (path, kid) = algorithm.variables();
        let path = environment.get(path)?;
        let pem = fs::read_to_string(path).with_context(|| format!("reading {path}"))?;
        let key = SigningKey::from_pkcs8_pem(&pem).with_context(|| format!("reading {path}"))?;
        ensure!(key.algorithm() == algorithm.jose(), "{path} is not a key for {}", algorithm.as_str());

        let issuance = json!({
            "issuerDid": environment.get("BESTOW_ISSUER_DID")?,
            "credentialId": environment.get("BESTOW_PROGRAM_ID")?,
            "credentialSubject": { "age": 25, "location": "United States", "isMember": true },
            "onDuplicate": "revoke",
        });
        Ok(Self {
            id: environment.get("BESTOW_PARTNER_ID")?.to_owned(),
            kid: environment.get(kid)?.to_owned(),
            key,
            server: server.clone(),
            issuance: issuance.to_string().into(),
            run_id: run_id()?,
            expires_at: (since_1970()? + TOKEN_LIFE).as_secs(),
        })
    }

    /// Signs tokens on all cores: `count` of them, but a single one for [`People::OneToken`].
    ///
    /// `series` tells the people of one call from those of another.
    ///
    /// # Errors
    ///
    /// If a token is no header value; a signed token always is.
    pub(crate) fn tokens(
        &self,
        series: &str,
        count: usize,
        people: People,
    ) -> anyhow::Result<Vec<HeaderValue>> {
        let count = if people == People::OneToken { count.min(1) } else { count };
        let numbers: Vec<usize> = (0..count).collect();
        let share = count.div_ceil(thread::available_parallelism().map_or(1, NonZero::get)).max(1);
        thread::scope(|scope| {
            let shares: Vec<_> = numbers
                .chunks(share)
                .map(|numbers| {
                    scope.spawn(move || {
                        numbers.iter().map(|&number| self.token(series, number, people)).collect::<Vec<_>>()
                    })
                })
                .collect();
            shares.into_iter().flat_map(|share| share.join().expect("signing does not panic")).collect()
        })
    }

    fn token(&self, series: &str, number: usize, people: People) -> anyhow::Result<HeaderValue> {
        let person = if people == People::Distinct { number } else { 0 };
        let mut claims = json!({
            "partnerId": self.id,
            "email": format!("user{person}-{series}-{}@bench.example", self.run_id),
            "scope": "issue on-behalf",
            "exp": self.expires_at,
        });
        if people == People::One {
            // Without it the RS256 tokens of one person would be the same token.
            claims["jti"] = number.to_string().into();
        }
        let header = json!({ "kid": self.kid, "typ": "JWT" });
        let token = self.key.sign_compact(&header, claims.to_string().as_bytes());
        Ok(HeaderValue::from_str(&token)?)
    }

    /// A request to issue the example credential to the token's person.
    pub(crate) fn issue(&self, token: HeaderValue) -> Request {
        let path = Uri::from_static("/v1/credentials/issue-on-behalf");
        with_token(self.server.post(path, "application/json", self.issuance.clone()), token)
    }

    /// A request for an issued credential itself.
    ///
    /// # Errors
    ///
    /// As [`Partner::status`].
    pub(crate) fn credential(&self, token: HeaderValue, core_claim_hash: &str) -> anyhow::Result<Request> {
        let path = format!("/v1/credentials/{core_claim_hash}").parse()?;
        Ok(with_token(self.server.get(path), token))
    }

    /// A request for the status of an issued credential.
    ///
    /// # Errors
    ///
    /// If the hash has characters that no query has.
    pub(crate) fn status(&self, token: HeaderValue, core_claim_hash: &str) -> anyhow::Result<Request> {
        let path = format!("/v1/credentials/status?coreClaimHash={core_claim_hash}").parse()?;
        Ok(with_token(self.server.get(path), token))
    }
}

fn with_token(mut request: Request, token: HeaderValue) -> Request {
    request.headers_mut().insert(PARTNER_TOKEN, token);
    request
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use hyper::header::HeaderValue;
    use jose::{Jws, SigningKey};
    use serde_json::{Value, json};

    use super::{Partner, People};
    use crate::server::Server;

    fn partner() -> Partner {
        Partner {
            id: "partner".to_owned(),
            kid: "key".to_owned(),
            key: SigningKey::from_pkcs8_der(&SigningKey::generate_rs256_pkcs8()).unwrap(),
            server: Server::nowhere(),
            issuance: json!({}).to_string().into(),
            run_id: "5f".to_owned(),
            expires_at: 1_900_000_000,
        }
    }

    fn emails_and_tokens(people: People) -> (HashSet<String>, HashSet<String>) {
        let partner = partner();
        let tokens = partner.tokens("run", 5, people).unwrap();
        let tokens: HashSet<String> = tokens.iter().map(|token| token.to_str().unwrap().to_owned()).collect();
        let emails = tokens.iter().map(|token| {
            let token = Jws::parse(token).unwrap();
            token.verify(partner.key.public_key()).unwrap();
            assert_eq!(token.header().kid.as_deref(), Some("key"));
            assert_eq!(token.header().typ.as_deref(), Some("JWT"));
            let claims: Value = serde_json::from_slice(token.payload()).unwrap();
            assert_eq!(claims["partnerId"], "partner");
            assert_eq!(claims["scope"], "issue on-behalf");
            claims["email"].as_str().unwrap().to_owned()
        });
        (emails.collect(), tokens)
    }

    #[test]
    fn tokens_are_of_whom_they_should_be() {
        for (people, distinct_emails, distinct_tokens) in
            [(People::Distinct, 5, 5), (People::One, 1, 5), (People::OneToken, 1, 1)]
        {
            let (emails, tokens) = emails_and_tokens(people);
            assert_eq!((emails.len(), tokens.len()), (distinct_emails, distinct_tokens));
        }
    }

    #[test]
    fn a_status_request_names_the_credential() {
        let request = partner().status(HeaderValue::from_static("token"), "2397").unwrap();
        assert_eq!(request.uri(), "/v1/credentials/status?coreClaimHash=2397");
        assert_eq!(request.headers()["x-partner-auth"], "token");
        assert_eq!(request.headers()["host"], "127.0.0.1:8080");
    }
}
