//! One tenant's token says nothing about another tenant, and opens nothing of it.

use model::PartnerKeys;
use serde_json::Value;
use support::{Partner, PartnerKey, Server, on_both};

use super::{assert_refused, is_accepted, refused};

async fn partner(server: &Server, name: &str, kid: &str) -> Partner {
    let key = PartnerKey::es256(kid);
    let keys = PartnerKeys::Pinned(key.jwks());
    server.partner_with(name, key, keys).await
}

on_both!(a_key_speaks_for_its_own_tenant_alone, async |server: Server| {
    let acme = partner(&server, "acme", "shared").await;
    let bravo = partner(&server, "bravo", "shared").await;
    let carol = partner(&server, "carol", "only-carols").await;
    let as_bravo = |key: &PartnerKey| {
        let claims = bravo.claims("ada@example.com", &server.clock);
        claims.with_header("kid", Value::from(key.kid.as_str())).sign(&key.key)
    };
    let rows = [
        refused(
            "the same kid in both sets",
            as_bravo(&acme.key),
            "Invalid signature: the Partner JWT was not signed by the key that its kid names in your JWKS.",
        ),
        refused(
            "a kid of another set",
            as_bravo(&carol.key),
            "kid not found: your JWKS has no usable signing key \"only-carols\". Publish the key before you sign with it.",
        ),
    ];
    assert_refused(&server, &bravo, &rows).await;
    for row in &rows {
        for foreign in [&acme, &carol] {
            for secret in [foreign.id.as_str(), foreign.issuer_did.as_str(), "acme"] {
                assert!(!row.message.contains(secret), "{}", row.message);
            }
        }
    }
    for own in [&acme, &bravo, &carol] {
        assert!(is_accepted(&server, &own.token("ada@example.com", &server.clock)).await);
    }
});

on_both!(a_tenant_without_keys_is_told_to_register_some, async |server: Server| {
    let key = PartnerKey::es256("none");
    let partner = server.partner_with("acme", key, PartnerKeys::None).await;
    let token = partner.token("ada@example.com", &server.clock);
    let message = "No JWKS is registered for this partner: register a JWKS URL or document first.";
    assert_refused(&server, &partner, &[refused("no keys", token, message)]).await;
});

on_both!(a_remembered_token_ends_with_its_tenants_keys, async |server: Server| {
    let acme = partner(&server, "acme", "old").await;
    let token = acme.token("ada@example.com", &server.clock);
    assert!(is_accepted(&server, &token).await);
    let new = PartnerKey::es256("new");
    server.change_tenant(&acme, |tenant| tenant.partner_keys = PartnerKeys::Pinned(new.jwks())).await;
    let message = "kid not found: your JWKS has no usable signing key \"old\". Publish the key before you sign with it.";
    assert_refused(&server, &acme, &[refused("the old key", token, message)]).await;
});
