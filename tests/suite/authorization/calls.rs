//! Good requests of the credential-offers dialect: one for each operation that asks for an API key.

use reqwest::Method;
use serde_json::{Value, json};
use support::{Answer, Environment, Form, PIXEL, Server};

/// What requests name, all of one environment.
#[derive(Debug)]
pub(super) struct Things {
    /// An offer that nobody has claimed.
    pub(super) ready: String,
    /// An offer that was claimed.
    pub(super) claimed: String,
    /// An offer that was claimed and revoked.
    pub(super) revoked: String,
    pub(super) profile: String,
    pub(super) collection: String,
    pub(super) image: String,
    pub(super) api_key: String,
}

/// The id in a 201.
fn made(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["id"].as_str().expect("an id").to_owned()
}

impl Things {
    /// New ones, made through the API.
    pub(super) async fn new(server: &Server, acme: &Environment) -> Self {
        let key = &acme.keys.admin;
        let post = async |rest: &str, body: Value| {
            made(&server.call(acme, key, Method::POST, rest, Some(&body)).await)
        };
        let api_key = json!({"name": "somebody's", "roles": ["Issuer_User"]});
        let offers = server.offers(acme, &[acme.offer("ada@example.com", "Ada Lovelace")]).await;
        let revoked = server.claimed_offer(acme, "grace@example.com", "Grace Hopper").await;
        let revoke = json!({"revoke": [{"id": revoked, "revocationReason": "Left"}]});
        let answer = server.call(acme, key, Method::PATCH, "/credential-offers/revoke", Some(&revoke)).await;
        assert_eq!(answer.json()["failed"], json!([]), "{}", answer.text);
        let form = Form::default().file("image", "pixel.png", PIXEL);
        Self {
            ready: offers[0]["id"].as_str().expect("an id").to_owned(),
            claimed: server.claimed_offer(acme, "alan@example.com", "Alan Turing").await,
            revoked,
            profile: acme.profile_id.clone(),
            collection: post("/credential-offer-collections", json!({"name": "Spring"})).await,
            image: made(&server.send_form(acme, key, "/credential-offers/image-upload", &form).await),
            api_key: post("/api-keys", api_key).await,
        }
    }

    /// Every id, and the slug: what no stranger's answer may tell.
    pub(super) fn ids<'a>(&'a self, acme: &'a Environment) -> [&'a str; 8] {
        let Self { ready, claimed, revoked, profile, collection, image, api_key } = self;
        [ready, claimed, revoked, profile, collection, image, api_key, &acme.correlation_id]
            .map(String::as_str)
    }
}

/// What a request carries.
#[derive(Debug)]
pub(super) enum Body {
    Nothing,
    Json(Value),
    Form(Form),
}

/// A request, to whichever environment.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) rest: String,
    pub(super) body: Body,
}

fn get(rest: impl Into<String>) -> Call {
    Call { method: Method::GET, rest: rest.into(), body: Body::Nothing }
}

fn delete(rest: String) -> Call {
    Call { method: Method::DELETE, rest, body: Body::Nothing }
}

fn json(method: Method, rest: &str, body: Value) -> Call {
    Call { method, rest: rest.to_owned(), body: Body::Json(body) }
}

fn form(rest: &str, form: Form) -> Call {
    Call { method: Method::POST, rest: rest.to_owned(), body: Body::Form(form) }
}

/// A good request of an operation on these things.
pub(super) fn good_call(operation: &str, acme: &Environment, things: &Things) -> Call {
    let Things { ready, claimed, revoked, profile, collection, image, api_key } = things;
    match operation {
        "createApiKey" => {
            json(Method::POST, "/api-keys", json!({"name": "another", "roles": ["Issuer_Admin"]}))
        }
        "createCredentialOfferCollection" => {
            json(Method::POST, "/credential-offer-collections", json!({"name": "Autumn"}))
        }
        "createCredentialOffers" => {
            let mut offer = acme.offer("eve@example.com", "Eve");
            let photo = json!({"dataType": "image", "claimName": "photo", "claimValue": image});
            offer["claims"].as_array_mut().expect("a list").push(photo);
            let mut body = acme.bulk(&[offer]);
            body["credentialOfferCollectionId"] = json!(collection);
            json(Method::POST, "/credential-offers", body)
        }
        "createOrganisationProfile" => {
            form("/organisation-profiles", Form::default().text("name", "Acme").file("image", "a.png", PIXEL))
        }
        "deleteCredentialOffer" => delete(format!("/credential-offers/{ready}")),
        "getAuditTrail" => get(format!("/audit-trail?filter.target={ready}")),
        "getCredentialOffer" => get(format!("/credential-offers/{claimed}")),
        "getCredentialTemplates" => get(format!("/credential-templates/correlation/{}", acme.correlation_id)),
        "getCredentialTypeUsage" => get("/credential-offers/type-usage"),
        "getOrganisationProfile" => get(format!("/organisation-profiles/{profile}")),
        "getSearchHistory" => get("/credential-offers/search-history"),
        "listApiKeys" => get(format!("/api-keys?filter.id={api_key}")),
        "listCredentialOfferCollections" => {
            get(format!("/credential-offer-collections?filter.id={collection}"))
        }
        "listCredentialOffers" => get(format!("/credential-offers?filter.id=$in:{ready},{claimed}")),
        "listOrganisationProfiles" => get(format!("/organisation-profiles?filter.id={profile}")),
        "resendRevocationEmail" => {
            let body = json!({"credentialOfferId": revoked});
            json(Method::POST, "/credential-offers/resend-revocation-email", body)
        }
        "revokeApiKey" => delete(format!("/api-keys/{api_key}")),
        "revokeCredentialOffers" => {
            let body = json!({"revoke": [{"id": claimed, "revocationReason": "Gone"}]});
            json(Method::PATCH, "/credential-offers/revoke", body)
        }
        "shareCredentialOffersWithEmail" => {
            let body = json!({"credentialOfferIds": [ready]});
            json(Method::POST, "/credential-offers/share-with-email", body)
        }
        "uploadImage" => {
            form("/credential-offers/image-upload", Form::default().file("image", "pixel.png", PIXEL))
        }
        other => panic!("{other} is new: say in good_call how to call it"),
    }
}

/// Sends a request to an environment, with these headers.
pub(super) async fn send(
    server: &Server,
    environment: &Environment,
    headers: &[(&str, &str)],
    call: &Call,
) -> Answer {
    let mut request = server.request(call.method.clone(), &environment.path(&call.rest));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request = match &call.body {
        Body::Nothing => request,
        Body::Json(body) => request.json(body),
        Body::Form(form) => request.header("content-type", form.content_type()).body(form.body()),
    };
    server.send(request).await
}
