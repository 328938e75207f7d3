//! Issue on behalf (seeds 000 to 002): a partner's server issues a credential to a person known by e-mail.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use iden3::Id;
use model::{
    Actor, AuditAction, Consent, CoreClaimHash, CredentialId, Email, Holder, HolderId, LeafOp, LogLeaf,
    OnDuplicate, Origin, ProgramClosed, ProgramId, SchemaId, Tenant, TenantId, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{
    CommitOutcome, HolderPlan, IdempotencyRecord, IssuancePlan, Occupant, Revocation, Snapshot,
    SnapshotQuery, StoreError,
};
use tokio::sync::{Mutex, MutexGuard};
use verify::sha256;

use crate::EngineError;
use crate::catalog::ActiveProgram;
use crate::engine::Engine;
use crate::idempotency::IdempotencyKey;
use crate::mint::Content;
use crate::partner::{Partner, PartnerAuthError};
use crate::subject::Violation;

impl Partner {
    /// Whether the partner may issue on behalf, and for whom: the token names a person, and the feature is on.
    pub fn may_issue(&self) -> Result<&Email, IssueError> {
        let email = self.email().map_err(IssueError::Person)?;
        if self.tenant.issue_on_behalf { Ok(email) } else { Err(IssueError::FeatureOff) }
    }
}

/// How often a decision is made anew when another replica changes what it relied on.
const ATTEMPTS: usize = 20;

/// A request, as the dialect read it.
#[derive(Debug)]
pub struct IssueRequest {
    issuer_did: String,
    program: ProgramId,
    subject: Map<String, Value>,
    subject_id: Option<Value>,
    on_duplicate: OnDuplicate,
    idempotency: Option<IdempotencyKey>,
    origin: Origin,
}

impl IssueRequest {
    /// A request to issue by `program` of the issuer with `issuer_did`. An `id` among the subject's members is checked and
    /// dropped: the subject is the holder, whatever the caller would like it to be.
    pub fn new(
        issuer_did: String,
        program: ProgramId,
        mut subject: Map<String, Value>,
        on_duplicate: OnDuplicate,
    ) -> Self {
        let subject_id = subject.remove("id");
        Self {
            issuer_did,
            program,
            subject,
            subject_id,
            on_duplicate,
            idempotency: None,
            origin: Origin::default(),
        }
    }

    /// The same request under an idempotency key, sent with this body.
    #[must_use]
    pub fn with_idempotency_key(mut self, key: &str, body: &[u8]) -> Self {
        self.idempotency = Some(IdempotencyKey::new("", key, body));
        self
    }

    /// The same request, sent from there.
    #[must_use]
    pub fn from(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }
}

/// The answer. It is also what is kept for retries, so that they get the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    /// `coreClaimHash`, 64 lower-case hex digits.
    pub core_claim_hash: String,
    /// The program.
    pub program: ProgramId,
    /// `userUuid`.
    pub holder: HolderId,
}

/// Why nothing was issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The token does not name a person.
    #[error(transparent)]
    Person(PartnerAuthError),
    /// The tenant may not issue on behalf.
    #[error("issueOnBehalf is not allowed")]
    FeatureOff,
    /// No issuer has this DID.
    #[error("Unknown issuer DID: no issuer has this issuerDid. Check it in your settings.")]
    UnknownIssuer,
    /// The tenant has no published program of this id.
    #[error("Unknown issuance program: you have no published program with this credentialId.")]
    UnknownProgram,
    /// The id is a schema's.
    #[error(
        "Unknown issuance program: this credentialId is a schema's id. Send the id of an issuance program."
    )]
    SchemaId,
    /// The issuer is another tenant's.
    #[error("The issuer is not yours: use an issuerDid of your own.")]
    ForeignIssuer,
    /// The program is another issuer's.
    #[error("This issuerDid does not own the program: use the DID of the program's issuer.")]
    OtherIssuer,
    /// The schema is another tenant's.
    #[error("Schema not allowed for this partner: the program's schema belongs to somebody else.")]
    ForeignSchema,
    /// The program is outside its window.
    #[error(transparent)]
    Closed(#[from] ProgramClosed),
    /// The program has issued all that it may.
    #[error("The program's cap is reached: it may issue {0} credentials in all.")]
    CapReached(i64),
    /// The subject is not what the schema says.
    #[error("{}", list(.0))]
    Subject(Vec<Violation>),
    /// The person said no.
    #[error("Consent rejected by user: this person has declined credentials from you.")]
    ConsentRejected,
    /// A live one exists, and the tenant wants that to be a conflict.
    #[error("Duplicate conflict: this person holds a live credential of this program already.")]
    Duplicate,
    /// The idempotency key was used for another request.
    #[error(
        "Idempotency-Key conflict: this key was used for another request. Use a new key for a new request."
    )]
    KeyReused,
    /// Others kept changing what the decision relied on.
    #[error("Conflict: other requests for the same person and program are under way. Try again.")]
    Contended,
    /// Our fault.
    #[error(transparent)]
    Internal(#[from] EngineError),
}

