//! What a caller may ask of a list: filters, sorting and pages, typed.
//!
//! The dialect of nestjs-paginate reads a query string into a [`ListRequest`], the store turns it into SQL. A column says by its
//! [`ColumnKind`] which operators fit it and what its values are; nothing untyped gets past the reader.

use crate::{Timestamp, canonical_uuid};

/// A value that does not fit its column. The text completes the sentence "Invalid value: ...".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidLiteral(String);

/// What a column holds, and so which operators fit it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// A UUID, kept as lower-case text.
    Uuid,
    /// Text.
    Text,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// Several texts.
    TextList,
    /// A moment, shown with milliseconds.
    Moment,
    /// No column: all words of a row.
    FullText,
}

/// An operator, by its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `$eq`: is the value.
    Eq,
    /// `$gt`: is greater.
    Gt,
    /// `$gte`: is greater, or the value.
    Gte,
    /// `$lt`: is less.
    Lt,
    /// `$lte`: is less, or the value.
    Lte,
    /// `$in`: is one of the values.
    In,
    /// `$btw`: lies between two values, or is one of them.
    Between,
    /// `$null`: has no value.
    Null,
    /// `$ilike`: contains the value, whatever the case.
    ILike,
    /// `$like`, or `like` as the seed writes it: the same as `$ilike`.
    Like,
    /// `$sw`: starts with the value, whatever the case.
    StartsWith,
    /// `$contains`: a list has all values; a text contains the value, whatever the case.
    Contains,
    /// `$fulltext`: has all words of the value.
    FullText,
}

impl Operator {
    /// Every operator, in the order in which messages and documents name them.
    pub const ALL: [Self; 13] = [
        Self::Eq,
        Self::In,
        Self::Gt,
        Self::Gte,
        Self::Lt,
        Self::Lte,
        Self::Between,
        Self::Null,
        Self::ILike,
        Self::Like,
        Self::StartsWith,
        Self::Contains,
        Self::FullText,
    ];

    /// How a query string writes it.
    pub const fn token(self) -> &'static str {
        match self {
            Self::Eq => "$eq",
            Self::Gt => "$gt",
            Self::Gte => "$gte",
            Self::Lt => "$lt",
            Self::Lte => "$lte",
            Self::In => "$in",
            Self::Between => "$btw",
            Self::Null => "$null",
            Self::ILike => "$ilike",
            Self::Like => "$like",
            Self::StartsWith => "$sw",
            Self::Contains => "$contains",
            Self::FullText => "$fulltext",
        }
    }

    /// The operator that a query string writes so.
    pub fn from_token(token: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operator| operator.token() == token)
    }

    /// Whether it looks inside a text, so that its value is a fragment and no value of the column.
    const fn takes_fragment(self) -> bool {
        matches!(self, Self::ILike | Self::Like | Self::StartsWith | Self::Contains)
    }
}

impl ColumnKind {
    /// The operators that fit.
    pub const fn operators(self) -> &'static [Operator] {
        use Operator::{
            Between, Contains, Eq, FullText, Gt, Gte, ILike, In, Like, Lt, Lte, Null, StartsWith,
        };
        match self {
            Self::Uuid | Self::Word(_) => &[Eq, In, Null, ILike, Like, StartsWith, Contains],
            Self::Text => &[Eq, In, Gt, Gte, Lt, Lte, Between, Null, ILike, Like, StartsWith, Contains],
            Self::TextList => &[Eq, In, Null, ILike, Like, StartsWith, Contains],
            Self::Moment => &[Eq, In, Gt, Gte, Lt, Lte, Between, Null],
            Self::FullText => &[Eq, ILike, Like, FullText],
        }
    }

    /// Reads one value for `operator`.
    ///
    /// # Errors
    /// If the text is no value of this kind.
    pub fn literal(self, operator: Operator, text: &str) -> Result<Literal, InvalidLiteral> {
        let invalid = |reason: &str| Err(InvalidLiteral(reason.to_owned()));
        match self {
            Self::FullText if crate::search_words(text).next().is_none() => {
                invalid("it must have a word: a letter or a digit")
            }
            Self::FullText => Ok(Literal::Text(text.to_owned())),
            Self::Moment => match moment(text) {
                Some(moment) => Ok(Literal::Moment(moment)),
                None => invalid(
                    "it must be a moment such as 2025-06-20T06:44:22.629Z, or a date such as 2025-06-20",
                ),
            },
            // No text that is kept has it, and PostgreSQL cannot even be asked for it.
            _ if text.contains('\0') => invalid("it must not hold the character U+0000"),
            // A list's `$contains` compares whole values; everywhere else an empty fragment is in every text, and a filter
            // that filters nothing is a surprise.
            _ if operator.takes_fragment() && !(self == Self::TextList && operator == Operator::Contains) => {
                if text.is_empty() {
                    return invalid("it must have at least one character");
                }
                Ok(Literal::Text(text.to_owned()))
            }
            Self::Uuid => match canonical_uuid(text) {
                Some(id) => Ok(Literal::Text(id)),
                None => invalid("it must be a UUID"),
            },
            Self::Word(words) if !words.contains(&text) => {
                Err(InvalidLiteral(format!("it must be one of {}", words.join(", "))))
            }
            Self::Word(_) | Self::Text | Self::TextList => Ok(Literal::Text(text.to_owned())),
        }
    }
}

