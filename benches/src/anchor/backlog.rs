//! A log that has fallen behind: leaves that wait, and how fast they come into it.

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use clap::Args;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::table::Line;
use crate::clock::since_1970;
use crate::report::Cpu;
use crate::rows::Database;
use crate::target::MeterArguments;

/// How often the log's size is looked up.
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// A server that does not extend its log for so long does not work.
const PATIENCE: Duration = Duration::from_secs(60);

/// As many leaves as `$1`, from the moment `$2` (in microseconds) on, one a microsecond: as long as real ones, with
/// ids that begin with the time, as real ones do.
const FILL_SQLITE: &str = "\
    WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < $1) \
    INSERT INTO ledger_entry (id, leaf, queued_at) \
    SELECT printf('bench%017x/issue', i), '{\"v\":1,\"op\":\"issue\",\"issuer\":\"' || (SELECT MIN(did) FROM issuer) \
        || '\",\"hash\":\"' || lower(hex(randomblob(32))) || '\",\"at\":' || ($2 / 1000000) || '}', $2 + i FROM n";
const FILL_POSTGRES: &str = "\
    INSERT INTO ledger_entry (id, leaf, queued_at) \
    SELECT 'bench' || lpad(to_hex(i), 17, '0') || '/issue', \
        '{\"v\":1,\"op\":\"issue\",\"issuer\":\"' || (SELECT MIN(did) FROM issuer) \
        || '\",\"hash\":\"' || encode(sha256(i::text::bytea), 'hex') || '\",\"at\":' || ($2::bigint / 1000000) || '}', \
        $2::bigint + i FROM generate_series(0, $1::bigint - 1) AS i";

const SIZE: &str = "SELECT COALESCE(MAX(size), 0) FROM log_head";
const ENTRIES: &str = "SELECT COUNT(*) FROM ledger_entry";
const PLACES: &str = "SELECT COUNT(DISTINCT leaf_index) FROM ledger_entry";

/// Arguments of `bench anchor fill`.
#[derive(Args)]
pub(crate) struct FillArguments {
    /// The database of a server that was set up and does not run: sqlite:PATH or postgres://...
    #[arg(long, value_name = "URL")]
    database_url: String,
    /// How many leaves to queue
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    leaves: u32,
}

/// Arguments of `bench anchor drain`.
#[derive(Args)]
pub(crate) struct DrainArguments {
    /// The server's database: sqlite:PATH or postgres://...
    #[arg(long, value_name = "URL")]
    database_url: String,
    #[command(flatten)]
    meter: MeterArguments,
}

/// How fast queued leaves came into the log.
#[derive(Serialize, Deserialize)]
pub(super) struct Drained {
    pub(super) label: String,
    /// Leaves from the first head that was seen to the last one: those before it are in no figure.
    pub(super) leaves: i64,
    /// Between these two heads.
    pub(super) seconds: f64,
    /// How many heads were seen after the first one.
    pub(super) heads: u64,
    /// CPU time a leaf.
    pub(super) cpu: Cpu,
    /// The server's resident memory at its highest, in KiB, if its process is known.
    pub(super) peak_kib: Option<u64>,
}

impl Drained {
    /// Leaves a second.
    pub(super) fn per_second(&self) -> f64 {
        self.leaves as f64 / self.seconds
    }
}

/// Runs `bench anchor fill`.
///
/// # Errors
///
/// If the database refuses: because it was not set up, or was filled before.
pub(super) async fn fill(arguments: &FillArguments) -> anyhow::Result<()> {
    let now = i64::try_from(since_1970()?.as_micros()).context("the clock is wrong")?;
    let leaves = i64::from(arguments.leaves);
    let filled = "queueing leaves (is this the database of a server, and not filled before?)";
    match Database::write(&arguments.database_url).await? {
        Database::Sqlite(mut connection) => {
            let fill = sqlx::query(FILL_SQLITE).bind(leaves).bind(now);
            fill.execute(&mut connection).await.context(filled)?;
        }
        Database::Postgres(mut connection) => {
            let fill = sqlx::query(FILL_POSTGRES).bind(leaves).bind(now);
            fill.execute(&mut connection).await.context(filled)?;
            // As autovacuum would, for a queue that grew while the server ran.
            sqlx::query("ANALYZE ledger_entry").execute(&mut connection).await.context(filled)?;
        }
    }
    Ok(())
}

/// Runs `bench anchor drain`.
///
/// # Errors
///
/// If the log does not grow, there are too few leaves to measure, or a leaf is not in the log in the end.
pub(super) async fn drain(arguments: &DrainArguments) -> anyhow::Result<()> {
    let mut database = Database::read(&arguments.database_url).await?;
    let meter = arguments.meter.meter();
    let target = database.number(ENTRIES).await?;
    let mut size = database.number(SIZE).await?;
    // A server takes a while to start, and a batch's size may have been read in its middle: the clock starts with a head.
    size = next_head(&mut database, size).await?;
    let (first, start, before) = (size, Instant::now(), meter.read()?);
    let mut heads = 0;
    while size < target {
        size = next_head(&mut database, size).await?;
        heads += 1;
    }
    let (seconds, used) = (start.elapsed().as_secs_f64(), meter.read()?.since(&before));
    ensure!(heads > 0, "too few leaves to measure: all of them came into the log at once");
    let places = database.number(PLACES).await?;
    ensure!(places == target, "{target} leaves were queued, but {places} have a place in the log");
    let leaves = size - first;
    let drained = Drained {
        label: arguments.meter.label.clone(),
        leaves,
        seconds,
        heads,
        cpu: Cpu::new(&used, leaves.unsigned_abs()),
        peak_kib: meter.memory()?.map(|memory| memory.peak),
    };
    if arguments.meter.json {
        println!("{}", serde_json::to_string(&Line::Drain(drained))?);
    } else {
        println!("{} leaves in {seconds:.2} s: {:.0}/s, {heads} heads", leaves, drained.per_second());
        print!("{}", drained.cpu);
    }
    Ok(())
}

/// Waits until the log is larger than `size`, and gives its new size.
async fn next_head(database: &mut Database, size: i64) -> anyhow::Result<i64> {
    let begun = Instant::now();
    loop {
        let found = database.number(SIZE).await?;
        if found > size {
            return Ok(found);
        }
        ensure!(begun.elapsed() < PATIENCE, "the log has stayed at {size} leaves for {PATIENCE:?}");
        sleep(LOOK_EVERY).await;
    }
}
