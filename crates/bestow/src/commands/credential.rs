//! `bestow credential`.

use anyhow::bail;
use issuance::Revoked;
use model::{Actor, CoreClaimHash, TenantId};

use crate::context::Context;
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
}

impl super::Action for Action {
    async fn run(self, context: &Context, json: bool) -> anyhow::Result<()> {
        let Self::Revoke { tenant, hash } = self;
        let outcome = match context.engine.revoke(&Actor::operator(), &TenantId::from(tenant), hash).await? {
            Revoked::Now => "revoked now",
            Revoked::Already => "revoked before",
            Revoked::Unknown => bail!("the tenant has no credential with this hash"),
        };
        Record::default().with("coreClaimHash", hash.to_string()).with("outcome", outcome).print(json);
        Ok(())
    }
}
