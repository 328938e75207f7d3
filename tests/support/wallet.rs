//! A wallet that claims over HTTP, as wallets do.

use reqwest::Method;
use serde_json::Value;
use wallet::{CredentialOffer, Invitation, WalletKey, credential_request};

use crate::{Answer, Environment, Server};

/// The media type of token requests.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// An access token, and what it was given for.
#[derive(Clone, Debug)]
pub struct Access {
    /// The offer.
    pub offer: CredentialOffer,
    /// The token.
    pub token: String,
    /// Its type: `Bearer`, `DPoP`.
    pub scheme: String,
}

impl Server {
    /// Posts to a URL of this server.
    pub async fn post_to(
        &self,
        url: &str,
        change: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Answer {
        self.send(change(self.request(Method::POST, self.path_of(url)))).await
    }

    /// What `GET {id}/claim` answers.
    pub async fn claim_code(&self, environment: &Environment, id: &str) -> Answer {
        self.get(&environment.path(&format!("/credential-offers/{id}/claim"))).await
    }

    /// The offer as a wallet reads it, in this edition and way (`value`, `reference`).
    ///
    /// # Panics
    /// If there is none.
    pub async fn scanned(
        &self,
        environment: &Environment,
        id: &str,
        draft: &str,
        by: &str,
    ) -> CredentialOffer {
        let answer = self.claim_code(environment, id).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let answer = answer.json();
        let mut forms = answer["offers"].as_array().expect("a list").iter();
        let form = forms.find(|form| form["draft"] == draft && form["by"] == by).expect("the form");
        self.read_invitation(form["uri"].as_str().expect("an address")).await
    }

    /// The offer behind an address.
    ///
    /// # Panics
    /// If there is none.
    pub async fn read_invitation(&self, uri: &str) -> CredentialOffer {
        match Invitation::read(uri).expect("an invitation") {
            Invitation::Value(offer) => offer,
            Invitation::Reference(url) => {
                let answer = self.get(self.path_of(&url)).await;
                assert_eq!(answer.status, 200, "{}", answer.text);
                CredentialOffer::read(&answer.json()).expect("an offer")
            }
        }
    }

    /// Asks for a token.
    pub async fn ask_token(
        &self,
        offer: &CredentialOffer,
        tx_code: Option<&str>,
        dpop: Option<&WalletKey>,
    ) -> Answer {
        let url = offer.endpoint("token");
        let proof = dpop.map(|key| key.dpop(&url, &self.random_text(), self.clock_seconds(), None));
        self.post_to(&url, |mut request| {
            if let Some(proof) = proof {
                request = request.header("dpop", proof);
            }
            request.header("content-type", FORM).body(offer.token_form(tx_code))
        })
        .await
    }

    /// A token for an offer.
    ///
    /// # Panics
    /// If there is none.
    pub async fn access(&self, offer: CredentialOffer) -> Access {
        let answer = self.ask_token(&offer, None, None).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        Access::new(offer, &answer.json())
    }

    /// A nonce of the offer's issuer.
    ///
    /// # Panics
    /// If there is none.
    pub async fn nonce(&self, offer: &CredentialOffer) -> String {
        let answer = self.post_to(&offer.endpoint("nonce"), |request| request).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["c_nonce"].as_str().expect("a nonce").to_owned()
    }

    /// Posts JSON with an access token to one of the issuer's endpoints.
    pub async fn post_as(&self, access: &Access, endpoint: &str, body: &Value) -> Answer {
        let authorization = format!("{} {}", access.scheme, access.token);
        let url = access.offer.endpoint(endpoint);
        self.post_to(&url, |request| request.header("authorization", authorization).json(body)).await
    }

    /// Proofs of these keys over one new nonce.
    pub async fn proofs(&self, offer: &CredentialOffer, keys: &[&WalletKey]) -> Vec<String> {
        let nonce = self.nonce(offer).await;
        keys.iter().map(|key| key.proof(&offer.issuer, &nonce, self.clock_seconds())).collect()
    }

    /// Asks for a configuration with proofs of these keys.
    pub async fn ask_credential(&self, access: &Access, configuration: &str, keys: &[&WalletKey]) -> Answer {
        let proofs = self.proofs(&access.offer, keys).await;
        self.post_as(access, "credential", &credential_request(configuration, &proofs)).await
    }

    /// Claims an offer with a new key, over HTTP; its `revocationId`, or the code of the first refusal.
    pub async fn claim(&self, environment: &Environment, id: &str) -> Result<String, String> {
        self.claim_formats(environment, id, 1).await?;
        let offer = self.find(environment, &format!("/credential-offers/{id}")).await.json();
        Ok(offer["revocationId"].as_str().expect("claimed").to_owned())
    }

    /// Claims an offer in so many of its formats, SD-JWT VC first; the documents, or the code of the first refusal.
    pub async fn claim_formats(
        &self,
        environment: &Environment,
        id: &str,
        formats: usize,
    ) -> Result<Vec<String>, String> {
        let key = WalletKey::generate();
        let answer = self.claim_code(environment, id).await;
        if answer.status != 200 {
            return Err(answer.code());
        }
        let uri = answer.json()["offers"][1]["uri"].as_str().expect("an address").to_owned();
        let offer = self.read_invitation(&uri).await;
        let token = self.ask_token(&offer, None, None).await;
        if token.status != 200 {
            return Err(refusal(&token));
        }
        let access = Access::new(offer, &token.json());
        let mut documents = Vec::new();
        for configuration in access.offer.configurations.iter().take(formats) {
            let answer = self.ask_credential(&access, configuration, &[&key]).await;
            if answer.status != 200 {
                return Err(refusal(&answer));
            }
            let document = answer.json()["credentials"][0]["credential"].as_str().map(str::to_owned);
            documents.push(document.expect("a document"));
        }
        Ok(documents)
    }

    fn random_text(&self) -> String {
        jose::b64url_encode(&self.engine.random::<16>())
    }
}

impl Access {
    /// What a token answer says.
    ///
    /// # Panics
    /// If it holds no token.
    pub fn new(offer: CredentialOffer, answer: &Value) -> Self {
        let text = |name: &str| answer[name].as_str().expect("a text").to_owned();
        Self { offer, token: text("access_token"), scheme: text("token_type") }
    }
}

/// The code of a refusal in the words of OAuth.
///
/// # Panics
/// If it is none.
pub fn refusal(answer: &Answer) -> String {
    assert!((400..500).contains(&answer.status), "{} {}", answer.status, answer.text);
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{}", answer.text);
    answer.json()["error"].as_str().expect("a code").to_owned()
}
