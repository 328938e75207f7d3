//! What a wallet answers (OpenID4VP 1.0, section 8): checked, judged, and kept for as long as the tenant says.

use std::collections::BTreeMap;

use model::{
    Actor, ActorKind, AuditAction, Origin, PresentationId, PresentationRequest, PresentationState, Timestamp,
};
use openid4vp::condition::verdict;
use openid4vp::dcql::{Presented, Selected};
use openid4vp::response::{Answer, Form, Presentation, VpToken};
use openid4vp::transaction_data::Carried;
use serde_json::Value;
use store::PresentationOutcome;
use url::Url;
use verify::{Aspect, Kind, Outcome, Policy, Report, Request, kind_of};

use super::ask::Prepared;
use super::results::{Shown, ShownCredential};
use super::{PresentError, Verification};

/// The longest answer, in bytes.
const LIMIT: usize = 1 << 20;

/// The code under which a wallet's refusal to present is kept when it gave none that can be shown.
const INVALID: &str = "invalid_presentation";

/// What the wallet is told.
#[derive(Clone, Debug, Default)]
pub struct PresentationAnswer {
    /// Where it sends the person's browser.
    pub redirect_uri: Option<String>,
}

/// A presentation that was verified, and under which of the query's credentials it was sent.
struct Verified {
    query_id: String,
    report: Report,
}

/// What an answer comes to.
struct Judgement {
    selected: Vec<Selected>,
    verdict: Option<bool>,
}

impl Verification {
    /// The longest answer that [`Verification::answer`] reads, in bytes.
    pub const ANSWER_LIMIT: usize = LIMIT;

    /// Takes a wallet's answer to a request. Each request takes one; what does not hold ends the request, too.
    ///
    /// # Errors
    /// [`PresentError::Refused`] for what is no answer to this request (which stays open), and for what does not hold.
    pub async fn answer(
        &self,
        id: &PresentationId,
        body: &str,
        origin: Origin,
    ) -> Result<PresentationAnswer, PresentError> {
        let request = self.open_request(id).await?;
        let prepared = self.prepare(&request).await?;
        let refused = |error: &dyn std::fmt::Display| PresentError::Refused(sentence(error));
        let form = Form::parse(body, LIMIT).map_err(|error| refused(&error))?;
        let answer = form.answer(prepared.key.as_ref(), LIMIT).map_err(|error| refused(&error))?;
        if answer.state() != Some(prepared.state.as_str()) {
            return Err(PresentError::Refused(
                "The answer belongs to another request: its \"state\" is not the one of this request."
                    .to_owned(),
            ));
        }
        let vp_token = match answer {
            Answer::Presented { vp_token, .. } => vp_token,
            Answer::Refused(error) => {
                let text =
                    error.description.unwrap_or_else(|| "The wallet has not presented anything.".to_owned());
                let outcome = self.failed(&request, &prepared, (error.code, text), Vec::new());
                self.finish(&request, &outcome, origin).await?;
                return Ok(self.afterwards(&request));
            }
        };
        let policy = self.policy_of(&request.tenant_id, &prepared.terms).await?;
        let verified = self.verify_all(&prepared, &vp_token, &policy).await;
        let (outcome, refusal) = match self.judge(&prepared, &verified) {
            Ok(judgement) => (self.succeeded(&request, &prepared, verified, &judgement), None),
            Err(why) => {
                let error = (INVALID.to_owned(), why.clone());
                (self.failed(&request, &prepared, error, verified), Some(why))
            }
        };
        self.finish(&request, &outcome, origin).await?;
        match refusal {
            None => Ok(self.afterwards(&request)),
            Some(why) => Err(PresentError::Refused(why)),
        }
    }

