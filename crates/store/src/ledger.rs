//! The leaves of the log, as those whom they are about find them: credentials, and status lists.

use model::{AnchorPolicy, Anchoring, CredentialId, IssuerId, LeafOp, Marks, TenantId, Timestamp};

use crate::catalog::anchor_policy;
use crate::db::values;
use crate::issuance::ledger_id;
use crate::{Store, StoreError};

/// A leaf, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Its place in the log, once a checkpoint covers it.
    pub index: Option<i64>,
    /// Its bytes, as text.
    pub leaf: String,
    /// When its issuer counts it as anchored.
    pub policy: AnchorPolicy,
    /// How many leaves are anchored as the policy asks.
    pub marks: Marks,
}

impl LedgerEntry {
    /// Whether it is anchored as its issuer wants it.
    pub fn anchoring(&self) -> Anchoring {
        self.policy.anchoring(self.index, self.marks)
    }
}

/// A status list as it was at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusDigest {
    /// How many statuses were set in the tables that it was made of.
    pub revoked: i64,
    /// SHA-256 of its bytes as in the Token Status List.
    pub hash: [u8; 32],
    /// The list as the member `lst` of a Token Status List.
    pub bits: String,
    /// When it was so.
    pub at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct EntryRow {
    leaf_index: Option<i64>,
    leaf: String,
    anchor_witnesses: i64,
    anchor_confirmations: Option<i64>,
    witnessed: Option<i64>,
    on_chain: Option<i64>,
}

impl From<EntryRow> for LedgerEntry {
    fn from(row: EntryRow) -> Self {
        Self {
            index: row.leaf_index,
            leaf: row.leaf,
            policy: anchor_policy(row.anchor_witnesses, row.anchor_confirmations),
            marks: Marks {
                witnessed: row.witnessed.unwrap_or_default(),
                on_chain: row.on_chain.unwrap_or_default(),
            },
        }
    }
}

/// Selects an entry `e` of an issuer `s` with how far it is, so that the columns stand in one place.
macro_rules! entry {
    ($from:literal) => {
        concat!(
            "SELECT e.leaf_index, e.leaf, s.anchor_witnesses, s.anchor_confirmations, w.size AS witnessed, \
             m.size AS on_chain FROM ",
            $from,
            " LEFT JOIN cosigned_head w ON w.level = s.anchor_witnesses \
             LEFT JOIN evm_mark m ON m.level = s.anchor_confirmations"
        )
    };
}

impl Store {
    /// A leaf of a tenant's credential, or of what a wallet was given of one.
    pub async fn leaf(
        &self,
        tenant: &TenantId,
        id: &CredentialId,
        op: LeafOp,
    ) -> Result<Option<LedgerEntry>, StoreError> {
        let sql = entry!(
            "(SELECT issuer_id FROM credential WHERE tenant_id = $1 AND id = $2 UNION \
             SELECT c.issuer_id FROM delivery d JOIN credential c ON c.id = d.credential_id \
             WHERE d.tenant_id = $1 AND d.id = $2) o \
             JOIN issuer s ON s.id = o.issuer_id JOIN ledger_entry e ON e.id = $3"
        );
        let values = values![tenant.as_str(), id.as_str(), ledger_id(id, op)];
        Ok(self.db.fetch_optional::<EntryRow>(sql, values).await?.map(LedgerEntry::from))
    }

    /// Where the status of a tenant's credential stands, or of what a wallet was given of one: the issuer, and the number of
    /// its list.
    pub async fn status_list_of(
        &self,
        tenant: &TenantId,
        id: &CredentialId,
    ) -> Result<Option<(IssuerId, i64)>, StoreError> {
        let sql = "SELECT issuer_id, status_list FROM credential WHERE tenant_id = $1 AND id = $2 UNION ALL \
                   SELECT t.issuer_id, t.status_list FROM delivery d JOIN delivery_status t ON t.credential_id = d.id \
                   WHERE d.tenant_id = $1 AND d.id = $2 LIMIT 1";
        let row: Option<(String, i64)> =
            self.db.fetch_optional(sql, values![tenant.as_str(), id.as_str()]).await?;
        Ok(row.map(|(issuer, list)| (issuer.into(), list)))
    }

