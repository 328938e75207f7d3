//! What comes before a claim: the issuer makes offers, and each person looks at theirs.

use anyhow::{Context, ensure};
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wallet::{CredentialOffer, Invitation};

use crate::clock::run_id;
use crate::environment::Environment;
use crate::load::{Request, fetch};
use crate::server::{Server, path_of};

/// How many offers one request makes: the most that it may.
const BULK: usize = 1_000;

/// Such requests at a time.
const BULK_CONNECTIONS: usize = 4;

/// The header with the key of a user of the API.
const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// A user of the offers API.
pub(crate) struct Issuer<'a> {
    server: &'a Server,
    offers_url: &'a str,
    key: HeaderValue,
    slug: &'a str,
    credential: &'a str,
    run_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    credential_offers: Vec<Offer>,
    failed_credential_offers: Vec<Value>,
}

#[derive(Deserialize)]
struct Offer {
    id: String,
}

/// What a person is shown.
#[derive(Deserialize)]
struct Shown {
    offers: Vec<Edition>,
}

#[derive(Deserialize)]
struct Edition {
    draft: String,
    by: String,
    uri: String,
}

impl<'a> Issuer<'a> {
    /// The demo tenant's user.
    ///
    /// # Errors
    ///
    /// If a variable is missing.
    pub(crate) fn new(environment: &'a Environment, server: &'a Server) -> anyhow::Result<Self> {
        let mut key: HeaderValue = environment.get("BESTOW_USER_KEY")?.parse()?;
        key.set_sensitive(true);
        Ok(Self {
            server,
            offers_url: environment.get("BESTOW_OFFERS_URL")?,
            key,
            slug: environment.get("BESTOW_CORRELATION_ID")?,
            credential: environment.get("BESTOW_CREDENTIAL_ID")?,
            run_id: run_id()?,
        })
    }

    /// Makes offers in bulk, each to a person of its own, and fetches the pre-authorised code of each.
    ///
    /// # Errors
    ///
    /// If any of it fails.
    pub(crate) async fn invite(
        &self,
        count: usize,
        connections: usize,
    ) -> anyhow::Result<Vec<CredentialOffer>> {
        let numbers: Vec<usize> = (0..count).collect();
        let orders = numbers.chunks(BULK).map(|share| self.order(share));
        let orders = orders.collect::<anyhow::Result<Vec<Request>>>()?;
        let made = fetch(self.server.address, BULK_CONNECTIONS, orders).await.context("making offers")?;
        let mut looks = Vec::with_capacity(count);
        for body in &made {
            for id in made_offers(body)? {
                looks.push(self.server.get(path_of(&format!("{}/{id}/claim", self.offers_url))?));
            }
        }
        let shown = fetch(self.server.address, connections, looks).await;
        let shown =
            shown.context("fetching pre-authorised codes (is limits.public_requests_per_minute 0?)")?;
        shown.iter().map(shown_offer).collect()
    }

    /// A request for offers to the people with these numbers.
    fn order(&self, numbers: &[usize]) -> anyhow::Result<Request> {
        let body = json!({
            "correlationId": self.slug,
            "credentialOffers": numbers.iter().map(|number| self.offer(*number)).collect::<Value>(),
        });
        let mut request = self.server.post(path_of(self.offers_url)?, "application/json", body.to_string());
        request.headers_mut().insert(API_KEY, self.key.clone());
        Ok(request)
    }

    fn offer(&self, number: usize) -> Value {
        json!({
            "email": format!("user{number}-claim-{}@bench.example", self.run_id),
            "credentialId": self.credential,
            "claims": [
                claim("string", "fullName", format!("User {number}")),
                claim("number", "level", 3),
                claim("boolean", "active", true),
                claim("date", "born", "1990-12-10"),
            ],
        })
    }
}

fn claim(data_type: &str, name: &str, value: impl Serialize) -> Value {
    json!({ "dataType": data_type, "claimName": name, "claimValue": value })
}

/// The ids of the offers that were made.
fn made_offers(body: &Bytes) -> anyhow::Result<impl Iterator<Item = String>> {
    let Made { credential_offers, failed_credential_offers: failed } =
        serde_json::from_slice(body).context("the answer to an order of offers")?;
    ensure!(failed.is_empty(), "{} offers were not made; {}", failed.len(), failed[0]);
    Ok(credential_offers.into_iter().map(|offer| offer.id))
}

/// The offer of a claim page in the words of OpenID4VCI 1.0, by value: then a wallet need not fetch it.
fn shown_offer(body: &Bytes) -> anyhow::Result<CredentialOffer> {
    let Shown { offers } = serde_json::from_slice(body).context("the answer about a pre-authorised code")?;
    let edition = offers.iter().find(|edition| edition.draft == "1.0" && edition.by == "value");
    match Invitation::read(&edition.context("there is no offer in 1.0 by value")?.uri)? {
        Invitation::Value(offer) => Ok(offer),
        Invitation::Reference(url) => anyhow::bail!("the offer by value is a reference to {url}"),
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use hyper::header::HeaderValue;
    use serde_json::{Value, json};

    use super::{Issuer, made_offers, shown_offer};
    use crate::server::Server;

    #[tokio::test]
    async fn offers_are_of_distinct_people() {
        let issuer = Issuer {
            server: &Server::nowhere(),
            offers_url: "http://127.0.0.1:8080/private/credential-offers",
            key: HeaderValue::from_static("key"),
            slug: "demo",
            credential: "example",
            run_id: "5f".to_owned(),
        };
        let request = issuer.order(&[7, 8]).unwrap();
        assert_eq!(request.uri(), "/private/credential-offers");
        assert_eq!(request.headers()["x-api-key"], "key");
        let body: Value =
            serde_json::from_slice(&request.into_body().collect().await.unwrap().to_bytes()).unwrap();
        assert_eq!(body["correlationId"], "demo");
        assert_eq!(body["credentialOffers"][0]["email"], "user7-claim-5f@bench.example");
        assert_eq!(body["credentialOffers"][1]["email"], "user8-claim-5f@bench.example");
    }

    #[test]
    fn an_offer_that_was_not_made_is_an_error() {
        let body = |failed: Value| {
            let offers = json!([{ "id": "a" }, { "id": "b" }]);
            json!({ "credentialOffers": offers, "failedCredentialOffers": failed }).to_string().into()
        };
        assert_eq!(made_offers(&body(json!([]))).unwrap().collect::<Vec<_>>(), ["a", "b"]);
        assert!(made_offers(&body(json!([{ "error": "no" }]))).is_err());
    }

    #[test]
    fn takes_the_offer_by_value() {
        let uri = "openid-credential-offer://?credential_offer=%7B%22credential_issuer%22%3A%22i%22%2C\
                   %22credential_configuration_ids%22%3A%5B%22c%22%5D%2C%22grants%22%3A%7B%22\
                   urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Apre-authorized_code%22%3A%7B%22\
                   pre-authorized_code%22%3A%22p%22%7D%7D%7D";
        let shown = |by: &str| {
            let old = json!({ "draft": "11", "by": "value", "uri": "" });
            json!({ "offers": [old, { "draft": "1.0", "by": by, "uri": uri }] }).to_string().into()
        };
        let offer = shown_offer(&shown("value")).unwrap();
        assert_eq!((offer.issuer.as_str(), offer.code.as_str()), ("i", "p"));
        assert!(shown_offer(&shown("reference")).is_err());
    }
}
