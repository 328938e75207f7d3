//! Lists: a [`ListRequest`] becomes a query for one page and a count of all.
//!
//! Every value is bound; the texts around the values are this crate's own. The order is total (ties are broken by creation and
//! id), so pages neither repeat nor lose rows. A row without a value sorts as if it were greater than all others, and satisfies
//! no condition but `$null`, turned around or not: what PostgreSQL does, on both databases.

mod condition;
mod days;
mod distinct;
mod offers;
mod others;
mod presentations;
mod related;
mod split;
mod statement;
mod words;

use model::{Column, ColumnKind, Comparator, Link, ListRequest};

use crate::StoreError;
use crate::db::{AnyRow, Db, Value};
use statement::{Demand, Statement};

pub use offers::OFFERS;
pub use others::{API_KEYS, AUDIT_EVENTS, COLLECTIONS, PROFILES, SEARCHES, SearchRow};
pub use presentations::{DEFINITIONS, PRESENTATIONS};
pub(crate) use words::{any_of, search_text, tenant_word, words_of};

const fn column(name: &'static str, kind: ColumnKind) -> Column {
    Column { name, kind, sortable: false }
}

const fn sortable(name: &'static str, kind: ColumnKind) -> Column {
    Column { name, kind, sortable: true }
}

/// What a list reads from. `o` is the table's alias everywhere.
#[derive(Debug)]
pub(crate) struct Resource {
    /// The table; it has a column `tenant_id`.
    pub(crate) table: &'static str,
    /// The columns of its key.
    pub(crate) key: &'static [&'static str],
    /// The columns by which rows are told apart that are equal to the sorting: no two rows are equal in all of them.
    pub(crate) ties: &'static [&'static str],
    /// The column of the user that made a row.
    pub(crate) creator: &'static str,
    /// What makes a row visible.
    pub(crate) live: &'static str,
    /// Where a column's value is.
    pub(crate) place: fn(&Column) -> Place,
    /// What is selected.
    pub(crate) select: &'static str,
    /// What is joined to a page's rows for that.
    pub(crate) joins: &'static str,
}

/// Where a column's value is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// In the table's own column.
    Own { column: &'static str, nullable: bool },
    /// A moment in the table's own column. `day` is the column of its day, which PostgreSQL alone has.
    Moment { column: &'static str, day: &'static str, nullable: bool },
    /// In the table's own column, and, on PostgreSQL, in two more columns: one of the part that is the row's own, one of the part
    /// that rows share. The different shared parts are noted in a table of their own, or are few enough to be found by an index.
    Split {
        column: &'static str,
        own: &'static str,
        shared: &'static str,
        order: split::Order,
        noted_in: Option<&'static str>,
    },
    /// In a small table of the tenant's, to which the column `key` leads: `texts` are expressions over its alias `r`. There is no
    /// value while the column `unless_null` has none.
    Related {
        key: &'static str,
        table: &'static str,
        texts: &'static [&'static str],
        unless_null: Option<&'static str>,
    },
    /// In the table's words and those of the program that `program_id` leads to.
    Words,
}

/// Whose rows: a tenant's, or of these only those that one user made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Owner<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) creator: Option<&'a str>,
}

/// Up to this many hits are fetched and sorted; of more, the page is found by walking through the order.
const FEW: i64 = 10_000;

/// The page's rows, and how many rows there are on all pages.
pub(crate) async fn list<T: AnyRow>(
    db: &Db,
    resource: &Resource,
    owner: Owner<'_>,
    request: &ListRequest,
) -> Result<(Vec<T>, i64), StoreError> {
    let statement = compose(db, resource, owner, request).await?;
    if statement.never {
        return Ok((Vec::new(), 0));
    }
    if request.limit == 0 {
        return Ok((Vec::new(), count(db, &statement).await?));
    }
    if !statement.unpredictable {
        let (text, values) = statement.page(request, false);
        return tokio::try_join!(db.fetch_composed(text, values), count(db, &statement));
    }
    // How many rows hold a fragment or a word, the planner can only guess, and a wrong guess costs a walk through all of them.
    let total = count(db, &statement).await?;
    if request.offset() >= total {
        return Ok((Vec::new(), total));
    }
    let (text, values) = statement.page(request, total <= FEW);
    Ok((db.fetch_composed(text, values).await?, total))
}

