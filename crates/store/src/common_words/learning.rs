//! Learning which words are common.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use model::TenantId;

use super::{FEWEST_OFFERS, Vocabulary};
use crate::StoreError;
use crate::db::{Db, Rows, Value, kinds, values};
use crate::listing::{any_of, search_text, tenant_word};

/// How a sample is taken: from so many moments, evenly spread over the time in which the offers were made, the next so many
/// offers each. The moments are many enough that what one import repeats is no common word unless there are few other offers.
const MOMENTS: i64 = 40;
const OFFERS_A_MOMENT: i64 = 25;

/// Offers are looked at again when a tenth as many have been written, and no sooner than after so many.
const FEWEST_WRITTEN: usize = 1_000;

/// So many offers are written again in one transaction, and so many batches before the next look.
const BATCH: i64 = 100;
const MOST_BATCHES: usize = 1_000;

/// What this process knows of a tenant.
#[derive(Debug)]
struct Known {
    vocabulary: Arc<Vocabulary>,
    /// How many offers may be written until they are looked at again.
    left: usize,
}

/// The vocabularies by which this process writes. They may be older than the database's: what is not known to be common is an
/// offer's own.
#[derive(Debug, Default)]
pub(crate) struct Vocabularies(RwLock<HashMap<TenantId, Known>>);

impl Vocabularies {
    /// A tenant's vocabulary.
    pub(crate) async fn of(&self, db: &Db, tenant: &TenantId) -> Result<Arc<Vocabulary>, StoreError> {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(tenant) {
            return Ok(Arc::clone(&known.vocabulary));
        }
        let read = Vocabulary::read(db, tenant.as_str()).await?;
        // A new process looks at once: it cannot know how many were written since somebody looked.
        let new = Known { vocabulary: Arc::new(read), left: 0 };
        let mut tenants = self.0.write().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(&tenants.entry(tenant.clone()).or_insert(new).vocabulary))
    }

    /// Notes that offers of a tenant were written, and looks at them, in the background, when that is due.
    pub(crate) fn written(self: &Arc<Self>, db: &Db, tenant: &TenantId, offers: usize) {
        {
            let mut tenants = self.0.write().unwrap_or_else(PoisonError::into_inner);
            let Some(known) = tenants.get_mut(tenant) else { return };
            if known.left > offers {
                known.left -= offers;
                return;
            }
            known.left = FEWEST_WRITTEN;
        }
        let (this, db, tenant) = (Arc::clone(self), db.clone(), tenant.clone());
        tokio::spawn(async move {
            if let Err(error) = this.look(&db, &tenant).await {
                tracing::warn!(%error, "offers could not be looked at for common words; it is tried again");
            }
        });
    }

    async fn look(&self, db: &Db, tenant: &TenantId) -> Result<(), StoreError> {
        let (vocabulary, offers) = learn(db, tenant.as_str()).await?;
        let vocabulary = Arc::new(vocabulary);
        if let Some(known) = self.0.write().unwrap_or_else(PoisonError::into_inner).get_mut(tenant) {
            known.left = (offers / 10).max(FEWEST_WRITTEN);
            // Who looked before may be done after.
            if vocabulary.len() > known.vocabulary.len() {
                known.vocabulary = Arc::clone(&vocabulary);
            }
        }
        for _ in 0..MOST_BATCHES {
            if rewrite(db, tenant.as_str(), &vocabulary).await? == 0 {
                break;
            }
        }
        Ok(())
    }
}

