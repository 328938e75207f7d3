//! What a verification says: checks, each with its outcome and a reason, and what follows from all of them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::document::Format;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aspect {
    /// The document can be read, and has the form that its format demands.
    Format,
    /// The issuer's key was found, and is the issuer's.
    Key,
    /// The document is signed by that key; disclosures belong to it.
    Signature,
    /// It is valid now.
    Validity,
    /// Its claims are as its type demands.
    Schema,
    /// It was neither revoked nor suspended.
    Status,
    /// Whoever presents it has the key that it is bound to.
    HolderBinding,
    /// Its issuance is in a transparency log.
    Log,
    /// The verifier trusts the issuer.
    Issuer,
    /// The credentials inside a presentation are valid.
    Credentials,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It holds.
    Passed,
    /// It does not.
    Failed,
    /// There is nothing to check.
    NotApplicable,
    /// What is needed to tell could not be had.
    Indeterminate,
}

/// One check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was looked at.
    pub check: Aspect,
    /// What came of it.
    pub result: Outcome,
    /// Why, for people.
    pub reason: String,
}

/// What all checks together say of a document, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Every check that applies has passed.
    Valid,
    /// Its issuer has revoked it.
    Revoked,
    /// Its issuer has suspended it.
    Suspended,
    /// Its time is over.
    Expired,
    /// Its time has not come.
    NotYetValid,
    /// Nothing is wrong with it, but the verifier does not trust its issuer.
    UnknownIssuer,
    /// A check has failed.
    Invalid,
    /// No check has failed, but not every one could be made.
    Indeterminate,
}

/// What kind of document was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One credential.
    Credential,
    /// What a holder presents: any number of credentials.
    Presentation,
}

/// What is said of one document.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Whether every check that applies has passed.
    pub valid: bool,
    /// The same in one word, with the kind of what is wrong.
    pub state: State,
    /// Credential or presentation; absent for what could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// `dc+sd-jwt`, `jwt_vc_json`, `vc+jwt`, `vc+sd-jwt`, `jwt_vp_json`, `vp+jwt`, `vp+sd-jwt`; absent for what could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<&'static str>,
    /// Who issued it, by its own word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Who presents it, once the key was shown to be the holder's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub holder: Option<String>,
    /// `vct` of an SD-JWT VC, `type` of a W3C credential.
    pub types: Vec<String>,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<String>,
    /// RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// What it says of its subject; empty unless the signature holds.
    pub claims: Map<String, Value>,
    /// Every check, in the order in which they are made.
    pub checks: Vec<Check>,
    /// The credentials in a presentation.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<Report>,
    /// What the processed document holds, for those who evaluate queries over it; not part of the answer.
    #[serde(skip)]
    pub document: Map<String, Value>,
    /// `transaction_data_hashes` of a Key Binding JWT that holds; not part of the answer.
    #[serde(skip)]
    pub transaction_data_hashes: Vec<String>,
    /// The algorithm of these.
    #[serde(skip)]
    pub transaction_data_hashes_alg: Option<String>,
    /// What the status check or the validity check found, for [`State`].
    #[serde(skip)]
    found: Option<State>,
}

impl Default for Report {
    fn default() -> Self {
        Self {
            valid: false,
            state: State::Invalid,
            kind: None,
            format: None,
            issuer: None,
            holder: None,
            types: Vec::new(),
            issued_at: None,
            expires_at: None,
            claims: Map::new(),
            checks: Vec::new(),
            credentials: Vec::new(),
            document: Map::new(),
            transaction_data_hashes: Vec::new(),
            transaction_data_hashes_alg: None,
            found: None,
        }
    }
}

impl Report {
    /// Nothing yet about a document of this format.
    pub(crate) fn of(format: Format) -> Self {
        Self { kind: Some(format.kind()), format: Some(format.as_str()), ..Self::default() }
    }

    pub(crate) fn note(&mut self, check: Aspect, result: Outcome, reason: impl Into<String>) {
        self.checks.push(Check { check, result, reason: reason.into() });
    }

    pub(crate) fn passed(&mut self, check: Aspect, reason: impl Into<String>) {
        self.note(check, Outcome::Passed, reason);
    }

    pub(crate) fn failed(&mut self, check: Aspect, reason: impl Into<String>) {
        self.note(check, Outcome::Failed, reason);
    }

