//! Every operator on every column whose type it fits, checked against a model: the same question asked of the rows in memory.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use support::{Server, execute_sql, on_both};

use super::golden::{OFFERS, Recorded};
use crate::offers::common::{claim, create, each, id_of, list, listed};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A text that can be compared.
    Text,
    /// A UUID, or a word.
    Name,
    /// Several texts.
    List,
    /// A moment.
    Moment,
}

/// The columns that this file asks; full text has a file of its own.
const COLUMNS: [(&str, Kind); 19] = [
    ("id", Kind::Name),
    ("email", Kind::Text),
    ("credentialId", Kind::Text),
    ("credentialNames", Kind::List),
    ("credentialTypes", Kind::List),
    ("correlationId", Kind::Text),
    ("subject", Kind::Text),
    ("issuer", Kind::Text),
    ("status", Kind::Name),
    ("createdBy", Kind::Text),
    ("updatedBy", Kind::Text),
    ("createdAt", Kind::Moment),
    ("updatedAt", Kind::Moment),
    ("issuedAt", Kind::Moment),
    ("revokedAt", Kind::Moment),
    ("expirationDate", Kind::Moment),
    ("credentialOfferCollection.id", Kind::Name),
    ("referenceId", Kind::Text),
    ("organisationProfileId", Kind::Name),
];

/// The operators that fit; each with how many values it has.
fn operators(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Text => &[
            "",
            "$eq",
            "$in",
            "$gt",
            "$gte",
            "$lt",
            "$lte",
            "$btw",
            "$null",
            "$ilike",
            "$like",
            "like",
            "$sw",
            "$contains",
        ],
        Kind::Name => &["", "$eq", "$in", "$null", "$ilike", "$like", "like", "$sw", "$contains"],
        Kind::List => &["", "$eq", "$in", "$null", "$ilike", "$like", "like", "$sw", "$contains"],
        Kind::Moment => &["", "$eq", "$in", "$gt", "$gte", "$lt", "$lte", "$btw", "$null"],
    }
}

/// One value of a filter.
#[derive(Clone, Debug)]
struct Ask {
    column: &'static str,
    kind: Kind,
    or: bool,
    not: bool,
    operator: &'static str,
    value: String,
}

impl Ask {
    /// As a query has it.
    fn text(&self) -> String {
        let tokens = [
            if self.or { "$or:" } else { "" },
            if self.not { "$not:" } else { "" },
            self.operator,
            if self.operator.is_empty() { "" } else { ":" },
        ];
        let value = if self.operator == "$null" { "" } else { &self.value };
        let value = value.replace('%', "%25").replace('+', "%2B").replace('&', "%26").replace('#', "%23");
        format!("filter.{}={}{value}", self.column, tokens.concat())
    }

    /// Whether a row satisfies it. A row without a value satisfies nothing but `$null`.
    fn holds(&self, row: &Value) -> bool {
        let values = values(row, self.column);
        if self.operator == "$null" {
            return values.is_none() != self.not;
        }
        let Some(values) = values else { return false };
        let found = match self.kind {
            Kind::List => self.holds_of_list(&values),
            _ => self.holds_of(&values[0]),
        };
        found != self.not
    }

    fn holds_of(&self, found: &str) -> bool {
        let (asked, lower) = (self.value.as_str(), found.to_ascii_lowercase());
        let fragment = asked.to_ascii_lowercase();
        match self.operator {
            "" | "$eq" => found == asked,
            "$in" => asked.split(',').any(|asked| asked == found),
            "$gt" => found > asked,
            "$gte" => found >= asked,
            "$lt" => found < asked,
            "$lte" => found <= asked,
            "$btw" => asked.split_once(',').is_some_and(|(from, to)| from <= found && found <= to),
            "$sw" => lower.starts_with(&fragment),
            _ => lower.contains(&fragment),
        }
    }

    fn holds_of_list(&self, found: &[String]) -> bool {
        let has = |asked: &str| found.iter().any(|found| found == asked);
        match self.operator {
            "" | "$eq" => has(&self.value),
            "$contains" => self.value.split(',').all(has),
            "$in" => self.value.split(',').any(has),
            _ => found.iter().any(|found| self.holds_of(found)),
        }
    }
}

/// The value of a column, or the values of a list; `None` if there is none.
fn values(row: &Value, column: &str) -> Option<Vec<String>> {
    let value = match column.split_once('.') {
        Some((outer, inner)) => &row[outer][inner],
        None => &row[column],
    };
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        Value::Array(texts) => texts.iter().map(|text| text.as_str().map(str::to_owned)).collect(),
        _ => None,
    }
}