/// A moment or a date (midnight, UTC), rounded down to the milliseconds that an API shows.
fn moment(text: &str) -> Option<Timestamp> {
    let moment = if text.len() == "2025-06-20".len() {
        Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z"))
    } else {
        Timestamp::parse_rfc3339(text)
    }?;
    Some(Timestamp(moment.millis() * 1_000))
}

/// A column that a caller may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name on the wire, for example `credentialOfferCollection.id`.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
    /// Whether a list may be sorted by it.
    pub sortable: bool,
}

/// A value to compare with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// A text, or a UUID in lower case.
    Text(String),
    /// A moment of whole milliseconds. It stands for the whole millisecond: what a caller saw is all that it can ask for.
    Moment(Timestamp),
}

/// How a condition joins the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparator {
    /// `$and`, also when nothing is written.
    And,
    /// `$or`.
    Or,
}

/// One condition on a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// How it joins the condition before it.
    pub comparator: Comparator,
    /// Whether it is turned around (`$not`). A row without a value satisfies neither, as in SQL.
    pub negated: bool,
    /// What it asks.
    pub operator: Operator,
    /// One value; two for `$btw`, any number for `$in` and for `$contains` of a list, none for `$null`.
    pub values: Vec<Literal>,
}

/// Every condition on one column, as one parameter (repeated or not) gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// The column.
    pub column: &'static Column,
    /// At least one condition, in the order of the query string.
    pub conditions: Vec<Condition>,
}

/// A direction of sorting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first, rows without a value last.
    Ascending,
    /// Greatest first, rows without a value first.
    Descending,
}

impl Direction {
    /// `ASC` or `DESC`: both the wire and SQL say so.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ascending => "ASC",
            Self::Descending => "DESC",
        }
    }
}

/// One step of sorting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub column: &'static Column,
    /// Which way.
    pub direction: Direction,
}

/// A list as its callers see it.
#[derive(Clone, Copy, Debug)]
pub struct Listable {
    /// The columns that a caller may name.
    pub columns: &'static [Column],
    /// The sorting where the caller asks for none.
    pub default_sort: Sort,
}

impl Listable {
    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The column that stands for all words of a row, if there is one.
    pub fn full_text(&self) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.kind == ColumnKind::FullText)
    }
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListRequest {
    /// Which page, from 1.
    pub page: i64,
    /// How many rows a page has; 0 asks for the number of rows alone.
    pub limit: i64,
    /// The sorting, never empty.
    pub sort: Vec<Sort>,
    /// The filters, in the order of the query string.
    pub filters: Vec<Filter>,
}

/// One condition and its column, as a link of a chain.
#[derive(Clone, Copy, Debug)]
pub struct Link<'a> {
    /// The column.
    pub column: &'static Column,
    /// The condition. The first link's comparator says nothing.
    pub condition: &'a Condition,
}

impl ListRequest {
    /// How many rows come before the page.
    pub const fn offset(&self) -> i64 {
        (self.page - 1).saturating_mul(self.limit)
    }

