//! Every documented filter and every sorting finds its first page by an index, however many offers there are.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use server::paginate::ListQuery;
use store::{OFFERS, OfferScope, Store};
use support::{Database, MANY_OFFERS_TENANT, load_many_offers, query_texts};
use tempfile::TempDir;

/// A store with many offers: 100,000, or as many as `BESTOW_PLAN_ROWS` says; or the database that an earlier run filled, if
/// `BESTOW_PLAN_DATABASE` names one.
async fn many() -> (Store, String, TempDir) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    if let Ok(url) = std::env::var("BESTOW_PLAN_DATABASE") {
        return (Store::connect(&url, 4).await.expect("opens"), url, folder);
    }
    let url = Database::Postgres.create(&folder).await;
    let store = Store::connect(&url, 4).await.expect("opens");
    store.migrate().await.expect("migrates");
    let rows =
        std::env::var("BESTOW_PLAN_ROWS").map_or(100_000, |rows| rows.parse().expect("a number of rows"));
    load_many_offers(&url, rows).await;
    (store, url, folder)
}

/// Words and fragments that few, many or all offers share.
const SEARCHES: &[&str] = &[
    "filter.search=$fulltext:name123",
    "filter.search=$fulltext:nobody",
    "filter.search=$fulltext:cohort 12",
    "filter.search=$fulltext:Type4Credential",
    "filter.search=$fulltext:name123 Type4Credential",
    "filter.search=$fulltext:verifiablecredential",
    "filter.search=$fulltext:department12",
    "filter.search=$fulltext:2025-01-17",
    "filter.search=$fulltext:17",
    "filter.search=$fulltext:degree3",
    "filter.search=$fulltext:atlantis",
    "filter.search=$fulltext:bsv",
    "filter.search=$fulltext:atlantis name123",
    "filter.search=$fulltext:atlantis degree3 Type4Credential",
    "filter.search=$not:$fulltext:name123",
    "filter.search=$not:$fulltext:bsv",
    "filter.subject=$contains:did:bsv",
    "filter.email=$contains:example",
    "filter.email=$contains:@example.org",
    "filter.email=$contains:name12",
    "filter.subject=$contains:a4d",
    "filter.email=$not:$contains:example.org",
];

/// What very many offers have in the part of a text that is their own: no index counts that, and every text is read.
const READING_ALL: [&str; 2] = ["filter.subject=$contains:a4", "filter.email=$contains:name"];

/// Every documented filter with values that few and that many offers have, and every sorting in both directions.
async fn queries(url: &str) -> Vec<String> {
    let one = |column: &'static str| async move {
        let sql = format!(
            "SELECT {column} FROM offer WHERE tenant_id = '{MANY_OFFERS_TENANT}' AND {column} IS NOT NULL \
             ORDER BY id LIMIT 1"
        );
        query_texts(url, &sql).await.remove(0)
    };
    let (id, email, subject, reference) =
        (one("id").await, one("email").await, one("subject").await, one("reference_id").await);
    let (user, collection, profile) =
        (one("created_by").await, one("collection_id").await, one("profile_id").await);
    let name = one("split_part(split_part(claims, '\"claimValue\" : \"', 2), '\"', 1)").await;
    let mut queries: Vec<String> = SEARCHES.iter().map(|search| (*search).to_owned()).collect();
    queries.extend([
        String::new(),
        format!("filter.id=$in:{id},{MANY_OFFERS_TENANT}"),
        format!("filter.email={email}"),
        format!("filter.email=$contains:{}", &email[..email.len() - 12]),
        "filter.credentialId=program0-3".to_owned(),
        "filter.credentialNames=$contains:Program3 Name".to_owned(),
        "filter.credentialTypes=$contains:Type4Credential".to_owned(),
        "filter.credentialTypes=$contains:VerifiableCredential".to_owned(),
        "filter.correlationId=slug-0-1".to_owned(),
        format!("filter.search=$fulltext:{name}"),
        format!("filter.subject=$contains:{subject}"),
        format!("filter.subject=$contains:{}", &subject[20..30]),
        format!("filter.subject={subject}"),
        "filter.issuer=$contains:issuer1.".to_owned(),
        "filter.issuer=$contains:did:web".to_owned(),
        "filter.status=ready_to_claim".to_owned(),
        "filter.status=$not:revoked".to_owned(),
        format!("filter.createdBy={user}"),
        format!("filter.updatedBy={user}"),
        format!("filter.credentialOfferCollection.id={collection}"),
        format!("filter.referenceId={reference}"),
        format!("filter.organisationProfileId={profile}"),
    ]);
    for column in ["createdAt", "updatedAt", "issuedAt", "revokedAt", "expirationDate"] {
        for moment in ["2020-01-01", "2025-01-10", "2030-01-01"] {
            queries.push(format!("filter.{column}=$gt:{moment}"));
        }
    }
    for column in OFFERS.columns.iter().filter(|column| column.sortable) {
        for direction in ["ASC", "DESC"] {
            queries.push(format!("sortBy={}:{direction}", column.name));
        }
    }
    queries
}

