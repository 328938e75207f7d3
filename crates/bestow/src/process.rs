//! Server and worker in one process, until they are told to stop.

use std::sync::Arc;
use std::time::Duration;

use anchor::{Log, Sequencer, Witness};
use anyhow::{Context as _, ensure};
use issuance::EngineError;
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::Settings;
use crate::context::Context;
use crate::publishers::Publishers;

/// How often what is no longer needed is forgotten.
const HOUSEKEEPING: Duration = Duration::from_secs(600);

/// Work that goes on until it is told to stop.
struct Task {
    name: &'static str,
    stop: watch::Sender<bool>,
    handle: JoinHandle<anyhow::Result<()>>,
}

impl Task {
    /// Starts work. Should it end by itself, or panic, `ended` is cancelled.
    fn start<F>(
        name: &'static str,
        ended: &CancellationToken,
        work: impl FnOnce(watch::Receiver<bool>) -> F,
    ) -> Self
    where
        F: Future<Output = anyhow::Result<()>> + Send + 'static,
    {
        let (stop, stopping) = watch::channel(false);
        let (guard, work) = (ended.clone().drop_guard(), work(stopping));
        let handle = tokio::spawn(async move {
            let _guard = guard;
            work.await
        });
        Self { name, stop, handle }
    }

    /// Asks the work to end, and waits until it has.
    async fn finish(self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        self.handle.await.with_context(|| format!("the {} failed", self.name))?
    }
}

/// What runs in this process.
pub(crate) struct Process {
    server: Option<Task>,
    worker: Option<Task>,
    ended: CancellationToken,
    store: Arc<Store>,
}

impl Process {
    /// A process in which nothing runs yet.
    pub(crate) fn new(context: &Context) -> Self {
        let store = Arc::clone(&context.store);
        Self { server: None, worker: None, ended: CancellationToken::new(), store }
    }

    /// Answers requests on `listener`, also those to the witness, if it is one.
    ///
    /// # Errors
    /// When the files that the settings of the verifier name cannot be used.
    pub(crate) fn with_server(
        mut self,
        context: &Context,
        log: &Arc<Log>,
        witness: Option<Arc<Witness>>,
        listener: TcpListener,
    ) -> anyhow::Result<Self> {
        let router = server::router(server::App {
            engine: Arc::clone(&context.engine),
            log: Arc::clone(log),
            verification: context.verification(log)?,
            witness,
            limits: context.settings.server_limits(),
            metrics: server::install_metrics(),
        });
        self.server = Some(Task::start("server", &self.ended, |stopping| async move {
            Ok(server::serve(listener, router, stopping).await?)
        }));
        Ok(self)
    }

    /// Does the work behind the answers: the log's sequencer, the jobs (mail), housekeeping.
    ///
    /// # Errors
    /// When what publishes the log's heads cannot be used as it is set.
    pub(crate) async fn with_worker(mut self, context: &Context, log: &Arc<Log>) -> anyhow::Result<Self> {
        announce_mail(&context.settings);
        let engine = Arc::clone(&context.engine);
        let publishers = Publishers::open(context, log).await?;
        let interval = context.settings.log_interval();
        let sequencer = Sequencer::new(Arc::clone(log), interval, publishers.guard(), &*context.entropy);
        let digests = context.settings.digest_interval();
        self.worker = Some(Task::start("worker", &self.ended, |stopping| async move {
            tokio::join!(
                sequencer.run(stopping.clone()),
                publishers.run(stopping.clone()),
                engine.work(stopping.clone()),
                every(digests, stopping.clone(), "the leaves about status lists", || async {
                    engine.digest_status_lists().await.map(drop)
                }),
                every(HOUSEKEEPING, stopping, "housekeeping", || engine.housekeep())
            );
            Ok(())
        }));
        Ok(self)
    }

    /// Runs until `stop` ([`stop_requested`]) or until something ends by itself, then ends in good order.
    pub(crate) async fn until(self, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let unasked = tokio::select! {
            () = stop => false,
            () = self.ended.cancelled() => true,
        };
        tracing::info!("stopping");
        self.stop().await?;
        ensure!(!unasked, "a part of the process ended by itself");
        tracing::info!("stopped");
        Ok(())
    }

    /// Ends in good order: requests under way first, then the work that they may have left, then the database.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        let mut outcome = Ok(());
        for task in [self.server, self.worker].into_iter().flatten() {
            outcome = outcome.and(task.finish().await);
        }
        self.store.close().await;
        outcome
    }
}

fn announce_mail(settings: &Settings) {
    tracing::info!(mail = settings.mail_way(), "the worker does the jobs");
    if !settings.sends_mail() && !settings.development {
        tracing::warn!("mail reaches nobody, it is written into a folder: set mail.smtp_host");
    }
}

/// Does something once in a while, and at once.
async fn every<F: Future<Output = Result<(), EngineError>>>(
    interval: Duration,
    mut stopping: watch::Receiver<bool>,
    what: &str,
    work: impl Fn() -> F,
) {
    loop {
        if let Err(error) = work().await {
            tracing::warn!(%error, what, "this failed; trying again later");
        }
        // Either answer of the channel means stop; only the time running out means another round.
        if tokio::time::timeout(interval, stopping.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}

/// Waits until the operating system asks to stop: Ctrl-C, SIGTERM. From the call on, neither ends the process by itself, so call
/// it before there is anything that should end in good order.
pub(crate) fn stop_requested() -> std::io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        Ok(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        })
    }
    #[cfg(not(unix))]
    Ok(async {
        // Without a handler, Ctrl-C ends the process at once.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending().await
        }
    })
}
