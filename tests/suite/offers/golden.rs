//! Answers of the real pagination library, recorded over HTTP, asked of our own list of offers.
//!
//! The recordings are those of nestjs-paginate 12.5.1 on PostgreSQL 15, with the 45 offers that [`Recorded::set_up`] makes. Where
//! our stance differs, [`differences`] says how and why.

use issuance::NewIssuer;
use model::Timestamp;
use serde_json::{Value, json};
use support::{Environment, Server, execute_sql, on_both};

use crate::offers::common::{id_of, list};

const RECORDINGS: [&str; 2] = [
    include_str!("../../vectors/nestjs-paginate/nestjs-paginate-12.5.1-golden.json"),
    include_str!("../../vectors/nestjs-paginate/nestjs-paginate-12.5.1-golden-b.json"),
];

/// How many offers the recordings know.
pub(super) const OFFERS: usize = 45;

/// The environment of the recordings.
pub(super) struct Recorded {
    pub(super) nchain: Environment,
    /// The offers' ids; that of number 1 is `00000000-0000-4000-8000-000000000001` in the recordings.
    pub(super) ids: Vec<String>,
    /// `c0000000-0000-4000-8000-000000000001` in the recordings.
    pub(super) collection: String,
}

/// The address of a recorded offer.
fn email(number: usize) -> Option<String> {
    (number % 9 != 8).then(|| format!("user{number:02}@example.com"))
}

impl Recorded {
    /// Makes the 45 offers through the API, and gives them their past by SQL.
    pub(super) async fn set_up(server: &Server) -> Self {
        let nchain = server.environment("nchain").await;
        for (id, name) in
            [("emailCredential", "Email Credential"), ("exampleCredential", "Example Credential")]
        {
            let named = |program: &mut issuance::NewProgram| {
                (program.id, program.name) = (Some(id.to_owned()), name.to_owned());
            };
            server.another_program(&nchain.partner, named).await;
        }
        let item = |number: usize| {
            let credential = if number % 2 == 1 { "emailCredential" } else { "exampleCredential" };
            json!({
                "email": email(number),
                "credentialId": credential,
                "referenceId": format!("{number:02}"),
                "claims": [{"claimName": "age", "claimValue": number}],
            })
        };
        let items: Vec<Value> = (0..OFFERS).map(item).collect();
        let ids = server.offers(&nchain, &items).await.iter().map(|offer| id_of(offer).to_owned()).collect();
        let body = json!({"name": "c1"});
        let (key, rest) = (&nchain.keys.user, "/credential-offer-collections");
        let collection = server.call(&nchain, key, reqwest::Method::POST, rest, Some(&body)).await.json();
        let recorded = Self { collection: id_of(&collection).to_owned(), nchain, ids };
        recorded.give_past(server).await;
        recorded
    }

    async fn give_past(&self, server: &Server) {
        let tenant = self.nchain.partner.id.as_str().into();
        let acme = NewIssuer {
            tenant,
            name: "acme".to_owned(),
            slug: Some("acme".to_owned()),
            did: None,
            anchor: None,
        };
        let acme = server.engine.create_issuer(acme).await.expect("an issuer").id;
        let micros = |text| Timestamp::parse_rfc3339(text).expect("a moment").0;
        let (created, revoked) = (micros("2025-06-01T00:00:00Z"), micros("2025-07-01T00:00:00Z"));
        let sqlite = server.database_url.starts_with("sqlite:");
        let hash = if sqlite { "zeroblob(32)" } else { "decode(repeat('00', 32), 'hex')" };
        let number = "CAST(reference_id AS BIGINT)";
        let collection = &self.collection;
        for change in [
            format!("created_at = {created} + {number} * 3600000000"),
            format!("status = 'claimed' WHERE {number} % 3 = 1"),
            format!("status = 'revoked', revoked_at = {revoked} WHERE {number} % 3 = 2"),
            "revoked_by = 'somebody', revocation_reason = 'Left' WHERE revoked_at > 0".to_owned(),
            format!(
                "issued_at = created_at + 1500, subject = 'did:bsv:AB_' || reference_id, revocation_id = {hash} \
                 WHERE {number} % 3 > 0"
            ),
            format!("issuer_id = '{acme}' WHERE {number} % 5 = 0"),
            format!("collection_id = '{collection}' WHERE {number} < 10"),
        ] {
            execute_sql(&server.database_url, &format!("UPDATE offer SET {change}")).await;
        }
    }

