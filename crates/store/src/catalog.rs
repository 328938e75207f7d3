//! Tenants, issuers, schemas and programs.

use std::str::FromStr;

use model::{
    AnchorPolicy, DuplicateScope, Finality, Format, Issuer, IssuerId, PartnerKeys, Program, ProgramId,
    Schema, SchemaId, StoredKey, Tenant, TenantId, Timestamp,
};

use crate::db::values;
use crate::key::insert_key;
use crate::{Store, StoreError};

#[derive(sqlx::FromRow)]
struct TenantRow {
    id: String,
    name: String,
    jwks_url: Option<String>,
    jwks_document: Option<String>,
    issue_on_behalf: bool,
    ignore_is_conflict: bool,
    env_id: String,
    own_offers_only: bool,
    claim_draft: String,
}

impl TryFrom<TenantRow> for Tenant {
    type Error = StoreError;

    fn try_from(row: TenantRow) -> Result<Self, StoreError> {
        let draft = row.claim_draft.parse();
        Ok(Self {
            claim_draft: draft
                .map_err(|error| StoreError::inconsistent("environment", "claim_draft", &row.id, &error))?,
            id: row.id.into(),
            name: row.name,
            partner_keys: match (row.jwks_url, row.jwks_document) {
                (Some(url), _) => PartnerKeys::Url(url),
                (None, Some(document)) => PartnerKeys::Pinned(document),
                (None, None) => PartnerKeys::None,
            },
            issue_on_behalf: row.issue_on_behalf,
            ignore_is_conflict: row.ignore_is_conflict,
            env_id: row.env_id,
            own_offers_only: row.own_offers_only,
        })
    }
}

fn key_columns(keys: &PartnerKeys) -> (Option<String>, Option<String>) {
    match keys {
        PartnerKeys::None => (None, None),
        PartnerKeys::Url(url) => (Some(url.clone()), None),
        PartnerKeys::Pinned(document) => (None, Some(document.clone())),
    }
}

#[derive(sqlx::FromRow)]
struct IssuerRow {
    id: String,
    tenant_id: String,
    slug: String,
    did: String,
    name: String,
    anchor_witnesses: i64,
    anchor_confirmations: Option<i64>,
}

/// An issuer's policy, as its columns hold it.
pub(crate) fn anchor_policy(witnesses: i64, confirmations: Option<i64>) -> AnchorPolicy {
    AnchorPolicy { witnesses: witnesses as u32, evm: confirmations.and_then(Finality::from_level) }
}

fn anchor_columns(policy: &AnchorPolicy) -> (i64, Option<i64>) {
    (policy.witnesses.into(), policy.evm.map(Finality::level))
}

impl From<IssuerRow> for Issuer {
    fn from(row: IssuerRow) -> Self {
        Self {
            id: row.id.into(),
            tenant_id: row.tenant_id.into(),
            slug: row.slug,
            did: row.did,
            name: row.name,
            anchor: anchor_policy(row.anchor_witnesses, row.anchor_confirmations),
        }
    }
}

#[derive(sqlx::FromRow)]
struct SchemaRow {
    id: String,
    tenant_id: String,
    document: String,
}

impl From<SchemaRow> for Schema {
    fn from(row: SchemaRow) -> Self {
        Self { id: row.id.into(), tenant_id: row.tenant_id.into(), document: row.document }
    }
}

#[derive(sqlx::FromRow)]
struct ProgramRow {
    id: String,
    tenant_id: String,
    issuer_id: String,
    schema_id: String,
    name: String,
    type_name: String,
    formats: String,
    validity_seconds: Option<i64>,
    cap: Option<i64>,
    opens_at: Option<i64>,
    closes_at: Option<i64>,
    published: bool,
    duplicate_scope: String,
    wallet: String,
}

impl TryFrom<ProgramRow> for Program {
    type Error = StoreError;

    fn try_from(row: ProgramRow) -> Result<Self, StoreError> {
        let formats: Result<Vec<Format>, _> = row.formats.split(',').map(Format::from_str).collect();
        let wallet = serde_json::from_str(&row.wallet);
        Ok(Self {
            wallet: wallet.map_err(|error| StoreError::inconsistent("program", "wallet", &row.id, &error))?,
            formats: formats
                .map_err(|error| StoreError::inconsistent("program", "formats", &row.id, &error))?,
            duplicate_scope: if row.duplicate_scope == "schema" {
                DuplicateScope::Schema
            } else {
                DuplicateScope::Program
            },
            id: row.id.into(),
            tenant_id: row.tenant_id.into(),
            issuer_id: row.issuer_id.into(),
            schema_id: row.schema_id.into(),
            name: row.name,
            type_name: row.type_name,
            validity_seconds: row.validity_seconds,
            cap: row.cap,
            opens_at: row.opens_at.map(Timestamp),
            closes_at: row.closes_at.map(Timestamp),
            published: row.published,
        })
    }
}

