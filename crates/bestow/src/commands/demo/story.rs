//! The story begins: issue on behalf, check as a stranger would, replace, see the old one revoked.

use std::time::Instant;

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};
use tlog::key::VerifierKey;

use super::chain::Anchored;
use super::checked::Checked;
use super::client::{Client, eventually, parse};
use super::say;
use crate::development::Development;
use crate::partner::{self, Claims};
use crate::proof;

const EMAIL: &str = "ada@example.com";

/// Everything that the story needs to know: what a partner knows, and the log's key.
pub(super) struct Story {
    client: Client,
    token: String,
    issuer: String,
    program: String,
    log_key: VerifierKey,
    /// Where the log's heads are on a chain, if they are.
    anchored: Option<Anchored>,
}

impl Story {
    pub(super) fn new(server: &Development, anchored: Option<Anchored>) -> anyhow::Result<Self> {
        let demo = &server.demo;
        let claims = Claims {
            partner_id: demo.tenant.id.as_str(),
            email: EMAIL,
            scope: "issue on-behalf",
            life_seconds: 300,
        };
        Ok(Self {
            client: Client::new(&server.context.settings.public_url)?,
            token: partner::sign(claims, &demo.rs256.key, &demo.rs256.kid, server.context.clock.now()),
            issuer: demo.issuer.did.clone(),
            program: demo.program.id.to_string(),
            log_key: server.log.verifier_key().clone(),
            anchored,
        })
    }

    /// Tells it. An error is something that is not as it should be.
    pub(super) async fn tell(&self) -> anyhow::Result<()> {
        say("set up", &format!("a tenant, its issuer {}", self.issuer));
        say("", &format!("and its program {} for age, location, isMember", self.program));
        say("sign", &format!("a Partner JWT (RS256) for {EMAIL}"));

        let first = self.issue("issue").await?;
        self.wait(&first, "ONCHAIN").await?;
        let old = self.check_credential(&first).await.context("checking the credential")?;
        self.check_proof(&first, &old.sd_jwt).await.context("checking the proof")?;

        let second = self.issue("reissue").await?;
        ensure!(second != first, "reissuing gave the same credential");
        self.wait(&second, "ONCHAIN").await?;
        self.wait(&first, "REMOVE").await?;
        let new = self.check_credential(&second).await.context("checking the new credential")?;
        self.check_status_list(&old, &new).await.context("checking the status list")
    }

    async fn issue(&self, step: &str) -> anyhow::Result<String> {
        let body = json!({
            "issuerDid": self.issuer,
            "credentialId": self.program,
            "credentialSubject": subject(),
            "onDuplicate": "revoke",
        });
        let answer = self.client.post("/v1/credentials/issue-on-behalf", &self.token, &body).await?;
        ensure!(answer["credentialId"] == *self.program, "the answer names another program");
        let hash = answer["coreClaimHash"].as_str().context("the answer has no coreClaimHash")?;
        say(step, hash);
        Ok(hash.to_owned())
    }

    async fn wait(&self, hash: &str, status: &str) -> anyhow::Result<()> {
        let started = Instant::now();
        self.client.wait_for_status(hash, &self.token, status).await?;
        say("poll", &format!("{}... is {status} after {} ms", &hash[..8], started.elapsed().as_millis()));
        Ok(())
    }

    /// Fetches a credential and checks its SD-JWT with the key that the issuer publishes.
    async fn check_credential(&self, hash: &str) -> anyhow::Result<Checked> {
        let fetched = parse(&self.client.get(&format!("/v1/credentials/{hash}"), &self.token).await?)?;
        let documents = fetched["documents"].as_object().context("the answer has no documents")?;
        let formats: Vec<&str> = documents.keys().map(String::as_str).collect();
        say("fetch", &format!("the credential as {}", formats.join(" and ")));

        let text = documents.get("dc+sd-jwt").and_then(Value::as_str).context("there is no SD-JWT")?;
        let checked = Checked::new(&self.client, text).await?;
        let said = subject();
        let differs = said
            .as_object()
            .into_iter()
            .flatten()
            .any(|(name, value)| checked.claims.get(name) != Some(value));
        ensure!(!differs, "it says something else than was issued");
        say("verify", "its signature holds, by the key from /.well-known/jwt-vc-issuer");
        Ok(checked)
    }

    /// Fetches the proof and checks it with nothing but the log's key.
    async fn check_proof(&self, hash: &str, credential: &str) -> anyhow::Result<()> {
        let path = format!("/v1/credentials/proof?coreClaimHash={hash}");
        let proof = self.client.get(&path, &self.token).await?;
        let shown = proof::check(&proof, &self.log_key, Some(credential))?;
        ensure!(
            shown.leaf.hash == hash && shown.leaf.issuer == self.issuer,
            "the proof is about something else"
        );
        let place = format!("entry {} of {} in the log {}", shown.index + 1, shown.tree_size, shown.origin);
        say("prove", &format!("offline: {place}"));
        let Some(anchored) = &self.anchored else { return Ok(()) };
        let path = format!("/v1/credentials/anchor?coreClaimHash={hash}");
        anchored.show(&parse(&self.client.get(&path, &self.token).await?)?)?;
        anchored.check(&shown).await
    }

    async fn check_status_list(&self, old: &Checked, new: &Checked) -> anyhow::Result<()> {
        // A list may be a moment old.
        eventually(async || old.is_revoked(&self.client).await)
            .await
            .context("the old credential should be revoked")?;
        ensure!(!new.is_revoked(&self.client).await?, "the new credential should not be revoked");
        say("status", "the status list says: the old one is revoked, the new one is not");
        Ok(())
    }
}

/// The example subject of the issue-on-behalf documentation.
fn subject() -> Value {
    json!({ "age": 25, "location": "United States", "isMember": true })
}
