//! What a tenant asks wallets to show: templates, and the requests made from them.

use crate::words::words;
use crate::{PresentationId, Stamps, TenantId, Timestamp};

/// A verification template: what is asked for, of which issuers, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentationDefinition {
    /// Whose.
    pub tenant_id: TenantId,
    /// What its tenant calls it.
    pub definition_id: String,
    /// Shown to people.
    pub name: String,
    /// Why it is asked, shown to people.
    pub purpose: Option<String>,
    /// Whether anybody may ask by it, on the verifier's page.
    pub public: bool,
    /// What is asked and how, as JSON: the engine reads it.
    pub terms: String,
    /// When it was made and changed, by whom.
    pub stamps: Stamps,
}

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PresentationState {
    /// Nobody has looked at it.
    Created,
    /// A wallet has fetched it.
    Sent,
    /// A wallet has answered, and what it showed is as it should be.
    Verified,
    /// A wallet has answered, and it is not; or it refused.
    Failed,
    /// Its time is over. [`PresentationRequest::state_at`] says so at once; stored it is when somebody looks for it.
    Expired,
}

words!(PresentationState {
    Created = "created",
    Sent = "sent",
    Verified = "verified",
    Failed = "failed",
    Expired = "expired",
});

impl PresentationState {
    /// Every state, in the words of the API.
    pub const WORDS: [&'static str; 5] = ["created", "sent", "verified", "failed", "expired"];
}

/// A request that a wallet show something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PresentationRequest {
    /// `correlationId`.
    pub id: PresentationId,
    /// Whose.
    pub tenant_id: TenantId,
    /// The template, by its tenant's name for it.
    pub definition_id: String,
    /// The template's name, as it was.
    pub name: String,
    /// The template's purpose, as it was.
    pub purpose: Option<String>,
    /// The template's terms, as they were.
    pub terms: String,
    /// `transaction_data`: a JSON array of encoded objects.
    pub transaction_data: Option<String>,
    /// Where the person's browser goes afterwards.
    pub redirect_uri: Option<String>,
    /// How far it has come, its end apart.
    pub state: PresentationState,
    /// The answer to the template's conditions.
    pub verdict: Option<bool>,
    /// Why it failed: the code of an error, and its text.
    pub error: Option<(String, String)>,
    /// What was shown, sealed.
    pub result: Option<Vec<u8>>,
    /// First moment at which that is no longer kept.
    pub result_until: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// By which user; `public` for somebody on the verifier's page.
    pub created_by: String,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// First moment at which no answer is taken.
    pub expires_at: Timestamp,
}

impl PresentationRequest {
    /// The state at `now`: one that nobody has answered in time has expired.
    pub fn state_at(&self, now: Timestamp) -> PresentationState {
        match self.state {
            PresentationState::Created | PresentationState::Sent if now >= self.expires_at => {
                PresentationState::Expired
            }
            state => state,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_answered_expires() {
        let mut request = PresentationRequest {
            id: "p".into(),
            tenant_id: "t".into(),
            definition_id: "d".to_owned(),
            name: String::new(),
            purpose: None,
            terms: String::new(),
            transaction_data: None,
            redirect_uri: None,
            state: PresentationState::Sent,
            verdict: None,
            error: None,
            result: None,
            result_until: None,
            created_at: Timestamp(0),
            created_by: String::new(),
            updated_at: Timestamp(0),
            expires_at: Timestamp(10),
        };
        assert_eq!(request.state_at(Timestamp(9)), PresentationState::Sent);
        assert_eq!(request.state_at(Timestamp(10)), PresentationState::Expired);
        request.state = PresentationState::Verified;
        assert_eq!(request.state_at(Timestamp(10)), PresentationState::Verified);
    }
}
