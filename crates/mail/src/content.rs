//! What the messages say.

use askama::Template;
use model::Timestamp;

use crate::text::{moment, one_line, wrap};

/// The most characters shown of an organisation's name and of a credential's name.
const NAME_LIMIT: usize = 100;
/// The most characters of credential names in a subject line.
const SUBJECT_LIMIT: usize = 80;
/// The most credential names shown.
const NAMES: usize = 10;
/// The most characters shown of a reason.
const REASON_LIMIT: usize = 1000;
/// The most bytes of a logo's address.
const LOGO_LIMIT: usize = 2048;

/// Who speaks to the person.
#[derive(Clone, Copy, Debug)]
pub struct Organisation<'a> {
    /// Its name, as the tenant wrote it.
    pub name: &'a str,
    /// Where mail programs get its logo; shown if it is an `http` or `https` URL.
    pub logo_url: Option<&'a str>,
}

/// The message that invites a person to claim a credential.
#[derive(Clone, Copy)]
pub struct OfferMail<'a> {
    /// Who offers.
    pub organisation: Organisation<'a>,
    /// The names of what is offered, as the tenant wrote them.
    pub credential_names: &'a [String],
    /// The page on which the person claims. Whoever knows it can claim: it is the message's one secret.
    pub claim_url: &'a str,
    /// When the credential will expire, if it does.
    pub expires_at: Option<Timestamp>,
}

/// The message that tells a person that a credential was revoked.
#[derive(Clone, Copy)]
pub struct RevocationMail<'a> {
    /// Who revoked.
    pub organisation: Organisation<'a>,
    /// The names of what was revoked, as the tenant wrote them.
    pub credential_names: &'a [String],
    /// Why, as the tenant wrote it; may be empty.
    pub reason: &'a str,
    /// When.
    pub revoked_at: Timestamp,
}

/// The message that brings a transaction code (OpenID4VCI 1.0, section 3.5). It says nothing about where the offer is: whoever
/// reads this message alone cannot claim.
#[derive(Clone, Copy)]
pub struct TxCodeMail<'a> {
    /// Who offers.
    pub organisation: Organisation<'a>,
    /// The names of what is offered, as the tenant wrote them.
    pub credential_names: &'a [String],
    /// The code.
    pub code: &'a str,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A message without its envelope. What it holds is for the recipient alone, so it has no debug form.
#[derive(Clone, PartialEq, Eq)]
pub struct Content {
    /// The subject: one line, in any script.
    pub subject: String,
    /// The message as plain text, wrapped at 72 characters.
    pub text: String,
    /// The message as an HTML document.
    pub html: String,
}

/// What the templates show: already shortened and in one line; escaping is theirs.
struct Shown<'a> {
    subject: String,
    organisation: String,
    logo_url: Option<&'a str>,
    names: Vec<String>,
    more: usize,
}

#[derive(Template)]
#[template(path = "offer.html")]
struct OfferHtml<'a> {
    shown: &'a Shown<'a>,
    claim_url: &'a str,
    expires: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "offer.txt")]
struct OfferText<'a> {
    shown: &'a Shown<'a>,
    claim_url: &'a str,
    expires: Option<&'a str>,
}

#[derive(Template)]
#[template(path = "tx_code.html")]
struct TxCodeHtml<'a> {
    shown: &'a Shown<'a>,
    code: &'a str,
    expires: &'a str,
}

#[derive(Template)]
#[template(path = "tx_code.txt")]
struct TxCodeText<'a> {
    shown: &'a Shown<'a>,
    code: &'a str,
    expires: &'a str,
}

#[derive(Template)]
#[template(path = "revocation.html")]
struct RevocationHtml<'a> {
    shown: &'a Shown<'a>,
    revoked: &'a str,
    reason: &'a str,
}

#[derive(Template)]
#[template(path = "revocation.txt")]
struct RevocationText<'a> {
    shown: &'a Shown<'a>,
    revoked: &'a str,
    reason: &'a str,
}

impl OfferMail<'_> {
    /// Writes the message.
    pub fn render(&self) -> Content {
        let shown = Shown::new(&self.organisation, self.credential_names, |organisation, names| {
            format!("{organisation} has a credential for you{names}")
        });
        let (claim_url, expires) = (self.claim_url, self.expires_at.map(moment));
        let expires = expires.as_deref();
        let text = written(&OfferText { shown: &shown, claim_url, expires });
        let html = written(&OfferHtml { shown: &shown, claim_url, expires });
        Content { subject: shown.subject, text: wrap(&text), html }
    }
}

impl TxCodeMail<'_> {
    /// Writes the message.
    pub fn render(&self) -> Content {
        let shown = Shown::new(&self.organisation, self.credential_names, |organisation, names| {
            format!("Your code for {organisation}{names}")
        });
        let (code, expires) = (self.code, &moment(self.expires_at));
        let text = written(&TxCodeText { shown: &shown, code, expires });
        let html = written(&TxCodeHtml { shown: &shown, code, expires });
        Content { subject: shown.subject, text: wrap(&text), html }
    }
}

impl RevocationMail<'_> {
    /// Writes the message.
    pub fn render(&self) -> Content {
        let shown = Shown::new(&self.organisation, self.credential_names, |organisation, names| {
            format!("{organisation} revoked your credential{names}")
        });
        let (revoked, reason) = (&moment(self.revoked_at), &one_line(self.reason, REASON_LIMIT));
        let text = written(&RevocationText { shown: &shown, revoked, reason });
        let html = written(&RevocationHtml { shown: &shown, revoked, reason });
        Content { subject: shown.subject, text: wrap(&text), html }
    }
}

impl<'a> Shown<'a> {
    fn new(
        organisation: &Organisation<'a>,
        names: &[String],
        subject: impl Fn(&str, &str) -> String,
    ) -> Self {
        let name = one_line(organisation.name, NAME_LIMIT);
        let listed: Vec<String> = names
            .iter()
            .take(NAMES)
            .map(|name| one_line(name, NAME_LIMIT))
            .filter(|name| !name.is_empty())
            .collect();
        let in_subject = one_line(&listed.join(", "), SUBJECT_LIMIT);
        let in_subject = if in_subject.is_empty() { in_subject } else { format!(": {in_subject}") };
        Self {
            subject: subject(&name, &in_subject),
            organisation: name,
            logo_url: organisation.logo_url.filter(|url| is_web_address(url)),
            names: listed,
            more: names.len().saturating_sub(NAMES),
        }
    }
}

/// A mail program may do anything with other schemes, and shows a broken picture at best.
fn is_web_address(url: &str) -> bool {
    url.len() <= LOGO_LIMIT && (url.starts_with("https://") || url.starts_with("http://"))
}

fn written(template: &impl Template) -> String {
    template.render().expect("a string takes everything")
}
