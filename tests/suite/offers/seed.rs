//! The twelve operations of seed 003 with its own examples: real ids pasted in, the answers have the documented members.

mod shape;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Environment, Form, PIXEL, Server, on_both};

use self::shape::{Differences, assert_shape, reviewed};

/// An example of the seed, by its file.
macro_rules! example {
    ($name:literal) => {
        serde_json::from_str::<Value>(include_str!(concat!("seed/", $name, ".json"))).expect("JSON")
    };
}

/// An answer has the members of its example, and is as it was reviewed.
macro_rules! assert_example {
    ($name:literal, $seed:expr, $answer:expr, $allowed:expr) => {
        assert_shape(&example!($name), &$answer, $allowed);
        insta::assert_snapshot!($name, $seed.reviewed(&$answer));
    };
}

/// What is never so here: what is deleted is gone.
const NOT_DELETED: Differences = Differences { null: &["deletedAt", "deletedBy"], extra: &[], absent: &[] };

/// What is not so until somebody claims.
const NOT_CLAIMED: &[&str] = &[
    "deletedAt",
    "deletedBy",
    "issuer",
    "subject",
    "issuedAt",
    "revocationId",
    "revocationReason",
    "revokedAt",
    "revokedBy",
];

/// A list as the library makes it: it numbers pages, and repeats `select` only where it was asked for, which is not offered.
const LIST: Differences = Differences {
    null: &["deletedAt", "deletedBy"],
    extra: &["meta.itemsPerPage", "meta.totalItems", "meta.currentPage", "meta.totalPages", "meta.sortBy"],
    absent: &["meta.select"],
};

/// The seed's environment: issuer `nchain`, credential `exampleCredential`, a profile with an image, a collection.
struct Seed {
    server: Server,
    nchain: Environment,
    profile: String,
    collection: String,
}

fn id(json: &Value) -> String {
    json["id"].as_str().unwrap_or_else(|| panic!("no id: {json}")).to_owned()
}

impl Seed {
    async fn new(server: Server) -> Self {
        let nchain = server.environment("nchain").await;
        let tenant = nchain.partner.id.as_str().into();
        let schema = json!({"type": "object", "required": ["fullName"], "properties": {"fullName": {"type": "string"}}});
        let schema = server.engine.create_schema(&tenant, schema.to_string()).await.expect("a schema");
        server
            .another_program(&nchain.partner, |program| {
                program.schema = schema.id;
                program.id = Some("exampleCredential".to_owned());
                program.name = "Example Credential".to_owned();
            })
            .await;
        let form = Form::default().text("name", "nChain").file("image", "logo.png", PIXEL);
        let profile = server.send_form(&nchain, &nchain.keys.admin, "/organisation-profiles", &form).await;
        let collection = json!({"name": "June"});
        let path = "/credential-offer-collections";
        let collection = server.call(&nchain, &nchain.keys.user, Method::POST, path, Some(&collection)).await;
        let (profile, collection) = (id(&profile.json()), id(&collection.json()));
        Self { server, nchain, profile, collection }
    }

    fn reviewed(&self, answer: &Value) -> String {
        reviewed(answer, &self.server.url, &self.nchain.id)
    }

    /// Calls an operation as a user; the answer's body.
    async fn call(&self, status: u16, method: Method, rest: &str, body: Option<&Value>) -> Value {
        let path = format!("/credential-offers{rest}");
        let answer = self.server.call(&self.nchain, &self.nchain.keys.user, method, &path, body).await;
        assert_eq!(answer.status, status, "{rest}: {}", answer.text);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        answer.json()
    }

    /// The seed's request, with an expiry that has not passed and real ids.
    fn request(&self) -> Value {
        let mut request = example!("create-request");
        request["organisationProfileId"] = json!(self.profile);
        request["credentialOfferCollectionId"] = json!(self.collection);
        request["credentialOffers"][0]["expirationDate"] = json!("2999-06-20T06:44:22.629Z");
        request
    }

    async fn create(&self, request: &Value) -> Vec<String> {
        let created = self.call(201, Method::POST, "", Some(request)).await;
        created["credentialOffers"].as_array().expect("a list").iter().map(id).collect()
    }

