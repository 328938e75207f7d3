//! Making decisions durable.

use std::collections::{HashMap, HashSet};

use model::{Holder, Holding, LeafOp, ProgramId};

use super::write::{CredentialRow, count_against_cap, insert_credentials};
use super::{CommitOutcome, IssuancePlan, ledger_id};
use crate::db::{Db, Rows, Tx, kinds, values};
use crate::wallet::revoke_deliveries;
use crate::{StoreError, audit};

/// Commits a batch: what holds is made durable together, what does not is left out.
pub(crate) async fn commit(db: &Db, plans: Vec<IssuancePlan>) -> Result<Vec<CommitOutcome>, StoreError> {
    let mut outcomes = vec![CommitOutcome::Committed; plans.len()];
    exclude_rivals(&plans, &mut outcomes);
    let mut deadlocks = 0;
    loop {
        let standing: Vec<(usize, &IssuancePlan)> = plans
            .iter()
            .enumerate()
            .filter(|(place, _)| outcomes[*place] == CommitOutcome::Committed)
            .collect();
        if standing.is_empty() {
            return Ok(outcomes);
        }
        match try_commit(db, &standing).await {
            Ok(refused) if refused.is_empty() => return Ok(outcomes),
            // Nothing was written: leave these out and try the others again.
            Ok(refused) => {
                for (place, outcome) in refused {
                    outcomes[place] = outcome;
                }
            }
            Err(error) if error.is_transient() && deadlocks < 5 => deadlocks += 1,
            Err(error) => return Err(error),
        }
    }
}

/// Within a batch, the first plan for a place wins: a place is a person's duplicate key, a new person, or an idempotency key.
fn exclude_rivals(plans: &[IssuancePlan], outcomes: &mut [CommitOutcome]) {
    let mut taken: HashSet<(&str, &str, &[u8])> = HashSet::new();
    for (plan, outcome) in plans.iter().zip(outcomes) {
        let tenant = plan.tenant.as_str();
        let mut places = vec![(tenant, plan.holder.holder.email.key(), plan.duplicate_key.as_bytes())];
        if plan.holder.is_new {
            places.push(("", plan.holder.holder.email.key(), b""));
        }
        if let Some(record) = &plan.idempotency {
            places.push((tenant, "", &record.key_hash));
        }
        if places.iter().any(|place| taken.contains(place)) {
            *outcome = CommitOutcome::Raced;
        } else {
            taken.extend(places);
        }
    }
}

type Standing<'a> = [(usize, &'a IssuancePlan)];

/// Tries the whole batch in one transaction. An empty answer means that it is durable; otherwise nothing was written, and
/// the answer names the plans that stood in the way.
async fn try_commit(db: &Db, plans: &Standing<'_>) -> Result<Vec<(usize, CommitOutcome)>, StoreError> {
    let mut tx = db.begin().await?;
    let mut refused: HashMap<usize, CommitOutcome> = HashMap::new();
    let races = [
        insert_holders(&mut tx, plans).await?,
        take_places(&mut tx, plans).await?,
        revoke_occupants(&mut tx, plans).await?,
        keep_answers(&mut tx, plans).await?,
    ];
    refused.extend(races.into_iter().flatten().map(|place| (place, CommitOutcome::Raced)));
    // Only when all else holds: a plan that loses a race must not take another's room under the cap.
    if refused.is_empty() {
        let over = count_against_caps(&mut tx, plans).await?;
        refused.extend(over.into_iter().map(|place| (place, CommitOutcome::CapReached)));
    }
    if !refused.is_empty() {
        tx.rollback().await?;
        return Ok(refused.into_iter().collect());
    }
    insert_credentials(&mut tx, plans.iter().map(|(_, plan)| credential_row(plan))).await?;
    insert_ledger_entries(&mut tx, plans).await?;
    audit::record(&mut tx, plans.iter().flat_map(|(_, plan)| &plan.events)).await?;
    tx.commit().await?;
    Ok(Vec::new())
}

fn credential_row(plan: &IssuancePlan) -> CredentialRow<'_> {
    CredentialRow {
        tenant: &plan.tenant,
        holder: &plan.holder.holder.id,
        credential: &plan.credential,
        holding: Holding::ReadyToClaim,
        issued_at: plan.now,
    }
}

/// The places of those plans whose key is not among the keys that a statement gave back.
fn lost<'a>(wanted: impl Iterator<Item = (usize, &'a str)>, given: &HashSet<String>) -> Vec<usize> {
    wanted.filter(|(_, key)| !given.contains(*key)).map(|(place, _)| place).collect()
}

