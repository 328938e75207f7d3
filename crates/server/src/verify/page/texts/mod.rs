//! What the pages say, one file a language. A text that is missing in one does not compile.

mod de;
mod en;
mod es;
mod fr;
mod zh;

use model::PresentationState;
use verify::{Aspect, Outcome, State};

use crate::web::language::Language;
use crate::web::words::{Around, Titled};

/// The page on which a credential is handed in.
pub(super) struct Form {
    pub(super) title: &'static str,
    pub(super) intro: &'static str,
    pub(super) paste: Titled,
    /// What the field is for.
    pub(super) text: &'static str,
    pub(super) check: &'static str,
    pub(super) picture: Titled,
    pub(super) take_photo: &'static str,
    pub(super) choose_picture: &'static str,
    pub(super) check_picture: &'static str,
    /// Before the templates by which anybody may ask.
    pub(super) ask: Titled,
}

/// Why there is nothing to check.
pub(super) struct Problems {
    pub(super) empty: Titled,
    pub(super) unreadable: Titled,
    pub(super) link: Titled,
    pub(super) no_code: Titled,
    pub(super) no_picture: Titled,
    pub(super) large_picture: Titled,
    pub(super) large_text: Titled,
    pub(super) broken: Titled,
}

/// What all checks together say.
pub(super) struct States {
    pub(super) valid: Titled,
    pub(super) revoked: Titled,
    pub(super) suspended: Titled,
    pub(super) expired: Titled,
    pub(super) not_yet_valid: Titled,
    pub(super) unknown_issuer: Titled,
    pub(super) invalid: Titled,
    pub(super) indeterminate: Titled,
}

impl States {
    pub(super) const fn of(&self, state: State) -> &Titled {
        match state {
            State::Valid => &self.valid,
            State::Revoked => &self.revoked,
            State::Suspended => &self.suspended,
            State::Expired => &self.expired,
            State::NotYetValid => &self.not_yet_valid,
            State::UnknownIssuer => &self.unknown_issuer,
            State::Invalid => &self.invalid,
            State::Indeterminate => &self.indeterminate,
        }
    }
}

/// What came of a check, in a word or two.
pub(super) struct Outcomes {
    pub(super) passed: &'static str,
    pub(super) failed: &'static str,
    pub(super) not_applicable: &'static str,
    pub(super) indeterminate: &'static str,
}

impl Outcomes {
    pub(super) const fn of(&self, outcome: Outcome) -> &'static str {
        match outcome {
            Outcome::Passed => self.passed,
            Outcome::Failed => self.failed,
            Outcome::NotApplicable => self.not_applicable,
            Outcome::Indeterminate => self.indeterminate,
        }
    }
}

/// What is looked at.
pub(super) struct Aspects {
    pub(super) format: &'static str,
    pub(super) key: &'static str,
    pub(super) signature: &'static str,
    pub(super) validity: &'static str,
    pub(super) schema: &'static str,
    pub(super) status: &'static str,
    pub(super) holder_binding: &'static str,
    pub(super) log: &'static str,
    pub(super) issuer: &'static str,
    pub(super) credentials: &'static str,
}

impl Aspects {
    pub(super) const fn of(&self, aspect: Aspect) -> &'static str {
        match aspect {
            Aspect::Format => self.format,
            Aspect::Key => self.key,
            Aspect::Signature => self.signature,
            Aspect::Validity => self.validity,
            Aspect::Schema => self.schema,
            Aspect::Status => self.status,
            Aspect::HolderBinding => self.holder_binding,
            Aspect::Log => self.log,
            Aspect::Issuer => self.issuer,
            Aspect::Credentials => self.credentials,
        }
    }
}

/// What surrounds the findings of a document.
pub(super) struct Findings {
    pub(super) details: &'static str,
    pub(super) credential: &'static str,
    pub(super) issuer: &'static str,
    /// The issuer of what nobody is proven to have issued.
    pub(super) alleged_issuer: &'static str,
    pub(super) holder: &'static str,
    pub(super) types: &'static str,
    pub(super) format: &'static str,
    pub(super) issued: &'static str,
    pub(super) valid_until: &'static str,
    pub(super) claims: &'static str,
    /// Instead of the claims of what nobody is proven to have issued.
    pub(super) claims_withheld: &'static str,
    /// That there are so many more than are shown.
    pub(super) more: fn(usize) -> String,
    pub(super) yes: &'static str,
    pub(super) no: &'static str,
    /// A value that is none.
    pub(super) nothing: &'static str,
    /// Instead of a picture.
    pub(super) image: &'static str,
    /// After a text that was cut off.
    pub(super) shortened: &'static str,
    pub(super) checks: &'static str,
    pub(super) another: &'static str,
}

/// How far a request for a presentation has come.
pub(super) struct Stages {
    pub(super) created: Titled,
    pub(super) sent: Titled,
    pub(super) verified: Titled,
    pub(super) failed: Titled,
    pub(super) expired: Titled,
    /// The page no longer follows.
    pub(super) ended: Titled,
}

impl Stages {
    pub(super) const fn of(&self, state: PresentationState) -> &Titled {
        match state {
            PresentationState::Created => &self.created,
            PresentationState::Sent => &self.sent,
            PresentationState::Verified => &self.verified,
            PresentationState::Failed => &self.failed,
            PresentationState::Expired => &self.expired,
        }
    }
}

/// The page on which a wallet is asked.
pub(super) struct Present {
    /// Somebody asks for something.
    pub(super) heading: Around,
    pub(super) purpose: &'static str,
    pub(super) this_device: Titled,
    pub(super) open_wallet: &'static str,
    pub(super) other_device: Titled,
    /// What the picture is, for those who do not see it.
    pub(super) qr: &'static str,
    /// Instead of a code that would be too large.
    pub(super) no_qr: &'static str,
    pub(super) usable_until: &'static str,
    pub(super) no_wallet: Titled,
    pub(super) stages: Stages,
    /// The answer to the template's conditions.
    pub(super) yes: Titled,
    pub(super) no: Titled,
    /// The person did not want to.
    pub(super) declined: Titled,
    pub(super) ask_again: &'static str,
    /// Where the page itself may not ask again.
    pub(super) new_request: &'static str,
    /// Instead of the state as it changes.
    pub(super) without_script: &'static str,
}

/// All texts, in one language.
pub(super) struct Texts {
    pub(super) language: Language,
    pub(super) form: Form,
    pub(super) problems: Problems,
    pub(super) states: States,
    pub(super) outcomes: Outcomes,
    pub(super) aspects: Aspects,
    pub(super) findings: Findings,
    pub(super) present: Present,
    pub(super) unknown: Titled,
    pub(super) too_often: Titled,
    pub(super) trouble: Titled,
    pub(super) reload: &'static str,
}

impl Texts {
    /// The texts in this language.
    pub(super) const fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &en::TEXTS,
            Language::German => &de::TEXTS,
            Language::French => &fr::TEXTS,
            Language::Spanish => &es::TEXTS,
            Language::Chinese => &zh::TEXTS,
        }
    }
}
