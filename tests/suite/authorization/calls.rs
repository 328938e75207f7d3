//! Good requests of the credential-offers dialect and of the verifier: one for each operation that asks for an API key.

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
    /// A template of presentations, and a name for another.
    pub(super) definition: String,
    pub(super) no_definition: String,
    /// A request by that template, which nobody has answered.
    pub(super) presentation: String,
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
        let name = || jose::b64url_encode(&server.engine.random::<16>());
        let (definition, no_definition) = (name(), name());
        let verifiers = server.verifiers(acme).await;
        server.definition(acme, &verifiers, &template(&definition)).await;
        let asked = server.ask(acme, &verifiers, &definition, None).await;
        Self {
            ready: offers[0]["id"].as_str().expect("an id").to_owned(),
            claimed: server.claimed_offer(acme, "alan@example.com", "Alan Turing").await,
            revoked,
            profile: acme.profile_id.clone(),
            collection: post("/credential-offer-collections", json!({"name": "Spring"})).await,
            image: made(&server.send_form(acme, key, "/credential-offers/image-upload", &form).await),
            api_key: post("/api-keys", api_key).await,
            presentation: asked["correlationId"].as_str().expect("an id").to_owned(),
            definition,
            no_definition,
        }
    }

    /// Every id, and the slug: what no stranger's answer may tell.
    pub(super) fn ids<'a>(&'a self, acme: &'a Environment) -> Vec<&'a str> {
        let Self { ready, claimed, revoked, profile, collection, image, api_key, .. } = self;
        let offers = [ready, claimed, revoked, profile, collection, image, api_key];
        let others = [&self.definition, &self.presentation, &acme.correlation_id];
        offers.into_iter().chain(others).map(String::as_str).collect()
    }

    /// A path in which nothing is named as it should be.
    pub(super) fn misnamed(&self, rest: &str) -> String {
        [&self.ready, &self.api_key, &self.presentation]
            .iter()
            .fold(rest.to_owned(), |rest, id| rest.replace(id.as_str(), "no-uuid"))
    }
}

/// A template of presentations.
fn template(id: &str) -> Value {
    let meta = json!({"vct_values": ["https://types.example/membership"]});
    let query = json!({"credentials": [{"id": "m", "format": "dc+sd-jwt", "meta": meta}]});
    json!({"definitionId": id, "name": "Membership", "dcqlQuery": query})
}

/// What a request carries.
#[derive(Debug)]
pub(super) enum Body {
    Nothing,
    Json(Value),
    Form(Form),
}

/// Which of an environment's two APIs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    Issuer,
    Verifier,
}

/// A request, to whichever environment.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) side: Side,
    pub(super) method: Method,
    pub(super) rest: String,
    pub(super) body: Body,
}

impl Call {
    pub(super) fn path(&self, environment: &Environment) -> String {
        match self.side {
            Side::Issuer => environment.path(&self.rest),
            Side::Verifier => environment.verifier_path(&self.rest),
        }
    }
}

fn get(rest: impl Into<String>) -> Call {
    Call { side: Side::Issuer, method: Method::GET, rest: rest.into(), body: Body::Nothing }
}

fn delete(rest: String) -> Call {
    Call { side: Side::Issuer, method: Method::DELETE, rest, body: Body::Nothing }
}

fn json(method: Method, rest: &str, body: Value) -> Call {
    Call { side: Side::Issuer, method, rest: rest.to_owned(), body: Body::Json(body) }
}

fn form(rest: &str, form: Form) -> Call {
    Call { side: Side::Issuer, method: Method::POST, rest: rest.to_owned(), body: Body::Form(form) }
}

/// A good request of the verifier's; `None` if it is another operation.
fn verifier_call(operation: &str, things: &Things) -> Option<Call> {
    let Things { definition, no_definition, presentation, .. } = things;
    let one = format!("/definitions/{definition}");
    let asked = format!("/definition/{definition}/correlation/{presentation}");
    let call = match operation {
        "createPresentationDefinition" => json(Method::POST, "/definitions", template(no_definition)),
        "deletePresentationDefinition" => delete(one),
        "erasePresentation" => delete(asked),
        "getPresentation" => get(asked),
        "getPresentationDefinition" => get(one),
        "listPresentationDefinitions" => get(format!("/definitions?filter.definitionId={definition}")),
        "listPresentations" => get(format!("?filter.correlationId={presentation}")),
        "requestPresentation" => json(Method::POST, &format!("/definition/{definition}"), json!({})),
        "updatePresentationDefinition" => json(Method::PUT, &one, template(definition)),
        _ => return None,
    };
    Some(Call { side: Side::Verifier, ..call })
}

/// A good request of an operation on these things.
pub(super) fn good_call(operation: &str, acme: &Environment, things: &Things) -> Call {
    if let Some(call) = verifier_call(operation, things) {
        return call;
    }
    let Things { ready, claimed, revoked, profile, collection, image, api_key, .. } = things;
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
    let mut request = server.request(call.method.clone(), &call.path(environment));
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