async fn given(tx: &mut Tx, sql: &'static str, rows: Rows) -> Result<HashSet<String>, StoreError> {
    Ok(tx.fetch_rows::<(String,)>(sql, rows).await?.into_iter().map(|(key,)| key).collect())
}

async fn insert_holders(tx: &mut Tx, plans: &Standing<'_>) -> Result<Vec<usize>, StoreError> {
    let new: Vec<_> = plans.iter().filter(|(_, plan)| plan.holder.is_new).collect();
    let rows = new
        .iter()
        .map(|(_, plan)| {
            let Holder { id, email, did } = &plan.holder.holder;
            values![id.as_str(), email.as_str(), email.key(), did.as_str(), plan.now.0]
        })
        .collect();
    let sql = "INSERT INTO holder (id, email, email_key, did, created_at) \
               SELECT column1, column2, column3, column4, column5 FROM {rows} WHERE true \
               ON CONFLICT (email_key) DO NOTHING RETURNING id";
    let kinds = kinds![Text, Text, Text, Text, Int];
    let given = given(tx, sql, Rows { kinds, rows }).await?;
    Ok(lost(new.iter().map(|(place, plan)| (*place, plan.holder.holder.id.as_str())), &given))
}

/// Puts each new credential in its place: a free one, or that of the occupant that was expected there.
async fn take_places(tx: &mut Tx, plans: &Standing<'_>) -> Result<Vec<usize>, StoreError> {
    let row = |plan: &IssuancePlan| {
        let mut row = values![
            plan.tenant.as_str(),
            plan.holder.holder.id.as_str(),
            plan.duplicate_key.as_str(),
            plan.credential.id.as_str(),
        ];
        row.extend(plan.occupant.iter().map(|id| id.as_str().into()));
        row
    };
    let (held, free): (Vec<_>, Vec<_>) = plans.iter().partition(|(_, plan)| plan.occupant.is_some());

    let sql = "INSERT INTO live_credential (tenant_id, holder_id, duplicate_key, credential_id) \
               SELECT column1, column2, column3, column4 FROM {rows} WHERE true \
               ON CONFLICT (tenant_id, holder_id, duplicate_key) DO NOTHING RETURNING credential_id";
    let rows = free.iter().map(|(_, plan)| row(plan)).collect();
    let mut taken = given(tx, sql, Rows { kinds: kinds![Text, Text, Text, Text], rows }).await?;

    let sql = "UPDATE live_credential SET credential_id = v.column4 FROM {rows} \
               WHERE live_credential.tenant_id = v.column1 AND live_credential.holder_id = v.column2 \
               AND live_credential.duplicate_key = v.column3 AND live_credential.credential_id = v.column5 \
               RETURNING credential_id";
    let rows = held.iter().map(|(_, plan)| row(plan)).collect();
    taken.extend(given(tx, sql, Rows { kinds: kinds![Text, Text, Text, Text, Text], rows }).await?);
    Ok(lost(plans.iter().map(|(place, plan)| (*place, plan.credential.id.as_str())), &taken))
}

async fn revoke_occupants(tx: &mut Tx, plans: &Standing<'_>) -> Result<Vec<usize>, StoreError> {
    let revoking: Vec<_> =
        plans.iter().filter_map(|(place, plan)| Some((*place, plan, plan.revocation.as_ref()?))).collect();
    let rows = revoking
        .iter()
        .map(|(_, plan, revocation)| {
            values![plan.tenant.as_str(), revocation.credential_id.as_str(), plan.now.0]
        })
        .collect();
    // The states named here are model::Holding::REVOCABLE.
    let sql = "UPDATE credential SET holding = 'revoked', revoked_at = v.column3 FROM {rows} \
               WHERE credential.tenant_id = v.column1 AND credential.id = v.column2 \
               AND credential.holding IN ('ready_to_claim', 'claimed') RETURNING id";
    let revoked = given(tx, sql, Rows { kinds: kinds![Text, Text, Int], rows }).await?;
    let wanted = revoking.iter().map(|(place, _, revocation)| (*place, revocation.credential_id.as_str()));
    Ok(lost(wanted, &revoked))
}