    pub(crate) fn not_applicable(&mut self, check: Aspect, reason: impl Into<String>) {
        self.note(check, Outcome::NotApplicable, reason);
    }

    pub(crate) fn indeterminate(&mut self, check: Aspect, reason: impl Into<String>) {
        self.note(check, Outcome::Indeterminate, reason);
    }

    /// A check that failed for a reason which has a [`State`] of its own; the first such reason is kept.
    pub(crate) fn failed_as(&mut self, state: State, check: Aspect, reason: impl Into<String>) {
        self.found.get_or_insert(state);
        self.failed(check, reason);
    }

    /// What came of a check, if it was made.
    pub fn outcome(&self, aspect: Aspect) -> Option<Outcome> {
        self.checks.iter().find(|check| check.check == aspect).map(|check| check.result)
    }

    /// Draws the conclusion from the checks.
    pub(crate) fn finish(mut self) -> Self {
        let failed = |aspects: &[Aspect]| {
            let mut failures = self.checks.iter().filter(|check| check.result == Outcome::Failed);
            failures.any(|check| aspects.contains(&check.check))
        };
        // A forged document is not "revoked", whatever it says of itself.
        let broken = failed(&[Aspect::Format, Aspect::Key, Aspect::Signature]);
        let trusted = !failed(&[Aspect::Issuer]);
        // Whatever failed without a state of its own; only that nobody knows the issuer is told apart.
        let others =
            self.checks.iter().any(|check| check.result == Outcome::Failed && check.check != Aspect::Issuer);
        let open = self.checks.iter().any(|check| check.result == Outcome::Indeterminate);
        self.state = match self.found {
            _ if broken => State::Invalid,
            Some(state) => state,
            None if others => State::Invalid,
            None if !trusted => State::UnknownIssuer,
            None if open => State::Indeterminate,
            None => State::Valid,
        };
        self.valid = self.state == State::Valid;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(checks: &[(Aspect, Outcome)]) -> Report {
        let mut report = Report::default();
        for (aspect, outcome) in checks {
            report.note(*aspect, *outcome, "");
        }
        report
    }

    #[test]
    fn only_what_passed_every_check_that_applies_is_valid() {
        use Outcome::{Failed, Indeterminate, NotApplicable, Passed};
        let conclude = |checks: &[(Aspect, Outcome)]| {
            let report = with(checks).finish();
            assert_eq!(report.valid, report.state == State::Valid);
            report.state
        };
        assert_eq!(conclude(&[(Aspect::Format, Passed), (Aspect::Schema, NotApplicable)]), State::Valid);
        assert_eq!(
            conclude(&[(Aspect::Format, Passed), (Aspect::Status, Indeterminate)]),
            State::Indeterminate
        );
        assert_eq!(conclude(&[(Aspect::Status, Indeterminate), (Aspect::Schema, Failed)]), State::Invalid);
        assert_eq!(conclude(&[(Aspect::Issuer, Failed), (Aspect::Status, Passed)]), State::UnknownIssuer);
        assert_eq!(conclude(&[(Aspect::Issuer, Failed), (Aspect::Log, Failed)]), State::Invalid);
        for aspect in [
            Aspect::Format,
            Aspect::Key,
            Aspect::Signature,
            Aspect::Validity,
            Aspect::Schema,
            Aspect::Status,
            Aspect::HolderBinding,
            Aspect::Log,
            Aspect::Credentials,
        ] {
            assert_eq!(conclude(&[(aspect, Failed), (Aspect::Format, Passed)]), State::Invalid, "{aspect:?}");
        }
    }

    #[test]
    fn a_forged_document_is_invalid_whatever_it_says_of_itself() {
        let mut report = with(&[(Aspect::Signature, Outcome::Failed)]);
        report.failed_as(State::Expired, Aspect::Validity, "");
        assert_eq!(report.finish().state, State::Invalid);
        let mut report = with(&[(Aspect::Signature, Outcome::Passed), (Aspect::Issuer, Outcome::Failed)]);
        report.failed_as(State::Revoked, Aspect::Status, "");
        report.failed_as(State::Expired, Aspect::Validity, "");
        assert_eq!(report.finish().state, State::Revoked);
    }
}
