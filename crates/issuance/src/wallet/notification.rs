//! The notification endpoint (OpenID4VCI 1.0, section 11): what became of a credential in its wallet.

use model::IssuanceState;

use super::{AccessToken, WalletError};
use crate::engine::Engine;

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotificationEvent {
    /// The wallet keeps it.
    Accepted,
    /// The wallet could not keep it.
    Failure,
    /// The person deleted it.
    Deleted,
}

impl NotificationEvent {
    /// The event of this name.
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "credential_accepted" => Some(Self::Accepted),
            "credential_failure" => Some(Self::Failure),
            "credential_deleted" => Some(Self::Deleted),
            _ => None,
        }
    }

    const fn state(self) -> IssuanceState {
        match self {
            Self::Accepted => IssuanceState::NotificationAccepted,
            Self::Failure => IssuanceState::NotificationFailure,
            Self::Deleted => IssuanceState::NotificationDeleted,
        }
    }
}

impl Engine {
    /// Notes what a wallet says about what it was given. The credential stays what it is; saying it again changes nothing.
    pub async fn notify_issuer(
        &self,
        access: &AccessToken,
        notification_id: &str,
        event: NotificationEvent,
        description: Option<&str>,
    ) -> Result<(), WalletError> {
        let token = &access.token;
        let found = self.store.notified_delivery(&token.hash, notification_id).await?;
        found.ok_or(WalletError::InvalidNotificationId)?;
        let now = self.clock.now();
        Ok(self.store.move_issuance(&token.subject, event.state(), description, now).await?)
    }
}