    async fn verify_all(&self, prepared: &Prepared, vp_token: &VpToken, policy: &Policy) -> Vec<Verified> {
        let audience = prepared.client_id.to_string();
        let mut verified = Vec::new();
        for (query_id, presentations) in &vp_token.presentations {
            let query = prepared.query.credential(query_id);
            for presentation in presentations {
                let text = match presentation {
                    Presentation::Text(text) => text.clone(),
                    Presentation::Object(members) => Value::Object(members.clone()).to_string(),
                };
                // Where the query can do without, a bare credential is as good. What is signed by its holder is signed for somebody.
                let bare = query.is_some_and(|query| !query.require_cryptographic_holder_binding)
                    && (text.ends_with('~') || !text.contains('~'))
                    && kind_of(&text) == Some(Kind::Credential);
                let request = Request {
                    document: &text,
                    nonce: (!bare).then_some(prepared.nonce.as_str()),
                    audience: (!bare).then_some(audience.as_str()),
                    fresh: true,
                    proof: None,
                    now: 0,
                };
                let report = self.verify(request, Some(policy)).await;
                verified.push(Verified { query_id: query_id.clone(), report });
            }
        }
        verified
    }

    /// Whether what was presented is what was asked for.
    fn judge(&self, prepared: &Prepared, verified: &[Verified]) -> Result<Judgement, String> {
        for one in verified {
            if !one.report.valid {
                return Err(format!("The credential `{}`: {}", one.query_id, complaint(&one.report)));
            }
        }
        let mut presented: BTreeMap<String, Vec<Presented<'_>>> = BTreeMap::new();
        for one in verified {
            let found = as_presented(&one.report).ok_or_else(|| {
                format!("The credential `{}`: the presentation must hold one credential.", one.query_id)
            })?;
            presented.entry(one.query_id.clone()).or_default().push(found);
        }
        let selected = prepared.query.check(&presented).map_err(|mismatch| sentence(&mismatch))?;
        let carried: Vec<Carried<'_>> = verified
            .iter()
            .map(|one| Carried {
                credential: &one.query_id,
                hashes: &one.report.transaction_data_hashes,
                alg: one.report.transaction_data_hashes_alg.as_deref(),
            })
            .collect();
        prepared.transactions.verify(&carried).map_err(|mismatch| sentence(&mismatch))?;
        let question = prepared.terms.is_question();
        let verdict =
            question.then(|| verdict(&prepared.terms.conditions, &selected, self.engine.now().seconds()));
        Ok(Judgement { selected, verdict })
    }

    fn succeeded(
        &self,
        request: &PresentationRequest,
        prepared: &Prepared,
        verified: Vec<Verified>,
        judgement: &Judgement,
    ) -> PresentationOutcome {
        let mut shown = shown(verified);
        // The answer to a question is kept, not what it was told from.
        if judgement.verdict.is_none() {
            for selected in &judgement.selected {
                let of_query = shown.credentials.iter_mut().filter(|shown| shown.id == selected.id);
                if let Some(credential) = of_query.into_iter().nth(selected.index) {
                    credential.claims =
                        selected.claims.iter().map(|(path, value)| (path.to_json(), value.clone())).collect();
                }
            }
        }
        let (result, result_until) = self.kept(request, prepared.terms.keep_seconds, &shown);
        PresentationOutcome {
            state: PresentationState::Verified,
            verdict: judgement.verdict,
            error: None,
            result,
            result_until,
        }
    }

    /// What is kept of an answer that does not hold: why, and no claim.
    fn failed(
        &self,
        request: &PresentationRequest,
        prepared: &Prepared,
        error: (String, String),
        verified: Vec<Verified>,
    ) -> PresentationOutcome {
        let (result, result_until) = self.kept(request, prepared.terms.keep_seconds, &shown(verified));
        PresentationOutcome {
            state: PresentationState::Failed,
            verdict: None,
            error: Some(error),
            result,
            result_until,
        }
    }

