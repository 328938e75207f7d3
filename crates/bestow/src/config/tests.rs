use std::collections::{BTreeSet, HashMap};

use super::sections::MailSecurity;
use super::*;

const EXAMPLE: &str = include_str!("../../../../bestow.example.toml");
const DEVELOPMENT: &str = "development = true\n";

/// The example with every setting in force. A line of prose begins with `# `, a setting with `#` and its name.
fn uncommented() -> String {
    let setting =
        |line: &str| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).map(str::to_owned);
    EXAMPLE.lines().map(|line| setting(line).unwrap_or_else(|| line.to_owned()) + "\n").collect()
}

fn parse(text: &str) -> Result<Settings, config::ConfigError> {
    Config::builder().add_source(File::from_str(text, FileFormat::Toml)).build()?.try_deserialize()
}

fn load(file: &str, variables: &[(&str, &str)], flags: &[(&str, &str)]) -> anyhow::Result<Settings> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bestow.toml");
    std::fs::write(&path, file).unwrap();
    let variables: HashMap<&str, &str> = variables.iter().copied().collect();
    let environment = |name: &str| variables.get(name).map(|value| (*value).to_owned());
    let mut loader = Loader::new().default("listen", "127.0.0.1:1")?.file(&path).environment(&environment)?;
    for (name, value) in flags {
        loader = loader.flag(name, "--flag", Some(value))?;
    }
    loader.load()
}

fn refusal(file: &str, variables: &[(&str, &str)]) -> String {
    format!("{:#}", load(file, variables, &[]).expect_err(file))
}

#[test]
fn the_example_shows_every_setting_with_its_default() {
    assert_eq!(parse(&uncommented()).expect("the example"), Settings::default());
    assert_eq!(parse(EXAMPLE).expect("all of it is commented"), Settings::default());

    let shown =
        Config::builder().add_source(File::from_str(&uncommented(), FileFormat::Toml)).build().unwrap();
    let shown: serde_json::Value = shown.try_deserialize().unwrap();
    let mut names = BTreeSet::new();
    for (name, value) in shown.as_object().unwrap() {
        match value.as_object() {
            Some(section) => names.extend(section.keys().map(|inner| format!("{name}.{inner}"))),
            None => drop(names.insert(name.clone())),
        }
    }
    assert_eq!(names, Settings::names().into_iter().collect());
}

#[test]
fn a_flag_outranks_the_environment_the_file_and_the_default() {
    let file = format!("{DEVELOPMENT}listen = \"127.0.0.1:2\"\n");
    let variables = [("BESTOW_LISTEN", "127.0.0.1:3")];
    let listen = |settings: anyhow::Result<Settings>| settings.expect("settings").listen;
    assert_eq!(listen(load(DEVELOPMENT, &[], &[])), "127.0.0.1:1");
    assert_eq!(listen(load(&file, &[], &[])), "127.0.0.1:2");
    assert_eq!(listen(load(&file, &variables, &[])), "127.0.0.1:3");
    assert_eq!(listen(load(&file, &variables, &[("listen", "127.0.0.1:4")])), "127.0.0.1:4");
}

#[test]
fn the_environment_sets_every_type() {
    let variables = [
        ("BESTOW_DEVELOPMENT", "true"),
        ("BESTOW_DATABASE_URL", "postgres://a:b@c/d"),
        ("BESTOW_LOG_INTERVAL_MS", "20"),
        ("BESTOW_WORKER_ENABLED", "false"),
        ("BESTOW_LOGGING_FORMAT", "json"),
        ("BESTOW_LIMITS_PARTNER_REQUESTS_PER_SECOND", "7"),
        ("BESTOW_LIMITS_PUBLIC_REQUESTS_PER_MINUTE", "0"),
        ("BESTOW_LIMITS_TRUSTED_PROXIES", "10.1.2.3/8, 192.0.2.1,2001:db8::/32"),
        ("BESTOW_MAIL_SMTP_SECURITY", "tls"),
        ("BESTOW_MAIL_SMTP_PORT", "465"),
        ("BESTOW_IMAGES_S3_ALLOW_HTTP", "true"),
        ("BESTOW_PARTNER_ID", "what dev.env holds means nothing here"),
        ("BESTOW_URL", "nor does this"),
    ];
    let settings = load("", &variables, &[]).expect("settings");
    assert_eq!(settings.database.url.expose(), "postgres://a:b@c/d");
    assert_eq!((settings.log.interval_ms, settings.worker.enabled), (20, false));
    assert_eq!(settings.logging.format, LogFormat::Json);
    let limits = settings.server_limits();
    assert_eq!(limits.partner_requests_per_second, NonZeroU32::new(7));
    assert_eq!(limits.public_requests_per_minute, None);
    let proxies: Vec<String> = limits.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.0/8", "192.0.2.1/32", "2001:db8::/32"]);
    assert_eq!((settings.mail.smtp_security, settings.mail.smtp_port), (MailSecurity::Tls, 465));
    assert!(settings.images.s3_allow_http);
}

