//! Servers of files that know nothing of Bestow: static files over HTTP, and S3.

use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;

use blobs::{BlobSettings, S3Settings};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::http_client;

fn python() -> OsString {
    std::env::var_os("BESTOW_TEST_PYTHON")
        .expect("BESTOW_TEST_PYTHON must name a Python with tests/s3/requirements.txt: run scripts/test")
}

/// Serves the files of a folder. Dropped, it is gone.
#[derive(Debug)]
pub struct FileServer {
    /// Where, without a slash at the end.
    pub url: String,
    _process: Child,
}

impl FileServer {
    /// Serves `folder` on a free port.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start(folder: &Path) -> Self {
        let mut process = Command::new(python())
            .args(["-u", "-m", "http.server", "--bind", "127.0.0.1", "0", "--directory"])
            .arg(folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("BESTOW_TEST_PYTHON starts");
        let mut lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let line = lines.next_line().await.expect("it speaks").expect("it says where it listens");
        let port = line.split(" port ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a port");
        Self { url: format!("http://127.0.0.1:{port}"), _process: process }
    }
}

/// An S3 server (moto) with an empty bucket `log`. Dropped, it is gone.
#[derive(Debug)]
pub struct S3Server {
    /// Where, without a slash at the end.
    pub url: String,
    _process: Child,
}

impl S3Server {
    /// Starts one on a free port.
    ///
    /// # Panics
    /// If it does not start.
    pub async fn start() -> Self {
        let mut process = Command::new(python())
            .args(["-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("BESTOW_TEST_PYTHON starts");
        let mut lines = BufReader::new(process.stderr.take().expect("piped")).lines();
        let url = loop {
            let line = lines.next_line().await.expect("it speaks").expect("it says where it listens");
            if let Some((_, address)) = line.split_once("Running on ") {
                break address.trim().to_owned();
            }
        };
        // The server must not block on what nobody reads.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let made = http_client().put(format!("{url}/log")).send().await.expect("an answer");
        assert_eq!(made.status(), 200);
        Self { url, _process: process }
    }

    /// The bucket, with this prefix before every key.
    pub fn bucket(&self, prefix: &str) -> BlobSettings {
        BlobSettings::S3(S3Settings {
            bucket: "log".to_owned(),
            region: "eu-central-1".to_owned(),
            endpoint: Some(self.url.clone()),
            access_key_id: Some("AKIDEXAMPLE".to_owned()),
            secret_access_key: Some("very-secret".to_owned()),
            allow_http: true,
            prefix: prefix.to_owned(),
        })
    }
}
