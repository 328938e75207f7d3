//! Conditions: what can be asked, and what holds.

use openid4vp::condition::{
    Condition, ConditionError, ConditionsError, MAX_CONDITIONS, MAX_ONE_OF, MAX_TEXT_LEN, ValueError,
    check_all, verdict,
};
use openid4vp::dcql::{DcqlQuery, Selected};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::{card, path, query};

/// 2026-11-22T16:10:00Z.
const NOW: i64 = 1_795_363_800;

fn condition(operator: &str, value: Value) -> Condition {
    serde_json::from_value(json!({ "credential": "c", "path": ["x"], "operator": operator, "value": value }))
        .unwrap()
}

/// An answer with these values at `["x"]`.
fn answer(values: &[Value]) -> Vec<Selected> {
    let claims = values.iter().map(|value| (path(&json!(["x"])), value.clone())).collect();
    vec![Selected { id: "c".to_owned(), index: 0, claims }]
}

fn holds(claim: Value, operator: &str, value: Value) -> bool {
    condition(operator, value).holds(&answer(&[claim]), NOW)
}

fn number(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn asks_x() -> DcqlQuery {
    query(&card(json!({ "claims": [{ "path": ["x"] }, { "path": ["y", null] }] })))
}

#[test]
fn conditions_are_written_as_they_are_read() {
    let document = json!({ "credential": "c", "path": ["x"], "operator": "greaterOrEqual", "value": 18 });
    let read: Condition = serde_json::from_value(document.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), document);
    let exact: Condition = serde_json::from_str(
        r#"{"credential":"c","path":["x"],"operator":"less","value":0.10000000000000000000000000001}"#,
    )
    .unwrap();
    assert_eq!(exact.value.to_string(), "0.10000000000000000000000000001");
    for odd in [
        json!({ "credential": "c", "path": ["x"], "operator": "matches", "value": 18 }),
        json!({ "credential": "c", "path": [], "operator": "equal", "value": 18 }),
        json!({ "credential": "c", "path": ["x"], "operator": "equal", "value": 18, "more": 1 }),
        json!({ "credential": "c", "path": ["x"], "operator": "equal" }),
    ] {
        assert!(serde_json::from_value::<Condition>(odd).is_err());
    }
}

#[test]
fn a_condition_is_about_a_claim_that_the_query_asks_for() {
    let good = condition("equal", json!(1));
    assert_eq!(good.check_against(&asks_x()), Ok(()));
    let elsewhere = Condition { credential: "d".to_owned(), ..good.clone() };
    assert_eq!(elsewhere.check_against(&asks_x()), Err(ConditionError::Credential("d".to_owned())));
    for other in [json!(["z"]), json!(["y"]), json!(["y", 0])] {
        let other = Condition { path: path(&other), ..good.clone() };
        assert_eq!(other.check_against(&asks_x()), Err(ConditionError::Path(other.path)));
    }
    let all = Condition { path: path(&json!(["y", null])), ..good };
    assert_eq!(all.check_against(&asks_x()), Ok(()));
}

