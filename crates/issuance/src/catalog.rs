//! Tenants, issuers and programs, ready to use and cached for a moment: what is parsed, compiled or unsealed once serves many
//! requests, and a change by the command line is seen by every replica within that moment.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use keys::MasterKey;
use model::{Program, ProgramId, Tenant, TenantId};
use moka::future::Cache;
use store::Store;

use crate::EngineError;
use crate::engine::Engine;
use crate::issuer::ActiveIssuer;
use crate::subject::SubjectSchema;

/// A program with all that issuing by it needs.
#[derive(Debug)]
pub(crate) struct ActiveProgram {
    pub(crate) program: Program,
    pub(crate) issuer: Arc<ActiveIssuer>,
    pub(crate) schema: SubjectSchema,
    /// Who owns the schema.
    pub(crate) schema_tenant: TenantId,
    /// First half of the schema's place in the core claim (`iden3::claim::schema_hash`).
    pub(crate) schema_hash: [u8; 16],
}

#[derive(Debug)]
pub(crate) struct Catalog {
    tenants: Cache<TenantId, Arc<Tenant>>,
    issuers: Cache<String, Arc<ActiveIssuer>>,
    /// The DIDs of issuers by their slugs.
    slugs: Cache<String, Arc<str>>,
    programs: Cache<(TenantId, ProgramId), Arc<ActiveProgram>>,
}

fn cache<K: Hash + Eq + Send + Sync + 'static, V: Clone + Send + Sync + 'static>(
    seconds: u64,
) -> Cache<K, V> {
    Cache::builder().max_capacity(10_000).time_to_live(Duration::from_secs(seconds)).build()
}

/// Looks up once however many ask at the same time. What is not there is not remembered.
async fn find<K, V, F>(cache: &Cache<K, V>, key: K, load: F) -> Result<Option<V>, EngineError>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    F: Future<Output = Result<Option<V>, EngineError>>,
{
    let found = cache
        .try_get_with(key, async {
            load.await.map_err(Some).and_then(|value| value.ok_or(None::<EngineError>))
        })
        .await;
    match found {
        Ok(value) => Ok(Some(value)),
        Err(missing) => match missing.as_ref() {
            None => Ok(None),
            Some(error) => Err(error.clone()),
        },
    }
}

impl Catalog {
    pub(crate) fn new(seconds: u64) -> Self {
        Self {
            tenants: cache(seconds),
            issuers: cache(seconds),
            slugs: cache(seconds),
            programs: cache(seconds),
        }
    }

    pub(crate) async fn tenant(
        &self,
        store: &Store,
        id: TenantId,
    ) -> Result<Option<Arc<Tenant>>, EngineError> {
        let key = id.clone();
        find(&self.tenants, key, async move { Ok(store.tenant(&id).await?.map(Arc::new)) }).await
    }

    async fn issuer(
        &self,
        store: &Store,
        master: &MasterKey,
        public_url: &str,
        did: &str,
    ) -> Result<Option<Arc<ActiveIssuer>>, EngineError> {
        find(&self.issuers, did.to_owned(), async {
            let Some(issuer) = store.issuer_by_did(did).await? else { return Ok(None) };
            let keys = store.keys(issuer.id.as_str()).await?;
            Ok(Some(Arc::new(ActiveIssuer::open(issuer, &keys, master, public_url)?)))
        })
        .await
    }
}

impl Engine {
    /// The issuer with this DID, whoever owns it.
    pub(crate) async fn issuer_by_did(&self, did: &str) -> Result<Option<Arc<ActiveIssuer>>, EngineError> {
        self.catalog.issuer(&self.store, &self.master, &self.settings.public_url, did).await
    }

    /// The issuer with this slug.
    pub(crate) async fn issuer_by_slug(&self, slug: &str) -> Result<Option<Arc<ActiveIssuer>>, EngineError> {
        let did = find(&self.catalog.slugs, slug.to_owned(), async {
            Ok(self.store.issuer_by_slug(slug).await?.map(|issuer| Arc::from(issuer.did)))
        })
        .await?;
        match did {
            Some(did) => self.issuer_by_did(&did).await,
            None => Ok(None),
        }
    }

    /// A tenant's published program. A draft does not exist.
    pub(crate) async fn active_program(
        &self,
        tenant: &TenantId,
        id: &ProgramId,
    ) -> Result<Option<Arc<ActiveProgram>>, EngineError> {
        let key = (tenant.clone(), id.clone());
        let found = find(&self.catalog.programs, key, async {
            match self.store.program(tenant, id).await? {
                Some(program) => Ok(Some(Arc::new(self.activate(program).await?))),
                None => Ok(None),
            }
        })
        .await?;
        Ok(found.filter(|active| active.program.published))
    }

    async fn activate(&self, program: Program) -> Result<ActiveProgram, EngineError> {
        let broken = |what: &dyn std::fmt::Display| {
            EngineError::inconsistent(format!("program {}: {what}", program.id))
        };
        let issuer =
            self.store.issuer(&program.issuer_id).await?.ok_or_else(|| broken(&"its issuer is gone"))?;
        let issuer = self.issuer_by_did(&issuer.did).await?.ok_or_else(|| broken(&"its issuer is gone"))?;
        let schema =
            self.store.schema(&program.schema_id).await?.ok_or_else(|| broken(&"its schema is gone"))?;
        let context = self.schema_context_url(&schema.id);
        Ok(ActiveProgram {
            schema: SubjectSchema::compile(&schema.document).map_err(|error| broken(&error))?,
            schema_tenant: schema.tenant_id,
            schema_hash: iden3::claim::schema_hash(&context, &program.type_name),
            issuer,
            program,
        })
    }
}
