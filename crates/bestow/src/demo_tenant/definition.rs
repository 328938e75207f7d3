//! What the demo tenant asks wallets to show.

use issuance::{DefinitionInput, PresentError};
use model::{Actor, PresentationDefinition, Program, TenantId};
use serde_json::json;

use crate::context::Context;

/// What the tenant calls it.
const ID: &str = "example";

/// The template that asks for the example credential; brought up to date with the public URL, which is part of its type.
pub(super) async fn ensure(
    context: &Context,
    tenant: &TenantId,
    program: &Program,
) -> anyhow::Result<PresentationDefinition> {
    let verification = context.verification(&context.open_log().await?)?;
    let vct = format!("{}/credential-types/{}", context.engine.public_url(), program.id);
    let template = json!({
        "definitionId": ID,
        "name": "Example Credential",
        "purpose": "Shows how a wallet is asked for a name.",
        "public": true,
        "dcqlQuery": {"credentials": [{
            "id": "example",
            "format": "dc+sd-jwt",
            "meta": {"vct_values": [vct]},
            "claims": [{"path": ["fullName"]}],
        }]},
    });
    let input = DefinitionInput::read(template.as_object().cloned().unwrap_or_default(), None)?;
    let operator = Actor::operator();
    match verification.definition(tenant, ID).await {
        Ok(known) if known.terms == verification.written(&input.terms)? => Ok(known),
        Ok(_) => Ok(verification.update_definition(&operator, tenant, input).await?),
        Err(PresentError::UnknownDefinition) => {
            Ok(verification.create_definition(&operator, tenant, input).await?)
        }
        Err(error) => Err(error.into()),
    }
}
