//! Claims path pointers (section 7).

use openid4vp::path::{Element, MAX_ELEMENTS, MAX_NAME_LEN, Path, PathError, SelectError};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::common::{object, path};

/// The credential of section 7.3.
fn arthur() -> Value {
    json!({
        "name": "Arthur Dent",
        "address": { "street_address": "42 Market Street", "locality": "Milliways", "postal_code": "12345" },
        "degrees": [
            { "type": "Bachelor of Science", "university": "University of Betelgeuse" },
            { "type": "Master of Science", "university": "University of Betelgeuse" },
        ],
        "nationalities": ["British", "Betelgeusian"],
    })
}

fn select(root: &Value, pointer: &Value) -> Result<Vec<Value>, SelectError> {
    let root = object(root.clone());
    path(pointer).select(&root).map(|found| found.into_iter().cloned().collect())
}

#[test]
fn the_examples_of_the_specification() {
    let root = arthur();
    for (pointer, expected) in [
        (json!(["name"]), json!(["Arthur Dent"])),
        (json!(["address"]), json!([root["address"]])),
        (json!(["address", "street_address"]), json!(["42 Market Street"])),
        (json!(["degrees", null, "type"]), json!(["Bachelor of Science", "Master of Science"])),
        (json!(["nationalities", 1]), json!(["Betelgeusian"])),
    ] {
        assert_eq!(json!(select(&root, &pointer).unwrap()), expected, "{pointer}");
    }
}

#[test]
fn steps_into_the_wrong_thing_select_nothing_at_all() {
    let root = json!({ "a": "text", "list": [{ "x": 1 }, 2], "empty": [], "some": [{ "x": 1 }, { "y": 2 }] });
    for (pointer, expected) in [
        (json!(["missing"]), SelectError::Nothing),
        (json!(["a", "b"]), SelectError::NotObject(1)),
        (json!(["a", null]), SelectError::NotArray(1)),
        (json!(["a", 0]), SelectError::NotArray(1)),
        (json!([null]), SelectError::NotArray(0)),
        (json!([0, "a"]), SelectError::NotArray(0)),
        (json!(["list", "x"]), SelectError::NotObject(1)),
        (json!(["list", null, "x"]), SelectError::NotObject(2)),
        (json!(["list", 2]), SelectError::Nothing),
        (json!(["list", 4_294_967_295_u32]), SelectError::Nothing),
        (json!(["empty", null]), SelectError::Nothing),
        (json!(["some", null, "z"]), SelectError::Nothing),
    ] {
        assert_eq!(select(&root, &pointer), Err(expected), "{pointer}");
    }
    assert_eq!(select(&root, &json!(["some", null, "x"])), Ok(vec![json!(1)]));
}

#[test]
fn what_is_no_path_is_refused() {
    let long = "n".repeat(MAX_NAME_LEN + 1);
    let float: Value = serde_json::from_str("[\"a\", 1.0]").unwrap();
    for (pointer, expected) in [
        (json!("name"), PathError::NotArray),
        (json!({}), PathError::NotArray),
        (json!([]), PathError::Length),
        (json!(vec!["a"; MAX_ELEMENTS + 1]), PathError::Length),
        (json!(["a", -1]), PathError::Element(1)),
        (json!(["a", true]), PathError::Element(1)),
        (json!(["a", ["b"]]), PathError::Element(1)),
        (json!(["a", 4_294_967_296_u64]), PathError::Element(1)),
        (float, PathError::Element(1)),
        (json!(["a", ""]), PathError::Name(1)),
        (json!([long]), PathError::Name(0)),
    ] {
        assert_eq!(Path::parse(&pointer), Err(expected), "{pointer}");
    }
    assert!(Path::parse(&json!(vec!["a"; MAX_ELEMENTS])).is_ok());
}

