//! The story goes on: offers in bulk, found, given a claim code, sent by mail, claimed into a wallet, verified and presented,
//! revoked, verified again, deleted; and who did what.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use keys::Secret;
use model::Clock;
use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::checked::Checked;
use super::client::{Answer, Client, eventually};
use super::say;
use super::verification::Verifier;
use super::wallet::Wallet;
use crate::development::Development;

const ADA: &str = "ada@example.com";
const GRACE: &str = "grace@example.com";

/// Everything that the story needs to know: what a user of each role knows, and where mail ends up.
pub(super) struct Offers {
    client: Client,
    /// The path of the private API.
    api: String,
    correlation_id: String,
    credential: String,
    profile: String,
    user: Secret<String>,
    auditor: Secret<String>,
    mail: PathBuf,
    clock: Arc<dyn Clock>,
    verifier: Verifier,
}

impl Offers {
    pub(super) fn new(server: &Development) -> anyhow::Result<Self> {
        let (demo, settings) = (&server.demo, &server.context.settings);
        Ok(Self {
            client: Client::new(&settings.public_url)?,
            api: demo.offers_path(),
            correlation_id: demo.issuer.slug.clone(),
            credential: demo.credential.id.to_string(),
            profile: demo.profile.id.to_string(),
            user: demo.users.user.clone(),
            auditor: demo.users.auditor.clone(),
            mail: settings.mail_folder(),
            clock: Arc::clone(&server.context.clock),
            verifier: Verifier::new(server)?,
        })
    }

    /// Tells it. An error is something that is not as it should be.
    pub(super) async fn tell(&self) -> anyhow::Result<()> {
        let (ada, grace) = self.create().await.context("making offers")?;
        self.list(&ada, &grace).await.context("finding offers")?;
        let uri = self.claim_code(&ada).await.context("fetching a claim code")?;
        self.share(&ada).await.context("sending an offer by mail")?;
        let wallet = Wallet::new();
        let claimed = self.claim(&ada, &uri, &wallet).await.context("claiming into a wallet")?;
        let (text, now) = (claimed.sd_jwt.as_str(), self.clock.now().seconds());
        self.verifier.check(text, "valid").await.context("verifying it")?;
        self.verifier.accepts(&wallet, text, now).await.context("presenting it")?;
        self.revoke(&ada, &claimed).await.context("revoking what was claimed")?;
        self.verifier.check_soon(text, "revoked").await.context("verifying it again")?;
        self.verifier.refuses(&wallet, text, now).await.context("presenting it again")?;
        self.delete(&grace).await.context("deleting an offer")?;
        self.audit(&ada, &grace).await.context("reading the audit trail")
    }

