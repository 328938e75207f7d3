//! `dev.env`: what `bestow dev` tells about its demo tenant, as `NAME=VALUE` lines that shells and dotenv libraries read.

use std::fmt;
use std::path::Path;

use anyhow::{Context, ensure};

use crate::files;

/// Far more than `bestow dev` writes.
const LIMIT: usize = 64 * 1024;

/// Variables in the order of the file. Some are API keys: none of the values has a text form.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct EnvFile(Vec<(String, String)>);

impl fmt::Debug for EnvFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl EnvFile {
    /// Reads a file.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = files::read_text(path, LIMIT)?;
        Self::parse(&text).with_context(|| format!("{}", path.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let lines = text.lines().map(str::trim).zip(1..);
        let lines = lines.filter(|(line, _)| !line.is_empty() && !line.starts_with('#'));
        let variables = lines.map(|(line, number)| {
            let (name, value) = line
                .split_once('=')
                .with_context(|| format!("line {number} is not of the form NAME=VALUE: mend or remove it"))?;
            Ok((name.trim().to_owned(), unquoted(value.trim()).to_owned()))
        });
        variables.collect::<anyhow::Result<_>>().map(Self)
    }

    /// Adds a variable at the end.
    pub(crate) fn push(&mut self, name: &str, value: impl Into<String>) {
        self.0.push((name.to_owned(), value.into()));
    }

    /// The value of a variable, if it is set.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The value of a variable that must be set.
    pub(crate) fn require(&self, name: &str) -> anyhow::Result<&str> {
        self.get(name).with_context(|| format!("the environment file does not set {name}"))
    }

    /// Replaces a file as a whole; its owner alone can read it.
    pub(crate) fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut text =
            String::from("# The demo tenant of `bestow dev`, which writes this file at every start.\n");
        for (name, value) in &self.0 {
            text += &format!("{name}={}\n", quoted(value)?);
        }
        files::write_private(path, &text)
    }
}

/// Single quotes mean the same to every reader of such files, as long as there is none inside.
fn quoted(value: &str) -> anyhow::Result<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/+=@".contains(c);
    if value.chars().all(plain) {
        return Ok(value.to_owned());
    }
    let fits = !value.contains('\'') && !value.chars().any(char::is_control);
    ensure!(fits, "`{value}` cannot be written to an environment file: use a path without quotes");
    Ok(format!("'{value}'"))
}

fn unquoted(value: &str) -> &str {
    ['\'', '"'].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_wrote() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dev.env");
        let mut written = EnvFile::default();
        written.push("URL", "http://127.0.0.1:8080");
        written.push("KEY", "/a folder/with $signs/key.pem");
        written.push("VKEY", "example.com/log+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx=");
        written.write(&path).unwrap();
        assert_eq!(EnvFile::read(&path).unwrap(), written);
        assert_eq!(written.require("KEY").unwrap(), "/a folder/with $signs/key.pem");
        assert!(written.require("NONE").is_err());
    }

    #[test]
    fn refuses_what_shells_would_misread() {
        assert!(quoted("it's").is_err());
        assert!(quoted("two\nlines").is_err());
    }

    #[test]
    fn says_where_it_cannot_be_read_and_not_what_stands_there() {
        let error = EnvFile::parse("# a comment\n\nA=1\nbst_0123").unwrap_err();
        assert_eq!(error.to_string(), "line 4 is not of the form NAME=VALUE: mend or remove it");
        let file = EnvFile::parse("BESTOW_ADMIN_KEY=bst_0123").unwrap();
        assert_eq!(format!("{file:?}"), r#"["BESTOW_ADMIN_KEY"]"#);
    }
}