/// The list for formats, the word for a duplicate scope and the wallet policy, as the program table holds them.
fn program_words(program: &Program) -> (String, &'static str, String) {
    let formats: Vec<&str> = program.formats.iter().map(|format| format.as_str()).collect();
    let scope = match program.duplicate_scope {
        DuplicateScope::Program => "program",
        DuplicateScope::Schema => "schema",
    };
    let wallet = serde_json::to_string(&program.wallet).expect("a policy holds nothing that JSON cannot");
    (formats.join(","), scope, wallet)
}

/// The columns that each row type reads, once.
macro_rules! select {
    (tenant $rest:literal) => {
        concat!(
            "SELECT t.id, t.name, t.jwks_url, t.jwks_document, t.issue_on_behalf, t.ignore_is_conflict, e.id AS env_id, \
             e.own_offers_only, e.claim_draft FROM tenant t JOIN environment e ON e.tenant_id = t.id ",
            $rest
        )
    };
    (issuer $rest:literal) => {
        concat!(
            "SELECT id, tenant_id, slug, did, name, anchor_witnesses, anchor_confirmations FROM issuer ",
            $rest
        )
    };
    (schema $rest:literal) => {
        concat!("SELECT id, tenant_id, document FROM subject_schema ", $rest)
    };
    (program $rest:literal) => {
        concat!(
            "SELECT id, tenant_id, issuer_id, schema_id, name, type_name, formats, validity_seconds, cap, opens_at, \
             closes_at, published, duplicate_scope, wallet FROM program ",
            $rest
        )
    };
}

