//! What a verifier trusts and asks.

use tlog::key::VerifierKey;
use x509::TrustAnchors;

/// Which issuers a verifier trusts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustedIssuers {
    /// Every one: whose word it is, is for the verifier's people to judge.
    Any,
    /// Those of this deployment, and those with one of these identifiers (DIDs or URLs, compared as strings).
    OwnAnd(Vec<String>),
    /// Only those with one of these identifiers.
    Only(Vec<String>),
}

/// Whose word a verifier takes.
#[derive(Clone, Debug)]
pub struct Policy {
    /// Issuers.
    pub issuers: TrustedIssuers,
    /// Certificate authorities whose certificates say who an issuer is (`x5c`); none unless configured.
    pub anchors: Option<TrustAnchors>,
    /// Logs whose checkpoints count, beside that of this deployment.
    pub logs: Vec<VerifierKey>,
    /// Witnesses whose cosignatures count.
    pub witnesses: Vec<VerifierKey>,
    /// How many of them a checkpoint must have.
    pub cosignatures: usize,
    /// How far clocks may differ, in seconds.
    pub leeway: i64,
    /// How old a proof of possession may be, in seconds.
    pub binding_age: i64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            issuers: TrustedIssuers::OwnAnd(Vec::new()),
            anchors: None,
            logs: Vec::new(),
            witnesses: Vec::new(),
            cosignatures: 0,
            leeway: 60,
            binding_age: 300,
        }
    }
}

impl Policy {
    /// Whether it trusts an issuer; `own` says that it is one of this deployment.
    pub(crate) fn trusts(&self, issuer: &str, own: bool) -> bool {
        match &self.issuers {
            TrustedIssuers::Any => true,
            TrustedIssuers::OwnAnd(others) => own || others.iter().any(|other| other == issuer),
            TrustedIssuers::Only(issuers) => issuers.iter().any(|trusted| trusted == issuer),
        }
    }
}
