//! The server under load: where it is, and how to address it.

use std::net::{SocketAddr, ToSocketAddrs};

use anyhow::{Context, ensure};
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Method, Uri};

use crate::load::Request;

/// What the generator calls itself.
const NAME: HeaderValue = HeaderValue::from_static(concat!("bestow-bench/", env!("CARGO_PKG_VERSION")));

/// A server, by its address and the name under which it is asked.
#[derive(Clone)]
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    host: HeaderValue,
}

impl Server {
    /// The server at a URL.
    ///
    /// # Errors
    ///
    /// If the URL is not plain http, or its host has no address.
    pub(crate) fn at(url: &str) -> anyhow::Result<Self> {
        let url: Uri = url.parse().with_context(|| format!("`{url}` is no URL"))?;
        ensure!(url.scheme_str() == Some("http"), "{url} is not an http URL");
        let authority = url.authority().with_context(|| format!("{url} has no host"))?;
        let host = authority.host().trim_matches(['[', ']']);
        let address = (host, authority.port_u16().unwrap_or(80))
            .to_socket_addrs()
            .with_context(|| format!("looking up {host}"))?
            .next()
            .with_context(|| format!("{host} has no address"))?;
        Ok(Self { address, host: authority.as_str().parse()? })
    }

    /// A `GET` of a path.
    pub(crate) fn get(&self, path: Uri) -> Request {
        let mut request = Request::default();
        *request.uri_mut() = path;
        request.headers_mut().insert(HOST, self.host.clone());
        request.headers_mut().insert(USER_AGENT, NAME);
        request
    }

    /// A `POST` to a path.
    pub(crate) fn post(&self, path: Uri, content_type: &'static str, body: impl Into<Bytes>) -> Request {
        let mut request = self.get(path);
        *request.method_mut() = Method::POST;
        *request.body_mut() = Full::new(body.into());
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        request
    }
}

/// The path of a URL, with its query: what a request line has.
///
/// # Errors
///
/// If there is none.
pub(crate) fn path_of(url: &str) -> anyhow::Result<Uri> {
    let parsed: Uri = url.parse().with_context(|| format!("`{url}` is no URL"))?;
    let path = parsed.into_parts().path_and_query;
    Ok(Uri::from(path.with_context(|| format!("`{url}` has no path"))?))
}

#[cfg(test)]
impl Server {
    /// A server that tests need not reach.
    pub(crate) fn nowhere() -> Self {
        Self::at("http://127.0.0.1:8080").unwrap()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::{Server, path_of};

    #[tokio::test]
    async fn requests_are_complete() {
        let path = path_of("http://127.0.0.1:8080/issuers/demo/token?a=b").unwrap();
        let request = Server::nowhere().post(path, "text/plain", "body");
        assert_eq!(
            (request.method().as_str(), request.uri()),
            ("POST", &"/issuers/demo/token?a=b".parse().unwrap())
        );
        assert_eq!(request.headers()["host"], "127.0.0.1:8080");
        assert_eq!(request.headers()["content-type"], "text/plain");
        assert_eq!(request.into_body().collect().await.unwrap().to_bytes(), "body");
    }

    #[test]
    fn refuses_other_urls() {
        assert!(Server::at("https://127.0.0.1").is_err());
        assert!(Server::at("/path").is_err());
        assert!(path_of("").is_err());
    }
}
