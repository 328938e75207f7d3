//! What a program asks of wallets (OpenID4VCI), and how its credentials look in them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::words::words;
use crate::{CredentialId, OfferId};

/// How a transaction code is written (OpenID4VCI 1.0, section 4.1.1, `input_mode`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TxCodeMode {
    /// Digits.
    Numeric,
    /// Letters and digits.
    Text,
}

words!(TxCodeMode { Numeric = "numeric", Text = "text" });

impl TxCodeMode {
    /// How many characters a code of this kind has.
    pub const fn length(self) -> usize {
        match self {
            Self::Numeric => 6,
            Self::Text => 8,
        }
    }
}

/// An algorithm by which a wallet proves that it holds a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ProofAlgorithm {
    /// ECDSA on P-256 (RFC 7518).
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA on secp256k1 (RFC 8812).
    #[serde(rename = "ES256K")]
    Es256k,
    /// Ed25519 (RFC 8037).
    #[serde(rename = "EdDSA")]
    EdDsa,
}

words!(ProofAlgorithm { Es256 = "ES256", Es256k = "ES256K", EdDsa = "EdDSA" });

impl ProofAlgorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Es256, Self::Es256k, Self::EdDsa];
}

/// A picture and what it shows, for those who do not see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logo {
    /// Where it is: `https:`.
    pub uri: String,
    /// What it shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alt_text: Option<String>,
}

/// How a credential looks to those who read one language (OpenID4VCI 1.0, section 12.2.4, `display`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CardDisplay {
    /// The credential's name.
    pub name: String,
    /// The language (BCP 47); for everybody if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its logo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logo: Option<Logo>,
    /// The card's colour: `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub background_color: Option<String>,
    /// The colour of its text: `#rrggbb`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text_color: Option<String>,
}

/// How a program's credentials look.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProgramDisplay {
    /// The credential, one entry a language; the program's name if there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub display: Vec<CardDisplay>,
    /// The names of claims, by claim and language; the schema's titles if there are none.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, BTreeMap<String, String>>,
}

/// What is wrong with a display. The text is for whoever wrote it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DisplayError {
    /// Two entries of one language.
    #[error("the display has two entries for the locale `{0}`")]
    LocaleTwice(String),
    /// No language tag.
    #[error("`{0}` is no language tag such as en or de-CH (BCP 47)")]
    Locale(String),
    /// No colour.
    #[error("`{0}` is no colour: write #rrggbb")]
    Color(String),
    /// No address.
    #[error("the logo `{0}` is no https address")]
    Logo(String),
    /// A name is empty or endless.
    #[error("a name in the display is 1 to 200 bytes long")]
    Name,
    /// Too much of it.
    #[error("a display has at most 50 languages, and names at most 200 claims")]
    TooMuch,
}

fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-');
    let alphabetic = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphabetic());
    let first = parts.next().is_some_and(|part| (2..=8).contains(&part.len()) && alphabetic(part));
    let alphanumeric = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    first && tag.len() <= 35 && parts.all(|part| (1..=8).contains(&part.len()) && alphanumeric(part))
}

fn is_color(text: &str) -> bool {
    text.strip_prefix('#')
        .is_some_and(|hex| hex.len() == 6 && hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

impl ProgramDisplay {
    /// Whether wallets and pages can show it.
    pub fn check(&self) -> Result<(), DisplayError> {
        if self.display.len() > 50 || self.claims.len() > 200 || self.claims.values().any(|of| of.len() > 50)
        {
            return Err(DisplayError::TooMuch);
        }
        let mut seen = Vec::new();
        for card in &self.display {
            card.check()?;
            if seen.contains(&&card.locale) {
                return Err(DisplayError::LocaleTwice(card.locale.clone().unwrap_or_default()));
            }
            seen.push(&card.locale);
        }
        for (locale, name) in self.claims.values().flatten() {
            if !is_language(locale) {
                return Err(DisplayError::Locale(locale.clone()));
            }
            check_name(name)?;
        }
        Ok(())
    }
}

fn check_name(name: &str) -> Result<(), DisplayError> {
    if (1..=200).contains(&name.trim().len()) && name.len() <= 200 { Ok(()) } else { Err(DisplayError::Name) }
}

impl CardDisplay {
    fn check(&self) -> Result<(), DisplayError> {
        check_name(&self.name)?;
        if let Some(locale) = self.locale.as_ref().filter(|locale| !is_language(locale)) {
            return Err(DisplayError::Locale(locale.clone()));
        }
        let mut colors = [&self.background_color, &self.text_color].into_iter().flatten();
        if let Some(color) = colors.find(|color| !is_color(color)) {
            return Err(DisplayError::Color(color.clone()));
        }
        match &self.logo {
            Some(logo) if !logo.uri.starts_with("https://") || logo.uri.len() > 2000 => {
                Err(DisplayError::Logo(logo.uri.clone()))
            }
            _ => Ok(()),
        }
    }
}

/// What a program asks of wallets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WalletPolicy {
    /// Whether the person must type a code that was sent by e-mail, and of which kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tx_code: Option<TxCodeMode>,
    /// The algorithms of the keys to which credentials may be bound; at least one.
    pub proof_algorithms: Vec<ProofAlgorithm>,
    /// Whether access tokens must be bound to a key (RFC 9449); they may in any case.
    pub require_dpop: bool,
    /// Whether the credential is signed later, by a worker, and fetched from the deferred endpoint.
    pub deferred: bool,
    /// How it looks.
    pub look: ProgramDisplay,
}

impl Default for WalletPolicy {
    fn default() -> Self {
        Self {
            tx_code: None,
            proof_algorithms: ProofAlgorithm::ALL.to_vec(),
            require_dpop: false,
            deferred: false,
            look: ProgramDisplay::default(),
        }
    }
}

/// The editions of OpenID4VCI whose offers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OfferDraft {
    /// The final specification.
    Final,
    /// Draft 15; 14 reads the same.
    Draft15,
    /// Draft 13.
    Draft13,
    /// Draft 11: that of seed 003.
    Draft11,
}

