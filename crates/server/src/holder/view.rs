//! What the page knows of an offer. All that it asks of the engine, it asks here.

use issuance::{ClaimInvitation, ClaimProgress, OfferError};
use model::{CardDisplay, OfferDraft, Origin, Timestamp, TxCodeMode};

use crate::app::State;
use crate::wallet::{by_reference, by_value};
use crate::web::card::Card;

/// Which wallets the code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WalletForm {
    /// OpenID4VCI 1.0, by reference.
    Current,
    /// Draft 13, by value.
    Older,
    /// Draft 11, by value.
    Oldest,
}

impl WalletForm {
    /// All of them, newest first.
    pub(super) const ALL: [Self; 3] = [Self::Current, Self::Older, Self::Oldest];

    /// As the address of the page names it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Older => "older",
            Self::Oldest => "oldest",
        }
    }

    /// What the query of the page's address asks for; the current one if nothing, or nothing that there is.
    pub(super) fn of_query(query: Option<&str>) -> Self {
        let parameters = query.unwrap_or_default().split('&');
        let asked = parameters.filter_map(|parameter| parameter.strip_prefix("wallet=")).next_back();
        Self::ALL.into_iter().find(|form| Some(form.word()) == asked).unwrap_or(Self::Current)
    }
}

/// How far the claiming of an offer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// No wallet has used the code.
    Waiting,
    /// A wallet has used the code, and has nothing yet.
    Scanned,
    /// A wallet holds the credential.
    Claimed,
    /// The offer, or its credential, has expired.
    Expired,
    /// The credential was revoked.
    Revoked,
    /// The offer is gone.
    Withdrawn,
}

impl Progress {
    /// All of them.
    pub(super) const ALL: [Self; 6] =
        [Self::Waiting, Self::Scanned, Self::Claimed, Self::Expired, Self::Revoked, Self::Withdrawn];

    /// As the stream of events names it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Scanned => "scanned",
            Self::Claimed => "claimed",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// Whether the page has nothing more to wait for.
    pub(super) const fn is_final(self) -> bool {
        !matches!(self, Self::Waiting | Self::Scanned)
    }
}

/// The transaction code that a wallet will ask for: that there is one, never the code itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct TxCodeHint {
    /// Whether it is made of digits alone.
    pub(super) numeric: bool,
    /// How many characters it has.
    pub(super) length: Option<u32>,
}

/// An offer that can be claimed.
pub(super) struct View {
    /// What is offered, and by whom.
    pub(super) card: Card,
    /// For wallets of the form that was asked for.
    pub(super) uri: String,
    /// When the credential expires.
    pub(super) expires: Option<Timestamp>,
    /// Whether the wallet will ask for a code that was sent by e-mail.
    pub(super) tx_code: Option<TxCodeHint>,
    /// How far its claiming has come.
    pub(super) progress: Progress,
}

/// The offer, if it can be claimed.
pub(super) async fn open(
    state: &State,
    reference: &str,
    origin: &Origin,
    form: WalletForm,
    language: &str,
) -> Result<View, OfferError> {
    let invitation = state.engine.claim_invitation_of(reference, origin).await?;
    let uri = offer_uri(&invitation, form);
    let shown = in_language(&invitation.look.display, language);
    let name = shown.map(|card| card.name.clone());
    let logo = shown.and_then(|card| card.logo.as_ref()).map(|logo| logo.uri.clone());
    let profile_logo = invitation.logo.as_ref().map(|image| state.engine.image_url(image.id.as_str()));
    let card = Card {
        title: name.unwrap_or_else(|| invitation.credential_names.join(" · ")),
        description: shown.and_then(|card| card.description.clone()),
        logo_url: logo.or(profile_logo),
        organisation: invitation.organisation,
        background_color: shown.and_then(|card| card.background_color.clone()),
        text_color: shown.and_then(|card| card.text_color.clone()),
    };
    let tx_code = invitation
        .tx_code
        .map(|mode| TxCodeHint { numeric: mode == TxCodeMode::Numeric, length: Some(mode.length() as u32) });
    let progress = progress(state, reference).await?;
    Ok(View { card, uri, expires: invitation.expires_at, tx_code, progress })
}

/// How a credential looks to those who read this language: the entry of the language, or else the first.
fn in_language<'a>(cards: &'a [CardDisplay], language: &str) -> Option<&'a CardDisplay> {
    let primary = |tag: &str| tag.split('-').next().unwrap_or(tag).to_ascii_lowercase();
    let wanted = primary(language);
    let fits = |card: &&CardDisplay| card.locale.as_deref().is_some_and(|locale| primary(locale) == wanted);
    cards.iter().find(fits).or_else(|| cards.first())
}

/// What a wallet of this form scans.
fn offer_uri(invitation: &ClaimInvitation, form: WalletForm) -> String {
    match form {
        WalletForm::Current => by_reference(invitation, OfferDraft::Final),
        WalletForm::Older => by_value(invitation, OfferDraft::Draft13),
        WalletForm::Oldest => by_value(invitation, OfferDraft::Draft11),
    }
}

/// How far the claiming of the offer has come.
pub(super) async fn progress(state: &State, reference: &str) -> Result<Progress, OfferError> {
    match state.engine.claim_progress(reference).await {
        Ok(ClaimProgress::Waiting) => Ok(Progress::Waiting),
        Ok(ClaimProgress::Scanned) => Ok(Progress::Scanned),
        Ok(ClaimProgress::Claimed) => Ok(Progress::Claimed),
        Ok(ClaimProgress::Revoked) => Ok(Progress::Revoked),
        Ok(ClaimProgress::Expired) => Ok(Progress::Expired),
        Err(OfferError::NotFound) => Ok(Progress::Withdrawn),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::WalletForm;

    #[test]
    fn the_address_says_which_form() {
        for (query, expected) in [
            (None, WalletForm::Current),
            (Some(""), WalletForm::Current),
            (Some("wallet=older"), WalletForm::Older),
            (Some("utm=1&wallet=oldest"), WalletForm::Oldest),
            (Some("wallet=older&wallet=current"), WalletForm::Current),
            (Some("wallet=%6flder"), WalletForm::Current),
            (Some("wallets=older"), WalletForm::Current),
        ] {
            assert_eq!(WalletForm::of_query(query), expected, "{query:?}");
        }
    }
}