impl From<StoreError> for IssueError {
    fn from(error: StoreError) -> Self {
        Self::Internal(error.into())
    }
}

fn list(violations: &[Violation]) -> String {
    let lines: Vec<String> = violations.iter().map(Violation::to_string).collect();
    format!("The subject does not match the program's schema. {}", lines.join("; "))
}

/// Requests of one process for the same person take turns, so that they do not make each other decide again and again. Across
/// replicas the database alone decides.
#[derive(Debug)]
pub(crate) struct Turns {
    stripes: Vec<Mutex<()>>,
    hasher: RandomState,
}

impl Default for Turns {
    fn default() -> Self {
        Self { stripes: (0..4096).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }
}

impl Turns {
    async fn take(&self, tenant: &TenantId, email: &Email) -> MutexGuard<'_, ()> {
        let stripe = self.hasher.hash_one((tenant, email.key())) as usize % self.stripes.len();
        self.stripes[stripe].lock().await
    }
}

impl Engine {
    /// Issues a credential to the person whom the partner's token names. When it returns, the credential is durable; it is
    /// anchored later.
    pub async fn issue_on_behalf(
        &self,
        partner: &Partner,
        request: &IssueRequest,
    ) -> Result<Issued, IssueError> {
        let actor = partner.actor(&request.origin);
        let case = Case { partner, request, email: partner.may_issue()?, actor };
        let _turn = self.turns.take(&partner.tenant.id, case.email).await;
        for _ in 0..ATTEMPTS {
            if let Some(issued) = self.answer_again(&case).await? {
                return Ok(issued);
            }
            let active = self.admit(&case).await?;
            let query = SnapshotQuery {
                tenant: partner.tenant.id.clone(),
                email: case.email.clone(),
                duplicate_key: active.program.duplicate_key(),
            };
            let snapshot = self.store.issuance_snapshot(query).await?;
            if let Some(issued) = self.decide(&case, &active, snapshot).await? {
                metrics::counter!("bestow_issued_total").increment(1);
                return Ok(issued);
            }
        }
        Err(IssueError::Contended)
    }

    /// The answer to an earlier request with the same idempotency key.
    async fn answer_again(&self, case: &Case<'_>) -> Result<Option<Issued>, IssueError> {
        let Some(key) = &case.request.idempotency else { return Ok(None) };
        let Some(kept) = self.store.kept_answer(&case.partner.tenant.id, key.key_hash).await? else {
            return Ok(None);
        };
        if kept.request_hash != case.request_hash(key) {
            return Err(IssueError::KeyReused);
        }
        let issued = serde_json::from_str(&kept.answer);
        Ok(Some(issued.map_err(|error| EngineError::inconsistent(format!("a kept answer: {error}")))?))
    }

    /// Everything that can be said without looking at the person: issuer, program, ownership, window, subject.
    async fn admit(&self, case: &Case<'_>) -> Result<Arc<ActiveProgram>, IssueError> {
        let (tenant, request) = (&case.partner.tenant, case.request);
        let issuer = self.issuer_by_did(&request.issuer_did).await?.ok_or(IssueError::UnknownIssuer)?;
        let Some(active) = self.active_program(&tenant.id, &request.program).await? else {
            return Err(self.no_program(tenant, &request.program).await?);
        };
        if issuer.issuer.tenant_id != tenant.id {
            return Err(IssueError::ForeignIssuer);
        }
        if active.program.issuer_id != issuer.issuer.id {
            return Err(IssueError::OtherIssuer);
        }
        if active.schema_tenant != tenant.id {
            return Err(IssueError::ForeignSchema);
        }
        active.program.check_window(self.clock.now())?;
        active.schema.check(&request.subject, request.subject_id.as_ref()).map_err(IssueError::Subject)?;
        Ok(active)
    }

    /// Says what is wrong with a program id; a schema of the tenant's own may be named as such.
    async fn no_program(&self, tenant: &Tenant, id: &ProgramId) -> Result<IssueError, EngineError> {
        let schema = self.store.schema(&SchemaId::from(id.as_str())).await?;
        let own = schema.is_some_and(|schema| schema.tenant_id == tenant.id);
        Ok(if own { IssueError::SchemaId } else { IssueError::UnknownProgram })
    }

