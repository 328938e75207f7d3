//! Whether a credential's issuance is in a transparency log.

use std::sync::Arc;

use model::LeafOp;
use serde_json::Value;
use tlog::hash::leaf_hash;
use tlog::key::VerifierKey;
use tlog::tlog_proof::TlogProof;

use crate::commitments::{ProofExtra, commitment, verify_commitments};
use crate::report::{Aspect, Report};
use crate::sources::{OwnEntry, Sources};
use crate::verifier::Run;

/// What a proof that holds shows.
#[derive(Debug)]
pub(crate) struct Shown {
    log: String,
    index: u64,
    witnesses: usize,
}

impl<S: Sources> Run<'_, S> {
    /// The log check of a credential whose signature holds; `own` says whether its issuer is one of this deployment, `log` where
    /// the issuer says that its log is.
    pub(crate) async fn check_log(&self, text: &str, own: bool, log: Option<&str>, report: &mut Report) {
        let proven = match (self.request.proof, log) {
            (Some(proof), _) => self.check_proof(proof, text),
            (None, _) if own => return self.check_own(text, report).await,
            // A log whose key is not known here proves nothing.
            (None, Some(log)) if !self.policy.logs.is_empty() => self.fetch_proof(log, text).await,
            (None, _) => {
                return report.not_applicable(
                    Aspect::Log,
                    "No proof was sent along, and the issuer names no log that is known here.",
                );
            }
        };
        match proven {
            Ok(shown) => report.passed(Aspect::Log, shown.sentence()),
            Err(Refused::Unknown(why)) => report.indeterminate(Aspect::Log, why),
            Err(Refused::Wrong(why)) => report.failed(Aspect::Log, why),
        }
    }

    async fn fetch_proof(&self, log: &str, text: &str) -> Result<Shown, Refused> {
        let unavailable = |why: &dyn std::fmt::Display| {
            Refused::Unknown(format!("The proof that its issuance is in the log {log} cannot be had: {why}."))
        };
        self.spend().map_err(|why| unavailable(&why))?;
        // What is disclosed is nobody's business but the verifier's.
        let jwt = text.split('~').next().unwrap_or_default();
        let proof = self.verifier.sources.fetch_proof(log, jwt).await.map_err(|why| unavailable(&why))?;
        self.check_proof(&proof, text)
    }

    async fn check_own(&self, text: &str, report: &mut Report) {
        let committed = commitment(text).unwrap_or_default();
        // What is in the log stays there.
        if let Some(shown) = self.verifier.proven.get(&committed) {
            return report.passed(Aspect::Log, shown.sentence());
        }
        match self.verifier.sources.own_entry(text).await {
            Ok(OwnEntry::Proof(proof)) => match self.check_proof(&proof, text) {
                Ok(shown) => {
                    report.passed(Aspect::Log, shown.sentence());
                    self.verifier.proven.insert(committed, Arc::new(shown));
                }
                Err(Refused::Unknown(why) | Refused::Wrong(why)) => report.failed(Aspect::Log, why),
            },
            Ok(OwnEntry::Waiting) => report.not_applicable(
                Aspect::Log,
                "The issuance is queued for the log's next checkpoint; ask again in a few seconds for the proof.",
            ),
            Ok(OwnEntry::Unknown) => report.failed(
                Aspect::Log,
                "The issuer's records hold no such credential: it is signed with the issuer's key, but not by this deployment.",
            ),
            Err(why) => report.indeterminate(Aspect::Log, why.0),
        }
    }

    fn check_proof(&self, text: &str, credential: &str) -> Result<Shown, Refused> {
        let wrong =
            |error: &dyn std::fmt::Display| Refused::Wrong(format!("The proof does not hold: {error}."));
        let proof: TlogProof = text.parse().map_err(|error| wrong(&error))?;
        let extra: Value = jose::strict_json(proof.extra()).map_err(|error| wrong(&error))?;
        let extra: ProofExtra = serde_json::from_value(extra).map_err(|error| wrong(&error))?;
        let origin = proof.checkpoint().unverified().origin();
        let own = self.verifier.sources.own_log();
        let keys: Vec<&VerifierKey> = self.policy.logs.iter().chain(&own).collect();
        let key = keys.into_iter().find(|key| key.name().as_str() == origin).ok_or_else(|| {
            Refused::Unknown(format!(
                "The proof is of the log {origin}, whose key is not known here: add it to the verifier's logs.",
            ))
        })?;
        let leaf = leaf_hash(extra.leaf.as_bytes());
        proof.verify(&leaf, origin, key).map_err(|error| wrong(&error))?;
        let leaf = verify_commitments(&extra, Some(credential)).map_err(|error| wrong(&error))?;
        let other = match leaf.op {
            LeafOp::Issue => None,
            LeafOp::Revoke => Some("that it was revoked"),
            LeafOp::Status => Some("what a status list was like"),
        };
        if let Some(other) = other {
            return Err(Refused::Wrong(format!("The proof is {other}, not that it was issued.")));
        }
        let cosignatures = proof.checkpoint().cosignatures(&self.policy.witnesses);
        let witnesses = cosignatures.map_err(|error| wrong(&error))?.len();
        if witnesses < self.policy.cosignatures {
            return Err(Refused::Wrong(format!(
                "The checkpoint has {witnesses} cosignatures of witnesses that are trusted here; {} are wanted.",
                self.policy.cosignatures,
            )));
        }
        Ok(Shown { log: origin.to_owned(), index: proof.index(), witnesses })
    }
}

enum Refused {
    /// The proof may hold; it cannot be told here.
    Unknown(String),
    Wrong(String),
}

impl Shown {
    fn sentence(&self) -> String {
        let witnesses = match self.witnesses {
            0 => String::new(),
            1 => ", whose checkpoint 1 witness has signed too".to_owned(),
            count => format!(", whose checkpoint {count} witnesses have signed too"),
        };
        format!("Its issuance is entry {} of the log {}{witnesses}.", self.index, self.log)
    }
}