/// Adds to a tenant's vocabulary what its offers show to be common; how many offers there are.
async fn learn(db: &Db, tenant: &str) -> Result<(Vocabulary, usize), StoreError> {
    const BOUNDS: &str = "SELECT (SELECT COUNT(*) FROM offer WHERE tenant_id = $1 AND deleted_at IS NULL), \
        (SELECT MIN(created_at) FROM offer WHERE tenant_id = $1 AND deleted_at IS NULL), \
        (SELECT MAX(created_at) FROM offer WHERE tenant_id = $1 AND deleted_at IS NULL)";
    let before = Vocabulary::read(db, tenant).await?;
    let bounds: Option<(i64, Option<i64>, Option<i64>)> = db.fetch_optional(BOUNDS, values![tenant]).await?;
    let Some((offers, Some(first), Some(last))) = bounds else { return Ok((before, 0)) };
    let offers = usize::try_from(offers).unwrap_or_default();
    if offers < FEWEST_OFFERS {
        return Ok((before, offers));
    }
    let mut after = before.clone();
    after.learn(&sample(db, tenant, &before, first, last).await?, offers);
    if after == before {
        return Ok((before, offers));
    }
    // Another process may have been quicker; its words keep their bits.
    const KEEP: &str = "INSERT INTO common_words (tenant_id, words) VALUES ($1, $2) \
        ON CONFLICT (tenant_id) DO UPDATE SET words = excluded.words WHERE common_words.words = $3";
    db.execute(KEEP, values![tenant, after.to_text(), before.to_text()]).await?;
    Ok((Vocabulary::read(db, tenant).await?, offers))
}

/// The words of some of a tenant's offers.
async fn sample(
    db: &Db,
    tenant: &str,
    vocabulary: &Vocabulary,
    first: i64,
    last: i64,
) -> Result<Vec<BTreeSet<String>>, StoreError> {
    let words = db.either(
        "SELECT words, common_0, common_1, common_2 FROM offer WHERE tenant_id = $1 AND deleted_at IS NULL \
         AND created_at >= $2 ORDER BY created_at LIMIT $3",
        "SELECT array_to_string(tsvector_to_array(words), ' '), common_0, common_1, common_2 FROM offer \
         WHERE tenant_id = $1 AND deleted_at IS NULL AND created_at >= $2 ORDER BY created_at LIMIT $3",
    );
    let mut sample = Vec::new();
    for moment in 0..MOMENTS {
        let from = first + (last - first) / MOMENTS * moment;
        let rows: Vec<(String, i64, i64, i64)> =
            db.fetch_all(words, values![tenant, from, OFFERS_A_MOMENT]).await?;
        for (own, a, b, c) in rows {
            let common = vocabulary.words([a, b, c]).map(str::to_owned);
            sample.push(own_words(tenant, &own).into_iter().chain(common).collect());
        }
    }
    Ok(sample)
}

/// The words of a text as `search_text` makes it, without the one that marks the tenant.
fn own_words(tenant: &str, text: &str) -> BTreeSet<String> {
    let mark = tenant_word(tenant);
    text.split_whitespace().filter(|word| *word != mark).map(str::to_owned).collect()
}

/// Writes some offers again that have common words in their text; how many. It waits for nobody, so that nobody can wait for it in
/// turn: offers that others are writing are left out.
async fn rewrite(db: &Db, tenant: &str, vocabulary: &Vocabulary) -> Result<usize, StoreError> {
    let with_common = db.either(
        "SELECT id, words, common_0, common_1, common_2 FROM offer WHERE tenant_id = $1 AND deleted_at IS NULL AND id IN \
         (SELECT k.offer_id FROM offer_words w JOIN offer_words_key k ON k.number = w.rowid WHERE w.words MATCH $2) LIMIT $3",
        "SELECT id, array_to_string(tsvector_to_array(words), ' '), common_0, common_1, common_2 FROM offer \
         WHERE tenant_id || '' = $1 AND deleted_at IS NULL AND words @@ $2::tsquery LIMIT $3 FOR UPDATE SKIP LOCKED",
    );
    const WRITE: &str = "UPDATE offer SET words = v.column2, common_0 = v.column3, common_1 = v.column4, \
        common_2 = v.column5 FROM {rows} WHERE offer.id = v.column1";
    let Some(query) = any_of(db, tenant, vocabulary.all()) else { return Ok(0) };
    let mut tx = db.begin().await?;
    let found: Vec<(String, String, i64, i64, i64)> =
        tx.fetch_all(with_common, values![tenant, query, BATCH]).await?;
    let rows: Vec<Vec<Value>> = found
        .into_iter()
        .map(|(id, text, a, b, c)| {
            let (bits, own) = vocabulary.split(own_words(tenant, &text));
            values![id, search_text(tenant, &own), a | bits[0], b | bits[1], c | bits[2]]
        })
        .collect();
    let written = rows.len();
    tx.execute_rows(WRITE, Rows { kinds: kinds![Text, Words, Int, Int, Int], rows }).await?;
    tx.commit().await?;
    Ok(written)
}
