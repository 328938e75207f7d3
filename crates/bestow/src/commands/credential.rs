//! `bestow credential`.

use anyhow::bail;
use issuance::Revoked;
use model::{Actor, CoreClaimHash, TenantId};

use crate::context::Context;
use crate::explain::for_operator;
use crate::output::Record;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Action {
    /// Revoke a credential: status lists show it at once, the log as soon as it is anchored
    Revoke {
        /// The tenant that issued it
        #[arg(long, value_name = "ID")]
        tenant: String,
        /// Its coreClaimHash
        hash: CoreClaimHash,
    },
    /// Show the link by which its holder claims a credential that was issued on behalf: for the holder alone
    ClaimLink {
        /// The tenant that issued it
        #[arg(long, value_name = "ID")]
        tenant: String,
        /// Its coreClaimHash
        hash: CoreClaimHash,
    },
}

impl super::Action for Action {
    async fn run(self, context: &Context, json: bool) -> anyhow::Result<()> {
        let (tenant, hash) = match self {
            Self::ClaimLink { tenant, hash } => {
                let url = context.engine.credential_claim_url(&TenantId::from(tenant), hash).await;
                let url = url.map_err(for_operator)?;
                Record::default().with("coreClaimHash", hash.to_string()).with("claimUrl", url).print(json);
                return Ok(());
            }
            Self::Revoke { tenant, hash } => (tenant, hash),
        };
        let outcome = match context.engine.revoke(&Actor::operator(), &TenantId::from(tenant), hash).await? {
            Revoked::Now => "revoked now",
            Revoked::Already => "revoked before",
            Revoked::Unknown => bail!("the tenant has no credential with this hash"),
        };
        Record::default().with("coreClaimHash", hash.to_string()).with("outcome", outcome).print(json);
        Ok(())
    }
}
