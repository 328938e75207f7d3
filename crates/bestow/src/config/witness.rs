//! The settings of a witness, as it wants them.

use anyhow::{Context as _, ensure};
use tlog::key::{SignatureType, VerifierKey};

use super::Settings;

impl Settings {
    /// The keys of the logs whose checkpoints are cosigned; none if this is no witness.
    pub(crate) fn witnessed_logs(&self) -> anyhow::Result<Vec<VerifierKey>> {
        let read = |text: &String| {
            let shown = text.escape_debug();
            let key: VerifierKey =
                text.parse().with_context(|| format!("witness.logs: `{shown}` is no verifier key"))?;
            ensure!(
                key.signature_type() == SignatureType::Ed25519,
                "witness.logs: `{shown}` is the key of a witness; name that of a log, which it publishes at /log/key"
            );
            Ok(key)
        };
        self.witness.logs.0.iter().map(read).collect()
    }

    /// The witness's name: the setting, or the public URL without its scheme and with `/witness` behind it.
    pub(crate) fn witness_name(&self) -> String {
        if self.witness.name.is_empty() {
            let (_, rest) = self.public_url.split_once("://").unwrap_or(("", &self.public_url));
            format!("{rest}/witness")
        } else {
            self.witness.name.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use tlog::cosignature::Cosigner;
    use tlog::note::NoteSigner;

    use super::*;
    use crate::config::values::Texts;

    fn refusal(log: &str) -> String {
        let mut settings = Settings::default();
        settings.witness.logs = Texts(vec![log.to_owned()]);
        format!("{:#}", settings.witnessed_logs().expect_err(log))
    }

    #[test]
    fn logs_are_named_by_their_keys() {
        assert_eq!(Settings::default().witnessed_logs().unwrap(), []);
        let key = NoteSigner::new("log.example".parse().unwrap(), &[1; 32]).verifier_key();
        let mut settings = Settings::default();
        settings.witness.logs = Texts(vec![key.to_string()]);
        assert_eq!(settings.witnessed_logs().unwrap(), [key]);
        let witness = Cosigner::new("witness.example".parse().unwrap(), &[1; 32]).verifier_key();
        assert!(refusal(&witness.to_string()).contains("is the key of a witness; name that of a log"));
        assert!(refusal("log.example").starts_with("witness.logs: `log.example` is no verifier key"));
    }

    #[test]
    fn a_witness_is_named_by_its_setting_or_its_url() {
        let mut settings = Settings::default();
        assert_eq!(settings.witness_name(), "127.0.0.1:8080/witness");
        settings.witness.name = "witness.example/w1".to_owned();
        assert_eq!(settings.witness_name(), "witness.example/w1");
    }
}
