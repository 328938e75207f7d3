//! Several decisions in one transaction: each for itself, and those that stand are durable together.

use std::future::Future;

use crate::StoreError;
use crate::db::{Db, Tx};

/// How many decisions share a transaction at most.
pub(crate) const MOST: usize = 64;

/// Something that is decided while it is written.
pub(crate) trait Decision: Send + Sync + 'static {
    /// What comes of it.
    type Outcome: Send + 'static;

    /// Writes it, as far as what it relies on still holds.
    fn decide(&self, tx: &mut Tx) -> impl Future<Output = Result<Self::Outcome, StoreError>> + Send;

    /// Whether what was written is to stay.
    fn stands(outcome: &Self::Outcome) -> bool;
}

/// Decides all; each answer is in its place. What does not stand leaves no trace, and neither does it keep another from standing.
pub(crate) async fn together<D: Decision>(db: &Db, decisions: Vec<D>) -> Vec<Result<D::Outcome, StoreError>> {
    let all: Vec<(usize, &D)> = decisions.iter().enumerate().collect();
    let mut answers: Vec<_> = std::iter::repeat_with(|| None).take(all.len()).collect();
    // What has no answer when it fails is decided alone, and says itself what is wrong.
    let _ = decide(db, all, &mut answers).await;
    let mut settled = Vec::with_capacity(decisions.len());
    for (decision, answer) in decisions.iter().zip(answers) {
        settled.push(match answer {
            Some(outcome) => Ok(outcome),
            None => alone(db, decision).await,
        });
    }
    settled
}

/// Decides all of these in one transaction, again without those that do not stand until the others do. Those that have no
/// answer when it fails were not written.
async fn decide<'a, D: Decision>(
    db: &Db,
    mut decisions: Vec<(usize, &'a D)>,
    answers: &mut [Option<D::Outcome>],
) -> Result<(), StoreError> {
    while !decisions.is_empty() {
        let mut tx = db.begin().await?;
        let mut standing: Vec<(usize, &'a D, D::Outcome)> = Vec::with_capacity(decisions.len());
        let before = decisions.len();
        for (place, decision) in decisions.drain(..) {
            let outcome = decision.decide(&mut tx).await?;
            if D::stands(&outcome) {
                standing.push((place, decision, outcome));
            } else {
                answers[place] = Some(outcome);
            }
        }
        if standing.len() == before {
            tx.commit().await?;
            standing.into_iter().for_each(|(place, _, outcome)| answers[place] = Some(outcome));
            return Ok(());
        }
        tx.rollback().await?;
        decisions = standing.into_iter().map(|(place, decision, _)| (place, decision)).collect();
    }
    Ok(())
}

async fn alone<D: Decision>(db: &Db, decision: &D) -> Result<D::Outcome, StoreError> {
    let mut tx = db.begin().await?;
    let outcome = decision.decide(&mut tx).await?;
    if D::stands(&outcome) {
        tx.commit().await?;
    } else {
        tx.rollback().await?;
    }
    Ok(outcome)
}