    /// How many statuses are set in each list in which one is: issuer, list, number.
    pub async fn revoked_counts(&self) -> Result<Vec<(IssuerId, i64, i64)>, StoreError> {
        let sql = "SELECT issuer_id, status_list, CAST(SUM(revoked) AS BIGINT) FROM ( \
                   SELECT issuer_id, status_list, COUNT(*) AS revoked FROM credential WHERE revoked_at IS NOT NULL \
                   GROUP BY issuer_id, status_list UNION ALL \
                   SELECT issuer_id, status_list, COUNT(*) FROM delivery_status WHERE revoked GROUP BY issuer_id, status_list \
                   ) counted GROUP BY issuer_id, status_list";
        let rows: Vec<(String, i64, i64)> = self.db.fetch_all(sql, Vec::new()).await?;
        Ok(rows.into_iter().map(|(issuer, list, count)| (issuer.into(), list, count)).collect())
    }

    /// How many statuses were set in each list when its newest digest was made: issuer, list, number.
    pub async fn digested_counts(&self) -> Result<Vec<(IssuerId, i64, i64)>, StoreError> {
        let sql =
            "SELECT issuer_id, status_list, MAX(revoked) FROM status_digest GROUP BY issuer_id, status_list";
        let rows: Vec<(String, i64, i64)> = self.db.fetch_all(sql, Vec::new()).await?;
        Ok(rows.into_iter().map(|(issuer, list, count)| (issuer.into(), list, count)).collect())
    }

    /// Queues the leaf that says how a status list is; `false` if its newest leaf says so already.
    pub async fn insert_status_digest(
        &self,
        issuer: &IssuerId,
        list: i64,
        digest: &StatusDigest,
        leaf: &str,
    ) -> Result<bool, StoreError> {
        let mut tx = self.db.begin().await?;
        let sql = "SELECT place, hash FROM status_digest WHERE issuer_id = $1 AND status_list = $2 \
                   ORDER BY place DESC LIMIT 1";
        let newest: Option<(i64, Vec<u8>)> = tx.fetch_optional(sql, values![issuer.as_str(), list]).await?;
        let place = newest.as_ref().map_or(0, |(place, _)| place + 1);
        if newest.is_some_and(|(_, hash)| hash == digest.hash) {
            let sql = "UPDATE status_digest SET revoked = $4 WHERE issuer_id = $1 AND status_list = $2 AND place = $3";
            tx.execute(sql, values![issuer.as_str(), list, place - 1, digest.revoked]).await?;
            tx.commit().await?;
            return Ok(false);
        }
        let entry = format!("status/{issuer}/{list}/{place}");
        let sql = "INSERT INTO status_digest (issuer_id, status_list, place, entry_id, revoked, hash, bits, at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING";
        let values = values![
            issuer.as_str(),
            list,
            place,
            entry.as_str(),
            digest.revoked,
            digest.hash.as_slice(),
            digest.bits.as_str(),
            digest.at
        ];
        if tx.execute(sql, values).await? != 1 {
            return Ok(false);
        }
        let sql = "INSERT INTO ledger_entry (id, leaf, queued_at) VALUES ($1, $2, $3)";
        tx.execute(sql, values![entry, leaf, digest.at]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The newest leaf that says how a status list was at `at` or before, and the list then (`lst`).
    pub async fn status_digest(
        &self,
        issuer: &IssuerId,
        list: i64,
        at: Timestamp,
    ) -> Result<Option<(LedgerEntry, String)>, StoreError> {
        let sql = "SELECT entry_id, bits FROM status_digest WHERE issuer_id = $1 AND status_list = $2 AND at <= $3 \
                   ORDER BY place DESC LIMIT 1";
        let row: Option<(String, String)> =
            self.db.fetch_optional(sql, values![issuer.as_str(), list, at]).await?;
        let Some((entry, bits)) = row else { return Ok(None) };
        let sql = entry!("(SELECT * FROM issuer WHERE id = $1) s JOIN ledger_entry e ON e.id = $2");
        let found: Option<EntryRow> = self.db.fetch_optional(sql, values![issuer.as_str(), entry]).await?;
        Ok(found.map(|row| (row.into(), bits)))
    }
}