/// Whether a row satisfies all of the asks. Those of one column form a chain, in which AND binds tighter than OR; the chains of
/// columns whose first ask says `$or` are one.
fn holds(asks: &[Ask], row: &Value) -> bool {
    let mut columns: Vec<&str> = Vec::new();
    for ask in asks {
        if !columns.contains(&ask.column) {
            columns.push(ask.column);
        }
    }
    let of = |column: &str| asks.iter().filter(|ask| ask.column == column).collect::<Vec<_>>();
    let chains: Vec<Vec<&Ask>> = columns.into_iter().map(of).collect();
    let (either, each): (Vec<_>, Vec<_>) = chains.into_iter().partition(|chain| chain[0].or);
    let chain = |links: &[&Ask]| {
        // Alternatives of conditions that must all hold.
        let mut alternatives = vec![true];
        for (place, link) in links.iter().enumerate() {
            let found = link.holds(row);
            match alternatives.last_mut() {
                Some(last) if place == 0 || !link.or => *last &= found,
                _ => alternatives.push(found),
            }
        }
        alternatives.contains(&true)
    };
    each.iter().all(|links| chain(links)) && (either.is_empty() || chain(&either.concat()))
}

/// Asks the server and the model.
async fn check(server: &Server, recorded: &Recorded, rows: &[Value], asks: &[Ask]) {
    let query: Vec<String> = asks.iter().map(Ask::text).collect();
    let query = query.join("&");
    let found = listed(server, &recorded.nchain, &format!("/credential-offers?limit=100&{query}")).await;
    let references = |rows: &mut dyn Iterator<Item = &Value>| -> BTreeSet<String> {
        rows.map(|row| row["referenceId"].to_string()).collect()
    };
    let ours = references(&mut list(&found, "data").iter());
    let model = references(&mut rows.iter().filter(|row| holds(asks, row)));
    assert_eq!(ours, model, "{query}");
    assert_eq!(found["meta"]["totalItems"], model.len(), "{query}");
}

/// The recorded offers, with something in every column of some, and all of them as the list shows them.
async fn set_up(server: &Server) -> (Recorded, Vec<Value>) {
    let recorded = Recorded::set_up(server).await;
    let number = "CAST(reference_id AS BIGINT)";
    for change in [
        format!("expires_at = created_at + {number} * 86400000000 WHERE {number} % 4 = 1"),
        format!("updated_by = 'Operator', updated_at = created_at + 999 WHERE {number} % 5 < 2"),
        format!("created_at = created_at + 123456 WHERE {number} % 2 = 1"),
    ] {
        execute_sql(&server.database_url, &format!("UPDATE offer SET {change}")).await;
    }
    let all = listed(server, &recorded.nchain, "/credential-offers?limit=100").await;
    let rows = list(&all, "data").to_vec();
    assert_eq!(rows.len(), OFFERS);
    (recorded, rows)
}

/// Values of a column to ask for, out of what is there, as an operator takes them.
fn asked(rows: &[Value], column: &str, kind: Kind, operator: &str, seed: usize) -> String {
    let there: Vec<String> = rows.iter().filter_map(|row| values(row, column)).flatten().collect();
    let one = |place: usize| there[(seed * 7 + place * 13) % there.len()].clone();
    match operator {
        "$in" => format!("{},{}", one(0), one(1)),
        "$btw" => {
            let (a, b) = (one(0), one(1));
            // Once in a while the wrong way round: nothing lies between.
            if seed % 5 == 4 {
                format!("{},{}", a.clone().max(b.clone()), a.min(b))
            } else {
                format!("{},{}", a.clone().min(b.clone()), a.max(b))
            }
        }
        "$contains" if kind == Kind::List => format!("{},{}", one(0), one(seed)),
        "$ilike" | "$like" | "like" | "$contains" => {
            let text = one(0);
            let middle: String = text.chars().skip(text.chars().count() / 3).take(6).collect();
            if seed.is_multiple_of(2) { middle.to_ascii_uppercase() } else { middle }
        }
        "$sw" => one(0).chars().take(5).collect::<String>().to_ascii_uppercase(),
        _ => one(0),
    }
}

on_both!(every_operator_fits_its_columns, async |server: Server| {
    let (recorded, rows) = set_up(&server).await;
    for (column, kind) in COLUMNS {
        for (seed, operator) in operators(kind).iter().enumerate() {
            for not in [false, true] {
                let value = asked(&rows, column, kind, operator, seed);
                check(&server, &recorded, &rows, &[Ask { column, kind, or: false, not, operator, value }])
                    .await;
            }
        }
    }
});

