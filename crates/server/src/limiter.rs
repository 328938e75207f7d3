//! How many requests a partner, or an address, may make of one process.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use model::TenantId;

use crate::observe::ClientAddress;
use crate::on_behalf::ApiError;

/// Counts requests by key, if the operator wants that.
#[derive(Debug)]
pub(crate) struct Limiter<K: Hash + Eq + Clone>(Option<DefaultKeyedRateLimiter<K>>);

/// Counts each partner's requests.
pub(crate) type PartnerLimiter = Limiter<TenantId>;

/// Counts the requests of each address that needs no key.
pub(crate) type AddressLimiter = Limiter<IpAddr>;

/// After how many requests the counters of addresses that went away are dropped.
const SWEEP_OVER: usize = 100_000;

impl<K: Hash + Eq + Clone> Limiter<K> {
    pub(crate) fn per_second(limit: Option<NonZeroU32>) -> Self {
        Self(limit.map(|limit| RateLimiter::keyed(Quota::per_second(limit))))
    }

    pub(crate) fn per_minute(limit: Option<NonZeroU32>) -> Self {
        Self(limit.map(|limit| RateLimiter::keyed(Quota::per_minute(limit))))
    }

    /// Counts a request; in how many seconds to try again if it is one too many.
    pub(crate) fn admit(&self, key: &K) -> Result<(), u64> {
        let Some(limiter) = &self.0 else { return Ok(()) };
        if limiter.len() > SWEEP_OVER {
            limiter.retain_recent();
        }
        limiter.check_key(key).map_err(|refused| {
            let wait = refused.wait_time_from(DefaultClock::default().now());
            wait.as_secs() + 1
        })
    }
}

/// What counts as one address: of IPv6 the /64, which is what one customer of a provider has.
pub(crate) fn counted(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) if address.to_ipv4_mapped().is_none() => {
            let bits = address.to_bits() & (u128::MAX << 64);
            IpAddr::V6(std::net::Ipv6Addr::from_bits(bits))
        }
        address => address.to_canonical(),
    }
}

/// Somebody without a key, whose address has not asked too often.
pub(crate) struct Admitted;

/// In how many seconds to ask again.
pub(crate) struct TooOften(pub(crate) u64);

impl IntoResponse for TooOften {
    fn into_response(self) -> Response {
        let message = "Too many requests from this address: wait as long as Retry-After says.";
        ApiError::new(StatusCode::TOO_MANY_REQUESTS, message).retry_after(self.0).into_response()
    }
}

impl<S> FromRequestParts<S> for Admitted
where
    S: Send + Sync,
    Arc<AddressLimiter>: FromRef<S>,
{
    type Rejection = TooOften;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, TooOften> {
        if let Some(address) = parts.extensions.get::<ClientAddress>() {
            Arc::from_ref(state).admit(&counted(address.0)).map_err(TooOften)?;
        }
        Ok(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_counted_with_its_network() {
        let same = |a: &str, b: &str| counted(a.parse().unwrap()) == counted(b.parse().unwrap());
        assert!(same("2001:db8:1:2:3::4", "2001:db8:1:2:ffff::"));
        assert!(!same("2001:db8:1:2::", "2001:db8:1:3::"));
        assert!(same("::ffff:192.0.2.1", "192.0.2.1"));
        assert!(!same("192.0.2.1", "192.0.2.2"));
    }
}
