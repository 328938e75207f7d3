//! X.509 certificate chains (RFC 5280) as the header `x5c` of a JWS (RFC 7515, section 4.1.6) and the client
//! identifiers of OpenID4VP 1.0 (section 5.9.3, `x509_san_dns` and `x509_hash`) use them.
//!
//! Two questions, and two types: what a chain says of its holder ([`Chain`]), and whether somebody whom we trust says
//! so too ([`TrustAnchors`]). The first one alone proves nothing: anybody can write any certificate.
//!
//! - Paths are built and checked by `rustls-webpki`: signatures, validity, basic constraints, path lengths, name
//!   constraints, critical extensions.
//! - Revocation of certificates (CRL, OCSP) is not looked at.
//! - Any extended key usage is accepted; see [`TrustAnchors::verify`].
//! - Time is handed in. All cryptography is that of `aws-lc-rs`.
//!
//! ```no_run
//! use x509::{Chain, TrustAnchors};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let (token, bundle, now) = ("", "", 0);
//! let jws = jose::Jws::parse(token)?;
//! let x5c = jws.header().member("x5c").and_then(|x5c| x5c.as_array()).ok_or("no x5c")?;
//! let chain = Chain::from_x5c(x5c)?;
//! TrustAnchors::from_pem(bundle)?.verify(&chain, now)?;
//! jws.verify(&chain.leaf_key()?)?;
//! # Ok(())
//! # }
//! ```

mod anchors;
mod chain;
mod error;
mod read;

pub use anchors::TrustAnchors;
pub use chain::Chain;
pub use error::{CertificateError, ChainError};

/// The largest number of certificates in a chain, the leaf included.
pub const MAX_CHAIN_CERTIFICATES: usize = 8;

/// The longest certificate, in bytes of its DER.
pub const MAX_CERTIFICATE_LEN: usize = 16 * 1024;

/// The largest number of trust anchors. Systems that trust the whole web name about 150.
pub const MAX_ANCHORS: usize = 1000;

/// The longest PEM text, in bytes.
pub const MAX_PEM_LEN: usize = 2 * 1024 * 1024;
