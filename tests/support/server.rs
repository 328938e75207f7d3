//! A whole server in this process.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anchor::{Export, Guard, Log, Place, Sequencer};
use blobs::{BlobSettings, Blobs};
use iden3::DidMethod;
use issuance::{
    Engine, GuardedClient, JwksSettings, NewIssuer, NewTenant, Parts, Settings, TokenSettings, Verification,
    VerificationSettings, open_log, open_witness,
};
use keys::MasterKey;
use mail::{MailSettings, Mailer, TransportSettings};
use model::{AnchorPolicy, Clock, PartnerKeys};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use server::{App, Limits};
use store::Store;
use tempfile::TempDir;
use tlog::key::VerifierKey;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::catalog::{new_program, seed_schema};
use crate::{Database, Partner, PartnerKey, SplitLog, SystemEntropy, TestClock};

/// A client that speaks to this machine.
///
/// # Panics
/// If it cannot be made.
pub fn http_client() -> Client {
    #[expect(clippy::disallowed_methods, reason = "the test is the client")]
    let client = Client::builder().no_proxy().build();
    client.expect("a client")
}

/// What a test may want otherwise.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Limits of the HTTP side.
    pub limits: Limits,
    /// How Partner JWTs are checked.
    pub tokens: TokenSettings,
    /// How JWKS are cached.
    pub jwks: JwksSettings,
    /// Whether tenants' URLs may be http and loopback.
    pub development: bool,
    /// Whether the log's sequencer runs.
    pub sequencer: bool,
    /// Where the log is exported, and so remembered; nowhere if absent.
    pub export: Option<BlobSettings>,
    /// Whether the jobs are done.
    pub jobs: bool,
    /// How mail leaves; into a folder if absent.
    pub mail: Option<TransportSettings>,
    /// How it verifies.
    pub verification: VerificationSettings,
    /// The logs whose checkpoints it cosigns; none if it is no witness.
    pub witness: Vec<VerifierKey>,
    /// By what name its public URL calls this machine.
    pub host: &'static str,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            tokens: TokenSettings::default(),
            jwks: JwksSettings::default(),
            development: true,
            sequencer: true,
            export: None,
            jobs: true,
            mail: None,
            verification: VerificationSettings::default(),
            witness: vec![SplitLog::witnessed().key()],
            host: "127.0.0.1",
        }
    }
}

/// A running server. Dropped, it is gone with its database.
#[derive(Debug)]
pub struct Server {
    /// Where it listens, without a slash at the end.
    pub url: String,
    /// The database's URL.
    pub database_url: String,
    /// The engine behind it.
    pub engine: Arc<Engine>,
    /// The database.
    pub store: Arc<Store>,
    /// The log.
    pub log: Arc<Log>,
    /// Where it is exported.
    pub export: Option<Arc<Export>>,
    /// The verifier.
    pub verification: Arc<Verification>,
    /// Its clock.
    pub clock: Arc<TestClock>,
    /// The guarded client that it uses.
    pub guarded: GuardedClient,
    client: Client,
    stop: watch::Sender<bool>,
    folder: TempDir,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers.
    pub headers: reqwest::header::HeaderMap,
    /// Body.
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    ///
    /// # Panics
    /// If it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// The `message` of an error, whose envelope is checked.
    ///
    /// # Panics
    /// If the envelope is not the dialect's.
    pub fn message(&self) -> String {
        assert_eq!(self.header("content-type"), Some("application/json"), "{}", self.text);
        let json = self.json();
        assert_eq!(json["error"], self.status, "{}", self.text);
        assert_eq!(json.as_object().map(serde_json::Map::len), Some(2), "{}", self.text);
        json["message"].as_str().expect("a message").to_owned()
    }

    /// The text of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

fn guard(export: Option<&Arc<Export>>) -> Guard {
    Guard::new(export.into_iter().map(|export| Place::Export(Arc::clone(export))).collect())
}

impl Server {
    /// Starts a server on a fresh database.
    pub async fn start(database: Database) -> Self {
        Self::start_with(database, Setup::default()).await
    }

    /// Starts a server on a fresh database, with another setup.
    pub async fn start_with(database: Database, setup: Setup) -> Self {
        // What a server logs is shown with a test that fails.
        let _ = tracing_subscriber::fmt().with_env_filter("info").with_test_writer().try_init();
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database_url = database.create(&folder).await;
        Self::start_on(folder, database_url, setup, None).await
    }