#[test]
fn a_file_lists_proxies() {
    let file = format!("{DEVELOPMENT}[limits]\ntrusted_proxies = [\"::1\", \"10.0.0.0/8\"]\n");
    let limits = load(&file, &[], &[]).expect("settings").server_limits();
    let proxies: Vec<String> = limits.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["::1/128", "10.0.0.0/8"]);
}

#[test]
fn files_are_kept_beside_the_database_unless_a_folder_is_named() {
    let folders = |file: &str| {
        let settings = load(&format!("{DEVELOPMENT}{file}"), &[], &[]).expect(file);
        (settings.mail_folder(), settings.images_folder())
    };
    for (url, folder) in [
        ("sqlite:bestow.db", ""),
        ("sqlite:///var/lib/bestow/bestow.db?mode=rwc", "/var/lib/bestow/"),
        ("sqlite:/a%20b/bestow.db", "/a b/"),
        ("postgres://a:b@c/d", ""),
    ] {
        let expected = (PathBuf::from(format!("{folder}mail")), PathBuf::from(format!("{folder}images")));
        assert_eq!(folders(&format!("[database]\nurl = \"{url}\"")), expected, "{url}");
    }
    let named = folders("[mail]\nfolder = \"/m\"\n[images]\nfolder = \"i\"");
    assert_eq!(named, (PathBuf::from("/m"), PathBuf::from("i")));
}

#[tokio::test]
async fn the_default_sender_and_folders_are_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}/bestow.db", folder.path().display());
    let settings = load(DEVELOPMENT, &[("BESTOW_DATABASE_URL", &url)], &[]).expect("settings");
    ::mail::Mailer::open(settings.mailer().expect("settings")).await.expect("a mailer");
    ::blobs::Blobs::open(&settings.blobs()).expect("a store");
    assert!(folder.path().join("mail").is_dir() && folder.path().join("images").is_dir());
}

#[test]
fn a_mail_server_and_a_bucket_are_used_if_they_are_named() {
    let variables = [
        ("BESTOW_MAIL_SMTP_HOST", "mail.example.com"),
        ("BESTOW_MAIL_SMTP_USER", "bestow"),
        ("BESTOW_MAIL_SMTP_PASSWORD", "hunter2"),
        ("BESTOW_IMAGES_S3_BUCKET", "images"),
        ("BESTOW_IMAGES_S3_ENDPOINT", "https://s3.example.com"),
    ];
    let settings = load(DEVELOPMENT, &variables, &[]).expect("settings");
    assert_eq!(settings.mail_way(), "by the mail server mail.example.com, port 587, STARTTLS");
    assert_eq!(settings.images_place(), "the bucket images");
    let ::mail::TransportSettings::Smtp(smtp) = settings.mailer().expect("settings").transport else {
        panic!("no mail server");
    };
    assert_eq!((smtp.timeout, smtp.connections.get()), (Duration::from_secs(30), 4));
    assert_eq!(smtp.trust_certificate, None);
    assert_eq!(smtp.login.map(|login| login.username).as_deref(), Some("bestow"));
    let ::blobs::BlobSettings::S3(s3) = settings.blobs() else { panic!("no bucket") };
    assert_eq!(s3.endpoint.as_deref(), Some("https://s3.example.com"));
    assert_eq!((s3.access_key_id, s3.secret_access_key), (None, None));
}

#[test]
fn the_log_is_exported_beside_a_file_or_where_the_settings_say() {
    let export = |file: &str| load(&format!("{DEVELOPMENT}{file}"), &[], &[]).expect(file).log_export();
    let place = |file: &str| export(file).map(|(_, place)| place);
    for (file, expected) in [
        ("", Some("the folder log")),
        ("[database]\nurl = \"sqlite:/var/lib/bestow/bestow.db\"", Some("the folder /var/lib/bestow/log")),
        ("[database]\nurl = \"postgres://a:b@c/d\"", None),
        ("[database]\nurl = \"postgres://a:b@c/d\"\n[log]\nexport_folder = \"/e\"", Some("the folder /e")),
        ("[log]\nexport_folder = \"/e\"\nexport_s3_bucket = \"logs\"", Some("the bucket logs")),
    ] {
        assert_eq!(place(file).as_deref(), expected, "{file}");
    }
    let file = "[log]\nexport_s3_bucket = \"logs\"\nexport_s3_prefix = \"a/b\"";
    let Some((::blobs::BlobSettings::S3(s3), _)) = export(file) else { panic!("no bucket") };
    assert_eq!((s3.bucket.as_str(), s3.region.as_str(), s3.prefix.as_str()), ("logs", "us-east-1", "a/b"));
    assert_eq!((s3.endpoint, s3.access_key_id), (None, None));
}

