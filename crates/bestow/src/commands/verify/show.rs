//! The report as it is printed.

use std::fmt::Write as _;

use serde::Serialize;
use serde_json::Value;
use verify::{Aspect, Check, Kind, Outcome, Report, State};

/// The longest reason that is printed, in characters.
const REASON_CHARACTERS: usize = 1_000;
/// The longest value of a claim that is printed, in characters.
const VALUE_CHARACTERS: usize = 200;
/// The most claims that are printed.
const CLAIMS: usize = 100;

/// The report with what somebody who relies on it should know.
#[derive(Serialize)]
struct Noted<'a> {
    #[serde(flatten)]
    report: &'a Report,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    notes: &'a [String],
}

/// One line of JSON: the report, and `notes` if there are any.
pub(super) fn json(report: &Report, notes: &[String]) -> String {
    let mut text = serde_json::to_string(&Noted { report, notes }).expect("a report has text keys");
    text.push('\n');
    text
}

/// For people: the state, the checks, the claims, and what there is to know besides.
pub(super) fn text(report: &Report, notes: &[String]) -> String {
    let mut text = String::new();
    print(&mut text, report, "", "");
    if !notes.is_empty() {
        line(&mut text, "", "\nnotes");
        for note in notes {
            line(&mut text, "  ", &plain(note, REASON_CHARACTERS));
        }
    }
    if is_unknown(report) {
        let hint = "\nThe issuer is unknown: if you know from elsewhere that it is the one whose word you take, name it with --trust.";
        line(&mut text, "", hint);
    }
    text
}

fn is_unknown(report: &Report) -> bool {
    report.state == State::UnknownIssuer || report.credentials.iter().any(is_unknown)
}

fn line(text: &mut String, indent: &str, content: &str) {
    writeln!(text, "{indent}{content}").expect("a string takes everything");
}

/// One document; `place` says which of several it is.
fn print(text: &mut String, report: &Report, indent: &str, place: &str) {
    let kind = match report.kind {
        Some(Kind::Credential) => "credential",
        Some(Kind::Presentation) => "presentation",
        None => "document",
    };
    let format = report.format.map(|format| format!(" ({format})")).unwrap_or_default();
    let (symbol, word) = state(report.state);
    line(text, indent, &format!("{symbol} {place}{word}: {kind}{format}"));
    let deeper = format!("{indent}  ");
    let types = report.types.join(", ");
    let known = [
        ("issuer", report.issuer.as_deref()),
        ("holder", report.holder.as_deref()),
        ("type", Some(types.as_str()).filter(|types| !types.is_empty())),
        ("issued", report.issued_at.as_deref()),
        ("expires", report.expires_at.as_deref()),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            line(text, &deeper, &format!("{name:7}  {}", plain(value, REASON_CHARACTERS)));
        }
    }
    line(text, "", &format!("\n{indent}checks"));
    for check in &report.checks {
        line(text, &deeper, &one(check));
    }
    claims(text, report, indent);
    for (number, credential) in report.credentials.iter().enumerate() {
        let place = format!("{} of {}, ", number + 1, report.credentials.len());
        line(text, "", "");
        print(text, credential, &deeper, &place);
    }
}

fn one(check: &Check) -> String {
    let symbol = match check.result {
        Outcome::Passed => "✓",
        Outcome::Failed => "✗",
        Outcome::NotApplicable => "–",
        Outcome::Indeterminate => "?",
    };
    let name = match check.check {
        Aspect::Format => "format",
        Aspect::Key => "key",
        Aspect::Signature => "signature",
        Aspect::Validity => "validity",
        Aspect::Schema => "schema",
        Aspect::Status => "status",
        Aspect::HolderBinding => "holder binding",
        Aspect::Log => "log",
        Aspect::Issuer => "issuer",
        Aspect::Credentials => "credentials",
    };
    format!("{symbol} {name:14}  {}", plain(&check.reason, REASON_CHARACTERS))
}

fn claims(text: &mut String, report: &Report, indent: &str) {
    if report.claims.is_empty() {
        return;
    }
    line(text, "", &format!("\n{indent}claims"));
    let rows: Vec<(String, String)> = report.claims.iter().take(CLAIMS).map(row).collect();
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    for (name, value) in rows {
        line(text, indent, &format!("  {name:width$}  {value}"));
    }
    if report.claims.len() > CLAIMS {
        let more = report.claims.len() - CLAIMS;
        line(text, indent, &format!("  and {more} more; --json shows all"));
    }
}

