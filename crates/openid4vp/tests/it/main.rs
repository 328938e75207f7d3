//! The crate as its callers see it.

#![expect(clippy::needless_pass_by_value, reason = "cases are written down where they are used")]
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its case should stop there")]

mod common;
mod condition;
mod dcql_check;
mod dcql_examples;
mod dcql_parse;
mod path;
mod request;
mod response;
mod transaction_data;