    /// The chains of conditions that a row must satisfy, each of them. Within a chain the comparators stand between the
    /// conditions as in SQL, where AND binds tighter.
    ///
    /// As in nestjs-paginate: a column is a chain of its own, apart from those whose first condition says `$or`: these form one
    /// chain together.
    pub fn chains(&self) -> Vec<Vec<Link<'_>>> {
        fn links(filter: &Filter) -> impl Iterator<Item = Link<'_>> {
            filter.conditions.iter().map(|condition| Link { column: filter.column, condition })
        }
        let begins_with_or = |filter: &&Filter| {
            filter.conditions.first().is_some_and(|condition| condition.comparator == Comparator::Or)
        };
        let (either, each): (Vec<_>, Vec<_>) = self.filters.iter().partition(begins_with_or);
        let mut chains: Vec<Vec<Link<'_>>> = each.into_iter().map(|filter| links(filter).collect()).collect();
        if !either.is_empty() {
            chains.push(either.into_iter().flat_map(links).collect());
        }
        chains
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static STATUS: Column =
        Column { name: "status", kind: ColumnKind::Word(&["ready", "claimed"]), sortable: true };
    static EMAIL: Column = Column { name: "email", kind: ColumnKind::Text, sortable: true };

    fn text(kind: ColumnKind, operator: Operator, value: &str) -> Result<Literal, String> {
        kind.literal(operator, value).map_err(|error| error.to_string())
    }

    #[test]
    fn moments_are_whole_milliseconds() {
        let read = |value| text(ColumnKind::Moment, Operator::Gt, value);
        let expected = Ok(Literal::Moment(Timestamp(1_748_754_000_123_000)));
        for value in [
            "2025-06-01T05:00:00.123Z",
            "2025-06-01T05:00:00.123999Z",
            "2025-06-01T07:00:00.123+02:00",
            "2025-06-01t05:00:00.123z",
        ] {
            assert_eq!(read(value), expected, "{value}");
        }
        assert_eq!(read("2025-06-01"), Ok(Literal::Moment(Timestamp(1_748_736_000_000_000))));
        assert_eq!(read("1969-12-31T23:59:59.9999Z"), Ok(Literal::Moment(Timestamp(-1_000))));
        for value in
            ["", "garbage", "2025-13-01", "2025-06-01T05:00:00", "2025-6-1", "1748754000", "2025-06-0é"]
        {
            assert!(read(value).is_err(), "{value}");
        }
    }

    #[test]
    fn uuids_are_lower_case_and_hyphenated() {
        let read = |value| text(ColumnKind::Uuid, Operator::Eq, value);
        assert_eq!(
            read("439C355A-9D79-4AB6-88CD-D4A44EDBB08C"),
            Ok(Literal::Text("439c355a-9d79-4ab6-88cd-d4a44edbb08c".to_owned()))
        );
        for value in ["", "1", "439c355a9d794ab688cdd4a44edbb08c", "{439c355a-9d79-4ab6-88cd-d4a44edbb08c}"] {
            assert_eq!(read(value), Err("it must be a UUID".to_owned()), "{value}");
        }
        assert!(
            text(ColumnKind::Uuid, Operator::StartsWith, "439c").is_ok(),
            "a fragment of a UUID is no UUID"
        );
    }

    #[test]
    fn words_are_known_and_fragments_are_not_empty() {
        assert!(text(STATUS.kind, Operator::Eq, "claimed").is_ok());
        assert_eq!(text(STATUS.kind, Operator::In, "x"), Err("it must be one of ready, claimed".to_owned()));
        assert!(text(STATUS.kind, Operator::ILike, "rea").is_ok());
        for kind in [STATUS.kind, ColumnKind::Text, ColumnKind::Uuid, ColumnKind::TextList] {
            assert!(text(kind, Operator::Like, "").is_err(), "{kind:?}");
        }
        assert!(text(ColumnKind::Text, Operator::Contains, "").is_err());
        assert!(text(ColumnKind::TextList, Operator::Contains, "").is_ok());
        assert!(text(ColumnKind::Text, Operator::Eq, "").is_ok());
        assert!(text(ColumnKind::FullText, Operator::FullText, "%").is_err());
        for operator in [Operator::Eq, Operator::Like, Operator::In] {
            assert!(text(ColumnKind::Text, operator, "a\0b").is_err(), "{operator:?}");
        }
    }

    #[test]
    fn tokens_name_their_operators() {
        for operator in Operator::ALL {
            assert_eq!(Operator::from_token(operator.token()), Some(operator));
        }
        assert_eq!(Operator::from_token("$fake"), None);
    }

    fn filter(column: &'static Column, comparators: &[Comparator]) -> Filter {
        let condition = |&comparator: &Comparator| Condition {
            comparator,
            negated: false,
            operator: Operator::Null,
            values: Vec::new(),
        };
        Filter { column, conditions: comparators.iter().map(condition).collect() }
    }

    #[test]
    fn columns_that_begin_with_or_form_one_chain() {
        use Comparator::{And, Or};
        let chains = |filters| {
            let request = ListRequest { page: 1, limit: 20, sort: Vec::new(), filters };
            let names = |chain: Vec<Link<'_>>| chain.iter().map(|link| link.column.name).collect::<Vec<_>>();
            request.chains().into_iter().map(names).collect::<Vec<_>>()
        };
        assert_eq!(
            chains(vec![filter(&STATUS, &[And, Or]), filter(&EMAIL, &[And])]),
            [vec!["status", "status"], vec!["email"]]
        );
        assert_eq!(
            chains(vec![filter(&STATUS, &[Or, And]), filter(&EMAIL, &[Or])]),
            [["status", "status", "email"]]
        );
    }

    #[test]
    fn the_offset_saturates() {
        let request = ListRequest { page: i64::MAX, limit: 100, sort: Vec::new(), filters: Vec::new() };
        assert_eq!(request.offset(), i64::MAX);
    }
}
