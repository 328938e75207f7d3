//! Verification: checking what anybody brings, and asking wallets to present (OpenID4VP 1.0).

mod answer;
mod ask;
mod definitions;
mod error;
mod page;
mod results;
mod sources;
mod terms;

use std::sync::Arc;

use anchor::Log;
use jose::SigningKey;
use verify::{OwnEntry, Policy, Report, Request, Verifier};
use x509::Chain;

use crate::engine::Engine;
use crate::{GuardedClient, ProofError};
use sources::Deployment;

pub use answer::PresentationAnswer;
pub use ask::{Asked, NewRequest, RequestObject};
pub use definitions::DefinitionInput;
pub use error::PresentError;
pub use page::{PresentationPage, PublicDefinition};
pub use results::{PresentationStatus, Shown, ShownCredential};
pub use terms::Terms;

/// What the verifier is known by beyond this deployment: a certificate chain and the key of its first certificate.
#[derive(Clone, Debug)]
pub struct VerifierCertificate {
    /// The chain, without the authority that wallets know already.
    pub chain: Chain,
    /// The key.
    pub key: Arc<SigningKey>,
}

/// What an operator decides about verification.
#[derive(Clone, Debug, Default)]
pub struct VerificationSettings {
    /// Whom the verifier trusts where nobody says otherwise.
    pub policy: Policy,
    /// For `x509_san_dns` and `x509_hash`.
    pub certificate: Option<VerifierCertificate>,
}

/// The verifier of a deployment. One per process.
#[derive(Debug)]
pub struct Verification {
    engine: Arc<Engine>,
    verifier: Verifier<Deployment>,
    settings: VerificationSettings,
}

impl Verification {
    /// The verifier of a deployment with this engine and log; `client` fetches what strangers publish.
    pub fn new(
        engine: Arc<Engine>,
        log: Arc<Log>,
        client: GuardedClient,
        settings: VerificationSettings,
    ) -> Self {
        let verifier = Verifier::new(Deployment::new(Arc::clone(&engine), log, client));
        Self { engine, verifier, settings }
    }

    /// Verifies what somebody brought, as [`Request`] says, with the deployment's own policy or another one.
    pub async fn verify(&self, request: Request<'_>, policy: Option<&Policy>) -> Report {
        let request = Request { now: self.engine.now().seconds(), ..request };
        self.verifier.verify(request, policy.unwrap_or(&self.settings.policy)).await
    }

    /// Verifies what somebody brought to the page: nothing was asked of its holder.
    pub async fn verify_document(&self, document: &str) -> Report {
        self.verify(Request { document, ..Request::default() }, None).await
    }

    /// The proof that a signed document of this deployment is in its log, for whoever has the document.
    pub async fn prove(&self, document: &str) -> Result<String, ProofError> {
        match self.verifier.sources().find_entry(document).await? {
            OwnEntry::Proof(proof) => Ok(proof),
            OwnEntry::Waiting => Err(ProofError::NotYet),
            OwnEntry::Unknown => Err(ProofError::Unknown),
        }
    }

    /// The deployment's own policy.
    pub fn policy(&self) -> &Policy {
        &self.settings.policy
    }
}
