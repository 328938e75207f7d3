//! Chains that authorities made, and chains that others would like to be theirs.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may panic as the test itself may")]

mod contents;
mod paths;
mod reading;
mod support;
