//! W3C Verifiable Credentials Data Model 2.0, secured with JOSE or SD-JWT (VC-JOSE-COSE, sections 3.1 and 3.2).
//!
//! The payload is the credential or the presentation itself, beside registered JWT claims. Four media types say which of
//! them, in which form: `vc+jwt`, `vp+jwt`, `vc+sd-jwt` and `vp+sd-jwt`. COSE is not read.
//!
//! Members that we do not know are left alone, as the data model demands of verifiers that do not process JSON-LD.

mod presentation;
mod sign;
mod structure;

use jose::{Header, Jws, JwsError, PublicKey};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::expected::Expected;
use crate::expected::Mismatch;
use crate::json::{self, PayloadError, media_type};
use crate::sd_jwt::{ProcessError, SdJwt};

pub use presentation::{MAX_CREDENTIALS, Member, Presentation};
pub use sign::{SignError, sign_credential, sign_presentation};

/// The longest credential or presentation that is read, in bytes.
pub const MAX_SIZE: usize = 1 << 20;

const CONTEXT: &str = "https://www.w3.org/ns/credentials/v2";

/// What must not come from a disclosure: a verifier acts on it, so a holder must not be able to leave it out.
const NOT_DISCLOSABLE: [&str; 8] =
    ["iss", "nbf", "exp", "cnf", "status", "credentialStatus", "validFrom", "validUntil"];

/// What is secured.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Credential,
    Presentation,
}

impl Kind {
    /// The base type of the data model.
    fn base_type(self) -> &'static str {
        match self {
            Self::Credential => "VerifiableCredential",
            Self::Presentation => "VerifiablePresentation",
        }
    }

    /// `typ` as a JWS and as an SD-JWT, and `cty`.
    fn media_types(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Credential => ("vc+jwt", "vc+sd-jwt", "vc"),
            Self::Presentation => ("vp+jwt", "vp+sd-jwt", "vp"),
        }
    }
}

