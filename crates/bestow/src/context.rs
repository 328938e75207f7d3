//! A deployment that is open: database, keys, mail, images, engine.

use std::sync::Arc;

use anchor::{Export, Log, Witness};
use anyhow::{Context as _, bail, ensure};
use blobs::Blobs;
use issuance::{EVM_KEY_OWNER, Engine, GuardedClient, LOG_KEY_OWNER, Parts, Verification, WITNESS_KEY_OWNER};
use keys::{MasterKey, Secret};
use mail::Mailer;
use model::{Clock, Entropy, StoredKey};
use store::Store;

use crate::config::Settings;
use crate::system::{SystemClock, SystemEntropy};

/// Everything that a command works with.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) settings: Settings,
    pub(crate) store: Arc<Store>,
    pub(crate) engine: Arc<Engine>,
    pub(crate) client: GuardedClient,
    pub(crate) blobs: Blobs,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    master: MasterKey,
}

/// Connects to the database that the settings name.
pub(crate) async fn connect(settings: &Settings) -> anyhow::Result<Store> {
    let database = &settings.database;
    Store::connect(database.url.expose(), database.connections)
        .await
        .context("cannot open the database (database.url, BESTOW_DATABASE_URL, --database-url)")
}

impl Context {
    /// Opens a deployment whose database is up to date.
    pub(crate) async fn open(settings: Settings, master: MasterKey) -> anyhow::Result<Self> {
        let store = connect(&settings).await?;
        let pending = store.pending_migrations().await?;
        ensure!(
            pending == 0,
            "the database lacks {pending} migration(s) of this version: run `bestow migrate` with the same options"
        );
        Self::with_store(settings, master, store).await
    }

    /// Opens a deployment after bringing its database up to date.
    pub(crate) async fn open_and_migrate(settings: Settings, master: MasterKey) -> anyhow::Result<Self> {
        let store = connect(&settings).await?;
        store.migrate().await?;
        Self::with_store(settings, master, store).await
    }

    async fn with_store(settings: Settings, master: MasterKey, store: Store) -> anyhow::Result<Self> {
        check_master_key(&store, &master).await?;
        let store = Arc::new(store);
        let client = GuardedClient::new(settings.development).context("the client that fetches JWKS")?;
        let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) =
            (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let mailer = Mailer::open(settings.mailer()?).await.context("mail (the settings under [mail])")?;
        let blobs = Blobs::open(&settings.blobs()).context("images (the settings under [images])")?;
        let engine = Arc::new(Engine::new(Parts {
            settings: settings.engine()?,
            store: Arc::clone(&store),
            master: master.clone(),
            client: client.clone(),
            mailer,
            blobs: blobs.clone(),
            clock: Arc::clone(&clock),
            entropy: Arc::clone(&entropy),
        }));
        Ok(Self { settings, store, engine, client, blobs, clock, entropy, master })
    }

    /// Opens the log, which is started if there is none yet.
    pub(crate) async fn open_log(&self) -> anyhow::Result<Arc<Log>> {
        let origin = self.settings.log_origin();
        let log =
            issuance::open_log(&origin, &self.store, &self.master, Arc::clone(&self.clock), &*self.entropy);
        Ok(Arc::new(log.await.context("cannot open the log")?))
    }

    /// Opens the place to which the settings have the log exported, if there is one.
    pub(crate) fn open_export(&self, log: &Arc<Log>) -> anyhow::Result<Option<Arc<Export>>> {
        let Some((settings, place)) = self.settings.log_export() else { return Ok(None) };
        let blobs = Blobs::open(&settings).context("the log's export (log.export_...)")?;
        Ok(Some(Arc::new(Export::new(Arc::clone(log), blobs, &place, &*self.entropy))))
    }

    /// The key that sends transactions on a chain, made if there is none yet.
    pub(crate) async fn evm_key(&self) -> anyhow::Result<evm::Signer> {
        Ok(issuance::open_evm_key(&self.store, &self.master, &*self.clock, &*self.entropy).await?)
    }

