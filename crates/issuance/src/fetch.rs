//! The guarded client: how the server fetches what a tenant's URL names.
//!
//! It refuses addresses that are not on the public Internet, at the moment of connecting (so a name cannot be re-pointed
//! between a check and the connection), redirects, large bodies and slow servers. Development mode relaxes the addresses and
//! the scheme, and nothing else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::CACHE_CONTROL;
use url::{Host, Url};

/// From the first byte sent to the last byte read.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Why something could not be fetched. The text is fit for the tenant whose URL it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Not a URL.
    #[error("it is not a valid URL")]
    Url,
    /// Not https.
    #[error("it is not an https URL")]
    Scheme,
    /// Not a public address.
    #[error(
        "its host is not on the public Internet (loopback, private and link-local addresses are refused)"
    )]
    Address,
    /// No answer in time.
    #[error("it did not answer within {} s", TIMEOUT.as_secs())]
    Timeout,
    /// The name does not resolve, nobody listens, or TLS failed.
    #[error("no connection could be made (name, port or TLS certificate)")]
    Connect,
    /// Not 200; a redirect is none either.
    #[error("it answered {0}; 200 is wanted, and redirects are not followed")]
    Status(u16),
    /// Too large.
    #[error("its answer is larger than {0} bytes")]
    TooLarge(usize),
    /// The connection broke.
    #[error("the connection broke")]
    Broken,
}

/// What was fetched.
#[derive(Debug)]
pub struct Fetched {
    /// The answer's body.
    pub body: Vec<u8>,
    /// The `Cache-Control` header, if there was a readable one.
    pub cache_control: Option<String>,
}

impl Fetched {
    /// For how many seconds it may be used again by its server's word (RFC 9111, section 5.2.2), if it says so.
    pub fn fresh_seconds(&self) -> Option<i64> {
        let directives = self.cache_control.as_deref()?.to_ascii_lowercase();
        let mut directives = directives.split(',').map(str::trim);
        if directives.clone().any(|directive| directive == "no-store" || directive == "no-cache") {
            return Some(0);
        }
        directives.find_map(|directive| {
            let digits = directive.strip_prefix("max-age=")?.trim_matches('"');
            let number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
            // A number too large to hold is as good as any other that is too long for us.
            number.then(|| digits.parse().unwrap_or(i64::MAX))
        })
    }
}

/// Fetches what tenants' URLs name. One per process; connections are kept.
#[derive(Clone, Debug)]
pub struct GuardedClient {
    client: reqwest::Client,
    development: bool,
}

impl GuardedClient {
    /// A client. In development mode `http` and addresses that are not public are allowed.
    ///
    /// # Errors
    /// When the operating system's certificates cannot be read.
    pub fn new(development: bool) -> Result<Self, reqwest::Error> {
        #[expect(clippy::disallowed_methods, reason = "this is the guarded client")]
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIMEOUT)
            .no_proxy()
            .http1_only()
            .user_agent(concat!("bestow/", env!("CARGO_PKG_VERSION")));
        if !development {
            builder = builder.https_only(true).dns_resolver(Arc::new(PublicOnly));
        }
        Ok(Self { client: builder.build()?, development })
    }

    /// Whether it allows `http` and addresses that are not public.
    pub fn is_development(&self) -> bool {
        self.development
    }

    /// Whether `text` is a URL that this client would try.
    pub fn check(&self, text: &str) -> Result<Url, FetchError> {
        let url = Url::parse(text).map_err(|_| FetchError::Url)?;
        match url.scheme() {
            "https" => {}
            "http" if self.development => {}
            _ => return Err(FetchError::Scheme),
        }
        // A literal address never reaches the resolver.
        let public = match url.host().ok_or(FetchError::Url)? {
            Host::Ipv4(address) => is_public(address.into()),
            Host::Ipv6(address) => is_public(address.into()),
            Host::Domain(_) => true,
        };
        if public || self.development { Ok(url) } else { Err(FetchError::Address) }
    }

    /// GETs a document of at most `limit` bytes.
    pub async fn get(&self, text: &str, limit: usize) -> Result<Fetched, FetchError> {
        let url = self.check(text)?;
        answered(self.client.get(url), limit).await
    }

    /// POSTs JSON, for an answer of at most `limit` bytes.
    pub async fn post_json(
        &self,
        text: &str,
        body: &serde_json::Value,
        limit: usize,
    ) -> Result<Fetched, FetchError> {
        let url = self.check(text)?;
        answered(self.client.post(url).json(body), limit).await
    }
}

