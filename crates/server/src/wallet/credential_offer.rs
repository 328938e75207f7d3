//! Credential offers as wallets read them.

use issuance::ClaimInvitation;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

/// What a query may hold as it is (RFC 3986, section 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The offer by value, in the form of OpenID4VCI, draft 11, section 4.1.
pub(crate) fn draft_11_uri(invitation: &ClaimInvitation) -> String {
    let offer = json!({
        "grants": {
            "urn:ietf:params:oauth:grant-type:pre-authorized_code": {
                "pre-authorized_code": invitation.code,
                "user_pin_required": false,
            },
        },
        "credentials": [invitation.offer.program_id],
        "credential_issuer": invitation.credential_issuer,
    });
    let offer = offer.to_string();
    format!("openid-credential-offer://?credential_offer={}", utf8_percent_encode(&offer, ENCODED))
}
