//! Environments of the credential-offers dialect: a tenant with users of each role, and what offers need.

use issuance::NewApiKey;
use model::{Actor, Role};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{Answer, Form, Partner, Server};

/// One API key for each role.
#[derive(Clone, Debug)]
pub struct Users {
    /// Of an `Issuer_Admin`.
    pub admin: String,
    /// Of an `Issuer_User`.
    pub user: String,
    /// Of an `Issuer_Auditor`.
    pub auditor: String,
}

/// A tenant that offers credentials: people with a `fullName`, and whatever else their program allows.
#[derive(Debug)]
pub struct Environment {
    /// The tenant behind it.
    pub partner: Partner,
    /// `$IDENTITY_ENV_ID`.
    pub id: String,
    /// `correlationId`.
    pub correlation_id: String,
    /// `credentialId` of a program with claims of every type; `fullName` alone is required.
    pub credential_id: String,
    /// The default organisation profile.
    pub profile_id: String,
    /// Its API keys.
    pub keys: Users,
}

/// The subject of [`Environment::credential_id`].
fn schema() -> Value {
    json!({
        "type": "object",
        "required": ["fullName"],
        "properties": {
            "fullName": {"type": "string", "title": "Full name", "maxLength": 100},
            "level": {"type": "integer", "minimum": 0},
            "score": {"type": "number"},
            "active": {"type": "boolean"},
            "born": {"type": "string", "format": "date"},
            "photo": {"type": "string", "contentMediaType": "image/*"},
            "address": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    })
}

impl Environment {
    /// The path of this dialect's private API: `rest` begins with a slash.
    pub fn path(&self, rest: &str) -> String {
        format!("/products/web/{}/issuer/api/private{rest}", self.id)
    }

    /// A body that makes one offer to this person.
    pub fn offer(&self, email: &str, name: &str) -> Value {
        json!({
            "email": email,
            "credentialId": self.credential_id,
            "referenceId": "439c355a-9d79-4ab6-88cd-d4a44edbb08c",
            "claims": [{"dataType": "string", "claimName": "fullName", "claimValue": name}],
        })
    }

    /// The body of a bulk request.
    pub fn bulk(&self, offers: &[Value]) -> Value {
        json!({
            "correlationId": self.correlation_id,
            "organisationProfileId": self.profile_id,
            "credentialOffers": offers,
        })
    }
}

impl Server {
    /// A new environment.
    ///
    /// # Panics
    /// If it cannot be set up.
    pub async fn environment(&self, name: &str) -> Environment {
        let partner = self.partner(name).await;
        let tenant =
            self.store.tenant(&partner.id.as_str().into()).await.expect("answers").expect("a tenant");
        let schema = self.engine.create_schema(&tenant.id, schema().to_string()).await.expect("a schema");
        let credential_id = self
            .another_program(&partner, |program| {
                program.schema = schema.id;
                program.name = "Example Credential".to_owned();
            })
            .await;
        let mut environment = Environment {
            id: tenant.env_id,
            correlation_id: partner.slug.clone(),
            credential_id,
            profile_id: String::new(),
            keys: Users {
                admin: self.api_key(&partner, &[Role::Admin]).await,
                user: self.api_key(&partner, &[Role::User]).await,
                auditor: self.api_key(&partner, &[Role::Auditor]).await,
            },
            partner,
        };
        environment.profile_id = self.profile(&environment, name).await;
        environment
    }

    /// A new API key of a new user.
    ///
    /// # Panics
    /// If it cannot be made.
    pub async fn api_key(&self, partner: &Partner, roles: &[Role]) -> String {
        let name = "a test's".to_owned();
        let new = NewApiKey { name, roles: roles.to_vec(), user: None, expires_at: None };
        let tenant = partner.id.as_str().into();
        let created = self.engine.create_api_key(&Actor::operator(), &tenant, new).await.expect("a key");
        created.key.expose().clone()
    }

    /// Calls the dialect with a key and, if there is one, a JSON body.
    pub async fn call(
        &self,
        environment: &Environment,
        key: &str,
        method: Method,
        rest: &str,
        body: Option<&Value>,
    ) -> Answer {
        self.call_path(&environment.path(rest), key, method, body).await
    }

    /// Calls a path with an API key and, if there is one, a JSON body.
    pub(crate) async fn call_path(
        &self,
        path: &str,
        key: &str,
        method: Method,
        body: Option<&Value>,
    ) -> Answer {
        let mut request = self.request(method, path).header("x-api-key", key);
        if let Some(body) = body {
            request = request.json(body);
        }
        self.send(request).await
    }

    /// Lists or gets, as the admin.
    pub async fn find(&self, environment: &Environment, rest: &str) -> Answer {
        self.call(environment, &environment.keys.admin, Method::GET, rest, None).await
    }

    /// Makes offers as the user; they must all be good. What was answered.
    ///
    /// # Panics
    /// If one of them is not.
    pub async fn offers(&self, environment: &Environment, offers: &[Value]) -> Vec<Value> {
        let (key, body) = (&environment.keys.user, environment.bulk(offers));
        let answer = self.call(environment, key, Method::POST, "/credential-offers", Some(&body)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let answer = answer.json();
        assert_eq!(answer["failedCredentialOffers"], json!([]));
        answer["credentialOffers"].as_array().expect("a list").clone()
    }

    /// Makes one offer and claims it; its id.
    ///
    /// # Panics
    /// If it cannot be claimed.
    pub async fn claimed_offer(&self, environment: &Environment, email: &str, name: &str) -> String {
        let offer = &self.offers(environment, &[environment.offer(email, name)]).await[0];
        let id = offer["id"].as_str().expect("an id").to_owned();
        self.claim(environment, &id).await.expect("claims");
        id
    }

    async fn profile(&self, environment: &Environment, name: &str) -> String {
        let (key, form) = (&environment.keys.admin, Form::default().text("name", name));
        let answer = self.send_form(environment, key, "/organisation-profiles", &form).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["id"].as_str().expect("an id").to_owned()
    }
}