#[test]
fn a_path_is_written_as_it_is_read() {
    let pointer = json!(["degrees", null, 3, "a\"b"]);
    let read: Path = serde_json::from_value(pointer.clone()).unwrap();
    assert_eq!(read.to_string(), r#"["degrees",null,3,"a\"b"]"#);
    assert_eq!(serde_json::to_value(&read).unwrap(), pointer);
    let error = serde_json::from_value::<Path>(json!([true])).unwrap_err();
    assert!(error.to_string().contains("element 0 of the path"), "{error}");
}

#[test]
fn paths_overlap_if_they_can_meet() {
    let overlap = |left: Value, right: Value| path(&left).overlaps(&path(&right));
    assert!(overlap(json!(["a", null]), json!(["a", 0])));
    assert!(overlap(json!(["a", 0, "b"]), json!(["a", null, "b"])));
    assert!(overlap(json!(["a"]), json!(["a"])));
    assert!(!overlap(json!(["a"]), json!(["a", "b"])));
    assert!(!overlap(json!(["a", 1]), json!(["a", 0])));
    assert!(!overlap(json!(["a", null]), json!(["a", "b"])));
}

/// Any JSON, small.
fn any_json() -> impl Strategy<Value = Value> {
    let scalar =
        prop_oneof![Just(Value::Null), any::<i32>().prop_map(Value::from), "[a-c]".prop_map(Value::from)];
    scalar.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map("[a-c]", inner, 0..4).prop_map(|members| json!(members)),
        ]
    })
}

fn any_root() -> impl Strategy<Value = Value> {
    btree_map("[a-c]", any_json(), 1..4).prop_map(|members| json!(members))
}

fn any_path() -> impl Strategy<Value = Path> {
    let element = prop_oneof![
        3 => "[a-c]".prop_map(Element::Name),
        1 => (0..3u32).prop_map(Element::Index),
        1 => Just(Element::All),
    ];
    vec(element, 1..5).prop_map(|elements| Path::new(elements).unwrap())
}

/// Every place in a value, with what is there.
fn places(value: &Value, before: &[Element], found: &mut Vec<(Vec<Element>, Value)>) {
    let mut go = |element: Element, inner: &Value| {
        let here = [before, &[element]].concat();
        found.push((here.clone(), inner.clone()));
        places(inner, &here, found);
    };
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(name, inner)| go(Element::Name(name.clone()), inner));
        }
        Value::Array(elements) => {
            (0..).zip(elements).for_each(|(index, inner)| go(Element::Index(index), inner));
        }
        _ => {}
    }
}

proptest! {
    #[test]
    fn every_place_is_selected_by_its_path(root in any_root()) {
        let mut found = Vec::new();
        places(&root, &[], &mut found);
        let root = object(root);
        for (elements, expected) in found {
            let path = Path::new(elements).unwrap();
            prop_assert_eq!(path.select(&root).unwrap(), vec![&expected]);
        }
    }

    /// What a path selects is what lies at the places that it overlaps with, in order; and an error otherwise says so.
    #[test]
    fn a_path_selects_the_places_that_it_overlaps_with(root in any_root(), path in any_path()) {
        let mut found = Vec::new();
        places(&root, &[], &mut found);
        let is_there = |(elements, _): &&(Vec<Element>, Value)| {
            Path::new(elements.clone()).unwrap().overlaps(&path)
        };
        let expected: Vec<&Value> = found.iter().filter(is_there).map(|(_, value)| value).collect();
        let root = object(root.clone());
        match path.select(&root) {
            Ok(selected) => prop_assert_eq!(selected, expected),
            Err(SelectError::Nothing) => prop_assert!(expected.is_empty()),
            Err(SelectError::NotObject(position)) => {
                prop_assert!(matches!(path.elements()[position], Element::Name(_)));
            }
            Err(SelectError::NotArray(position)) => {
                prop_assert!(!matches!(path.elements()[position], Element::Name(_)));
            }
        }
    }

    #[test]
    fn paths_are_read_back(path in any_path()) {
        prop_assert_eq!(&Path::parse(&path.to_json()).unwrap(), &path);
        prop_assert_eq!(serde_json::from_str::<Path>(&path.to_string()).unwrap(), path);
    }
}