words!(OfferDraft { Final = "1.0", Draft15 = "15", Draft13 = "13", Draft11 = "11" });

impl OfferDraft {
    /// All of them, the newest first.
    pub const ALL: [Self; 4] = [Self::Final, Self::Draft15, Self::Draft13, Self::Draft11];

    /// Whether wallets of this edition expect `c_nonce` beside tokens and credentials, for want of a nonce endpoint.
    pub const fn nonce_in_answers(self) -> bool {
        matches!(self, Self::Draft13 | Self::Draft11)
    }
}

/// What a person claims into a wallet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ClaimSubject {
    /// What was offered.
    Offer(OfferId),
    /// What was issued on behalf.
    Credential(CredentialId),
}

impl ClaimSubject {
    /// The word for what it is.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Offer(_) => "offer",
            Self::Credential(_) => "credential",
        }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        match self {
            Self::Offer(id) => id.as_str(),
            Self::Credential(id) => id.as_str(),
        }
    }

    /// The subject of this kind with this id, if there is such a kind.
    pub fn of(kind: &str, id: &str) -> Option<Self> {
        match kind {
            "offer" => Some(Self::Offer(id.into())),
            "credential" => Some(Self::Credential(id.into())),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(locale: Option<&str>) -> CardDisplay {
        CardDisplay {
            name: "Membership".to_owned(),
            locale: locale.map(str::to_owned),
            description: None,
            logo: None,
            background_color: Some("#12a0Ff".to_owned()),
            text_color: None,
        }
    }

    #[test]
    fn a_display_is_checked() {
        let display = |cards| ProgramDisplay { display: cards, claims: BTreeMap::new() };
        assert_eq!(display(vec![card(None), card(Some("de-CH")), card(Some("zh-Hans"))]).check(), Ok(()));
        assert_eq!(
            display(vec![card(Some("en")), card(Some("en"))]).check(),
            Err(DisplayError::LocaleTwice("en".to_owned()))
        );
        for tag in ["", "e", "en_US", "de-", "-de", "1a", "en-waytoolongpart"] {
            assert_eq!(display(vec![card(Some(tag))]).check(), Err(DisplayError::Locale(tag.to_owned())));
        }
        for color in ["red", "#fff", "#12345g", "#1234567", "url(x)"] {
            let card = CardDisplay { text_color: Some(color.to_owned()), ..card(None) };
            assert_eq!(display(vec![card]).check(), Err(DisplayError::Color(color.to_owned())));
        }
        let logo = Logo { uri: "http://example.com/x.png".to_owned(), alt_text: None };
        assert!(display(vec![CardDisplay { logo: Some(logo), ..card(None) }]).check().is_err());
        assert_eq!(
            display(vec![CardDisplay { name: String::new(), ..card(None) }]).check(),
            Err(DisplayError::Name)
        );
    }

    #[test]
    fn a_policy_reads_back_and_nothing_is_the_default() {
        let policy = WalletPolicy { tx_code: Some(TxCodeMode::Text), ..WalletPolicy::default() };
        let text = serde_json::to_string(&policy).expect("serialises");
        assert_eq!(serde_json::from_str::<WalletPolicy>(&text).expect("reads"), policy);
        assert_eq!(serde_json::from_str::<WalletPolicy>("{}").expect("reads"), WalletPolicy::default());
    }
}