async fn keep_answers(tx: &mut Tx, plans: &Standing<'_>) -> Result<Vec<usize>, StoreError> {
    let keeping: Vec<_> =
        plans.iter().filter_map(|(place, plan)| Some((*place, plan, plan.idempotency.as_ref()?))).collect();
    let rows = keeping
        .iter()
        .map(|(_, plan, record)| {
            values![
                plan.tenant.as_str(),
                record.key_hash.as_slice(),
                record.request_hash.as_slice(),
                record.answer.as_str(),
                plan.now.0
            ]
        })
        .collect();
    let sql = "INSERT INTO idempotency (tenant_id, key_hash, request_hash, answer, created_at) \
               SELECT column1, column2, column3, column4, column5 FROM {rows} WHERE true \
               ON CONFLICT (tenant_id, key_hash) DO NOTHING RETURNING answer";
    let kinds = kinds![Text, Bytes, Bytes, Text, Int];
    // An answer names the new credential's hash, so it tells the plans apart.
    let kept = given(tx, sql, Rows { kinds, rows }).await?;
    Ok(lost(keeping.iter().map(|(place, _, record)| (*place, record.answer.as_str())), &kept))
}

/// Counts capped programs; the places of the plans for which there is no room.
async fn count_against_caps(tx: &mut Tx, plans: &Standing<'_>) -> Result<Vec<usize>, StoreError> {
    let mut programs: HashMap<&ProgramId, Vec<usize>> = HashMap::new();
    for (place, plan) in plans.iter().filter(|(_, plan)| plan.capped) {
        programs.entry(&plan.credential.program_id).or_default().push(*place);
    }
    // In one order everywhere, so that two batches cannot wait for each other.
    let mut programs: Vec<_> = programs.into_iter().collect();
    programs.sort_unstable();
    let mut over = Vec::new();
    for (program, places) in programs {
        let room = count_against_cap(tx, program, places.len()).await?;
        over.extend_from_slice(&places[room..]);
    }
    Ok(over)
}

async fn insert_ledger_entries(tx: &mut Tx, plans: &Standing<'_>) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(plans.len());
    for (_, plan) in plans {
        rows.push(values![
            ledger_id(&plan.credential.id, LeafOp::Issue),
            plan.credential.leaf.as_str(),
            plan.now.0
        ]);
        if let Some(revocation) = &plan.revocation {
            let id = ledger_id(&revocation.credential_id, LeafOp::Revoke);
            rows.push(values![id, revocation.leaf.as_str(), plan.now.0]);
        }
    }
    let sql = "INSERT INTO ledger_entry (id, leaf, queued_at) SELECT column1, column2, column3 FROM {rows}";
    tx.execute_rows(sql, Rows { kinds: kinds![Text, Text, Int], rows }).await?;
    for (_, plan) in plans {
        if let Some(revocation) = &plan.revocation {
            let revoked = (revocation.credential_id.as_str(), revocation.leaf.as_str());
            revoke_deliveries(tx, &[revoked], plan.now).await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use model::{CoreClaimHash, Email, HolderId, Timestamp};

    use super::*;
    use crate::{HolderPlan, IdempotencyRecord, NewCredential};

    fn plan(email: &str, key: &str, is_new: bool, idempotency: Option<u8>) -> IssuancePlan {
        let hash = |byte| [byte; 32];
        IssuancePlan {
            tenant: "t".into(),
            holder: HolderPlan {
                holder: Holder {
                    id: HolderId::from("h"),
                    email: Email::parse(email).expect("valid"),
                    did: "did:x".into(),
                },
                is_new,
            },
            duplicate_key: key.into(),
            occupant: None,
            revocation: None,
            credential: NewCredential {
                id: "c".into(),
                issuer_id: "i".into(),
                program_id: "p".into(),
                schema_id: "s".into(),
                core_claim_hash: CoreClaimHash(hash(0)),
                core_claim: Vec::new(),
                documents: String::new(),
                status_list: 0,
                status_index: 0,
                expires_at: None,
                leaf: String::new(),
            },
            capped: false,
            events: Vec::new(),
            idempotency: idempotency.map(|byte| IdempotencyRecord {
                key_hash: hash(byte),
                request_hash: hash(0),
                answer: String::new(),
            }),
            now: Timestamp(0),
        }
    }

    #[test]
    fn one_plan_a_place() {
        let plans = [
            plan("a@x.y", "1", true, None),
            plan("A@x.y", "2", true, None),
            plan("b@x.y", "1", false, Some(1)),
            plan("b@x.y", "1", false, None),
            plan("b@x.y", "2", false, Some(1)),
            plan("b@x.y", "2", false, Some(2)),
        ];
        let mut outcomes = vec![CommitOutcome::Committed; plans.len()];
        exclude_rivals(&plans, &mut outcomes);
        use CommitOutcome::{Committed, Raced};
        assert_eq!(outcomes, [Committed, Raced, Committed, Raced, Raced, Committed]);
    }
}