/// How the database goes about a request: the lines of its plan for the page, then of that for the count.
pub(crate) async fn plans(
    db: &Db,
    resource: &Resource,
    owner: Owner<'_>,
    request: &ListRequest,
) -> Result<[Vec<String>; 2], StoreError> {
    let statement = compose(db, resource, owner, request).await?;
    let few = statement.unpredictable && count(db, &statement).await? <= FEW;
    Ok([explain(db, statement.page(request, few)).await?, explain(db, statement.count()).await?])
}

async fn explain(db: &Db, (text, values): (String, Vec<Value>)) -> Result<Vec<String>, StoreError> {
    let lines: Vec<(String,)> = match db {
        Db::Postgres { .. } => db.fetch_composed(format!("EXPLAIN {text}"), values).await?,
        Db::Sqlite { .. } => {
            let steps: Vec<(i64, i64, i64, String)> =
                db.fetch_composed(format!("EXPLAIN QUERY PLAN {text}"), values).await?;
            steps.into_iter().map(|(.., detail)| (detail,)).collect()
        }
    };
    Ok(lines.into_iter().map(|(line,)| line).collect())
}

async fn count(db: &Db, statement: &Statement<'_>) -> Result<i64, StoreError> {
    let (text, values) = statement.count();
    let counted: Vec<(i64,)> = db.fetch_composed(text, values).await?;
    Ok(counted.first().map_or(0, |(count,)| *count))
}

async fn compose<'a>(
    db: &Db,
    resource: &'a Resource,
    owner: Owner<'_>,
    request: &ListRequest,
) -> Result<Statement<'a>, StoreError> {
    let mut statement = Statement::new(resource, matches!(db, Db::Sqlite { .. }), owner);
    for chain in request.chains() {
        if let [only] = chain.as_slice() {
            let demand = demand(db, resource, owner, &mut statement, *only).await?;
            statement.require(demand);
            continue;
        }
        let mut text = String::new();
        for link in chain {
            if !text.is_empty() {
                text.push_str(match link.condition.comparator {
                    Comparator::And => " AND ",
                    Comparator::Or => " OR ",
                });
            }
            text.push_str(&demand(db, resource, owner, &mut statement, link).await?.text);
        }
        statement.require(Demand::plain(format!("({text})")));
    }
    Ok(statement)
}

/// What a link asks.
async fn demand(
    db: &Db,
    resource: &Resource,
    owner: Owner<'_>,
    statement: &mut Statement<'_>,
    Link { column, condition }: Link<'_>,
) -> Result<Demand, StoreError> {
    let bound = &mut statement.values;
    Ok(match (resource.place)(column) {
        Place::Own { column, .. } => {
            statement.unpredictable |= condition::looks_inside(condition);
            Demand::plain(condition::text(&format!("o.{column}"), condition, bound))
        }
        Place::Split { column, own, shared, order, noted_in } => {
            statement.unpredictable |= condition::looks_inside(condition);
            let split = split::Split { table: resource.table, column, own, shared, order, noted_in };
            split::demand(db, &split, owner.tenant, condition, bound).await?
        }
        Place::Moment { column, day, .. } => days::demand(db, column, day, condition, bound),
        Place::Related { key, table, texts, unless_null } => {
            let related = related::Related { key, table, texts, unless_null };
            related::demand(db, &related, owner.tenant, column, condition, bound).await?
        }
        Place::Words => {
            statement.unpredictable = true;
            words::demand(db, owner.tenant, condition, bound).await?
        }
    })
}