impl Store {
    /// Adds a tenant.
    pub async fn insert_tenant(&self, tenant: &Tenant, now: Timestamp) -> Result<(), StoreError> {
        let (url, document) = key_columns(&tenant.partner_keys);
        let sql = "INSERT INTO tenant (id, name, jwks_url, jwks_document, issue_on_behalf, ignore_is_conflict, created_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let values = values![
            tenant.id.as_str(),
            tenant.name.as_str(),
            url,
            document,
            tenant.issue_on_behalf,
            tenant.ignore_is_conflict,
            now.0
        ];
        let mut tx = self.db.begin().await?;
        tx.execute(sql, values).await.map_err(|error| error.or_exists("a tenant with this id"))?;
        let sql =
            "INSERT INTO environment (id, tenant_id, own_offers_only, claim_draft) VALUES ($1, $2, $3, $4)";
        let draft = tenant.claim_draft.as_str();
        let values = values![tenant.env_id.as_str(), tenant.id.as_str(), tenant.own_offers_only, draft];
        tx.execute(sql, values).await.map_err(|error| error.or_exists("an environment with this id"))?;
        tx.commit().await
    }

    /// Replaces a tenant's name, keys and settings; `false` if there is no such tenant.
    pub async fn update_tenant(&self, tenant: &Tenant) -> Result<bool, StoreError> {
        let (url, document) = key_columns(&tenant.partner_keys);
        let sql = "UPDATE tenant SET name = $2, jwks_url = $3, jwks_document = $4, issue_on_behalf = $5, \
                   ignore_is_conflict = $6 WHERE id = $1";
        let values = values![
            tenant.id.as_str(),
            tenant.name.as_str(),
            url,
            document,
            tenant.issue_on_behalf,
            tenant.ignore_is_conflict
        ];
        let mut tx = self.db.begin().await?;
        if tx.execute(sql, values).await? != 1 {
            return Ok(false);
        }
        let sql = "UPDATE environment SET own_offers_only = $2, claim_draft = $3 WHERE tenant_id = $1";
        let values = values![tenant.id.as_str(), tenant.own_offers_only, tenant.claim_draft.as_str()];
        tx.execute(sql, values).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// One tenant.
    pub async fn tenant(&self, id: &TenantId) -> Result<Option<Tenant>, StoreError> {
        let row: Option<TenantRow> =
            self.db.fetch_optional(select!(tenant "WHERE t.id = $1"), values![id.as_str()]).await?;
        row.map(Tenant::try_from).transpose()
    }

    /// The tenant whose environment has this id.
    pub async fn tenant_by_environment(&self, env_id: &str) -> Result<Option<Tenant>, StoreError> {
        let row: Option<TenantRow> =
            self.db.fetch_optional(select!(tenant "WHERE e.id = $1"), values![env_id]).await?;
        row.map(Tenant::try_from).transpose()
    }

    /// Every tenant, oldest first: for operators, never for a caller of an API.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        let sql = select!(tenant "ORDER BY t.created_at, t.id");
        let rows: Vec<TenantRow> = self.db.fetch_all(sql, Vec::new()).await?;
        rows.into_iter().map(Tenant::try_from).collect()
    }

    /// Adds an issuer together with its keys.
    pub async fn insert_issuer(
        &self,
        issuer: &Issuer,
        keys: &[StoredKey],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO issuer (id, tenant_id, slug, did, name, created_at, anchor_witnesses, anchor_confirmations) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
        let (witnesses, confirmations) = anchor_columns(&issuer.anchor);
        let values = values![
            issuer.id.as_str(),
            issuer.tenant_id.as_str(),
            issuer.slug.as_str(),
            issuer.did.as_str(),
            issuer.name.as_str(),
            now.0,
            witnesses,
            confirmations
        ];
        let mut tx = self.db.begin().await?;
        tx.execute(sql, values).await.map_err(|error| error.or_exists("an issuer with this DID or slug"))?;
        for key in keys {
            insert_key(&mut tx, key, now).await?;
        }
        tx.commit().await
    }

    /// Replaces the name and the anchoring policy of a tenant's issuer; `false` if there is no such issuer.
    pub async fn update_issuer(&self, issuer: &Issuer) -> Result<bool, StoreError> {
        let sql = "UPDATE issuer SET name = $3, anchor_witnesses = $4, anchor_confirmations = $5 \
                   WHERE tenant_id = $1 AND id = $2";
        let (witnesses, confirmations) = anchor_columns(&issuer.anchor);
        let (tenant, id, name) = (issuer.tenant_id.as_str(), issuer.id.as_str(), issuer.name.as_str());
        Ok(self.db.execute(sql, values![tenant, id, name, witnesses, confirmations]).await? == 1)
    }

    /// The issuer with this DID, whoever owns it: the caller compares the owner.
    pub async fn issuer_by_did(&self, did: &str) -> Result<Option<Issuer>, StoreError> {
        let sql = select!(issuer "WHERE did = $1");
        let row: Option<IssuerRow> = self.db.fetch_optional(sql, values![did]).await?;
        Ok(row.map(Issuer::from))
    }

    /// The issuer with this slug. What it publishes is public, so no tenant is asked for.
    pub async fn issuer_by_slug(&self, slug: &str) -> Result<Option<Issuer>, StoreError> {
        let sql = select!(issuer "WHERE slug = $1");
        let row: Option<IssuerRow> = self.db.fetch_optional(sql, values![slug]).await?;
        Ok(row.map(Issuer::from))
    }

    /// A tenant's issuer by its slug.
    pub async fn tenant_issuer(&self, tenant: &TenantId, slug: &str) -> Result<Option<Issuer>, StoreError> {
        Ok(self.issuer_by_slug(slug).await?.filter(|issuer| issuer.tenant_id == *tenant))
    }

    /// The issuer with this id, as a credential or a program names it.
    pub async fn issuer(&self, id: &IssuerId) -> Result<Option<Issuer>, StoreError> {
        let sql = select!(issuer "WHERE id = $1");
        let row: Option<IssuerRow> = self.db.fetch_optional(sql, values![id.as_str()]).await?;
        Ok(row.map(Issuer::from))
    }

    /// Every issuer, or one tenant's, oldest first: for operators.
    pub async fn issuers(&self, tenant: Option<&TenantId>) -> Result<Vec<Issuer>, StoreError> {
        let sql = select!(issuer "WHERE $1 = '' OR tenant_id = $1 ORDER BY created_at, id");
        let tenant = tenant.map_or("", |tenant| tenant.as_str());
        let rows: Vec<IssuerRow> = self.db.fetch_all(sql, values![tenant]).await?;
        Ok(rows.into_iter().map(Issuer::from).collect())
    }

    /// Adds a schema.
    pub async fn insert_schema(&self, schema: &Schema, now: Timestamp) -> Result<(), StoreError> {
        let sql = "INSERT INTO subject_schema (id, tenant_id, document, created_at) VALUES ($1, $2, $3, $4)";
        let values = values![schema.id.as_str(), schema.tenant_id.as_str(), schema.document.as_str(), now.0];
        self.db.execute(sql, values).await.map_err(|error| error.or_exists("a schema with this id"))?;
        Ok(())
    }

    /// The schema with this id, whoever owns it: schemas are published, and the caller compares the owner.
    pub async fn schema(&self, id: &SchemaId) -> Result<Option<Schema>, StoreError> {
        let sql = select!(schema "WHERE id = $1");
        let row: Option<SchemaRow> = self.db.fetch_optional(sql, values![id.as_str()]).await?;
        Ok(row.map(Schema::from))
    }

    /// Every schema, or one tenant's, oldest first: for operators.
    pub async fn schemas(&self, tenant: Option<&TenantId>) -> Result<Vec<Schema>, StoreError> {
        let sql = select!(schema "WHERE $1 = '' OR tenant_id = $1 ORDER BY created_at, id");
        let tenant = tenant.map_or("", |tenant| tenant.as_str());
        let rows: Vec<SchemaRow> = self.db.fetch_all(sql, values![tenant]).await?;
        Ok(rows.into_iter().map(Schema::from).collect())
    }

    /// Adds a program.
    pub async fn insert_program(&self, program: &Program, now: Timestamp) -> Result<(), StoreError> {
        let (formats, scope, wallet) = program_words(program);
        let sql = "INSERT INTO program (id, tenant_id, issuer_id, schema_id, name, type_name, formats, \
                   validity_seconds, cap, opens_at, closes_at, published, duplicate_scope, wallet, created_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
        let values = values![
            program.id.as_str(),
            program.tenant_id.as_str(),
            program.issuer_id.as_str(),
            program.schema_id.as_str(),
            program.name.as_str(),
            program.type_name.as_str(),
            formats,
            program.validity_seconds,
            program.cap,
            program.opens_at.map(|at| at.0),
            program.closes_at.map(|at| at.0),
            program.published,
            scope,
            wallet,
            now.0
        ];
        self.db.execute(sql, values).await.map_err(|error| error.or_exists("a program with this id"))?;
        Ok(())
    }

    /// Replaces what may change of a program; `false` if the tenant has no such program. The count of what it issued stays,
    /// and counting begins with everything issued so far when a cap is set.
    pub async fn update_program(&self, program: &Program) -> Result<bool, StoreError> {
        let (formats, scope, wallet) = program_words(program);
        let sql = "UPDATE program SET name = $3, formats = $4, validity_seconds = $5, cap = $6, opens_at = $7, \
                   closes_at = $8, published = $9, duplicate_scope = $10, wallet = $11, \
                   issued = (SELECT COUNT(*) FROM credential WHERE program_id = $2) \
                   WHERE tenant_id = $1 AND id = $2";
        let values = values![
            program.tenant_id.as_str(),
            program.id.as_str(),
            program.name.as_str(),
            formats,
            program.validity_seconds,
            program.cap,
            program.opens_at.map(|at| at.0),
            program.closes_at.map(|at| at.0),
            program.published,
            scope,
            wallet
        ];
        Ok(self.db.execute(sql, values).await? == 1)
    }

    /// A tenant's program, draft or published.
    pub async fn program(&self, tenant: &TenantId, id: &ProgramId) -> Result<Option<Program>, StoreError> {
        let sql = select!(program "WHERE tenant_id = $1 AND id = $2");
        let row: Option<ProgramRow> =
            self.db.fetch_optional(sql, values![tenant.as_str(), id.as_str()]).await?;
        row.map(Program::try_from).transpose()
    }

    /// The tenant of a published program: what is published about it is public.
    pub async fn published_program_owner(&self, id: &ProgramId) -> Result<Option<TenantId>, StoreError> {
        let sql = "SELECT tenant_id FROM program WHERE id = $1 AND published";
        let row: Option<(String,)> = self.db.fetch_optional(sql, values![id.as_str()]).await?;
        Ok(row.map(|(tenant,)| tenant.into()))
    }

    /// The published programs of an issuer, oldest first: what is published about them is public.
    pub async fn published_programs(&self, issuer: &IssuerId) -> Result<Vec<Program>, StoreError> {
        let sql = select!(program "WHERE issuer_id = $1 AND published ORDER BY created_at, id");
        let rows: Vec<ProgramRow> = self.db.fetch_all(sql, values![issuer.as_str()]).await?;
        rows.into_iter().map(Program::try_from).collect()
    }

    /// Every program, or one tenant's, oldest first: for operators.
    pub async fn programs(&self, tenant: Option<&TenantId>) -> Result<Vec<Program>, StoreError> {
        let sql = select!(program "WHERE $1 = '' OR tenant_id = $1 ORDER BY created_at, id");
        let tenant = tenant.map_or("", |tenant| tenant.as_str());
        let rows: Vec<ProgramRow> = self.db.fetch_all(sql, values![tenant]).await?;
        rows.into_iter().map(Program::try_from).collect()
    }
}
