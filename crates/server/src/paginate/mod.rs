//! Lists as nestjs-paginate makes them (facts of seed 003): a query string becomes a [`model::ListRequest`], and rows become the
//! answer's `data`, `meta` and `links`.
//!
//! Where the library silently ignores a filter and answers with everything, this module answers 400: an unknown column, an operator
//! that does not fit its column and a value that is none are named. Page, limit and sorting fall back, as the seed promises. Links
//! are percent-encoded, which the library forgets.

mod document;
mod error;
mod number;
mod page;
mod parse;
mod received;
mod token;

#[cfg(test)]
mod tests;

pub use document::parameters;
pub use error::ListError;
pub use page::{Page, PageLinks, PageMeta};
pub use parse::{ListQuery, MAX_LIMIT};
pub use received::{OneOrMany, ReceivedFilters};
