//! The settings themselves, with their defaults.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};

use super::values::{Networks, Policy, Secret, Texts};

macro_rules! section {
    ($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty = $default:expr),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub(crate) struct $name { $(pub(crate) $field: $type),+ }

        impl Default for $name {
            fn default() -> Self {
                Self { $($field: $default),+ }
            }
        }
    };
}

section!(
    /// Everything that an operator decides.
    Settings {
        listen: String = "127.0.0.1:8080".to_owned(),
        public_url: String = "http://127.0.0.1:8080".to_owned(),
        development: bool = false,
        // Empty: no file.
        master_key_file: PathBuf = PathBuf::new(),
        catalog_seconds: u64 = 5,
        database: Database = Database::default(),
        log: Log = Log::default(),
        did: Did = Did::default(),
        partner: Partner = Partner::default(),
        jwks: Jwks = Jwks::default(),
        limits: Limits = Limits::default(),
        offers: Offers = Offers::default(),
        wallets: Wallets = Wallets::default(),
        verifier: Verifier = Verifier::default(),
        witness: Witness = Witness::default(),
        witnesses: Witnesses = Witnesses::default(),
        evm: Evm = Evm::default(),
        mail: Mail = Mail::default(),
        images: Images = Images::default(),
        status_lists: StatusLists = StatusLists::default(),
        worker: Worker = Worker::default(),
        logging: Logging = Logging::default(),
    }
);
section!(
    /// The database.
    Database {
        url: Secret = Secret::new("sqlite:bestow.db"),
        connections: u32 = 16,
    }
);
section!(
    /// The transparency log.
    Log {
        // Empty: made from the public URL.
        origin: String = String::new(),
        interval_ms: u64 = 250,
        // What an issuer is made with.
        policy: Policy = Policy::default(),
        // Empty: `log` beside the SQLite database; nowhere with PostgreSQL.
        export_folder: PathBuf = PathBuf::new(),
        // Empty: the folder.
        export_s3_bucket: String = String::new(),
        export_s3_region: String = "us-east-1".to_owned(),
        // Empty: Amazon's own.
        export_s3_endpoint: String = String::new(),
        // Empty: from the environment or from the instance's role.
        export_s3_access_key_id: String = String::new(),
        export_s3_secret_access_key: Secret = Secret::default(),
        export_s3_allow_http: bool = false,
        export_s3_prefix: String = String::new(),
    }
);
section!(
    /// The iden3 DID method of issuers and holders.
    Did {
        method: String = "air".to_owned(),
        blockchain: String = "id".to_owned(),
        network: String = "test".to_owned(),
        type_bytes: String = "03d2".to_owned(),
    }
);
section!(
    /// How Partner JWTs are checked.
    Partner {
        leeway_seconds: u32 = 30,
        longest_life_seconds: u32 = 86_400,
        remembered_tokens: u64 = 100_000,
    }
);
section!(
    /// How tenants' JWKS are cached.
    Jwks {
        min_fresh_seconds: u32 = 60,
        max_fresh_seconds: u32 = 86_400,
        default_fresh_seconds: u32 = 300,
        max_stale_seconds: u32 = 86_400,
        min_interval_seconds: u32 = 10,
    }
);
section!(
    /// What callers may ask of a server.
    Limits {
        body_bytes: usize = 65_536,
        // 0: any number.
        partner_requests_per_second: u32 = 0,
        // 0: any number.
        public_requests_per_minute: u32 = 300,
        trusted_proxies: Networks = Networks::default(),
    }
);
section!(
    /// Credential offers.
    Offers {
        claim_code_seconds: u32 = 600,
    }
);
section!(
    /// Wallets.
    Wallets {
        access_token_seconds: u32 = 600,
    }
);
section!(
    /// Verification.
    Verifier {
        // Beside those of this deployment.
        trusted_issuers: Texts = Texts::default(),
        // Empty: certificates count for nothing.
        trust_anchors_file: PathBuf = PathBuf::new(),
        // Beside that of this deployment.
        log_keys: Texts = Texts::default(),
        witness_keys: Texts = Texts::default(),
        cosignatures: u32 = 0,
        // Empty: no certificate.
        certificate_file: PathBuf = PathBuf::new(),
        key_file: PathBuf = PathBuf::new(),
    }
);
section!(
    /// Having witnesses: who signs the log's checkpoints beside us.
    Witnesses {
        urls: Texts = Texts::default(),
        // In the order of the URLs.
        keys: Texts = Texts::default(),
        timeout_seconds: u32 = 5,
    }
);
section!(
    /// An EVM chain that holds the log's heads.
    Evm {
        // It may hold a secret. Empty: no chain.
        rpc_url: Secret = Secret::default(),
        // 0: whichever the node is of.
        chain_id: u64 = 0,
        // Empty: the one that was deployed from here.
        contract: String = String::new(),
        min_seconds_between: u32 = 12,
        poll_ms: u64 = 1_000,
        replace_after_blocks: u64 = 5,
        max_fee_gwei: u32 = 200,
        final_after: u64 = 64,
    }
);
section!(
    /// Being a witness of other logs.
    Witness {
        // Empty: it is none.
        logs: Texts = Texts::default(),
        // Empty: made from the public URL.
        name: String = String::new(),
    }
);
section!(
    /// How mail leaves the house.
    Mail {
        from: String = "Bestow <bestow@localhost>".to_owned(),
        // Empty: `mail` beside the database.
        folder: PathBuf = PathBuf::new(),
        // Empty: mail is written into the folder.
        smtp_host: String = String::new(),
        smtp_port: u16 = 587,
        smtp_security: MailSecurity = MailSecurity::StartTls,
        // Empty: nobody in particular.
        smtp_user: String = String::new(),
        smtp_password: Secret = Secret::default(),
        smtp_timeout_seconds: u32 = 30,
        smtp_connections: u32 = 4,
        // Empty: those of the operating system alone.
        smtp_trust_certificate: PathBuf = PathBuf::new(),
    }
);
section!(
    /// Where images are kept.
    Images {
        // Empty: `images` beside the database.
        folder: PathBuf = PathBuf::new(),
        // Empty: the folder.
        s3_bucket: String = String::new(),
        s3_region: String = "us-east-1".to_owned(),
        // Empty: Amazon's own.
        s3_endpoint: String = String::new(),
        // Empty: from the environment or from the instance's role.
        s3_access_key_id: String = String::new(),
        s3_secret_access_key: Secret = Secret::default(),
        s3_allow_http: bool = false,
        s3_prefix: String = String::new(),
    }
);
section!(
    /// Published status lists.
    StatusLists {
        ttl_seconds: u64 = 60,
        digest_seconds: u64 = 60,
    }
);
section!(
    /// The work behind the answers: the log's sequencer, the jobs (mail) and housekeeping.
    Worker {
        enabled: bool = true,
    }
);
section!(
    /// Log lines.
    Logging {
        format: LogFormat = LogFormat::Text,
        level: String = "info".to_owned(),
    }
);

/// The form of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

/// How a connection to a mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MailSecurity {
    /// Soon after it began.
    StartTls,
    /// From the first byte.
    Tls,
    /// Not at all.
    None,
}

impl Database {
    /// The database's file, if it is one of SQLite.
    pub(super) fn file(&self) -> Option<PathBuf> {
        let path = self.url.expose().strip_prefix("sqlite:")?;
        let path = path.strip_prefix("//").unwrap_or(path);
        let path = path.split_once('?').map_or(path, |(path, _)| path);
        let path = percent_decode_str(path).decode_utf8().ok()?;
        Some(Path::new(path.as_ref()).to_owned())
    }
}
