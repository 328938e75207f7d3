//! The runs of the verifier: it checks the same credentials again and again, with keys, list and proof at hand.

use std::num::NonZero;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};

use crate::load::{self, Limit, Request};
use crate::partner::{Partner, People, SignatureAlgorithm};
use crate::report::Kind;
use crate::run::{core_claim_hash, duration};
use crate::target::{CommonArguments, Load, Target, block_on};

/// Arguments of `bench verify`.
#[derive(Args)]
pub(crate) struct VerifyArguments {
    #[command(flatten)]
    common: CommonArguments,
    /// How long to verify
    #[arg(long, value_name = "S", default_value_t = 10.0)]
    seconds: f64,
    /// Credentials to issue first and verify in turn
    #[arg(long, value_name = "N", default_value = "64")]
    credentials: NonZero<usize>,
}

/// Runs `bench verify`.
///
/// # Errors
///
/// As `bench status`.
pub(crate) fn verify(arguments: &VerifyArguments) -> anyhow::Result<ExitCode> {
    let time = duration(arguments.seconds)?;
    let target = Target::new(&arguments.common)?;
    let algorithm = SignatureAlgorithm::Es256;
    let partner = Partner::new(&target.environment, &target.server, algorithm)?;
    let tokens = partner.tokens("verify", arguments.credentials.get(), People::Distinct)?;
    block_on(async {
        let issue = tokens.iter().map(|token| partner.issue(token.clone())).collect();
        let issued = load::fetch(target.server.address, target.connections(), issue).await;
        let issued = issued.context("issuing the credentials to verify")?;
        let read = tokens
            .into_iter()
            .zip(&issued)
            .map(|(token, body)| partner.credential(token, &core_claim_hash(body)?))
            .collect::<anyhow::Result<Vec<Request>>>()?;
        // Until then their entries wait for a checkpoint, and there is no proof to check.
        target.settle().await;
        let read = load::fetch(target.server.address, target.connections(), read).await;
        let checks = read
            .context("fetching the credentials to verify")?
            .iter()
            .map(|body| check(&target, body))
            .collect::<anyhow::Result<Vec<Request>>>()?;
        let first = load::fetch(target.server.address, 1, checks.clone()).await;
        for body in first.context("verifying for the first time")? {
            let report: Value = serde_json::from_slice(&body)?;
            anyhow::ensure!(report["valid"] == true, "a credential should be valid: {report}");
        }
        let load = Load {
            kind: Kind::Verify,
            algorithm,
            people: People::Distinct,
            warm_up: checks.clone(),
            tasks: checks,
            limit: Limit { requests: usize::MAX, time },
            database_url: None,
        };
        target.measure(load).await
    })
}

fn check(target: &Target<'_>, credential: &[u8]) -> anyhow::Result<Request> {
    let answer: Value = serde_json::from_slice(credential).context("the answer with a credential")?;
    let document = answer["documents"]["dc+sd-jwt"].as_str().context("the answer has no SD-JWT")?;
    let body = json!({ "credential": document }).to_string();
    Ok(target.server.post("/v1/verify".parse()?, "application/json", body))
}
