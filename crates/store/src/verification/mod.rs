//! Verification: templates of presentations, the requests made from them, and what was issued by what it says of itself.

mod definition;
mod located;
mod request;

pub(crate) use definition::DefinitionRow;
pub use located::{ListEntry, Located};
pub use request::PresentationOutcome;
pub(crate) use request::PresentationRow;

/// What a [`DefinitionRow`] is read from; the definition is `o`.
macro_rules! definition_columns {
    () => {
        "o.tenant_id, o.definition_id, o.name, o.purpose, o.public, o.terms, o.created_at, o.created_by, o.updated_at, \
         o.updated_by"
    };
}
pub(crate) use definition_columns;

/// What a [`PresentationRow`] is read from; the request is `o`.
macro_rules! presentation_columns {
    () => {
        "o.id, o.tenant_id, o.definition_id, o.name, o.purpose, o.terms, o.transaction_data, o.redirect_uri, o.state, \
         o.verdict, o.error_code, o.error_description, o.result, o.result_until, o.created_at, o.created_by, o.updated_at, \
         o.expires_at"
    };
}
pub(crate) use presentation_columns;