/// Why a credential or presentation is refused.
#[derive(Debug, Error)]
pub enum Vcdm2Error {
    /// The JWS is malformed, longer than [`MAX_SIZE`], or its signature does not verify.
    #[error("the JWT: {0}")]
    Jws(#[from] JwsError),
    /// The SD-JWT is refused.
    #[error(transparent)]
    SdJwt(#[from] ProcessError),
    /// `typ` is not the one of such a document.
    #[error("the \"typ\" is not {0:?}")]
    Typ(&'static str),
    /// `cty` is there, and is not the one of such a document.
    #[error("the \"cty\" is not {0:?}")]
    Cty(&'static str),
    /// The payload is not a JSON object.
    #[error("the payload: {0}")]
    Payload(#[from] PayloadError),
    /// The payload has `vc` or `vp`, which belong to data model 1.1.
    #[error("the payload has the member {0:?}, which data model 2.0 does not allow beside a credential")]
    Version1(&'static str),
    /// A member is missing, or is not what the data model demands.
    #[error("the member {at:?} is not {what}")]
    Member {
        /// The member.
        at: &'static str,
        /// What it should be.
        what: &'static str,
    },
    /// A registered JWT claim contradicts its counterpart.
    #[error("the claim {0:?} contradicts the credential or presentation")]
    Contradiction(&'static str),
    /// There are more than [`MAX_CREDENTIALS`] credentials.
    #[error("the presentation has {0} credentials; at most {MAX_CREDENTIALS} are read")]
    TooManyCredentials(usize),
    /// A credential of the presentation is neither enveloped nor embedded.
    #[error("credential {number} of the presentation: {what}")]
    Credential {
        /// Which one, from 1.
        number: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// `nonce` is not the one that the verifier gave.
    #[error("the presentation has another nonce than this request: it was made for another one")]
    Nonce,
    /// `aud` is not the verifier.
    #[error("the presentation was made for another verifier: its \"aud\" is another")]
    Audience,
    /// It was made too long ago, or has expired.
    #[error("the presentation is too old: it was made {age} seconds ago; present the credential again")]
    TooOld {
        /// Its age in seconds.
        age: i64,
    },
    /// It claims to be made later than now.
    #[error("the presentation is dated {ahead} seconds ahead: set the clock of the wallet")]
    InFuture {
        /// How far it is ahead, in seconds.
        ahead: i64,
    },
}

impl From<Mismatch> for Vcdm2Error {
    fn from(mismatch: Mismatch) -> Self {
        match mismatch {
            Mismatch::Malformed(at) => Self::Member { at, what: "there in the form that JWTs have it" },
            Mismatch::Nonce => Self::Nonce,
            Mismatch::Audience => Self::Audience,
            Mismatch::TooOld { age } => Self::TooOld { age },
            Mismatch::InFuture { ahead } => Self::InFuture { ahead },
        }
    }
}

/// Verifies a credential (`vc+jwt`, or `vc+sd-jwt` if there is a `~`) with the issuer's key and returns the credential,
/// with what an SD-JWT discloses in its places.
///
/// Left to the caller: that the key belongs to the issuer, the [validity](crate::validity), the
/// [status](crate::status::references), the schema. A Key Binding JWT of an SD-JWT is verified by
/// [`SdJwt::verify_key_binding`].
///
/// # Errors
/// [`Vcdm2Error`] when the document is not a credential of data model 2.0 that the key has signed.
pub fn verify_credential(text: &str, issuer_key: &PublicKey) -> Result<Map<String, Value>, Vcdm2Error> {
    let claims = secured(text, issuer_key, Kind::Credential)?;
    structure::check_credential(&claims)?;
    Ok(claims)
}

/// Verifies a presentation (`vp+jwt`, or `vp+sd-jwt` if there is a `~`) with the holder's key and lists its credentials,
/// which are not verified.
///
/// Left to the caller: that the key belongs to the holder; that each credential verifies, and that its subject is the
/// holder; that the nonce was not used before.
///
/// # Errors
/// [`Vcdm2Error`] when the document is not a presentation of data model 2.0 that the key has signed as expected.
pub fn verify_presentation(
    text: &str,
    holder_key: &PublicKey,
    expected: &Expected<'_>,
) -> Result<Presentation, Vcdm2Error> {
    let claims = secured(text, holder_key, Kind::Presentation)?;
    expected.check_nonce(&claims)?;
    expected.check_audience(&claims)?;
    let iat = expected.check_times(&claims)?;
    presentation::read(claims, iat)
}

/// The payload of a document whose signature, media types and JWT claims are in order.
fn secured(text: &str, key: &PublicKey, kind: Kind) -> Result<Map<String, Value>, Vcdm2Error> {
    let (jwt, sd_jwt, _) = kind.media_types();
    let claims = if text.contains('~') {
        let parsed = SdJwt::parse(text)?;
        check_header(parsed.issuer_jwt().header(), sd_jwt, kind)?;
        parsed.process_showing(key, &NOT_DISCLOSABLE)?
    } else {
        let jws = Jws::parse_within(text, MAX_SIZE)?;
        check_header(jws.header(), jwt, kind)?;
        jws.verify(key)?;
        json::from_payload(jws.payload())?
    };
    for name in ["vc", "vp"] {
        if claims.contains_key(name) {
            return Err(Vcdm2Error::Version1(name));
        }
    }
    Ok(claims)
}

fn check_header(header: &Header, typ: &'static str, kind: Kind) -> Result<(), Vcdm2Error> {
    if header.typ.as_deref().is_none_or(|found| media_type(found) != typ) {
        return Err(Vcdm2Error::Typ(typ));
    }
    let (_, _, cty) = kind.media_types();
    match header.member("cty") {
        None => Ok(()),
        Some(Value::String(found)) if media_type(found) == cty => Ok(()),
        Some(_) => Err(Vcdm2Error::Cty(cty)),
    }
}