    /// Three offers that were claimed and revoked, and whose people were told.
    async fn revoked(&self) -> Vec<String> {
        let mut request = self.request();
        let offer = request["credentialOffers"][0].clone();
        request["credentialOffers"] = json!([offer, offer, offer]);
        let ids = self.create(&request).await;
        for id in &ids {
            self.claim(id).await;
        }
        let items: Vec<Value> =
            ids.iter().map(|id| json!({"id": id, "revocationReason": "Credential compromised"})).collect();
        let answer = self.call(200, Method::PATCH, "/revoke", Some(&json!({"revoke": items}))).await;
        assert_eq!(answer["failed"], json!([]));
        for id in &ids {
            self.until(id, "revocationEmailSent").await;
        }
        ids
    }

    async fn claim(&self, id: &str) {
        self.server.claim(&self.nchain, id).await.expect("claims");
    }

    /// Waits until the offer says so.
    async fn until(&self, id: &str, member: &str) {
        for _ in 0..500 {
            if self.call(200, Method::GET, &format!("/{id}"), None).await[member] == true {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("{member} did not turn true");
    }
}

on_both!(create, async |server: Server| {
    let seed = Seed::new(server).await;
    let mut request = seed.request();
    // As it stands in the seed, the example has expired by now: so it is an example of a failure, too.
    let expired = example!("create-request")["credentialOffers"][0].clone();
    request["credentialOffers"].as_array_mut().expect("a list").push(expired);
    let created = seed.call(201, Method::POST, "", Some(&request)).await;
    let allowed = Differences { null: NOT_CLAIMED, extra: &["failedCredentialOffers[].index"], absent: &[] };
    assert_example!("create", seed, created, allowed);
});

on_both!(get, async |server: Server| {
    let seed = Seed::new(server).await;
    let revoked = seed.revoked().await;
    let offer = seed.call(200, Method::GET, &format!("/{}", revoked[0]), None).await;
    assert_example!("get", seed, offer, NOT_DELETED);
});

on_both!(list, async |server: Server| {
    let seed = Seed::new(server).await;
    let revoked = seed.revoked().await;
    let offer = seed.call(200, Method::GET, &format!("/{}", revoked[0]), None).await;
    let user = offer["createdBy"].as_str().expect("a text");
    let since = "$gt:2025-06-20T06:44:22.629Z";
    // Every filter of the seed, with the operator that it names.
    let filters = [
        ("id", format!("$in:{}", revoked.join(","))),
        ("email", "$eq:example@example.com".to_owned()),
        ("credentialId", "$eq:exampleCredential".to_owned()),
        ("credentialNames", "$contains:Example Credential".to_owned()),
        ("credentialTypes", "$contains:ExampleCredential".to_owned()),
        ("correlationId", "$eq:nchain".to_owned()),
        ("search", "$fulltext:john doe".to_owned()),
        ("subject", "$contains:did".to_owned()),
        ("issuer", "$contains:did".to_owned()),
        ("status", "$eq:revoked".to_owned()),
        ("createdBy", format!("$eq:{user}")),
        ("updatedBy", format!("$eq:{user}")),
        ("createdAt", since.to_owned()),
        ("updatedAt", since.to_owned()),
        ("issuedAt", since.to_owned()),
        ("revokedAt", since.to_owned()),
        ("expirationDate", since.to_owned()),
        ("credentialOfferCollection.id", format!("$eq:{}", seed.collection)),
    ];
    let filters: Vec<String> =
        filters.iter().map(|(column, value)| format!("filter.{column}={value}")).collect();
    // The page in the middle has all the links.
    let query = format!("?page=2&limit=1&{}", filters.join("&"));
    let listed = seed.call(200, Method::GET, &query, None).await;
    assert_eq!(listed["data"][0]["id"], revoked[1].as_str(), "latest first");
    assert_example!("list", seed, listed, LIST);
});

on_both!(search_history, async |server: Server| {
    let seed = Seed::new(server).await;
    for name in ["ada", "grace", "alan"] {
        let query = format!("?filter.email=$eq:{name}@example.com&sortBy=email:ASC&limit=1");
        seed.call(200, Method::GET, &query, None).await;
    }
    let all = seed.call(200, Method::GET, "/search-history", None).await;
    let user = all["data"][0]["createdBy"].as_str().expect("a text").to_owned();
    let since = "$gt:2025-06-20T06:44:22.629Z";
    let query = format!(
        "?page=2&limit=1&filter.createdBy=$eq:{user}&filter.updatedBy=$eq:{user}&filter.createdAt={since}&filter.updatedAt={since}"
    );
    let history = seed.call(200, Method::GET, &format!("/search-history{query}"), None).await;
    let query = history["data"][0]["searchQuery"].clone();
    assert_eq!(query["filter"], json!({"email": "$eq:grace@example.com"}));
    assert_example!("search-history", seed, history, LIST);
});

on_both!(type_usage, async |server: Server| {
    let seed = Seed::new(server).await;
    seed.create(&seed.request()).await;
    let usage = seed.call(200, Method::GET, "/type-usage", None).await;
    assert_example!("type-usage", seed, usage, Differences::default());
});

on_both!(delete, async |server: Server| {
    let seed = Seed::new(server).await;
    let offer = &seed.create(&seed.request()).await[0];
    let (nchain, path) = (&seed.nchain, format!("/credential-offers/{offer}"));
    let answer = seed.server.call(nchain, &nchain.keys.user, Method::DELETE, &path, None).await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""), "no content");
    assert_eq!(answer.header("content-type"), None);
    seed.call(404, Method::GET, &format!("/{offer}"), None).await;
});

