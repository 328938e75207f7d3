use std::collections::{BTreeSet, HashMap};

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
        ("BESTOW_PARTNER_ID", "what dev.env holds means nothing here"),
        ("BESTOW_URL", "nor does this"),
    ];
    let settings = load("", &variables, &[]).expect("settings");
    assert_eq!(settings.database.url.expose(), "postgres://a:b@c/d");
    assert_eq!((settings.log.interval_ms, settings.worker.enabled), (20, false));
    assert_eq!(settings.logging.format, LogFormat::Json);
    assert_eq!(settings.server_limits().partner_requests_per_second, NonZeroU32::new(7));
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
    ] {
        let file =
            if file.starts_with("public_url") { file.to_owned() } else { format!("{DEVELOPMENT}{file}") };
        let error = refusal(&file, &[]);
        assert!(error.contains(expected), "{file}: {error}");
    }
    let error = refusal(DEVELOPMENT, &[("BESTOW_LOG_INTERVAL_MS", "soon")]);
    assert!(error.contains("BESTOW_LOG_INTERVAL_MS"), "{error}");
}

#[test]
fn secrets_are_not_printed() {
    let settings =
        load(DEVELOPMENT, &[("BESTOW_DATABASE_URL", "postgres://a:hunter2@c/d")], &[]).expect("settings");
    assert!(!format!("{settings:?}").contains("hunter2"));
    assert!(!serde_json::to_string(&settings).unwrap().contains("hunter2"));
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