    fn kept(
        &self,
        request: &PresentationRequest,
        seconds: i64,
        shown: &Shown,
    ) -> (Option<Vec<u8>>, Option<Timestamp>) {
        if seconds == 0 || shown.credentials.is_empty() {
            return (None, None);
        }
        let sealed = self.seal(&request.id, shown);
        (Some(sealed), Some(self.engine.now().plus_seconds(seconds)))
    }

    async fn finish(
        &self,
        request: &PresentationRequest,
        outcome: &PresentationOutcome,
        origin: Origin,
    ) -> Result<(), PresentError> {
        let actor = Actor { kind: ActorKind::Holder, id: "wallet".to_owned(), key: None, origin };
        let id = request.id.as_str();
        let now = self.engine.now();
        let mut event =
            self.engine.event(&actor, &request.tenant_id, AuditAction::AnswerPresentation, id, now);
        if let Some((code, _)) = &outcome.error {
            event.result = code.clone();
        }
        if self.engine.store().finish_presentation(&request.id, outcome, &event).await? {
            return Ok(());
        }
        // Somebody was faster, or it took too long.
        Err(self.open_request(&request.id).await.err().unwrap_or(PresentError::Answered))
    }

    fn afterwards(&self, request: &PresentationRequest) -> PresentationAnswer {
        let redirect_uri = request.redirect_uri.as_deref().and_then(|uri| {
            let mut uri = Url::parse(uri).ok()?;
            uri.query_pairs_mut()
                .append_pair("response_code", &self.secret_text("response-code", &request.id));
            Some(uri.to_string())
        });
        PresentationAnswer { redirect_uri }
    }
}

/// What an error says, as a sentence. A name that it begins with stays as it is.
fn sentence(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    let word = text.split(' ').next().unwrap_or_default();
    if !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return format!("{text}.");
    }
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase()).into_iter();
    first.chain(letters).chain(['.']).collect()
}

/// Why a document is not valid, in one sentence: what is wrong with the first of its credentials, if with one of them.
fn complaint(report: &Report) -> String {
    let inner = report.credentials.iter().find(|credential| !credential.valid);
    let checks = inner.map_or(&report.checks, |inner| &inner.checks);
    let of = |result: Outcome| checks.iter().chain(&report.checks).find(|check| check.result == result);
    let found = of(Outcome::Failed).or_else(|| of(Outcome::Indeterminate));
    found.map_or_else(|| "it is not valid.".to_owned(), |check| check.reason.clone())
}

/// A verified document as the query sees it; of a W3C presentation, its one credential.
fn as_presented(report: &Report) -> Option<Presented<'_>> {
    let (credential, bound) = match report.kind? {
        Kind::Credential => (report, report.outcome(Aspect::HolderBinding) == Some(Outcome::Passed)),
        Kind::Presentation => {
            let [credential] = report.credentials.as_slice() else { return None };
            let passed = |report: &Report| report.outcome(Aspect::HolderBinding) == Some(Outcome::Passed);
            (credential, passed(report) && passed(credential))
        }
    };
    Some(Presented {
        format: credential.format?,
        vct: credential.types.first().map(String::as_str),
        types: &credential.types,
        claims: &credential.document,
        holder_bound: bound,
    })
}

fn shown(verified: Vec<Verified>) -> Shown {
    let credentials = verified.into_iter().map(|one| {
        let mut report = one.report;
        let inner = (report.credentials.len() == 1).then(|| report.credentials.remove(0));
        let credential = inner.as_ref().unwrap_or(&report);
        ShownCredential {
            id: one.query_id,
            format: credential.format.unwrap_or_default().to_owned(),
            issuer: credential.issuer.clone().unwrap_or_default(),
            types: credential.types.clone(),
            state: credential.state,
            checks: match &inner {
                // What is said of the whole comes first.
                Some(inner) => report.checks.iter().chain(&inner.checks).cloned().collect(),
                None => report.checks.clone(),
            },
            claims: Vec::new(),
        }
    });
    Shown { credentials: credentials.collect() }
}
