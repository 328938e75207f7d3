//! An issued credential and its two lives: holding and anchoring.

use serde::{Deserialize, Serialize};

use crate::words::words;
use crate::{
    Anchoring, CoreClaimHash, CredentialId, Email, HolderId, IssuerId, ProgramId, SchemaId, TenantId,
    Timestamp,
};

/// A transition that a state machine does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a credential that is {from} cannot become {to}")]
pub struct InvalidTransition {
    from: Holding,
    to: Holding,
}

/// Where a credential stands with its holder: `ready_to_claim -> claimed -> revoked`; revoking is possible from both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// Issued; not yet in a wallet.
    ReadyToClaim,
    /// In the holder's wallet.
    Claimed,
    /// Revoked, for ever.
    Revoked,
}

words!(Holding { ReadyToClaim = "ready_to_claim", Claimed = "claimed", Revoked = "revoked" });

impl Holding {
    /// The states from which a credential can be revoked.
    pub const REVOCABLE: [Self; 2] = [Self::ReadyToClaim, Self::Claimed];

    /// The state after revoking.
    pub fn revoke(self) -> Result<Self, InvalidTransition> {
        if Self::REVOCABLE.contains(&self) {
            Ok(Self::Revoked)
        } else {
            Err(InvalidTransition { from: self, to: Self::Revoked })
        }
    }
}

/// Whether a person accepts credentials that a tenant issues on their behalf.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Consent {
    /// Never asked, or did not answer: may be issued to.
    #[default]
    Undecided,
    /// Said yes.
    Approved,
    /// Said no: may not be issued to.
    Rejected,
}

words!(Consent { Undecided = "undecided", Approved = "approved", Rejected = "rejected" });

/// What to do when the person already holds a live credential of the program (seed 000, `onDuplicate`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnDuplicate {
    /// Answer with the existing one.
    Ignore,
    /// Revoke it and issue a new one.
    #[default]
    Revoke,
}

words!(OnDuplicate { Ignore = "ignore", Revoke = "revoke" });

/// `vcStatus` of the status answer (seed 000; the last three from the vendor's wider vocabulary).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VcStatus {
    /// Issued, not yet anchored.
    WaitOnchain,
    /// Issued and anchored.
    Onchain,
    /// Revoked, the revocation not yet anchored.
    WaitRemove,
    /// Revoked, and the revocation anchored.
    Remove,
    /// Past its validity.
    Expire,
}

words!(VcStatus {
    WaitOnchain = "WAIT_ONCHAIN",
    Onchain = "ONCHAIN",
    WaitRemove = "WAIT_REMOVE",
    Remove = "REMOVE",
    Expire = "EXPIRE",
});

/// A person, found by e-mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// `userUuid`: one per person and deployment, whatever the tenant.
    pub id: HolderId,
    /// The address by which the person was first known.
    pub email: Email,
    /// The subject of the person's credentials.
    pub did: String,
}

/// An issued credential, without its signed documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// `vcId`.
    pub id: CredentialId,
    /// Owner.
    pub tenant_id: TenantId,
    /// Who issued it.
    pub issuer_id: IssuerId,
    /// The program by which it was issued.
    pub program_id: ProgramId,
    /// The schema of its subject.
    pub schema_id: SchemaId,
    /// Whose it is.
    pub holder_id: HolderId,
    /// The hash of its core claim.
    pub core_claim_hash: CoreClaimHash,
    /// Where it stands with its holder.
    pub holding: Holding,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
}

impl Credential {
    /// Whether it is neither revoked nor expired at `now`.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.holding != Holding::Revoked && self.expires_at.is_none_or(|expiry| now < expiry)
    }

    /// `vcStatus` at `now`, given how far its issue leaf and its revoke leaf are. A revocation outranks an expiry:
    /// it was said, the other only happened.
    pub fn vc_status(&self, issue: Anchoring, revocation: Anchoring, now: Timestamp) -> VcStatus {
        match (self.holding, revocation) {
            (Holding::Revoked, Anchoring::Anchored) => VcStatus::Remove,
            (Holding::Revoked, Anchoring::Waiting) => VcStatus::WaitRemove,
            _ if !self.is_live(now) => VcStatus::Expire,
            _ if issue == Anchoring::Anchored => VcStatus::Onchain,
            _ => VcStatus::WaitOnchain,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credential(holding: Holding, expires_at: Option<Timestamp>) -> Credential {
        Credential {
            id: "c".into(),
            tenant_id: "t".into(),
            issuer_id: "i".into(),
            program_id: "p".into(),
            schema_id: "s".into(),
            holder_id: "h".into(),
            core_claim_hash: CoreClaimHash([0; 32]),
            holding,
            issued_at: Timestamp(0),
            expires_at,
        }
    }

    #[test]
    fn status_follows_both_lives_and_the_clock() {
        use Anchoring::{Anchored, Waiting};
        let (now, past, later) = (Timestamp(100), Some(Timestamp(100)), Some(Timestamp(101)));
        for (holding, expiry, issue, revocation, expected) in [
            (Holding::ReadyToClaim, None, Waiting, Waiting, VcStatus::WaitOnchain),
            (Holding::ReadyToClaim, later, Anchored, Waiting, VcStatus::Onchain),
            (Holding::Claimed, None, Anchored, Waiting, VcStatus::Onchain),
            (Holding::ReadyToClaim, past, Anchored, Waiting, VcStatus::Expire),
            (Holding::ReadyToClaim, past, Waiting, Waiting, VcStatus::Expire),
            (Holding::Revoked, None, Anchored, Waiting, VcStatus::WaitRemove),
            (Holding::Revoked, past, Anchored, Anchored, VcStatus::Remove),
        ] {
            assert_eq!(credential(holding, expiry).vc_status(issue, revocation, now), expected);
        }
    }

    #[test]
    fn revoked_is_final() {
        assert_eq!(Holding::ReadyToClaim.revoke(), Ok(Holding::Revoked));
        assert_eq!(Holding::Claimed.revoke(), Ok(Holding::Revoked));
        let error = Holding::Revoked.revoke().expect_err("final");
        assert_eq!(error.to_string(), "a credential that is revoked cannot become revoked");
    }

    #[test]
    fn words_read_back() {
        for holding in [Holding::ReadyToClaim, Holding::Claimed, Holding::Revoked] {
            assert_eq!(holding.as_str().parse(), Ok(holding));
        }
        assert!("gone".parse::<Holding>().is_err());
    }
}