    /// Starts another server on this one's database: a second replica, reached by the same public URL.
    pub async fn replica(&self, setup: Setup) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let public_url = self.engine.public_url().to_owned();
        Self::start_on(folder, self.database_url.clone(), setup, Some(public_url)).await
    }

    /// Starts another server on a copy of this one's database, reached by the same public URL.
    pub async fn on_copy(&self, database_url: &str, setup: Setup) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let public_url = self.engine.public_url().to_owned();
        Self::start_on(folder, database_url.to_owned(), setup, Some(public_url)).await
    }

    /// Starts a server on a fresh database of the same kind as this one's.
    pub async fn afresh(&self, setup: Setup) -> Self {
        let sqlite = self.database_url.starts_with("sqlite:");
        Self::start_with(if sqlite { Database::Sqlite } else { Database::Postgres }, setup).await
    }

    async fn start_on(
        folder: TempDir,
        database_url: String,
        setup: Setup,
        public_url: Option<String>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let url = format!("http://{address}");
        let here = format!("http://{}:{}", setup.host, address.port());
        let store = Arc::new(Store::connect(&database_url, 8).await.expect("the database opens"));
        store.migrate().await.expect("migrates");
        let clock = Arc::new(TestClock::default());
        let entropy = Arc::new(SystemEntropy);
        let master = MasterKey::from_bytes([42; 32]);
        let guarded = GuardedClient::new(setup.development).expect("a client");
        let settings = Settings {
            public_url: public_url.unwrap_or(here),
            did_method: DidMethod::air_test(),
            tokens: setup.tokens,
            jwks: setup.jwks,
            catalog_seconds: 0,
            status_list_ttl: 30,
            claim_code_seconds: 600,
            access_token_seconds: 600,
            anchor: AnchorPolicy::default(),
            witnesses: Vec::new(),
        };
        let log = open_log("test.example/log", &store, &master, Arc::clone(&clock) as _, &*entropy).await;
        let log = Arc::new(log.expect("the log opens"));
        let witness = if setup.witness.is_empty() {
            None
        } else {
            let (name, clock) = ("test.example/witness", Arc::clone(&clock) as _);
            let witness = open_witness(name, setup.witness, &store, &master, clock, &*entropy).await;
            Some(Arc::new(witness.expect("the witness opens")))
        };
        let transport =
            setup.mail.unwrap_or_else(|| TransportSettings::Folder { path: folder.path().join("mail") });
        let mail = MailSettings { from: "Bestow <bestow@example.org>".to_owned(), transport };
        let engine = Arc::new(Engine::new(Parts {
            settings,
            store: Arc::clone(&store),
            master,
            client: guarded.clone(),
            mailer: Mailer::open(mail).await.expect("mail"),
            blobs: Blobs::open(&BlobSettings::Folder(folder.path().join("blobs"))).expect("blobs"),
            clock: Arc::clone(&clock) as _,
            entropy: Arc::clone(&entropy) as _,
        }));
        let export = setup.export.map(|settings| {
            let blobs = Blobs::open(&settings).expect("a place for the export");
            Arc::new(Export::new(Arc::clone(&log), blobs, "the export", &*entropy))
        });
        let (stop, stopped) = watch::channel(false);
        if setup.sequencer {
            let (log, guard) = (Arc::clone(&log), guard(export.as_ref()));
            let sequencer = Sequencer::new(log, Duration::from_millis(50), guard, &*entropy);
            let stopping = stopped.clone();
            tokio::spawn(async move { sequencer.run(stopping).await });
            if let Some(export) = export.clone() {
                let stopped = stopped.clone();
                tokio::spawn(async move { export.run(stopped).await });
            }
        }
        if setup.jobs {
            let (engine, stopped) = (Arc::clone(&engine), stopped.clone());
            tokio::spawn(async move { engine.work(stopped).await });
        }
        let verification =
            Verification::new(Arc::clone(&engine), Arc::clone(&log), guarded.clone(), setup.verification);
        let verification = Arc::new(verification);
        let app = App {
            engine: Arc::clone(&engine),
            log: Arc::clone(&log),
            verification: Arc::clone(&verification),
            witness,
            limits: setup.limits,
            metrics: server::install_metrics(),
        };
        tokio::spawn(server::serve(listener, server::router(app), stopped));
        let client = http_client();
        Self {
            url,
            database_url,
            engine,
            store,
            log,
            export,
            verification,
            clock,
            guarded,
            client,
            stop,
            folder,
        }
    }

    /// A sequencer of its log that works when the test says so, and asks the export before it does.
    pub fn sequencer(&self) -> Sequencer {
        let guard = guard(self.export.as_ref());
        Sequencer::new(Arc::clone(&self.log), Duration::ZERO, guard, &SystemEntropy)
    }

    /// Where its mail goes, unless the setup said otherwise: one `.eml` file a message.
    pub fn mail_dir(&self) -> PathBuf {
        self.folder.path().join("mail")
    }

    /// The server's time, in seconds since 1970-01-01T00:00:00Z.
    pub fn clock_seconds(&self) -> i64 {
        self.clock.now().seconds()
    }

    /// A request to this server.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Sends a request.
    ///
    /// # Panics
    /// If there is no answer.
    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.expect("an answer");
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, text: response.text().await.expect("a body") }
    }

    /// GETs a public path.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    /// GETs a path with a Partner JWT.
    pub async fn get_as(&self, token: &str, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).header("x-partner-auth", token)).await
    }

    /// Posts these very bytes to issue-on-behalf, with these headers beside the Partner JWT.
    pub async fn post(
        &self,
        token: &str,
        headers: &[(&str, &str)],
        body: impl Into<reqwest::Body>,
    ) -> Answer {
        let request = self.request(Method::POST, "/v1/credentials/issue-on-behalf");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        self.send(request.header("x-partner-auth", token).body(body)).await
    }

    /// Posts an issue-on-behalf request that must succeed; the answer's body.
    ///
    /// # Panics
    /// If it does not.
    pub async fn issued(&self, token: &str, body: &Value) -> Value {
        let answer = self.issue(token, body).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// Posts an issue-on-behalf request.
    pub async fn issue(&self, token: &str, body: &Value) -> Answer {
        let request = self.request(Method::POST, "/v1/credentials/issue-on-behalf");
        self.send(request.header("x-partner-auth", token).json(body)).await
    }

    /// Asks for a credential's status.
    pub async fn status(&self, token: &str, hash: &str) -> Answer {
        self.get_as(token, &format!("/v1/credentials/status?coreClaimHash={hash}")).await
    }

    /// Polls a credential's status until `vcStatus` is this.
    ///
    /// # Panics
    /// If it is not within ten seconds.
    pub async fn wait_for(&self, token: &str, hash: &str, wanted: &str) -> Value {
        for _ in 0..500 {
            let answer = self.status(token, hash).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            if answer.json()["vcStatus"] == wanted {
                return answer.json();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{hash} did not become {wanted}");
    }

    /// A new tenant with an ES256 key, an issuer, and a program for the seeds' example subject.
    pub async fn partner(&self, name: &str) -> Partner {
        let key = PartnerKey::es256(&format!("{name}-key"));
        let keys = PartnerKeys::Pinned(key.jwks());
        self.partner_with(name, key, keys).await
    }

    /// A new tenant whose keys are registered in this way.
    ///
    /// # Panics
    /// If it cannot be set up.
    pub async fn partner_with(&self, name: &str, key: PartnerKey, partner_keys: PartnerKeys) -> Partner {
        let tenant = NewTenant {
            id: None,
            name: name.to_owned(),
            partner_keys,
            issue_on_behalf: true,
            ignore_is_conflict: false,
            env_id: None,
            own_offers_only: false,
            claim_draft: model::OfferDraft::Draft11,
        };
        let tenant = self.engine.create_tenant(tenant, &self.guarded).await.expect("a tenant");
        let issuer = NewIssuer {
            tenant: tenant.id.clone(),
            name: name.to_owned(),
            slug: None,
            did: None,
            anchor: None,
        };
        let issuer = self.engine.create_issuer(issuer).await.expect("an issuer");
        let schema = seed_schema().to_string();
        let schema = self.engine.create_schema(&tenant.id, schema).await.expect("a schema");
        let program = new_program(&issuer.did, schema.id.clone());
        let program = self.engine.create_program(program).await.expect("a program");
        Partner {
            id: tenant.id.to_string(),
            key,
            issuer_did: issuer.did,
            slug: issuer.slug,
            schema_id: schema.id.to_string(),
            program_id: program.id.to_string(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
    }
}
