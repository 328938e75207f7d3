//! The command line's own HTTP client, for URLs that the operator gave. What tenants' URLs name is fetched by the engine.

use std::time::Duration;

use anyhow::Context;

/// From the first byte sent to the last byte read.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A client that follows no redirects.
pub(crate) fn client() -> anyhow::Result<reqwest::Client> {
    #[expect(clippy::disallowed_methods, reason = "the operator's own URLs need no guard")]
    let builder = reqwest::Client::builder();
    builder
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(TIMEOUT)
        .build()
        .context("the HTTP client")
}
