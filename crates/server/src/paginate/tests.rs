use proptest::prelude::*;
use serde_json::json;
use store::OFFERS;

use super::{ListQuery, parameters};

const BASE: &str = "https://issuer.example/offers";

fn parse(query: &str) -> ListQuery {
    ListQuery::parse(query, &OFFERS).unwrap_or_else(|error| panic!("{query}: {error}"))
}

#[test]
fn the_answer_has_the_library_s_keys_in_its_order() {
    let query = parse(
        "page=2&limit=2&filter.email=$not:a b%2Bc@x.y&filter.email=$or:d&search=J%C3%BCrg&sortBy=email:ASC",
    );
    let page = query.answer(vec![1, 2], 7, BASE);
    insta::assert_snapshot!(serde_json::to_string_pretty(&page).unwrap());
}

#[test]
fn an_empty_list_has_one_link() {
    let page = parse("").answer(Vec::<u8>::new(), 0, BASE);
    let links = serde_json::to_value(page.links).unwrap();
    assert_eq!(links, json!({"current": format!("{BASE}?page=1&limit=20&sortBy=createdAt:DESC")}));
    assert_eq!(page.meta.total_pages, 0);
}

#[test]
fn what_is_not_a_parameter_is_ignored() {
    for query in
        ["xfilter.z=1", "filter[status]=claimed", "select=id", "searchBy=email", "Filter.status=x", "&&=&%zz"]
    {
        let query = parse(query);
        assert!(query.request.filters.is_empty() && query.filters.is_empty(), "{query:?}");
    }
}

#[test]
fn sorting_falls_back_and_repeats_nothing() {
    for query in
        ["", "sortBy=email", "sortBy=email:asc", "sortBy=bogus:ASC", "sortBy=id:ASC", "sortBy=email:ASC:x"]
    {
        assert_eq!(parse(query).sort_by(), [["createdAt", "DESC"]], "{query}");
    }
    let query = parse("sortBy=status:ASC&sortBy=x&sortBy=status:DESC&sortBy=createdAt:DESC");
    assert_eq!(query.sort_by(), [["status", "ASC"], ["createdAt", "DESC"]]);
}

#[test]
fn the_openapi_parameters_are_reviewed() {
    let parameters = serde_json::to_value(parameters(&OFFERS)).unwrap();
    let line = |parameter: &serde_json::Value| {
        format!(
            "{} {}\n    {}",
            parameter["name"],
            parameter["schema"],
            parameter["description"].as_str().unwrap()
        )
    };
    let lines: Vec<String> = parameters.as_array().unwrap().iter().map(line).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

/// Something like a query: mostly made of what means something.
fn queries() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("filter.".to_owned()),
        prop::sample::select(OFFERS.columns).prop_map(|column| column.name.to_owned()),
        "[=&:,+%]",
        "\\$(and|or|not|eq|in|btw|null|like|sw|contains|fulltext|gt)",
        "(page|limit|sortBy|search)",
        "[-0-9]{1,4}",
        "\\PC{0,8}",
        Just("2025-06-01".to_owned()),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn links_say_what_was_asked(query in queries(), total in 0_i64..1_000) {
        let Ok(asked) = ListQuery::parse(&query, &OFFERS) else { return Ok(()) };
        let page = asked.answer(Vec::<u8>::new(), total, BASE);
        let (_, again) = page.links.current.split_once('?').expect("a query");
        prop_assert!(again.is_ascii() && !again.contains(' '));
        let again = ListQuery::parse(again, &OFFERS).expect("our own link");
        prop_assert_eq!(again.request, asked.request);
        prop_assert_eq!(again.filters, asked.filters);
    }

    #[test]
    fn every_filter_is_understood_or_refused(column in prop::sample::select(OFFERS.columns), value in "\\PC{0,20}") {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        let query = query.append_pair(&format!("filter.{}", column.name), &value).finish();
        if let Ok(asked) = ListQuery::parse(&query, &OFFERS) {
            prop_assert_eq!(asked.request.filters.len(), 1);
        }
    }
}
