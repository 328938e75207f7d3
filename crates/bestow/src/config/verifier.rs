//! The settings of verification, as the verifier wants them.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use issuance::{VerificationSettings, VerifierCertificate};
use jose::SigningKey;
use tlog::key::VerifierKey;
use verify::{Policy, TrustedIssuers};
use x509::{Chain, TrustAnchors};

use super::Settings;
use super::values::Texts;
use crate::files;

/// The largest file of certificates or keys, in bytes.
const FILE_LIMIT: usize = 2 << 20;

fn keys(setting: &str, texts: &Texts) -> anyhow::Result<Vec<VerifierKey>> {
    let read = |text: &String| {
        text.parse().with_context(|| format!("{setting}: `{}` is no verifier key", text.escape_debug()))
    };
    texts.0.iter().map(read).collect()
}

fn read(setting: &str, path: &Path) -> anyhow::Result<String> {
    files::read_text(path, FILE_LIMIT).with_context(|| setting.to_owned())
}

impl Settings {
    /// What the verifier wants to know. Reads the files that the settings name.
    pub(crate) fn verification(&self) -> anyhow::Result<VerificationSettings> {
        let verifier = &self.verifier;
        let anchors = match verifier.trust_anchors_file.as_os_str().is_empty() {
            true => None,
            false => {
                let pem = read("verifier.trust_anchors_file", &verifier.trust_anchors_file)?;
                Some(TrustAnchors::from_pem(&pem).context("verifier.trust_anchors_file")?)
            }
        };
        let policy = Policy {
            issuers: TrustedIssuers::OwnAnd(verifier.trusted_issuers.0.clone()),
            anchors,
            logs: keys("verifier.log_keys", &verifier.log_keys)?,
            witnesses: keys("verifier.witness_keys", &verifier.witness_keys)?,
            cosignatures: verifier.cosignatures as usize,
            ..Policy::default()
        };
        ensure!(
            policy.cosignatures <= policy.witnesses.len(),
            "verifier.cosignatures asks for {} cosignatures, and verifier.witness_keys names {} witnesses",
            policy.cosignatures,
            policy.witnesses.len()
        );
        Ok(VerificationSettings { policy, certificate: self.verifier_certificate()? })
    }

    fn verifier_certificate(&self) -> anyhow::Result<Option<VerifierCertificate>> {
        let (certificate, key) = (&self.verifier.certificate_file, &self.verifier.key_file);
        ensure!(
            certificate.as_os_str().is_empty() == key.as_os_str().is_empty(),
            "verifier.certificate_file and verifier.key_file belong together: give both, or neither"
        );
        if certificate.as_os_str().is_empty() {
            return Ok(None);
        }
        let chain = read("verifier.certificate_file", certificate)?;
        let chain = Chain::from_pem(&chain).context("verifier.certificate_file")?;
        let key = read("verifier.key_file", key)?;
        let key = SigningKey::from_pkcs8_pem(&key).context("verifier.key_file")?;
        let certified = chain.leaf_key().context("verifier.certificate_file")?;
        ensure!(
            certified.thumbprint() == key.public_key().thumbprint(),
            "verifier.key_file is not the key of the first certificate in verifier.certificate_file"
        );
        Ok(Some(VerifierCertificate { chain, key: Arc::new(key) }))
    }
}
