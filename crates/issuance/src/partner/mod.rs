//! Partner authentication: the `x-partner-auth` header of seeds 000 to 002.

mod error;
mod jwks;
mod token;

pub use error::{AuthenticateError, PartnerAuthError};
pub use jwks::JwksSettings;
pub(crate) use jwks::{JwksCache, TenantKeys};
pub(crate) use token::Authenticator;
pub use token::{Partner, TokenSettings};
