//! The run of wallets: each claims the credential of an offer, from the pre-authorised code to the document
//! (OpenID4VCI 1.0).

use std::iter::repeat_with;
use std::num::NonZero;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use hyper::Uri;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, HeaderValue};
use serde::Deserialize;
use wallet::{CredentialOffer, WalletKey, credential_request};

use crate::clock::since_1970;
use crate::load::{Connection, Limit, Refused, Request, Task};
use crate::offers::Issuer;
use crate::partner::{People, SignatureAlgorithm};
use crate::report::Kind;
use crate::server::{Server, path_of};
use crate::target::{CommonArguments, DatabaseArguments, Load, Target, block_on};

/// The ids of configurations of SD-JWT VCs end so.
const SD_JWT: &str = ".dc+sd-jwt";

/// Arguments of `bench claim`.
#[derive(Args)]
pub(crate) struct ClaimArguments {
    #[command(flatten)]
    common: CommonArguments,
    /// Offers to make ahead and claim
    #[arg(long, value_name = "N", default_value = "20000")]
    claims: NonZero<usize>,
    #[command(flatten)]
    database: DatabaseArguments,
}

/// Runs `bench claim`.
///
/// # Errors
///
/// As `bench issue`.
pub(crate) fn claim(arguments: &ClaimArguments) -> anyhow::Result<ExitCode> {
    let ClaimArguments { common, claims, database } = arguments;
    let target = Target::new(common)?;
    let issuer = Issuer::new(&target.environment, &target.server)?;
    block_on(async {
        let offers = issuer.invite(common.warm_up + claims.get(), target.connections()).await?;
        let wallets = Wallets::of(&offers[0], &target.server, target.connections())?;
        let mut tasks = claims_of(&offers, &Arc::new(wallets), &target.server)?;
        let warm_up = tasks.drain(..common.warm_up).collect();
        // Making offers is not measured, nor is what the server does about it afterwards.
        target.settle().await;
        let load = Load {
            kind: Kind::Claim,
            algorithm: SignatureAlgorithm::Es256,
            people: People::Distinct,
            warm_up,
            tasks,
            limit: Limit { requests: claims.get(), time: Duration::MAX },
            database_url: database.database_url.clone(),
        };
        target.measure(load).await
    })
}

fn claims_of(
    offers: &[CredentialOffer],
    wallets: &Arc<Wallets>,
    server: &Server,
) -> anyhow::Result<Vec<Claim>> {
    let path = path_of(&offers[0].endpoint("token"))?;
    let claim = |offer: &CredentialOffer| Claim {
        token: server.post(path.clone(), "application/x-www-form-urlencoded", offer.token_form(None)),
        wallets: Arc::clone(wallets),
    };
    Ok(offers.iter().map(claim).collect())
}

/// The wallets, one a connection, and the issuer whom all of them ask.
struct Wallets {
    keys: Vec<WalletKey>,
    server: Server,
    issuer: String,
    configuration: String,
    nonce: Request,
    credential: Uri,
}

impl Wallets {
    fn of(offer: &CredentialOffer, server: &Server, count: usize) -> anyhow::Result<Self> {
        let configuration = offer.configurations.iter().find(|id| id.ends_with(SD_JWT));
        Ok(Self {
            keys: repeat_with(WalletKey::generate).take(count).collect(),
            server: server.clone(),
            issuer: offer.issuer.clone(),
            configuration: configuration.context("the offer is for no SD-JWT VC")?.clone(),
            nonce: server.post(path_of(&offer.endpoint("nonce"))?, "application/json", ""),
            credential: path_of(&offer.endpoint("credential"))?,
        })
    }
}

/// One offer, to be claimed: the request for a token is built ahead; what follows holds what was answered.
#[derive(Clone)]
struct Claim {
    token: Request,
    wallets: Arc<Wallets>,
}

#[derive(Deserialize)]
struct Token<'a> {
    access_token: &'a str,
}

#[derive(Deserialize)]
struct Nonce<'a> {
    c_nonce: &'a str,
}

#[derive(Deserialize)]
struct Credentials<'a> {
    #[serde(borrow)]
    credentials: Vec<Credential<'a>>,
}

#[derive(Deserialize)]
struct Credential<'a> {
    credential: &'a str,
}

fn read<'a, T: Deserialize<'a>>(body: &'a Bytes) -> Result<T, Refused> {
    serde_json::from_slice(body).map_err(|_| Refused::unexpected(body))
}

impl Task for Claim {
    async fn perform(self, connection: &mut Connection) -> Result<Bytes, Refused> {
        let Self { token, wallets } = self;
        let token = fetch_token(connection, token).await.map_err(|refused| refused.at("token"))?;
        let proof = wallets.prove(connection).await.map_err(|refused| refused.at("nonce"))?;
        let request = wallets.credential_request(token, proof);
        fetch_credential(connection, request).await.map_err(|refused| refused.at("credential"))
    }
}

/// What the wallet presents from then on.
async fn fetch_token(connection: &mut Connection, request: Request) -> Result<HeaderValue, Refused> {
    let body = connection.ask(request).await?;
    let Token { access_token } = read(&body)?;
    HeaderValue::try_from(format!("Bearer {access_token}")).map_err(|_| Refused::unexpected(&body))
}

async fn fetch_credential(connection: &mut Connection, request: Request) -> Result<Bytes, Refused> {
    let body = connection.ask(request).await?;
    let Credentials { credentials } = read(&body)?;
    match credentials.as_slice() {
        [Credential { credential }] if credential.ends_with('~') => {}
        _ => return Err(Refused::unexpected(&body)),
    }
    Ok(body)
}

impl Wallets {
    /// A proof of the connection's key, with a fresh nonce.
    async fn prove(&self, connection: &mut Connection) -> Result<String, Refused> {
        let body = connection.ask(self.nonce.clone()).await?;
        let Nonce { c_nonce } = read(&body)?;
        let now = since_1970().map_or(0, |now| now.as_secs().cast_signed());
        Ok(self.keys[connection.number()].proof(&self.issuer, c_nonce, now))
    }

    fn credential_request(&self, token: HeaderValue, proof: String) -> Request {
        let body = credential_request(&self.configuration, &[proof]).to_string();
        let mut request = self.server.post(self.credential.clone(), "application/json", body);
        request.headers_mut().insert(AUTHORIZATION, token);
        request
    }
}