async fn answered(request: reqwest::RequestBuilder, limit: usize) -> Result<Fetched, FetchError> {
    let mut response = request.send().await.map_err(|error| classify(&error))?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(FetchError::Status(response.status().as_u16()));
    }
    let cache_control = response.headers().get(CACHE_CONTROL).and_then(|value| value.to_str().ok());
    let cache_control = cache_control.map(str::to_owned);
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
        if body.len() + chunk.len() > limit {
            return Err(FetchError::TooLarge(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Fetched { body, cache_control })
}

fn classify(error: &reqwest::Error) -> FetchError {
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(cause) = source {
        if cause.is::<NotPublic>() {
            return FetchError::Address;
        }
        source = cause.source();
    }
    if error.is_timeout() {
        FetchError::Timeout
    } else if error.is_connect() {
        FetchError::Connect
    } else {
        FetchError::Broken
    }
}

/// Marks, inside reqwest's error, that every address of a name was refused.
#[derive(Debug, thiserror::Error)]
#[error("no public address")]
struct NotPublic;

/// Resolves names to their public addresses only.
#[derive(Debug)]
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err(NotPublic.into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Whether an address is on the public Internet (the special-purpose registries of RFC 6890 are not).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 198 && (18..20).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a, b, c) == (192, 88, 99);
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    if let Some(embedded) = embedded_v4(&segments) {
        return is_public_v4(embedded);
    }
    // Global unicast is 2000::/3; of it, these are not: Teredo, benchmarking and ORCHID in 2001::/23, documentation.
    let global = segments[0] & 0xe000 == 0x2000;
    let special = match segments[0] {
        0x2001 => segments[1] < 0x0200 || segments[1] == 0x0db8,
        0x3fff => segments[1] < 0x1000,
        _ => false,
    };
    global && !special
}

/// The IPv4 address that an IPv6 address stands for: mapped, compatible, NAT64 or 6to4.
fn embedded_v4(segments: &[u16; 8]) -> Option<Ipv4Addr> {
    let at = |index: usize| {
        let [a, b] = segments[index].to_be_bytes();
        let [c, d] = segments[index + 1].to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match segments {
        [0, 0, 0, 0, 0, 0 | 0xffff, ..] => Some(at(6)),
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some(at(6)),
        [0x2002, ..] => Some(at(1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for text in ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "::ffff:8.8.8.8", "2002:808:808::1"] {
            assert!(is_public(text.parse().expect("address")), "{text}");
        }
        for text in [
            "127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "192.0.0.8",
            "198.18.0.1",
            "203.0.113.5",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "::1",
            "::",
            "fc00::1",
            "fe80::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "2001::1",
            "2001:db8::1",
            "::7f00:1",
        ] {
            assert!(!is_public(text.parse().expect("address")), "{text}");
        }
    }

    #[test]
    fn literal_addresses_and_schemes_are_checked_before_anything_is_sent() {
        let strict = GuardedClient::new(false).expect("client");
        for (url, error) in [
            ("http://example.com/jwks", FetchError::Scheme),
            ("ftp://example.com/", FetchError::Scheme),
            ("file:///etc/passwd", FetchError::Scheme),
            ("https://127.0.0.1/", FetchError::Address),
            ("https://[::1]/", FetchError::Address),
            ("https://2130706433/", FetchError::Address),
            ("https://0x7f.1/", FetchError::Address),
            ("https://169.254.169.254/latest", FetchError::Address),
            ("nonsense", FetchError::Url),
        ] {
            assert_eq!(strict.check(url), Err(error), "{url}");
        }
        assert!(strict.check("https://example.com/jwks.json").is_ok());
        assert!(GuardedClient::new(true).expect("client").check("http://127.0.0.1:1/").is_ok());
    }

    #[tokio::test]
    async fn a_name_of_a_loopback_address_is_refused_when_connecting() {
        let strict = GuardedClient::new(false).expect("client");
        assert_eq!(strict.get("https://localhost/", 10).await.expect_err("refused"), FetchError::Address);
    }
}
