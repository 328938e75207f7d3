//! Common support of the end-to-end tests: a whole server in this process on a fresh database, a clock that tests move, and
//! partners that sign.

mod auditor;
mod catalog;
mod database;
mod dev_server;
mod environment;
mod eventually;
mod form;
mod jwks_host;
mod mail_server;
mod many_offers;
mod message;
mod partner;
mod presenter;
mod server;
mod sources;
mod sql;
mod verifier;
mod wallet;

pub use auditor::Auditor;
pub use database::Database;
pub use dev_server::{DevProcess, DevServer, binary};
pub use environment::{Environment, Users};
pub use eventually::{eventually, eventually_some};
pub use form::{Form, PIXEL};
pub use jwks_host::{JwksHost, Reply};
pub use mail_server::MailServer;
pub use many_offers::{MANY_OFFERS_TENANT, load_many_offers};
pub use message::Message;
pub use partner::{Claims, Partner, PartnerKey};
pub use presenter::{
    Binding, Held, PresentationAsked, Verifiers, disclosures, form_body, jwt_vp, parameters, sha256_text,
    unverified,
};
pub use server::{Answer, Server, Setup, http_client};
pub use sources::{SystemEntropy, TestClock};
pub use sql::{execute_sql, query_texts};
pub use verifier::{STATUS_ENTRIES, payload};
pub use wallet::{Access, FORM, refusal};

/// Writes a test that runs on both databases: `on_both!(name, async |server: Server| { ... });` gives `name::sqlite` and
/// `name::postgres`.
#[macro_export]
macro_rules! on_both {
    ($(#[$meta:meta])* $name:ident, $body:expr) => {
        $(#[$meta])*
        mod $name {
            use super::*;

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                ($body)($crate::Server::start($crate::Database::Sqlite).await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                ($body)($crate::Server::start($crate::Database::Postgres).await).await;
            }
        }
    };
}