on_both!(every_part_of_an_address_and_a_did_is_found, async |server: Server| {
    let (recorded, rows) = set_up(&server).await;
    for column in ["email", "subject"] {
        let kind = Kind::Text;
        let whole = rows.iter().find_map(|row| values(row, column)).expect("a value").remove(0);
        let length = whole.len();
        for from in 0..length {
            for to in [from + 1, from + 3, from + 8, length].into_iter().filter(|to| *to <= length) {
                let value = whole[from..to].to_owned();
                let ask =
                    |operator, not| Ask { column, kind, or: false, not, operator, value: value.clone() };
                check(&server, &recorded, &rows, &[ask("$contains", from % 2 == 1)]).await;
                check(&server, &recorded, &rows, &[ask("$sw", from % 3 == 1)]).await;
            }
        }
        // More than it is, and together with another condition.
        for value in [format!("{whole}x"), format!("x{whole}"), whole.to_ascii_uppercase()] {
            let ask = Ask { column, kind, or: false, not: false, operator: "$contains", value };
            let open = "ready_to_claim".to_owned();
            let status = Ask {
                column: "status",
                kind: Kind::Name,
                or: false,
                not: true,
                operator: "$eq",
                value: open,
            };
            check(&server, &recorded, &rows, std::slice::from_ref(&ask)).await;
            check(&server, &recorded, &rows, &[ask, status]).await;
        }
    }
});

on_both!(filters_combine_as_in_the_library, async |server: Server| {
    let (recorded, rows) = set_up(&server).await;
    let mut state = 1_u64;
    let mut below = |most: usize| {
        // Numerical Recipes' generator: the same questions in every run.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % most
    };
    for _ in 0..150 {
        let mut asks = Vec::new();
        for _ in 0..1 + below(3) {
            let (column, kind) = COLUMNS[below(COLUMNS.len())];
            for _ in 0..1 + below(3) {
                let operator = operators(kind)[below(operators(kind).len())];
                let value = asked(&rows, column, kind, operator, below(100));
                let (or, not) = (below(2) == 0, below(3) == 0);
                asks.push(Ask { column, kind, or, not, operator, value });
            }
        }
        check(&server, &recorded, &rows, &asks).await;
    }
});

on_both!(wildcards_are_characters, async |server: Server| {
    let acme = server.environment("acme").await;
    let references =
        ["50%_off", "50x_off", "50%xoff", "a\\b", "axb", "plain", "UPPER", "it's", "$eq:x", "x:y:z"];
    let offer = |reference: &str| {
        let mut item = acme.offer("ada@example.com", "Ada");
        item["referenceId"] = json!(reference);
        item
    };
    let items: Vec<Value> = references.iter().map(|reference| offer(reference)).collect();
    server.offers(&acme, &items).await;
    let found = async |filter: &str| {
        let rest = format!("/credential-offers?sortBy=createdAt:ASC&filter.referenceId={filter}");
        each(&listed(&server, &acme, &rest).await, "data", "referenceId").join(" ")
    };
    for operator in ["$like", "like", "$ilike", "$contains"] {
        assert_eq!(found(&format!("{operator}:%25")).await, "50%_off 50%xoff", "{operator}");
        assert_eq!(found(&format!("{operator}:_")).await, "50%_off 50x_off", "{operator}");
        assert_eq!(found(&format!("{operator}:%5C")).await, "a\\b", "{operator}");
        assert_eq!(found(&format!("{operator}:%25_OFF")).await, "50%_off", "{operator}");
        assert_eq!(found(&format!("{operator}:upper")).await, "UPPER", "{operator}");
        assert_eq!(found(&format!("{operator}:it's")).await, "it's", "{operator}");
        assert_eq!(found(&format!("{operator}:y:z")).await, "x:y:z", "{operator}");
    }
    assert_eq!(found("$sw:50%25").await, "50%_off 50%xoff");
    assert_eq!(found("$sw:%25").await, "");
    assert_eq!(found("$eq:$eq:x").await, "");
    assert_eq!(found("$eq:50%25_off").await, "50%_off");
    assert_eq!(found("50%25_OFF").await, "", "equal means equal");
    assert_eq!(found("$not:$like:John&filter.referenceId=like:plain").await, "plain");
});

on_both!(another_tenant_s_offers_are_in_no_list, async |server: Server| {
    let (acme, umbrella) = (server.environment("acme").await, server.environment("umbrella").await);
    let mut item = acme.offer("ada@example.com", "Ada");
    item["claims"].as_array_mut().expect("a list").push(claim("number", "level", 3));
    let made = create(&server, &acme, &acme.bulk(&[item])).await.json();
    let id = id_of(&list(&made, "credentialOffers")[0]).to_owned();
    for query in [
        String::new(),
        format!("filter.id={id}"),
        format!("filter.id=$or:{id}&filter.email=$or:ada@example.com"),
        "filter.email=$not:$null".to_owned(),
        "filter.search=$fulltext:ada".to_owned(),
        "filter.search=$not:$fulltext:nobody".to_owned(),
        "filter.credentialNames=$contains:Example Credential".to_owned(),
        format!("filter.correlationId={}", acme.correlation_id),
        format!("filter.organisationProfileId={}", acme.profile_id),
    ] {
        let rest = format!("/credential-offers?{query}");
        assert_eq!(listed(&server, &umbrella, &rest).await["meta"]["totalItems"], 0, "{query}");
        assert_eq!(listed(&server, &acme, &rest).await["meta"]["totalItems"], 1, "{query}");
    }
});