fn row((name, value): (&String, &Value)) -> (String, String) {
    let value = match value {
        Value::String(text) => plain(text, VALUE_CHARACTERS),
        other => plain(&other.to_string(), VALUE_CHARACTERS),
    };
    (plain(name, VALUE_CHARACTERS), value)
}

const fn state(state: State) -> (&'static str, &'static str) {
    match state {
        State::Valid => ("✓", "valid"),
        State::Revoked => ("✗", "revoked"),
        State::Suspended => ("✗", "suspended"),
        State::Expired => ("✗", "expired"),
        State::NotYetValid => ("✗", "not yet valid"),
        State::UnknownIssuer => ("✗", "unknown issuer"),
        State::Invalid => ("✗", "invalid"),
        State::Indeterminate => ("?", "indeterminate"),
    }
}

/// A stranger's text on one line of a terminal: nothing that controls the terminal or turns its text around, and not without
/// end.
fn plain(text: &str, longest: usize) -> String {
    let turns = |c: char| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut shown: String =
        text.chars().take(longest).map(|c| if c.is_control() || turns(c) { '\u{fffd}' } else { c }).collect();
    let rest = text.chars().skip(longest).count();
    if rest > 0 {
        write!(shown, "… ({rest} more characters)").expect("a string takes everything");
    }
    shown
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn report() -> Report {
        let claims = json!({"age": 25, "name": "Ada\n\u{1b}[31m\u{202e}", "photo": "x".repeat(300)});
        let mut report = Report::default();
        report.state = State::UnknownIssuer;
        report.kind = Some(Kind::Credential);
        report.format = Some("dc+sd-jwt");
        report.issuer = Some("https://a.example".to_owned());
        report.types = vec!["urn:t".to_owned()];
        report.claims = claims.as_object().unwrap().clone();
        report.checks = vec![
            Check { check: Aspect::Format, result: Outcome::Passed, reason: "Good.".to_owned() },
            Check { check: Aspect::HolderBinding, result: Outcome::Failed, reason: "Bad.".to_owned() },
        ];
        report
    }

    #[test]
    fn people_read_state_checks_claims_and_notes() {
        let expected = "\
✗ unknown issuer: credential (dc+sd-jwt)
  issuer   https://a.example
  type     urn:t

checks
  ✓ format          Good.
  ✗ holder binding  Bad.

claims
  age    25
  name   Ada\u{fffd}\u{fffd}[31m\u{fffd}
  photo  XXXX… (100 more characters)

notes
  Old.

The issuer is unknown: if you know from elsewhere that it is the one whose word you take, name it with --trust.
"
        .replace("XXXX", &"x".repeat(200));
        assert_eq!(text(&report(), &["Old.".to_owned()]), expected);
    }

    #[test]
    fn the_credentials_in_a_presentation_follow_it() {
        let mut presentation = Report::default();
        presentation.kind = Some(Kind::Presentation);
        presentation.credentials = vec![report(), Report::default()];
        let shown = text(&presentation, &[]);
        assert!(
            shown.contains("\n  ✗ 1 of 2, unknown issuer: credential (dc+sd-jwt)\n    issuer "),
            "{shown}"
        );
        assert!(shown.contains("\n  ✗ 2 of 2, invalid: document\n"), "{shown}");
        assert!(shown.ends_with("--trust.\n"), "{shown}");
    }

    #[test]
    fn json_is_the_report_with_notes_if_there_are_any() {
        let plain: Value = serde_json::from_str(&json(&report(), &[])).unwrap();
        assert_eq!(plain, serde_json::to_value(report()).unwrap());
        assert_eq!((&plain["state"], &plain["claims"]["age"]), (&json!("unknown_issuer"), &json!(25)));
        let noted: Value = serde_json::from_str(&json(&report(), &["Old.".to_owned()])).unwrap();
        assert_eq!(noted["notes"], json!(["Old."]));
        assert_eq!(json(&report(), &[]).lines().count(), 1);
    }
}
