//! The real binary, as a command that ends.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::process::Command;

use crate::binary;

/// What a command printed, and how it ended.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    /// What it wrote to stdout.
    pub out: String,
    /// What it wrote to stderr.
    pub err: String,
}

impl Ran {
    /// It must have done what it was asked; what it printed.
    ///
    /// # Panics
    /// If it has not.
    #[track_caller]
    pub fn done(&self) -> &str {
        assert_eq!(self.code, Some(0), "{self:?}");
        &self.out
    }

    /// The JSON that it printed.
    ///
    /// # Panics
    /// If it failed, or printed something else.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(self.done()).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// It must have ended with this code and said this on stderr.
    ///
    /// # Panics
    /// If it has not.
    #[track_caller]
    pub fn refuses(&self, code: i32, why: &str) -> &Self {
        assert_eq!(self.code, Some(code), "{self:?}");
        assert!(self.err.contains(why), "{why}: {self:?}");
        self
    }
}

/// Runs `bestow` in a folder with these arguments and these environment variables, and nothing on its standard input.
///
/// # Panics
/// If there is no binary.
pub async fn bestow(folder: &Path, arguments: &[&str], environment: &[(String, String)]) -> Ran {
    let output = Command::new(binary())
        .args(arguments)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap_or_else(|error| panic!("{}: {error}: run scripts/test, or build it", binary().display()));
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("a text");
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}