on_both!(claim, async |server: Server| {
    let seed = Seed::new(server).await;
    let offer = &seed.create(&seed.request()).await[0];
    let answer = seed.server.get(&seed.nchain.path(&format!("/credential-offers/{offer}/claim"))).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let allowed = Differences { extra: &["offers"], ..Differences::default() };
    assert_example!("claim", seed, answer.json(), allowed);
});

on_both!(status, async |server: Server| {
    let seed = Seed::new(server).await;
    let offer = &seed.create(&seed.request()).await[0];
    let path = |what: &str| seed.nchain.path(&format!("/credential-offers/{offer}/{what}"));
    // Before there is a claim code, the answer is that of the example to the letter.
    let answer = seed.server.get(&path("status")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_shape(&example!("status"), &answer.json(), Differences::default());
    assert_eq!(seed.server.get(&path("claim")).await.status, 200);
    let answer = seed.server.get(&path("status")).await;
    let allowed = Differences { extra: &["expiresAt"], absent: &[], null: &[] };
    assert_example!("status", seed, answer.json(), allowed);
});

on_both!(share_with_email, async |server: Server| {
    let seed = Seed::new(server).await;
    let offer = seed.create(&seed.request()).await[0].clone();
    let mut request = example!("share-request");
    request["credentialOfferIds"] = json!([offer]);
    let shared = seed.call(201, Method::POST, "/share-with-email", Some(&request)).await;
    assert_shape(&example!("share"), &shared, Differences::default());
    request["credentialOfferIds"] = json!([offer, "123e4567-e89b-12d3-a456-426614174000"]);
    let shared = seed.call(201, Method::POST, "/share-with-email", Some(&request)).await;
    let allowed = Differences { extra: &["[].error", "[].code"], absent: &[], null: &[] };
    assert_example!("share", seed, shared, allowed);
});

on_both!(resend_revocation_email, async |server: Server| {
    let seed = Seed::new(server).await;
    let mut request = example!("resend-request");
    request["credentialOfferId"] = json!(seed.revoked().await[0]);
    let answer = seed.call(201, Method::POST, "/resend-revocation-email", Some(&request)).await;
    assert_example!("resend", seed, answer, Differences::default());
});

on_both!(image_upload, async |server: Server| {
    let seed = Seed::new(server).await;
    let (nchain, form) = (&seed.nchain, Form::default().file("image", "cover.png", PIXEL));
    let path = "/credential-offers/image-upload";
    let answer = seed.server.send_form(nchain, &nchain.keys.user, path, &form).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_example!("image-upload", seed, answer.json(), Differences::default());
});

on_both!(revoke, async |server: Server| {
    let seed = Seed::new(server).await;
    let offer = seed.create(&seed.request()).await[0].clone();
    seed.claim(&offer).await;
    let mut request = example!("revoke-request");
    request["revoke"][0]["id"] = json!(offer);
    let again = request["revoke"][0].clone();
    request["revoke"].as_array_mut().expect("a list").push(again);
    let answer = seed.call(200, Method::PATCH, "/revoke", Some(&request)).await;
    assert_eq!(answer["failed"][0]["code"], "credential_offer_already_revoked");
    assert_example!("revoke", seed, answer, NOT_DELETED);
});
