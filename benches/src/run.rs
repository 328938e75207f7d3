//! The runs of the issue-on-behalf API.

use std::num::NonZero;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use hyper::body::Bytes;

use crate::load::{self, Limit, Request};
use crate::partner::{Partner, People, SignatureAlgorithm};
use crate::report::Kind;
use crate::target::{CommonArguments, DatabaseArguments, Load, Target, block_on};

/// How many requests are prepared when neither a number nor a time is given.
const DEFAULT_REQUESTS: usize = 50_000;

/// How many requests are prepared for each second of a run that only a time limits.
const PREPARED_PER_SECOND: f64 = 10_000.0;

/// What every run of a partner is told.
#[derive(Args)]
struct PartnerArguments {
    #[command(flatten)]
    common: CommonArguments,
    /// The algorithm of the Partner JWTs
    #[arg(long, value_enum, default_value = "rs256")]
    alg: SignatureAlgorithm,
}

/// Arguments of `bench issue`.
#[derive(Args)]
pub(crate) struct IssueArguments {
    #[command(flatten)]
    partner: PartnerArguments,
    /// Requests to sign ahead and send; by default 50000, or 10000 for each second of --seconds
    #[arg(long, value_name = "N")]
    requests: Option<usize>,
    /// Stop after so many seconds, even if requests are left
    #[arg(long, value_name = "S")]
    seconds: Option<f64>,
    /// Sign a token for each request, but all of them for one person
    #[arg(long, conflicts_with = "reuse_token")]
    same_person: bool,
    /// Use one token for all requests
    #[arg(long)]
    reuse_token: bool,
    #[command(flatten)]
    database: DatabaseArguments,
}

/// Arguments of `bench status`.
#[derive(Args)]
pub(crate) struct StatusArguments {
    #[command(flatten)]
    partner: PartnerArguments,
    /// How long to poll
    #[arg(long, value_name = "S", default_value_t = 10.0)]
    seconds: f64,
    /// Credentials to issue first and poll in turn, each with a token of its own
    #[arg(long, value_name = "N", default_value = "64")]
    credentials: NonZero<usize>,
}

/// Runs `bench issue`.
///
/// # Errors
///
/// If the run could not be made. A run that was made, but with the wrong number of rows or without any success, is
/// printed and gives a failing exit code.
pub(crate) fn issue(arguments: &IssueArguments) -> anyhow::Result<ExitCode> {
    let seconds = arguments.seconds.map(duration).transpose()?;
    let prepared = |time: Duration| (time.as_secs_f64() * PREPARED_PER_SECOND) as usize;
    let count = arguments.requests.unwrap_or_else(|| seconds.map_or(DEFAULT_REQUESTS, prepared));
    let people = match (arguments.same_person, arguments.reuse_token) {
        (_, true) => People::OneToken,
        (true, _) => People::One,
        _ => People::Distinct,
    };
    let PartnerArguments { common, alg } = &arguments.partner;
    let target = Target::new(common)?;
    let partner = Partner::new(&target.environment, &target.server, *alg)?;
    let load = Load {
        kind: Kind::Issue,
        algorithm: *alg,
        people,
        warm_up: issue_requests(&partner, "warm-up", common.warm_up, people)?,
        tasks: issue_requests(&partner, "run", count, people)?,
        limit: Limit { requests: count, time: seconds.unwrap_or(Duration::MAX) },
        database_url: arguments.database.database_url.clone(),
    };
    block_on(target.measure(load))
}

fn issue_requests(
    partner: &Partner,
    series: &str,
    count: usize,
    people: People,
) -> anyhow::Result<Vec<Request>> {
    let tokens = partner.tokens(series, count, people)?;
    Ok(tokens.into_iter().map(|token| partner.issue(token)).collect())
}

/// Runs `bench status`.
///
/// # Errors
///
/// As [`issue`].
pub(crate) fn status(arguments: &StatusArguments) -> anyhow::Result<ExitCode> {
    let time = duration(arguments.seconds)?;
    let PartnerArguments { common, alg } = &arguments.partner;
    let target = Target::new(common)?;
    let partner = Partner::new(&target.environment, &target.server, *alg)?;
    let tokens = partner.tokens("status", arguments.credentials.get(), People::Distinct)?;
    block_on(async {
        let issue = tokens.iter().map(|token| partner.issue(token.clone())).collect();
        let issued = load::fetch(target.server.address, target.connections(), issue).await;
        let issued = issued.context("issuing the credentials to poll")?;
        let polls = tokens
            .into_iter()
            .zip(&issued)
            .map(|(token, body)| partner.status(token, &core_claim_hash(body)?))
            .collect::<anyhow::Result<Vec<Request>>>()?;
        let load = Load {
            kind: Kind::Status,
            algorithm: *alg,
            people: People::Distinct,
            warm_up: polls.clone(),
            tasks: polls,
            limit: Limit { requests: usize::MAX, time },
            database_url: None,
        };
        target.measure(load).await
    })
}

pub(crate) fn duration(seconds: f64) -> anyhow::Result<Duration> {
    Duration::try_from_secs_f64(seconds).context("--seconds")
}

pub(crate) fn core_claim_hash(body: &Bytes) -> anyhow::Result<String> {
    let answer: serde_json::Value = serde_json::from_slice(body).context("the answer to an issue request")?;
    let hash = answer["coreClaimHash"].as_str().context("the answer has no coreClaimHash")?;
    Ok(hash.to_owned())
}