    /// A recorded text with our own ids.
    fn ours(&self, text: &str) -> String {
        let text = text.replace("c0000000-0000-4000-8000-000000000001", &self.collection);
        (1..3).fold(text, |text, number| {
            text.replace(&format!("00000000-0000-4000-8000-{number:012}"), &self.ids[number])
        })
    }

    /// What we answer to a recorded query.
    async fn ask(&self, server: &Server, query: &str) -> support::Answer {
        // The recording server had a second list, with columns to search in; we have one.
        let query = self.ours(query.trim_start_matches("@/search "));
        server.find(&self.nchain, &format!("/credential-offers?{query}")).await
    }
}

/// The number of the first or the last row, as the recordings name rows; empty if there is none.
fn number(row: Option<&Value>) -> &str {
    row.map_or("", |row| row["referenceId"].as_str().expect("a reference"))
}

/// A link without its base and its encoding.
fn plain(link: &str) -> String {
    let url = reqwest::Url::parse(link).expect("a URL");
    let pairs: Vec<String> = url.query_pairs().map(|(name, value)| format!("{name}={value}")).collect();
    format!("<P>?{}", pairs.join("&"))
}

/// What we answer otherwise than it is recorded, if anything.
fn difference(recorded: &Recorded, case: &Value, answer: &support::Answer) -> Option<String> {
    if case["status"] != answer.status {
        return Some(format!("status {}: {}", answer.status, answer.text));
    }
    let ours = answer.json();
    let rows = list(&ours, "data");
    let found = (rows.len(), number(rows.first()), number(rows.last()));
    let wanted = (
        case["n"].as_u64().unwrap_or_default() as usize,
        case["first"].as_str().unwrap_or_default(),
        case["last"].as_str().unwrap_or_default(),
    );
    if found != wanted {
        return Some(format!("rows {found:?} for {wanted:?}"));
    }
    let meta: Value = serde_json::from_str(&recorded.ours(&case["meta"].to_string())).expect("JSON");
    if ours["meta"] != meta {
        return Some(format!("meta {} for {meta}", ours["meta"]));
    }
    let links = |value: &Value, read: &dyn Fn(&str) -> String| -> Vec<(String, String)> {
        let links = value["links"].as_object().expect("links");
        links.iter().map(|(name, link)| (name.clone(), read(link.as_str().expect("a link")))).collect()
    };
    let mut ours = links(&ours, &plain);
    let mut wanted = links(case, &|link| recorded.ours(link));
    ours.sort();
    wanted.sort();
    (ours != wanted).then(|| format!("links {ours:#?} for {wanted:#?}"))
}

