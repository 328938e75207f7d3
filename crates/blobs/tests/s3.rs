//! Blobs in a bucket, against a server process that speaks S3 (moto).

#![expect(clippy::unwrap_used, reason = "the helpers of a test may panic as the test itself may")]

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use blobs::{BlobError, BlobSettings, Blobs, Form, S3Settings};

/// An S3 server with an empty bucket `images`; it ends with the value.
struct Server {
    process: Child,
    address: String,
}

fn python() -> OsString {
    std::env::var_os("BESTOW_TEST_PYTHON").expect(
        "BESTOW_TEST_PYTHON has to name the python of an environment with tests/s3/requirements.txt installed",
    )
}

impl Server {
    fn start() -> Self {
        let mut process = Command::new(python())
            .args(["-u", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("BESTOW_TEST_PYTHON starts");
        let mut said = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = said
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| {
                line.split_once("Running on http://").map(|(_, address)| address.trim().to_owned())
            })
            .expect("moto tells its address; tests/s3/requirements.txt has to be installed");
        // The server must not block on what nobody reads.
        std::thread::spawn(move || said.for_each(drop));
        let server = Self { process, address };
        assert!(server.request("PUT /images").starts_with("HTTP/1.1 200"));
        server
    }

    /// The keys in the bucket.
    fn keys(&self) -> Vec<String> {
        let listing = self.request("GET /images?list-type=2");
        let keys = listing.split("<Key>").skip(1).filter_map(|entry| entry.split_once("</Key>"));
        keys.map(|(key, _)| key.to_owned()).collect()
    }

    /// The content type and the cache control of an object, as another client sees them.
    fn form(&self, key: &str) -> String {
        const SCRIPT: &str = "import boto3, sys\n\
            s3 = boto3.client('s3', endpoint_url=sys.argv[1], region_name='eu-central-1',\n\
                aws_access_key_id='AKIDEXAMPLE', aws_secret_access_key='very-secret')\n\
            head = s3.head_object(Bucket='images', Key=sys.argv[2])\n\
            print(head['ContentType'], head.get('CacheControl'), sep='|')";
        let endpoint = format!("http://{}", self.address);
        let output = Command::new(python()).args(["-c", SCRIPT, &endpoint, key]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// The answer to a request without a signature. The server lets anyone make buckets and list keys, not read objects.
    fn request(&self, what: &str) -> String {
        let mut connection = TcpStream::connect(&self.address).unwrap();
        let close = "Content-Length: 0\r\nConnection: close";
        write!(connection, "{what} HTTP/1.1\r\nHost: {}\r\n{close}\r\n\r\n", self.address).unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    }

    fn blobs(&self, prefix: &str) -> Blobs {
        self.open("images", prefix)
    }

    fn open(&self, bucket: &str, prefix: &str) -> Blobs {
        Blobs::open(&BlobSettings::S3(S3Settings {
            bucket: bucket.into(),
            region: "eu-central-1".into(),
            endpoint: Some(format!("http://{}", self.address)),
            access_key_id: Some("AKIDEXAMPLE".into()),
            secret_access_key: Some("very-secret".into()),
            allow_http: true,
            prefix: prefix.into(),
        }))
        .unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// The text of an error and of its causes, as a log has it.
fn text(problem: &BlobError) -> String {
    let mut text = problem.to_string();
    let mut cause = std::error::Error::source(problem);
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

#[tokio::test]
async fn blobs_in_a_bucket() {
    let server = Server::start();
    round_trip(&server).await;
    limits_and_keys(&server).await;
    prefixes(&server).await;
    publishing(&server).await;
    failures(server).await;
}

async fn round_trip(server: &Server) {
    let blobs = server.blobs("");
    assert_eq!(blobs.get("tenants/one", 10).await.unwrap(), None);
    blobs.put("tenants/one", b"first".to_vec()).await.unwrap();
    assert_eq!(blobs.get("tenants/one", 10).await.unwrap().unwrap(), b"first");
    blobs.put("tenants/one", b"second".to_vec()).await.unwrap();
    assert_eq!(blobs.get("tenants/one", 10).await.unwrap().unwrap(), b"second");
    assert_eq!(server.keys(), ["tenants/one"]);
    let unsigned = server.request("GET /images/tenants/one");
    assert!(unsigned.starts_with("HTTP/1.1 403"), "the server lets anyone read: {unsigned}");
    blobs.delete("tenants/one").await.unwrap();
    assert_eq!(blobs.get("tenants/one", 10).await.unwrap(), None);
    blobs.delete("tenants/one").await.unwrap();
    assert!(server.keys().is_empty());
}

async fn limits_and_keys(server: &Server) {
    let blobs = server.blobs("");
    let image = vec![7; 5 << 20];
    blobs.put("large", image.clone()).await.unwrap();
    assert_eq!(blobs.get("large", image.len()).await.unwrap().unwrap(), image);
    let refused = blobs.get("large", image.len() - 1).await.unwrap_err();
    assert!(matches!(refused, BlobError::TooLarge { size: 5_242_880, limit: 5_242_879 }), "{refused}");
    assert!(matches!(blobs.get("../images/large", 10).await, Err(BlobError::Key)));
}

async fn prefixes(server: &Server) {
    let blobs = server.blobs("bestow/blobs");
    blobs.put("one", b"first".to_vec()).await.unwrap();
    assert!(server.keys().contains(&"bestow/blobs/one".to_owned()), "{:?}", server.keys());
    assert_eq!(server.blobs("").get("one", 10).await.unwrap(), None);
    assert_eq!(server.blobs("bestow").get("blobs/one", 10).await.unwrap().unwrap(), b"first");
}

/// What is published says what it is, and can be listed under any prefix.
async fn publishing(server: &Server) {
    let form = Form { content_type: "text/plain; charset=utf-8", cache_control: "no-cache" };
    for prefix in ["", "mirror/one"] {
        let blobs = server.blobs(prefix);
        for key in ["log/checkpoint", "log/tile/0/001.p/7", "log/tile/0/001.p/12", "logs"] {
            blobs.publish(key, b"bytes".to_vec(), form).await.unwrap();
        }
        assert_eq!(blobs.get("log/tile/0/001.p/7", 10).await.unwrap().unwrap(), b"bytes");
        let mut keys = blobs.list("log/tile", 10).await.unwrap();
        keys.sort();
        assert_eq!(keys, ["log/tile/0/001.p/12", "log/tile/0/001.p/7"]);
        assert!(matches!(blobs.list("log", 2).await, Err(BlobError::TooMany(2))));
        assert!(blobs.list("nothing", 10).await.unwrap().is_empty());
    }
    assert_eq!(server.form("log/checkpoint"), "text/plain; charset=utf-8|no-cache");
    server.blobs("").put("log/checkpoint", b"bytes".to_vec()).await.unwrap();
    assert_ne!(server.form("log/checkpoint"), "text/plain; charset=utf-8|no-cache");
}

/// A missing bucket and a server that is gone are errors that tell no secret.
async fn failures(server: Server) {
    let missing = server.open("missing", "");
    let problem = missing.put("one", b"first".to_vec()).await.unwrap_err();
    assert!(text(&problem).contains("NoSuchBucket"), "{}", text(&problem));

    let blobs = server.blobs("");
    drop(server);
    for problem in [
        blobs.put("one", b"first".to_vec()).await.unwrap_err(),
        blobs.get("one", 10).await.unwrap_err(),
        blobs.delete("one").await.unwrap_err(),
    ] {
        assert!(matches!(problem, BlobError::Store(_)), "{problem}");
        assert!(!text(&problem).contains("very-secret"), "{}", text(&problem));
    }
}
