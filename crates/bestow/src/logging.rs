//! Where log lines go: stderr, as text or as JSON.

use std::io::IsTerminal;

use anyhow::Context;
use tracing_subscriber::EnvFilter;

use crate::config::{LogFormat, Logging};

/// Starts logging as a server does. `logging.level` is a level, or a filter such as `info,store=debug`.
pub(crate) fn init(settings: &Logging) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&settings.level)
        .with_context(|| format!("logging.level: `{}` is no level or filter", settings.level))?;
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match settings.format {
        LogFormat::Text => lines.with_ansi(std::io::stderr().is_terminal()).init(),
        LogFormat::Json => lines.json().init(),
    }
    Ok(())
}

/// Starts logging for a command that does one thing and ends: it prints itself what there is to see.
pub(crate) fn init_quiet() -> anyhow::Result<()> {
    init(&Logging { format: LogFormat::Text, level: "error".to_owned() })
}
