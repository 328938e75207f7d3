//! The statements of one request.

use model::{Direction, ListRequest};

use super::condition::bind;
use super::{Owner, Place, Resource};
use crate::db::{Db, Value};

/// A condition, in two forms.
#[derive(Debug)]
pub(super) struct Demand {
    /// As one text.
    pub(super) text: String,
    /// As texts whose numbers of rows, added and taken away, are that of the condition's: counting each by the index that suits
    /// it is quicker. Empty if that gains nothing.
    pub(super) counted: Vec<Counted>,
    /// Whether those indexes serve this condition and no other beside it.
    pub(super) only_alone: bool,
}

/// A part of a number of rows.
#[derive(Debug)]
pub(super) enum Counted {
    Plus(String),
    Minus(String),
}

/// One of the ways to satisfy a condition.
#[derive(Debug)]
pub(super) struct Alternative {
    pub(super) text: String,
    /// What the other rows satisfy, if an index counts them.
    pub(super) opposite: Option<String>,
}

impl Alternative {
    /// Whose opposite no index counts.
    pub(super) const fn plain(text: String) -> Self {
        Self { text, opposite: None }
    }
}

impl Demand {
    /// A condition that is counted as it is.
    pub(super) const fn plain(text: String) -> Self {
        Self { text, counted: Vec::new(), only_alone: false }
    }

    /// No row satisfies it.
    pub(super) fn never() -> Self {
        Self::plain(NEVER.to_owned())
    }

    /// Every row satisfies it.
    pub(super) fn always() -> Self {
        Self::plain(ALWAYS.to_owned())
    }

    /// That a row satisfies one of alternatives that exclude one another.
    pub(super) fn one_of(mut alternatives: Vec<Alternative>) -> Self {
        match alternatives.len() {
            0 => Self::never(),
            1 => Self::plain(alternatives.remove(0).text),
            _ => {
                let text = format!("({})", any(&alternatives));
                let counted = alternatives.into_iter().map(|one| Counted::Plus(one.text)).collect();
                Self { text, counted, only_alone: false }
            }
        }
    }

    /// That a row of those that satisfy `among` satisfies none of alternatives that exclude one another.
    pub(super) fn none_of(mut alternatives: Vec<Alternative>, among: &str) -> Self {
        if alternatives.is_empty() {
            return Self::plain(among.to_owned());
        }
        // Where a row has no value, an alternative may be neither true nor false.
        let text = format!("({among} AND NOT ({}))", any(&alternatives));
        // The others are among the rows that do not satisfy this one.
        let quickest = alternatives.iter().position(|one| one.opposite.is_some());
        let from = quickest.and_then(|place| alternatives.swap_remove(place).opposite);
        let mut counted = vec![Counted::Plus(from.unwrap_or_else(|| among.to_owned()))];
        counted.extend(alternatives.into_iter().map(|one| Counted::Minus(one.text)));
        Self { text, counted, only_alone: false }
    }
}

fn any(alternatives: &[Alternative]) -> String {
    let texts: Vec<&str> = alternatives.iter().map(|one| one.text.as_str()).collect();
    texts.join(" OR ")
}

/// How many demands every index serves: the tenant, and that a row is visible.
const EVERY_INDEX: usize = 2;

pub(super) const ALWAYS: &str = "TRUE";
pub(super) const NEVER: &str = "FALSE";

/// What is asked, under way to two statements: one for the page, one for the number of rows.
#[derive(Debug)]
pub(super) struct Statement<'a> {
    resource: &'a Resource,
    sqlite: bool,
    /// What is bound so far.
    pub(super) values: Vec<Value>,
    /// What every row satisfies.
    demands: Vec<Demand>,
    /// No row can satisfy this.
    pub(super) never: bool,
    /// The database's statistics do not tell how many rows there will be.
    pub(super) unpredictable: bool,
}

/// The text in the dialect of the database.
pub(super) fn in_dialect(db: &Db, text: &str) -> String {
    like(matches!(db, Db::Sqlite { .. }), text)
}

/// SQLite's `LIKE` ignores the case of ASCII letters, PostgreSQL's does not.
fn like(sqlite: bool, text: &str) -> String {
    text.replace("{like}", if sqlite { "LIKE" } else { "ILIKE" })
}

impl<'a> Statement<'a> {
    pub(super) fn new(resource: &'a Resource, sqlite: bool, owner: Owner<'_>) -> Self {
        let mut values = Vec::new();
        let mut demands = vec![
            Demand::plain(format!("o.tenant_id = {}", bind(&mut values, owner.tenant))),
            Demand::plain(resource.live.to_owned()),
        ];
        if let Some(creator) = owner.creator {
            demands.push(Demand::plain(format!("o.{} = {}", resource.creator, bind(&mut values, creator))));
        }
        Self { resource, sqlite, values, demands, never: false, unpredictable: false }
    }

