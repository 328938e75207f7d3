//! What every operation of this dialect may answer instead, for the OpenAPI document.

use std::collections::BTreeMap;

use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::{Ref, RefOr};
use utoipa::{IntoResponses, PartialSchema};

use super::error::ErrorBody;

type Responses = BTreeMap<String, RefOr<Response>>;

fn refusals(described: &[(&str, &str)]) -> Responses {
    // The type is a component of the document; other responses name it.
    debug_assert!(matches!(ErrorBody::schema(), RefOr::T(_)));
    let content = || ContentBuilder::new().schema(Some(Ref::from_schema_name("OfferError"))).build();
    let response = |description: &str| {
        RefOr::T(
            ResponseBuilder::new().description(description).content("application/json", content()).build(),
        )
    };
    described.iter().map(|(status, description)| ((*status).to_owned(), response(description))).collect()
}

const UNAUTHENTICATED: (&str, &str) = ("401", "Invalid authentication credentials.");
const UNAUTHORISED: (&str, &str) = ("403", "User does not have a required claim to perform this operation.");
const FAILURE: (&str, &str) = ("500", "Server-side failure. Retry with exponential backoff.");

/// Of an operation that needs a key.
pub(crate) struct Refusals;

impl IntoResponses for Refusals {
    fn responses() -> Responses {
        refusals(&[UNAUTHENTICATED, UNAUTHORISED, FAILURE])
    }
}

/// Of an operation that needs a key and takes a body.
pub(crate) struct BodyRefusals;

impl IntoResponses for BodyRefusals {
    fn responses() -> Responses {
        refusals(&[
            ("400", "Invalid request body"),
            UNAUTHENTICATED,
            UNAUTHORISED,
            ("408", "The body did not arrive in time."),
            ("413", "Body too large."),
            ("415", "Body of a type that is not taken."),
            FAILURE,
        ])
    }
}

/// Of an operation that needs no key.
pub(crate) struct PublicRefusals;

impl IntoResponses for PublicRefusals {
    fn responses() -> Responses {
        refusals(&[
            ("400", "The id is no UUID."),
            ("404", "Record not found"),
            ("429", "Too many requests from this address."),
            FAILURE,
        ])
    }
}
