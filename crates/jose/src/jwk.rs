//! Reading JSON Web Keys (RFC 7517; RFC 7518, section 6).

use serde_json::{Map, Value};

use crate::algorithm::{Algorithm, UnsupportedAlgorithm};
use crate::base64url::{Base64UrlError, b64url_decode};
use crate::curve::Curve;
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

/// Which keys a reader takes: those for these algorithms.
#[derive(Clone, Copy)]
pub(crate) struct Kinds<'a>(pub(crate) &'a [Algorithm]);

/// Every key that a [`PublicKey`] can be.
pub(crate) const ALL_KINDS: Kinds<'static> = Kinds(&Algorithm::ALL);

impl Kinds<'_> {
    fn takes(self, algorithm: Algorithm) -> bool {
        self.0.contains(&algorithm)
    }

    fn curves(self) -> impl Iterator<Item = Curve> {
        Curve::ALL.into_iter().filter(move |curve| self.takes(curve.algorithm()))
    }

    /// Whether there is a key with this `kty` among them.
    fn takes_type(self, kty: &str) -> bool {
        match kty {
            "EC" => self.curves().next().is_some(),
            "OKP" => self.takes(Algorithm::EdDsa),
            "RSA" => self.takes(Algorithm::Rs256),
            _ => false,
        }
    }

    /// The types of these keys, for a refusal.
    fn key_types(self) -> String {
        listed(["EC", "OKP", "RSA"].into_iter().filter(|kty| self.takes_type(kty)).collect())
    }

    /// The curves of these keys for ECDSA, for a refusal.
    fn curve_names(self) -> String {
        listed(self.curves().map(Curve::name).collect())
    }
}

/// `a, b or c`.
fn listed(mut names: Vec<&str>) -> String {
    let last = names.pop().unwrap_or_default();
    if names.is_empty() { last.to_owned() } else { format!("{} or {last}", names.join(", ")) }
}

/// The work of [`PublicKey::from_jwk`], for the keys that the caller takes.
pub(crate) fn read_public_key(jwk: &Map<String, Value>, kinds: Kinds<'_>) -> Result<PublicKey, JwkError> {
    check_purpose(jwk)?;
    let key = match required_text(jwk, "kty")? {
        other if !kinds.takes_type(other) => {
            return Err(JwkError::UnsupportedKeyType { kty: other.to_owned(), accepted: kinds.key_types() });
        }
        "EC" => read_ec(jwk, kinds)?,
        "OKP" => read_okp(jwk)?,
        _ => PublicKey::from_rsa_components(octets(jwk, "n")?, octets(jwk, "e")?)?,
    };
    match declared_algorithm(jwk, kinds)? {
        Some(declared) if declared != key.algorithm() => {
            Err(JwkError::AlgorithmMismatch { declared, key: key.algorithm() })
        }
        _ => Ok(key),
    }
}

/// The `alg` member, if there is one (RFC 7517, section 4.4).
pub(crate) fn declared_algorithm(
    jwk: &Map<String, Value>,
    kinds: Kinds<'_>,
) -> Result<Option<Algorithm>, JwkError> {
    let name = optional_text(jwk, "alg")?;
    Ok(name.map(|name| Algorithm::among(kinds.0, name)).transpose()?)
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

fn read_ec(jwk: &Map<String, Value>, kinds: Kinds<'_>) -> Result<PublicKey, JwkError> {
    let name = required_text(jwk, "crv")?;
    let curve = kinds
        .curves()
        .find(|curve| curve.name() == name)
        .ok_or_else(|| JwkError::UnsupportedCurve { crv: name.to_owned(), accepted: kinds.curve_names() })?;
    let (x, y) = coordinates(jwk, curve)?;
    PublicKey::from_ec_point(curve, &x, &y)
}

/// The point of a key on P-256, whatever the key is for.
pub(crate) fn p256_point(jwk: &Map<String, Value>) -> Result<([u8; 32], [u8; 32]), JwkError> {
    const CHECKED: &str = "the length of a coordinate was checked";
    match required_text(jwk, "kty")? {
        "EC" => {}
        other => {
            return Err(JwkError::UnsupportedKeyType { kty: other.to_owned(), accepted: "EC".to_owned() });
        }
    }
    match required_text(jwk, "crv")? {
        "P-256" => {}
        other => {
            return Err(JwkError::UnsupportedCurve { crv: other.to_owned(), accepted: "P-256".to_owned() });
        }
    }
    let (x, y) = coordinates(jwk, Curve::P256)?;
    PublicKey::from_ec_point(Curve::P256, &x, &y)?;
    Ok((x.try_into().expect(CHECKED), y.try_into().expect(CHECKED)))
}

fn coordinates(jwk: &Map<String, Value>, curve: Curve) -> Result<(Vec<u8>, Vec<u8>), JwkError> {
    let len = curve.coordinate_len();
    Ok((coordinate(jwk, "x", curve.name(), len)?, coordinate(jwk, "y", curve.name(), len)?))
}

/// An octet key pair (RFC 8037, section 2).
fn read_okp(jwk: &Map<String, Value>) -> Result<PublicKey, JwkError> {
    match required_text(jwk, "crv")? {
        "Ed25519" => {
            let x = coordinate(jwk, "x", "Ed25519", 32)?;
            PublicKey::from_ed25519(x.try_into().expect("the length of a coordinate was checked"))
        }
        other => Err(JwkError::UnsupportedCurve { crv: other.to_owned(), accepted: "Ed25519".to_owned() }),
    }
}

/// A coordinate has the full length of the field, leading zeros included (RFC 7518, section 6.2.1.2); a key
/// for Ed25519 has 32 bytes (RFC 8032, section 5.1.5).
fn coordinate(
    jwk: &Map<String, Value>,
    name: &'static str,
    curve: &'static str,
    expected: usize,
) -> Result<Vec<u8>, JwkError> {
    let bytes = octets(jwk, name)?;
    if bytes.len() == expected {
        Ok(bytes)
    } else {
        Err(JwkError::CoordinateLength { member: name, len: bytes.len(), curve, expected })
    }
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
    /// `kty` is not one that is accepted here.
    #[error("key type {} is not accepted; use {accepted}", Quoted(.kty))]
    UnsupportedKeyType {
        /// The type of the key.
        kty: String,
        /// The types that are accepted.
        accepted: String,
    },
    /// `crv` is not one that is accepted here for such a key.
    #[error("curve {} is not accepted; use {accepted}", Quoted(.crv))]
    UnsupportedCurve {
        /// The curve of the key.
        crv: String,
        /// The curves that are accepted.
        accepted: String,
    },
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
    /// A coordinate is not as long as those on its curve are.
    #[error(
        "the JWK's member `{member}` has {len} bytes; a coordinate on {curve} has {expected}, leading zeros \
         included"
    )]
    CoordinateLength {
        /// The name of the member.
        member: &'static str,
        /// Its length in bytes.
        len: usize,
        /// The name of the key's curve.
        curve: &'static str,
        /// The length of such coordinates in bytes.
        expected: usize,
    },
    /// The coordinates are not those of a point on the curve with this name.
    #[error("`x` and `y` are not a point on {0}")]
    PointNotOnCurve(&'static str),
    /// A key for Ed25519 is no reduced number, or one for which anybody can make signatures.
    #[error("`x` is not a public key for Ed25519 that only its holder can sign with; make a new key")]
    WeakEd25519,
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