    pub(super) fn require(&mut self, demand: Demand) {
        match demand.text.as_str() {
            NEVER => self.never = true,
            ALWAYS => {}
            _ => self.demands.push(demand),
        }
    }

    /// The texts of all demands, with another in the place of one.
    fn conditions(&self, place: Option<usize>, instead: &str) -> String {
        let text = |(index, demand): (usize, &'_ Demand)| {
            if place == Some(index) { instead.to_owned() } else { demand.text.clone() }
        };
        let texts: Vec<String> = self.demands.iter().enumerate().map(text).collect();
        texts.join(" AND ")
    }

    /// How many rows there are.
    pub(super) fn count(&self) -> (String, Vec<Value>) {
        let table = self.resource.table;
        let one = |conditions: String| format!("SELECT COUNT(*) FROM {table} o WHERE {conditions}");
        let alone = self.demands.len() == EVERY_INDEX + 1;
        let quicker = |demand: &Demand| !demand.counted.is_empty() && (alone || !demand.only_alone);
        let text = match self.demands.iter().position(quicker) {
            None => one(self.conditions(None, "")),
            Some(place) => {
                let count = |part: &Counted| match part {
                    Counted::Plus(text) => format!(" + ({})", one(self.conditions(Some(place), text))),
                    Counted::Minus(text) => format!(" - ({})", one(self.conditions(Some(place), text))),
                };
                let counts: String = self.demands[place].counted.iter().map(count).collect();
                format!("SELECT 0{counts}")
            }
        };
        (like(self.sqlite, &text), self.values.clone())
    }

    /// One page. With `few`, all rows are found first and then sorted; otherwise the database may walk through the order until
    /// the page is full.
    pub(super) fn page(&self, request: &ListRequest, few: bool) -> (String, Vec<Value>) {
        let mut values = self.values.clone();
        let conditions = self.conditions(None, "");
        let Resource { table, key, select, joins, .. } = self.resource;
        let cut = format!(
            "LIMIT {} OFFSET {}",
            bind(&mut values, request.limit),
            bind(&mut values, request.offset())
        );
        let order = self.order(request);
        let page = if few {
            let mut needed: Vec<&str> = key.to_vec();
            needed.extend(order.iter().map(|step| step.column).filter(|column| !key.contains(column)));
            format!(
                "hits AS MATERIALIZED (SELECT {} FROM {table} o WHERE {conditions}), \
                 page AS MATERIALIZED (SELECT {} FROM hits h ORDER BY {} {cut})",
                columns("o", &needed),
                columns("h", key),
                texts(&order, "h"),
            )
        } else {
            format!(
                "page AS MATERIALIZED (SELECT {} FROM {table} o WHERE {conditions} ORDER BY {} {cut})",
                columns("o", key),
                texts(&order, "o"),
            )
        };
        let same: Vec<String> = key.iter().map(|column| format!("o.{column} = page.{column}")).collect();
        let text = format!(
            "WITH {page} SELECT {select} FROM page JOIN {table} o ON {} {joins} ORDER BY {}",
            same.join(" AND "),
            texts(&order, "o"),
        );
        (like(self.sqlite, &text), values)
    }

    /// The order that was asked for, and what makes it total.
    fn order(&self, request: &ListRequest) -> Vec<Step> {
        let mut order: Vec<Step> = request
            .sort
            .iter()
            .filter_map(|sort| match (self.resource.place)(sort.column) {
                Place::Own { column, nullable } | Place::Moment { column, nullable, .. } => {
                    Some(Step { column, nullable, direction: sort.direction })
                }
                Place::Split { column, .. } => {
                    Some(Step { column, nullable: true, direction: sort.direction })
                }
                Place::Related { .. } | Place::Words => None,
            })
            .collect();
        let direction = order.last().map_or(Direction::Descending, |step| step.direction);
        for &column in self.resource.ties {
            if order.iter().all(|step| step.column != column) {
                order.push(Step { column, nullable: false, direction });
            }
        }
        order
    }
}

/// One step of sorting.
#[derive(Debug)]
struct Step {
    column: &'static str,
    nullable: bool,
    direction: Direction,
}

fn columns(alias: &str, columns: &[&str]) -> String {
    let columns: Vec<String> = columns.iter().map(|column| format!("{alias}.{column}")).collect();
    columns.join(", ")
}

fn texts(order: &[Step], alias: &str) -> String {
    let step = |Step { column, nullable, direction }: &Step| {
        let nulls = match (nullable, direction) {
            (false, _) => "",
            (true, Direction::Ascending) => " NULLS LAST",
            (true, Direction::Descending) => " NULLS FIRST",
        };
        format!("{alias}.{column} {}{nulls}", direction.as_str())
    };
    let steps: Vec<String> = order.iter().map(step).collect();
    steps.join(", ")
}
