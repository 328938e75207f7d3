//! The real binary, as a command that ends.

use std::path::Path;
use std::process::Stdio;

use serde_json::Value;
use tokio::io::AsyncWriteExt;
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

    /// It must have refused to work, and said why on stderr alone.
    ///
    /// # Panics
    /// If it has not.
    #[track_caller]
    pub fn refuses_to_work(&self, why: &str) {
        self.refuses(2, why);
        assert!(self.out.is_empty() && self.err.starts_with("error: "), "{self:?}");
    }

    /// It must have ended with this code, and its first line must be this.
    ///
    /// # Panics
    /// If it has not.
    #[track_caller]
    pub fn ends(&self, code: i32, first: &str) -> &Self {
        assert_eq!((self.code, self.out.lines().next().unwrap_or_default()), (Some(code), first), "{self:?}");
        self
    }

    /// It must say this somewhere.
    ///
    /// # Panics
    /// If it does not.
    #[track_caller]
    pub fn says(&self, what: &str) -> &Self {
        assert!(self.out.contains(what), "{what}: {self:?}");
        self
    }

    /// The line of a check in its report must begin with this symbol.
    ///
    /// # Panics
    /// If it does not.
    #[track_caller]
    pub fn check(&self, symbol: &str, name: &str) -> &Self {
        let wanted = format!("  {symbol} {name} ");
        assert!(self.out.lines().any(|line| line.starts_with(&wanted)), "{wanted}: {self:?}");
        self
    }

    /// The one line of JSON that it printed, however it ended.
    ///
    /// # Panics
    /// If it printed something else.
    #[track_caller]
    pub fn report(&self) -> Value {
        assert_eq!(self.out.lines().count(), 1, "{self:?}");
        serde_json::from_str(&self.out).expect("JSON")
    }
}

/// Runs `bestow` in a folder with these arguments and these environment variables, and nothing on its standard input.
///
/// # Panics
/// If there is no binary.
pub async fn bestow(folder: &Path, arguments: &[&str], environment: &[(String, String)]) -> Ran {
    bestow_reading(b"", folder, arguments, environment).await
}

/// The same with this on its standard input.
///
/// # Panics
/// If there is no binary.
pub async fn bestow_reading(
    input: &[u8],
    folder: &Path,
    arguments: &[&str],
    environment: &[(String, String)],
) -> Ran {
    let mut child = Command::new(binary())
        .args(arguments)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}: run scripts/test, or build it", binary().display()));
    // A command that does not read its input may end before all of it is written.
    let _ = child.stdin.take().expect("piped").write_all(input).await;
    let output = child.wait_with_output().await.expect("it ends");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("a text");
    Ran { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}
