//! What there is to see of a document that was checked.

use std::collections::HashMap;

use issuance::ShownCredential;
use model::Timestamp;
use verify::{Check, Kind, Report, State};

use super::claims::Table;
use super::data::is_proven;
use super::mark::Mark;
use super::texts::{Findings, Texts};
use crate::web::card::Card;
use crate::web::date::Moment;
use crate::web::words::Titled;

/// How many characters of a type are shown as a title.
const TITLE: usize = 100;
/// How many characters of an issuer's identifier are on a card.
const ISSUER: usize = 40;
/// How many types are shown.
const TYPES: usize = 20;

/// Something that is known of a document.
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) values: Vec<String>,
    pub(super) moment: Option<Moment>,
}

/// A check, and what came of it.
pub(super) struct Finding {
    pub(super) mark: Mark,
    pub(super) name: &'static str,
    pub(super) outcome: &'static str,
    /// In English.
    pub(super) reason: String,
}

/// A document.
pub(super) struct Document {
    /// Tells it apart from others on the page.
    pub(super) number: usize,
    /// Of the headings inside it.
    pub(super) level: u8,
    pub(super) mark: Mark,
    pub(super) state: &'static Titled,
    /// Of a credential that is known to be its issuer's.
    pub(super) card: Option<Card>,
    pub(super) expires: Option<Moment>,
    pub(super) facts: Vec<Fact>,
    pub(super) claims: Table,
    /// Whether its claims are not shown, because nobody is known to have made them.
    pub(super) withheld: bool,
    pub(super) findings: Vec<Finding>,
}

impl Document {
    /// What was handed in, and the credentials inside it. `names` are those of types.
    pub(super) fn all_of(
        report: &Report,
        names: &HashMap<String, String>,
        texts: &'static Texts,
    ) -> Vec<Self> {
        let top = Self::of_report(0, 2, report, names, texts);
        let inner = report.credentials.iter().enumerate();
        let inner = inner.map(|(place, each)| Self::of_report(place + 1, 3, each, names, texts));
        std::iter::once(top).chain(inner).collect()
    }

    fn of_report(
        number: usize,
        level: u8,
        report: &Report,
        names: &HashMap<String, String>,
        texts: &'static Texts,
    ) -> Self {
        let findings = &texts.findings;
        let proven = is_proven(report);
        let moment = |text: &Option<String>| {
            let moment = text.as_deref().and_then(Timestamp::parse_rfc3339)?;
            Some(Moment::new(moment, texts.language))
        };
        let is_credential = report.kind == Some(Kind::Credential);
        let card = is_credential && proven;
        let card = card.then(|| card_of(&report.types, report.issuer.as_deref(), names, findings));
        let mut facts = Facts::default();
        let issuer = if proven { findings.issuer } else { findings.alleged_issuer };
        facts.text(issuer, report.issuer.as_deref().filter(|_| is_credential));
        facts.text(findings.holder, report.holder.as_deref());
        facts.texts(findings.types, &report.types);
        facts.text(findings.format, report.format);
        facts.moment(findings.issued, moment(&report.issued_at));
        facts.moment(findings.valid_until, moment(&report.expires_at));
        Self {
            number,
            level,
            mark: Mark::of_state(report.state),
            state: texts.states.of(report.state),
            card,
            expires: moment(&report.expires_at),
            facts: facts.0,
            claims: Table::of_claims(&report.claims, findings),
            withheld: is_credential && !proven,
            findings: findings_of(&report.checks, texts),
        }
    }

    /// Whether it is a credential among others.
    pub(super) fn is_inner(&self) -> bool {
        self.level > 2
    }

    /// That there are more claims than are shown.
    pub(super) fn more_claims(&self, texts: &Texts) -> Option<String> {
        (self.claims.more > 0).then(|| (texts.findings.more)(self.claims.more))
    }

    /// A credential that a wallet has shown.
    pub(super) fn of_shown(
        number: usize,
        shown: &ShownCredential,
        names: &HashMap<String, String>,
        texts: &'static Texts,
    ) -> Self {
        let findings = &texts.findings;
        let mut facts = Facts::default();
        facts.text(
            findings.issuer,
            Some(&shown.issuer).filter(|issuer| !issuer.is_empty()).map(String::as_str),
        );
        facts.texts(findings.types, &shown.types);
        facts.text(findings.format, Some(&shown.format));
        // What was shown is verified before it is kept.
        let proven = matches!(shown.state, State::Valid);
        let card = proven.then(|| card_of(&shown.types, Some(&shown.issuer), names, findings));
        Self {
            number,
            level: 3,
            mark: Mark::of_state(shown.state),
            state: texts.states.of(shown.state),
            card,
            expires: None,
            facts: facts.0,
            claims: Table::of_paths(&shown.claims, findings),
            withheld: false,
            findings: findings_of(&shown.checks, texts),
        }
    }
}

