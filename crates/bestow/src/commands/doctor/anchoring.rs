//! Witnesses and chain: whether what issuers ask for can be met, and what keeps it from being met.

use anchor::Chain;

use super::report::Report;
use crate::context::Context;
use crate::explain::explain;
use crate::publishers::open_chain;

pub(super) async fn check(context: &Context, report: &mut Report) -> anyhow::Result<()> {
    check_policies(context, report).await?;
    check_witnesses(context, report).await?;
    match open_chain(context).await {
        Ok(None) => {}
        Ok(Some(chain)) => check_chain(context, &chain, report).await?,
        Err(error) => report.fail("chain", explain(&error)),
    }
    Ok(())
}

async fn check_policies(context: &Context, report: &mut Report) -> anyhow::Result<()> {
    let witnesses = context.settings.witness_peers()?.len();
    for issuer in context.store.issuers(None).await? {
        let (policy, did) = (issuer.anchor, &issuer.did);
        if policy.witnesses as usize > witnesses {
            let lack = format!(
                "{did} asks for {} witnesses ({policy}), and there are {witnesses}",
                policy.witnesses
            );
            report.fail(
                "policy",
                format_args!(
                    "{lack}: name more in witnesses.urls and witnesses.keys, or `bestow issuer set`"
                ),
            );
        }
        if policy.evm.is_some() && context.settings.chain_url().is_none() {
            report.fail(
                "policy",
                format_args!("{did} asks for a chain ({policy}): set evm.rpc_url, or `bestow issuer set`"),
            );
        }
    }
    Ok(())
}

async fn check_witnesses(context: &Context, report: &mut Report) -> anyhow::Result<()> {
    let states = context.store.witness_states().await?;
    for peer in context.settings.witness_peers()? {
        let name = peer.key.name().as_str();
        match states.iter().find(|state| state.name == name) {
            None => report.warn("witness", format_args!("{name} was not asked yet; a worker asks it")),
            Some(state) => match &state.last_error {
                Some(error) => report.fail("witness", format_args!("{name}: {error}")),
                None => report.ok("witness", format_args!("{name} has signed {} leaves", state.size)),
            },
        }
    }
    Ok(())
}

async fn check_chain(context: &Context, chain: &Chain, report: &mut Report) -> anyhow::Result<()> {
    let publisher = evm::address::text(&chain.publisher());
    match chain.balance().await {
        Ok(balance) if balance == "0" => {
            report.fail("chain", format_args!("{publisher} has nothing to pay with: send it some"));
        }
        Ok(balance) => {
            report.ok("chain", format_args!("{} answers; {publisher} has {balance} wei", chain.host()));
        }
        Err(error) => report.fail("chain", format_args!("{error}; mend evm.rpc_url or the node")),
    }
    if let Some(error) = context.store.evm_state().await?.and_then(|state| state.last_error) {
        report.fail("anchoring", format_args!("{error} (`bestow anchor status` shows more)"));
    }
    Ok(())
}
