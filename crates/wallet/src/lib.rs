//! What a wallet says to an issuer (OpenID4VCI 1.0): reads offers, writes requests, proves keys; and to a verifier (OpenID4VP 1.0):
//! reads requests, presents. Pure: whoever uses it brings the HTTP client, the clock and the randomness.
//!
//! It is the other side of `server::wallet`, and shares no code with it but that of JOSE and of SD-JWT.

mod key;
mod offer;
mod presentation;

pub use key::WalletKey;
pub use offer::{CredentialOffer, Invitation, OfferError, credential_request};
pub use presentation::{PresentationError, PresentationRequest, request_uri};
