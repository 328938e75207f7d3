//! What `bestow dev` tells about its demo tenant.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use anyhow::Context;

/// The variables of a `dev.env` file: lines `KEY=VALUE`, empty lines and comments.
pub(crate) struct Environment(HashMap<String, String>);

impl Environment {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or has a line of another form.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("reading {}", path.display()))
    }

    fn parse(text: &str) -> anyhow::Result<Self> {
        let mut variables = HashMap::new();
        for line in text.lines().map(str::trim) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, value) =
                line.split_once('=').with_context(|| format!("`{line}` is not of the form KEY=VALUE"))?;
            variables.insert(name.trim().to_owned(), unquoted(value.trim()).to_owned());
        }
        Ok(Self(variables))
    }

    /// The value of a variable.
    ///
    /// # Errors
    ///
    /// If the file doesn't set it.
    pub(crate) fn get(&self, name: &str) -> anyhow::Result<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .with_context(|| format!("the environment file does not set {name}"))
    }
}

/// A value may be quoted, for the sake of shells that source the file.
fn unquoted(value: &str) -> &str {
    ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::Environment;

    #[test]
    fn reads_values_quotes_and_comments() {
        let text = "# demo tenant\n\nBESTOW_URL=http://127.0.0.1:8080\nKEY=\"/a folder/key.pem\"\nEQUAL=a=b\nEMPTY=\n";
        let environment = Environment::parse(text).unwrap();
        assert_eq!(environment.get("BESTOW_URL").unwrap(), "http://127.0.0.1:8080");
        assert_eq!(environment.get("KEY").unwrap(), "/a folder/key.pem");
        assert_eq!(environment.get("EQUAL").unwrap(), "a=b");
        assert_eq!(environment.get("EMPTY").unwrap(), "");
        assert_eq!(
            environment.get("OTHER").unwrap_err().to_string(),
            "the environment file does not set OTHER"
        );
    }

    #[test]
    fn refuses_other_lines() {
        assert!(Environment::parse("BESTOW_URL http://127.0.0.1:8080").is_err());
    }
}
