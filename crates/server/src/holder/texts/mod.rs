//! What the page says, one file a language. A text that is missing in one does not compile.

mod de;
mod en;
mod es;
mod fr;
mod zh;

use super::view::{Progress, TxCodeHint, WalletForm};
use crate::web::language::Language;
use crate::web::words::{Around, Titled};

/// What there is to read of how far a claim has come.
pub(super) struct States {
    pub(super) waiting: Titled,
    pub(super) scanned: Titled,
    /// It happened while the page was open.
    pub(super) claimed: Titled,
    pub(super) expired: Titled,
    pub(super) revoked: Titled,
    /// It happened while the page was open.
    pub(super) withdrawn: Titled,
    /// The page no longer follows.
    pub(super) ended: Titled,
}

impl States {
    /// What there is to read of this state.
    pub(super) const fn of(&self, progress: Progress) -> &Titled {
        match progress {
            Progress::Waiting => &self.waiting,
            Progress::Scanned => &self.scanned,
            Progress::Claimed => &self.claimed,
            Progress::Expired => &self.expired,
            Progress::Revoked => &self.revoked,
            Progress::Withdrawn => &self.withdrawn,
        }
    }
}

/// The switch between the forms of an offer.
pub(super) struct Forms {
    /// When to use it.
    pub(super) question: &'static str,
    pub(super) current: &'static str,
    pub(super) older: &'static str,
    pub(super) oldest: &'static str,
}

impl Forms {
    /// For which wallets this one is.
    pub(super) const fn of(&self, form: WalletForm) -> &'static str {
        match form {
            WalletForm::Current => self.current,
            WalletForm::Older => self.older,
            WalletForm::Oldest => self.oldest,
        }
    }
}

/// All texts, in one language.
pub(super) struct Texts {
    /// The language.
    pub(super) language: Language,
    /// An organisation has something for the reader.
    pub(super) heading: Around,
    /// What the picture is, for those who do not see it.
    pub(super) logo: Around,
    pub(super) valid_until: &'static str,
    pub(super) this_device: Titled,
    pub(super) open_wallet: &'static str,
    pub(super) other_device: Titled,
    /// What the picture is, for those who do not see it.
    pub(super) qr: &'static str,
    /// Instead of a code that would be too large.
    pub(super) no_qr: &'static str,
    /// That the wallet will ask for a code, and where that is.
    pub(super) tx_code: fn(&TxCodeHint) -> String,
    pub(super) forms: Forms,
    pub(super) no_wallet: Titled,
    pub(super) states: States,
    /// Claimed before the page was opened.
    pub(super) claimed_before: Titled,
    pub(super) unknown: Titled,
    pub(super) too_often: Titled,
    pub(super) trouble: Titled,
    pub(super) reload: &'static str,
    /// Instead of the state as it changes.
    pub(super) without_script: &'static str,
    pub(super) private: &'static str,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_announced_with_what_is_known_of_it() {
        for texts in Language::ALL.map(Texts::of) {
            let said = |numeric, length| (texts.tx_code)(&TxCodeHint { numeric, length });
            let forms = [said(true, Some(6)), said(false, Some(6)), said(true, None), said(false, None)];
            assert!(forms[0].contains('6') && forms[1].contains('6') && !forms[2].contains('6'), "{forms:?}");
            assert_ne!(forms[0], forms[1], "digits are not letters");
        }
    }

    #[test]
    fn names_are_written_into_sentences() {
        let written = Language::ALL.map(|language| Texts::of(language).heading.with("ACME"));
        let expected = [
            "ACME has a credential for you",
            "ACME hat einen Nachweis für Sie",
            "ACME vous propose une attestation",
            "ACME tiene una credencial para usted",
            "ACME向您发放一份凭证",
        ];
        assert_eq!(written, expected);
    }
}