    /// Decides by what the snapshot says, and makes the decision durable; `None` if it was overtaken.
    async fn decide(
        &self,
        case: &Case<'_>,
        active: &ActiveProgram,
        snapshot: Snapshot,
    ) -> Result<Option<Issued>, IssueError> {
        if snapshot.consent == Consent::Rejected {
            return Err(IssueError::ConsentRejected);
        }
        let now = self.clock.now();
        let live = snapshot.occupant.as_ref().filter(|occupant| occupant.is_live(now));
        match (case.request.on_duplicate, live, &snapshot.holder) {
            (OnDuplicate::Ignore, Some(_), _) if case.partner.tenant.ignore_is_conflict => {
                Err(IssueError::Duplicate)
            }
            (OnDuplicate::Ignore, Some(existing), Some(holder)) => {
                let issued = case.answer(existing.core_claim_hash, holder);
                let kept = match case.record(&issued) {
                    Some(record) => self.store.remember_answer(&case.partner.tenant.id, &record, now).await?,
                    None => true,
                };
                Ok(kept.then_some(issued))
            }
            (_, live, _) => {
                let revocation = match live {
                    Some(occupant) => Some(self.revocation(occupant, now).await?),
                    None => None,
                };
                self.issue(case, active, snapshot, revocation, now).await
            }
        }
    }

    /// The revocation of a credential, as the log will say it.
    async fn revocation(&self, occupant: &Occupant, now: Timestamp) -> Result<Revocation, EngineError> {
        let issuer = self.store.issuer(&occupant.issuer_id).await?;
        let issuer = issuer.ok_or_else(|| EngineError::inconsistent("a credential's issuer is gone"))?;
        let leaf = LogLeaf::new(LeafOp::Revoke, &issuer.did, occupant.core_claim_hash, now).to_json();
        Ok(Revocation { credential_id: occupant.id.clone(), leaf })
    }

    async fn issue(
        &self,
        case: &Case<'_>,
        active: &ActiveProgram,
        snapshot: Snapshot,
        revocation: Option<Revocation>,
        now: Timestamp,
    ) -> Result<Option<Issued>, IssueError> {
        let holder = match snapshot.holder {
            Some(holder) => HolderPlan { holder, is_new: false },
            None => HolderPlan { holder: self.new_holder(case.email)?, is_new: true },
        };
        let position = self.positions.next(&self.store, &active.program.issuer_id).await?;
        let content = Content {
            active,
            subject: &holder.holder.did,
            claims: &case.request.subject,
            issued_at: now,
            expires_at: active.program.expiry(now),
        };
        let credential = self.mint(content, active.issuer.status_entry(position))?;
        let issued = case.answer(credential.core_claim_hash, &holder.holder);
        let event = |action, id: &CredentialId| {
            self.event(&case.actor, &case.partner.tenant.id, action, id.as_str(), now)
        };
        let issuing = event(AuditAction::IssueCredential, &credential.id);
        let revoking = revocation
            .as_ref()
            .map(|revocation| event(AuditAction::RevokeCredential, &revocation.credential_id));
        let plan = IssuancePlan {
            tenant: case.partner.tenant.id.clone(),
            holder,
            duplicate_key: active.program.duplicate_key(),
            occupant: snapshot.occupant.map(|occupant| occupant.id),
            revocation,
            credential,
            capped: active.program.cap.is_some(),
            idempotency: case.record(&issued),
            events: std::iter::once(issuing).chain(revoking).collect(),
            now,
        };
        match self.store.commit_issuance(plan).await? {
            CommitOutcome::Committed => Ok(Some(issued)),
            CommitOutcome::Raced => Ok(None),
            CommitOutcome::CapReached => Err(IssueError::CapReached(active.program.cap.unwrap_or_default())),
        }
    }

    /// A person who was not known.
    pub(crate) fn new_holder(&self, email: &Email) -> Result<Holder, EngineError> {
        Ok(Holder { id: HolderId::mint(&*self.entropy), email: email.clone(), did: self.new_holder_did()? })
    }

    /// The DID of somebody who was not known: an identifier that nobody has a key for until a wallet brings one.
    pub(crate) fn new_holder_did(&self) -> Result<String, EngineError> {
        let method = &self.settings.did_method;
        let id = Id::from_genesis(method.type_bytes(), self.entropy.bytes());
        method.did(&id).map_err(|error| EngineError::inconsistent(format!("holder: {error}")))
    }
}

/// Who asks for what, for whom.
struct Case<'a> {
    partner: &'a Partner,
    request: &'a IssueRequest,
    email: &'a Email,
    actor: Actor,
}

impl Case<'_> {
    fn answer(&self, hash: CoreClaimHash, holder: &Holder) -> Issued {
        Issued {
            core_claim_hash: hash.to_string(),
            program: self.request.program.clone(),
            holder: holder.id.clone(),
        }
    }

    /// A request is the body and the person: the person is in the token, not in the body.
    fn request_hash(&self, key: &IdempotencyKey) -> [u8; 32] {
        sha256(&[&key.body_hash, self.email.key().as_bytes()].concat())
    }

    fn record(&self, issued: &Issued) -> Option<IdempotencyRecord> {
        self.request.idempotency.as_ref().map(|key| IdempotencyRecord {
            key_hash: key.key_hash,
            request_hash: self.request_hash(key),
            answer: serde_json::to_string(issued).expect("an answer holds nothing that JSON cannot"),
        })
    }
}