#[test]
fn what_is_wrong_is_named() {
    for (file, expected) in [
        ("colour = 1", "colour"),
        ("[database]\ncolour = 1", "colour"),
        ("[log]\ninterval_ms = 1001", "log.interval_ms is 1001; it must be 1 to 1000"),
        ("[log]\ninterval_ms = \"soon\"", "interval_ms"),
        ("public_url = \"ftp://example.com\"", "public_url is `ftp://example.com`"),
        ("public_url = \"http://example.com\"\ndevelopment = false", "https"),
        ("[did]\ntype_bytes = \"03\"", "did.type_bytes is `03`"),
        ("[jwks]\nmin_fresh_seconds = 90000", "exceeds jwks.max_fresh_seconds"),
        ("[logging]\nformat = \"xml\"", "xml"),
        ("[partner]\nleeway_seconds = -1", "leeway_seconds"),
        ("[limits]\ntrusted_proxies = [\"proxy\"]", "`proxy` is neither an address nor a network"),
        ("[wallets]\naccess_token_seconds = 0", "wallets.access_token_seconds is 0; it must be 1 to 86400"),
        ("[offers]\nclaim_code_seconds = 0", "offers.claim_code_seconds is 0; it must be 1 to 604800"),
        ("[mail]\nsmtp_timeout_seconds = 0", "mail.smtp_timeout_seconds is 0; it must be 1 to 40"),
        ("[mail]\nsmtp_connections = 0", "mail.smtp_connections is 0"),
        ("[mail]\nsmtp_security = \"ssl\"", "ssl"),
        ("[mail]\nsmtp_user = \"bestow\"", "BESTOW_MAIL_SMTP_PASSWORD) is not: give both, or neither"),
        ("[mail]\nsmtp_password = \"hunter2\"", "mail.smtp_user is not: give both, or neither"),
        ("[images]\ns3_access_key_id = \"AKIA\"", "images.s3_secret_access_key"),
        ("[log]\nexport_s3_access_key_id = \"AKIA\"", "BESTOW_LOG_EXPORT_S3_SECRET_ACCESS_KEY"),
        ("[log]\npolicy = \"evm\"", "`evm` is no anchoring policy"),
    ] {
        let file =
            if file.starts_with("public_url") { file.to_owned() } else { format!("{DEVELOPMENT}{file}") };
        let error = refusal(&file, &[]);
        assert!(error.contains(expected), "{file}: {error}");
    }
    let error = refusal(DEVELOPMENT, &[("BESTOW_LOG_INTERVAL_MS", "soon")]);
    assert!(error.contains("BESTOW_LOG_INTERVAL_MS"), "{error}");
    let error = refusal(DEVELOPMENT, &[("BESTOW_LIMITS_TRUSTED_PROXIES", "10.0.0.0/33")]);
    assert!(error.contains("`10.0.0.0/33` is neither"), "{error}");
}

#[test]
fn secrets_are_not_printed() {
    let variables = [
        ("BESTOW_DATABASE_URL", "postgres://a:hunter2@c/d"),
        ("BESTOW_MAIL_SMTP_HOST", "mail.example.com"),
        ("BESTOW_MAIL_SMTP_USER", "bestow"),
        ("BESTOW_MAIL_SMTP_PASSWORD", "hunter2"),
        ("BESTOW_IMAGES_S3_BUCKET", "images"),
        ("BESTOW_IMAGES_S3_ACCESS_KEY_ID", "AKIA"),
        ("BESTOW_IMAGES_S3_SECRET_ACCESS_KEY", "hunter2"),
        ("BESTOW_LOG_EXPORT_S3_BUCKET", "log"),
        ("BESTOW_LOG_EXPORT_S3_ACCESS_KEY_ID", "AKIA"),
        ("BESTOW_LOG_EXPORT_S3_SECRET_ACCESS_KEY", "hunter2"),
    ];
    let settings = load(DEVELOPMENT, &variables, &[]).expect("settings");
    assert!(!format!("{settings:?} {:?}", settings.log_export()).contains("hunter2"));
    assert!(!serde_json::to_string(&settings).unwrap().contains("hunter2"));
    assert!(!format!("{:?} {:?}", settings.mailer().unwrap(), settings.blobs()).contains("hunter2"));
    assert!(!refusal(DEVELOPMENT, &variables[3..4]).contains("hunter2"));
}

#[test]
fn the_origin_of_the_log_follows_the_public_url() {
    let file = "public_url = \"https://issuer.example.com/\"";
    let settings = load(file, &[], &[]).expect("settings");
    assert_eq!(settings.public_url, "https://issuer.example.com");
    assert_eq!(settings.log_origin(), "issuer.example.com/log");
    let settings = load(file, &[("BESTOW_LOG_ORIGIN", "example.com/2026")], &[]).expect("settings");
    assert_eq!(settings.log_origin(), "example.com/2026");
}
