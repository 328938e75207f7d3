//! Group commit: requests that arrive while the database is busy share the next trip to it.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};

use crate::StoreError;

/// Collects questions into batches. The first question goes at once; those that come while it is under way form the next
/// batch, so an idle server adds no delay and a busy one saves trips.
#[derive(Debug)]
pub(crate) struct Batcher<Q, A> {
    sender: mpsc::Sender<(Q, oneshot::Sender<Result<A, StoreError>>)>,
}

impl<Q: Send + 'static, A: Send + 'static> Batcher<Q, A> {
    /// Starts `workers` that hand batches of at most `most` questions to `answer`, which answers each in its place.
    /// They end when the batcher is dropped.
    pub(crate) fn start<F, Fut>(name: &'static str, workers: usize, most: usize, answer: F) -> Self
    where
        F: Fn(Vec<Q>) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<Vec<A>, StoreError>> + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(most * 16);
        let receiver = Arc::new(Mutex::new(receiver));
        for _ in 0..workers {
            tokio::spawn(work(name, most, Arc::clone(&receiver), answer.clone()));
        }
        Self { sender }
    }

    /// Asks, and waits for the answer.
    pub(crate) async fn ask(&self, question: Q) -> Result<A, StoreError> {
        let (answer, waiting) = oneshot::channel();
        self.sender.send((question, answer)).await.map_err(|_| StoreError::Closed)?;
        waiting.await.map_err(|_| StoreError::Closed)?
    }
}

type Queue<Q, A> = Arc<Mutex<mpsc::Receiver<(Q, oneshot::Sender<Result<A, StoreError>>)>>>;

async fn work<Q, A, F, Fut>(name: &'static str, most: usize, queue: Queue<Q, A>, answer: F)
where
    F: Fn(Vec<Q>) -> Fut,
    Fut: Future<Output = Result<Vec<A>, StoreError>>,
{
    let mut batch = Vec::with_capacity(most);
    loop {
        batch.clear();
        if queue.lock().await.recv_many(&mut batch, most).await == 0 {
            return;
        }
        metrics::histogram!("bestow_batch_size", "batch" => name).record(batch.len() as f64);
        let (questions, waiting): (Vec<Q>, Vec<_>) = batch.drain(..).unzip();
        match answer(questions).await {
            Ok(answers) => {
                debug_assert_eq!(answers.len(), waiting.len());
                for (waiting, answer) in waiting.into_iter().zip(answers) {
                    // Whoever asked may have gone; what was done stays done.
                    let _ = waiting.send(Ok(answer));
                }
            }
            Err(error) => {
                let error = Arc::new(error);
                for waiting in waiting {
                    let _ = waiting.send(Err(StoreError::Shared(Arc::clone(&error))));
                }
            }
        }
    }
}
