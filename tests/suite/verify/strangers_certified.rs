//! Issuers whose certificates say who they are (`x5c`, RFC 7515, section 4.1.6).

use issuance::VerificationSettings;
use serde_json::{Value, json};
use support::{Database, Server, Setup, on_both};

use super::common::{outcome, reason, says};
use super::stranger::{Authority, DID, Page, Stranger, VCT, dns, signed, uri};
use super::strangers::trusting;

const ISSUER: &str = "https://issuer.example/tickets";

async fn believing(database: Database, authority: &Authority) -> Server {
    let mut verification = VerificationSettings::default();
    verification.policy.anchors = Some(authority.anchors());
    Server::start_with(database, Setup { verification, ..Setup::default() }).await
}

/// An SD-JWT VC whose key is in this chain.
fn document(chain: &x509::Chain, key: &jose::SigningKey, claims: &Value) -> String {
    signed(key, &json!({"typ": "dc+sd-jwt", "x5c": chain.to_x5c()}), claims) + "~"
}

async fn anchored(database: Database) {
    let (ours, foreign) = (Authority::new(), Authority::new());
    let server = believing(database, &ours).await;
    let claims = json!({"iss": ISSUER, "vct": VCT});
    for name in [dns("issuer.example"), uri(ISSUER)] {
        let (chain, key) = ours.certify(name);
        // The certificate is what makes the issuer known: nobody has named it.
        let report = server.verify(&document(&chain, &key, &claims), &json!({})).await;
        says(&report, "valid", "issuer", "passed");
        assert_eq!(report["issuer"], ISSUER);
        assert!(reason(&report, "key").contains("certificate"), "{report}");
    }
    // Without `iss` the certificate says who it is.
    let (chain, key) = ours.certify(uri(ISSUER));
    let report = server.verify(&document(&chain, &key, &json!({"vct": VCT})), &json!({})).await;
    says(&report, "valid", "issuer", "passed");
    assert_eq!(report["issuer"], ISSUER);
    // Made out to somebody else; by somebody else; for another key; and none at all.
    let (other, other_key) = ours.certify(dns("other.example"));
    let (alien, alien_key) = foreign.certify(dns("issuer.example"));
    for (document, check) in [
        (document(&other, &other_key, &claims), "key"),
        (document(&alien, &alien_key, &claims), "key"),
        (document(&chain, &alien_key, &claims), "signature"),
        (signed(&key, &json!({"typ": "dc+sd-jwt", "x5c": []}), &claims) + "~", "key"),
        (signed(&key, &json!({"typ": "dc+sd-jwt", "x5c": ["AAAA"]}), &claims) + "~", "key"),
        (signed(&key, &json!({"typ": "dc+sd-jwt", "x5c": "AAAA"}), &claims) + "~", "key"),
    ] {
        let report = server.verify(&document, &trusting()).await;
        assert_eq!(report["valid"], false, "{report}");
        assert_eq!(outcome(&report, check), "failed", "{report}");
    }
    // A certificate from before its time, or after.
    server.clock.advance(-60 * 365 * 86_400);
    let report = server.verify(&document(&chain, &key, &claims), &json!({})).await;
    assert_eq!(outcome(&report, "key"), "failed", "{report}");
}

mod a_certificate_by_whom_we_trust_makes_an_issuer_known {
    use super::*;

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn sqlite() {
        anchored(Database::Sqlite).await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn postgres() {
        anchored(Database::Postgres).await;
    }
}

on_both!(where_no_authority_is_trusted_certificates_say_nothing, async |server: Server| {
    let (chain, key) = Authority::new().certify(dns("issuer.example"));
    let stranger = Stranger::start(&server.clock).await;
    // The keys are those that the issuer publishes, whatever certificates come along.
    let header = json!({"typ": "dc+sd-jwt", "kid": "k1", "x5c": chain.to_x5c()});
    let claims = json!({"iss": stranger.host.url, "vct": VCT});
    let published = stranger.signed_sd_jwt(&header, &claims);
    says(&server.verify(&published, &trusting()).await, "valid", "key", "passed");
    let certified = signed(&key, &header, &claims) + "~";
    says(&server.verify(&certified, &trusting()).await, "invalid", "signature", "failed");
    stranger.host.put(DID, Page::new("").status(404));
});
