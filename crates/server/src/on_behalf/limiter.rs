//! How many requests a partner may make.

use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use model::TenantId;

/// Counts each partner's requests, if the operator wants that.
#[derive(Debug)]
pub(crate) struct PartnerLimiter(Option<DefaultKeyedRateLimiter<TenantId>>);

impl PartnerLimiter {
    pub(crate) fn new(per_second: Option<NonZeroU32>) -> Self {
        Self(per_second.map(|per_second| RateLimiter::keyed(Quota::per_second(per_second))))
    }

    /// Counts a request; in how many seconds to try again if it is one too many.
    pub(crate) fn admit(&self, tenant: &TenantId) -> Result<(), u64> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        limiter.check_key(tenant).map_err(|refused| {
            let wait = refused.wait_time_from(DefaultClock::default().now());
            wait.as_secs() + 1
        })
    }
}
