//! What wallets speak: OpenID4VCI.

mod credential_offer;

pub(crate) use credential_offer::draft_11_uri;
