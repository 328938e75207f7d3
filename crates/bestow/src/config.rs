//! Settings: where they come from and what they mean. `bestow.example.toml` is the reference.
//!
//! A setting `section.name` is the environment variable `BESTOW_SECTION_NAME`. A flag outranks the environment, the
//! environment outranks the file, the file outranks the default. Other variables that begin with `BESTOW_` (those of `dev.env`,
//! for example) mean nothing here; an unknown key in the file is an error.

mod anchoring;
mod blobs;
mod mail;
mod sections;
mod values;
mod verifier;
mod witness;

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use config::builder::DefaultState;
use config::{Config, ConfigBuilder, File, FileFormat, Value, ValueKind};
use iden3::DidMethod;
use issuance::{JwksSettings, TokenSettings};

use self::sections::{Did, Jwks};
pub(crate) use self::sections::{LogFormat, Logging, Settings};

/// The longest that one message may take, in seconds: a job that sends one is cut off soon after.
const LONGEST_MAIL: u64 = 40;

/// Looks up an environment variable.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process's environment. Empty variables count as unset.
pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Puts settings together, from the weakest source to the strongest.
pub(crate) struct Loader(ConfigBuilder<DefaultState>);

impl Loader {
    /// Nothing but the defaults.
    pub(crate) fn new() -> Self {
        Self(Config::builder())
    }

    /// Another default than the usual one.
    pub(crate) fn default(self, name: &str, value: &str) -> anyhow::Result<Self> {
        Ok(Self(self.0.set_default(name, value)?))
    }

    /// What a TOML file says.
    pub(crate) fn file(self, path: &Path) -> Self {
        Self(self.0.add_source(File::from(path).format(FileFormat::Toml)))
    }

    /// What the environment says.
    pub(crate) fn environment(mut self, environment: Environment<'_>) -> anyhow::Result<Self> {
        for name in Settings::names() {
            let variable = variable(&name);
            if let Some(value) = environment(&variable) {
                self = self.set(&name, &variable, value)?;
            }
        }
        Ok(self)
    }

    /// What a flag says, if it was given.
    pub(crate) fn flag(self, name: &str, flag: &str, value: Option<&str>) -> anyhow::Result<Self> {
        match value {
            Some(value) => self.set(name, flag, value.to_owned()),
            None => Ok(self),
        }
    }

    fn set(self, name: &str, origin: &str, value: String) -> anyhow::Result<Self> {
        let value = Value::new(Some(&origin.to_owned()), ValueKind::String(value));
        Ok(Self(self.0.set_override(name, value)?))
    }

    /// Reads and checks everything.
    pub(crate) fn load(self) -> anyhow::Result<Settings> {
        let read = || -> anyhow::Result<Settings> {
            let mut settings: Settings = self.0.build()?.try_deserialize()?;
            settings.check()?;
            settings.set_public_url(settings.public_url.clone())?;
            Ok(settings)
        };
        read().context("the settings are not in order")
    }
}

/// The environment variable of a setting: `log.interval_ms` is `BESTOW_LOG_INTERVAL_MS`.
fn variable(name: &str) -> String {
    format!("BESTOW_{}", name.replace('.', "_").to_uppercase())
}

impl Settings {
    /// The name of every setting, sections before a dot.
    fn names() -> Vec<String> {
        let defaults = serde_json::to_value(Self::default()).expect("settings have text keys");
        let mut names = Vec::new();
        for (name, value) in defaults.as_object().into_iter().flatten() {
            match value.as_object() {
                Some(section) => names.extend(section.keys().map(|inner| format!("{name}.{inner}"))),
                None => names.push(name.clone()),
            }
        }
        names
    }

    fn check(&self) -> anyhow::Result<()> {
        let range = |name, value: u64, least: u64, most: u64| {
            ensure!((least..=most).contains(&value), "{name} is {value}; it must be {least} to {most}");
            Ok(())
        };
        range("database.connections", self.database.connections.into(), 1, 1_000)?;
        range("catalog_seconds", self.catalog_seconds, 1, 3_600)?;
        range("log.interval_ms", self.log.interval_ms, 1, 1_000)?;
        range("partner.leeway_seconds", self.partner.leeway_seconds.into(), 0, 600)?;
        range("partner.longest_life_seconds", self.partner.longest_life_seconds.into(), 1, 31_536_000)?;
        range("partner.remembered_tokens", self.partner.remembered_tokens, 0, 10_000_000)?;
        range("limits.body_bytes", self.limits.body_bytes as u64, 1_024, 16 << 20)?;
        range("status_lists.ttl_seconds", self.status_lists.ttl_seconds, 1, 86_400)?;
        range("offers.claim_code_seconds", self.offers.claim_code_seconds.into(), 1, 604_800)?;
        range("wallets.access_token_seconds", self.wallets.access_token_seconds.into(), 1, 86_400)?;
        range("mail.smtp_port", self.mail.smtp_port.into(), 1, 65_535)?;
        range("mail.smtp_timeout_seconds", self.mail.smtp_timeout_seconds.into(), 1, LONGEST_MAIL)?;
        range("mail.smtp_connections", self.mail.smtp_connections.into(), 1, 100)?;
        self.mail.check()?;
        self.images.check()?;
        self.log.check()?;
        let Jwks { min_fresh_seconds: least, max_fresh_seconds: most, .. } = self.jwks;
        ensure!(least <= most, "jwks.min_fresh_seconds ({least}) exceeds jwks.max_fresh_seconds ({most})");
        range("witnesses.timeout_seconds", self.witnesses.timeout_seconds.into(), 1, 60)?;
        range("status_lists.digest_seconds", self.status_lists.digest_seconds, 1, 86_400)?;
        range("evm.poll_ms", self.evm.poll_ms, 50, 60_000)?;
        range("evm.min_seconds_between", self.evm.min_seconds_between.into(), 0, 86_400)?;
        range("evm.replace_after_blocks", self.evm.replace_after_blocks, 1, 1_000)?;
        range("evm.max_fee_gwei", self.evm.max_fee_gwei.into(), 1, 1_000_000)?;
        range("evm.final_after", self.evm.final_after, 1, 1_000_000)?;
        self.chain()?;
        self.witness_peers()?;
        self.witnessed_logs()?;
        self.did_method().map(drop)
    }