    /// Takes the key that sends transactions over from elsewhere; `false` if there is one already.
    pub(crate) async fn import_evm_key(&self, secret: &Secret<[u8; 32]>) -> anyhow::Result<bool> {
        let (clock, entropy) = (&*self.clock, &*self.entropy);
        Ok(issuance::import_evm_key(secret, &self.store, &self.master, clock, entropy).await?)
    }

    /// Opens the witness of other logs, if the settings name any; its key is made if there is none yet.
    pub(crate) async fn open_witness(&self) -> anyhow::Result<Option<Arc<Witness>>> {
        if self.settings.witness.logs.0.is_empty() {
            return Ok(None);
        }
        let witness =
            open_witness(&self.settings, &self.store, &self.master, Arc::clone(&self.clock), &*self.entropy);
        witness.await.map(Some)
    }

    /// The verifier of the deployment, whose log is `log`.
    pub(crate) fn verification(&self, log: &Arc<Log>) -> anyhow::Result<Arc<Verification>> {
        let settings =
            self.settings.verification().context("verification (the settings under [verifier])")?;
        let (engine, log) = (Arc::clone(&self.engine), Arc::clone(log));
        Ok(Arc::new(Verification::new(engine, log, self.client.clone(), settings)))
    }

    /// The keys that do not open with the master key, out of all that are stored.
    pub(crate) async fn closed_keys(&self) -> anyhow::Result<(Vec<keys::KeyError>, usize)> {
        let mut stored = self.store.keys(LOG_KEY_OWNER).await?;
        stored.extend(self.store.keys(WITNESS_KEY_OWNER).await?);
        stored.extend(self.store.keys(EVM_KEY_OWNER).await?);
        for issuer in self.store.issuers(None).await? {
            stored.extend(self.store.keys(issuer.id.as_str()).await?);
        }
        let closed = stored.iter().filter_map(|key| keys::open_key(&self.master, key).err()).collect();
        Ok((closed, stored.len()))
    }

    /// Whether the log has been started.
    pub(crate) async fn has_log(&self) -> anyhow::Result<bool> {
        Ok(!self.store.keys(LOG_KEY_OWNER).await?.is_empty())
    }
}

/// Opens the witness that the settings describe.
pub(crate) async fn open_witness(
    settings: &Settings,
    store: &Arc<Store>,
    master: &MasterKey,
    clock: Arc<dyn Clock>,
    entropy: &dyn Entropy,
) -> anyhow::Result<Arc<Witness>> {
    let (name, logs) = (settings.witness_name(), settings.witnessed_logs()?);
    let witness = issuance::open_witness(&name, logs, store, master, clock, entropy).await;
    let witness = witness.context("cannot open the witness (the settings under [witness])")?;
    let asked = &settings.witness.name;
    if !asked.is_empty() && asked != witness.name() {
        tracing::warn!(name = witness.name(), asked, "the witness has a name already, which cannot change");
    }
    Ok(Arc::new(witness))
}

/// Tries the master key on a key or two: with the wrong one, nothing at all would work, and new keys would be sealed under it.
pub(crate) async fn check_master_key(store: &Store, master: &MasterKey) -> anyhow::Result<()> {
    let mut stored: Vec<StoredKey> = store.keys(LOG_KEY_OWNER).await?;
    stored.extend(store.keys(WITNESS_KEY_OWNER).await?);
    if let Some(issuer) = store.issuers(None).await?.first() {
        stored.extend(store.keys(issuer.id.as_str()).await?);
    }
    match stored.iter().find_map(|key| keys::open_key(master, key).err()) {
        None => Ok(()),
        Some(error) => bail!(
            "the keys in this database were sealed under another master key: give the one that it was set up with \
             (master_key_file, BESTOW_MASTER_KEY, or master.key in the data folder). {error}"
        ),
    }
}