fn parse(query: &str) -> ListQuery {
    ListQuery::parse(query, &OFFERS).unwrap_or_else(|error| panic!("{query}: {error}"))
}

/// The lines of a plan that read or sort more than they should.
fn faults(query: &str, plan: &[String], page: bool) -> Vec<String> {
    let sorted = query.starts_with("sortBy") || query.is_empty();
    let text = plan.join("\n");
    let mut faults = Vec::new();
    if text.contains("Seq Scan on offer") {
        faults.push("reads the whole table");
    }
    if page && sorted && !(text.contains("Incremental Sort") || ordered_by_index(&text)) {
        faults.push("sorts all rows");
    }
    if !page && text.contains("Index Scan using offer_live") {
        faults.push("counts by reading every row");
    }
    faults.into_iter().map(|fault| format!("{query} {fault}:\n{text}")).collect()
}

/// Whether the page's subplan has no step that sorts: the outermost one sorts a page's rows again.
fn ordered_by_index(plan: &str) -> bool {
    let page = plan.split_once("CTE page").map_or(plan, |(_, page)| page);
    let page = page.split("Nested Loop").next().unwrap_or_default();
    !page.contains("Sort")
}

#[tokio::test]
async fn every_filter_and_sorting_has_its_index() {
    let (store, url, _folder) = many().await;
    let scope = OfferScope { tenant: MANY_OFFERS_TENANT.into(), made_by: None };
    let mut found = Vec::new();
    for query in queries(&url).await {
        let request = parse(&query).request;
        let [page, count] = store.offer_list_plans(&scope, &request).await.expect("plans");
        found.extend(faults(&query, &page, true));
        found.extend(faults(&query, &count, false));
        let (_, total) = store.list_offers(&scope, &request).await.expect("answers");
        let empty = ["2030-01-01", "nobody"].iter().any(|word| query.contains(word));
        assert_eq!(total == 0, empty, "{query}: {total}");
    }
    assert!(found.is_empty(), "{}", found.join("\n\n"));
}

/// Run it with `--ignored --nocapture`; `BESTOW_PLAN_ROWS=1000000` for the promised size.
#[tokio::test]
#[ignore = "it prints how long each list takes, which is no promise of a test"]
async fn how_long_each_list_takes() {
    let (store, url, _folder) = many().await;
    let scope = OfferScope { tenant: MANY_OFFERS_TENANT.into(), made_by: None };
    let mut table =
        "| query | first page, ms | worst of 7, ms | rows in all |\n|---|--:|--:|--:|\n".to_owned();
    for query in queries(&url).await.into_iter().chain(READING_ALL.map(str::to_owned)) {
        let request = parse(&query).request;
        let mut times = Vec::new();
        let mut total = 0;
        for _ in 0..7 {
            let begun = Instant::now();
            (_, total) = store.list_offers(&scope, &request).await.expect("answers");
            times.push(begun.elapsed());
        }
        times.sort();
        let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
        writeln!(table, "| {query} | {:.1} | {:.1} | {total} |", ms(times[3]), ms(times[6])).expect("a text");
    }
    println!("{table}");
}
