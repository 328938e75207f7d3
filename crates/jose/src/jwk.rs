//! Reading JSON Web Keys (RFC 7517; RFC 7518, section 6).

use serde_json::{Map, Value};

use crate::algorithm::{Algorithm, UnsupportedAlgorithm};
use crate::base64url::{Base64UrlError, b64url_decode};
use crate::public_key::PublicKey;
use crate::quoted::Quoted;

/// The members that hold the secret part of a key (RFC 7518, sections 6.2.2, 6.3.2 and 6.4).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The names of the private members that a JWK has, in the order of RFC 7518. Their values are not looked at.
///
/// A public key must have none; RFC 9449 section 4.3 and OpenID4VCI require a verifier of proofs to refuse
/// otherwise.
#[must_use]
pub fn private_members(jwk: &Value) -> Vec<&'static str> {
    PRIVATE_MEMBERS.into_iter().filter(|name| jwk.get(name).is_some()).collect()
}

/// The members of a JWK.
pub(crate) fn members(jwk: &Value) -> Result<&Map<String, Value>, JwkError> {
    jwk.as_object().ok_or(JwkError::NotAnObject)
}

/// The work of [`PublicKey::from_jwk`].
pub(crate) fn read_public_key(jwk: &Map<String, Value>) -> Result<PublicKey, JwkError> {
    check_purpose(jwk)?;
    let key = match required_text(jwk, "kty")? {
        "EC" => read_ec(jwk)?,
        "RSA" => PublicKey::from_rsa_components(octets(jwk, "n")?, octets(jwk, "e")?)?,
        other => return Err(JwkError::UnsupportedKeyType(other.to_owned())),
    };
    match declared_algorithm(jwk)? {
        Some(declared) if declared != key.algorithm() => {
            Err(JwkError::AlgorithmMismatch { declared, key: key.algorithm() })
        }
        _ => Ok(key),
    }
}

/// The `alg` member, if there is one (RFC 7517, section 4.4).
pub(crate) fn declared_algorithm(jwk: &Map<String, Value>) -> Result<Option<Algorithm>, JwkError> {
    Ok(optional_text(jwk, "alg")?.map(str::parse).transpose()?)
}

/// A string member that may be absent.
pub(crate) fn optional_text<'a>(
    jwk: &'a Map<String, Value>,
    name: &'static str,
) -> Result<Option<&'a str>, JwkError> {
    jwk.get(name).map(|value| value.as_str().ok_or(JwkError::NotAString(name))).transpose()
}

fn required_text<'a>(jwk: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, JwkError> {
    optional_text(jwk, name)?.ok_or(JwkError::Missing(name))
}

fn octets(jwk: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, JwkError> {
    b64url_decode(required_text(jwk, name)?).map_err(|cause| JwkError::Encoding { member: name, cause })
}

/// Refuses a key that is published for something other than verifying signatures (RFC 7517, sections 4.2 and
/// 4.3).
fn check_purpose(jwk: &Map<String, Value>) -> Result<(), JwkError> {
    if let Some(other) = optional_text(jwk, "use")?.filter(|&purpose| purpose != "sig") {
        return Err(JwkError::Use(other.to_owned()));
    }
    match jwk.get("key_ops") {
        None => Ok(()),
        Some(Value::Array(operations)) if operations.iter().any(|operation| operation == "verify") => Ok(()),
        Some(_) => Err(JwkError::KeyOps),
    }
}

fn read_ec(jwk: &Map<String, Value>) -> Result<PublicKey, JwkError> {
    match required_text(jwk, "crv")? {
        "P-256" => PublicKey::from_p256_point(coordinate(jwk, "x")?, coordinate(jwk, "y")?),
        other => Err(JwkError::UnsupportedCurve(other.to_owned())),
    }
}

/// A coordinate has the full length of the field, leading zeros included (RFC 7518, section 6.2.1.2).
fn coordinate(jwk: &Map<String, Value>, name: &'static str) -> Result<[u8; 32], JwkError> {
    octets(jwk, name)?
        .try_into()
        .map_err(|bytes: Vec<u8>| JwkError::CoordinateLength { member: name, len: bytes.len() })
}

/// Why a JWK is not a public key that we accept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// The JWK is not a JSON object.
    #[error("a JWK is a JSON object")]
    NotAnObject,
    /// A required member is absent.
    #[error("the JWK has no member `{0}`")]
    Missing(&'static str),
    /// A member that must be a string is not.
    #[error("the JWK's member `{0}` is not a string")]
    NotAString(&'static str),
    /// `kty` is neither `EC` nor `RSA`.
    #[error("key type {} is not accepted; use EC or RSA", Quoted(.0))]
    UnsupportedKeyType(String),
    /// `crv` is not `P-256`.
    #[error("curve {} is not accepted; use P-256", Quoted(.0))]
    UnsupportedCurve(String),
    /// `use` is not `sig`.
    #[error("the key is for the use {}, not for `sig`", Quoted(.0))]
    Use(String),
    /// `key_ops` is not an array that holds `verify`.
    #[error("the key's `key_ops` does not hold `verify`")]
    KeyOps,
    /// `alg` is not an algorithm that we accept.
    #[error("the key's {0}")]
    UnsupportedAlgorithm(#[from] UnsupportedAlgorithm),
    /// `alg` is not the algorithm of such a key.
    #[error("the key says that it is for {declared}, but its type is one for {key}")]
    AlgorithmMismatch {
        /// What `alg` says.
        declared: Algorithm,
        /// What the key's type allows.
        key: Algorithm,
    },
    /// A number is not in base64url.
    #[error("the JWK's member `{member}` is {cause}")]
    Encoding {
        /// The name of the member.
        member: &'static str,
        /// What is wrong with its text.
        cause: Base64UrlError,
    },
    /// A coordinate is not 32 bytes long.
    #[error(
        "the JWK's member `{member}` has {len} bytes; a coordinate on P-256 has 32, leading zeros included"
    )]
    CoordinateLength {
        /// The name of the member.
        member: &'static str,
        /// Its length in bytes.
        len: usize,
    },
    /// The coordinates are not those of a point on P-256.
    #[error("`x` and `y` are not a point on P-256")]
    PointNotOnCurve,
    /// An RSA number is empty or begins with a zero byte.
    #[error("`n` and `e` are written without leading zero bytes and are not empty")]
    LeadingZero,
    /// The modulus has this many bits, fewer than 2048 or more than 8192.
    #[error("the RSA modulus has {0} bits; 2048 to 8192 are accepted")]
    RsaSize(usize),
    /// The exponent is 1 or even.
    #[error("the RSA exponent `e` must be odd and at least 3; the usual one is 65537")]
    RsaExponent,
    /// The modulus is of the guessable kind of CVE-2017-15361.
    #[error(
        "the RSA key was made by a faulty generator (ROCA, CVE-2017-15361) and can be broken; make a new one"
    )]
    Roca,
    /// The cryptographic library finds the RSA numbers impossible: an even modulus, or an exponent over 33
    /// bits.
    #[error("`n` and `e` are not an RSA public key")]
    RsaRefused,
}
