//! When credentials of each format are valid.

use serde_json::json;
use vc::{DateError, Validity, validity};

use crate::common::object;

#[test]
fn the_shortest_period_counts() {
    for (claims, from, until) in [
        (json!({}), None, None),
        (json!({ "nbf": 10, "exp": 20.5 }), Some(10), Some(20)),
        // An SD-JWT VC: these are claims of the subject.
        (json!({ "exp": 20, "validUntil": "x", "expirationDate": "2030-01-01" }), None, Some(20)),
        (
            json!({ "@context": [], "validFrom": "1970-01-01T00:00:30Z", "validUntil": "1970-01-01T00:01:00Z" }),
            Some(30),
            Some(60),
        ),
        (
            json!({ "@context": [], "nbf": 40, "exp": 50, "validFrom": "1970-01-01T00:00:30Z" }),
            Some(40),
            Some(50),
        ),
        (
            json!({ "exp": 70, "vc": { "issuanceDate": "1970-01-01T00:00:30Z", "expirationDate": "1970-01-01T01:01:00+01:00" } }),
            Some(30),
            Some(60),
        ),
    ] {
        assert_eq!(validity(&object(claims.clone())), Ok(Validity { from, until }), "{claims}");
    }
}

#[test]
fn dates_that_cannot_be_read_are_not_passed_over() {
    for (claims, name) in [
        (json!({ "nbf": "10" }), "nbf"),
        (json!({ "exp": "2030-01-01T00:00:00Z" }), "exp"),
        (json!({ "@context": [], "validUntil": "2030-01-01" }), "validUntil"),
        (json!({ "vc": { "expirationDate": 1 } }), "expirationDate"),
    ] {
        assert_eq!(validity(&object(claims)), Err(DateError(name)));
    }
}
