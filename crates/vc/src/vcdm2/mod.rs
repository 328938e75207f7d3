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

use crate::expected::{Expected, Mismatch, Unmet};
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
    /// It is not one for this request.
    #[error("the presentation {0}")]
    Mismatch(#[source] Mismatch),
}

impl From<Unmet> for Vcdm2Error {
    fn from(unmet: Unmet) -> Self {
        match unmet {
            Unmet::Malformed(at) => Self::Member { at, what: "there in the form that JWTs have it" },
            Unmet::Mismatch(mismatch) => Self::Mismatch(mismatch),
        }
    }
}

/// A document that is secured with JOSE or with SD-JWT, taken apart. Nothing in it is verified.
#[derive(Clone, Debug)]
pub enum Secured<'a> {
    /// A JWT.
    Jwt(Jws<'a>),
    /// An SD-JWT, with what its holder presents beside it.
    SdJwt(SdJwt<'a>),
}

impl<'a> Secured<'a> {
    /// Takes a compact serialization apart: an SD-JWT if there is a `~`, else a JWT.
    ///
    /// # Errors
    /// [`Vcdm2Error::Jws`] or [`Vcdm2Error::SdJwt`] when it is malformed, or longer than [`MAX_SIZE`].
    pub fn parse(text: &'a str) -> Result<Self, Vcdm2Error> {
        if text.contains('~') {
            return Ok(Self::SdJwt(SdJwt::parse(text)?));
        }
        Ok(Self::Jwt(Jws::parse_within(text, MAX_SIZE)?))
    }

    /// The JWT that is signed: its header and payload say whose key to fetch.
    pub fn jws(&self) -> &Jws<'a> {
        match self {
            Self::Jwt(jws) => jws,
            Self::SdJwt(sd_jwt) => sd_jwt.issuer_jwt(),
        }
    }
}

/// Verifies a credential (`vc+jwt` or `vc+sd-jwt`) with the issuer's key and returns the credential,
/// with what an SD-JWT discloses in its places.
///
/// Left to the caller: that the key belongs to the issuer, the [validity](crate::validity), the
/// [status](crate::status::references), the schema. A Key Binding JWT of an SD-JWT is verified by
/// [`SdJwt::verify_key_binding`].
///
/// # Errors
/// [`Vcdm2Error`] when the document is not a credential of data model 2.0 that the key has signed.
pub fn verify_credential(
    document: &Secured<'_>,
    issuer_key: &PublicKey,
) -> Result<Map<String, Value>, Vcdm2Error> {
    let claims = verify(document, issuer_key, Kind::Credential)?;
    structure::check_credential(&claims)?;
    Ok(claims)
}

/// Verifies a presentation (`vp+jwt` or `vp+sd-jwt`) with the holder's key and lists its credentials,
/// which are not verified.
///
/// Left to the caller: that the key belongs to the holder; that each credential verifies, and that its subject is the
/// holder; that the nonce was not used before.
///
/// # Errors
/// [`Vcdm2Error`] when the document is not a presentation of data model 2.0 that the key has signed as expected.
pub fn verify_presentation(
    document: &Secured<'_>,
    holder_key: &PublicKey,
    expected: &Expected<'_>,
) -> Result<Presentation, Vcdm2Error> {
    let claims = verify(document, holder_key, Kind::Presentation)?;
    let iat = expected.check(&claims)?;
    presentation::read(claims, iat)
}

/// The payload of a document whose signature, media types and JWT claims are in order.
fn verify(document: &Secured<'_>, key: &PublicKey, kind: Kind) -> Result<Map<String, Value>, Vcdm2Error> {
    let (jwt, sd_jwt, _) = kind.media_types();
    let claims = match document {
        Secured::SdJwt(parsed) => {
            check_header(parsed.issuer_jwt().header(), sd_jwt, kind)?;
            parsed.process_showing(key, &NOT_DISCLOSABLE)?
        }
        Secured::Jwt(jws) => {
            check_header(jws.header(), jwt, kind)?;
            jws.verify(key)?;
            json::from_payload(jws.payload())?
        }
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