    /// Sets where the world reaches the server; a slash at the end is dropped.
    pub(crate) fn set_public_url(&mut self, mut url: String) -> anyhow::Result<()> {
        url.truncate(url.trim_end_matches('/').len());
        vc::did::did_web(&url).with_context(|| format!("public_url is `{url}`"))?;
        ensure!(
            self.development || url.starts_with("https://"),
            "public_url is `{url}`; it must be the https URL at which the world reaches this server, since it becomes part of \
             what is issued (http is for development = true)"
        );
        self.public_url = url;
        Ok(())
    }

    /// The DID method of issuers and holders.
    fn did_method(&self) -> anyhow::Result<DidMethod> {
        let Did { method, blockchain, network, type_bytes } = &self.did;
        let mut bytes = [0; 2];
        hex::decode_to_slice(type_bytes, &mut bytes).with_context(|| {
            format!("did.type_bytes is `{type_bytes}`; it must be two bytes in hexadecimal")
        })?;
        DidMethod::new(method, blockchain, network, bytes).context("did")
    }

    /// What the engine wants to know.
    pub(crate) fn engine(&self) -> anyhow::Result<issuance::Settings> {
        let Jwks {
            min_fresh_seconds,
            max_fresh_seconds,
            default_fresh_seconds,
            max_stale_seconds,
            min_interval_seconds,
        } = self.jwks;
        Ok(issuance::Settings {
            public_url: self.public_url.clone(),
            did_method: self.did_method()?,
            tokens: TokenSettings {
                leeway: self.partner.leeway_seconds.into(),
                longest_life: self.partner.longest_life_seconds.into(),
                remembered: self.partner.remembered_tokens,
            },
            jwks: JwksSettings {
                min_fresh: min_fresh_seconds.into(),
                max_fresh: max_fresh_seconds.into(),
                default_fresh: default_fresh_seconds.into(),
                max_stale: max_stale_seconds.into(),
                min_interval: min_interval_seconds.into(),
            },
            catalog_seconds: self.catalog_seconds,
            status_list_ttl: self.status_lists.ttl_seconds,
            claim_code_seconds: self.offers.claim_code_seconds.into(),
            access_token_seconds: self.wallets.access_token_seconds.into(),
            anchor: self.log.policy.0,
            witnesses: self.witness_peers()?.into_iter().map(|peer| peer.key).collect(),
        })
    }

    /// What the server wants to know.
    pub(crate) fn server_limits(&self) -> server::Limits {
        server::Limits {
            body_bytes: self.limits.body_bytes,
            partner_requests_per_second: NonZeroU32::new(self.limits.partner_requests_per_second),
            public_requests_per_minute: NonZeroU32::new(self.limits.public_requests_per_minute),
            trusted_proxies: self.limits.trusted_proxies.0.clone(),
        }
    }

    /// The log's name: the setting, or the public URL without its scheme and with `/log` behind it.
    pub(crate) fn log_origin(&self) -> String {
        if self.log.origin.is_empty() {
            let (_, rest) = self.public_url.split_once("://").unwrap_or(("", &self.public_url));
            format!("{rest}/log")
        } else {
            self.log.origin.clone()
        }
    }

    /// Where mail is written if it is not sent.
    pub(crate) fn mail_folder(&self) -> PathBuf {
        self.folder(&self.mail.folder, "mail")
    }

    /// Where images are kept if not in a bucket.
    pub(crate) fn images_folder(&self) -> PathBuf {
        self.folder(&self.images.folder, "images")
    }

    /// The folder that a setting names; if it names none, one beside the database, or where the process was started.
    fn folder(&self, setting: &Path, name: &str) -> PathBuf {
        if setting.as_os_str().is_empty() {
            self.database.file().map_or_else(|| PathBuf::from(name), |file| file.with_file_name(name))
        } else {
            setting.to_owned()
        }
    }

    /// The least time between two checkpoints.
    pub(crate) fn log_interval(&self) -> Duration {
        Duration::from_millis(self.log.interval_ms)
    }
}

#[cfg(test)]
mod tests;