#[test]
fn a_value_fits_its_operator() {
    let check = |operator: &str, value: Value| match condition(operator, value).check_against(&asks_x()) {
        Ok(()) => Ok(()),
        Err(ConditionError::Value(problem)) => Err(problem),
        Err(other) => panic!("{other}"),
    };
    for good in [json!("text"), json!(""), json!(1.5), json!(false)] {
        assert_eq!(check("equal", good.clone()), Ok(()));
        assert_eq!(check("notEqual", good.clone()), Ok(()));
        assert_eq!(check("oneOf", json!([good])), Ok(()));
    }
    for odd in [json!(null), json!([1]), json!({ "yearsAgo": 18 })] {
        assert_eq!(check("equal", odd.clone()), Err(ValueError::NotScalar));
        assert_eq!(check("oneOf", json!([1, odd])), Err(ValueError::NotScalar));
    }
    assert_eq!(check("equal", json!("x".repeat(MAX_TEXT_LEN + 1))), Err(ValueError::TooLong));
    assert_eq!(check("equal", number("1e99999999999")), Err(ValueError::Number));
    for list in [json!([]), json!(1), json!({}), json!(vec![1; MAX_ONE_OF + 1])] {
        assert_eq!(check("oneOf", list), Err(ValueError::NotList));
    }
    for operator in ["greater", "greaterOrEqual", "less", "lessOrEqual"] {
        for good in
            [json!(18), json!("2008-11-22"), json!("2008-11-22T10:00:00+01:00"), json!({ "yearsAgo": 18 })]
        {
            assert_eq!(check(operator, good), Ok(()));
        }
        assert_eq!(check(operator, number("1e99999999999")), Err(ValueError::Number));
        for odd in [
            json!("18"),
            json!("2008-02-30"),
            json!(true),
            json!(null),
            json!([18]),
            json!("2008-11-22T10:00:00"),
        ] {
            assert_eq!(check(operator, odd), Err(ValueError::NotOrdered));
        }
        for odd in
            [json!({}), json!({ "yearsAgo": -1 }), json!({ "yearsAgo": 201 }), json!({ "yearsAgo": "18" })]
        {
            assert_eq!(check(operator, odd), Err(ValueError::YearsAgo));
        }
        assert_eq!(check(operator, json!({ "yearsAgo": 18, "days": 1 })), Err(ValueError::YearsAgo));
        assert_eq!(check(operator, number(r#"{"yearsAgo": 18.0}"#)), Err(ValueError::YearsAgo));
    }
}

#[test]
fn a_list_says_which_condition_is_wrong() {
    let good = condition("equal", json!(1));
    assert_eq!(check_all(&vec![good.clone(); MAX_CONDITIONS], &asks_x()), Ok(()));
    assert_eq!(check_all(&vec![good.clone(); MAX_CONDITIONS + 1], &asks_x()), Err(ConditionsError::TooMany));
    let error = check_all(&[good, condition("less", json!("x"))], &asks_x()).unwrap_err();
    assert!(error.to_string().starts_with("conditions[1].`value`: to order"), "{error}");
    assert!(error.to_string().contains(r#"{"yearsAgo": 18}"#), "{error}");
}

#[test]
fn numbers_are_compared_exactly() {
    assert!(holds(number("18.0"), "equal", json!(18)));
    assert!(!holds(number("18.0"), "notEqual", json!(18)));
    assert!(holds(number("9007199254740993"), "greater", number("9007199254740992")));
    assert!(!holds(number("9007199254740993"), "equal", number("9007199254740992.0")));
    assert!(holds(json!(18), "greaterOrEqual", json!(18)));
    assert!(!holds(json!(18), "greater", json!(18)));
    assert!(holds(number("-1e400"), "less", json!(0)));
    assert!(holds(json!(17), "lessOrEqual", number("17.0")));
    assert!(!holds(number("1e99999999999"), "greater", json!(1)), "a number beyond measure has no order");
    assert!(!holds(number("1e99999999999"), "equal", number("1e99999999999")));
}

#[test]
fn nothing_is_compared_across_kinds() {
    assert!(!holds(json!("18"), "greaterOrEqual", json!(18)));
    assert!(!holds(json!(18), "equal", json!("18")));
    assert!(!holds(json!(1), "equal", json!(true)));
    assert!(holds(json!("18"), "notEqual", json!(18)), "another kind is not the value");
    for claim in [json!(null), json!([18]), json!({ "x": 18 }), json!(true)] {
        for operator in ["greater", "greaterOrEqual", "less", "lessOrEqual", "equal"] {
            assert!(!holds(claim.clone(), operator, json!(18)));
        }
    }
    assert!(
        !holds(json!("2008-11-22T00:00:00Z"), "lessOrEqual", json!("2020-01-01")),
        "an instant is no date"
    );
}

#[test]
fn texts_are_the_same_or_not() {
    assert!(holds(json!("gold"), "equal", json!("gold")));
    assert!(!holds(json!("Gold"), "equal", json!("gold")));
    assert!(holds(json!("gold"), "oneOf", json!(["silver", "gold"])));
    assert!(!holds(json!("gold"), "oneOf", json!(["silver", 1, true])));
    assert!(holds(number("1.0"), "oneOf", json!(["silver", 1, true])));
    assert!(holds(json!(true), "equal", json!(true)));
}

#[test]
fn dates_and_instants_are_ordered_by_time() {
    assert!(holds(json!("2008-11-22"), "lessOrEqual", json!("2008-11-22")));
    assert!(holds(json!("0999-12-31"), "less", json!("1000-01-01")));
    assert!(!holds(json!("2008-02-30"), "less", json!("2020-01-01")), "no day of the calendar");
    assert!(holds(json!("2026-11-22T16:10:00Z"), "equal", json!("2026-11-22T17:10:00+01:00")));
    assert!(holds(json!("2026-11-22T23:30:00-02:00"), "greater", json!("2026-11-23T00:30:00Z")));
    assert!(!holds(json!("2026-11-22T23:30:00-02:00"), "less", json!("2026-11-23T00:30:00Z")));
}

/// Whether somebody born on `birthdate` is 18 at this time.
fn is_adult(birthdate: &str, now: i64) -> bool {
    condition("lessOrEqual", json!({ "yearsAgo": 18 })).holds(&answer(&[json!(birthdate)]), now)
}

#[test]
fn somebody_is_18_from_the_birthday_on() {
    let midnight = 1_795_305_600; // 2026-11-22T00:00:00Z
    assert!(is_adult("2008-11-22", midnight));
    assert!(!is_adult("2008-11-22", midnight - 1));
    assert!(!is_adult("2008-11-23", midnight));
    assert!(is_adult("1940-01-01", midnight));
    assert!(!is_adult("2008-11-22T00:00:00Z", midnight), "a birthdate is a date");
    assert!(!is_adult("22.11.1908", midnight));
}

#[test]
fn leap_days_come_of_age_on_the_first_of_march() {
    let (last, first) = (1_772_236_800, 1_772_323_200); // 2026-02-28, 2026-03-01
    assert!(!is_adult("2008-02-29", last));
    assert!(is_adult("2008-02-29", first));
    assert!(is_adult("2008-02-28", last));
    let leap_day = 1_835_395_200; // 2028-02-29
    assert!(is_adult("2010-02-28", leap_day));
    assert!(!is_adult("2010-03-01", leap_day), "nobody comes of age before their birthday");
    assert!(is_adult("2010-03-01", leap_day + 86_400));
}

#[test]
fn every_value_has_to_satisfy_and_one_has_to_be_there() {
    let at_least_two = condition("greaterOrEqual", json!(2));
    assert!(at_least_two.holds(&answer(&[json!(2), json!(3)]), NOW));
    assert!(!at_least_two.holds(&answer(&[json!(2), json!(1)]), NOW));
    for operator in ["equal", "notEqual", "greater", "lessOrEqual"] {
        assert!(!condition(operator, json!(2)).holds(&answer(&[]), NOW), "nothing satisfies nothing");
        assert!(!condition(operator, json!(2)).holds(&[], NOW));
    }
    assert!(!condition("oneOf", json!([2])).holds(&[], NOW));
    let mut two = answer(&[json!(2)]);
    two.extend(answer(&[json!(1)]));
    assert!(!at_least_two.holds(&two, NOW), "each of several credentials");
    two[1].id = "other".to_owned();
    assert!(at_least_two.holds(&two, NOW), "but not those of another query");
    two[0].claims[0].0 = path(&json!(["y"]));
    assert!(!at_least_two.holds(&two, NOW), "nor another claim");
}

#[test]
fn a_verdict_needs_all_conditions() {
    let answer = answer(&[json!(5)]);
    let (yes, no) = (condition("greater", json!(1)), condition("less", json!(1)));
    assert!(verdict(&[yes.clone(), yes.clone()], &answer, NOW));
    assert!(!verdict(&[yes, no], &answer, NOW));
    assert!(verdict(&[], &answer, NOW));
}

proptest! {
    #[test]
    fn operators_agree_with_one_another(claim in -3..3i32, value in -3..3i32, fraction in 0..3usize) {
        let claim = number(&format!("{claim}.{}", "0".repeat(fraction + 1)));
        let says = |operator: &str| holds(claim.clone(), operator, json!(value));
        prop_assert_eq!(says("equal"), !says("notEqual"));
        prop_assert_eq!(says("equal"), says("greaterOrEqual") && says("lessOrEqual"));
        prop_assert_eq!(says("greater"), !says("lessOrEqual"));
        prop_assert_eq!(says("less"), !says("greaterOrEqual"));
        prop_assert_eq!(says("equal"), holds(claim.clone(), "oneOf", json!([value, "x"])));
    }

    /// Of two people the older is of age whenever the younger is, and once of age one stays so.
    #[test]
    fn age_only_grows(
        year in 1990..2030u16, month in 1..13u8, day in 1..29u8, other in 1..29u8, at in 0..40_000i64, later in 0..2000i64,
    ) {
        let born = |day: u8| format!("{year:04}-{month:02}-{day:02}");
        let now = at * 86_400;
        if is_adult(&born(day.max(other)), now) {
            prop_assert!(is_adult(&born(day.min(other)), now));
            prop_assert!(is_adult(&born(day.max(other)), now + later * 86_400));
        }
    }

    #[test]
    fn any_condition_holds_or_not(claim in "\\PC{0,20}", value in "\\PC{0,20}", now: i64) {
        for operator in ["equal", "less", "greater", "oneOf"] {
            let _ = condition(operator, json!(value)).holds(&answer(&[json!(claim)]), now);
        }
        let _ = condition("less", json!({ "yearsAgo": 18 })).holds(&answer(&[json!(claim)]), now);
    }
}
