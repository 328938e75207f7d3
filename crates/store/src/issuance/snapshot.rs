//! Reading what decisions rely on.

use model::{Consent, CoreClaimHash, Email, Holder, Holding, Timestamp};

use super::{Occupant, Snapshot, SnapshotQuery, digest};
use crate::StoreError;
use crate::db::{Db, Rows, kinds, values};

#[derive(sqlx::FromRow)]
struct SnapshotRow {
    place: i64,
    holder_id: String,
    email: String,
    did: String,
    consent: Option<String>,
    credential_id: Option<String>,
    core_claim_hash: Option<Vec<u8>>,
    program_id: Option<String>,
    issuer_id: Option<String>,
    holding: Option<String>,
    expires_at: Option<i64>,
}

/// Answers each query in its place.
pub(crate) async fn snapshots(db: &Db, queries: Vec<SnapshotQuery>) -> Result<Vec<Snapshot>, StoreError> {
    let mut found = vec![Snapshot::default(); queries.len()];
    let sql = "SELECT v.column1 AS place, h.id AS holder_id, h.email, h.did, k.state AS consent, \
               c.id AS credential_id, c.core_claim_hash, c.program_id, c.issuer_id, c.holding, c.expires_at \
               FROM {rows} \
               JOIN holder h ON h.email_key = v.column3 \
               LEFT JOIN consent k ON k.tenant_id = v.column2 AND k.holder_id = h.id \
               LEFT JOIN live_credential l \
                 ON l.tenant_id = v.column2 AND l.holder_id = h.id AND l.duplicate_key = v.column4 \
               LEFT JOIN credential c ON c.id = l.credential_id";
    let rows = (0i64..)
        .zip(&queries)
        .map(|(place, query)| {
            values![place, query.tenant.as_str(), query.email.key(), query.duplicate_key.as_str()]
        })
        .collect();
    let kinds = kinds![Int, Text, Text, Text];
    for row in db.fetch_rows_warm::<SnapshotRow>(sql, Rows { kinds, rows }).await? {
        let place = row.place as usize;
        found[place] = row.try_into()?;
    }
    Ok(found)
}

impl TryFrom<SnapshotRow> for Snapshot {
    type Error = StoreError;

    fn try_from(row: SnapshotRow) -> Result<Self, StoreError> {
        let email = Email::parse(&row.email)
            .map_err(|error| StoreError::inconsistent("holder", "email", &row.holder_id, &error))?;
        let consent = match row.consent {
            None => Consent::default(),
            Some(word) => word
                .parse()
                .map_err(|error| StoreError::inconsistent("consent", "state", &row.holder_id, &error))?,
        };
        let occupant = match (row.credential_id, row.core_claim_hash, row.program_id, row.issuer_id) {
            (Some(id), Some(hash), Some(program_id), Some(issuer_id)) => Some(Occupant {
                id: id.into(),
                core_claim_hash: CoreClaimHash(digest("credential", "core_claim_hash", &hash)?),
                program_id: program_id.into(),
                issuer_id: issuer_id.into(),
                revoked: row.holding.as_deref() == Some(Holding::Revoked.as_str()),
                expires_at: row.expires_at.map(Timestamp),
            }),
            _ => None,
        };
        let holder = Holder { id: row.holder_id.into(), email, did: row.did };
        Ok(Self { holder: Some(holder), consent, occupant })
    }
}