/// What we answer instead.
enum Ours {
    /// 400, saying this.
    Refused(&'static str),
    /// So many rows in all, and the first and last one of the page.
    Found(i64, &'static str, &'static str),
}
use Ours::{Found, Refused};

/// Why we differ.
const LENIENT: &str = "the seed promises the default for a page or limit that is none; the library fails";
const NOT_IGNORED: &str =
    "a filter that cannot be applied is refused; the library ignores it and answers with everything";
const FITS: &str =
    "every operator works on every column whose type it fits; the library ignores what is not configured";
const LIKE: &str =
    "the seed's own example has `$like` and `like:`; the library compares with the text `$like:...`";
const NO_FAILURE: &str = "a malformed value is the caller's mistake; the library fails in the database";
const NO_VALUE: &str = "a value that the column cannot have is a mistake; the library finds nothing";
const SEARCH: &str =
    "`search` has the words of `filter.search`; the library has configured columns and fragments";
const NOT_SELECTED: &str = "offers are answered whole: `select` means nothing; the library fails";

/// Every recorded query that we answer otherwise.
fn differences() -> Vec<(&'static str, &'static str, Ours)> {
    vec![
        ("page=abc", LENIENT, Found(45, "44", "25")),
        ("limit=-5", LENIENT, Found(45, "44", "25")),
        ("limit=abc", LENIENT, Found(45, "44", "25")),
        ("filter.status=$not:$eq:ready_to_claim&limit=2", FITS, Found(30, "44", "43")),
        ("filter.status=$ilike:ready&limit=2", FITS, Found(15, "42", "39")),
        ("filter.status=$like:ready&limit=2", LIKE, Found(15, "42", "39")),
        ("filter.status=like:ready&limit=2", LIKE, Found(15, "42", "39")),
        ("filter.bogus=1&limit=2", NOT_IGNORED, Refused("Column 'bogus' is not filterable")),
        ("filter.id=$in:not-a-uuid", NO_FAILURE, Refused("Invalid value 'not-a-uuid' for column 'id'")),
        ("filter.credentialTypes=EmailCredential", NO_FAILURE, Found(22, "43", "05")),
        ("filter.createdAt=$lte:2025-06-01T05:00:00Z&limit=2", FITS, Found(6, "05", "04")),
        (
            "filter.createdAt=$gt:garbage",
            NO_FAILURE,
            Refused("Invalid value 'garbage' for column 'createdAt'"),
        ),
        ("filter.createdAt=$btw:2025-06-01T05:00:00Z", NO_VALUE, Refused("$btw takes two values")),
        ("filter.email=$null", FITS, Found(5, "44", "08")),
        ("filter.status=a:b:c", NO_VALUE, Refused("Invalid value 'a:b:c' for column 'status'")),
        ("search=user01&limit=2", SEARCH, Found(1, "01", "01")),
        ("@/search search=user1&limit=2", SEARCH, Found(0, "", "")),
        ("@/search search=USER1&searchBy=email&limit=2", SEARCH, Found(0, "", "")),
        ("@/search search=user1&searchBy=bogus&limit=2", SEARCH, Found(0, "", "")),
        ("@/search search=%25&limit=2", SEARCH, Refused("parameter 'search'")),
        ("@/search select=id,email&limit=1", NOT_SELECTED, Found(45, "44", "44")),
        ("@/search select=id,correlationId&limit=1", NOT_SELECTED, Found(45, "44", "44")),
        ("filter.createdAt=$gte:2025-06-02T00:00:00Z&limit=2", FITS, Found(21, "44", "43")),
        ("filter.id=$not:$in:00000000-0000-4000-8000-000000000001&limit=2", FITS, Found(44, "44", "43")),
        ("filter.credentialId=$not:$in:emailCredential&limit=2", FITS, Found(23, "44", "42")),
        ("filter.status=$fulltext:claimed&limit=2", NOT_IGNORED, Refused("'$fulltext' for column 'status'")),
        ("filter.search=$fulltext:john&limit=2", FITS, Found(0, "", "")),
    ]
}

/// The recorded queries. The one to `@/parsed` shows how the recording server read a query: no list.
fn cases() -> Vec<Value> {
    let recordings = RECORDINGS.iter().flat_map(|text| {
        let cases: Vec<Value> = serde_json::from_str(text).expect("a list");
        cases
    });
    recordings.filter(|case| !case["query"].as_str().expect("a query").starts_with("@/parsed")).collect()
}

on_both!(the_library_s_recorded_answers_are_ours, async |server: Server| {
    let recorded = Recorded::set_up(&server).await;
    let (cases, differences) = (cases(), differences());
    assert_eq!(cases.len(), 77);
    let mut differed = 0;
    for case in &cases {
        let query = case["query"].as_str().expect("a query");
        let answer = recorded.ask(&server, query).await;
        let found = difference(&recorded, case, &answer);
        let Some((_, why, ours)) = differences.iter().find(|(known, ..)| *known == query) else {
            assert_eq!(found, None, "{query}");
            continue;
        };
        assert_ne!(found, None, "{query} no longer differs: {why}");
        differed += 1;
        match ours {
            Refused(says) => {
                let message = crate::offers::common::refused(&answer, 400, "invalid_query");
                assert!(message.contains(says), "{query}: {message}");
            }
            Found(total, first, last) => {
                assert_eq!(answer.status, 200, "{query}: {}", answer.text);
                let answer = answer.json();
                let rows = list(&answer, "data");
                let found = (&answer["meta"]["totalItems"], number(rows.first()), number(rows.last()));
                assert_eq!(found, (&json!(total), *first, *last), "{query}: {why}");
            }
        }
    }
    assert_eq!(differed, differences.len(), "a difference that no recording has");
});
