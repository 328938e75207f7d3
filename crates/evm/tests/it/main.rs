//! The crate against a real chain (Anvil), against what ethers makes, and against nodes that answer rubbish.
//!
//! Tests of a chain start the Anvil whose path is in `BESTOW_TEST_ANVIL`, which scripts/test sets.

mod anvil;
mod chain;
mod ethers;
mod malformed;
mod node;
mod ranges;
mod refusals;
mod transaction;

/// A client as the product makes them: without redirects.
fn client() -> reqwest::Client {
    #[expect(clippy::disallowed_methods, reason = "for a chain of the test's own")]
    let builder = reqwest::Client::builder();
    builder.no_proxy().redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}