    /// Calls the private API as the user with this key.
    async fn call(
        &self,
        key: &Secret<String>,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Answer> {
        let header = ("x-api-key", key.expose().as_str());
        self.client.call(method, &format!("{}{path}", self.api), Some(header), body).await
    }

    /// Three offers, of which the second lacks a claim: the other two are made; their ids.
    async fn create(&self) -> anyhow::Result<(String, String)> {
        let offer = |email: &str, claim: &str, value: &str| {
            json!({
                "email": email,
                "credentialId": self.credential,
                "claims": [{ "dataType": "string", "claimName": claim, "claimValue": value }],
            })
        };
        let unnamed = json!({ "email": "nobody@example.com", "credentialId": self.credential, "claims": [] });
        let body = json!({
            "correlationId": self.correlation_id,
            "organisationProfileId": self.profile,
            "credentialOffers": [
                offer(ADA, "fullName", "Ada Lovelace"), unnamed, offer(GRACE, "fullName", "Grace Hopper"),
            ],
        });
        let answer = self.call(&self.user, Method::POST, "/credential-offers", Some(&body)).await?;
        let answer = answer.json(201)?;
        let (made, failed) = (&answer["credentialOffers"], &answer["failedCredentialOffers"]);
        let emails: Vec<&Value> =
            made.as_array().into_iter().flatten().map(|offer| &offer["email"]).collect();
        ensure!(emails == [ADA, GRACE], "two offers should have been made");
        ensure!(failed.as_array().map(Vec::len) == Some(1), "one item should have failed");
        let code = failed[0]["errorCode"].as_str().unwrap_or_default();
        ensure!(
            failed[0]["index"] == 1 && code == "claim_missing",
            "the second item lacks a claim: {failed}"
        );
        say("offer", &format!("2 of 3 made; item 1 came back: {code}"));
        let id = |place: usize| made[place]["id"].as_str().map(str::to_owned).context("an offer has no id");
        Ok((id(0)?, id(1)?))
    }

    async fn list(&self, ada: &str, grace: &str) -> anyhow::Result<()> {
        let query = format!("filter.id=$in:{ada},{grace}&filter.email=$eq:{ADA}");
        let path = format!("/credential-offers?{query}");
        let answer = self.call(&self.auditor, Method::GET, &path, None).await?.json(200)?;
        let found = &answer["data"];
        ensure!(
            answer["meta"]["totalItems"] == 1
                && found[0]["id"] == ada
                && found[0]["status"] == "ready_to_claim",
            "exactly one offer should be found, ready to claim"
        );
        say("list", &format!("filter.email=$eq:{ADA} finds {ada}, ready_to_claim"));
        Ok(())
    }

    /// The claim code, which needs no key, and says of the person nothing.
    async fn claim_code(&self, offer: &str) -> anyhow::Result<String> {
        let path = format!("{}/credential-offers/{offer}/claim", self.api);
        let answer = self.client.call(Method::GET, &path, None, None).await?.json(200)?;
        let uri = answer["uri"].as_str().context("the answer has no uri")?;
        let parsed = Url::parse(uri).context("the uri is none")?;
        let invitation = parsed.query_pairs().find(|(name, _)| name == "credential_offer");
        let (_, invitation) = invitation.context("the uri has no credential_offer")?;
        let invitation: Value =
            serde_json::from_str(&invitation).context("the credential_offer is not JSON")?;
        ensure!(invitation["credentials"] == json!([self.credential]), "it offers something else");
        let grant = &invitation["grants"]["urn:ietf:params:oauth:grant-type:pre-authorized_code"];
        ensure!(grant["pre-authorized_code"].is_string(), "it has no pre-authorised code");
        ensure!(!uri.contains("ada"), "it says who it is for");
        say("invite", uri);
        let current = answer["offers"][0]["uri"].as_str().context("the answer has no offers")?;
        Ok(current.to_owned())
    }

    /// A wallet claims what the address offers; a stranger checks it.
    async fn claim(&self, offer: &str, uri: &str, wallet: &Wallet) -> anyhow::Result<Checked> {
        let credential = wallet.claim(&self.client, uri, self.clock.now().seconds()).await?;
        let checked = Checked::new(&self.client, &credential).await?;
        ensure!(checked.claims["fullName"] == "Ada Lovelace", "it says something else than was offered");
        wallet.check_holds(checked.claims.get("cnf"))?;
        ensure!(!checked.is_revoked(&self.client).await?, "it should not be revoked");
        let path = format!("/credential-offers/{offer}");
        let found = self.call(&self.user, Method::GET, &path, None).await?.json(200)?;
        ensure!(found["status"] == "claimed", "the offer should be claimed: {found}");
        say(
            "claim",
            "a wallet has it (OpenID4VCI 1.0), bound to its key; the signature holds, the offer is claimed",
        );
        Ok(checked)
    }

    async fn revoke(&self, offer: &str, claimed: &Checked) -> anyhow::Result<()> {
        let body = json!({ "revoke": [{ "id": offer, "revocationReason": "The story goes on" }] });
        let path = "/credential-offers/revoke";
        let answer = self.call(&self.user, Method::PATCH, path, Some(&body)).await?.json(200)?;
        ensure!(answer["failed"] == json!([]), "it should be revoked: {answer}");
        // A list may be a moment old.
        eventually(async || claimed.is_revoked(&self.client).await)
            .await
            .context("the status list should say so")?;
        say("revoke", "the status list says so to whoever looks at the wallet's copy");
        Ok(())
    }

    async fn share(&self, offer: &str) -> anyhow::Result<()> {
        let body = json!({ "credentialOfferIds": [offer] });
        let path = "/credential-offers/share-with-email";
        let answer = self.call(&self.user, Method::POST, path, Some(&body)).await?.json(201)?;
        ensure!(answer[0]["status"] == "ENQUEUED", "the message should be on its way: {answer}");
        let path = format!("/credential-offers/{offer}");
        let sent = async || {
            let answer = self.call(&self.user, Method::GET, &path, None).await?.json(200)?;
            Ok(answer["emailSent"] == true)
        };
        eventually(sent).await.context("emailSent should turn true")?;
        say("share", &format!("emailSent; the message to {ADA}: {}", message_to(&self.mail, ADA)?.display()));
        Ok(())
    }

    async fn delete(&self, offer: &str) -> anyhow::Result<()> {
        let path = format!("/credential-offers/{offer}");
        let refused = self.call(&self.auditor, Method::DELETE, &path, None).await?;
        ensure!(refused.status == 403, "an auditor's DELETE was answered with {}", refused.status);
        let deleted = self.call(&self.user, Method::DELETE, &path, None).await?;
        ensure!(deleted.status == 204, "DELETE was answered with {}: {}", deleted.status, deleted.text);
        let gone = self.call(&self.user, Method::GET, &path, None).await?;
        ensure!(gone.status == 404, "a deleted offer was answered with {}", gone.status);
        say("delete", &format!("{offer}: 403 for the auditor, 204 for the user, 404 from then on"));
        Ok(())
    }

    /// What was done to the two offers is in the audit trail, once each.
    async fn audit(&self, ada: &str, grace: &str) -> anyhow::Result<()> {
        let total = async |query: &str| {
            let path = format!("/audit-trail{query}");
            let answer = self.call(&self.auditor, Method::GET, &path, None).await?.json(200)?;
            answer["meta"]["totalItems"].as_u64().context("the answer does not say how many there are")
        };
        for (action, count) in [
            ("credential_offer.create", 2),
            ("credential_offer.claim_code", 1),
            ("credential_offer.share_with_email", 1),
            ("credential_offer.claim", 1),
            ("credential_offer.revoke", 1),
            ("credential_offer.delete", 1),
        ] {
            let query = format!("?filter.target=$in:{ada},{grace}&filter.action=$eq:{action}");
            let found = total(&query).await?;
            ensure!(found == count, "{action} is there {found} times, not {count}");
        }
        let offers = total(&format!("?filter.target=$in:{ada},{grace}")).await?;
        ensure!(offers == 7, "the trail holds {offers} events of the offers, not 7");
        say("audit", &format!("{} events in all, {offers} of them of the two offers", total("").await?));
        Ok(())
    }
}

/// The file of the message to this address.
fn message_to(folder: &Path, address: &str) -> anyhow::Result<PathBuf> {
    let wanted = format!("To: {address}");
    for entry in fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if fs::read_to_string(&path)?.lines().any(|line| line == wanted) {
            return Ok(path);
        }
    }
    anyhow::bail!("there is no message to {address} in {}", folder.display())
}