#[derive(Default)]
struct Facts(Vec<Fact>);

impl Facts {
    fn text(&mut self, name: &'static str, value: Option<&str>) {
        self.0.extend(value.map(|value| Fact { name, values: vec![value.to_owned()], moment: None }));
    }

    fn texts(&mut self, name: &'static str, values: &[String]) {
        let values: Vec<String> = values.iter().take(TYPES).cloned().collect();
        if !values.is_empty() {
            self.0.push(Fact { name, values, moment: None });
        }
    }

    fn moment(&mut self, name: &'static str, moment: Option<Moment>) {
        self.0.extend(moment.map(|moment| Fact { name, values: Vec::new(), moment: Some(moment) }));
    }
}

fn findings_of(checks: &[Check], texts: &'static Texts) -> Vec<Finding> {
    let finding = |check: &Check| Finding {
        mark: Mark::of_outcome(check.result),
        name: texts.aspects.of(check.check),
        outcome: texts.outcomes.of(check.result),
        reason: check.reason.clone(),
    };
    checks.iter().map(finding).collect()
}

fn card_of(
    types: &[String],
    issuer: Option<&str>,
    names: &HashMap<String, String>,
    findings: &Findings,
) -> Card {
    Card {
        title: title(types, names).unwrap_or_else(|| findings.credential.to_owned()),
        description: None,
        organisation: issuer.map(host).unwrap_or_default(),
        logo_url: None,
        background_color: None,
        text_color: None,
    }
}

/// A type as a title: its name, or else the end of its identifier.
fn title(types: &[String], names: &HashMap<String, String>) -> Option<String> {
    let special = types.iter().rfind(|name| name.as_str() != "VerifiableCredential")?;
    if let Some(name) = names.get(special) {
        return Some(name.clone());
    }
    let end = special.rsplit(['/', ':', '#']).find(|part| !part.is_empty())?;
    Some(end.chars().take(TITLE).collect())
}

/// Where an issuer is, if its identifier says so: what people can judge of a URL or a `did:web`. Else how the identifier
/// begins.
fn host(issuer: &str) -> String {
    let host = match issuer.strip_prefix("did:web:") {
        Some(rest) => rest.split(':').next().map(|host| host.replace("%3A", ":").replace("%3a", ":")),
        None => url::Url::parse(issuer).ok().filter(|url| matches!(url.scheme(), "https" | "http")).and_then(
            |url| {
                let host = url.host_str()?;
                Some(url.port().map_or(host.to_owned(), |port| format!("{host}:{port}")))
            },
        ),
    };
    host.filter(|host| !host.is_empty()).unwrap_or_else(|| match issuer.char_indices().nth(ISSUER) {
        Some((end, _)) => format!("{}…", &issuer[..end]),
        None => issuer.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_has_a_title() {
        let names = HashMap::from([("https://a.example/types/42".to_owned(), "Membership".to_owned())]);
        let of = |types: &[&str]| {
            let types: Vec<String> = types.iter().map(|name| (*name).to_owned()).collect();
            title(&types, &names)
        };
        assert_eq!(of(&["https://a.example/types/42"]).as_deref(), Some("Membership"));
        assert_eq!(of(&["https://a.example/types/diploma/"]).as_deref(), Some("diploma"));
        assert_eq!(of(&["urn:eudi:pid:1"]).as_deref(), Some("1"));
        assert_eq!(of(&["VerifiableCredential", "Diploma"]).as_deref(), Some("Diploma"));
        assert_eq!(of(&["Diploma", "VerifiableCredential"]).as_deref(), Some("Diploma"));
        assert_eq!(of(&["VerifiableCredential"]), None);
        assert_eq!(of(&["://"]), None);
        assert_eq!(of(&[&"x".repeat(500)]).map(|title| title.len()), Some(TITLE));
    }

    #[test]
    fn an_issuer_is_known_by_its_host() {
        for (issuer, expected) in [
            ("did:web:issuer.example", "issuer.example"),
            ("did:web:localhost%3A8080:issuers:acme", "localhost:8080"),
            ("https://issuer.example/tenants/1", "issuer.example"),
            ("https://Issuer.example:8443", "issuer.example:8443"),
            ("http://127.0.0.1:8080/issuers/acme", "127.0.0.1:8080"),
            ("did:key:z6Mk", "did:key:z6Mk"),
            ("did:web:", "did:web:"),
            ("urn:x", "urn:x"),
        ] {
            assert_eq!(host(issuer), expected);
        }
        assert_eq!(host(&format!("did:jwk:{}", "é".repeat(40))), format!("did:jwk:{}…", "é".repeat(32)));
    }
}
